//! Lists of the sightings whose newest decision was made without a rule.

use super::conditions::Conditions;
use super::programs::{
    MOST_ROWS, PROGRAM, add_program, bounded, bounded_part, has_user, program, publisher_is,
    sighting, with_bytes,
};
use super::sightings::SIGHTING_ROW;
use super::{Database, Dialect, StoredRow};
use crate::fleet::ProgramId;
use crate::store::{
    ExaminedPart, ListPart, ProgramFilter, StoreResult, UndecidedFilter, UndecidedPosition,
    UndecidedSighting, codes,
};

/// Maximum undecided sightings that are examined for one part of a list.
const EXAMINED: usize = 5_000;

/// A part of the undecided sightings, newest first.
pub(in crate::store) async fn list<D: Database>(
    on: &D,
    filter: &UndecidedFilter,
    after: Option<UndecidedPosition>,
    limit: usize,
) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>> {
    let limit = limit.min(MOST_ROWS);
    let examined = if filter.examines_rows() { EXAMINED } else { limit };
    let mut wanted = Conditions::default();
    let newest = newest_undecided(D::DIALECT, &mut wanted, filter, after);
    let mut end = None;
    // Further conditions may leave out examined rows, so a part may have fewer rows than the limit
    // although the list continues. The next part then continues after `end`, the last examined row.
    // Without such conditions, `end` is not needed. The joins leave out no rows, because a sighting
    // is deleted before its program and its host's row.
    if filter.examines_rows() {
        let sql = format!("{newest} LIMIT 1 OFFSET {}", EXAMINED - 1);
        let read = |row: &(dyn StoredRow + '_)| undecided_position(row, [0, 1, 2]);
        end = on.query_filtered(&sql, &wanted.parameters, read).await?.pop();
    }
    add_undecided(D::DIALECT, &mut wanted, filter);
    add_program(on, &mut wanted, &filter.program, None).await?;
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
    let read = |row: &(dyn StoredRow + '_)| with_bytes(row, undecided_sighting);
    let rows = on.query_filtered(&sql, &wanted.parameters, read).await?;
    let ListPart { rows, more } = bounded_part(rows, limit);
    let next = if more { rows.last().map(|last| last.position) } else { end };
    Ok(ExaminedPart { rows, next })
}

const UNDECIDED_ORDER: &str = "last_seen DESC, program DESC, machine DESC";
/// The column with the row ID of a sighting's host, which follows the columns of [`sighting`].
const MACHINE: usize = 12;

fn undecided_sighting(row: &(dyn StoredRow + '_)) -> StoreResult<UndecidedSighting> {
    Ok(UndecidedSighting {
        sighting: sighting(row, 0)?,
        position: undecided_position(row, [3, 0, MACHINE])?,
        program: program(row, MACHINE + 1)?,
    })
}

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
    /// Whether the filter has conditions that [`newest_undecided`] does not check.
    fn examines_rows(&self) -> bool {
        let Self { machine: _, blocked: _, since: _, until: _, user, path, signer, text, program } =
            self;
        user.is_some()
            || path.is_some()
            || signer.is_some()
            || text.is_some()
            || *program != ProgramFilter::default()
    }
}

/// A query for the keys of undecided sightings after a position, newest first.
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

/// Adds the conditions that [`newest_undecided`] does not check, except those on the program.
fn add_undecided<'a>(
    dialect: Dialect,
    wanted: &mut Conditions<'a>,
    UndecidedFilter { user, path, signer, text, .. }: &'a UndecidedFilter,
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
        // The filter may contain a signing ID without its prefix. Clients before 2024 report the
        // signing ID without its team ID.
        wanted.add(&format!(
            "({publisher} OR p.signing_id = {exact} OR p.signing_id = p.team_id || ':' || {exact}
              OR p.team_id || ':' || p.signing_id = {exact}
              OR p.signing_id = 'platform:' || {exact})"
        ));
    }
    if let Some(text) = text {
        wanted.add_text(dialect, &["s.path", "p.sha256", "p.signing_id", "p.team_id"], text);
    }
}
