//! Reads a manifest.

use std::borrow::Cow;
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::str::FromStr;

use super::{FileKind, OF_TAG, TOP};
use crate::document::{Entry, Node, Text, toml};
use crate::fleet::{Setting, SettingError, SettingKey, Tag};
use crate::format::detect::toml_beginning;
use crate::format::duplicates::refuse;
use crate::format::{
    Defaults, File, Location, ParsedPolicy, PlacedRule, PlacedSetting, PlacedTag, Remark, csv, own,
};
use crate::rule::{Scope, TagName};

pub fn recognises(file: &File) -> bool {
    let Ok(text) = Text::new(&file.bytes) else { return false };
    let beginning = toml_beginning(text.as_str());
    let rest = &text.as_str()[beginning.len()..];
    let found = match is_manifest(beginning) {
        // Tables of tags and settings may come after the rules.
        Some(false) if ["tags", "settings"].iter().any(|word| rest.contains(word)) => None,
        found => found,
    };
    // The beginning may be cut off inside a string, so the whole text may have to be parsed.
    found.or_else(|| is_manifest(text.as_str())).unwrap_or(false)
}

/// Whether a text looks like a manifest. None if the text is not TOML.
fn is_manifest(text: &str) -> Option<bool> {
    let root = toml::parse(&text.into()).ok()?;
    let is_table = |key: &str| root.get(key).is_some_and(|node| node.entries().is_some());
    let rules = root.get("rules").and_then(Node::elements);
    let has_target = |row: &Node| row.get("target").is_some();
    let is_ours = rules.and_then(<[Node]>::first).is_some_and(has_target);
    Some(is_table("tags") || is_table("settings") || is_ours)
}

/// Reads the files of a manifest. A `scope` or `source` at the top of a file overrides the default.
pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let policy = ParsedPolicy::of(files);
    let mut reader = Reader { policy, settings: HashMap::new(), tags: HashMap::new() };
    for (number, file) in (0..).zip(files) {
        let kind =
            if files.len() == 1 { FileKind::single(&file.name) } else { FileKind::of(&file.name) };
        match kind {
            FileKind::Toml => reader.toml(number, file, defaults),
            FileKind::Rows(delimiter) => reader.rows(number, file, delimiter, defaults),
            FileKind::ForPeople => {}
            FileKind::Stray => {
                let text = "is not part of a manifest; only .toml, .csv and .tsv files are allowed";
                reader.policy.fault(Location::whole(number), text);
            }
        }
    }
    refuse(&mut reader.policy);
    reader.policy.faults.sort_by_key(|fault| fault.location);
    reader.policy
}

/// The file, with carriage returns removed from the ends of lines. Git may add or remove carriage
/// returns, so they must not become part of multi-line strings.
pub(super) fn with_plain_line_ends(file: &File) -> Cow<'_, File> {
    match std::str::from_utf8(&file.bytes) {
        Ok(text) if text.contains("\r\n") => {
            let bytes = text.replace("\r\n", "\n").into_bytes();
            Cow::Owned(File { name: file.name.clone(), bytes })
        }
        Ok(_) | Err(_) => Cow::Borrowed(file),
    }
}

/// The message for an unknown key. It contains the key that may be meant, or else all known keys.
fn unknown(key: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(name) => format!("unknown key; did you mean {name}?"),
        None => format!("unknown key; expected one of {}", known.join(", ")),
    }
}

fn unknown_setting(key: &str) -> String {
    match nearest(key, SettingKey::ALL.iter().map(|key| key.name())) {
        Some(name) => format!("unknown setting; did you mean {name}?"),
        None => "unknown setting; nicelist settings set --help lists all settings".to_owned(),
    }
}

fn nearest<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let key = key.to_ascii_lowercase();
    let distances = known.map(|name| (strsim::damerau_levenshtein(&key, name), name));
    let near = distances.filter(|(distance, name)| *distance <= name.len() / 3);
    near.min().map(|(_, name)| name)
}

struct Reader {
    policy: ParsedPolicy,
    settings: HashMap<(Scope, SettingKey), Location>,
    tags: HashMap<TagName, Location>,
}

struct FileReader<'r> {
    reader: &'r mut Reader,
    file: u32,
}

impl Reader {
    fn toml(&mut self, number: u32, file: &File, defaults: &Defaults) {
        let file = with_plain_line_ends(file);
        let parsed =
            Text::new(&file.bytes).map_err(|fault| vec![fault]).and_then(|text| toml::parse(&text));
        match parsed {
            Ok(root) => FileReader { reader: self, file: number }.read(&root, defaults),
            Err(faults) => {
                let faults = faults.into_iter().map(|fault| Remark::of(number, fault));
                self.policy.faults.extend(faults);
            }
        }
    }

    fn rows(&mut self, number: u32, file: &File, delimiter: csv::Delimiter, defaults: &Defaults) {
        let delimiter = csv::recognises(&file.bytes).unwrap_or(delimiter);
        let read = csv::read_every_row(file, delimiter, defaults);
        let here = |location: Location| Location { file: number, ..location };
        let rules = read.rules.into_iter();
        let rules = rules.map(|it| PlacedRule { location: here(it.location), ..it });
        self.policy.rules.extend(rules);
        for (remarks, read) in
            [(&mut self.policy.faults, read.faults), (&mut self.policy.notes, read.notes)]
        {
            let here = read.into_iter().map(|it| Remark { location: here(it.location), ..it });
            remarks.extend(here);
        }
    }
}

impl FileReader<'_> {
    fn at(&self, node: &Node) -> Location {
        Location::of(self.file, node.position)
    }

    fn at_key(&self, entry: &Entry) -> Location {
        Location::of(self.file, entry.key_position)
    }

    fn fault(&mut self, node: &Node, text: String) {
        let location = self.at(node);
        self.reader.policy.fault(location, text);
    }

    fn key_fault(&mut self, entry: &Entry, text: String) {
        let location = self.at_key(entry);
        self.reader.policy.fault(location, text);
    }

    fn mismatch(&mut self, name: &str, node: &Node, expected: &str) {
        self.fault(node, format!("{name}: {}", node.expected(expected)));
    }

    fn read(&mut self, root: &Node, defaults: &Defaults) {
        let mut own = defaults.clone();
        for entry in root.entries().unwrap_or_default() {
            let Entry { key, node, .. } = entry;
            match key.as_str() {
                "scope" => own.scope = self.parsed(key, node).or(own.scope),
                "source" => match node.as_str() {
                    Some(text) => own.source = Some(text.to_owned()),
                    None => self.mismatch(key, node, "a string"),
                },
                "tags" => self.each_table(entry, Self::tag),
                "settings" => self.each_table(entry, Self::settings),
                "rules" => {}
                _ => self.key_fault(entry, format!("{key}: {}", unknown(key, &TOP))),
            }
        }
        if let Some(rules) = root.get("rules") {
            self.rules(rules, &own);
        }
    }

    fn parsed<T>(&mut self, name: &str, node: &Node) -> Option<T>
    where
        T: FromStr<Err: Display>,
    {
        let Some(text) = node.as_str() else {
            self.mismatch(name, node, "a string");
            return None;
        };
        text.parse().map_err(|error| self.fault(node, format!("{name}: {error}"))).ok()
    }

    fn each_table(&mut self, entry: &Entry, read: fn(&mut Self, &Entry)) {
        let Entry { key: name, node, .. } = entry;
        let Some(entries) = node.entries() else {
            return self.mismatch(name, node, &format!("tables, [{name}.NAME]"));
        };
        for entry in entries {
            match entry.node.entries() {
                Some(_) => read(self, entry),
                None => {
                    let key = &entry.key;
                    self.mismatch(key, &entry.node, &format!("a table, [{name}.{key}]"));
                }
            }
        }
    }

    fn tag(&mut self, table: &Entry) {
        let name: TagName = match table.key.parse() {
            Ok(name) => name,
            Err(error) => return self.key_fault(table, format!("tags: {error}")),
        };
        let mut tag = Tag::new(name);
        for entry in table.node.entries().unwrap_or_default() {
            let Entry { key, node, .. } = entry;
            match key.as_str() {
                "priority" => match node.scalar().and_then(|it| it.parse().ok()) {
                    Some(priority) => tag.priority = priority,
                    None => self.mismatch(key, node, "a whole number"),
                },
                "description" => match node.as_str() {
                    Some(text) => {
                        tag.description = Some(text.to_owned()).filter(|it| !it.is_empty());
                    }
                    None => self.mismatch(key, node, "a string"),
                },
                "serials" => tag.membership.serials = self.names(key, node),
                "users" => tag.membership.users = self.names(key, node),
                "groups" => tag.membership.groups = self.names(key, node),
                "hostnames" => tag.membership.hostnames = self.names(key, node),
                _ => self.key_fault(entry, format!("{key}: {}", unknown(key, &OF_TAG))),
            }
        }
        let location = self.at_key(table);
        match self.reader.tags.entry(tag.name.clone()) {
            Slot::Vacant(slot) => {
                slot.insert(location);
                self.reader.policy.tags.push(PlacedTag { location, tag });
            }
            Slot::Occupied(slot) => {
                let first = self.reader.policy.name_of(*slot.get());
                let text = format!("tag {} already exists, at {first}", tag.name);
                self.key_fault(table, text);
            }
        }
    }

    fn names<T>(&mut self, name: &str, node: &Node) -> BTreeSet<T>
    where
        T: FromStr<Err: Display> + Ord,
    {
        let Some(nodes) = node.elements() else {
            self.mismatch(name, node, "a list of strings");
            return BTreeSet::new();
        };
        nodes.iter().filter_map(|node| self.parsed(name, node)).collect()
    }

    fn settings(&mut self, table: &Entry) {
        let scope: Scope = match table.key.parse() {
            Ok(scope) => scope,
            Err(error) => return self.key_fault(table, format!("settings: {error}")),
        };
        for entry in table.node.entries().unwrap_or_default() {
            let Entry { key, node, .. } = entry;
            let Some(value) = node.scalar() else {
                self.mismatch(key, node, "a value");
                continue;
            };
            match Setting::parse_named(key, &value) {
                Ok(setting) => self.setting(entry, &scope, setting),
                Err(SettingError::UnknownKey(_)) => {
                    self.key_fault(entry, format!("{key}: {}", unknown_setting(key)));
                }
                Err(error) => self.fault(node, format!("{key}: {error}")),
            }
        }
    }

    fn setting(&mut self, entry: &Entry, scope: &Scope, setting: Setting) {
        let key = setting.key();
        if let Err(error) = key.check_scope(scope) {
            return self.key_fault(entry, format!("{key}: {error}"));
        }
        let location = self.at_key(entry);
        match self.reader.settings.entry((scope.clone(), key)) {
            Slot::Vacant(slot) => {
                slot.insert(location);
                let scope = scope.clone();
                self.reader.policy.settings.push(PlacedSetting { location, scope, setting });
            }
            Slot::Occupied(slot) => {
                let first = self.reader.policy.name_of(*slot.get());
                self.key_fault(entry, format!("{key} for {scope} is already set, at {first}"));
            }
        }
    }

    fn rules(&mut self, node: &Node, defaults: &Defaults) {
        let Some(rows) = node.elements() else { return self.mismatch("rules", node, "[[rules]]") };
        let unknown = |key: &str| Some(unknown(key, &own::FIELDS));
        for row in rows {
            match own::rule(self.file, row, defaults, unknown) {
                Ok(rule) => {
                    let location = self.at(row);
                    self.reader.policy.rules.push(PlacedRule { location, rule });
                }
                Err(faults) => self.reader.policy.faults.extend(faults),
            }
        }
    }
}
