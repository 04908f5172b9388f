//! `nicelist tag list`.

use clap::Args;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::cli::ui::{Cell, Column, ListView, Row};
use crate::fleet::{Membership, Tag};

/// List tags
#[derive(Debug, Args)]
#[command(visible_alias = "ls")]
#[command(after_long_help = "\
Examples:
  nicelist tag list
  nicelist tag list -o json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    view: ListView<Tag>,
}

impl Row for Tag {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("name", |tag| Cell::text(&tag.name)),
            Column::new("priority", |tag| Cell::text(tag.priority)),
            Column::new("members_by", |tag| Cell::text(counts(&tag.membership))),
            Column::new("description", |tag| Cell::optional(tag.description.as_ref())),
            Column::csv("serials", |tag| Cell::list(&tag.membership.serials)),
            Column::csv("users", |tag| Cell::list(&tag.membership.users)),
            Column::csv("groups", |tag| Cell::list(&tag.membership.groups)),
            Column::csv("hostnames", |tag| Cell::list(&tag.membership.hostnames)),
        ]
    }
}

/// The number of entries of each kind.
fn counts(membership: &Membership) -> String {
    let Membership { serials, users, groups, hostnames } = membership;
    let counts = [
        (serials.len(), "serial"),
        (users.len(), "user"),
        (groups.len(), "group"),
        (hostnames.len(), "pattern"),
    ];
    let present = counts.into_iter().filter(|(count, _)| *count > 0);
    present.map(|(count, what)| counted(count, what)).collect::<Vec<_>>().join(", ")
}

pub(super) async fn run(context: &Context, args: ListArgs) -> Result<(), CliError> {
    let list = context
        .ui
        .arranged(&args.view.arrangement, "no tags yet. Create one: nicelist tag create NAME")?;
    list.pages(context.client().await?.tags()).await
}
