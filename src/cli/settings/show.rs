//! `nicelist settings show`.

use clap::Args;

use crate::api::{SettingView, SettingsQuery};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row};
use crate::rule::Scope;

/// Show settings by scope, or the active ones of a host
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist settings show
  nicelist settings show --scope tag:eng
  nicelist settings show --host annas-mac")]
pub(crate) struct ShowArgs {
    /// Show only the settings of this scope: fleet, or group:, tag:, user: or host:NAME
    #[arg(long, conflicts_with = "host")]
    scope: Option<Scope>,
    /// Show the active settings of this host and the scopes that they come from
    #[arg(long)]
    host: Option<String>,
}

impl Row for SettingView {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("scope", |setting| Cell::text(&setting.scope)),
            Column::new("key", |setting| Cell::text(setting.key)),
            Column::new("value", |setting| Cell::text(&setting.value)),
        ]
    }
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    if let Some(host) = &args.host {
        return context.ui.rows(client.host_settings(host).await?, "no settings");
    }
    let scope = context.optional_scope(&client, args.scope).await?;
    let settings = client.settings(&SettingsQuery { scope }).await?;
    context.ui.rows(settings, "nothing is set; hosts get the defaults")
}
