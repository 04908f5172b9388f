//! Hosts and scope sets in PostgreSQL.

mod save;

pub(super) use save::{Save, Saves};

use deadpool_postgres::{Client, GenericClient, Transaction};
use tokio_postgres::Row;

use super::database::values;
use super::locks::Lock;
use super::text::clean;
use super::{codes, count, query};
use crate::fleet::Host;
use crate::rule::MachineId;
use crate::store::bounds::{self, FACTS};
use crate::store::host_groups::HostGroup;
use crate::store::sql::conditions::Conditions;
use crate::store::sql::hosts::add_filter;
use crate::store::{HostFilter, ListPart, StoreResult, StoredHost};

/// The columns of a host. If the host's report about itself is too large, it is shortened. Only
/// older versions of nicelist stored such reports.
fn columns() -> String {
    let most = bounds::LARGEST_FACTS;
    let text = |key: &str| {
        format!("'{key}', left(coalesce(facts::json ->> '{key}', ''), {})", bounds::NAME)
    };
    let texts = FACTS.map(text).join(", ");
    format!(
        "machine, version, tags, first_seen, sync,
         CASE WHEN octet_length(facts) <= {most} THEN facts ELSE json_build_object(
             {texts},
             'groups', (SELECT coalesce(json_agg(name), '[]') FROM (
                 SELECT name FROM json_array_elements_text(facts::json -> 'groups') AS each (name)
                 WHERE octet_length(name) <= {name} ORDER BY name COLLATE \"C\" LIMIT {groups}
             ) AS names),
             'client_mode', facts::json -> 'client_mode',
             'rule_counts', coalesce(facts::json -> 'rule_counts', '{{}}'),
             'sip_status', coalesce(facts::json -> 'sip_status', '0'),
             'truncated', json_build_array('report'))::text END AS facts",
        name = bounds::NAME,
        groups = bounds::GROUPS,
    )
}
/// The greatest character. Appended to a prefix, it gives the end of the range of texts that start
/// with the prefix.
const LAST: char = char::MAX;

pub(super) async fn get(
    on: &impl GenericClient,
    machine: &MachineId,
) -> StoreResult<Option<StoredHost>> {
    let sql = format!("SELECT {} FROM host WHERE machine = $1", columns());
    query(on, &sql, &[&machine.as_str()]).await?.first().map(read).transpose()
}

/// Any host of a group.
pub(super) async fn of_group(
    on: &impl GenericClient,
    group: HostGroup,
) -> StoreResult<Option<Host>> {
    let columns = columns();
    let sql = format!("SELECT {columns} FROM host WHERE state_key = $1 AND tags_key = $2 LIMIT 1");
    let found = query(on, &sql, &[&group.state, &group.tags]).await?;
    found.first().map(|row| Ok(read(row)?.host)).transpose()
}

pub(super) async fn list(
    on: &Transaction<'_>,
    filter: &HostFilter,
    after: Option<&MachineId>,
    limit: usize,
) -> StoreResult<ListPart<Host>> {
    let mut wanted = Conditions::default();
    // No machine ID is empty.
    wanted.and("machine > $", after.map_or("", MachineId::as_str));
    add_filter(on, &mut wanted, filter).await?;
    if let Some(prefix) = &filter.prefix {
        let first = wanted.value(clean(prefix).to_ascii_lowercase());
        let last = wanted.value(format!("{}{LAST}", clean(prefix).to_ascii_lowercase()));
        let begins = ["machine", "serial", "hostname"].map(|column| {
            format!(
                "SELECT machine FROM host
                 WHERE lower({column}) >= {first}::text AND lower({column}) < {last}::text"
            )
        });
        wanted.add(&format!("machine IN ({})", begins.join(" UNION ")));
    }
    let most = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT * FROM (
             SELECT *, octet_length(sync) + octet_length(facts) AS size,
                    sum(octet_length(sync) + octet_length(facts)) OVER (ORDER BY machine) AS total
             FROM (SELECT {} FROM host WHERE {} ORDER BY machine LIMIT {most}) AS page
         ) AS sized WHERE total - size < {} ORDER BY machine",
        columns(),
        wanted.sql,
        bounds::LIST_BYTES,
    );
    let found = on.query(&sql, &values(&wanted.parameters)).await?;
    let bytes: i64 = found.last().map(|row| row.try_get("total")).transpose()?.unwrap_or(0);
    let rows: Vec<Host> =
        found.iter().map(|row| Ok(read(row)?.host)).collect::<StoreResult<_>>()?;
    let more = rows.len() == limit || bytes >= codes::limit(bounds::LIST_BYTES);
    Ok(ListPart { rows, more })
}

/// Forgets a host. The versions of the host's row are not used again, so that a new host is not
/// mistaken for the forgotten one.
pub(super) async fn forget(client: &mut Client, machine: &MachineId) -> StoreResult<bool> {
    let on = client.transaction().await?;
    Lock::Hosts.take(&on).await?;
    let sql = "SELECT version FROM host WHERE machine = $1 FOR UPDATE";
    let found = query(&on, sql, &[&machine.as_str()]).await?;
    let Some(row) = found.first() else { return Ok(false) };
    let version: i64 = row.try_get(0)?;
    let sql =
        "INSERT INTO meta (key, value) VALUES ('forgotten', convert_to($1::bigint::text, 'UTF8'))
               ON CONFLICT (key) DO UPDATE SET value = convert_to(greatest(
                   convert_from(meta.value, 'UTF8')::bigint, $1)::text, 'UTF8')";
    query(&on, sql, &[&version]).await?;
    query(&on, "DELETE FROM host WHERE machine = $1", &[&machine.as_str()]).await?;
    on.commit().await?;
    Ok(true)
}

fn machine(row: &Row) -> StoreResult<MachineId> {
    let name: &str = row.try_get(0)?;
    name.parse().map_err(|error| codes::corrupt("machine ID", &error))
}

fn read(row: &Row) -> StoreResult<StoredHost> {
    let host = Host {
        machine: machine(row)?,
        tags: codes::to_value(row.try_get(2)?)?,
        first_seen: codes::to_time(row.try_get(3)?)?,
        sync: codes::to_value(row.try_get(4)?)?,
        facts: codes::to_value(row.try_get(5)?)?,
    };
    Ok(StoredHost { host, version: count(row, 1)? })
}
