//! `nicelist history` without a subcommand.

use clap::Args;

use super::deleted::deleted_before;
use crate::api::RevisionQuery;
use crate::cli::arg::Since;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::ListView;
use crate::rule::{RevisionSummary, Scope, Target};

/// Maximum revisions on a terminal without `--limit`.
const MOST_ON_TERMINAL: usize = 30;
/// The server's maximum page size.
const LARGEST_PAGE: usize = 5000;

/// Selects revisions.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Show only revisions by this author (exact match)
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Show only revisions since this time, such as 24h, 7d or 2026-11-20T00:00:00Z
    #[arg(long, value_name = "WHEN")]
    since: Option<Since>,
    /// Show only revisions that changed a rule for this target
    #[arg(long, value_name = "TYPE:IDENTIFIER")]
    target: Option<Target>,
    /// Show only revisions that changed a rule or a setting in this scope
    #[arg(long)]
    scope: Option<Scope>,
    /// Show at most N revisions, newest first [default: 30 on a terminal, otherwise all]
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    view: ListView<RevisionSummary>,
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let ListArgs { author, since, target, scope, limit, view } = args;
    let ui = &context.ui;
    let is_filtered = author.is_some() || since.is_some() || target.is_some() || scope.is_some();
    let nothing = if is_filtered { "no revisions match" } else { "no revisions yet" };
    let mut list = ui.arranged::<RevisionSummary>(&view.arrangement, nothing)?;
    let client = context.client().await?;
    let scope = context.optional_scope(&client, scope).await?;
    let since = since.map(|since| since.resolve(ui.now()));
    let wanted =
        limit.or_else(|| ui.is_terminal().then_some(MOST_ON_TERMINAL)).unwrap_or(usize::MAX);
    // Requests one more revision than wanted, to find out whether the list is complete.
    let page = Some(wanted.saturating_add(1)).filter(|page| *page < LARGEST_PAGE);
    let query = RevisionQuery { author, since, target, scope, limit: page, cursor: None };
    let mut pages = client.revisions(&query);
    let mut left = wanted;
    let mut is_cut = false;
    while let Some(page) = pages.next().await? {
        page.iter().take(left).try_for_each(|revision| list.push(revision))?;
        is_cut = page.len() > left;
        left = left.saturating_sub(page.len());
        if is_cut || (left == 0 && limit.is_some()) {
            break;
        }
    }
    list.finish()?;
    if is_cut && limit.is_none() {
        let more = ui.again("-n 1000");
        ui.hint(format!("only the newest {MOST_ON_TERMINAL} are shown; for more: {more}"));
    } else if limit.is_none()
        && let Some(start) = client.status().await?.history_start
    {
        ui.hint(deleted_before(&start));
    }
    Ok(())
}
