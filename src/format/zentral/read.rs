//! Reads rule sets and responses of the API.

use memchr::memmem;

use super::row::{self, Shape};
use super::scopes::Scopes;
use crate::document::{Node, Outline, Text, Value, json, yaml};
use crate::format::builder::Builder;
use crate::format::configurations::Configurations;
use crate::format::detect::{LISTS, opens_json};
use crate::format::record::{Keys, Record};
use crate::format::{Defaults, File, Location, ParsedPolicy, Remark};

pub fn recognises_json(file: &File, head: &Outline) -> bool {
    is_zentral(head, || Outline::of_json(&file.bytes))
}

pub fn recognises_yaml(file: &File) -> bool {
    // Nearly any text is YAML, and parsing it costs more than searching for two words.
    let contains = |word: &str| memmem::find(&file.bytes, word.as_bytes()).is_some();
    if opens_json(&file.bytes) || !contains("rules:") || !contains("name:") {
        return false;
    }
    let Ok(text) = Text::new(&file.bytes) else { return false };
    is_zentral(&Outline::of_yaml_head(&text, &LISTS), || Outline::of_yaml_head(&text, &[]))
}

/// `head` is the outline of the beginning of a file, which is enough for most files. `whole` is
/// called only if the beginning contains `rules` but no `name`.
fn is_zentral(head: &Outline, whole: impl FnOnce() -> Outline) -> bool {
    let has = |outline: &Outline, keys: &[&str]| Keys::Exact.has_all(&outline.keys, keys);
    if head.is_list {
        return has(head, &["target_type"]);
    }
    if let Some(results) = head.list("results") {
        // A page without rules is recognized by its other keys.
        let is_empty_page = results.length == 0 && has(head, &["count", "next", "previous"]);
        return Keys::Exact.has_all(&results.keys, &["target_type"]) || is_empty_page;
    }
    head.list("rules").is_some() && (has(head, &["name"]) || has(&whole(), &["name"]))
}

/// Rules without lists get the default scope.
pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let mut configurations = Configurations::new(defaults.configuration.as_deref());
    let mut notes = Vec::new();
    let mut builder = Builder::read_texts(files, defaults, |builder, file, text| {
        let parsed = match opens_json(text.as_str().as_bytes()) {
            true => json::parse(text),
            false => yaml::parse(text),
        };
        let root = parsed.map_err(|fault| Remark::of(file, fault))?;
        let scopes = Scopes::new(file, defaults.scope.clone());
        let has_source = defaults.source.is_some();
        let configurations = &mut configurations;
        let mut reader = Reader { file, scopes, has_source, configurations, builder };
        let read = reader.whole(&root);
        notes.append(&mut reader.scopes.notes);
        read
    });
    configurations.check(&mut builder.policy);
    let mut policy = builder.finish();
    policy.notes.append(&mut notes);
    policy.sort_remarks();
    policy
}

struct Reader<'r, 'd> {
    file: u32,
    scopes: Scopes,
    has_source: bool,
    configurations: &'r mut Configurations<'d>,
    builder: &'r mut Builder<'d>,
}

impl Reader<'_, '_> {
    fn at(&self, node: &Node) -> Location {
        Location::of(self.file, node.position)
    }

    fn note(&mut self, node: &Node, text: impl Into<String>) {
        let location = self.at(node);
        self.builder.policy.note(location, text);
    }

    fn whole(&mut self, root: &Node) -> Result<(), Remark> {
        if root.elements().is_some() {
            return self.rows(root, Shape::Api);
        }
        if let Some(rows) = root.get("results") {
            if let Some(next) = root.get("next").filter(|next| next.as_str().is_some()) {
                self.note(next, "next: the response has more pages, which are not in this file");
            }
            return self.rows(rows, Shape::Api);
        }
        let Some(rows) = root.get("rules") else {
            let text =
                "is neither a Zentral rule set, with name and rules, nor a list of Zentral's rules";
            return Err(Remark::new(self.at(root), text));
        };
        self.header(root);
        self.rows(rows, Shape::RuleSet)
    }

    fn header(&mut self, root: &Node) {
        for entry in root.entries().unwrap_or_default() {
            let node = &entry.node;
            match (entry.key.as_str(), &node.value) {
                ("name", Value::String(name)) if !self.has_source => {
                    let text = format!("to mark these rules with their origin: --source {name}");
                    self.note(node, format!("name: {text}"));
                }
                ("name" | "rules", _) => {}
                ("configurations", _) => self.rule_set_of(node),
                (other, _) => {
                    self.note(node, format!("{other}: is not a key of a Zentral rule set"));
                }
            }
        }
    }

    /// A rule set applies to each of its configurations. So if it lists the wanted configuration,
    /// all of its rules are wanted.
    fn rule_set_of(&mut self, node: &Node) {
        let names = node.elements().unwrap_or_default().iter().filter_map(Node::scalar);
        let names: Vec<_> = names.collect();
        match self.configurations.wanted {
            Some(wanted) if names.iter().any(|name| *name == wanted) => {
                self.configurations.add(wanted);
            }
            Some(_) => names.iter().for_each(|name| {
                self.configurations.add(name);
            }),
            None => self.note(
                node,
                "configurations: is ignored; the rules are for the fleet, or for the scope in \
                --scope",
            ),
        }
    }

    fn rows(&mut self, rows: &Node, shape: Shape) -> Result<(), Remark> {
        let Some(nodes) = rows.elements() else {
            let text = format!("rules: {}", rows.expected("a list"));
            return Err(Remark::new(self.at(rows), text));
        };
        self.scopes.names_tags = shape == Shape::RuleSet;
        for node in nodes {
            let is_wanted =
                row::configuration(node).is_none_or(|name| self.configurations.add(&name));
            if is_wanted {
                let record = Record::new(self.at(node), Keys::Exact, node);
                let record = record.map(Record::reading_numbers);
                self.builder.add(record, |record| row::drafts(record, shape, &mut self.scopes));
            }
        }
        Ok(())
    }
}
