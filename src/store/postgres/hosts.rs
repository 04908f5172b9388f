//! Hosts and scope sets.

mod save;

pub(super) use save::{Save, Saves};

use deadpool_postgres::{Client, GenericClient};
use tokio_postgres::Row;

use super::filter::Conditions;
use super::having::{Having, quoted};
use super::locks::Lock;
use super::rows::{clean, count};
use super::{codes, query};
use crate::fleet::{Host, ScopeSetId};
use crate::rule::{MachineId, Scope, TagName};
use crate::store::bounds::{self, FACTS};
use crate::store::{HostFilter, ListPart, ScopeId, StoreResult, StoredHost};

/// The columns that a host is read from. What it reported about itself is shortened if it was
/// stored before such reports were bounded.
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
/// Behind every text that begins with what stands before it.
const LAST: char = char::MAX;

/// One host.
pub(super) async fn get(
    on: &impl GenericClient,
    machine: &MachineId,
) -> StoreResult<Option<StoredHost>> {
    let sql = format!("SELECT {} FROM host WHERE machine = $1", columns());
    query(on, &sql, &[&machine.as_str()]).await?.first().map(read).transpose()
}

/// A page of hosts.
pub(super) async fn list(
    on: &impl GenericClient,
    filter: &HostFilter,
    after: Option<&MachineId>,
    limit: usize,
) -> StoreResult<ListPart<Host>> {
    let mut wanted = Conditions::default();
    // No machine id is empty.
    wanted.and_text("machine > $", after.map_or("", MachineId::as_str));
    if let Some(tag) = &filter.tag {
        Having::stored(on, tag).await?.add_to(&mut wanted);
    }
    if let Some(user) = &filter.user {
        wanted.and_text("primary_user = $", user);
    }
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
    let found = on.query(&sql, &wanted.values()).await?;
    let bytes: i64 = found.last().map(|row| row.try_get("total")).transpose()?.unwrap_or(0);
    let rows: Vec<Host> =
        found.iter().map(|row| Ok(read(row)?.host)).collect::<StoreResult<_>>()?;
    let more = rows.len() == limit || bytes >= codes::limit(bounds::LIST_BYTES);
    Ok(ListPart { rows, more })
}

/// The names of hosts. One that was stored before names were bounded is left out.
pub(super) async fn names(
    on: &impl GenericClient,
    machines: &[MachineId],
) -> StoreResult<Vec<(MachineId, String)>> {
    let machines: Vec<&str> = machines.iter().map(MachineId::as_str).collect();
    let sql = "SELECT machine, hostname FROM host
               WHERE machine = ANY ($1) AND octet_length(hostname) <= $2";
    let most = i32::try_from(bounds::NAME).unwrap_or(i32::MAX);
    let rows = query(on, sql, &[&machines, &most]).await?;
    rows.iter().map(|row| Ok((machine(row)?, row.try_get(1)?))).collect()
}

/// The versions of Santa in a scope, and how many hosts have each.
pub(super) async fn santa_versions(
    on: &impl GenericClient,
    scope: &Scope,
) -> StoreResult<Vec<(String, u64)>> {
    let mut wanted = Conditions::default();
    match scope {
        Scope::Fleet => {}
        Scope::Group(name) => {
            wanted.and_text("facts::jsonb -> 'groups' ? $::text", name);
        }
        Scope::Tag(tag) => Having::stored(on, tag).await?.add_to(&mut wanted),
        Scope::User(name) => wanted.and_text("primary_user = $", name),
        Scope::Host(name) => {
            wanted.and_text("(machine = $ OR lower(serial) = lower($))", name.as_str());
        }
    }
    let sql = format!(
        "SELECT left(facts::json ->> 'santa_version', 255) COLLATE \"C\", count(*) FROM host WHERE {}
         GROUP BY 1 ORDER BY 1",
        wanted.sql
    );
    let rows = on.query(&sql, &wanted.values()).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, count(row, 1)?))).collect()
}

/// Forgets a host. Versions of forgotten hosts do not come back, so that nobody
/// takes a new host for one that he knew.
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

/// The hosts that were given a tag.
pub(super) async fn tagged(on: &impl GenericClient, tag: &TagName) -> StoreResult<Vec<MachineId>> {
    let sql = "SELECT machine FROM host WHERE strpos(tags, $1) > 0 ORDER BY machine";
    query(on, sql, &[&quoted(tag)]).await?.iter().map(machine).collect()
}

/// How many hosts have a tag.
pub(super) async fn count_having(on: &impl GenericClient, having: &Having<'_>) -> StoreResult<u64> {
    let mut wanted = Conditions::default();
    having.add_to(&mut wanted);
    let sql = format!("SELECT count(*) FROM host WHERE {}", wanted.sql);
    count(&on.query_one(&sql, &wanted.values()).await?, 0)
}

/// The tags given to some hosts, each with its tags by name. They change under the lock of policy
/// alone.
pub(super) async fn tags_of(
    on: &impl GenericClient,
    machines: &[&str],
) -> StoreResult<Vec<(MachineId, Vec<TagName>)>> {
    let sql = "SELECT machine, tags FROM host WHERE machine = ANY ($1) ORDER BY machine";
    let rows = query(on, sql, &[&machines]).await?;
    rows.iter().map(|row| Ok((machine(row)?, codes::to_value(row.try_get(1)?)?))).collect()
}

/// Writes the tags of a host. Its row is locked until the transaction ends: by whoever writes
/// several in the order of machine ids, so that two who do wait for each other and not both.
pub(super) async fn set_tags(
    on: &impl GenericClient,
    machine: &MachineId,
    tags: &[TagName],
) -> StoreResult<()> {
    let sql = "UPDATE host SET tags = $1, version = version + 1 WHERE machine = $2";
    query(on, sql, &[&codes::json(&tags)?, &machine.as_str()]).await?;
    Ok(())
}

/// The id of a list of scopes, which gets one if it has none. Ids are for good, so nothing need
/// be locked: who comes second finds what the first one made.
pub(super) async fn intern_scope_set(
    on: &impl GenericClient,
    members: &[ScopeId],
) -> StoreResult<ScopeSetId> {
    let ids: Vec<i64> = members.iter().map(|member| member.0).collect();
    let members = codes::json(&ids)?;
    let insert = "INSERT INTO scope_set (members) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id";
    for sql in ["SELECT id FROM scope_set WHERE members = $1", insert] {
        if let Some(row) = query(on, sql, &[&members]).await?.first() {
            return Ok(ScopeSetId(row.try_get(0)?));
        }
    }
    let found = query(on, "SELECT id FROM scope_set WHERE members = $1", &[&members]).await?;
    let row = found.first().ok_or_else(|| codes::corrupt("scope set", &members))?;
    Ok(ScopeSetId(row.try_get(0)?))
}

/// The scopes behind an id.
pub(super) async fn scope_set(
    on: &impl GenericClient,
    id: ScopeSetId,
) -> StoreResult<Option<Vec<ScopeId>>> {
    let found = query(on, "SELECT members FROM scope_set WHERE id = $1", &[&id.0]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let ids: Vec<i64> = codes::to_value(row.try_get(0)?)?;
    Ok(Some(ids.into_iter().map(ScopeId).collect()))
}

fn machine(row: &Row) -> StoreResult<MachineId> {
    let name: &str = row.try_get(0)?;
    name.parse().map_err(|error| codes::corrupt("machine id", &error))
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
