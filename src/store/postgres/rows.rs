//! Rules, tags and settings as rows, and texts as PostgreSQL takes them.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use bytes::BytesMut;

use tokio_postgres::Row;

use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};

use super::codes;
use crate::fleet::{Setting, SettingKey, Tag};
use crate::rule::{Bundle, Notice, Policy, Provenance, Rule, Scope, Target};
use crate::store::StoreResult;
use crate::store::checksum::RowHasher;

/// What a rule says beyond its key. Two rules of one key are the same if this is.
pub(super) const CONTENT: &str = "policy, cel, message, url, button_label, app_name, \
     bundle_hash, bundle_count, comment, ticket, source, expires";
/// How many columns that is.
pub(super) const WIDTH: usize = 12;

/// The columns of [`CONTENT`] of one table among several.
pub(super) fn content_of(table: &str) -> String {
    let columns: Vec<String> =
        CONTENT.split(", ").map(|column| format!("{table}.{}", column.trim())).collect();
    debug_assert_eq!(columns.len(), WIDTH);
    columns.join(", ")
}

/// What a rule says beyond its key, column by column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Content<'a> {
    pub(super) policy: Option<i64>,
    pub(super) cel: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) url: Option<&'a str>,
    pub(super) button_label: Option<&'a str>,
    pub(super) app_name: Option<&'a str>,
    pub(super) bundle_hash: Option<&'a str>,
    pub(super) bundle_count: Option<i64>,
    pub(super) comment: Option<&'a str>,
    pub(super) ticket: Option<&'a str>,
    pub(super) source: Option<&'a str>,
    pub(super) expires: Option<i64>,
}

/// The content of a rule. Its texts have no NUL: a rule with one cannot be built.
pub(super) fn content(rule: &Rule) -> Content<'_> {
    let Notice { message, url, button_label, app_name, bundle } = &rule.notice;
    let Provenance { comment, ticket, source } = &rule.provenance;
    Content {
        policy: Some(codes::policy(rule.policy().kind())),
        cel: rule.policy().expression().map(|expression| expression.as_str()),
        message: message.as_deref(),
        url: url.as_deref(),
        button_label: button_label.as_deref(),
        app_name: app_name.as_deref(),
        bundle_hash: bundle.as_ref().map(Bundle::hash),
        bundle_count: bundle.as_ref().map(|bundle| i64::from(bundle.binary_count())),
        comment: comment.as_deref(),
        ticket: ticket.as_deref(),
        source: source.as_deref(),
        expires: rule.expires.map(|expires| expires.as_millisecond()),
    }
}

/// The checksum of a rule, but for the revision that makes it.
pub(super) fn checksum(hasher: &mut RowHasher, target: &Target, rule: &Rule) -> i64 {
    hasher.integer(Some(codes::rule_type(target.rule_type())));
    hasher.text(Some(target.identifier().as_bytes()));
    add_scope(hasher, rule.scope());
    add_content(hasher, &content(rule));
    hasher.finish(0)
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
    let description = tag.description.as_deref().map(clean);
    hasher.text(description.as_deref().map(str::as_bytes)).text(Some(membership.as_bytes()));
    hasher.finish(made)
}

fn add_scope(hasher: &mut RowHasher, scope: &Scope) {
    hasher.integer(Some(codes::scope_kind(scope))).text(Some(scope.name().as_bytes()));
}

fn add_content(hasher: &mut RowHasher, content: &Content<'_>) {
    let Content {
        policy,
        cel,
        message,
        url,
        button_label,
        app_name,
        bundle_hash,
        bundle_count,
        comment,
        ticket,
        source,
        expires,
    } = content;
    hasher.integer(*policy);
    for text in [cel, message, url, button_label, app_name, bundle_hash] {
        hasher.text(text.map(str::as_bytes));
    }
    hasher.integer(*bundle_count);
    for text in [comment, ticket, source] {
        hasher.text(text.map(str::as_bytes));
    }
    hasher.integer(*expires);
}

/// Adds the columns from `first` on as they are stored: numbers and texts.
pub(super) fn add(
    hasher: &mut RowHasher,
    row: &Row,
    columns: std::ops::Range<usize>,
) -> StoreResult<()> {
    for column in columns {
        if *row.columns()[column].type_() == Type::INT8 {
            hasher.integer(row.try_get(column)?);
        } else {
            hasher.text(row.try_get::<_, Option<&str>>(column)?.map(str::as_bytes));
        }
    }
    Ok(())
}

/// A text on its way into the database, which takes every character but NUL: U+FFFD stands for
/// that. Only what hosts say of themselves can have one, and it is kept whole in JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

/// A text without NUL.
pub(in crate::store) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// A JSON text that can be looked into: a NUL in it, which is written `\u0000`, is U+FFFD.
pub(in crate::store) fn clean_json(json: String) -> String {
    if !json.contains("\\u0000") {
        return json;
    }
    let mut clean = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        // An escape is a backslash and one more sign, or four more behind that.
        let (escape, behind) = match rest.strip_prefix("\\u0000") {
            Some(behind) => ("\\ufffd", behind),
            None => rest.split_at(2),
        };
        clean.push_str(escape);
        rest = behind;
    }
    clean.push_str(rest);
    clean
}

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        clean(self.0).as_ref().to_sql(kind, out)
    }

    accepts!(TEXT, VARCHAR);
    to_sql_checked!();
}

/// Reads the rule whose type, identifier and content begin at column `first`.
pub(super) fn rule(row: &Row, first: usize, scope: Scope) -> StoreResult<Rule> {
    let rule_type = codes::to_rule_type(row.try_get(first)?)?;
    let target = Target::new(rule_type, row.try_get(first + 1)?)
        .map_err(|error| codes::corrupt("target", &error))?;
    rule_for(row, first + 2, target, scope)
}

/// Reads the rule of a known target whose content begins at column `first`.
pub(super) fn rule_for(row: &Row, first: usize, target: Target, scope: Scope) -> StoreResult<Rule> {
    let at = |place: usize| first + place;
    let text = |place: usize| -> StoreResult<Option<Arc<str>>> {
        let text: Option<&str> = row.try_get(at(place))?;
        Ok(text.map(Into::into))
    };
    let kind = codes::to_policy(row.try_get(at(0))?)?;
    let policy = Policy::stored(kind, row.try_get(at(1))?)
        .map_err(|error| codes::corrupt("policy", &error))?;
    let mut rule =
        Rule::new(target, scope, policy).map_err(|error| codes::corrupt("rule", &error))?;
    let hash: Option<&str> = row.try_get(at(6))?;
    let bundle = match (hash, row.try_get::<_, Option<i64>>(at(7))?) {
        // It only announces that the bundle may run: the rule is as good without one.
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
    rule.expires = row.try_get::<_, Option<i64>>(at(11))?.map(codes::to_time).transpose()?;
    Ok(rule)
}

/// Reads the tag whose name, priority, description and membership begin at column `first`.
pub(super) fn tag(row: &Row, first: usize) -> StoreResult<Tag> {
    let name: &str = row.try_get(first)?;
    let name = name.parse().map_err(|error| codes::corrupt("tag", &error))?;
    let priority: i64 = row.try_get(first + 1)?;
    let priority = i32::try_from(priority).map_err(|_| codes::corrupt("priority", &priority))?;
    let description = row.try_get(first + 2)?;
    let membership = codes::to_value(row.try_get(first + 3)?)?;
    Ok(Tag { name, priority, description, membership })
}

/// Reads the setting whose name and value begin at column `first`.
pub(super) fn setting(row: &Row, first: usize) -> StoreResult<Setting> {
    let key: &str = row.try_get(first)?;
    let key: SettingKey = key.parse().map_err(|error| codes::corrupt("setting", &error))?;
    Setting::parse(key, row.try_get(first + 1)?).map_err(|error| codes::corrupt("setting", &error))
}

/// Reads a count.
pub(super) fn count(row: &Row, column: usize) -> StoreResult<u64> {
    let counted: i64 = row.try_get(column)?;
    u64::try_from(counted).map_err(|error| codes::corrupt("count", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_taken_out_of_json_and_nothing_else_is() {
        let texts = ["", "a\0b", "\0", "\\u0000", "\\\0", "\\\\u0000", "ä\u{1f}\"\\", "\0\0\\"];
        for text in texts {
            let json = clean_json(serde_json::to_string(text).unwrap());
            let back: String = serde_json::from_str(&json).unwrap();
            assert_eq!(back, clean(text), "{json}");
            assert!(!back.contains('\0'));
        }
    }
}
