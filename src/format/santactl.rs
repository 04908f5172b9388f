//! What `santactl rule --export` writes and `--import` reads: `{"rules": [...]}`.

use serde_json::{Map, Value};

use super::gather::Gather;
use super::loss::Losses;
use super::record::{Head, Json, santa};
use super::text::Text;
use super::{Content, Defaults, Document, File, Remark, Written};

/// Whether a file looks like this format.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let head = Head::of(&file.bytes, santa::KEYS);
    !head.array
        && head.around == ["rules"]
        && head.has("rule_type")
        && head.has("policy")
        && !head.has("tag")
}

/// Whether a file may be a list of rules with keys of Santa's, bare or in an object, that are
/// misspelt or incomplete: reading it says what is wrong with each.
#[must_use]
pub fn resembles(file: &File) -> bool {
    let head = Head::of(&file.bytes, santa::KEYS);
    let is_list = head.array || head.lists("rules");
    let known = ["rule_type", "policy", "identifier", "sha256", "type", "state", "custommsg"];
    is_list && known.iter().filter(|key| head.has(key)).count() >= 2
}

#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let mut gather = Gather::new(files, defaults);
    for (number, file) in files.iter().enumerate() {
        let read = Text::open(number, file).and_then(|text| rules(&text, &mut gather));
        read.unwrap_or_else(|fault| gather.fault(fault));
    }
    gather.finish()
}

fn rules(text: &Text<'_>, gather: &mut Gather<'_>) -> Result<(), Remark> {
    let whole = Json::parse(text)?;
    let entries = whole.entries().unwrap_or_default();
    let rules = entries.iter().find(|(key, _)| key.eq_ignore_ascii_case("rules"));
    let listed = rules.and_then(|(_, rules)| rules.elements()).or_else(|| whole.elements());
    let Some(rules) = listed else {
        let text = "is no object with a list of rules, {\"rules\": [...]}".to_owned();
        return Err(Remark { place: whole.place(), text });
    };
    if let Some((_, cursor)) = entries.iter().find(|(key, _)| key == "cursor")
        && !cursor.value().is_blank()
    {
        let text = "cursor: this is one page of several; the other pages are missing";
        gather.note(cursor.place(), text.to_owned());
    }
    rules.into_iter().for_each(|rule| santa::take(rule.record(santa::KEYS), gather));
    Ok(())
}

#[must_use]
pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let rules = content.rules.iter().enumerate();
    let rules = rules.filter_map(|(index, rule)| santa::entries(index, rule, &mut losses));
    let rules: Vec<Value> = rules.map(object).collect();
    losses.settings(content);
    super::record::whole(&serde_json::json!({ "rules": rules }), losses)
}

/// An object of texts.
pub(super) fn object(entries: Vec<(&'static str, String)>) -> Value {
    let entries = entries.into_iter().map(|(key, text)| (key.to_owned(), Value::String(text)));
    Value::Object(entries.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests;
