//! `nicelist person export`.

use clap::Args;

use crate::api::PersonRecordView;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, ListView, Row};
use crate::fleet::PersonName;

/// Export everything that is stored about a person
///
/// Lists the records that name the person: hosts, events, sightings, revisions, tokens, and current
/// and old versions of rules, settings and tags. The table is a summary. -o json exports the
/// records as they are stored.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist person export anna
  nicelist person export anna -o json > anna.json")]
pub(crate) struct ExportArgs {
    /// Name of the person's account, as Macs report it
    #[arg(value_name = "NAME")]
    name: PersonName,
    #[command(flatten)]
    view: ListView<PersonRecordView>,
}

impl Row for PersonRecordView {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("kind", |record| Cell::text(record.kind)),
            Column::new("record", |record| Cell::text(summary(record))),
        ]
    }
}

/// The fields that distinguish records of each kind.
const SUMMARY: [&str; 12] = [
    "id", "revision", "machine", "hostname", "user", "path", "scope", "target", "key", "name",
    "author", "message",
];

fn summary(PersonRecordView { record, .. }: &PersonRecordView) -> String {
    let field = |name: &&str| {
        let value = record.get(*name)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (!text.is_empty()).then(|| format!("{name} {text}"))
    };
    SUMMARY.iter().filter_map(field).collect::<Vec<_>>().join(", ")
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> Result<(), CliError> {
    let ExportArgs { name, view } = args;
    let list = context.ui.arranged(&view.arrangement, "no stored record names this person")?;
    let client = context.client().await?;
    list.pages(client.person_records(&name)).await
}
