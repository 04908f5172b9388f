//! The fields of one rule, under the names that the rule's format uses.

use super::csv::{Column, field};
use super::{Location, Remark, Spot};
use crate::document::{Entry, Node, Value};
use crate::rule::{Rule, RuleDraft, RuleType};

/// Maximum keys of a rule, including unknown keys.
const MAX_KEYS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    Exact,
    AnyCase,
    /// Keys match in any case, and with or without underscores: `customMsg` is `custom_msg`.
    AnyStyle,
}

impl Keys {
    pub(super) fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Exact => one == other,
            Self::AnyCase => one.eq_ignore_ascii_case(other),
            Self::AnyStyle => {
                let plain = |key: &'_ str| {
                    let letters = key.bytes().filter(|byte| *byte != b'_');
                    letters.map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
                };
                plain(one) == plain(other)
            }
        }
    }

    pub(super) fn has_all(self, keys: &[String], names: &[&str]) -> bool {
        names.iter().all(|name| keys.iter().any(|key| self.same(key, name)))
    }
}

pub(super) struct FieldNames {
    /// Names of the identifier. The first name with a value is used.
    pub(super) identifier: &'static [&'static str],
    pub(super) rule_type: &'static [&'static str],
    /// The text fields: nicelist's names, and the format's names.
    pub(super) texts: &'static [(&'static str, &'static str)],
}

/// The fields of one rule. A format removes each field that it reads or ignores. The remaining
/// fields are unknown.
pub(super) struct Record<'n> {
    pub(super) location: Location,
    keys: Keys,
    fields: Vec<&'n Entry>,
    reads_numbers: bool,
    origins: Vec<Origin<'n>>,
    notes: Vec<Remark>,
}

/// The key and the location that a field of a draft was read from.
struct Origin<'n> {
    field: &'static str,
    key: &'n str,
    /// The location of the value; `None` if the rule does not have the field.
    location: Option<Location>,
}

impl<'n> Record<'n> {
    /// # Errors
    /// If the node is not a map, has more than `MAX_KEYS` keys, or repeats the key of a field that
    /// is not a block.
    pub(super) fn new(location: Location, keys: Keys, node: &'n Node) -> Result<Self, Remark> {
        let Some(entries) = node.entries() else {
            return Err(Remark::new(location, node.expected("an object for each rule")));
        };
        if entries.len() > MAX_KEYS {
            let text = format!("has too many keys: a rule has at most {MAX_KEYS}");
            return Err(Remark::new(location, text));
        }
        let fields = entries.iter().collect();
        let (origins, notes) = (Vec::new(), Vec::new());
        let record = Self { location, keys, fields, reads_numbers: false, origins, notes };
        let is_field = |entry: &&Entry| !matches!(entry.node.value, Value::Block { .. });
        for (index, entry) in entries.iter().enumerate() {
            let mut before = entries[..index].iter().filter(is_field);
            if before.any(|other| keys.same(&entry.key, &other.key)) {
                return Err(record.fault(entry, "is given twice"));
            }
        }
        Ok(record)
    }

    /// Also reads numbers and booleans as texts, because YAML does not parse every identifier as a
    /// string.
    pub(super) fn reading_numbers(self) -> Self {
        Self { reads_numbers: true, ..self }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<&'n Entry> {
        let index = self.fields.iter().position(|entry| self.keys.same(&entry.key, name))?;
        Some(self.fields.remove(index))
    }

    /// The fields with one of these names, in the order of the file.
    pub(super) fn named(&self, names: &[&str]) -> impl Iterator<Item = &'n Entry> {
        let is_named = |entry: &&Entry| names.iter().any(|name| self.keys.same(&entry.key, name));
        self.fields.iter().copied().filter(is_named)
    }

    pub(super) fn ignore(&mut self, names: &[&str]) {
        let keys = self.keys;
        self.fields.retain(|entry| !names.iter().any(|name| keys.same(&entry.key, name)));
    }

    /// # Errors
    /// If the record has fields with old names. The error lists these fields with their new names.
    pub(super) fn refuse_old(&self, old: &[(&str, &str)]) -> Result<(), Remark> {
        let renamed = self.fields.iter().filter_map(|entry| {
            let (_, new) = old.iter().find(|(old, _)| self.keys.same(&entry.key, old))?;
            Some((*entry, format!("{} (use {new})", entry.key)))
        });
        let renamed: Vec<(&Entry, String)> = renamed.collect();
        let Some((first, _)) = renamed.first() else { return Ok(()) };
        let names: Vec<&str> = renamed.iter().map(|(_, name)| name.as_str()).collect();
        Err(Remark::new(self.at(first), format!("unknown keys: {}", names.join(", "))))
    }

    /// Removes and returns the field with the first of these names that has a value, or else with
    /// the first name. Stores its key and location as the origin of the draft's `field`.
    pub(super) fn field(
        &mut self,
        field: &'static str,
        names: &[&'static str],
    ) -> Option<&'n Entry> {
        let is_given = |name: &&&str| self.named(&[**name]).any(|entry| !entry.node.is_blank());
        let name = *names.iter().find(is_given).or(names.first())?;
        let found = self.take(name);
        let key = found.map_or(name, |entry| entry.key.as_str());
        let location = found.map(|entry| self.at(entry));
        self.origins.push(Origin { field, key, location });
        found
    }

    /// Removes and returns a text. An empty text counts as absent.
    ///
    /// # Errors
    /// If the value has the wrong type, for example a list.
    pub(super) fn text(
        &mut self,
        field: &'static str,
        names: &[&'static str],
    ) -> Result<Option<String>, Remark> {
        let Some(entry) = self.field(field, names) else { return Ok(None) };
        match &entry.node.value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Value::Number(_) | Value::Bool(_) if self.reads_numbers => {
                Ok(entry.node.scalar().map(String::from))
            }
            _ => Err(self.fault(entry, entry.node.expected("a string"))),
        }
    }

    /// Removes and returns the name of a policy or a rule type. Numbers are refused, because they
    /// mean something different in each tool.
    ///
    /// # Errors
    /// If the value is a number, or another value that [`Self::text`] refuses.
    pub(super) fn word(
        &mut self,
        field: &'static str,
        names: &[&'static str],
    ) -> Result<String, Remark> {
        let found = self.named(names).next();
        if let Some(entry) = found
            && let Value::Number(number) = &entry.node.value
        {
            let text = format!(
                "`{number}` is a number, and its meaning differs between tools; use the name"
            );
            return Err(self.fault(entry, text));
        }
        Ok(self.text(field, names)?.unwrap_or_default())
    }

    /// Removes the target, the policy and the texts, and returns them as a draft.
    ///
    /// # Errors
    /// If the rule type or the identifier is missing, if a value cannot be read, or if the policy
    /// is `unknown`.
    pub(super) fn draft(&mut self, names: &FieldNames) -> Result<RuleDraft, Remark> {
        let identifier = self.text("target", names.identifier)?.unwrap_or_default();
        let policy = self.word("policy", &["policy"])?;
        if policy.eq_ignore_ascii_case("unknown") {
            let (location, key) = self.origin("policy");
            let text = format!(
                "{key}: `{policy}` stands for CELv2 in santactl's output, which \
                nicelist does not support"
            );
            return Err(Remark::new(location, text));
        }
        let rule_type = self.rule_type(names, &identifier)?;
        if identifier.is_empty() {
            return Err(self.missing(self.origin("target").1));
        }
        let target = format!("{rule_type}:{identifier}");
        let mut draft = RuleDraft { target, policy, ..RuleDraft::default() };
        for (field, name) in names.texts {
            if let Some(text) = text_of_draft(&mut draft, field) {
                *text = self.text(field, &[name])?;
            }
        }
        Ok(draft)
    }

    /// Removes and returns the rule type. `santactl rule --export` writes `Unknown` as the type of
    /// a CDHASH rule.
    fn rule_type(&mut self, names: &FieldNames, identifier: &str) -> Result<RuleType, Remark> {
        let word = self.word("rule_type", names.rule_type)?;
        let (location, key) = self.origin("rule_type");
        let is_cdhash =
            identifier.len() == 40 && identifier.bytes().all(|it| it.is_ascii_hexdigit());
        if word.eq_ignore_ascii_case("unknown") && is_cdhash {
            let text = format!(
                "{key}: `{word}` is read as CDHASH, because santactl writes it for \
                CDHASH rules"
            );
            self.notes.push(Remark::new(location, text));
            return Ok(RuleType::CdHash);
        }
        match word.as_str() {
            "" => Err(self.missing(key)),
            word => word.parse().map_err(|error| Remark::new(location, format!("{key}: {error}"))),
        }
    }

    pub(super) fn missing(&self, key: &str) -> Remark {
        Remark::new(self.location, format!("the rule has no {key}"))
    }

    pub(super) fn fault(&self, entry: &Entry, text: impl AsRef<str>) -> Remark {
        Remark::new(self.at(entry), format!("{}: {}", entry.key, text.as_ref()))
    }

    pub(super) fn note(&mut self, entry: &Entry, text: &str) {
        self.notes.push(self.fault(entry, text));
    }

    /// The location and the key that a field of a draft was read from. A missing expression is
    /// reported at the policy that needs it.
    pub(super) fn origin(&self, field: &'static str) -> (Location, &'n str) {
        let of = |field| self.origins.iter().find(|origin| origin.field == field);
        let found = match of(field).filter(|origin| origin.location.is_some()) {
            None if field == "cel" => of("policy"),
            found => found.or_else(|| of(field)),
        };
        found.map_or((self.location, field), |Origin { key, location, .. }| {
            (location.unwrap_or(self.location), *key)
        })
    }

    /// The notes about the record that were added while it was read, and a note for each unknown
    /// field.
    pub(super) fn notes(&self) -> Vec<Remark> {
        let unknown = self.unknown();
        let unknown = unknown.map(|entry| self.fault(entry, "is an unknown key, which is ignored"));
        self.notes.iter().cloned().chain(unknown).collect()
    }

    pub(super) fn take_notes(self) -> Vec<Remark> {
        self.notes
    }

    /// The fields that were not removed and are not empty.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &'n Entry> {
        self.fields.iter().copied().filter(|entry| !entry.node.is_blank())
    }

    fn at(&self, entry: &Entry) -> Location {
        match entry.node.position {
            Some(position) => Location { spot: Spot::from(position), ..self.location },
            None => self.location,
        }
    }
}

pub(super) fn text_of_draft<'d>(
    draft: &'d mut RuleDraft,
    field: &str,
) -> Option<&'d mut Option<String>> {
    Some(match field {
        "cel" => &mut draft.cel,
        "message" => &mut draft.message,
        "url" => &mut draft.url,
        "button_label" => &mut draft.button_label,
        "app_name" => &mut draft.app_name,
        "bundle_hash" => &mut draft.bundle_hash,
        "comment" => &mut draft.comment,
        "ticket" => &mut draft.ticket,
        "source" => &mut draft.source,
        _ => return None,
    })
}

/// The texts of a rule, each with the format's name for its field. Absent texts are left out.
pub(super) fn texts(
    rule: &Rule,
    names: &'static [(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, String)> {
    names.iter().filter_map(|(ours, theirs)| {
        let text = field(rule, Column::of_field(ours)?).into_owned();
        (!text.is_empty()).then_some((*theirs, text))
    })
}
