//! Groups of hosts, and the columns that decide them.

use super::conditions::Conditions;
use super::hosts::{machine, memberships};
use super::{Database, Parameter, StoredRow};
use crate::fleet::Host;
use crate::rule::MachineId;
use crate::store::host_groups::{
    HostCount, HostGroup, NamedHost, PersonalNames, StateColumns, tags_key,
};
use crate::store::{StoreResult, bounds, codes};

/// Rows that are filled at a time. Old versions stored reports of up to 16 MB.
const BATCH: usize = 50;

fn group(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<HostGroup> {
    Ok(HostGroup { state: row.number(first)?, tags: row.number(first + 1)? })
}

/// Counts hosts by group, by whether they are syncing, and by the time of the last preflight in
/// seconds. Reads these columns of all hosts, or an index.
pub(in crate::store) async fn counts(on: &impl Database) -> StoreResult<Vec<HostCount>> {
    let sql = "SELECT state_key, tags_key, syncing, seen, count(*) FROM host
               GROUP BY state_key, tags_key, syncing, seen";
    on.query(sql, &[], |row| {
        Ok(HostCount {
            group: group(row, 0)?,
            is_syncing: row.number(2)? > 0,
            seen: row.number(3)?,
            hosts: row.count(4)?,
        })
    })
    .await
}

/// At most `limit` groups. Takes time in proportion to the groups, not to the hosts.
pub(in crate::store) async fn groups(
    on: &impl Database,
    limit: usize,
) -> StoreResult<Vec<HostGroup>> {
    // SQLite would compare `(state_key, tags_key) > ($1, $2)` with every host of the group.
    let same_state = "SELECT state_key, tags_key FROM host WHERE state_key = $1 AND tags_key > $2
                      ORDER BY tags_key LIMIT 1";
    let next_state = "SELECT state_key, tags_key FROM host WHERE state_key > $1
                      ORDER BY state_key, tags_key LIMIT 1";
    let read = |row: &(dyn StoredRow + '_)| group(row, 0);
    let mut groups = Vec::new();
    let mut after = HostGroup { state: i64::MIN, tags: i64::MIN };
    while groups.len() < limit {
        let same = on.first(same_state, &[after.state.into(), after.tags.into()], read).await?;
        let next = match same {
            Some(same) => Some(same),
            None => on.first(next_state, &[after.state.into()], read).await?,
        };
        let Some(next) = next else { break };
        groups.push(next);
        after = next;
    }
    Ok(groups)
}

/// At most `limit` hosts with one of these names.
pub(in crate::store) async fn named<D: Database>(
    on: &D,
    PersonalNames { hosts, members }: &PersonalNames,
    limit: usize,
) -> StoreResult<Vec<NamedHost>> {
    let mut wanted = Conditions::default();
    let mut ways = memberships(D::DIALECT, &mut wanted, members);
    if !hosts.is_empty() {
        let machines = wanted.value(hosts.iter().map(MachineId::as_str).collect::<Parameter<'_>>());
        ways.push(D::DIALECT.any("machine", &machines));
        let lower = hosts.iter().map(|host| host.as_str().to_ascii_lowercase());
        let serials = wanted.value(lower.collect::<Parameter<'_>>());
        ways.push(D::DIALECT.any(D::DIALECT.serial_in_lower_case(), &serials));
    }
    if ways.is_empty() {
        return Ok(Vec::new());
    }
    // Each condition is a separate query, so that it can use an index. Only patterns are compared
    // with the names of all hosts.
    let ways: Vec<String> =
        ways.iter().map(|way| format!("SELECT machine FROM host WHERE {way}")).collect();
    let limit = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT machine, serial, hostname, primary_user, state_key, tags_key, syncing, seen
         FROM host WHERE machine IN ({}) LIMIT {limit}",
        ways.join(" UNION ")
    );
    on.query_filtered(&sql, &wanted.parameters, |row| {
        let text = |column| row.str(column).map(str::to_owned);
        Ok(NamedHost {
            machine: machine(row, 0)?,
            serial: text(1)?,
            hostname: text(2)?,
            primary_user: text(3)?,
            group: group(row, 4)?,
            is_syncing: row.number(6)? > 0,
            seen: row.number(7)?,
        })
    })
    .await
}

/// At most `limit` hosts of these groups, in no order. With `only_syncing`, only hosts whose row is
/// marked as syncing.
pub(in crate::store) async fn machines<D: Database>(
    on: &D,
    groups: &[HostGroup],
    only_syncing: bool,
    limit: usize,
) -> StoreResult<Vec<MachineId>> {
    let sql = format!(
        "SELECT h.machine FROM {} AS n {} host AS h
             ON h.state_key = CAST(n.value->>0 AS bigint)
            AND h.tags_key = CAST(n.value->>1 AS bigint) AND h.syncing >= $2 LIMIT $3",
        D::DIALECT.each("$1"),
        D::DIALECT.join_in_order(),
    );
    let keys: Vec<[i64; 2]> = groups.iter().map(|group| [group.state, group.tags]).collect();
    let values =
        [codes::json(&keys)?.into(), i64::from(only_syncing).into(), codes::limit(limit).into()];
    on.query(&sql, &values, |row| machine(row, 0)).await
}

/// Fills the columns that decide the group, in rows that an older version wrote. They stay 0 in
/// unreadable rows.
pub(in crate::store) async fn fill<D: Database>(on: &D) -> StoreResult<()> {
    let update = format!(
        "UPDATE host SET state_key = CAST(n.value->>1 AS bigint),
                tags_key = CAST(n.value->>2 AS bigint), syncing = CAST(n.value->>3 AS bigint),
                seen = CAST(n.value->>4 AS bigint)
         FROM {} AS n WHERE machine = n.value->>0",
        D::DIALECT.each("$1")
    );
    let sql = "SELECT machine, tags, first_seen, sync, facts FROM host WHERE machine > $1
               ORDER BY machine LIMIT $2";
    let mut after = String::new();
    loop {
        let values = [after.as_str().into(), codes::limit(BATCH).into()];
        let rows = on.query(sql, &values, |row| Ok((row.str(0)?.to_owned(), columns(row)))).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after.clone_from(last);
        let filled: Vec<(String, i64, i64, i64, i64)> = rows
            .into_iter()
            .filter_map(|(machine, columns)| {
                let (StateColumns { state_key, syncing, seen }, tags_key) = columns.ok()?;
                Some((machine, state_key, tags_key, syncing, seen))
            })
            .collect();
        on.execute(&update, &[codes::json(&filled)?.into()]).await?;
    }
}

fn columns(row: &(dyn StoredRow + '_)) -> StoreResult<(StateColumns, i64)> {
    let host = Host {
        machine: machine(row, 0)?,
        tags: codes::to_value(row.str(1)?)?,
        first_seen: codes::to_time(row.number(2)?)?,
        sync: codes::to_value(row.str(3)?)?,
        facts: bounds::facts(row.str(4)?)?,
    };
    Ok((StateColumns::of(&host)?, tags_key(&host.tags)?))
}
