//! Workshop's rules in JSON: what its API lists, and what is sent to it to make a rule.
//!
//! A rule is for one tag: `global` is everybody, `host:UUID` one Mac, and any other name a tag.
//! Keys are read in either style of protobuf's JSON, `ruleType` and `rule_type`. Facts:
//! northpolesec/santa-rule-importer and the provider nps for Terraform.

use serde_json::{Value, json};

use super::gather::Gather;
use super::loss::Losses;
use super::record::{Head, Json, Keys, Record, santa};
use super::santactl::object;
use super::text::Text;
use super::words::{santa_policy, santa_word};
use super::{Content, Defaults, Document, File, Remark, Written};
use crate::rule::{PolicyKind, Rule, RuleDraft, Scope};

/// The tag that everybody has.
const EVERYBODY: &str = "global";
/// What is said of the maximum of hosts that a rule may affect.
pub(super) const THRESHOLD: &str =
    "is left out; Workshop adds the rule only if it affects few hosts, nicelist always adds it";
/// The longest name of a tag, in bytes.
const LONGEST_TAG: usize = 42;
/// The fields that Workshop has for a rule, by our names.
const KEPT: [&str; 3] = ["message", "url", "comment"];

/// Whether a file looks like this format.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let head = Head::of(&file.bytes, Keys::AnyStyle);
    let names = NAMES.iter().all(|key| head.has(key));
    let is_list = (head.array || head.lists("rules")) && (head.has("tag") || head.has("ruleid"));
    (is_list && names) || (head.around.iter().any(|key| key == "rule") && has_one_rule(file))
}

/// The keys of every rule, folded.
const NAMES: [&str; 3] = ["identifier", "ruletype", "policy"];

/// Whether it is the request that creates a rule.
fn has_one_rule(file: &File) -> bool {
    let Ok(text) = Text::open(0, file) else { return false };
    let Ok(whole) = Json::parse(&text) else { return false };
    let entries = whole.entries().unwrap_or_default();
    let rule = entries.into_iter().find(|(key, _)| key == "rule");
    let keys = rule.and_then(|(_, rule)| rule.entries()).unwrap_or_default();
    let has = |name: &&str| keys.iter().any(|(key, _)| Keys::AnyStyle.fold(key) == **name);
    NAMES.iter().all(has)
}

#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let mut gather = Gather::new(files, defaults);
    for (number, file) in files.iter().enumerate() {
        let read = Text::open(number, file).and_then(|text| rules(&text, &mut gather));
        read.unwrap_or_else(|fault| gather.fault(fault));
    }
    gather.finish()
}

fn rules(text: &Text<'_>, gather: &mut Gather<'_>) -> Result<(), Remark> {
    let whole = Json::parse(text)?;
    let entries = whole.entries().unwrap_or_default();
    let named = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, json)| *json);
    let listed = whole.elements().or_else(|| named("rules").and_then(Json::elements));
    let Some(rules) = listed.or_else(|| named("rule").map(|rule| vec![rule])) else {
        let text = "is neither a list of rules nor an object with rules".to_owned();
        return Err(Remark { place: whole.place(), text });
    };
    if let Some(more) = named("more").filter(|more| more.is_true()) {
        gather.note(more.place(), "more: the answer has more pages, which are not here".to_owned());
    }
    for (key, json) in &entries {
        let text = match Keys::AnyStyle.fold(key).as_str() {
            "rule" | "rules" | "more" | "ruleid" => continue,
            "affectedhostthreshold" => format!("{key}: {THRESHOLD}"),
            _ => format!("{key}: is not known here and is left out"),
        };
        gather.note(json.place(), text);
    }
    for rule in rules {
        let read = rule.record(Keys::AnyStyle).and_then(|mut record| {
            let draft = draft(&mut record)?;
            Ok((record, draft))
        });
        match read {
            Ok((record, draft)) => gather.record(&record, draft),
            Err(fault) => gather.fault(fault),
        }
    }
    Ok(())
}

/// Reads a rule whose keys are Workshop's, folded.
pub(super) fn draft(record: &mut Record<'_>) -> Result<RuleDraft, Remark> {
    record.pass(&["ruleid", "blockreason", "id"]);
    let identifier = record.text("target", "identifier")?.unwrap_or_default();
    let word = record.word("rule_type", "ruletype")?.unwrap_or_default();
    let (place, key) = record.origin("rule_type");
    let rule_type = santa::parsed_type(&word, place, key)?;
    let tag = record.text("scope", "tag")?;
    Ok(RuleDraft {
        target: santa::target(rule_type, &identifier),
        policy: record.word("policy", "policy")?.unwrap_or_default(),
        scope: tag.as_deref().map(scope_of).unwrap_or_default(),
        cel: record.text("cel", "celexpr")?,
        message: record.text("message", "custommsg")?,
        url: record.text("url", "customurl")?,
        comment: record.text("comment", "comment")?,
        ..RuleDraft::default()
    })
}

fn scope_of(tag: &str) -> String {
    match tag {
        EVERYBODY => "fleet".to_owned(),
        host if host.starts_with("host:") => host.to_owned(),
        tag => format!("tag:{tag}"),
    }
}

/// Writes it, as the API lists rules.
#[must_use]
pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let rules = content.rules.iter().enumerate();
    let rules = rules.filter_map(|(index, rule)| {
        let entries = entries(index, rule, &mut losses)?;
        let camel = entries.into_iter().map(|(key, text)| (camel(key), text));
        Some(object(camel.collect()))
    });
    let rules: Vec<Value> = rules.collect();
    losses.settings(content);
    super::record::whole(&json!({ "rules": rules }), losses)
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

/// The keys and values of a rule, or why Workshop cannot say it.
pub(super) fn entries(
    index: usize,
    rule: &Rule,
    losses: &mut Losses,
) -> Option<Vec<(&'static str, String)>> {
    let tag = match tag_of(rule) {
        Ok(tag) => tag,
        Err(why) => {
            losses.rule(index, why);
            return None;
        }
    };
    losses.fields(index, rule, &KEPT);
    let mut entries = vec![
        ("identifier", rule.target().identifier().to_owned()),
        ("rule_type", santa_word(rule.target().rule_type()).to_owned()),
        ("policy", santa_policy(rule.policy().kind()).to_owned()),
        ("tag", tag),
    ];
    let optional = [
        ("cel_expr", rule.policy().expression().map(ToString::to_string)),
        ("custom_msg", rule.notice.message.as_deref().map(str::to_owned)),
        ("custom_url", rule.notice.url.as_deref().map(str::to_owned)),
        ("comment", rule.provenance.comment.as_deref().map(str::to_owned)),
    ];
    entries.extend(optional.into_iter().filter_map(|(key, text)| Some((key, text?))));
    Some(entries)
}

fn tag_of(rule: &Rule) -> Result<String, String> {
    let kind = rule.policy().kind();
    match kind {
        PolicyKind::SilentBlockGui | PolicyKind::SilentBlockTty | PolicyKind::Remove => {
            return Err(format!("Workshop has no policy {kind}"));
        }
        PolicyKind::Allow
        | PolicyKind::AllowCompiler
        | PolicyKind::Block
        | PolicyKind::SilentBlock
        | PolicyKind::Cel => {}
    }
    match rule.scope() {
        Scope::Fleet => Ok(EVERYBODY.to_owned()),
        Scope::Host(machine) => Ok(format!("host:{machine}")),
        Scope::Tag(tag) if tag.as_str() == EVERYBODY => {
            Err(format!("Workshop's tag {EVERYBODY} is everybody"))
        }
        Scope::Tag(tag) if tag.as_str().len() > LONGEST_TAG => {
            Err(format!("Workshop's tags have at most {LONGEST_TAG} letters"))
        }
        Scope::Tag(tag) => Ok(tag.to_string()),
        Scope::Group(_) | Scope::User(_) => {
            Err("Workshop has rules for tags and Macs only".to_owned())
        }
    }
}

#[cfg(test)]
mod tests;
