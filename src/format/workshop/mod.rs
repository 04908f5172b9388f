//! Workshop's rules in JSON: lists from its API, and requests that create a rule.
//!
//! Each rule has one tag. `global` means every host, and `host:UUID` means one host. Keys are read
//! in both styles of protobuf's JSON, such as `ruleType` and `rule_type`. Sources:
//! northpolesec/santa-rule-importer and the Terraform provider nps.

use serde_json::{Value, json};

use super::builder::Builder;
use super::loss::Losses;
use super::record::{FieldNames, Keys, Record, texts};
use super::santactl::object;
use super::{Content, Defaults, File, Location, ParsedPolicy, Remark, Written, santa};
use crate::document::json::Json;
use crate::document::{Outline, Text};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope};

/// The tag that every host has.
const GLOBAL: &str = "global";
/// The note about the maximum number of hosts that a rule may affect.
pub(super) const THRESHOLD: &str =
    "is left out; Workshop adds the rule only if it affects few hosts; nicelist always adds it";
/// Maximum bytes of a tag's name.
const LONGEST_TAG: usize = 42;

const NAMES: FieldNames =
    FieldNames { identifier: &["identifier"], rule_type: &["rule_type"], texts: TEXTS };
const TEXTS: &[(&str, &str)] = &[
    ("cel", "cel_expr"),
    ("message", "custom_msg"),
    ("url", "custom_url"),
    ("comment", "comment"),
];

pub fn recognises(head: &Outline) -> bool {
    const REQUIRED: [&str; 3] = ["identifier", "rule_type", "policy"];
    let has = |keys: &[String], names: &[&str]| Keys::AnyStyle.has_all(keys, names);
    let rules = match head.is_list {
        true => Some(&head.keys),
        false => head.list("rules").map(|rules| &rules.keys),
    };
    let is_list = rules.is_some_and(|keys| {
        has(keys, &REQUIRED) && (has(keys, &["tag"]) || has(keys, &["rule_id"]))
    });
    let request = head.sections.iter().find(|section| section.key == "rule");
    is_list || request.is_some_and(|rule| !rule.is_list && has(&rule.keys, &REQUIRED))
}

pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    Builder::read_texts(files, defaults, read_text).finish()
}

fn read_text(builder: &mut Builder<'_>, file: u32, text: &Text<'_>) -> Result<(), Remark> {
    let whole = Json::parse(text).map_err(|fault| Remark::of(file, fault))?;
    let at = |json: Json<'_>| Location::of(file, Some(json.position()));
    let entries = whole.entries().unwrap_or_default();
    let named = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, json)| *json);
    let listed = whole.elements().or_else(|| named("rules").and_then(Json::elements));
    let Some(rules) = listed.or_else(|| named("rule").map(|rule| vec![rule])) else {
        return Err(Remark::new(at(whole), "is neither a list of rules nor an object with rules"));
    };
    if let Some(more) = named("more").filter(|more| more.as_str() == "true") {
        builder.policy.note(
            at(more),
            "more: the response has more pages, which are not in this \
            file",
        );
    }
    for (key, json) in &entries {
        let is = |name| Keys::AnyStyle.same(key, name);
        if is("affected_host_threshold") {
            builder.policy.note(at(*json), format!("{key}: {THRESHOLD}"));
        } else if !["rule", "rules", "more", "rule_id"].into_iter().any(is) {
            builder.policy.note(at(*json), format!("{key}: is an unknown key, which is ignored"));
        }
    }
    builder.add_list(file, rules, Keys::AnyStyle, draft);
    Ok(())
}

pub(super) fn draft(record: &mut Record<'_>) -> Result<RuleDraft, Remark> {
    record.ignore(&["rule_id", "block_reason", "id"]);
    let tag = record.text("scope", &["tag"])?;
    Ok(RuleDraft { scope: tag.map(scope_of).unwrap_or_default(), ..record.draft(&NAMES)? })
}

fn scope_of(tag: String) -> String {
    match tag.as_str() {
        GLOBAL => "fleet".to_owned(),
        host if host.starts_with("host:") => tag,
        tag => format!("tag:{tag}"),
    }
}

/// Writes rules in the format of the API's lists.
pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let rules = content.rules.iter().enumerate();
    let rules = rules.filter_map(|(index, rule)| entries(index, rule, &mut losses));
    let rules: Vec<Value> = rules
        .map(|entries| object(entries.into_iter().map(|(key, text)| (camel(key), text))))
        .collect();
    losses.settings(content);
    Written::json(&json!({ "rules": rules }), losses.0)
}

const fn camel(key: &'static str) -> &'static str {
    match key.as_bytes() {
        b"rule_type" => "ruleType",
        b"cel_expr" => "celExpr",
        b"custom_msg" => "customMsg",
        b"custom_url" => "customUrl",
        _ => key,
    }
}

/// The keys and values of a rule, or `None` if Workshop does not support the rule. Records in
/// `losses` what Workshop does not support.
pub(super) fn entries(
    index: usize,
    rule: &Rule,
    losses: &mut Losses,
) -> Option<Vec<(&'static str, String)>> {
    let tag = tag_of(rule).map_err(|why| losses.rule(index, why)).ok()?;
    losses.fields(index, rule, TEXTS);
    let entries = [
        ("identifier", rule.target().identifier().to_owned()),
        ("rule_type", santa::type_name(rule.target().rule_type()).to_owned()),
        ("policy", santa::policy_name(rule.policy().kind()).to_owned()),
        ("tag", tag),
    ];
    Some(entries.into_iter().chain(texts(rule, TEXTS)).collect())
}

fn tag_of(rule: &Rule) -> Result<String, String> {
    use PolicyKind::{Remove, SilentBlockGui, SilentBlockTty};
    let kind = rule.policy().kind();
    if let SilentBlockGui | SilentBlockTty | Remove = kind {
        return Err(format!("Workshop has no policy {kind}"));
    }
    match rule.scope() {
        Scope::Fleet => Ok(GLOBAL.to_owned()),
        Scope::Host(machine) => Ok(format!("host:{machine}")),
        Scope::Tag(tag) if tag.as_str() == GLOBAL => {
            Err(format!("Workshop's tag {GLOBAL} includes all Macs"))
        }
        Scope::Tag(tag) if tag.as_str().len() > LONGEST_TAG => {
            Err(format!("Workshop's tags have at most {LONGEST_TAG} characters"))
        }
        Scope::Tag(tag) => Ok(tag.to_string()),
        Scope::Group(_) | Scope::User(_) => {
            Err("Workshop supports only rules for tags and Macs".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
