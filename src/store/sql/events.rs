//! Events: the conditions of a filter, the programs with the most events, and the members of
//! bundles.

use super::conditions::Conditions;
use super::{Database, Dialect, Parameter, StoredRow, hosts};
use crate::fleet::{Event, EventId, EventKind, EventStat};
use crate::rule::MachineId;
use crate::store::bounds::{self, EVENT_COLUMNS, EventColumns};
use crate::store::{EventFilter, StoreResult, codes};

/// The range of events in a list, and the order of the list.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum EventRange {
    /// Events older than this one, or all events; newest first.
    Before(Option<EventId>),
    /// Events newer than this one, oldest first.
    After(EventId),
}

impl EventRange {
    /// Adds the condition of the range. Returns the order of the list.
    pub(in crate::store) fn add_to(self, wanted: &mut Conditions<'_>) -> &'static str {
        match self {
            Self::Before(before) => {
                wanted.and("id < $", before.map_or(i64::MAX, |before| before.0));
                "DESC"
            }
            Self::After(after) => {
                wanted.and("id > $", after.0);
                "ASC"
            }
        }
    }
}

pub(in crate::store) fn conditions<'a>(
    dialect: Dialect,
    filter: &'a EventFilter,
) -> Conditions<'a> {
    let EventFilter { kinds, machine, user, decisions, blocked, since, until, path, signer, text } =
        filter;
    let mut wanted = Conditions::default();
    if !kinds.is_empty() {
        let kinds: Vec<i64> = kinds.iter().map(|kind| codes::event_kind(*kind)).collect();
        let list = wanted.value(kinds);
        wanted.add(&dialect.any("kind", &list));
    }
    if let Some(machine) = machine {
        wanted.and("machine = $", machine.as_str());
    }
    if let Some(user) = user {
        wanted.and("\"user\" = $", user.as_str());
    }
    if !decisions.is_empty() {
        let words = decisions.iter().map(|word| word.to_ascii_lowercase());
        let list = wanted.value(words.collect::<Parameter<'_>>());
        wanted.add(&dialect.any("lower(decision)", &list));
    }
    if *blocked {
        wanted.add("blocked = 1");
    }
    if let Some(since) = since {
        wanted.and("received >= $", since.as_millisecond());
    }
    if let Some(until) = until {
        wanted.and("received < $", until.as_millisecond());
    }
    if let Some(path) = path {
        let more = if path.is_whole() { "" } else { "*" };
        let pattern = wanted.value(dialect.pattern(&format!("{}{more}", path.as_str())));
        let matches = ["path", "file"].map(|column| dialect.matches(column, &pattern));
        wanted.add(&format!("({})", matches.join(" OR ")));
    }
    if let Some(signer) = signer {
        let [exact, lower, upper] =
            [signer.clone(), signer.to_ascii_lowercase(), signer.to_ascii_uppercase()]
                .map(|text| wanted.value(text));
        // Santa before 2024 reports the signing ID without its team.
        wanted.add(&format!(
            "(team_id = {upper} OR signing_id = {exact}
              OR signing_id = team_id || ':' || {exact} OR team_id || ':' || signing_id = {exact}
              OR signing_id = 'platform:' || {exact} OR certificate = {lower} OR {})",
            dialect.contains("lower(signer)", &lower)
        ));
    }
    if let Some(text) = text {
        let columns = ["path", "sha256", "signing_id", "team_id", "rule", "file"];
        wanted.add_text(dialect, &columns, text);
    }
    wanted
}

/// The programs with the most events. Events of one program are counted separately for each kind of
/// event and each file access rule. `table` is the table of events, and may contain an index hint.
pub(in crate::store) async fn stats(
    on: &impl Database,
    table: &str,
    mut wanted: Conditions<'_>,
    limit: usize,
) -> StoreResult<Vec<EventStat>> {
    let limit = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT latest, events, hosts, {EVENT_COLUMNS} FROM (
             SELECT max(id) AS latest, count(*) AS events, count(DISTINCT machine) AS hosts
             FROM {table} WHERE {}
             GROUP BY substr(sha256, 1, 65), kind, substr(rule, 1, 256)
             ORDER BY events DESC, latest DESC LIMIT {limit}
         ) AS counted JOIN event ON event.id = latest ORDER BY events DESC, latest DESC",
        wanted.sql
    );
    let stat = |row: &(dyn StoredRow + '_)| {
        let (received, event) = EventColumns::read(row, 3)?.event()?;
        let latest = EventId(row.number(0)?);
        Ok(EventStat::new(latest, received, event, row.count(1)?, row.count(2)?))
    };
    on.query_filtered(&sql, &wanted.parameters, stat).await
}

/// The hash of the bundle that a bundle member belongs to; empty for other events. It distinguishes
/// events of the same file in different bundles.
pub(in crate::store) fn member_of(event: &Event) -> &str {
    match event.kind() {
        EventKind::BundleMember => &event.bundle_hash,
        EventKind::Execution | EventKind::FileAccess => "",
    }
}

pub(in crate::store) async fn count_members(on: &impl Database, bundle: &str) -> StoreResult<u64> {
    let sql = "SELECT count(DISTINCT sha256) FROM event WHERE member_of = $1 AND member_of <> ''";
    Ok(on.first(sql, &[bundle.into()], |row| row.count(0)).await?.unwrap_or(0))
}

pub(in crate::store) async fn members(
    on: &impl Database,
    bundle: &str,
) -> StoreResult<Vec<(MachineId, String)>> {
    let sql = "SELECT machine, sha256 FROM event
               WHERE member_of = $1 AND member_of <> '' AND octet_length(sha256) <= 64
               ORDER BY id LIMIT $2";
    let values = [bundle.into(), codes::limit(bounds::BUNDLE_REPORTS).into()];
    on.query(sql, &values, |row| Ok((hosts::machine(row, 0)?, row.str(1)?.to_owned()))).await
}
