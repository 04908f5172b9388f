//! Fields of events as texts, for groups, baselines and the context of signals.

use thiserror::Error;

use super::projection::{Projection, Raw, Values};
use super::value::{text_of, time};
use crate::detect::telemetry::{
    Field, FieldPath, FieldType, Kind, Presence, Schema, UnknownField, root,
};
use crate::detect::wire::{WireError, text};

/// Some fields, in the order of their paths.
#[derive(Debug, Default)]
pub(in crate::detect) struct TextFields {
    projection: Projection,
    columns: Vec<Column>,
}

#[derive(Clone, Copy, Debug)]
enum Column {
    Field(usize, &'static Field),
    Kind,
    ParentPath,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::detect) enum FieldText {
    Missing,
    One(String),
    Many(Vec<String>),
}

/// A path that is not a field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown field `{path}`: {reason}")]
pub struct UnknownPath {
    path: String,
    reason: UnknownField,
}

impl TextFields {
    /// # Errors
    /// A path is not a field.
    pub(in crate::detect) fn new<'p>(
        paths: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, UnknownPath> {
        let mut found = Vec::new();
        let mut columns = Vec::new();
        for path in paths {
            columns.push(match path {
                "kind" => Column::Kind,
                "parent.path" => Column::ParentPath,
                path => {
                    let fields = FieldPath::find(root(), path)
                        .map_err(|reason| UnknownPath { path: path.to_owned(), reason })?;
                    let Some(last) = fields.last() else { continue };
                    found.push(fields);
                    Column::Field(found.len() - 1, last)
                }
            });
        }
        Ok(Self { projection: Projection::new(&found), columns })
    }

    /// # Errors
    /// A part of the event that contains one of the fields is not valid.
    pub(in crate::detect) fn read(
        &self,
        kind: Kind,
        event: &[u8],
        parent: Option<&str>,
        values: &mut Values,
    ) -> Result<Vec<FieldText>, WireError> {
        self.projection.read(event, values)?;
        let column = |column: &Column| match *column {
            Column::Kind => FieldText::One(kind.name().to_owned()),
            Column::ParentPath => {
                parent.map_or(FieldText::Missing, |path| FieldText::One(path.to_owned()))
            }
            Column::Field(slot, field) => of_slot(values, slot, event, field),
        };
        Ok(self.columns.iter().map(column).collect())
    }
}

fn of_slot(values: &Values, slot: usize, event: &[u8], field: &'static Field) -> FieldText {
    match values.get(slot) {
        Raw::Present if matches!(field.field_type, FieldType::Message(_)) => FieldText::Missing,
        Raw::Present => {
            let items = values.items(slot).filter_map(|raw| of_raw(raw, event, field));
            FieldText::Many(items.collect())
        }
        Raw::Absent if field.presence == Presence::Plain => FieldText::One(default_of(field)),
        raw => of_raw(raw, event, field).map_or(FieldText::Missing, FieldText::One),
    }
}

fn of_raw(raw: Raw, event: &[u8], field: &'static Field) -> Option<String> {
    match raw {
        Raw::Absent | Raw::Present => None,
        Raw::Number(number) => Some(match field.field_type {
            FieldType::Bool => (number != 0).to_string(),
            FieldType::Int32 => (number as i32).to_string(),
            FieldType::Uint32 => (number as u32).to_string(),
            FieldType::Int64 => (number as i64).to_string(),
            FieldType::Enum(id) => {
                let number = number as i32;
                let name = Schema::get().enum_type(id).name_of(number);
                name.map_or_else(|| number.to_string(), str::to_owned)
            }
            FieldType::Uint64
            | FieldType::String
            | FieldType::Bytes
            | FieldType::Timestamp
            | FieldType::Message(_) => number.to_string(),
        }),
        Raw::Bytes(..) => {
            let bytes = raw.bytes(event)?;
            match field.field_type {
                FieldType::Timestamp => time(bytes).map(|time| time.to_string()),
                FieldType::String => Some(text(bytes).into_owned()),
                FieldType::Bytes => Some(text_of(bytes, field)),
                FieldType::Bool
                | FieldType::Int32
                | FieldType::Int64
                | FieldType::Uint32
                | FieldType::Uint64
                | FieldType::Enum(_)
                | FieldType::Message(_) => None,
            }
        }
    }
}

/// The text of a field that is not written if it has its default value.
fn default_of(field: &'static Field) -> String {
    of_raw(Raw::Number(0), &[], field)
        .filter(|_| !matches!(field.field_type, FieldType::String | FieldType::Bytes))
        .unwrap_or_default()
}

impl FieldText {
    /// The text, with spaces between the items of a list. None if it is missing.
    pub(in crate::detect) fn joined(self) -> Option<String> {
        match self {
            Self::Missing => None,
            Self::One(text) => Some(text),
            Self::Many(texts) => Some(texts.join(" ")),
        }
    }
}
