//! `nicelist settings set`.

use std::collections::BTreeMap;

use clap::Args;

use super::keys;
use crate::api::{SettingsQuery, SettingsRequest};
use crate::cli::arg::ChangeArgs;
use crate::cli::arrival::ArrivalArgs;
use crate::cli::change::{self, Edit, EditRow};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::{FieldChange, Outcome, Scope};

const EXAMPLES: &str = "\
Examples:
  nicelist settings set client-mode=lockdown --scope tag:eng
  nicelist settings set full-sync-interval=5m enable-bundles=true
  nicelist settings set client-mode=lockdown --scope tag:canary --wait=95%
  nicelist settings set removable-media=remount:rdonly,noexec --dry-run";

/// Change settings of a scope
#[derive(Debug, Args)]
#[command(after_long_help = keys::help(EXAMPLES))]
pub(crate) struct SetArgs {
    /// Settings with their values, such as client-mode=lockdown
    #[arg(required = true, value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    options: SettingsArgs,
}

/// The scope and the options of commands that change settings.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// Scope of the settings: fleet, or group:, tag:, user: or host:NAME
    #[arg(long, default_value = "fleet")]
    pub(super) scope: Scope,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    pub(super) arrival: ArrivalArgs,
}

pub(super) async fn run(context: &Context, args: SetArgs) -> Result<(), CliError> {
    let mut set = BTreeMap::new();
    for text in &args.settings {
        let setting = keys::setting(text)
            .map_err(|error| args.options.arrival.hint_at_percent(error, &args.settings))?;
        if set.insert(setting.key().name().to_owned(), setting.value()).is_some() {
            return Err(CliError::usage(format!("{} is given twice", setting.key())));
        }
    }
    send(context, args.options, set, Vec::new()).await
}

/// Sends a change of settings, and shows the value of each before and after.
pub(super) async fn send(
    context: &Context,
    options: SettingsArgs,
    set: BTreeMap<String, String>,
    unset: Vec<String>,
) -> Result<(), CliError> {
    let SettingsArgs { scope, change, arrival } = options;
    let ChangeArgs { reason: message, force, dry_run } = change;
    let client = context.client_to_change(dry_run).await?;
    let scope = context.scope(&client, scope).await?;
    let query = SettingsQuery { scope: Some(scope.clone()) };
    let before = client.settings(&query).await?;
    let request = SettingsRequest { scope, set, unset, message, base: None, dry_run, force };
    let answer = client.change_settings(&request).await?;
    let SettingsRequest { scope, set, unset, .. } = &request;
    let set = set.iter().map(|(key, value)| (key, Some(value)));
    let edits = set.chain(unset.iter().map(|key| (key, None)));
    let rows = answer.outcomes.iter().zip(edits).map(|(outcome, (key, after))| {
        let before = before.iter().find(|setting| setting.key.name() == key);
        let label = match after {
            Some(value) => format!("{key}={value} in {scope}"),
            None => format!("{key} in {scope}"),
        };
        let row = EditRow::new(*outcome, Edit { name: key.clone(), label });
        let text = |value: &String| value.clone().into_boxed_str();
        match outcome {
            Outcome::Changed | Outcome::Removed => row.with_fields(&[FieldChange {
                field: "value".into(),
                before: before.map(|setting| text(&setting.value)),
                after: after.map(text),
            }]),
            Outcome::Added | Outcome::Unchanged => row,
        }
    });
    let ui = &context.ui;
    let created = answer.changed.then_some(answer.revision);
    let shown = arrival.show_and_wait(ui, &client, created, &answer, |whole| {
        change::show_rows(ui, whole, rows)?;
        change::warn(ui, &answer.warnings);
        change::conclude(ui, &answer.outcomes, answer.revision, dry_run);
        Ok(())
    });
    shown.await
}
