//! Reads rules, settings, tags and revisions from rows, and computes the checksums of rules,
//! settings and tags.

use std::sync::Arc;

use super::StoredRow;
use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{
    Bundle, Notice, Policy, Provenance, RevisionRecord, RevisionSummary, Rule, Scope, Target,
};
use crate::store::StoreResult;
use crate::store::checksum::{self, RowHasher};
use crate::store::codes::{self, corrupt};

/// The columns of a rule's content. Two rules with the same key are equal if their content is
/// equal.
pub(in crate::store) const CONTENT: &str = "policy, cel, message, url, button_label, app_name, \
     bundle_hash, bundle_count, comment, ticket, source, expires";
pub(in crate::store) const WIDTH: usize = 12;
pub(in crate::store) const REVISION: &str = "id, at, author, message";

/// The columns of [`CONTENT`], each with the table's name in front.
pub(in crate::store) fn content_of(table: &str) -> String {
    let columns: Vec<String> =
        CONTENT.split(", ").map(|column| format!("{table}.{}", column.trim())).collect();
    debug_assert_eq!(columns.len(), WIDTH);
    columns.join(", ")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum ContentValue<'a> {
    Integer(Option<i64>),
    Text(Option<&'a str>),
}

/// The content of a rule, in the order of [`CONTENT`]. No text contains NUL, because nicelist
/// refuses such rules.
pub(in crate::store) fn content(rule: &Rule) -> [ContentValue<'_>; WIDTH] {
    use ContentValue::{Integer, Text};
    let Notice { message, url, button_label, app_name, bundle } = &rule.notice;
    let Provenance { comment, ticket, source } = &rule.provenance;
    [
        Integer(Some(codes::policy(rule.policy().kind()))),
        Text(rule.policy().expression().map(|expression| expression.as_str())),
        Text(message.as_deref()),
        Text(url.as_deref()),
        Text(button_label.as_deref()),
        Text(app_name.as_deref()),
        Text(bundle.as_ref().map(Bundle::hash)),
        Integer(bundle.as_ref().map(|bundle| i64::from(bundle.binary_count()))),
        Text(comment.as_deref()),
        Text(ticket.as_deref()),
        Text(source.as_deref()),
        Integer(rule.expires.map(|expires| expires.as_millisecond())),
    ]
}

/// The checksum of a rule that has not ended.
pub(in crate::store) fn rule_checksum(
    hasher: &mut RowHasher,
    rule: &Rule,
    content: &[ContentValue<'_>; WIDTH],
    made: i64,
) -> i64 {
    hasher.integer(Some(codes::rule_type(rule.target().rule_type())));
    hasher.text(Some(rule.target().identifier().as_bytes()));
    add_scope(hasher, rule.scope());
    for value in content {
        match value {
            ContentValue::Integer(number) => hasher.integer(*number),
            ContentValue::Text(text) => hasher.text(text.map(str::as_bytes)),
        };
    }
    hasher.finish(made)
}

/// The checksum of a setting that has not ended.
pub(in crate::store) fn setting_checksum(
    hasher: &mut RowHasher,
    scope: &Scope,
    key: SettingKey,
    value: &str,
    made: i64,
) -> i64 {
    add_scope(hasher, scope);
    hasher.text(Some(key.name().as_bytes())).text(Some(value.as_bytes())).finish(made)
}

/// The checksum of a tag that has not ended.
pub(in crate::store) fn tag_checksum(
    hasher: &mut RowHasher,
    tag: &Tag,
    description: Option<&str>,
    membership: &str,
    made: i64,
) -> i64 {
    hasher.text(Some(tag.name.as_str().as_bytes())).integer(Some(tag.priority.into()));
    hasher.text(description.map(str::as_bytes)).text(Some(membership.as_bytes())).finish(made)
}

fn add_scope(hasher: &mut RowHasher, scope: &Scope) {
    hasher.integer(Some(codes::scope_kind(scope))).text(Some(scope.name().as_bytes()));
}

/// Whether a row has the right checksum. The row's first columns are its ID, the revisions that
/// made and ended it, and its checksum.
pub(in crate::store) fn is_sound(
    row: &(dyn StoredRow + '_),
    content: std::ops::Range<usize>,
    hasher: &mut RowHasher,
) -> StoreResult<bool> {
    let number = |column| row.integer(column).ok().flatten();
    let (Some(made), Some(checksum)) = (number(1), number(3)) else { return Ok(false) };
    for column in content {
        row.hash(column, hasher)?;
    }
    Ok(checksum::ended(hasher.finish(made), number(2)) == checksum)
}

/// Reads the scope whose kind and name begin at column `first`.
pub(in crate::store) fn scope(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<Scope> {
    codes::to_scope(row.number(first)?, row.str(first + 1)?)
}

/// Reads the rule whose type, identifier and content begin at column `first`.
pub(in crate::store) fn rule(
    row: &(dyn StoredRow + '_),
    first: usize,
    scope: Scope,
) -> StoreResult<Rule> {
    let rule_type = codes::to_rule_type(row.number(first)?)?;
    let target =
        Target::new(rule_type, row.str(first + 1)?).map_err(|error| corrupt("target", &error))?;
    rule_of(row, first + 2, target, scope)
}

/// Reads the rule for a known target. The rule's content begins at column `first`.
pub(in crate::store) fn rule_of(
    row: &(dyn StoredRow + '_),
    first: usize,
    target: Target,
    scope: Scope,
) -> StoreResult<Rule> {
    let text = |place: usize| row.optional::<Arc<str>>(first + place);
    let kind = codes::to_policy(row.number(first)?)?;
    let policy =
        Policy::stored(kind, row.text(first + 1)?).map_err(|error| corrupt("policy", &error))?;
    let mut rule = Rule::new(target, scope, policy).map_err(|error| corrupt("rule", &error))?;
    let bundle = match (row.text(first + 6)?, row.integer(first + 7)?) {
        // An invalid bundle is left out, because the rule has the same effect without it.
        (Some(hash), Some(count)) => {
            u32::try_from(count).ok().and_then(|count| Bundle::new(hash, count).ok())
        }
        _ => None,
    };
    rule.notice = Notice {
        message: text(2)?,
        url: text(3)?,
        button_label: text(4)?,
        app_name: text(5)?,
        bundle,
    };
    rule.provenance = Provenance { comment: text(8)?, ticket: text(9)?, source: text(10)? };
    rule.expires = row.integer(first + 11)?.map(codes::to_time).transpose()?;
    Ok(rule)
}

/// Reads the tag whose name, priority, description and membership begin at column `first`.
pub(in crate::store) fn tag(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<Tag> {
    let name = row.str(first)?.parse().map_err(|error| corrupt("tag", &error))?;
    let priority = row.number(first + 1)?;
    let priority = i32::try_from(priority).map_err(|_| corrupt("priority", &priority))?;
    let description = row.optional(first + 2)?;
    let membership = codes::to_value(row.str(first + 3)?)?;
    Ok(Tag { name, priority, description, membership })
}

/// Reads the setting whose name and value begin at column `first`.
pub(in crate::store) fn setting(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<Setting> {
    let key: SettingKey = row.str(first)?.parse().map_err(|error| corrupt("setting", &error))?;
    Setting::parse(key, row.str(first + 1)?).map_err(|error| corrupt("setting", &error))
}

/// Reads the revision whose columns begin at `first`, if there is one.
pub(in crate::store) fn optional_revision(
    row: &(dyn StoredRow + '_),
    first: usize,
) -> StoreResult<Option<RevisionRecord>> {
    row.integer(first)?.map(|_| revision(row, first)).transpose()
}

/// Reads the revision whose columns begin at `first`.
pub(in crate::store) fn revision(
    row: &(dyn StoredRow + '_),
    first: usize,
) -> StoreResult<RevisionRecord> {
    Ok(RevisionRecord {
        revision: codes::to_revision(row.number(first)?)?,
        at: codes::to_time(row.number(first + 1)?)?,
        author: row.str(first + 2)?.to_owned(),
        message: row.optional(first + 3)?,
    })
}

pub(in crate::store) fn stored_revision(
    row: &(dyn StoredRow + '_),
) -> StoreResult<RevisionSummary> {
    Ok(RevisionSummary { record: revision(row, 0)?, counts: codes::to_value(row.str(4)?)? })
}
