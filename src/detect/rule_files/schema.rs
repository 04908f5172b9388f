//! The JSON Schema of rule files. Editors use it to complete and check keys.

use serde_json::{Map, Value, json};

use super::keys::{Key, KeyUse, MAX_PATH, Section, Shape, keys_of};

const PERIOD: &str = r"^\+?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$";
const PATH: &str = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$";
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9._:-]*$";

/// The schema of files with rules, correlations and baselines.
pub fn schema() -> Value {
    let sections = Section::ALL.map(|section| {
        let list = json!({
            "description": section.about(),
            "type": ["array", "null"],
            "items": detection(section),
        });
        (section.word().to_owned(), list)
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Detections over Santa's telemetry",
        "type": "object",
        "properties": Map::from_iter(sections),
        "additionalProperties": false,
    })
}

fn detection(section: Section) -> Value {
    let properties = keys_of(section).map(|key| (key.word().to_owned(), property(key)));
    let required = keys_of(section).filter(|key| key.use_in(section) == KeyUse::Required);
    json!({
        "type": "object",
        "properties": properties.collect::<Map<_, _>>(),
        "required": required.map(Key::word).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

fn property(key: Key) -> Value {
    let text = |max: usize| json!({"type": "string", "minLength": 1, "maxLength": max});
    let path = || json!({"type": "string", "pattern": PATH, "maxLength": MAX_PATH});
    let list = |entry: Value, min: usize, max: usize| json!({"type": "array", "items": entry, "minItems": min, "maxItems": max});
    let mut property = match key.shape() {
        Shape::Text(max) => text(max),
        Shape::Words(words) => json!({"enum": words}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Number(max) => json!({"type": "integer", "minimum": 1, "maximum": max}),
        Shape::Period => json!({"type": "string", "pattern": PERIOD}),
        Shape::Path => path(),
        Shape::Texts(min, max, length) => list(text(length), min, max),
        Shape::Paths(min, max) => list(path(), min, max),
        Shape::TextOrTexts(max) => {
            let text = || json!({"type": "string", "minLength": 1});
            json!({"anyOf": [text(), list(text(), 0, max)]})
        }
    };
    if let Some(fields) = property.as_object_mut() {
        fields.insert("description".to_owned(), key.about().into());
        if key == Key::Id {
            fields.insert("pattern".to_owned(), ID.into());
        }
    }
    property
}
