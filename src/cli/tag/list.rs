//! `nicelist tag list`.

use clap::Args;

use crate::api::TagView;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row};
use crate::fleet::Membership;

/// List tags
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist tag list
  nicelist tag list -o json")]
pub(crate) struct ListArgs {}

impl Row for TagView {
    const COLUMNS: &'static [Column] = &[
        Column::new("name"),
        Column::new("priority"),
        Column::new("members_by"),
        Column::new("description"),
        Column::machine("serials"),
        Column::machine("users"),
        Column::machine("groups"),
        Column::machine("hostnames"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let Self { name, priority, description, membership } = self;
        let Membership { serials, users, groups, hostnames } = membership;
        vec![
            Cell::text(name),
            Cell::text(priority),
            Cell::text(counts(membership)),
            Cell::optional(description.as_ref()),
            Cell::list(serials),
            Cell::list(users),
            Cell::list(groups),
            Cell::list(hostnames),
        ]
    }
}

/// How many entries of each kind make members.
fn counts(membership: &Membership) -> String {
    let Membership { serials, users, groups, hostnames } = membership;
    let counted = [
        (serials.len(), "serial"),
        (users.len(), "user"),
        (groups.len(), "group"),
        (hostnames.len(), "pattern"),
    ];
    let told = counted.into_iter().filter(|(count, _)| *count > 0);
    let told =
        told.map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }));
    told.collect::<Vec<_>>().join(", ")
}

pub(super) async fn run(context: &Context, ListArgs {}: ListArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    let mut pages = client.tags();
    let mut list = context.ui.list::<TagView>("no tags");
    while let Some(page) = pages.next().await? {
        page.iter().try_for_each(|tag| list.push(tag))?;
    }
    list.finish()
}
