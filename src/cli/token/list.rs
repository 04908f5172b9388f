//! `nicelist token list`.

use clap::Args;

use crate::api::TokenView;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row};

/// List tokens, without their secrets
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist token list")]
pub(crate) struct ListArgs {}

impl Row for TokenView {
    const COLUMNS: &'static [Column] =
        &[Column::new("name"), Column::new("role"), Column::new("created"), Column::new("expires")];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.name),
            Cell::text(self.role),
            Cell::Time(Some(self.created)),
            Cell::Time(self.expires),
        ]
    }
}

pub(super) async fn run(context: &Context, ListArgs {}: ListArgs) -> Result<(), CliError> {
    context.ui.rows(context.client().await?.tokens().await?, "no tokens")
}
