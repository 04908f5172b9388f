//! One rule of Zentral.

use std::borrow::Cow;

use super::scopes::{Lists, Scopes};
use crate::document::{Node, Value};
use crate::format::Remark;
use crate::format::builder::Faults;
use crate::format::record::{FieldNames, Record};
use crate::rule::{PolicyKind, RuleDraft};

/// The names of fields in rule sets and in the API.
const NAMES: FieldNames = FieldNames {
    identifier: &["identifier", "sha256", "target_identifier"],
    rule_type: &["rule_type", "target_type"],
    texts: &[
        ("cel", "cel_expr"),
        ("message", "custom_msg"),
        ("url", "custom_url"),
        ("comment", "description"),
    ],
};
/// Fields without a meaning outside Zentral.
const IGNORED: [&str; 7] =
    ["id", "version", "created_at", "updated_at", "ruleset", "is_voting_rule", "configuration"];
/// Types of targets that only Zentral has.
const BUNDLES: [&str; 2] = ["BUNDLE", "METABUNDLE"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A rule set, with the names of policies and tags.
    RuleSet,
    /// A response of the API, with the numbers of policies and tags.
    Api,
}

/// Reads a rule. Returns a draft for each of its scopes, and `remove` drafts for its exceptions.
pub(super) fn drafts(
    record: &mut Record<'_>,
    shape: Shape,
    scopes: &mut Scopes,
) -> Result<Vec<RuleDraft>, Faults> {
    let lists = Lists::take(record);
    note_origin(record);
    record.ignore(&IGNORED);
    if let [first, second, ..] = record.named(NAMES.identifier).collect::<Vec<_>>()[..] {
        return Err(record.fault(second, format!("cannot be combined with {}", first.key)).into());
    }
    let bundle = record.named(NAMES.rule_type).find_map(|entry| {
        let kind = entry.node.as_str().filter(|kind| BUNDLES.contains(kind))?;
        let text = format!(
            "Santa has no {kind} rules; remove this rule, and allow the programs of the bundle"
        );
        Some(record.fault(entry, text))
    });
    if let Some(fault) = bundle {
        return Err(fault.into());
    }
    let numbered = match shape {
        Shape::Api => numbered_policy(record)?,
        Shape::RuleSet => None,
    };
    let mut draft = record.draft(&NAMES)?;
    if let Some(kind) = numbered {
        kind.word().clone_into(&mut draft.policy);
    }
    let reach = scopes.reach(record.location, &lists)?;
    let removed = RuleDraft {
        target: draft.target.clone(),
        policy: PolicyKind::Remove.word().to_owned(),
        ..RuleDraft::default()
    };
    let rules = reach.rule.iter().map(|scope| (scope, &draft));
    let removed = reach.remove.iter().map(|scope| (scope, &removed));
    let drafts = rules
        .chain(removed)
        .map(|(scope, draft)| RuleDraft { scope: scope.to_string(), ..draft.clone() });
    Ok(drafts.collect())
}

fn note_origin(record: &mut Record<'_>) {
    if let Some(entry) = record.take("ruleset")
        && let Value::Number(number) = &entry.node.value
    {
        record.note(entry, &format!("the rule is part of Zentral's rule set {number}"));
    }
    if let Some(entry) = record.take("is_voting_rule").filter(|it| it.node.as_bool() == Some(true))
    {
        record.note(entry, "the rule was created by a vote of Zentral's users");
    }
}

/// The name or the number of the configuration that a rule is for.
pub(super) fn configuration(rule: &Node) -> Option<Cow<'_, str>> {
    let node = rule.get("configuration")?;
    node.get("name").unwrap_or(node).scalar()
}

/// Reads and removes the `policy` field of a record if it is a number. The numbers are Zentral's
/// (zentral/contrib/santa/models.py); other tools use other numbers.
pub(in crate::format) fn numbered_policy(
    record: &mut Record<'_>,
) -> Result<Option<PolicyKind>, Remark> {
    let entry = record.named(&["policy"]).next();
    let Some((entry, Value::Number(number))) = entry.map(|entry| (entry, &entry.node.value)) else {
        return Ok(None);
    };
    record.field("policy", &["policy"]);
    match number.as_str() {
        "1" => Ok(Some(PolicyKind::Allow)),
        "2" => Ok(Some(PolicyKind::Block)),
        "3" => Ok(Some(PolicyKind::SilentBlock)),
        "5" => Ok(Some(PolicyKind::AllowCompiler)),
        "9" => Ok(Some(PolicyKind::Cel)),
        _ => Err(record.fault(entry, format!("unknown policy number {number}"))),
    }
}
