//! `nicelist host list`.

use clap::Args;

use crate::api::{Contact, HostQuery, HostState, HostView};
use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::TagName;

/// List hosts
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host list
  nicelist host list C02
  nicelist host list --tag eng --state behind --contact online
  nicelist host list --state drifted
  nicelist host list --contact silent -o csv > silent.csv")]
pub(crate) struct ListArgs {
    /// Only hosts whose machine id, serial number or host name begins with this
    prefix: Option<String>,
    /// Only hosts with this tag
    #[arg(long)]
    tag: Option<TagName>,
    /// Only hosts of this primary user
    #[arg(long)]
    user: Option<String>,
    /// Only hosts in this state
    #[arg(long, value_parser = Words::<HostState>::new(HostState::ALL.map(HostState::word)))]
    state: Option<HostState>,
    /// Only hosts that were seen within their last three sync intervals, or only those that were not
    #[arg(long, value_parser = Words::<Contact>::new(Contact::ALL.map(Contact::word)))]
    contact: Option<Contact>,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs { prefix, tag, user, state, contact } = args;
    let query = HostQuery { tag, prefix, user, state, contact, limit: None, cursor: None };
    let client = context.client().await?;
    let mut pages = client.hosts(&query);
    let mut list = context.ui.list::<HostView>("no hosts");
    while let Some(page) = pages.next().await? {
        page.iter().try_for_each(|host| list.push(host))?;
    }
    list.finish()
}
