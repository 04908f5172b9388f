//! Finds records that are in use and contain the name of a person.

use super::find;
use crate::fleet::{PersonName, Renaming};
use crate::store::sql::Database;
use crate::store::{PersonPosition, PersonRecord, PersonTable, StoreResult};

/// Maximum uses that are listed.
const LISTED: usize = 10;

pub(in crate::store) async fn uses(
    on: &impl Database,
    name: &PersonName,
) -> StoreResult<Vec<String>> {
    let renaming = Renaming::finder(name.clone());
    let mut uses = Vec::new();
    let mut at = Some(PersonPosition::Rows(PersonTable::Rules, 0));
    while let Some(position) = at
        && uses.len() < LISTED
    {
        let part = find(on, &renaming, &position).await?;
        uses.extend(part.records.iter().filter_map(describe));
        at = part.next;
    }
    uses.truncate(LISTED);
    Ok(uses)
}

/// Describes a record that is in use. None for events, sightings and history.
fn describe(record: &PersonRecord) -> Option<String> {
    match record {
        PersonRecord::Rule(version) if version.ended.is_none() => {
            let rule = &version.rule;
            Some(format!("rule {} {} in {}", rule.policy().kind(), rule.target(), rule.scope()))
        }
        PersonRecord::Setting { scope, setting, ended: None, .. } => {
            Some(format!("setting {} in {scope}", setting.key()))
        }
        PersonRecord::Tag { tag, ended: None, .. } => Some(format!("tag {}", tag.name)),
        PersonRecord::Token { name, is_revoked: false, .. } => Some(format!("token {name}")),
        PersonRecord::Host { .. }
        | PersonRecord::Event { .. }
        | PersonRecord::Sighting(_)
        | PersonRecord::Revision(_)
        | PersonRecord::Rule(_)
        | PersonRecord::Setting { .. }
        | PersonRecord::Tag { .. }
        | PersonRecord::Token { .. }
        | PersonRecord::Scope { .. } => None,
    }
}
