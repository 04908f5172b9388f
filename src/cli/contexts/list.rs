//! `nicelist context list`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row, Tone};
use crate::config::ContextEntry;

/// List the contexts of the configuration files
///
/// A context is a server or database with a short name. An asterisk marks the context in use.
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist context list
  nicelist context list -o json | jq -r '.[].name'")]
pub(crate) struct ListArgs {}

pub(super) fn run(context: &Context, ListArgs {}: ListArgs) -> Result<(), CliError> {
    if let Err(error) = context.settings.context_exists() {
        context.ui.warn(error.to_string());
    }
    let empty = "no contexts. Create one: nicelist config set contexts.NAME.server URL";
    context.ui.rows(context.settings.contexts().to_vec(), empty)
}

impl Row for ContextEntry {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("current", |entry| Cell::toned(mark(entry), Tone::Good)),
            Column::new("name", |entry| Cell::text(&entry.name)),
            Column::new("server_or_database", |entry| Cell::optional(entry.place())),
            Column::new("at", |entry| {
                Cell::toned(entry.at.as_deref().unwrap_or_default(), Tone::Faint)
            }),
        ]
    }
}

fn mark(entry: &ContextEntry) -> &'static str {
    if entry.current { "*" } else { "" }
}
