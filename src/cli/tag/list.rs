//! `nicelist tag list`.

use clap::Args;

use crate::api::TagView;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row};

/// List tags
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist tag list
  nicelist tag list -o json")]
pub(crate) struct ListArgs {}

impl Row for TagView {
    const COLUMNS: &'static [Column] =
        &[Column::new("name"), Column::new("priority"), Column::new("description")];

    fn cells(&self) -> Vec<Cell> {
        let description = self.description.as_ref();
        vec![Cell::text(&self.name), Cell::text(self.priority), Cell::optional(description)]
    }
}

pub(super) async fn run(context: &Context, ListArgs {}: ListArgs) -> Result<(), CliError> {
    context.ui.rows(context.client().await?.tags().await?, "no tags")
}
