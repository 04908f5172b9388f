//! Parses the table of the protocol.

use std::collections::HashMap;

use super::{EnumId, EnumType, Field, FieldType, Message, MessageId, Presence, Schema};

/// The message of a whole file, whose records have a type that is not in the table. `spool` reads
/// it.
const FILE: &str = "LogBatch";

/// The schema, and the lines of the table that are invalid. A test checks that the committed table
/// has no such lines.
pub(super) fn parse(table: &'static str) -> (Schema, Vec<&'static str>) {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rows: Vec<(&str, Vec<&str>)> =
        lines.map(|line| (line, line.split('\t').collect())).collect();
    let mut schema = Schema::default();
    let mut enum_ids = HashMap::new();
    for (_, row) in &rows {
        match *row.as_slice() {
            ["field", name, ..] if name != FILE => add_message(&mut schema, name),
            ["enum", name, ..] => add_enum(&mut schema, &mut enum_ids, name),
            _ => {}
        }
    }
    let invalid = rows.iter().filter(|(_, row)| add_row(&mut schema, &enum_ids, row).is_none());
    let invalid = invalid.map(|(line, _)| *line).collect();
    for message in &mut schema.messages {
        message.fields.sort_by_key(|field| field.number);
    }
    for enum_type in &mut schema.enums {
        enum_type.values.sort_by_key(|(number, _)| *number);
    }
    (schema, invalid)
}

fn add_message(schema: &mut Schema, name: &'static str) {
    let next = MessageId(schema.messages.len() as u16);
    schema.message_ids.entry(name).or_insert_with(|| {
        schema.messages.push(Message { name, fields: Vec::new() });
        next
    });
}

fn add_enum(schema: &mut Schema, ids: &mut HashMap<&'static str, EnumId>, name: &'static str) {
    let next = EnumId(schema.enums.len() as u16);
    ids.entry(name).or_insert_with(|| {
        schema.enums.push(EnumType { name, values: Vec::new() });
        next
    });
}

/// `None` if the row is invalid.
fn add_row(
    schema: &mut Schema,
    enum_ids: &HashMap<&'static str, EnumId>,
    row: &[&'static str],
) -> Option<()> {
    match *row {
        ["field", message, ..] if message == FILE => {}
        ["field", message, number, name, type_name, presence] => {
            let field = Field {
                number: number.parse().ok()?,
                name,
                json_name: json_name(name),
                field_type: field_type(schema, enum_ids, type_name)?,
                presence: parse_presence(presence)?,
            };
            let id = *schema.message_ids.get(message)?;
            schema.messages.get_mut(usize::from(id.0))?.fields.push(field);
        }
        ["enum", enum_type, number, name, ..] => {
            let id = *enum_ids.get(enum_type)?;
            let values = &mut schema.enums.get_mut(usize::from(id.0))?.values;
            values.push((number.parse().ok()?, name));
        }
        ["reserved", ..] => {}
        _ => return None,
    }
    Some(())
}

fn field_type(
    schema: &Schema,
    enum_ids: &HashMap<&'static str, EnumId>,
    name: &str,
) -> Option<FieldType> {
    let found = match name {
        "bool" => FieldType::Bool,
        "int32" => FieldType::Int32,
        "int64" => FieldType::Int64,
        "uint32" => FieldType::Uint32,
        "uint64" => FieldType::Uint64,
        "string" => FieldType::String,
        "bytes" => FieldType::Bytes,
        "message google.protobuf.Timestamp" => FieldType::Timestamp,
        _ => match name.split_once(' ')? {
            ("enum", name) => FieldType::Enum(*enum_ids.get(name)?),
            ("message", name) => FieldType::Message(*schema.message_ids.get(name)?),
            _ => return None,
        },
    };
    Some(found)
}

fn parse_presence(text: &'static str) -> Option<Presence> {
    match text {
        "optional" => Some(Presence::Optional),
        "plain" => Some(Presence::Plain),
        "repeated" => Some(Presence::Repeated),
        _ => text.strip_prefix("oneof:").map(Presence::Oneof),
    }
}

/// The name in protobuf's JSON: without underscores, and with a capital letter after each.
fn json_name(name: &str) -> String {
    let mut json = String::with_capacity(name.len());
    let mut after_underscore = false;
    for c in name.chars() {
        match c {
            '_' => after_underscore = true,
            _ if after_underscore => {
                json.push(c.to_ascii_uppercase());
                after_underscore = false;
            }
            _ => json.push(c),
        }
    }
    json
}
