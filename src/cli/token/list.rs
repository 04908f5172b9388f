//! `nicelist token list`.

use clap::Args;

use crate::api::TokenView;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, ListView, Row};

/// List tokens without their secrets
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist token list")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    view: ListView<TokenView>,
}

impl Row for TokenView {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("name", |token| Cell::text(&token.name)),
            Column::new("role", |token| Cell::text(token.role)),
            Column::new("created", |token| Cell::Time(Some(token.created))),
            Column::new("expires", |token| Cell::Time(token.expires)),
        ]
    }
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let nothing = "no tokens yet. Create one: nicelist token create NAME --role ROLE";
    let list = context.ui.arranged(&args.view.arrangement, nothing)?;
    list.rows(context.client().await?.tokens().await?)
}
