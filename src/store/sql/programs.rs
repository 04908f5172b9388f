//! Lists of programs and sightings.

use jiff::Timestamp;

use super::conditions::Conditions;
use super::sightings::{SIGHTING_ROW, sighting_row};
use super::{Database, Dialect, Parameter, StoredRow, hosts};
use crate::fleet::{Decision, EventId, KnownProgram, ProgramId, Sighting};
use crate::rule::{Certificate, MachineId, Program};
use crate::store::bounds::LIST_BYTES;
use crate::store::new_sightings::SightingRow;
use crate::store::{
    ExaminedPart, ListPart, ProgramFilter, ProgramPosition, SightingFilter, StoreResult,
    UndecidedFilter, UndecidedPosition, UndecidedSighting, codes,
};

/// Maximum rows of one part of a list.
const MOST_ROWS: usize = 1_000;
/// Maximum programs that are examined for one part of a list.
const EXAMINED: usize = 20_000;
/// Maximum undecided sightings that are examined for one part of a list.
const EXAMINED_SIGHTINGS: usize = 5_000;
/// Approximate bytes of a sighting and its program, in addition to the sighting's path and lists.
const ROW_BYTES: usize = 512;

const PROGRAM: &str = "p.id, p.sha256, p.cdhash, p.team_id, p.signing_id, p.signing_status, \
     p.certificate, p.common_name, p.organization, p.name, p.bundle_name, p.first_seen, p.hosts";

fn program(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<KnownProgram> {
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
fn sighting(row: &(dyn StoredRow + '_), first: usize) -> StoreResult<Sighting> {
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
    let mut wanted = program_conditions(D::DIALECT, filter);
    let from = after.map_or([i64::MAX; 2], |at| [at.first_seen.as_millisecond(), at.id.0]);
    let end = match filter.is_indexed() {
        true => None,
        false => {
            // Without an index, programs are examined one by one, so their number is limited.
            let sql = "SELECT first_seen, id FROM program WHERE (first_seen, id) < ($1, $2)
                       ORDER BY first_seen DESC, id DESC LIMIT 1 OFFSET $3";
            let bounds = [from[0].into(), from[1].into(), codes::limit(EXAMINED - 1).into()];
            on.first(sql, &bounds, |row| Ok([row.number(0)?, row.number(1)?])).await?
        }
    };
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
        Some(last) => Some(ProgramPosition { first_seen: last.first_seen, id: last.id }),
        None => end.map(|[seen, id]| position(seen, id)).transpose()?,
    };
    Ok(ExaminedPart { rows, next })
}

fn position(first_seen: i64, id: i64) -> StoreResult<ProgramPosition> {
    Ok(ProgramPosition { first_seen: codes::to_time(first_seen)?, id: ProgramId(id) })
}

impl ProgramFilter {
    /// Whether an index finds the programs that match.
    fn is_indexed(&self) -> bool {
        self.sha256.is_some() || self.signing_id.is_some() || self.seen.machine.is_some()
    }
}

fn program_conditions<'a>(dialect: Dialect, filter: &'a ProgramFilter) -> Conditions<'a> {
    let ProgramFilter { sha256, signing_id, publisher, signing_status, text, since, seen } = filter;
    let mut wanted = Conditions::default();
    if let Some(sha256) = sha256 {
        wanted.and("p.sha256 = $", sha256.to_ascii_lowercase());
    }
    if let Some(signing_id) = signing_id {
        add_signing_id(&mut wanted, signing_id);
    }
    if let Some(publisher) = publisher {
        let by = publisher_is(dialect, &mut wanted, publisher);
        wanted.add(&format!("({by})"));
    }
    if let Some(status) = signing_status {
        wanted.and("p.signing_status = $", codes::signing_status(*status));
    }
    if let Some(text) = text {
        let columns = ["p.name", "p.bundle_name", "p.sha256", "p.signing_id", "p.team_id"];
        add_text(dialect, &mut wanted, &columns, text);
    }
    if let Some(since) = since {
        wanted.and("p.first_seen >= $", since.as_millisecond());
    }
    add_seen(dialect, &mut wanted, seen);
    wanted
}

/// Adds the condition that a program has a signing ID. Clients before 2024 report the signing ID
/// without its team ID.
fn add_signing_id<'a>(wanted: &mut Conditions<'a>, signing_id: &'a str) {
    let exact = wanted.value(signing_id);
    let mut ways = format!("p.signing_id = {exact}");
    if let Some((team, rest)) = signing_id.split_once(':') {
        let (team, rest) = (wanted.value(team), wanted.value(rest));
        ways.push_str(&format!(" OR (p.signing_id = {rest} AND p.team_id = {team})"));
    }
    wanted.add(&format!("({ways})"));
}

/// The condition that a program's team ID or certificate matches a publisher.
fn publisher_is<'a>(dialect: Dialect, wanted: &mut Conditions<'a>, publisher: &'a str) -> String {
    let lower = wanted.value(publisher.to_ascii_lowercase());
    let upper = wanted.value(publisher.to_ascii_uppercase());
    let named = ["common_name", "organization"]
        .map(|column| dialect.contains(&format!("lower(p.{column})"), &lower));
    format!("p.team_id = {upper} OR p.certificate = {lower} OR {} OR {}", named[0], named[1])
}

fn add_text<'a>(dialect: Dialect, wanted: &mut Conditions<'a>, columns: &[&str], text: &'a str) {
    let part = wanted.value(text.to_ascii_lowercase());
    // Joined by line breaks, so that a text without a line break cannot match across two columns.
    let searched = format!("lower({})", columns.join(" || '\n' || "));
    wanted.add(&dialect.contains(&searched, &part));
}

/// Adds the condition that a program has a sighting that matches a filter.
fn add_seen<'a>(dialect: Dialect, wanted: &mut Conditions<'a>, filter: &'a SightingFilter) {
    if *filter == SightingFilter::default() {
        return;
    }
    let SightingFilter { machine, user, blocked, undecided } = filter;
    let mut seen = Vec::new();
    if let Some(user) = user {
        seen.push(has_user(dialect, wanted, user));
    }
    if *blocked {
        seen.push("substr(s.decision, 1, 5) = 'BLOCK'".to_owned());
    }
    if *undecided {
        seen.push("s.undecided > 0".to_owned());
    }
    let condition = match machine {
        Some(machine) => {
            let machine = wanted.value(machine.as_str());
            seen.push(format!("s.machine = (SELECT id FROM machine WHERE name = {machine})"));
            let by = dialect.indexed_by("sighting_machine");
            format!("p.id IN (SELECT program FROM sighting AS s {by} WHERE {})", seen.join(" AND "))
        }
        None => {
            seen.push("s.program = p.id".to_owned());
            format!("EXISTS (SELECT 1 FROM sighting AS s WHERE {})", seen.join(" AND "))
        }
    };
    wanted.add(&condition);
}

/// The condition that a sighting has a user. In the JSON list of users, each name is quoted and
/// follows a comma or the start of the list. Quotes within a name are escaped.
fn has_user(dialect: Dialect, wanted: &mut Conditions<'_>, user: &str) -> String {
    let name = serde_json::Value::from(&*dialect.stored_text(user)).to_string();
    let part = wanted.value(format!(",{name}"));
    dialect.contains("',' || substr(s.users, 2)", &part)
}

/// A query for the first rows of the query `found`, until [`LIST_BYTES`] is reached. `found` must
/// return the columns `program`, `machine_name` and [`SIGHTING_ROW`].
fn bounded(found: &str, order: &str) -> String {
    format!(
        "SELECT * FROM (
             SELECT found.*, {size} AS size, sum({size}) OVER (ORDER BY {order}) AS total
             FROM ({found}) AS found
         ) AS sized WHERE total - size < {LIST_BYTES} ORDER BY {order}",
        size =
            format!("octet_length(path) + octet_length(users) + octet_length(paths) + {ROW_BYTES}")
    )
}

async fn sighting_part(
    on: &impl Database,
    found: &str,
    order: &str,
    parameters: &[Parameter<'_>],
    limit: usize,
) -> StoreResult<ListPart<Sighting>> {
    let sql = bounded(found, order);
    let mut bytes = 0;
    let rows = on
        .query(&sql, parameters, |row| {
            bytes = row.number(row.width() - 1)?;
            sighting(row, 0)
        })
        .await?;
    let more = rows.len() == limit || bytes >= codes::limit(LIST_BYTES);
    Ok(ListPart { rows, more })
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

pub(in crate::store) async fn undecided<D: Database>(
    on: &D,
    filter: &UndecidedFilter,
    after: Option<UndecidedPosition>,
    limit: usize,
) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>> {
    let limit = limit.min(MOST_ROWS);
    let examined = if filter.examines_rows() { EXAMINED_SIGHTINGS } else { limit };
    let mut wanted = Conditions::default();
    let newest = newest_undecided(D::DIALECT, &mut wanted, filter, after);
    let sql = format!("{newest} LIMIT 1 OFFSET {}", examined.saturating_sub(1));
    let end = on.query_filtered(&sql, &wanted.parameters, |row| undecided_position(row, [0, 1, 2]));
    let end = end.await?.pop();
    add_undecided(D::DIALECT, &mut wanted, filter);
    let join = D::DIALECT.join_in_order();
    let own: Vec<String> = SIGHTING_ROW.split(", ").map(|column| format!("s.{column}")).collect();
    let found = format!(
        "SELECT s.program, m.name AS machine_name, {}, s.machine, {PROGRAM}
         FROM ({newest} LIMIT {examined}) AS page
         {join} sighting AS s ON s.program = page.program AND s.machine = page.machine
         {join} program AS p ON p.id = page.program {join} machine AS m ON m.id = page.machine
         WHERE {} ORDER BY s.last_seen DESC, s.program DESC, s.machine DESC LIMIT {limit}",
        own.join(", "),
        wanted.sql
    );
    let sql = bounded(&found, UNDECIDED_ORDER);
    let mut bytes = 0;
    let rows = on.query_filtered(&sql, &wanted.parameters, |row| {
        bytes = row.number(row.width() - 1)?;
        Ok(UndecidedSighting {
            sighting: sighting(row, 0)?,
            position: undecided_position(row, [3, 0, MACHINE])?,
            program: program(row, MACHINE + 1)?,
        })
    });
    let rows = rows.await?;
    let is_cut = rows.len() == limit || bytes >= codes::limit(LIST_BYTES);
    let next = if is_cut { rows.last().map(|last| last.position) } else { end };
    Ok(ExaminedPart { rows, next })
}

const UNDECIDED_ORDER: &str = "last_seen DESC, program DESC, machine DESC";
/// The index of the column with a host's row ID, which follows the columns of [`sighting`].
const MACHINE: usize = 12;

fn undecided_position(
    row: &(dyn StoredRow + '_),
    [seen, program, machine]: [usize; 3],
) -> StoreResult<UndecidedPosition> {
    Ok(UndecidedPosition {
        last_seen: codes::to_time(row.number(seen)?)?,
        program: ProgramId(row.number(program)?),
        machine: row.number(machine)?,
    })
}

impl UndecidedFilter {
    /// Whether the filter has conditions that an index cannot check.
    fn examines_rows(&self) -> bool {
        let Self { machine: _, blocked: _, since: _, until: _, user, path, signer, text } = self;
        user.is_some() || path.is_some() || signer.is_some() || text.is_some()
    }
}

/// A query for the keys of undecided sightings after a position, newest first. It includes only
/// the conditions that an index can check.
fn newest_undecided<'a>(
    dialect: Dialect,
    wanted: &mut Conditions<'a>,
    filter: &'a UndecidedFilter,
    after: Option<UndecidedPosition>,
) -> String {
    let [seen, program, machine] = after
        .map_or([i64::MAX; 3], |at| [at.last_seen.as_millisecond(), at.program.0, at.machine])
        .map(|bound| wanted.value(bound));
    let mut range = format!("(last_seen, program, machine) < ({seen}, {program}, {machine})");
    if let Some(since) = filter.since {
        range.push_str(&format!(" AND last_seen >= {}", wanted.value(since.as_millisecond())));
    }
    if let Some(until) = filter.until {
        range.push_str(&format!(" AND last_seen < {}", wanted.value(until.as_millisecond())));
    }
    let index = match &filter.machine {
        Some(machine) => {
            let name = wanted.value(machine.as_str());
            range.push_str(&format!(" AND machine = (SELECT id FROM machine WHERE name = {name})"));
            "sighting_machine"
        }
        None => "sighting_undecided",
    };
    let by = dialect.indexed_by(index);
    let of = |code: i64| {
        format!(
            "SELECT last_seen, program, machine FROM sighting {by}
             WHERE undecided = {code} AND undecided > 0 AND {range}"
        )
    };
    let blocked = of(codes::BLOCKED_UNDECIDED);
    match filter.blocked {
        true => format!("{blocked} ORDER BY {UNDECIDED_ORDER}"),
        false => dialect.union(&blocked, &of(codes::ALLOWED_UNDECIDED), UNDECIDED_ORDER),
    }
}

/// Adds the conditions that an index cannot check.
fn add_undecided<'a>(
    dialect: Dialect,
    wanted: &mut Conditions<'a>,
    UndecidedFilter { machine: _, blocked: _, since: _, until: _, user, path, signer, text }: &'a UndecidedFilter,
) {
    if let Some(user) = user {
        let has_user = has_user(dialect, wanted, user);
        wanted.add(&has_user);
    }
    if let Some(path) = path {
        let more = if path.is_whole() { "" } else { "*" };
        let pattern = wanted.value(dialect.pattern(&format!("{}{more}", path.as_str())));
        wanted.add(&dialect.matches("s.path", &pattern));
    }
    if let Some(signer) = signer {
        let publisher = publisher_is(dialect, wanted, signer);
        let exact = wanted.value(signer.as_str());
        // Clients before 2024 report the signing ID without its team.
        wanted.add(&format!(
            "({publisher} OR p.signing_id = {exact} OR p.signing_id = p.team_id || ':' || {exact}
              OR p.team_id || ':' || p.signing_id = {exact}
              OR p.signing_id = 'platform:' || {exact})"
        ));
    }
    if let Some(text) = text {
        add_text(dialect, wanted, &["s.path", "p.sha256", "p.signing_id", "p.team_id"], text);
    }
}
