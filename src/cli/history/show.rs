//! `nicelist history show`.

use clap::Args;
use indicatif::HumanCount;
use serde::Serialize;

use crate::api::PolicyChange;
use crate::cli::arg::revision;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_changes;
use crate::rule::{Counts, Revision, RevisionCounts, RevisionSummary};

/// After this number of differences, no more pages are read for a terminal, which shows only the
/// first ones of each group.
const MOST_READ: usize = 20_000;

/// Show the changes of a revision
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist history show 41
  nicelist history show 41 --full
  nicelist history show 41 -o jsonl | jq \\
      -r 'select(.outcome == \"removed\") | .target'")]
pub(crate) struct ShowArgs {
    /// Number of the revision
    #[arg(value_parser = revision)]
    revision: Revision,
    /// Show all differences
    #[arg(long)]
    full: bool,
}

/// A revision with its changes.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    revision: &'a RevisionSummary,
    changes: &'a [PolicyChange],
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<(), CliError> {
    let ShowArgs { revision, full } = args;
    let ui = &context.ui;
    let client = context.client().await?;
    let view = client.revision(revision).await?;
    let most = if policy_changes::is_cut(ui, full) { MOST_READ } else { usize::MAX };
    let mut pages = client.revision_changes(revision);
    let mut changes = Vec::new();
    while changes.len() < most {
        let Some(page) = pages.next().await? else { break };
        changes.extend(page);
    }
    if ui.draws_tables() {
        ui.report(&view)?;
        if !changes.is_empty() {
            ui.raw(b"\n")?;
        }
    }
    policy_changes::show_changes(
        ui,
        &Shown { revision: &view, changes: &changes },
        &changes,
        full,
    )?;
    let all = total(&view);
    let seen = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    if seen < all {
        ui.warn(format!(
            "only the first {} of {} differences were read",
            HumanCount(seen),
            HumanCount(all)
        ));
    }
    Ok(())
}

fn total(view: &RevisionSummary) -> u64 {
    let RevisionCounts { rules, settings, tags, hosts: _ } = view.counts;
    let sum = |counts: Counts| counts.added + counts.changed + counts.removed;
    [rules, settings, tags].into_iter().map(sum).sum()
}
