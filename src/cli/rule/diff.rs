//! `nicelist rule diff`.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use jiff::Timestamp;

use super::view::all;
use crate::api::{PolicyAnswer, PolicyChange, RuleQuery};
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::policy_files::{self, ReadArgs};
use crate::cli::ui::Ui;
use crate::cli::{planned_change, policy_changes};
use crate::fleet::{DiffOptions, PolicyDifferences, PolicyState};
use crate::rule::{Revision, Rule};

/// Compare rules in files, revisions or on the server
///
/// A and B are each the path of a file or folder in any format, `server` for the active rules, or
/// @N for the rules of revision N. Shows which rules to add, change and remove to get from A to B.
/// The exit code is 3 if there are differences, and 0 if there are none.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule diff server rules.csv
  nicelist rule diff @41 server
  nicelist rule diff old.mobileconfig new.mobileconfig -o jsonl
  nicelist rule diff server zentral.json --full")]
pub(crate) struct DiffArgs {
    /// Old rules: PATH, server or @REVISION
    #[arg(value_name = "A")]
    before: Side,
    /// New rules: PATH, server or @REVISION
    #[arg(value_name = "B")]
    after: Side,
    #[command(flatten)]
    read: ReadArgs,
    /// Show all differences
    #[arg(long)]
    full: bool,
}

/// The source of the rules on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Side {
    Server,
    At(Revision),
    Path(PathBuf),
}

impl FromStr for Side {
    type Err = Infallible;

    /// Any text other than `server` and `@REVISION` is a path. `./server` is a file with that name.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let revision = text.strip_prefix('@').and_then(|number| number.parse().ok());
        Ok(match (text, revision) {
            ("server", _) => Self::Server,
            (_, Some(revision)) => Self::At(Revision(revision)),
            (path, None) => Self::Path(path.into()),
        })
    }
}

pub(super) async fn run(context: &Context, args: DiffArgs) -> Result<(), CliError> {
    let DiffArgs { before, after, read, full } = args;
    let ui = &context.ui;
    let before = rules(context, &before, &read).await?;
    let after = rules(context, &after, &read).await?;
    let configurations = [&before, &after].into_iter().any(|side| side.has_configurations);
    if read.configuration.is_some() && !configurations {
        let text = "--configuration is only for Zentral's formats, and neither A nor B has one of \
            them";
        return Err(CliError::usage(text));
    }
    let (before, after) = (before.policy, after.policy);
    // Expired rules are compared, too, because a file may have them.
    let options = DiffOptions { prune: true, now: Timestamp::MIN };
    let PolicyDifferences { differences, unchanged, expired: _ } =
        PolicyDifferences::between(&before, &after, options);
    let changes: Vec<PolicyChange> = differences.iter().map(PolicyChange::from).collect();
    let answer = PolicyAnswer { unchanged, changes, ..PolicyAnswer::default() };
    policy_changes::show(ui, &answer, full)?;
    ui.status(planned_change::differing(&answer));
    match answer.changes.is_empty() {
        true => Ok(()),
        false => Err(CliError::new(Kind::Differences, "the rules differ")),
    }
}

async fn rules(context: &Context, side: &Side, args: &ReadArgs) -> Result<Compared, CliError> {
    let rules = match side {
        Side::Path(path) => return of_path(&context.ui, path, args),
        Side::Server => all(&context.client().await?, &RuleQuery::default()).await?,
        Side::At(revision) => {
            let query = RuleQuery { at: Some(*revision), ..RuleQuery::default() };
            all(&context.client().await?, &query).await?
        }
    };
    Ok(Compared::of(rules, false))
}

fn of_path(ui: &Ui, path: &Path, args: &ReadArgs) -> Result<Compared, CliError> {
    let (format, policy) = policy_files::read_whole(path, args)?;
    policy_files::warn_of_notes(ui, &policy);
    policy_files::refuse_faults(ui, &policy)?;
    let rules = policy.rules.into_iter().map(|placed| placed.rule).collect();
    Ok(Compared::of(rules, format.has_configurations()))
}

/// The rules of one side.
struct Compared {
    policy: PolicyState,
    /// Whether they come from a file whose format has configurations.
    has_configurations: bool,
}

impl Compared {
    fn of(rules: Vec<Rule>, has_configurations: bool) -> Self {
        Self { policy: PolicyState { rules, ..PolicyState::default() }, has_configurations }
    }
}
