//! Which hosts have a tag, as a condition on the table of hosts.

use deadpool_postgres::GenericClient;

use super::filter::Conditions;
use super::{codes, query};
use crate::fleet::Membership;
use crate::rule::TagName;
use crate::store::StoreResult;

/// A tag and its membership: the hosts that have it by hand or as members.
pub(super) struct Having<'a> {
    tag: &'a TagName,
    membership: Membership,
}

impl<'a> Having<'a> {
    /// A tag with its membership as it stands in the database; nobody's if it does not exist.
    pub(super) async fn stored(on: &impl GenericClient, tag: &'a TagName) -> StoreResult<Self> {
        let sql = "SELECT membership FROM tag WHERE name = $1 AND ended IS NULL";
        let found = query(on, sql, &[&tag.as_str()]).await?;
        let membership = match found.first() {
            Some(row) => codes::to_value(row.try_get(0)?)?,
            None => Membership::default(),
        };
        Ok(Self { tag, membership })
    }

    /// A tag with a membership that the database need not know yet.
    pub(super) fn with(tag: &'a TagName, membership: Membership) -> Self {
        Self { tag, membership }
    }

    /// Adds the condition. It says of a host what [`Tag::is_of`](crate::fleet::Tag::is_of) says.
    pub(super) fn add_to(&self, conditions: &mut Conditions) {
        let Membership { serials, users, groups, hostnames } = &self.membership;
        let serials: Vec<String> =
            serials.iter().map(|serial| serial.as_str().to_ascii_lowercase()).collect();
        let users: Vec<String> = users.iter().map(|user| user.as_str().to_owned()).collect();
        let groups: Vec<String> = groups.iter().map(|group| group.as_str().to_owned()).collect();
        let patterns: Vec<String> =
            hostnames.iter().map(|pattern| like(pattern.as_str())).collect();
        let mut any = vec![format!("strpos(tags, {}) > 0", conditions.value(quoted(self.tag)))];
        if !serials.is_empty() {
            any.push(format!("lower(serial) = ANY ({})", conditions.value(serials)));
        }
        if !users.is_empty() {
            any.push(format!("primary_user = ANY ({})", conditions.value(users)));
        }
        if !groups.is_empty() {
            any.push(format!("facts::jsonb -> 'groups' ?| {}::text[]", conditions.value(groups)));
        }
        if !patterns.is_empty() {
            let patterns = conditions.value(patterns);
            any.push(format!("(hostname <> '' AND lower(hostname) LIKE ANY ({patterns}))"));
        }
        conditions.add(&format!("({})", any.join(" OR ")));
    }
}

/// A tag as it stands in a JSON list: its letters need no escapes.
pub(super) fn quoted(tag: &TagName) -> String {
    format!("\"{tag}\"")
}

/// A pattern of `*` and `?` as LIKE has them.
pub(super) fn like(pattern: &str) -> String {
    let mut like = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match letter {
            '*' => like.push('%'),
            '?' => like.push('_'),
            '%' | '_' | '\\' => like.extend(['\\', letter]),
            letter => like.push(letter),
        }
    }
    like
}
