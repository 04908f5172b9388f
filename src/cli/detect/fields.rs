//! `nicelist detect fields`.

use clap::Args;
use serde::Serialize;

use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, ListView, Row, Tone};
use crate::detect::telemetry::{Kind, ListedField, common_fields, fields_of};

/// List the fields of telemetry events
///
/// Shows each field with its type and an example. Without KIND, lists the fields that every event
/// has, and then the fields of each kind. A field after [] occurs one time per item of a list.
/// -o json and -o csv also list the values of enums.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect fields execution
  nicelist detect fields launch_item -o json
  nicelist detect fields -o name | grep cdhash")]
pub(crate) struct FieldsArgs {
    /// Kind of event, such as execution or file_access
    #[arg(value_name = "KIND", value_parser = kinds(), hide_possible_values = true)]
    kind: Option<Kind>,
    #[command(flatten)]
    view: ListView<FieldRow>,
}

fn kinds() -> Words<Kind> {
    Words::new(Kind::all().map(Kind::name))
}

#[derive(Debug, Serialize)]
struct FieldRow {
    field: String,
    #[serde(rename = "type")]
    type_name: String,
    example: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<&'static str>,
}

impl Row for FieldRow {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("field", |row: &Self| Cell::toned(&row.field, Tone::Strong)).whole(),
            Column::new("type", |row: &Self| Cell::text(&row.type_name)),
            Column::new("example", |row: &Self| Cell::toned(&row.example, Tone::Faint)).rank(1),
            Column::csv("values", |row: &Self| Cell::list(&row.values)),
        ]
    }
}

impl From<ListedField> for FieldRow {
    fn from(field: ListedField) -> Self {
        let ListedField { path, type_name, example, values } = field;
        Self { field: path, type_name, example, values }
    }
}

pub(super) async fn run(context: &Context, args: FieldsArgs) -> Result<(), CliError> {
    let fields = match args.kind {
        Some(kind) => fields_of(kind),
        None => common_fields().into_iter().chain(Kind::all().flat_map(fields_of)).collect(),
    };
    let list = context.ui.arranged(&args.view.arrangement, "")?;
    list.rows(fields.into_iter().map(FieldRow::from))
}
