//! `nicelist settings set`.

use std::collections::BTreeMap;

use clap::Args;

use super::keys;
use crate::api::{SettingsQuery, SettingsRequest};
use crate::cli::arg::ChangeArgs;
use crate::cli::change::{self, Edit, EditRow};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::rule::{FieldChange, Outcome, Scope};

const EXAMPLES: &str = "\
Examples:
  nicelist settings set client-mode=lockdown --scope tag:eng
  nicelist settings set full-sync-interval=5m enable-bundles=true
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
}

pub(super) async fn run(context: &Context, args: SetArgs) -> Result<(), CliError> {
    let mut set = BTreeMap::new();
    for text in &args.settings {
        let setting = keys::setting(text)?;
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
    let SettingsArgs { scope, change } = options;
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
    change::show_rows(&context.ui, &answer, rows)?;
    change::warn(&context.ui, &answer.warnings);
    change::conclude(&context.ui, &answer.outcomes, answer.revision, dry_run);
    Ok(())
}
