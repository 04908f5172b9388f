//! `nicelist person export`.

use clap::Args;

use crate::api::{HostQuery, PersonRecordView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, ListView, Row};
use crate::client::Client;
use crate::fleet::PersonName;
use crate::shell::argument;

/// Export everything that is stored about a person
///
/// Lists the records that name the person: hosts, events, sightings, revisions, tokens, and current
/// and old versions of rules, settings and tags. The table is a summary. -o json exports the
/// records as they are stored: an array in which each element has a kind and a record.
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
    let mut list = context.ui.arranged(&view.arrangement, "no stored record names this person")?;
    let client = context.client().await?;
    let mut pages = client.person_records(&name);
    let mut is_found = false;
    while let Some(page) = pages.next().await? {
        is_found |= !page.is_empty();
        page.iter().try_for_each(|record| list.push(record))?;
    }
    list.finish()?;
    if !is_found {
        context.ui.hint(other_case(&client, &name).await?);
    }
    Ok(())
}

/// The hint about a name that no record contains. Reads one host at most.
async fn other_case(client: &Client, name: &PersonName) -> Result<String, CliError> {
    let lower = name.as_str().to_lowercase();
    if lower != name.as_str() {
        let query = HostQuery { user: Some(lower.clone()), limit: Some(1), ..HostQuery::default() };
        let hosts = client.hosts(&query).next().await?.unwrap_or_default();
        if hosts.iter().any(|host| host.primary_user == lower) {
            let lower = argument(&lower);
            return Ok(format!(
                "letter case matters; did you mean: nicelist person export {lower}"
            ));
        }
    }
    Ok("letter case matters; to list the users of hosts: nicelist host list --columns hostname,user"
        .to_owned())
}
