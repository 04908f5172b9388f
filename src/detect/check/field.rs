//! Checks the fields in `group_by`, `count_distinct`, `track` and `extra_context`.

use super::schema::{KIND, PARENT};
use crate::detect::telemetry::{FieldPath, FieldType, Kind, Schema, fields_of, root};

/// Why a field cannot be used. None if it can be used.
pub(super) fn path_fault(path: &str) -> Option<String> {
    let names: Vec<&str> = path.split('.').collect();
    if matches!(names.as_slice(), [KIND] | [PARENT, "path"]) {
        return None;
    }
    match FieldPath::find(root(), path) {
        Ok(found) => unusable(&found, &names),
        Err(unknown) => {
            let known = (1..names.len())
                .take_while(|count| FieldPath::find(root(), &names[..*count].join(".")).is_ok())
                .count();
            let near = unknown.nearest.map(|near| {
                let mut names = names.clone();
                names.truncate(known);
                names.push(near);
                names.join(".")
            });
            let near = elsewhere(path, &names).or(near);
            let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            Some(format!("unknown field `{path}`: {unknown}{near}"))
        }
    }
}

/// Why a field that exists has no value that can be compared.
fn unusable(found: &FieldPath, names: &[&str]) -> Option<String> {
    let (last, outer) = found.fields().split_last()?;
    if let Some(at) = outer.iter().position(|field| field.is_repeated()) {
        let list = names.get(..=at).unwrap_or_default().join(".");
        return Some(format!("`{list}` is a list, so its fields have no single value"));
    }
    match last.field_type {
        FieldType::Message(id) if !last.is_repeated() => {
            let path = names.join(".");
            let fields = &Schema::get().message(id).fields;
            let example = fields.first().map_or("field", |field| field.name);
            Some(format!(
                "`{path}` has several fields: expected one of them, such as `{path}.{example}`"
            ))
        }
        FieldType::Message(_)
        | FieldType::Bool
        | FieldType::Int32
        | FieldType::Int64
        | FieldType::Uint32
        | FieldType::Uint64
        | FieldType::String
        | FieldType::Bytes
        | FieldType::Timestamp
        | FieldType::Enum(_) => None,
    }
}

/// The field of the same kind with the same last name whose path begins like this one.
fn elsewhere(path: &str, names: &[&str]) -> Option<String> {
    let kind = Kind::from_name(names.first()?)?;
    let last = names.last()?;
    let common = |other: &str| path.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    fields_of(kind)
        .into_iter()
        .map(|field| field.path)
        .filter(|other| !other.contains("[]") && other.rsplit('.').next() == Some(*last))
        .max_by_key(|other| common(other))
}
