//! `nicelist config list`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, ListView, Row, Tone};
use crate::config::ConfigEntry;

/// List all settings with their values and origins
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist config list
  nicelist config list -o json --context staging")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    view: ListView<ConfigEntry>,
}

pub(super) fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    if let Err(error) = context.settings.context_exists() {
        context.ui.warn(error.to_string());
    }
    context.ui.arranged(&args.view.arrangement, "")?.rows(context.settings.entries())
}

impl Row for ConfigEntry {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("key", |entry| Cell::text(entry.key)),
            Column::new("value", |entry| Cell::optional(entry.value.as_ref())),
            Column::new("source", |entry| Cell::optional(entry.source)),
            Column::new("at", |entry| {
                Cell::toned(entry.at.as_deref().unwrap_or_default(), Tone::Faint)
            }),
        ]
    }
}
