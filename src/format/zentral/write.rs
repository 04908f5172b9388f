//! Writes rule sets.

use std::collections::BTreeMap;

use serde::Serialize;

use super::scopes::Kind;
use crate::format::words::santa_word;
use crate::format::{Content, File, Loss, Lost, Written};
use crate::rule::{PolicyKind, Rule, Scope, Target};

/// The name of a rule set where the rules do not agree on a source.
const NAME: &str = "nicelist";

/// Writes a rule set in JSON.
#[must_use]
pub fn write_json(content: Content<'_>) -> Written {
    let (set, losses) = rule_set(content);
    #[expect(clippy::expect_used, reason = "texts and lists of texts can always be written")]
    let mut bytes = serde_json::to_vec_pretty(&set).expect("texts and lists of texts");
    bytes.push(b'\n');
    Written { files: vec![File { name: String::new(), bytes }], losses }
}

/// Writes a rule set in YAML.
#[must_use]
pub fn write_yaml(content: Content<'_>) -> Written {
    let (set, losses) = rule_set(content);
    let options = serde_saphyr::ser_options! { quote_all: true, prefer_block_scalars: false };
    #[expect(clippy::expect_used, reason = "texts and lists of texts can always be written")]
    let text =
        serde_saphyr::to_string_with_options(&set, options).expect("texts and lists of texts");
    Written { files: vec![File { name: String::new(), bytes: text.into_bytes() }], losses }
}

#[derive(Serialize)]
struct RuleSet<'a> {
    name: &'a str,
    rules: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    rule_type: &'static str,
    identifier: &'a str,
    policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(flatten)]
    lists: BTreeMap<&'static str, Vec<&'a str>>,
}

fn rule_set(content: Content<'_>) -> (RuleSet<'_>, Vec<Loss>) {
    let mut losses = Vec::new();
    let mut targets: BTreeMap<&Target, Vec<(usize, &Rule)>> = BTreeMap::new();
    for (index, rule) in content.rules.iter().enumerate() {
        targets.entry(rule.target()).or_default().push((index, rule));
    }
    let rules = targets.into_values();
    let rules = rules.filter_map(|of_target| row(of_target, &mut losses)).collect();
    losses.sort_by_key(|loss| loss.rule);
    for (scope, setting) in content.settings {
        let text = format!(
            "{} = {} for {scope}: a rule set has no settings",
            setting.key(),
            setting.value()
        );
        losses.push(Loss { rule: None, lost: Lost::Everything(text) });
    }
    (RuleSet { name: name(content.rules), rules }, losses)
}

/// The source of the rules, if they all have the same.
fn name(rules: &[Rule]) -> &str {
    let mut sources = rules.iter().map(|rule| rule.provenance.source.as_deref());
    match sources.next() {
        Some(Some(source)) if sources.all(|other| other == Some(source)) => source,
        _ => NAME,
    }
}

/// Zentral has one rule for a target: with the weakest of ours go all that say the same in
/// scopes of its kind, and the `remove` rules that are exceptions of these.
fn row<'a>(mut rules: Vec<(usize, &'a Rule)>, losses: &mut Vec<Loss>) -> Option<Row<'a>> {
    rules.sort_by(|(_, one), (_, other)| one.scope().cmp(other.scope()));
    let first = rules.iter().find(|(_, rule)| unsaid(rule).is_none());
    let Some(first) = first.map(|(_, rule)| *rule) else {
        for (index, rule) in rules {
            let reason = unsaid(rule).unwrap_or_default();
            losses.push(Loss { rule: Some(index), lost: Lost::Everything(reason) });
        }
        return None;
    };
    let base = kind(first.scope());
    let mut lists: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for (index, rule) in rules {
        match part(rule, first, base) {
            Ok(list) => {
                if let Some(list) = list {
                    lists.entry(list).or_default().push(rule.scope().name());
                }
                losses.extend(fields_lost(index, rule));
            }
            Err(reason) => losses.push(Loss { rule: Some(index), lost: Lost::Everything(reason) }),
        }
    }
    let has_notice = first.policy().kind() == PolicyKind::Block;
    Some(Row {
        rule_type: santa_word(first.target().rule_type()),
        identifier: first.target().identifier(),
        policy: policy(first.policy().kind())?,
        custom_msg: first.notice.message.as_deref().filter(|_| has_notice),
        custom_url: first.notice.url.as_deref().filter(|_| has_notice),
        description: first.provenance.comment.as_deref(),
        lists,
    })
}

/// The list that a rule's scope goes into, beside the first rule for the same target; none for
/// the fleet.
fn part(rule: &Rule, first: &Rule, base: Option<Kind>) -> Result<Option<&'static str>, String> {
    if rule.policy().kind() == PolicyKind::Remove {
        named(rule.scope())?;
        // Exceptions are made in stronger scopes; of tags, in others.
        return match (kind(rule.scope()), base) {
            (Some(kind), None) => Ok(Some(kind.excluded())),
            (Some(Kind::Tags), Some(Kind::Tags)) => Ok(Some(Kind::Tags.excluded())),
            (Some(kind), Some(base)) if kind > base => Ok(Some(kind.excluded())),
            (Some(_) | None, _) => Err("Zentral has no remove, only exceptions".to_owned()),
        };
    }
    if let Some(reason) = unsaid(rule) {
        return Err(reason);
    }
    let (scope, first_scope) = (rule.scope(), first.scope());
    if kind(scope) != base {
        return Err(format!(
            "Zentral has one rule for a target, and writes that for {first_scope}"
        ));
    }
    if !is_same(rule, first) {
        return Err(format!(
            "Zentral has one rule for a target, and that for {first_scope} says otherwise"
        ));
    }
    Ok(base.map(Kind::included))
}

/// Why a rule cannot be the one that Zentral has for its target, if it cannot.
fn unsaid(rule: &Rule) -> Option<String> {
    let kind = rule.policy().kind();
    match kind {
        PolicyKind::Remove => Some("Zentral has no remove, only exceptions".to_owned()),
        _ if policy(kind).is_none() => Some(format!("Zentral's rule sets have no policy {kind}")),
        _ => named(rule.scope()).err(),
    }
}

/// Checks that Zentral can name whom a scope is for.
fn named(scope: &Scope) -> Result<(), String> {
    match scope {
        Scope::Fleet | Scope::Tag(_) | Scope::User(_) => Ok(()),
        Scope::Group(_) => Err("Zentral knows no groups".to_owned()),
        Scope::Host(machine) if machine.is_uuid() => {
            Err("Zentral names Macs by their serial number, not by their machine id".to_owned())
        }
        Scope::Host(_) => Ok(()),
    }
}

/// The list that a scope is in; none for the fleet, and for groups, which no list has.
const fn kind(scope: &Scope) -> Option<Kind> {
    match scope {
        Scope::Fleet | Scope::Group(_) => None,
        Scope::Tag(_) => Some(Kind::Tags),
        Scope::User(_) => Some(Kind::Users),
        Scope::Host(_) => Some(Kind::Serials),
    }
}

/// Whether Zentral would make the same of two rules.
fn is_same(one: &Rule, other: &Rule) -> bool {
    let has_notice = one.policy().kind() == PolicyKind::Block;
    one.policy() == other.policy()
        && one.provenance.comment == other.provenance.comment
        && (!has_notice
            || (one.notice.message == other.notice.message && one.notice.url == other.notice.url))
}

const fn policy(kind: PolicyKind) -> Option<&'static str> {
    match kind {
        PolicyKind::Allow => Some("ALLOWLIST"),
        PolicyKind::AllowCompiler => Some("ALLOWLIST_COMPILER"),
        PolicyKind::Block => Some("BLOCKLIST"),
        PolicyKind::SilentBlock => Some("SILENT_BLOCKLIST"),
        PolicyKind::SilentBlockGui
        | PolicyKind::SilentBlockTty
        | PolicyKind::Cel
        | PolicyKind::Remove => None,
    }
}

/// What goes missing of a rule that is written. Messages are for plain blocks alone.
fn fields_lost(index: usize, rule: &Rule) -> impl Iterator<Item = Loss> {
    let (notice, provenance) = (&rule.notice, &rule.provenance);
    let kind = rule.policy().kind();
    let has_notice = kind == PolicyKind::Block;
    let fields = [
        ("message", notice.message.is_some() && !has_notice),
        ("url", notice.url.is_some() && !has_notice),
        ("button_label", notice.button_label.is_some()),
        ("app_name", notice.app_name.is_some()),
        ("bundle_hash", notice.bundle.is_some()),
        ("comment", provenance.comment.is_some() && kind == PolicyKind::Remove),
        ("ticket", provenance.ticket.is_some()),
        ("source", provenance.source.is_some()),
        ("expires", rule.expires.is_some()),
    ];
    let fields = fields.into_iter().filter(|(_, there)| *there);
    fields.map(move |(field, _)| Loss { rule: Some(index), lost: Lost::Field(field) })
}
