//! Rules as rows: what a rule says beyond its key, to bind, to compare and to read back.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::codes;
use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{Bundle, Notice, Policy, Provenance, Rule, Scope, Target};
use crate::store::StoreResult;
use crate::store::checksum::RowHasher;

/// The columns of [`Content`], in its order.
pub(super) const CONTENT: &str = "policy, cel, message, url, button_label, app_name, \
     bundle_hash, bundle_count, comment, ticket, source, expires";
/// How many they are.
pub(super) const WIDTH: usize = 12;

/// What a rule says beyond its key. Two rules of one key are the same if this is.
pub(super) type Content<'a> = [ValueRef<'a>; WIDTH];

fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

fn number<'a>(number: Option<i64>) -> ValueRef<'a> {
    number.map_or(ValueRef::Null, ValueRef::Integer)
}

pub(super) fn content(rule: &Rule) -> Content<'_> {
    let Notice { message, url, button_label, app_name, bundle } = &rule.notice;
    let Provenance { comment, ticket, source } = &rule.provenance;
    [
        ValueRef::Integer(codes::policy(rule.policy().kind())),
        text(rule.policy().expression().map(|expression| expression.as_str())),
        text(message.as_deref()),
        text(url.as_deref()),
        text(button_label.as_deref()),
        text(app_name.as_deref()),
        text(bundle.as_ref().map(Bundle::hash)),
        number(bundle.as_ref().map(|bundle| i64::from(bundle.binary_count()))),
        text(comment.as_deref()),
        text(ticket.as_deref()),
        text(source.as_deref()),
        number(rule.expires.map(|expires| expires.as_millisecond())),
    ]
}

/// The checksum of a rule that has not ended.
pub(super) fn checksum(hasher: &mut RowHasher, rule: &Rule, made: i64) -> i64 {
    let key = (codes::rule_type(rule.target().rule_type()), rule.target().identifier());
    hasher.integer(Some(key.0)).text(Some(key.1.as_bytes()));
    add_scope(hasher, rule.scope());
    for value in content(rule) {
        add(hasher, value);
    }
    hasher.finish(made)
}

/// The checksum of a setting that has not ended.
pub(super) fn setting_checksum(
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
pub(super) fn tag_checksum(hasher: &mut RowHasher, tag: &Tag, membership: &str, made: i64) -> i64 {
    hasher.text(Some(tag.name.as_str().as_bytes())).integer(Some(tag.priority.into()));
    hasher.text(tag.description.as_deref().map(str::as_bytes)).text(Some(membership.as_bytes()));
    hasher.finish(made)
}

fn add_scope(hasher: &mut RowHasher, scope: &Scope) {
    hasher.integer(Some(codes::scope_kind(scope))).text(Some(scope.name().as_bytes()));
}

/// Adds a value as it is stored.
pub(super) fn add(hasher: &mut RowHasher, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => hasher.integer(None),
        ValueRef::Integer(number) => hasher.integer(Some(number)),
        ValueRef::Text(text) => hasher.text(Some(text)),
        // A column of ours has neither.
        ValueRef::Real(_) | ValueRef::Blob(_) => hasher.foreign(),
    };
}

/// Whether the columns from `first` on hold just this content.
pub(super) fn holds(row: &Row<'_>, first: usize, content: &Content<'_>) -> rusqlite::Result<bool> {
    for (place, wanted) in content.iter().enumerate() {
        if row.get_ref(first + place)? != *wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the rule whose type, identifier and content begin at column `first`.
pub(super) fn rule(row: &Row<'_>, first: usize, scope: Scope) -> StoreResult<Rule> {
    let rule_type = codes::to_rule_type(row.get(first)?)?;
    let identifier = str_at(row, first + 1)?;
    let target =
        Target::new(rule_type, identifier).map_err(|error| codes::corrupt("target", &error))?;
    rule_for(row, first + 2, target, scope)
}

/// Reads the rule of a known target whose content begins at column `first`.
pub(super) fn rule_for(
    row: &Row<'_>,
    first: usize,
    target: Target,
    scope: Scope,
) -> StoreResult<Rule> {
    let at = |place: usize| first + place;
    let text = |place: usize| -> rusqlite::Result<Option<Arc<str>>> { row.get(at(place)) };
    let kind = codes::to_policy(row.get(at(0))?)?;
    let cel: Option<String> = row.get(at(1))?;
    let policy =
        Policy::stored(kind, cel.as_deref()).map_err(|error| codes::corrupt("policy", &error))?;
    let mut rule =
        Rule::new(target, scope, policy).map_err(|error| codes::corrupt("rule", &error))?;
    let hash: Option<String> = row.get(at(6))?;
    let bundle = match (hash, row.get::<_, Option<u32>>(at(7))?) {
        // It only announces that the bundle may run: the rule is as good without one.
        (Some(hash), Some(count)) => Bundle::new(&hash, count).ok(),
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
    rule.expires = row.get::<_, Option<i64>>(at(11))?.map(codes::to_time).transpose()?;
    Ok(rule)
}

/// Reads the tag whose name, priority, description and membership begin at column `first`.
pub(super) fn tag(row: &Row<'_>, first: usize) -> StoreResult<Tag> {
    let name = str_at(row, first)?.parse().map_err(|error| codes::corrupt("tag", &error))?;
    let (priority, description) = (row.get(first + 1)?, row.get(first + 2)?);
    let membership = codes::to_value(str_at(row, first + 3)?)?;
    Ok(Tag { name, priority, description, membership })
}

/// Reads the setting whose name and value begin at column `first`.
pub(super) fn setting(row: &Row<'_>, first: usize) -> StoreResult<Setting> {
    let key: SettingKey =
        str_at(row, first)?.parse().map_err(|error| codes::corrupt("setting", &error))?;
    let value = str_at(row, first + 1)?;
    Setting::parse(key, value).map_err(|error| codes::corrupt("setting", &error))
}

/// A text column without a copy.
pub(super) fn str_at<'a>(row: &'a Row<'_>, column: usize) -> StoreResult<&'a str> {
    row.get_ref(column)?.as_str().map_err(|error| codes::corrupt("text", &error))
}
