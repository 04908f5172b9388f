//! `nicelist rule add`.

use std::io;

use clap::Args;
use jiff::Timestamp;

use super::{evidence, targets};
use crate::api::{FieldPatch, RuleChange, RulePatch};
use crate::cli::arg::{ChangeArgs, RuleExpiry, Words};
use crate::cli::arrival::ArrivalArgs;
use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::{PolicyKind, RuleField, RuleFields, RuleType, Scope, Target};

/// Add or change rules
///
/// If a rule for the target and scope already exists, the options that you omit keep their current
/// values. If you change its policy, all fields that you omit are removed. An empty value, such as
/// --comment '', removes a field. nicelist shows the old and the new value of each changed field.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule add block teamid:EQHXZ8M8AV
  nicelist rule add block teamid:EQHXZ8M8AV --scope tag:canary --wait=95%
  nicelist rule add allow signingid:EQHXZ8M8AV:com.google.Chrome --scope tag:eng
  nicelist rule add allow binary:7ae8… --scope host:C02XK0 --expires 7d \\
      --ticket IT-42
  nicelist rule add cel signingid:platform:com.apple.osascript --cel 'euid != 0'
  santactl fileinfo --json /Applications/Zoom.app | nicelist rule add allow \\
      --from-fileinfo -
  cut -d, -f1 bad-teams.csv | sed 's/^/teamid:/' | nicelist rule add block - \\
      --dry-run")]
pub(crate) struct AddArgs {
    /// Policy of the rules
    #[arg(value_parser = Words::<PolicyKind>::new(PolicyKind::ALL.map(PolicyKind::word)))]
    policy: PolicyKind,
    /// Targets, such as teamid:EQHXZ8M8AV; - reads them from stdin, one per line
    #[arg(required_unless_present = "from_fileinfo", value_name = "TARGET")]
    targets: Vec<String>,
    /// Add rules for the programs in this output of santactl fileinfo --json; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with = "targets")]
    from_fileinfo: Option<String>,
    /// Type of the targets [default: the best type for each program]
    #[arg(long = "as", value_name = "TYPE", requires = "from_fileinfo")]
    #[arg(value_parser = Words::<RuleType>::new(RuleType::ALL.map(RuleType::word)))]
    rule_type: Option<RuleType>,
    /// Scope of the rules: fleet, or group:, tag:, user: or host:NAME
    #[arg(long, default_value = "fleet")]
    scope: Scope,
    /// CEL expression of a cel rule
    #[arg(long, value_name = "EXPRESSION")]
    cel: Option<String>,
    #[command(flatten)]
    notice: Notice,
    #[command(flatten)]
    provenance: Provenance,
    /// Expire after a duration such as 7d, at the end of a day such as tomorrow or 2027-01-31, or
    /// never
    #[arg(long, value_name = "WHEN")]
    expires: Option<RuleExpiry>,
    /// Reset all omitted fields instead of keeping their values
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    arrival: ArrivalArgs,
}

/// The texts of the block window.
#[derive(Debug, Args)]
struct Notice {
    /// Text of the block window
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// URL for the button of the block window
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Label of the button
    #[arg(long, value_name = "TEXT")]
    button_label: Option<String>,
    /// Program name to show when Santa notifies the user that the program can now run
    #[arg(long, value_name = "TEXT")]
    app_name: Option<String>,
}

/// The origin of the rules.
#[derive(Debug, Args)]
struct Provenance {
    /// Comment of the rules
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Ticket of the rules
    #[arg(long, value_name = "TEXT")]
    ticket: Option<String>,
    /// Source of the rules
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

pub(super) async fn run(context: &Context, args: AddArgs) -> Result<(), CliError> {
    let targets = match &args.from_fileinfo {
        Some(path) => evidence::read(&context.ui, path, args.rule_type)?,
        None => targets::read(&args.targets, io::stdin().lock())
            .map_err(|error| args.arrival.hint_at_percent(error, &args.targets))?,
    };
    let AddArgs { policy, scope, cel, notice, provenance, expires, change, arrival, .. } = args;
    let ChangeArgs { reason, force, dry_run } = change;
    let reset = if args.replace { RuleField::ALL.to_vec() } else { Vec::new() };
    let (expires, expires_in) = match expires {
        None => (FieldPatch::Keep, None),
        Some(RuleExpiry::Never) => (FieldPatch::Erase, None),
        Some(RuleExpiry::Until(expiry)) => {
            let (at, duration) = expiry.to_send(context.ui.now())?;
            if let Some(at) = at {
                context.ui.status(format!("expires at {}", context.ui.in_zone(at)));
            }
            (at.into(), duration)
        }
    };
    let template = RulePatch {
        policy: policy.word().to_owned(),
        scope: scope.to_string(),
        cel,
        message: notice.message.into(),
        url: notice.url.into(),
        button_label: notice.button_label.into(),
        app_name: notice.app_name.into(),
        comment: provenance.comment.into(),
        ticket: provenance.ticket.into(),
        source: provenance.source.into(),
        expires,
        expires_in,
        ..RulePatch::default()
    };
    let mut put = patches(&targets, &template, context.ui.now())?;
    let client = context.client_to_change(dry_run).await?;
    let scope = context.scope_of_rules(&client, scope).await?.to_string();
    put.iter_mut().for_each(|rule| rule.scope.clone_from(&scope));
    let change =
        RuleChange { message: reason, dry_run, force, put, reset, ..RuleChange::default() };
    let answer = client.change_rules(&change).await?;
    let edits = change.put.iter().map(|rule| Edit {
        name: rule.target.clone(),
        label: format!("{policy} {} in {}", rule.target, rule.scope),
    });
    change::show_and_wait(&context.ui, &client, &answer, edits, dry_run, arrival).await
}

/// One rule for each target, checked before the request.
fn patches(
    targets: &[Target],
    template: &RulePatch,
    now: Timestamp,
) -> Result<Vec<RulePatch>, CliError> {
    let mut wrong = Vec::new();
    let mut patches = Vec::with_capacity(targets.len());
    for target in targets {
        let patch = RulePatch { target: target.to_string(), ..template.clone() };
        match patch.clone().into_merge(RuleFields::default(), now) {
            Ok(_) => patches.push(patch),
            Err(error) => wrong.push(format!("{target}: {}", error.problem)),
        }
    }
    match wrong.len() {
        0 => Ok(patches),
        1 => Err(CliError::input(wrong.concat())),
        count => Err(CliError::input(format!("{count} rules are invalid; nothing was changed"))
            .because(wrong)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invalid_rule_is_reported() {
        let template = RulePatch { policy: "allow-compiler".to_owned(), ..RulePatch::default() };
        let targets = ["teamid:AAAAAAAAAA", "signingid:AAAAAAAAAA:x", "teamid:BBBBBBBBBB"];
        let targets = targets.map(|text| text.parse().unwrap());
        let error = patches(&targets, &template, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(error.kind.exit_code(), 5);
        assert_eq!(error.causes.len(), 2);
        assert!(error.causes[1].starts_with("teamid:BBBBBBBBBB: "), "{:?}", error.causes);
    }

    #[test]
    fn only_cel_rules_have_an_expression() {
        let template = RulePatch {
            policy: "block".to_owned(),
            cel: Some("true".to_owned()),
            ..RulePatch::default()
        };
        let targets = ["teamid:AAAAAAAAAA".parse().unwrap()];
        let error = patches(&targets, &template, Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(error.message.ends_with("only cel does"), "{}", error.message);
    }
}
