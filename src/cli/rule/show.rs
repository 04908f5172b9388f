//! `nicelist rule show`.

use clap::Args;

use super::history;
use crate::api::RuleQuery;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::Target;

/// Show the rules for a target in all scopes
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule show teamid:EQHXZ8M8AV
  nicelist rule show signingid:EQHXZ8M8AV:com.google.Chrome -o json
  nicelist rule show teamid:EQHXZ8M8AV --history")]
pub(crate) struct ShowArgs {
    /// Target, such as teamid:EQHXZ8M8AV
    #[arg(value_name = "TARGET")]
    target: Target,
    /// Show every version of the rules, newest first, with its author, time and reason; includes
    /// removed rules
    #[arg(long)]
    history: bool,
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    if args.history {
        return history::show(context, &client, &args.target).await;
    }
    let query = RuleQuery { target: Some(args.target.clone()), ..RuleQuery::default() };
    let rules = client.rules(&query).all().await?;
    if rules.is_empty() {
        return Err(CliError::failed(format!("no scope has a rule for {}", args.target))
            .hint("nicelist rule list --text TEXT searches identifiers, comments and tickets"));
    }
    context.ui.in_full(&rules)
}
