//! `nicelist settings show`.

use clap::Args;

use crate::api::{HostSetting, SettingView, SettingsQuery};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, ListView, Row};
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
    #[command(flatten)]
    view: ListView<SettingView, HostSetting>,
}

impl Row for SettingView {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("scope", |setting| Cell::text(&setting.scope)),
            Column::new("key", |setting| Cell::text(setting.key)),
            Column::new("value", |setting| Cell::text(&setting.value)),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.key.to_string())
    }
}

pub(super) async fn run(context: &Context, args: ShowArgs) -> Result<(), CliError> {
    let arrangement = &args.view.arrangement;
    let client = context.client().await?;
    if let Some(host) = &args.host {
        let list = context.ui.arranged(arrangement, "no settings")?;
        return list.rows(client.host_settings(host).await?);
    }
    let list = context.ui.arranged(arrangement, "no settings; hosts get the defaults")?;
    let scope = context.optional_scope(&client, args.scope).await?;
    let settings = client.settings(&SettingsQuery { scope }).await?;
    list.rows(settings)
}
