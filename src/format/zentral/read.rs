//! Reads rule sets and answers of the API.

use std::collections::{BTreeSet, HashMap};

use memchr::memmem;

use super::node::{self, Node, Value};
use super::row::{self, Shape};
use super::scopes::Scopes;
use crate::format::record::{Head, Keys, opens_json};
use crate::format::text::Text;
use crate::format::{Defaults, Document, File, Place, PlacedRule, Remark};
use crate::rule::{Policy, Rule, Scope, Target};

/// Whether a file looks like a rule set of Zentral's, or an answer of its API, in JSON.
#[must_use]
pub fn recognises_json(file: &File) -> bool {
    if !opens_json(&file.bytes) {
        return false;
    }
    is_zentral(&Head::of(&file.bytes, Keys::Exact), || parsed(file, node::json))
}

/// Whether a file looks like a rule set of Zentral's in YAML.
#[must_use]
pub fn recognises_yaml(file: &File) -> bool {
    // YAML takes nearly any text for something, and costs more than to look for two words.
    let says = |word: &str| memmem::find(&file.bytes, word.as_bytes()).is_some();
    if opens_json(&file.bytes) || !says("rules:") || !says("name:") {
        return false;
    }
    let Ok(text) = Text::open(0, file) else { return false };
    is_zentral(&node::yaml_head(&text), || parsed(file, node::yaml))
}

fn parsed(file: &File, parse: fn(&Text<'_>) -> Result<Node, Remark>) -> Option<Node> {
    parse(&Text::open(0, file).ok()?).ok()
}

/// The head of nearly every file says it. Only that of a set whose name comes after its rules
/// takes the whole.
fn is_zentral(head: &Head, whole: impl FnOnce() -> Option<Node>) -> bool {
    if head.array || head.lists("results") {
        return head.has("target_type");
    }
    head.lists("rules")
        && (head.around.iter().any(|key| key == "name")
            || whole().is_some_and(|whole| whole.get("name").is_some()))
}

/// Reads rule sets and answers of the API. A scope of the defaults is whom rules without lists
/// are for.
#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let names = files.iter().map(|file| file.name.clone()).collect();
    let mut reader = Reader {
        scopes: Scopes::new(defaults.scope.clone()),
        source: defaults.source.as_deref(),
        document: Document { files: names, ..Document::default() },
        configurations: BTreeSet::new(),
    };
    for (number, file) in files.iter().enumerate() {
        let whole = Text::open(number, file).and_then(|text| {
            if opens_json(&file.bytes) { node::json(&text) } else { node::yaml(&text) }
        });
        match whole {
            Ok(whole) => reader.whole(&whole),
            Err(fault) => reader.document.faults.push(fault),
        }
    }
    reader.finish()
}

struct Reader<'d> {
    scopes: Scopes,
    source: Option<&'d str>,
    document: Document,
    /// The configurations whose rules the file has, where it says.
    configurations: BTreeSet<String>,
}

impl Reader<'_> {
    fn fault(&mut self, place: Place, text: impl Into<String>) {
        self.document.faults.push(Remark { place, text: text.into() });
    }

    fn note(&mut self, place: Place, text: impl Into<String>) {
        self.document.notes.push(Remark { place, text: text.into() });
    }

    fn whole(&mut self, whole: &Node) {
        if whole.list().is_some() {
            return self.rows(whole, Shape::Api);
        }
        if let Some(rows) = whole.get("results") {
            if let Some(Node { at, value: Value::Text(_) }) = whole.get("next") {
                self.note(*at, "next: the answer has more pages, which are not here");
            }
            return self.rows(rows, Shape::Api);
        }
        match (whole.get("rules"), &whole.value) {
            (Some(rows), Value::Map(entries)) => {
                self.head(entries);
                self.rows(rows, Shape::RuleSet);
            }
            _ => self.fault(
                whole.at,
                "is neither a rule set of Zentral's, with name and rules, nor a list of its rules",
            ),
        }
    }

    /// What a rule set says of itself.
    fn head(&mut self, entries: &[(String, Node)]) {
        for (name, node) in entries {
            match name.as_str() {
                "rules" => {}
                "name" if self.source.is_none() => {
                    if let Value::Text(said) = &node.value {
                        let text = format!(
                            "name: --source {said} would keep these rules apart from others"
                        );
                        self.note(node.at, text);
                    }
                }
                "name" => {}
                "configurations" => self.note(
                    node.at,
                    "configurations: is passed over; the rules are for the whole fleet, or for the \
                     scope of --scope",
                ),
                other => {
                    self.note(node.at, format!("{other}: is no key of a rule set of Zentral's"));
                }
            }
        }
    }

    fn rows(&mut self, rows: &Node, shape: Shape) {
        let Some(nodes) = rows.list() else {
            return self.fault(rows.at, format!("rules: expected a list, found {}", rows.kind()));
        };
        self.scopes.names_tags = shape == Shape::RuleSet;
        for node in nodes {
            if let Err(faults) = self.row(node, shape) {
                self.document.faults.extend(faults);
            }
        }
    }

    fn row(&mut self, node: &Node, shape: Shape) -> Result<(), Vec<Remark>> {
        let row = row::read(node, shape, &mut self.document.notes)?;
        let reach = self.scopes.reach(row.at, &row.lists)?;
        self.configurations.extend(row.configuration.clone());
        let place = row.at;
        let mut target = None;
        for scope in &reach.rule {
            let rule = row.rule(scope, self.source).map_err(|fault| vec![fault])?;
            target = Some(rule.target().clone());
            self.document.rules.push(PlacedRule { place, rule });
        }
        for scope in reach.remove {
            let removed = target.clone();
            let removed = removed.and_then(|it| Rule::new(it, scope, Policy::Remove).ok());
            if let Some(mut rule) = removed {
                rule.provenance.source = self.source.map(Into::into);
                self.document.rules.push(PlacedRule { place, rule });
            }
        }
        Ok(())
    }

    fn finish(self) -> Document {
        let Self { scopes, mut document, configurations, source: _ } = self;
        document.notes.extend(scopes.notes);
        twice(&mut document, &configurations);
        document.faults.sort_by_key(|fault| fault.place);
        document.notes.sort_by_key(|note| note.place);
        document
    }
}

/// Rules for the same target and scope: in an answer of the API they are of two configurations.
fn twice(document: &mut Document, configurations: &BTreeSet<String>) {
    let mut seen: HashMap<(&Target, &Scope), Place> = HashMap::new();
    let mut faults = Vec::new();
    for PlacedRule { place, rule } in &document.rules {
        let key = (rule.target(), rule.scope());
        let Some(first) = seen.get(&key) else {
            seen.insert(key, *place);
            continue;
        };
        let (target, scope) = key;
        let mut text =
            format!("{target} for {scope} is there already, at {}", document.name_of(*first));
        if configurations.len() > 1 {
            let all: Vec<&str> = configurations.iter().map(String::as_str).collect();
            text.push_str(&format!(
                "; the file has rules of configurations {}, which are to be read one by one",
                all.join(", ")
            ));
        }
        faults.push(Remark { place: *place, text });
    }
    document.faults.extend(faults);
}
