//! One rule of Zentral's.

use super::node::{Node, Value};
use super::scopes::Lists;
use crate::format::{Place, Remark};
use crate::rule::{PolicyKind, Rule, RuleDraft, RuleError, RuleType, Scope};

/// What a rule can have besides its lists. The names on the right are the API's.
const IDENTIFIER: [&str; 3] = ["identifier", "sha256", "target_identifier"];
const RULE_TYPE: [&str; 2] = ["rule_type", "target_type"];
/// What is Zentral's own business.
const PASSED_OVER: [&str; 4] = ["id", "version", "created_at", "updated_at"];
/// Kinds of target that Zentral takes apart before a Mac sees them.
const BUNDLES: [&str; 2] = ["BUNDLE", "METABUNDLE"];

/// How a file writes its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As a rule set, by names.
    RuleSet,
    /// As the API answers, with policies and tags by number.
    Api,
}

/// A rule without whom it is for.
pub(super) struct Row<'a> {
    pub(super) at: Place,
    draft: RuleDraft,
    spots: Vec<(&'static str, &'static str, Place)>,
    pub(super) lists: Lists<'a>,
}

/// Reads a rule. Notes go where they belong.
pub(super) fn read<'a>(
    node: &'a Node,
    shape: Shape,
    notes: &mut Vec<Remark>,
) -> Result<Row<'a>, Vec<Remark>> {
    let Value::Map(entries) = &node.value else {
        let text = format!("rules: expected an object, found {}", node.kind());
        return Err(vec![Remark { place: node.at, text }]);
    };
    let mut reader = Reader { shape, notes, faults: Vec::new() };
    let mut row = Row {
        at: node.at,
        draft: RuleDraft::default(),
        spots: Vec::new(),
        lists: Lists::default(),
    };
    let mut found = Found::default();
    for (name, node) in entries {
        if !row.lists.take(name, node) {
            reader.entry(name, node, &mut row, &mut found);
        }
    }
    reader.target(&mut row, &found);
    if row.draft.policy.is_empty() && reader.faults.is_empty() {
        reader.fault(row.at, "the rule has no policy".to_owned());
    }
    if reader.faults.is_empty() { Ok(row) } else { Err(reader.faults) }
}

impl Row<'_> {
    pub(super) fn rule(&self, scope: &Scope, source: Option<&str>) -> Result<Rule, Remark> {
        let draft = RuleDraft {
            scope: scope.to_string(),
            source: source.map(str::to_owned),
            ..self.draft.clone()
        };
        Rule::try_from(draft).map_err(|RuleError { field, problem }| {
            let spot = self.spots.iter().find(|(ours, ..)| *ours == field);
            let (name, place) = spot.map_or((field, self.at), |(_, name, place)| (name, *place));
            Remark { place, text: format!("{name}: {problem}") }
        })
    }
}

/// What the target is made of.
#[derive(Default)]
struct Found<'a> {
    rule_type: Option<(&'static str, &'a Node)>,
    identifier: Option<(&'static str, &'a Node)>,
}

struct Reader<'n> {
    shape: Shape,
    notes: &'n mut Vec<Remark>,
    faults: Vec<Remark>,
}

impl Reader<'_> {
    fn fault(&mut self, place: Place, text: String) {
        self.faults.push(Remark { place, text });
    }

    fn note(&mut self, place: Place, text: String) {
        self.notes.push(Remark { place, text });
    }

    fn entry<'a>(&mut self, name: &str, node: &'a Node, row: &mut Row<'a>, found: &mut Found<'a>) {
        let known = |names: &[&'static str]| names.iter().find(|it| **it == name).copied();
        if let Some(name) = known(&IDENTIFIER) {
            match found.identifier {
                Some((first, _)) => self.fault(node.at, format!("{name}: there is {first} too")),
                None => found.identifier = Some((name, node)),
            }
        } else if let Some(name) = known(&RULE_TYPE) {
            found.rule_type = Some((name, node));
        } else if name == "policy" {
            self.policy(node, row);
        } else if let Some((field, name, into)) = text_field(name, &mut row.draft) {
            match text(node) {
                Ok(text) => *into = text,
                Err(text) => self.fault(node.at, format!("{name}: {text}")),
            }
            row.spots.push((field, name, node.at));
        } else {
            self.other(name, node);
        }
    }

    fn other(&mut self, name: &str, node: &Node) {
        match (name, &node.value) {
            ("ruleset", Value::Plain(number)) => {
                self.note(node.at, format!("ruleset: Zentral's rule set {number} has this rule"));
            }
            ("is_voting_rule", Value::Plain(flag)) if flag == "true" => {
                self.note(node.at, "is_voting_rule: Zentral's users voted for it".to_owned());
            }
            ("ruleset" | "is_voting_rule" | "configuration", _) => {}
            _ if PASSED_OVER.contains(&name) => {}
            _ => self.note(node.at, format!("{name}: is no key of a rule of Zentral's")),
        }
    }

    fn policy(&mut self, node: &Node, row: &mut Row<'_>) {
        row.spots.push(("policy", "policy", node.at));
        row.spots.push(("cel", "cel_expr", node.at));
        let said = match text(node) {
            Ok(said) => said.unwrap_or_default(),
            Err(text) => return self.fault(node.at, format!("policy: {text}")),
        };
        if !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit()) {
            match (self.shape, numbered(&said)) {
                (Shape::Api, Some(kind)) => kind.word().clone_into(&mut row.draft.policy),
                (Shape::Api, None) => {
                    self.fault(node.at, format!("policy: Zentral has no rule with policy {said}"));
                }
                (Shape::RuleSet, _) => self.fault(
                    node.at,
                    format!(
                        "policy: `{said}` is a number, and tools number the policies differently; \
                         write its name"
                    ),
                ),
            }
            return;
        }
        row.draft.policy = said;
    }

    fn target(&mut self, row: &mut Row<'_>, found: &Found<'_>) {
        let mut required = |found: Option<(&'static str, &Node)>, name: &str| {
            let said = found.map(|(name, node)| (name, node.at, text(node)));
            match said {
                Some((name, at, Ok(Some(text)))) if !text.trim().is_empty() => {
                    Some((name, at, text))
                }
                Some((name, at, Err(text))) => {
                    self.fault(at, format!("{name}: {text}"));
                    None
                }
                Some((_, at, Ok(_))) => {
                    self.fault(at, format!("{name}: is missing"));
                    None
                }
                None => {
                    self.fault(row.at, format!("the rule has no {name}"));
                    None
                }
            }
        };
        let (rule_type, identifier) =
            (required(found.rule_type, "rule_type"), required(found.identifier, "identifier"));
        let Some((name, at, rule_type)) = rule_type else { return };
        if BUNDLES.contains(&rule_type.as_str()) {
            let text = format!(
                "{name}: {rule_type} is Zentral's own, and Santa has no such rule; leave it out, \
                 and allow the programs of the bundle"
            );
            return self.fault(at, text);
        }
        match rule_type.parse::<RuleType>() {
            Err(error) => self.fault(at, format!("{name}: {error}")),
            Ok(kind) => {
                let Some((name, at, identifier)) = identifier else { return };
                row.draft.target = format!("{}:{identifier}", kind.word());
                row.spots.push(("target", name, at));
            }
        }
    }
}

/// The texts of a rule: our name, Zentral's name, and where the text goes.
fn text_field<'d>(
    name: &str,
    draft: &'d mut RuleDraft,
) -> Option<(&'static str, &'static str, &'d mut Option<String>)> {
    match name {
        "cel_expr" => Some(("cel", "cel_expr", &mut draft.cel)),
        "custom_msg" => Some(("message", "custom_msg", &mut draft.message)),
        "custom_url" => Some(("url", "custom_url", &mut draft.url)),
        "description" => Some(("comment", "description", &mut draft.comment)),
        _ => None,
    }
}

/// The configuration that a rule is for: its number, or its name.
pub(super) fn configuration(rule: &Node) -> Option<&str> {
    let node = rule.get("configuration")?;
    match &node.get("name").unwrap_or(node).value {
        Value::Plain(name) | Value::Text(name) => Some(name),
        Value::Nothing | Value::List(_) | Value::Map(_) => None,
    }
}

/// Zentral's own numbers (zentral/contrib/santa/models.py); other tools have others.
pub(in crate::format) fn numbered(number: &str) -> Option<PolicyKind> {
    match number {
        "1" => Some(PolicyKind::Allow),
        "2" => Some(PolicyKind::Block),
        "3" => Some(PolicyKind::SilentBlock),
        "5" => Some(PolicyKind::AllowCompiler),
        "9" => Some(PolicyKind::Cel),
        _ => None,
    }
}

/// A text. YAML takes some identifiers for numbers: they are read as they are spelled.
fn text(node: &Node) -> Result<Option<String>, String> {
    match &node.value {
        Value::Nothing => Ok(None),
        Value::Text(text) | Value::Plain(text) => Ok(Some(text.clone())),
        Value::List(_) | Value::Map(_) => Err(format!("expected a text, found {}", node.kind())),
    }
}
