//! `nicelist version`.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::error::CliError;
use super::ui::{Cell, Group, Report};
use crate::config::Backend;

/// How long the server may take to respond.
const PATIENCE: Duration = Duration::from_secs(2);

/// Show the version of nicelist and of the server
///
/// The version of the server is shown if a server is configured, responds within 2 seconds and
/// accepts the token. Otherwise a warning shows the reason. A warning is also shown if the versions
/// differ.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist version
  nicelist version -o json | jq -r .server")]
pub(crate) struct VersionArgs {}

#[derive(Debug, Serialize)]
struct Versions {
    client: &'static str,
    /// Absent if no server is configured or its version is not known.
    server: Option<String>,
}

impl Report for Versions {
    fn groups(&self) -> Vec<Group> {
        let server = self.server.as_deref().unwrap_or_default();
        let fields = vec![("client", Cell::text(self.client)), ("server", Cell::text(server))];
        vec![Group { title: None, fields }]
    }
}

pub(super) async fn run(context: &Context, VersionArgs {}: VersionArgs) -> Result<(), CliError> {
    let client = env!("CARGO_PKG_VERSION");
    let server = match context.settings.backend() {
        Ok(Backend::Server { .. }) => server_version(context).await,
        Ok(Backend::Local { .. }) | Err(_) => None,
    };
    if let Some(server) = server.as_deref().filter(|server| *server != client) {
        context.ui.warn(format!("the server runs nicelist {server}, but this is {client}"));
    }
    context.ui.report(&Versions { client, server })
}

/// The version of the configured server. Warns if the server does not report it.
async fn server_version(context: &Context) -> Option<String> {
    let status = async { Ok::<_, CliError>(context.client().await?.status().await?) };
    let reason = match tokio::time::timeout(PATIENCE, status).await {
        Ok(Ok(status)) => return Some(status.version),
        Ok(Err(error)) => error.message,
        Err(_) => "it did not respond within 2 seconds".to_owned(),
    };
    context.ui.warn(format!("the version of the server is unknown: {reason}"));
    None
}
