//! Which hosts have a tag, as a condition on the table of hosts.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _};

use super::codes;
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
    pub(super) fn stored(connection: &Connection, tag: &'a TagName) -> StoreResult<Self> {
        let found: Option<String> = connection
            .prepare_cached("SELECT membership FROM tag WHERE name = ? AND ended IS NULL")?
            .query_row([tag.as_str()], |row| row.get(0))
            .optional()?;
        let membership = found.map(|json| codes::to_value(&json)).transpose()?;
        Ok(Self { tag, membership: membership.unwrap_or_default() })
    }

    /// A tag with a membership that the database need not know yet.
    pub(super) fn with(tag: &'a TagName, membership: Membership) -> Self {
        Self { tag, membership }
    }

    /// The condition, whose first parameter has the number `first`, and its values. It says of a
    /// host what [`Tag::is_of`](crate::fleet::Tag::is_of) says.
    pub(super) fn condition(&self, first: usize) -> StoreResult<(String, Vec<Value>)> {
        let Membership { serials, users, groups, hostnames } = &self.membership;
        let [hand, serial, user, group, name] = std::array::from_fn(|at| first + at);
        // What is looked up in a list is looked up in an index that is made of it once; a
        // pattern has to be tried on each host. A serial number's column knows no letter case.
        let sql = format!(
            "(instr(tags, ?{hand}) > 0
              OR serial IN (SELECT value FROM json_each(?{serial}))
              OR primary_user IN (SELECT value FROM json_each(?{user}))
              OR (?{group} <> '[]' AND EXISTS (
                    SELECT 1 FROM json_each(facts, '$.groups') AS of_host
                    WHERE of_host.value IN (SELECT value FROM json_each(?{group}))))
              OR (hostname <> '' AND EXISTS (
                    SELECT 1 FROM json_each(?{name}) AS pattern
                    WHERE lower(hostname) GLOB pattern.value)))"
        );
        // GLOB has the same two signs, and sets of letters in brackets besides.
        let globs: Vec<String> =
            hostnames.iter().map(|pattern| pattern.as_str().replace('[', "[[]")).collect();
        let lists = [
            quoted(self.tag),
            codes::json(serials)?,
            codes::json(users)?,
            codes::json(groups)?,
            codes::json(&globs)?,
        ];
        Ok((sql, lists.map(Value::from).to_vec()))
    }
}

/// A tag as it stands in a JSON list: its letters need no escapes.
pub(super) fn quoted(tag: &TagName) -> String {
    format!("\"{tag}\"")
}
