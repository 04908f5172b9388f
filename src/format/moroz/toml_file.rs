//! Reads one of Moroz's files.

use super::{OF_OTHERS, SETTINGS, STALE};
use crate::document::{Entry, Node, Text, toml};
use crate::fleet::{Setting, SettingKey};
use crate::format::duplicates::resolve;
use crate::format::record::{FieldNames, Keys, Record};
use crate::format::{Defaults, Duplicates, Location, ParsedPolicy, PlacedRule, Remark};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope};

const NAMES: FieldNames = FieldNames {
    identifier: &["identifier", "sha256"],
    rule_type: &["rule_type"],
    texts: &[
        ("message", "custom_msg"),
        ("url", "custom_url"),
        ("app_name", "notification_app_name"),
        ("bundle_hash", "file_bundle_hash"),
    ],
};
const BUNDLE_COUNT: &str = "file_bundle_binary_count";

#[derive(Clone, Debug, Default)]
pub(super) struct FileContents {
    pub(super) rules: Vec<PlacedRule>,
    pub(super) settings: Vec<(Location, Setting)>,
}

/// Reads a file. Remarks about the file are added to the policy.
pub(super) fn read(
    file: u32,
    text: &Text<'_>,
    scope: &Scope,
    defaults: &Defaults,
    policy: &mut ParsedPolicy,
) -> FileContents {
    let root = match toml::parse(text) {
        Ok(root) => root,
        Err(faults) => {
            policy.faults.extend(faults.into_iter().map(|fault| Remark::of(file, fault)));
            return FileContents::default();
        }
    };
    let (scope, source) = (scope.to_string(), defaults.source.clone());
    let contents = FileContents::default();
    let mut reader = Reader { file, scope, source, policy, contents };
    for entry in root.entries().unwrap_or_default() {
        match entry.key.to_ascii_lowercase().as_str() {
            "rules" => reader.rules(&entry.node),
            "machine_id" => reader.note(
                entry,
                "machine_id: is ignored; the file's name contains \
                the machine ID",
            ),
            "block_usb_mount" | "remount_usb_mode" => {}
            "sync_type" => reader.note(
                entry,
                "sync_type: is left out; nicelist host clean-sync orders a clean sync",
            ),
            "clean_sync" => reader.note(
                entry,
                "clean_sync: is left out; nicelist host clean-sync orders a clean \
                    sync",
            ),
            name => reader.setting(name, entry),
        }
    }
    reader.removable_media(&root);
    reader.note_removes();
    reader.resolve(defaults.duplicates);
    reader.contents
}

struct Reader<'a> {
    file: u32,
    scope: String,
    source: Option<String>,
    policy: &'a mut ParsedPolicy,
    contents: FileContents,
}

impl Reader<'_> {
    fn at(&self, node: &Node) -> Location {
        Location::of(self.file, node.position)
    }

    fn fault(&mut self, node: &Node, text: impl Into<String>) {
        let location = self.at(node);
        self.policy.fault(location, text);
    }

    fn note(&mut self, entry: &Entry, text: impl Into<String>) {
        let location = Location::of(self.file, entry.key_position);
        self.policy.note(location, text);
    }

    fn mismatch(&mut self, name: &str, node: &Node, expected: &str) {
        self.fault(node, format!("{name}: {}", node.expected(expected)));
    }

    fn setting(&mut self, name: &str, entry: &Entry) {
        let Entry { key, key_position, node } = entry;
        let stale = STALE.iter().find(|(stale, _)| *stale == name);
        let current = stale.map_or(name, |(_, current)| *current);
        let mut known = SETTINGS.iter().chain(&OF_OTHERS);
        let Some((_, setting)) = known.find(|(known, _)| *known == current) else {
            return self.note(entry, format!("{key}: is an unknown key, which Moroz ignores"));
        };
        if stale.is_some() {
            let text = format!("{name}: is read as {current}; Moroz itself ignores it");
            self.note(entry, text);
        }
        let Some(value) = node.scalar() else { return self.mismatch(name, node, "a value") };
        let location = Location::of(self.file, *key_position);
        let read = match Setting::parse(*setting, &value) {
            Ok(read) => read,
            Err(error) => return self.fault(node, format!("{name}: {error}")),
        };
        let mut others = self.contents.settings.iter();
        if let Some((first, _)) = others.find(|(_, other)| other.key() == read.key()) {
            let line = first.spot.line_number();
            let text = format!("{name}: is already set on line {line}; remove one of the two");
            return self.policy.fault(location, text);
        }
        if is_regex(*setting) && read.value() != value {
            let text = format!("{name}: is read as `{}`, as in Santa", read.value());
            self.policy.note(Location::of(self.file, node.position), text);
        }
        self.contents.settings.push((location, read));
    }

    /// Reads the two keys for removable disks, which only reimplementations of Moroz support. The
    /// mount flags have no effect unless `block_usb_mount` is true.
    fn removable_media(&mut self, root: &Node) {
        let named = |name: &str| {
            let mut entries = root.entries().unwrap_or_default().iter();
            entries.find(|entry| entry.key.eq_ignore_ascii_case(name))
        };
        let (block, remount) = (named("block_usb_mount"), named("remount_usb_mode"));
        let flags = match remount.map(|entry| (entry, mount_flags(&entry.node))) {
            None => String::new(),
            Some((_, Some(flags))) => flags,
            Some((entry, None)) => {
                return self.mismatch("remount_usb_mode", &entry.node, "a list of mount flags");
            }
        };
        let is_blocked = match block.map(|entry| (entry, entry.node.as_bool())) {
            None => false,
            Some((_, Some(is_blocked))) => is_blocked,
            Some((entry, None)) => {
                return self.mismatch("block_usb_mount", &entry.node, "true or false");
            }
        };
        if let (false, false, Some(entry)) = (is_blocked, flags.is_empty(), remount) {
            let text = "remount_usb_mode: is left out; it has no effect unless block_usb_mount is \
                        true";
            self.note(entry, text);
        }
        let Some(block) = block else { return };
        let value = match (is_blocked, flags.as_str()) {
            (false, _) => "allow".to_owned(),
            (true, "") => "block".to_owned(),
            (true, flags) => format!("remount:{flags}"),
        };
        let location = Location::of(self.file, block.key_position);
        match Setting::parse(SettingKey::RemovableMedia, &value) {
            Ok(setting) => self.contents.settings.push((location, setting)),
            Err(error) => {
                let location =
                    remount.map_or(location, |entry| Location::of(self.file, entry.key_position));
                self.policy.fault(location, format!("remount_usb_mode: {error}"));
            }
        }
    }

    fn rules(&mut self, node: &Node) {
        let Some(rows) = node.elements() else { return self.mismatch("rules", node, "[[rules]]") };
        for row in rows {
            match self.rule(row) {
                Ok(rule) => {
                    self.contents.rules.push(PlacedRule { location: self.at(row), rule });
                }
                Err(fault) => self.policy.faults.push(fault),
            }
        }
    }

    fn rule(&mut self, row: &Node) -> Result<Rule, Remark> {
        let mut record = Record::new(self.at(row), Keys::AnyCase, row)?;
        record.ignore(&["creation_time"]);
        let has_identifier = record.named(&["identifier"]).next().is_some();
        let old = record.named(&["sha256"]).next();
        if let Some(entry) = old {
            let text = match has_identifier {
                true => "is ignored, because the rule has an identifier",
                false => "is read as identifier; Moroz itself ignores it",
            };
            record.note(entry, text);
        }
        let count = record.field("bundle_binary_count", &[BUNDLE_COUNT]);
        let count = count.map(|entry| {
            let count = entry.node.scalar().and_then(|count| count.parse().ok());
            count.ok_or_else(|| record.fault(entry, "expected a count"))
        });
        let draft = record.draft(&NAMES)?;
        record.ignore(NAMES.identifier);
        let rule = record.rule(RuleDraft {
            scope: self.scope.clone(),
            source: self.source.clone(),
            bundle_binary_count: count.transpose()?,
            ..draft
        })?;
        for entry in record.unknown() {
            let text = format!("{}: is an unknown key, which Moroz ignores", entry.key);
            self.note(entry, text);
        }
        self.policy.notes.extend(record.take_notes());
        Ok(rule)
    }

    /// Adds a note if there are rows with REMOVE. Moroz needs such a row as long as any host may
    /// have the rule.
    fn note_removes(&mut self) {
        let is_remove = |placed: &&PlacedRule| placed.rule.policy().kind() == PolicyKind::Remove;
        let mut removes = self.contents.rules.iter().filter(is_remove);
        if let Some(first) = removes.next() {
            let location = first.location;
            let text = match removes.count() + 1 {
                1 => "policy: REMOVE becomes a `remove` rule, which is not required: if a rule is \
                    deleted, nicelist also removes it from hosts"
                    .to_owned(),
                count => format!(
                    "policy: {count} rows with REMOVE, starting with this one, become `remove` \
                    rules, which are not required: if a rule is deleted, nicelist also removes it \
                    from hosts"
                ),
            };
            self.policy.note(location, text);
        }
    }

    /// Resolves duplicates before the file is compared with global.toml.
    fn resolve(&mut self, how: Duplicates) {
        std::mem::swap(&mut self.contents.rules, &mut self.policy.rules);
        resolve(self.policy, how);
        std::mem::swap(&mut self.contents.rules, &mut self.policy.rules);
    }
}

fn is_regex(key: SettingKey) -> bool {
    matches!(key, SettingKey::AllowedPathRegex | SettingKey::BlockedPathRegex)
}

/// Mount flags in a list, or in one string with commas between them.
fn mount_flags(node: &Node) -> Option<String> {
    match node.elements() {
        None => node.as_str().map(|flags| flags.trim().to_owned()),
        Some(flags) => {
            let flags: Option<Vec<&str>> = flags.iter().map(Node::as_str).collect();
            flags.map(|flags| flags.join(","))
        }
    }
}
