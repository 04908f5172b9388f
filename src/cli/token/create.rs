//! `nicelist token create`.

use clap::Args;

use crate::api::{NewToken, TokenRequest};
use crate::cli::arg::{Expiry, Words};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::{Role, TokenName};

/// Create a token and print its secret
///
/// nicelist prints the secret only once. The role viewer can read everything except tokens.
/// helpdesk can also approve and block programs. editor can also change rules, settings, tags and
/// hosts, and import events. admin can also manage tokens, confirm the clock and start epochs.
/// enrollment is only for hosts, which send it when they sync.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist token create ci --role editor --expires 90d
  nicelist token create laptops --role enrollment > enrollment-secret")]
pub(crate) struct CreateArgs {
    /// Name of the token, shown as the author of its changes
    name: TokenName,
    /// Role of the token
    #[arg(long, value_parser = Words::<Role>::new(Role::ALL.map(Role::word)))]
    role: Role,
    /// Expire after a duration such as 90d, or at the end of a day such as tomorrow or 2027-01-31
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
}

pub(super) async fn run(context: &Context, args: CreateArgs) -> Result<(), CliError> {
    let CreateArgs { name, role, expires } = args;
    let expires = expires.map(|expiry| expiry.resolve(context.ui.now())).transpose()?;
    let request = TokenRequest { name, role, expires };
    let token = context.client_to_change(false).await?.create_token(&request).await?;
    context.ui.secret(&token, &token.secret)?;
    let NewToken { name, role, .. } = &token;
    if let Some(expires) = expires {
        context.ui.status(format!("the token expires at {}", context.ui.in_zone(expires)));
    }
    context.ui.status(format!("created the {role} token {name}; its secret is not shown again"));
    Ok(())
}
