//! Lists of programs, and the sightings of a program or a host.

use jiff::Timestamp;

use super::conditions::Conditions;
use super::sightings::{SIGHTING_ROW, sighting_row};
use super::{Database, Dialect, Parameter, StoredRow, hosts};
use crate::fleet::{Decision, EventId, KnownProgram, ProgramId, Sighting};
use crate::rule::{Certificate, MachineId, Program};
use crate::store::bounds::LIST_BYTES;
use crate::store::new_sightings::SightingRow;
use crate::store::{
    ExaminedPart, ListPart, ProgramFilter, ProgramPosition, SightingFilter, StoreResult, codes,
};

/// Maximum rows of one part of a list, to limit its size.
pub(super) const MOST_ROWS: usize = 1_000;
/// Maximum programs that are examined for one part of a list.
const EXAMINED: usize = 5_000;
/// Maximum sightings that are examined for one part of a list.
const EXAMINED_SIGHTINGS: i64 = 5_000;
/// Approximate bytes of a sighting and its program, in addition to the sighting's path and lists.
const ROW_BYTES: usize = 512;

/// The columns that [`program`] reads from a table `p`.
pub(super) const PROGRAM: &str = "p.id, p.sha256, p.cdhash, p.team_id, p.signing_id, p.signing_status, \
     p.certificate, p.common_name, p.organization, p.name, p.bundle_name, p.first_seen, p.hosts";

pub(super) fn program(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<KnownProgram> {
    let text = |place: usize| row.str(first + place).map(str::to_owned);
    let certificate =
        Certificate { sha256: text(6)?, common_name: text(7)?, organization: text(8)? };
    Ok(KnownProgram {
        id: ProgramId(row.number(first)?),
        program: Program {
            sha256: text(1)?,
            cdhash: text(2)?,
            team_id: text(3)?,
            signing_id: text(4)?,
            signing_status: codes::to_signing_status(row.number(first + 5)?)?,
            certificate: (certificate != Certificate::default()).then_some(certificate),
        },
        name: text(9)?,
        bundle_name: text(10)?,
        first_seen: codes::to_time(row.number(first + 11)?)?,
        hosts: row.count(first + 12)?,
    })
}

/// Reads a sighting from these columns: the program's ID, the machine ID, and [`SIGHTING_ROW`].
pub(super) fn sighting(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<Sighting> {
    let (program, machine) = (ProgramId(row.number(first)?), hosts::machine(row, first + 1)?);
    let found = sighting_row(row, first + 2)?;
    let SightingRow { first_seen, last_seen, reports, decision, latest, path, users, paths } =
        found;
    Ok(Sighting {
        program,
        machine,
        first_seen: codes::to_time(first_seen)?,
        last_seen: codes::to_time(last_seen)?,
        reports: u64::try_from(reports).map_err(|error| codes::corrupt("count", &error))?,
        decision: Decision(decision.into()),
        latest: EventId(latest),
        path,
        users: users.texts,
        more_users: users.more,
        paths: paths.texts,
        more_paths: paths.more,
    })
}

pub(in crate::store) async fn get(
    on: &impl Database,
    id: ProgramId,
) -> StoreResult<Option<KnownProgram>> {
    let sql = format!("SELECT {PROGRAM} FROM program AS p WHERE p.id = $1");
    on.first(&sql, &[id.0.into()], |row| program(row, 0)).await
}

pub(in crate::store) async fn list<D: Database>(
    on: &D,
    filter: &ProgramFilter,
    after: Option<ProgramPosition>,
    limit: usize,
) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>> {
    let limit = limit.min(MOST_ROWS);
    let from = after.map_or([i64::MAX; 2], |at| [at.first_seen.as_millisecond(), at.id.0]);
    if let Some(ProgramPosition { machine: Some(machine), .. }) = after {
        return on_some_hosts(on, filter, from, machine).await;
    }
    let mut end = None;
    if filter.examines_programs() {
        end = match examined(on, filter, from).await? {
            Examined::ToTheEnd => None,
            Examined::UpTo(last) => Some(last),
            Examined::SomeHostsOf(first) => return on_some_hosts(on, filter, first, 0).await,
        };
    }
    let mut wanted = Conditions::default();
    add_program(on, &mut wanted, filter, None).await?;
    let [seen, id] = from.map(|bound| wanted.value(bound));
    wanted.add(&format!("(p.first_seen, p.id) < ({seen}, {id})"));
    if let Some(end) = end {
        let [seen, id] = end.map(|bound| wanted.value(bound));
        wanted.add(&format!("(p.first_seen, p.id) >= ({seen}, {id})"));
    }
    let most = wanted.value(codes::limit(limit));
    let sql = format!(
        "SELECT {PROGRAM} FROM program AS p WHERE {}
         ORDER BY p.first_seen DESC, p.id DESC LIMIT {most}",
        wanted.sql
    );
    let rows = on.query_filtered(&sql, &wanted.parameters, |row| program(row, 0)).await?;
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = match last {
        Some(last) => Some(ProgramPosition::after(last)),
        None => end.map(|end| position(end, None)).transpose()?,
    };
    Ok(ExaminedPart { rows, next })
}

fn position([first_seen, id]: [i64; 2], machine: Option<i64>) -> StoreResult<ProgramPosition> {
    Ok(ProgramPosition { first_seen: codes::to_time(first_seen)?, id: ProgramId(id), machine })
}

/// The programs that are examined for one part of a list. Each program is identified by the time
/// when it was first seen and by its ID.
enum Examined {
    ToTheEnd,
    UpTo([i64; 2]),
    /// Only this program, because it alone has more sightings than [`EXAMINED_SIGHTINGS`].
    SomeHostsOf([i64; 2]),
}

/// Chooses the programs after a position that are examined for one part of a list. Checks only the
/// filter's conditions on the SHA-256, the signing ID and the first sighting. If sightings are
/// examined, too, their number is also limited.
async fn examined(
    on: &impl Database,
    filter: &ProgramFilter,
    after: [i64; 2],
) -> StoreResult<Examined> {
    let with_sightings = filter.seen != SightingFilter::default();
    let since = filter.since.map_or(i64::MIN, |since| since.as_millisecond());
    let mut wanted = Conditions::default();
    add_identity(&mut wanted, filter);
    let [seen, id, since, most] =
        [after[0], after[1], since, codes::limit(EXAMINED)].map(|bound| wanted.value(bound));
    let sql = format!(
        "SELECT p.first_seen, p.id, p.hosts FROM program AS p
         WHERE {} AND (p.first_seen, p.id) < ({seen}, {id}) AND p.first_seen >= {since}
         ORDER BY p.first_seen DESC, p.id DESC LIMIT {most}",
        wanted.sql
    );
    let found = on.query_filtered(&sql, &wanted.parameters, |row| {
        let hosts = if with_sightings { row.number(2)? } else { 0 };
        Ok(([row.number(0)?, row.number(1)?], hosts))
    });
    let (found, mut sightings, mut last) = (found.await?, 0, None);
    for (program, hosts) in found.iter().copied() {
        sightings += hosts;
        if sightings > EXAMINED_SIGHTINGS {
            return Ok(last.map_or(Examined::SomeHostsOf(program), Examined::UpTo));
        }
        last = Some(program);
    }
    let last = last.filter(|_| found.len() == EXAMINED);
    Ok(last.map_or(Examined::ToTheEnd, Examined::UpTo))
}

/// Examines one program, with its sightings on the next hosts after a row ID. If the program does
/// not match, the list continues with further hosts of this program, if there are any.
async fn on_some_hosts<D: Database>(
    on: &D,
    filter: &ProgramFilter,
    at: [i64; 2],
    after: i64,
) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>> {
    let sql = "SELECT machine FROM sighting WHERE program = $1 AND machine > $2
               ORDER BY machine LIMIT 1 OFFSET $3";
    let bounds = [at[1], after, EXAMINED_SIGHTINGS - 1].map(Into::into);
    let last = on.first(sql, &bounds, |row| row.number(0)).await?;
    let mut wanted = Conditions::default();
    add_program(on, &mut wanted, filter, Some([after, last.unwrap_or(i64::MAX)])).await?;
    wanted.and("p.id = $", at[1]);
    let sql = format!("SELECT {PROGRAM} FROM program AS p WHERE {}", wanted.sql);
    let rows = on.query_filtered(&sql, &wanted.parameters, |row| program(row, 0)).await?;
    let machine = last.filter(|_| rows.is_empty());
    Ok(ExaminedPart { rows, next: Some(position(at, machine)?) })
}

impl ProgramFilter {
    /// Whether programs or their sightings must be examined one by one. If the filter has a host,
    /// an index finds that host's sightings instead.
    fn examines_programs(&self) -> bool {
        let Self { sha256, cdhash, signing_id, publisher, signing_status, text, since: _, seen } =
            self;
        if seen.machine.is_some() {
            return false;
        }
        let is_indexed = sha256.is_some() || signing_id.is_some();
        let has_others =
            cdhash.is_some() || publisher.is_some() || signing_status.is_some() || text.is_some();
        *seen != SightingFilter::default() || (has_others && !is_indexed)
    }
}

/// Adds a filter's conditions on the programs in the table `p`. If `hosts` is given, a sighting
/// counts only if the row ID of its host is above the first and at most the second number.
pub(super) async fn add_program<'a, D: Database>(
    on: &D,
    wanted: &mut Conditions<'a>,
    filter: &'a ProgramFilter,
    hosts: Option<[i64; 2]>,
) -> StoreResult<()> {
    add_identity(wanted, filter);
    let ProgramFilter {
        sha256: _,
        cdhash,
        signing_id: _,
        publisher,
        signing_status,
        text,
        since,
        seen,
    } = filter;
    if let Some(cdhash) = cdhash {
        wanted.and("p.cdhash = $", cdhash.to_ascii_lowercase());
    }
    if let Some(publisher) = publisher {
        let by = publisher_is(D::DIALECT, wanted, publisher);
        wanted.add(&format!("({by})"));
    }
    if let Some(status) = signing_status {
        wanted.and("p.signing_status = $", codes::signing_status(*status));
    }
    if let Some(text) = text {
        let columns = ["p.name", "p.bundle_name", "p.sha256", "p.signing_id", "p.team_id"];
        wanted.add_text(D::DIALECT, &columns, text);
    }
    if let Some(since) = since {
        wanted.and("p.first_seen >= $", since.as_millisecond());
    }
    add_seen(on, wanted, seen, hosts).await
}

/// Adds the conditions on the SHA-256 and the signing ID, which have indexes.
fn add_identity<'a>(
    wanted: &mut Conditions<'a>,
    ProgramFilter { sha256, signing_id, .. }: &'a ProgramFilter,
) {
    if let Some(sha256) = sha256 {
        wanted.and("p.sha256 = $", sha256.to_ascii_lowercase());
    }
    if let Some(signing_id) = signing_id {
        add_signing_id(wanted, signing_id);
    }
}

/// Adds the condition that a program has this signing ID. Clients before 2024 report the signing ID
/// without its team ID.
fn add_signing_id<'a>(wanted: &mut Conditions<'a>, signing_id: &'a str) {
    // The index contains only programs with a signing ID. SQLite uses it only if the condition
    // excludes all other programs.
    let has = |id: &str| format!("p.signing_id = {id} AND p.signing_id <> ''");
    let mut ways = format!("({})", has(&wanted.value(signing_id)));
    if let Some((team, rest)) = signing_id.split_once(':') {
        let (team, rest) = (wanted.value(team), wanted.value(rest));
        ways.push_str(&format!(" OR ({} AND p.team_id = {team})", has(&rest)));
    }
    wanted.add(&format!("({ways})"));
}

/// The condition that a program's team ID or certificate matches a publisher.
pub(super) fn publisher_is<'a>(
    dialect: Dialect,
    wanted: &mut Conditions<'a>,
    publisher: &'a str,
) -> String {
    let lower = wanted.value(publisher.to_ascii_lowercase());
    let upper = wanted.value(publisher.to_ascii_uppercase());
    let named = ["common_name", "organization"]
        .map(|column| dialect.contains(&format!("lower(p.{column})"), &lower));
    format!("p.team_id = {upper} OR p.certificate = {lower} OR {} OR {}", named[0], named[1])
}

/// Adds the condition that a program has a sighting that matches a filter.
async fn add_seen<'a, D: Database>(
    on: &D,
    wanted: &mut Conditions<'a>,
    filter: &'a SightingFilter,
    range: Option<[i64; 2]>,
) -> StoreResult<()> {
    if *filter == SightingFilter::default() {
        return Ok(());
    }
    let SightingFilter { machine, tag, user, blocked } = filter;
    let (mut seen, mut of_host) = (Vec::new(), String::new());
    if let Some(user) = user {
        seen.push(has_user(D::DIALECT, wanted, user));
    }
    if *blocked {
        seen.push("substr(s.decision, 1, 5) = 'BLOCK'".to_owned());
    }
    if let Some(tag) = tag {
        seen.push(hosts::has_tag(on, wanted, tag).await?);
        of_host = format!(
            "{join} machine AS m ON m.id = s.machine {join} host AS h ON h.machine = m.name",
            join = D::DIALECT.join_in_order()
        );
    }
    if let Some(range) = range {
        let [above, last] = range.map(|bound| wanted.value(bound));
        seen.push(format!("s.machine > {above} AND s.machine <= {last}"));
    }
    let condition = match machine {
        Some(machine) => {
            let machine = wanted.value(machine.as_str());
            seen.push(format!("s.machine = (SELECT id FROM machine WHERE name = {machine})"));
            let by = D::DIALECT.indexed_by("sighting_machine");
            format!(
                "p.id IN (SELECT program FROM sighting AS s {by} {of_host} WHERE {})",
                seen.join(" AND ")
            )
        }
        None => {
            seen.push("s.program = p.id".to_owned());
            // PostgreSQL may read all sightings for EXISTS, but never for such a subquery.
            format!(
                "(SELECT 1 FROM sighting AS s {of_host} WHERE {} LIMIT 1) IS NOT NULL",
                seen.join(" AND ")
            )
        }
    };
    wanted.add(&condition);
    Ok(())
}

/// The condition that a sighting has a user. In the JSON list of users, each name is quoted and
/// follows a comma or the start of the list. Quotes within a name are escaped.
pub(super) fn has_user(dialect: Dialect, wanted: &mut Conditions<'_>, user: &str) -> String {
    let name = serde_json::Value::from(&*dialect.stored_text(user)).to_string();
    let part = wanted.value(format!(",{name}"));
    dialect.contains("',' || substr(s.users, 2)", &part)
}

/// A query for the first rows of the query `found`, until [`LIST_BYTES`] is reached. `found` must
/// return the columns `program`, `machine_name` and [`SIGHTING_ROW`].
pub(super) fn bounded(found: &str, order: &str) -> String {
    format!(
        "SELECT * FROM (
             SELECT found.*, {size} AS size, sum({size}) OVER (ORDER BY {order}) AS total
             FROM ({found}) AS found
         ) AS sized WHERE total - size < {LIST_BYTES} ORDER BY {order}",
        size =
            format!("octet_length(path) + octet_length(users) + octet_length(paths) + {ROW_BYTES}")
    )
}

/// Reads a row of the query that [`bounded`] returned, and the total size in bytes of the rows up
/// to and including this one.
pub(super) fn with_bytes<T>(
    row: &(dyn StoredRow + '_),
    read: impl FnOnce(&(dyn StoredRow + '_)) -> StoreResult<T>,
) -> StoreResult<(T, i64)> {
    Ok((read(row)?, row.number(row.width() - 1)?))
}

/// A part of a list from all rows of a [`bounded`] query, each read by [`with_bytes`]. `limit` is
/// the maximum number of rows of the query `found`.
pub(super) fn bounded_part<T>(rows: Vec<(T, i64)>, limit: usize) -> ListPart<T> {
    let bytes = rows.last().map_or(0, |(_, bytes)| *bytes);
    let more = rows.len() == limit || bytes >= codes::limit(LIST_BYTES);
    ListPart { rows: rows.into_iter().map(|(row, _)| row).collect(), more }
}

async fn sighting_part(
    on: &impl Database,
    found: &str,
    order: &str,
    parameters: &[Parameter<'_>],
    limit: usize,
) -> StoreResult<ListPart<Sighting>> {
    let sql = bounded(found, order);
    let read = |row: &(dyn StoredRow + '_)| with_bytes(row, |row| sighting(row, 0));
    Ok(bounded_part(on.query(&sql, parameters, read).await?, limit))
}

pub(in crate::store) async fn sightings(
    on: &impl Database,
    program: ProgramId,
    after: Option<&MachineId>,
    limit: usize,
) -> StoreResult<ListPart<Sighting>> {
    let limit = limit.min(MOST_ROWS);
    let found = format!(
        "SELECT program, m.name AS machine_name, {SIGHTING_ROW}, machine
         FROM sighting JOIN machine AS m ON m.id = machine
         WHERE program = $1
           AND machine > coalesce((SELECT id FROM machine WHERE name = $2), 0)
         ORDER BY machine LIMIT $3"
    );
    let after = after.map_or("", MachineId::as_str);
    let bounds = [program.0.into(), after.into(), codes::limit(limit).into()];
    sighting_part(on, &found, "machine", &bounds, limit).await
}

pub(in crate::store) async fn sightings_on(
    on: &impl Database,
    machine: &MachineId,
    after: Option<ProgramId>,
    limit: usize,
) -> StoreResult<ListPart<Sighting>> {
    let limit = limit.min(MOST_ROWS);
    let found = format!(
        "SELECT program, m.name AS machine_name, {SIGHTING_ROW}
         FROM machine AS m JOIN sighting ON machine = m.id
         WHERE m.name = $1 AND program > $2 ORDER BY program LIMIT $3"
    );
    let after = after.map_or(0, |after| after.0);
    let bounds = [machine.as_str().into(), after.into(), codes::limit(limit).into()];
    sighting_part(on, &found, "program", &bounds, limit).await
}

pub(in crate::store) async fn last_seen<D: Database>(
    on: &D,
    programs: &[ProgramId],
) -> StoreResult<Vec<(ProgramId, Timestamp)>> {
    let sql = format!(
        "SELECT program, max(last_seen) FROM sighting WHERE {} GROUP BY program",
        D::DIALECT.any("program", "$1")
    );
    let programs: Vec<i64> = programs.iter().map(|program| program.0).collect();
    on.query(&sql, &[programs.into()], |row| {
        Ok((ProgramId(row.number(0)?), codes::to_time(row.number(1)?)?))
    })
    .await
}
