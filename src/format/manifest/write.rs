//! Writes a new manifest, or changes entries of an existing one. Unchanged entries keep their order
//! and their spelling.

use std::collections::BTreeMap;

use jiff::Timestamp;
use toml_edit::{
    Array, ArrayOfTables, Datetime, DocumentMut, Item, Table, TableLike, Value, value,
};

use super::FileKind;
use super::decoration::{Headings, alike};
use super::read::with_plain_line_ends;
use crate::fleet::{PolicyState, Setting, SettingKey, Tag};
use crate::format::csv::{self, Amendment, Delimiter};
use crate::format::{Content, Defaults, File, ParsedPolicy, PlacedTag, Written};
use crate::rule::{Rule, RuleDraft, RuleKey, Scope, TagName};

/// The files of a new folder. Additions to an existing folder are written to these files, too.
const TAGS: &str = "tags.toml";
const SETTINGS: &str = "settings.toml";
const RULES: &str = "rules.toml";

/// Writes a manifest of one file. Nothing is lost.
pub fn write(content: Content<'_>) -> Written {
    let mut left = Left::of(content);
    let mut document = DocumentMut::new();
    left.put_tags(&mut document);
    left.put_settings(&mut document);
    left.put_rules(&mut document, &Defaults::default());
    Written::file(alike(&[], document.to_string()), Vec::new())
}

/// Changes a manifest to the `wanted` policy. `read` is the content of `files` and has no faults.
/// Returns every file, changed or not. A folder may gain files.
pub fn update(
    files: &[File],
    read: &ParsedPolicy,
    folder: bool,
    wanted: &PolicyState,
) -> Vec<File> {
    let PolicyState { tags, settings, rules } = wanted;
    let mut left = Left::of(Content { rules, settings, tags });
    let mut outputs: Vec<ManifestFile> = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let theirs = read.rules.iter().filter(|it| usize::try_from(it.location.file) == Ok(number));
        let theirs: Vec<&Rule> = theirs.map(|placed| &placed.rule).collect();
        let part = if folder { FileKind::of(&file.name) } else { FileKind::Toml };
        outputs.push(match part {
            FileKind::Toml => ManifestFile::toml(file, (&read.tags, &theirs), &mut left),
            FileKind::Rows(delimiter) => ManifestFile::rows(file, &theirs, delimiter, &mut left),
            FileKind::ForPeople | FileKind::Stray => {
                ManifestFile { file: file.clone(), tables: None }
            }
        });
    }
    let home = |name: &'static str| if folder { name } else { "" };
    // A folder without manifest files gets all three files.
    let is_part =
        |file: &File| matches!(FileKind::of(&file.name), FileKind::Toml | FileKind::Rows(_));
    let is_new = folder && !files.iter().any(is_part);
    if is_new || !left.tags.is_empty() {
        let (document, _) = tables_of(&mut outputs, home(TAGS));
        left.put_tags(document);
    }
    if is_new || !left.settings.is_empty() {
        let (document, _) = tables_of(&mut outputs, home(SETTINGS));
        left.put_settings(document);
    }
    if is_new || !left.rules.is_empty() {
        let (document, defaults) = tables_of(&mut outputs, home(RULES));
        left.put_rules(document, &defaults);
    }
    outputs.into_iter().map(ManifestFile::into_file).collect()
}

struct ManifestFile {
    file: File,
    tables: Option<Tables>,
}

#[derive(Default)]
struct Tables {
    document: DocumentMut,
    before: Option<String>,
    defaults: Defaults,
}

impl ManifestFile {
    fn into_file(self) -> File {
        match self.tables {
            None => self.file,
            Some(Tables { document, before, defaults: _ }) => {
                let after = document.to_string();
                if before.as_ref() == Some(&after) {
                    return self.file;
                }
                File { bytes: alike(&self.file.bytes, after), name: self.file.name }
            }
        }
    }

    /// Changes or deletes the entries of a file. Entries that stay in the file are removed from
    /// `left`.
    fn toml(file: &File, (tags, rules): (&[PlacedTag], &[&Rule]), left: &mut Left<'_>) -> Self {
        let plain = with_plain_line_ends(file);
        let text = std::str::from_utf8(&plain.bytes).unwrap_or_default();
        let Ok(mut document) = text.trim_start_matches('\u{feff}').parse::<DocumentMut>() else {
            return Self { file: file.clone(), tables: None };
        };
        let before = Some(document.to_string());
        let said = |key: &str| document.get(key).and_then(Item::as_str);
        let defaults = Defaults {
            scope: said("scope").and_then(|scope| scope.parse().ok()),
            source: said("source").map(str::to_owned),
            ..Defaults::default()
        };
        let mut headings = Headings::default();
        keep_tags(&mut document, tags, left, &mut headings);
        keep_settings(&mut document, left, &mut headings);
        keep_rules(&mut document, rules, &defaults, left, &mut headings);
        headings.finish(&mut document);
        for name in ["tags", "settings", "rules"] {
            let is_empty = |item: &Item| match item {
                Item::None => true,
                Item::Table(table) => table.is_empty(),
                Item::ArrayOfTables(tables) => tables.is_empty(),
                Item::Value(value) => value.as_array().is_some_and(Array::is_empty),
            };
            if document.get(name).is_some_and(is_empty) {
                document.remove(name);
            }
        }
        Self { file: file.clone(), tables: Some(Tables { document, before, defaults }) }
    }

    fn rows(file: &File, rules: &[&Rule], delimiter: Delimiter, left: &mut Left<'_>) -> Self {
        let amendments: Vec<Amendment<'_>> =
            rules.iter().map(|is| Amendment { is, wanted: left.take_rule(is) }).collect();
        let unchanged = amendments.iter().all(|it| it.wanted == Some(it.is));
        let delimiter = csv::recognises(&file.bytes).unwrap_or(delimiter);
        // The file was read without faults, so it has a header.
        let amended = csv::amend(&file.bytes, delimiter, &amendments).ok();
        let Some(bytes) = amended.filter(|_| !unchanged) else {
            return Self { file: file.clone(), tables: None };
        };
        Self { file: File { bytes, ..file.clone() }, tables: None }
    }
}

/// The tables of the file with this name. The file is added if necessary. An empty name matches the
/// first file.
fn tables_of<'s>(
    outputs: &'s mut Vec<ManifestFile>,
    name: &str,
) -> (&'s mut DocumentMut, Defaults) {
    let there = outputs.iter().position(|output| name.is_empty() || output.file.name == name);
    let index = there.unwrap_or_else(|| {
        let file = File { name: name.to_owned(), bytes: Vec::new() };
        outputs.push(ManifestFile { file, tables: None });
        outputs.len() - 1
    });
    let Tables { document, defaults, .. } =
        outputs[index].tables.get_or_insert_with(|| Tables::new(name));
    // If the file has only comments, the comments are kept above the additions.
    if document.is_empty() {
        let comments = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing("");
        let above = document.as_table().decor().prefix().and_then(|it| it.as_str());
        let above = format!("{}{comments}", above.unwrap_or_default());
        document.as_table_mut().decor_mut().set_prefix(above);
    }
    (document, defaults.clone())
}

impl Tables {
    fn new(name: &str) -> Self {
        let mut tables = Self::default();
        let about = match name {
            TAGS => "# [tags.NAME]: the tags, with their priorities and members.\n\n",
            SETTINGS => {
                "# [settings.fleet], [settings.\"tag:NAME\"]: the settings of each \
                scope.\n\n"
            }
            RULES => "# [[rules]]: the rules.\n\n",
            _ => "",
        };
        tables.document.set_trailing(about);
        tables
    }
}

/// The rules, settings and tags that have not been written yet.
struct Left<'a> {
    tags: BTreeMap<&'a TagName, &'a Tag>,
    settings: BTreeMap<(Scope, SettingKey), &'a Setting>,
    /// The rules by target, then by scope. [`Left::put_rules`] sorts new rules by scope.
    rules: BTreeMap<&'a RuleKey, &'a Rule>,
}

impl<'a> Left<'a> {
    fn of(Content { rules, settings, tags }: Content<'a>) -> Self {
        Self {
            tags: tags.iter().map(|tag| (&tag.name, tag)).collect(),
            settings: settings.iter().map(|(at, it)| ((at.clone(), it.key()), it)).collect(),
            rules: rules.iter().map(|rule| (rule.key(), rule)).collect(),
        }
    }

    /// Removes and returns the wanted rule with the same target and scope as `rule`.
    fn take_rule(&mut self, rule: &Rule) -> Option<&'a Rule> {
        self.rules.remove(rule.key())
    }

    fn put_tags(&mut self, document: &mut DocumentMut) {
        for (name, tag) in std::mem::take(&mut self.tags) {
            let mut table = Table::new();
            // The priority is always written, because an empty table would look like a mistake.
            set(&mut table, "priority", Some(i64::from(tag.priority).into()));
            set_tag(&mut table, tag);
            if let Some(tags) = parent(document, "tags") {
                tags.insert(name.as_str(), Item::Table(table));
            }
        }
    }

    fn put_settings(&mut self, document: &mut DocumentMut) {
        for ((scope, key), setting) in std::mem::take(&mut self.settings) {
            let Some(scopes) = parent(document, "settings") else { continue };
            let scope = scope.to_string();
            let table = scopes.entry(&scope).or_insert_with(toml_edit::table);
            if let Some(table) = table.as_table_like_mut() {
                table.insert(key.name(), value(native(&setting.value())));
            }
        }
    }

    fn put_rules(&mut self, document: &mut DocumentMut, defaults: &Defaults) {
        let mut rules: Vec<&Rule> = std::mem::take(&mut self.rules).into_values().collect();
        if rules.is_empty() {
            return;
        }
        rules.sort_by_key(|rule| rule.scope());
        let there =
            document.entry("rules").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        for rule in rules {
            let mut table = Table::new();
            set_rule(&mut table, rule, defaults);
            match there {
                Item::ArrayOfTables(tables) => tables.push(table),
                Item::Value(Value::Array(rows)) => rows.push(table.into_inline_table()),
                Item::None | Item::Table(_) | Item::Value(_) => {}
            }
        }
    }
}

/// Returns a table that contains only tables. If it does not exist, it is created without a header
/// line.
fn parent<'d>(document: &'d mut DocumentMut, name: &str) -> Option<&'d mut dyn TableLike> {
    let item = document.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    item.as_table_like_mut()
}

/// A setting's value as people write it: numbers and booleans without quotes.
fn native(text: &str) -> Value {
    match (text.parse::<bool>(), text.parse::<i64>()) {
        (Ok(flag), _) => flag.into(),
        (_, Ok(number)) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

fn keys(document: &DocumentMut, name: &str) -> Vec<String> {
    let table = document.get(name).and_then(Item::as_table_like);
    table.map_or_else(Vec::new, |table| table.iter().map(|(key, _)| key.to_owned()).collect())
}

fn keep_tags(
    document: &mut DocumentMut,
    read: &[PlacedTag],
    left: &mut Left<'_>,
    headings: &mut Headings,
) {
    for key in keys(document, "tags") {
        let wanted = key.parse().ok().and_then(|name: TagName| left.tags.remove(&name));
        let Some(tags) = parent(document, "tags") else { continue };
        let decor = tags.get_mut(&key).and_then(Item::as_table_mut).map(Table::decor_mut);
        match (&wanted, decor) {
            (Some(_), Some(decor)) => headings.give(decor),
            (None, Some(decor)) => headings.take(decor),
            (_, None) => {}
        }
        match (wanted, tags.get_mut(&key).and_then(Item::as_table_like_mut)) {
            (Some(tag), _) if read.iter().any(|placed| placed.tag == *tag) => {}
            (Some(tag), Some(table)) => set_tag(table, tag),
            _ => drop(tags.remove(&key)),
        }
    }
}

fn keep_settings(document: &mut DocumentMut, left: &mut Left<'_>, headings: &mut Headings) {
    for key in keys(document, "settings") {
        let Some(scopes) = parent(document, "settings") else { continue };
        let (Ok(scope), Some(table)) =
            (key.parse::<Scope>(), scopes.get_mut(&key).and_then(Item::as_table_like_mut))
        else {
            continue;
        };
        let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let said = table.get(&name).and_then(Item::as_value).map(text_of).unwrap_or_default();
            let is = Setting::parse_named(&name, &said).ok();
            let wanted =
                is.as_ref().and_then(|is| left.settings.remove(&(scope.clone(), is.key())));
            match wanted {
                Some(wanted) if is.as_ref() == Some(wanted) => {}
                Some(wanted) => set(table, &name, Some(native(&wanted.value()))),
                None => drop(table.remove(&name)),
            }
        }
        let is_empty = table.is_empty();
        let decor = scopes.get_mut(&key).and_then(Item::as_table_mut).map(Table::decor_mut);
        match decor {
            Some(decor) if is_empty => headings.take(decor),
            Some(decor) => headings.give(decor),
            None => {}
        }
        if is_empty {
            scopes.remove(&key);
        }
    }
}

/// A value as text. A string has no quotes.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.value().clone(),
        Value::Integer(number) => number.value().to_string(),
        Value::Boolean(flag) => flag.value().to_string(),
        Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::InlineTable(_) => {
            value.clone().decorated("", "").to_string()
        }
    }
}

fn keep_rules(
    document: &mut DocumentMut,
    rules: &[&Rule],
    defaults: &Defaults,
    left: &mut Left<'_>,
    headings: &mut Headings,
) {
    let wanted: Vec<Option<&Rule>> = rules.iter().map(|rule| left.take_rule(rule)).collect();
    let mut rows = wanted.into_iter().zip(rules);
    // `rules` is in the order of the file, so each table belongs to the next rule.
    let mut keep = |table: &mut dyn TableLike| match rows.next() {
        Some((Some(wanted), is)) => {
            if wanted != *is {
                set_rule(table, wanted, defaults);
            }
            true
        }
        Some((None, _)) | None => false,
    };
    match document.get_mut("rules") {
        Some(Item::ArrayOfTables(tables)) => {
            let all: Vec<Table> = std::mem::take(tables).into_iter().collect();
            for mut table in all {
                if keep(&mut table) {
                    headings.give(table.decor_mut());
                    tables.push(table);
                } else {
                    headings.take(table.decor());
                }
            }
        }
        Some(Item::Value(Value::Array(array))) => {
            let mut kept = Array::new();
            for mut row in array.iter().cloned() {
                if row.as_inline_table_mut().is_some_and(|table| keep(table)) {
                    kept.push_formatted(row);
                }
            }
            kept.set_trailing(array.trailing().clone());
            kept.set_trailing_comma(array.trailing_comma());
            *array = kept;
        }
        Some(Item::None | Item::Table(_) | Item::Value(_)) | None => {}
    }
}

fn set_tag(table: &mut dyn TableLike, tag: &Tag) {
    let Tag { name: _, priority, description, membership } = tag;
    if *priority != 0 || table.contains_key("priority") {
        set(table, "priority", Some(i64::from(*priority).into()));
    }
    set(table, "description", description.as_deref().map(Value::from));
    set(table, "serials", list(membership.serials.iter().map(|it| it.as_str())));
    set(table, "users", list(membership.users.iter().map(|it| it.as_str())));
    set(table, "groups", list(membership.groups.iter().map(|it| it.as_str())));
    set(table, "hostnames", list(membership.hostnames.iter().map(|it| it.as_str())));
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> Option<Value> {
    let names: Array = names.collect();
    (!names.is_empty()).then(|| names.into())
}

/// Writes a rule into a table, without the values that equal the file's defaults.
fn set_rule(table: &mut dyn TableLike, rule: &Rule, defaults: &Defaults) {
    let draft = RuleDraft::from(rule.clone());
    let text = |text: Option<String>| text.map(Value::from);
    let usual = defaults.scope.as_ref().unwrap_or(&Scope::Fleet) == rule.scope();
    // If the file has a default source, an empty source means that the rule has no source.
    let source = match (draft.source, &defaults.source) {
        (None, Some(_)) => Some(String::new()),
        (source, usual) if source == *usual => None,
        (source, _) => source,
    };
    set(table, "target", Some(draft.target.into()));
    set(table, "policy", Some(draft.policy.into()));
    set(table, "scope", (!usual).then(|| draft.scope.into()));
    set(table, "cel", text(draft.cel));
    set(table, "message", text(draft.message));
    set(table, "url", text(draft.url));
    set(table, "button_label", text(draft.button_label));
    set(table, "app_name", text(draft.app_name));
    set(table, "bundle_hash", text(draft.bundle_hash));
    set(table, "bundle_binary_count", draft.bundle_binary_count.map(|it| i64::from(it).into()));
    set(table, "comment", text(draft.comment));
    set(table, "ticket", text(draft.ticket));
    set(table, "source", text(source));
    set(table, "expires", draft.expires.map(time));
}

/// A time as a TOML value. TOML supports only four-digit years, so other times become strings.
fn time(at: Timestamp) -> Value {
    let text = at.to_string();
    text.parse::<Datetime>().map_or_else(|_| text.into(), Value::from)
}

/// Sets a value and keeps the comments around it, or removes the value.
fn set(table: &mut dyn TableLike, key: &str, wanted: Option<Value>) {
    let Some(mut wanted) = wanted else {
        table.remove(key);
        return;
    };
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(is) if is_same(is, &wanted) => {}
        Some(is) => {
            *wanted.decor_mut() = is.decor().clone();
            *is = wanted;
        }
        None => drop(table.insert(key, Item::Value(wanted))),
    }
}

/// Whether two values are equal regardless of their spelling. Lists are equal in any order, because
/// the lists in a manifest are sets.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            let sorted = |list: &Array| {
                let mut texts: Vec<String> = list.iter().map(text_of).collect();
                texts.sort_unstable();
                texts
            };
            sorted(one) == sorted(other)
        }
        (one, other) => text_of(one) == text_of(other),
    }
}
