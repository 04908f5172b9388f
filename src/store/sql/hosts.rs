//! SQL for hosts and scope sets.

use super::conditions::Conditions;
use super::{Database, Dialect, Parameter, StoredRow};
use crate::fleet::{Membership, ScopeSetId};
use crate::rule::{MachineId, Scope, TagName};
use crate::store::codes::{self, corrupt};
use crate::store::host_groups::tags_key;
use crate::store::{HostFilter, ScopeId, StoreResult, bounds};

pub(in crate::store) fn machine(
    row: &(dyn StoredRow + '_),
    column: usize,
) -> StoreResult<MachineId> {
    row.str(column)?.parse().map_err(|error| corrupt("machine ID", &error))
}

/// Reads a host's machine ID and the tags that administrators gave it.
pub(in crate::store) fn machine_and_tags(
    row: &(dyn StoredRow + '_),
) -> StoreResult<(MachineId, Vec<TagName>)> {
    Ok((machine(row, 0)?, codes::to_value(row.str(1)?)?))
}

/// A tag as it is written in a JSON list. The characters of a tag need no escapes.
pub(in crate::store) fn quoted(tag: &TagName) -> String {
    format!("\"{tag}\"")
}

/// Adds the conditions of a filter, except `prefix`.
pub(in crate::store) async fn add_filter<'a, D: Database>(
    on: &D,
    wanted: &mut Conditions<'a>,
    HostFilter { tag, prefix: _, name, user, machines }: &'a HostFilter,
) -> StoreResult<()> {
    if let Some(tag) = tag {
        let has_tag = has_tag(on, wanted, tag).await?;
        wanted.add(&has_tag);
    }
    if let Some(name) = name {
        let name = wanted.value(D::DIALECT.stored_text(name).to_ascii_lowercase());
        let equal = D::DIALECT
            .host_names_in_lower_case()
            .map(|column| format!("SELECT machine FROM host WHERE {column} = {name}"));
        wanted.add(&format!("machine IN ({})", equal.join(" UNION ")));
    }
    if let Some(user) = user {
        wanted.and("primary_user = $", user.as_str());
    }
    if let Some(machines) = machines {
        let list = wanted.value(machines.iter().map(MachineId::as_str).collect::<Parameter<'_>>());
        wanted.add(&D::DIALECT.any("machine", &list));
    }
    Ok(())
}

/// The condition that a host has a tag: an administrator gave the host the tag, or the tag's
/// membership matches the host.
pub(super) async fn has_tag<D: Database>(
    on: &D,
    wanted: &mut Conditions<'_>,
    tag: &TagName,
) -> StoreResult<String> {
    let sql = "SELECT membership FROM tag WHERE name = $1 AND ended IS NULL";
    let name = [tag.as_str().into()];
    let stored = on.first(sql, &name, |row| codes::to_value(row.str(0)?)).await?;
    let membership: Membership = stored.unwrap_or_default();
    let mut ways = memberships(D::DIALECT, wanted, &membership);
    ways.push(D::DIALECT.contains("tags", &wanted.value(quoted(tag))));
    Ok(format!("({})", ways.join(" OR ")))
}

pub(in crate::store) async fn members<D: Database>(
    on: &D,
    membership: &Membership,
) -> StoreResult<Vec<MachineId>> {
    let mut wanted = Conditions::default();
    let ways = memberships(D::DIALECT, &mut wanted, membership);
    if ways.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT machine FROM host WHERE {}", ways.join(" OR "));
    on.query_filtered(&sql, &wanted.parameters, |row| machine(row, 0)).await
}

/// The conditions of a membership. A host is a member if it meets at least one of them, as in
/// [`Membership::has`].
pub(super) fn memberships(
    dialect: Dialect,
    wanted: &mut Conditions<'_>,
    Membership { serials, users, groups, hostnames }: &Membership,
) -> Vec<String> {
    let mut ways = Vec::new();
    let owned = |text: &str| text.to_owned();
    if !serials.is_empty() {
        let lower = serials.iter().map(|serial| serial.as_str().to_ascii_lowercase());
        let list = wanted.value(lower.collect::<Parameter<'_>>());
        ways.push(dialect.any(dialect.serial_in_lower_case(), &list));
    }
    if !users.is_empty() {
        let users = users.iter().map(|user| owned(user.as_str()));
        ways.push(dialect.any("primary_user", &wanted.value(users.collect::<Parameter<'_>>())));
    }
    if !groups.is_empty() {
        let groups = groups.iter().map(|group| owned(group.as_str()));
        let list = wanted.value(groups.collect::<Parameter<'_>>());
        ways.push(in_groups(dialect, &list));
    }
    if !hostnames.is_empty() {
        let patterns = hostnames.iter().map(|pattern| dialect.pattern(pattern.as_str()));
        let list = wanted.value(patterns.collect::<Parameter<'_>>());
        ways.push(match dialect {
            Dialect::Sqlite => format!(
                "(hostname <> '' AND EXISTS (SELECT 1 FROM json_each({list}) AS pattern
                                             WHERE lower(hostname) GLOB pattern.value))"
            ),
            Dialect::Postgres => {
                format!("(hostname <> '' AND lower(hostname) LIKE ANY ({list}))")
            }
        });
    }
    ways
}

/// SQL for whether a host reported at least one group of a list.
fn in_groups(dialect: Dialect, list: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!(
            "EXISTS (SELECT 1 FROM json_each(facts, '$.groups') AS of_host WHERE {})",
            dialect.any("of_host.value", list)
        ),
        Dialect::Postgres => format!("facts::jsonb -> 'groups' ?| {list}::text[]"),
    }
}

pub(in crate::store) async fn set_tags(
    on: &impl Database,
    machine: &MachineId,
    tags: &[TagName],
) -> StoreResult<()> {
    let sql = "UPDATE host SET tags = $1, tags_key = $2, version = version + 1 WHERE machine = $3";
    let values = [codes::json(&tags)?.into(), tags_key(tags)?.into(), machine.as_str().into()];
    on.execute(sql, &values).await.map(drop)
}

/// The names of hosts. Leaves out names that are too long, which only older versions of nicelist
/// stored.
pub(in crate::store) async fn names<D: Database>(
    on: &D,
    machines: &[MachineId],
) -> StoreResult<Vec<(MachineId, String)>> {
    // Long names are not cut, because SQLite reads a whole text to cut it.
    let sql = format!(
        "SELECT machine, hostname FROM host WHERE {} AND octet_length(hostname) <= $2",
        D::DIALECT.any("machine", "$1")
    );
    let machines = machines.iter().map(MachineId::as_str).collect();
    let values = [machines, codes::limit(bounds::NAME).into()];
    on.query(&sql, &values, |row| Ok((machine(row, 0)?, row.str(1)?.to_owned()))).await
}

pub(in crate::store) async fn santa_versions<D: Database>(
    on: &D,
    scope: &Scope,
) -> StoreResult<Vec<(String, u64)>> {
    let mut wanted = Conditions::default();
    match scope {
        Scope::Fleet => {}
        Scope::Group(name) => {
            let groups = [name.to_string()].into_iter().collect::<Parameter<'_>>();
            let list = wanted.value(groups);
            wanted.add(&in_groups(D::DIALECT, &list));
        }
        Scope::Tag(tag) => {
            let has_tag = has_tag(on, &mut wanted, tag).await?;
            wanted.add(&has_tag);
        }
        Scope::User(name) => wanted.and("primary_user = $", &**name),
        Scope::Host(name) => {
            let serial = match D::DIALECT {
                Dialect::Sqlite => "serial = $",
                Dialect::Postgres => "lower(serial) = lower($)",
            };
            wanted.and(&format!("(machine = $ OR {serial})"), name.as_str());
        }
    }
    let version = match D::DIALECT {
        Dialect::Sqlite => "substr(json_extract(facts, '$.santa_version'), 1, 255)",
        Dialect::Postgres => "left(facts::json ->> 'santa_version', 255) COLLATE \"C\"",
    };
    let sql =
        format!("SELECT {version}, count(*) FROM host WHERE {} GROUP BY 1 ORDER BY 1", wanted.sql);
    let read = |row: &(dyn StoredRow + '_)| Ok((row.str(0)?.to_owned(), row.count(1)?));
    on.query_filtered(&sql, &wanted.parameters, read).await
}

/// For each of these tags, counts the hosts to which administrators assigned it.
pub(in crate::store) async fn tagged<D: Database>(
    on: &D,
    tags: &[TagName],
) -> StoreResult<Vec<u64>> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted = Conditions::default();
    let counts: Vec<String> = tags
        .iter()
        .map(|tag| D::DIALECT.contains("tags", &wanted.value(quoted(tag))))
        .map(|has_tag| format!("count(CASE WHEN {has_tag} THEN 1 END)"))
        .collect();
    let sql = format!("SELECT {} FROM host", counts.join(", "));
    let read = |row: &(dyn StoredRow + '_)| -> StoreResult<Vec<u64>> {
        (0..tags.len()).map(|tag| row.count(tag)).collect()
    };
    Ok(on.query_filtered(&sql, &wanted.parameters, read).await?.pop().unwrap_or_default())
}

/// The ID of a list of scopes, if the list has an ID.
pub(in crate::store) async fn find_scope_set(
    on: &impl Database,
    members: &[ScopeId],
) -> StoreResult<Option<ScopeSetId>> {
    let sql = "SELECT id FROM scope_set WHERE members = $1";
    on.first(sql, &[scope_ids(members)?.into()], |row| row.number(0).map(ScopeSetId)).await
}

/// Returns the ID of a list of scopes, and creates the ID if necessary. This needs no lock: if
/// another server adds the same list first, the ID from that server is returned.
pub(in crate::store) async fn intern_scope_set(
    on: &impl Database,
    members: &[ScopeId],
) -> StoreResult<ScopeSetId> {
    if let Some(id) = find_scope_set(on, members).await? {
        return Ok(id);
    }
    let sql = "INSERT INTO scope_set (members) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id";
    let ids = scope_ids(members)?;
    let added = on.first(sql, &[ids.as_str().into()], |row| row.number(0).map(ScopeSetId)).await?;
    match added {
        Some(id) => Ok(id),
        None => find_scope_set(on, members).await?.ok_or_else(|| corrupt("scope set", &ids)),
    }
}

pub(in crate::store) async fn scope_set(
    on: &impl Database,
    id: ScopeSetId,
) -> StoreResult<Option<Vec<ScopeId>>> {
    let sql = "SELECT members FROM scope_set WHERE id = $1";
    let read = |row: &(dyn StoredRow + '_)| codes::to_value::<Vec<i64>>(row.str(0)?);
    let ids = on.first(sql, &[id.0.into()], read).await?;
    Ok(ids.map(|ids| ids.into_iter().map(ScopeId).collect()))
}

fn scope_ids(members: &[ScopeId]) -> StoreResult<String> {
    codes::json(&members.iter().map(|member| member.0).collect::<Vec<i64>>())
}
