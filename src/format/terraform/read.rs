//! Reads resources.

use memchr::memmem;

use super::{WORKSHOP, ZENTRAL};
use crate::document::{Entry, Node, Text, Value, hcl};
use crate::format::builder::{Builder, Faults};
use crate::format::configurations::Configurations;
use crate::format::record::{FieldNames, Keys, Record};
use crate::format::zentral::numbered_policy;
use crate::format::{Defaults, File, Location, ParsedPolicy, Remark, workshop};
use crate::rule::RuleDraft;

/// The block in Workshop's rules that limits the number of affected hosts.
const THRESHOLD: &str = "affected_host_threshold";
/// The keys that repeat a resource.
const REPEATS: [&str; 2] = ["count", "for_each"];
/// Lists in Zentral's rules that are not read from Terraform. A rule is refused if one of these
/// lists is not empty.
const UNREAD: [&str; 4] =
    ["tag_ids", "excluded_tag_ids", "excluded_serial_numbers", "excluded_primary_users"];

const ZENTRAL_NAMES: FieldNames = FieldNames {
    identifier: &["target_identifier"],
    rule_type: &["target_type"],
    texts: &[
        ("cel", "cel_expr"),
        ("message", "custom_message"),
        ("url", "custom_url"),
        ("comment", "description"),
    ],
};

pub fn recognises(file: &File) -> bool {
    let contains = |word: &str| memmem::find(&file.bytes, word.as_bytes()).is_some();
    contains("resource") && (contains(WORKSHOP) || contains(ZENTRAL))
}

pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let mut configurations = Configurations::new(defaults.configuration.as_deref());
    let mut builder = Builder::read_texts(files, defaults, |builder, file, text| {
        read_text(builder, &mut configurations, file, text)
    });
    configurations.check(&mut builder.policy);
    builder.finish()
}

fn read_text(
    builder: &mut Builder<'_>,
    configurations: &mut Configurations<'_>,
    file: u32,
    text: &Text<'_>,
) -> Result<(), Remark> {
    let root = hcl::parse(text).map_err(|fault| Remark::of(file, fault))?;
    for Entry { key, node, .. } in root.entries().unwrap_or_default() {
        let Value::Block { labels, .. } = &node.value else { continue };
        let location = Location::of(file, node.position);
        let record = || Record::new(location, Keys::AnyStyle, node);
        match (key.as_str(), labels.first().map(String::as_str)) {
            ("resource", Some(WORKSHOP)) => builder.add(record(), |record| {
                check(record)?;
                Ok(vec![workshop::draft(record)?])
            }),
            ("resource", Some(ZENTRAL)) => {
                if configuration(node).is_none_or(|name| configurations.add(&name)) {
                    builder.add(record(), zentral);
                }
            }
            (key, label) => {
                let name = label.map_or_else(|| key.to_owned(), |label| format!("{key} {label}"));
                let text = format!("{name}: is not a rule and is ignored");
                builder.note_once(Remark::new(location, text));
            }
        }
    }
    Ok(())
}

/// The number of the configuration of a Zentral rule, or the name of the configuration's resource.
fn configuration(rule: &Node) -> Option<String> {
    let node = rule.get("configuration_id")?;
    match &node.value {
        // Such as `zentral_santa_configuration.NAME.id`.
        Value::Expression(source) => {
            let is_of_a_name = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
            let name = source.split('.').nth(1)?;
            Some(name.trim().chars().take_while(|letter| is_of_a_name(*letter)).collect())
        }
        _ => node.scalar().map(String::from),
    }
}

/// Refuses a repeated resource. Removes `lifecycle` and the threshold, which nicelist does not
/// import.
fn check(record: &mut Record<'_>) -> Result<(), Remark> {
    if let Some(entry) = record.named(&REPEATS).next() {
        return Err(record.fault(entry, "repeated resources are not supported"));
    }
    record.ignore(&["lifecycle"]);
    if let Some(entry) = record.take(THRESHOLD) {
        record.note(entry, workshop::THRESHOLD);
    }
    Ok(())
}

/// Reads one of Zentral's rules. Returns a draft for each serial number or primary user, or one
/// draft without a scope if the rule lists neither.
fn zentral(record: &mut Record<'_>) -> Result<Vec<RuleDraft>, Faults> {
    check(record)?;
    record.ignore(&["configuration_id", "ruleset_id", "version", "id"]);
    if let Some(entry) = record.named(&UNREAD).find(|entry| !entry.node.is_blank()) {
        let text = "is not supported in Terraform files; import the response of Zentral's API \
            instead";
        return Err(record.fault(entry, text).into());
    }
    record.ignore(&UNREAD);
    let serials = names(record, "serial_numbers", "host")?;
    let users = names(record, "primary_users", "user")?;
    let scopes = match (serials.is_empty(), users.is_empty()) {
        (true, true) => vec![String::new()],
        (false, true) => serials,
        (true, false) => users,
        (false, false) => {
            let text = "serial_numbers: one scope cannot express serial numbers and primary users \
                together";
            return Err(Remark::new(record.location, text).into());
        }
    };
    // In older versions of the provider, a policy is a number.
    let numbered = numbered_policy(record)?;
    let mut draft = record.draft(&ZENTRAL_NAMES)?;
    if let Some(kind) = numbered {
        kind.word().clone_into(&mut draft.policy);
    }
    Ok(scopes.into_iter().map(|scope| RuleDraft { scope, ..draft.clone() }).collect())
}

fn names(record: &mut Record<'_>, name: &str, kind: &str) -> Result<Vec<String>, Remark> {
    let Some(entry) = record.take(name) else { return Ok(Vec::new()) };
    let nodes = entry.node.elements();
    let names = nodes.and_then(|nodes| nodes.iter().map(Node::as_str).collect::<Option<Vec<_>>>());
    let names = names.ok_or_else(|| record.fault(entry, "expected a list of strings"))?;
    Ok(names.into_iter().map(|name| format!("{kind}:{name}")).collect())
}
