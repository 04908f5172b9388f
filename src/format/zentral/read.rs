//! Reads rule sets and answers of the API.

use memchr::memmem;

use super::node::{self, Node, Value};
use super::row::{self, Shape};
use super::scopes::Scopes;
use crate::format::configurations::Configurations;
use crate::format::duplicates::settle;
use crate::format::record::{Head, Keys, opens_json};
use crate::format::text::Text;
use crate::format::{Defaults, Document, File, Place, PlacedRule, Remark};
use crate::rule::{Policy, Rule};

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
        // A page without rules is known by the keys around them.
        let is_page = || {
            ["count", "next", "previous"].iter().all(|key| head.around.iter().any(|it| it == key))
        };
        return head.has("target_type") || (!head.array && head.empty && is_page());
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
        wanted: defaults.configuration.as_deref(),
        source: defaults.source.as_deref(),
        document: Document { files: names, ..Document::default() },
        configurations: Configurations::default(),
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
    reader.finish(defaults)
}

struct Reader<'d> {
    scopes: Scopes,
    source: Option<&'d str>,
    document: Document,
    /// The configuration whose rules are read, if only one is wanted.
    wanted: Option<&'d str>,
    configurations: Configurations,
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
                "configurations" => self.rule_set_of(node),
                other => {
                    self.note(node.at, format!("{other}: is no key of a rule set of Zentral's"));
                }
            }
        }
    }

    /// A rule set is for each of its configurations, so all of its rules are those of the wanted one.
    fn rule_set_of(&mut self, node: &Node) {
        let names = node.list().unwrap_or_default().iter().filter_map(|name| match &name.value {
            Value::Text(name) | Value::Plain(name) => Some(name.as_str()),
            _ => None,
        });
        let names: Vec<&str> = names.collect();
        match self.wanted {
            Some(wanted) if names.contains(&wanted) => {
                self.configurations.add(wanted, Some(wanted));
            }
            Some(_) => names.iter().for_each(|name| {
                self.configurations.add(name, self.wanted);
            }),
            None => self.note(
                node.at,
                "configurations: is ignored; the rules are for the fleet, or for the scope that \
                 --scope names",
            ),
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
        if let Some(name) = row::configuration(node)
            && !self.configurations.add(name, self.wanted)
        {
            return Ok(());
        }
        let row = row::read(node, shape, &mut self.document.notes)?;
        let reach = self.scopes.reach(row.at, &row.lists)?;
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

    fn finish(self, defaults: &Defaults) -> Document {
        let Self { scopes, mut document, configurations, source: _, wanted } = self;
        document.notes.extend(scopes.notes);
        if let Some(fault) = configurations.fault(wanted) {
            document.rules.clear();
            document.faults.push(fault);
        }
        settle(&mut document, defaults.duplicates);
        document.faults.sort_by_key(|fault| fault.place);
        document.notes.sort_by_key(|note| note.place);
        document
    }
}
