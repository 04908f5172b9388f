-- The programs that hosts reported, and the hosts that each was seen on. They are counted when
-- events are stored, and are kept when the events are deleted.

-- Different identifiers that rules can match are different programs, even for the same file.
CREATE TABLE program (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    -- A hash over the identifiers.
    digest            BLOB NOT NULL,
    sha256            TEXT NOT NULL,
    cdhash            TEXT NOT NULL,
    team_id           TEXT NOT NULL,
    signing_id        TEXT NOT NULL,
    signing_status    INTEGER NOT NULL,
    -- SHA-256 of the leaf certificate.
    certificate       TEXT NOT NULL,
    -- The names in the first report.
    common_name       TEXT NOT NULL,
    organization      TEXT NOT NULL,
    name              TEXT NOT NULL,
    bundle_name       TEXT NOT NULL,
    first_seen        INTEGER NOT NULL,
    -- The ID of the first report, which may be deleted.
    first_event       INTEGER NOT NULL,
    -- The number of its sightings. There is at least one.
    hosts             INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX program_digest ON program (digest);
CREATE INDEX program_sha256 ON program (sha256);
CREATE INDEX program_signing_id ON program (signing_id) WHERE signing_id <> '';
CREATE INDEX program_team_id ON program (team_id) WHERE team_id <> '';
CREATE INDEX program_certificate ON program (certificate) WHERE certificate <> '';
CREATE INDEX program_first_seen ON program (first_seen, id);

-- Numbers for machine IDs, which are long. A host need not be enrolled to report programs.
CREATE TABLE machine (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL UNIQUE,
    -- 1 if the host was forgotten before its older events were counted. They never are.
    forgotten INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sighting (
    program    INTEGER NOT NULL,
    machine    INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    reports    INTEGER NOT NULL,
    -- Of the newest event, which may be deleted: its decision, its ID and its path.
    decision   TEXT NOT NULL,
    latest     INTEGER NOT NULL,
    path       TEXT NOT NULL,
    -- 1 if that decision was BLOCK_UNKNOWN, 2 if it was ALLOW_UNKNOWN, 0 otherwise.
    undecided  INTEGER NOT NULL,
    -- JSON lists of bounded length, and whether there were more.
    users      TEXT NOT NULL,
    paths      TEXT NOT NULL,
    more_users INTEGER NOT NULL,
    more_paths INTEGER NOT NULL,
    PRIMARY KEY (program, machine)
) STRICT, WITHOUT ROWID;

CREATE INDEX sighting_machine ON sighting (machine, program);
-- A page of the newest undecided sightings is a range.
CREATE INDEX sighting_undecided ON sighting (undecided, last_seen, program, machine)
    WHERE undecided > 0;

-- Events up to this one are not counted yet. A background task counts them, newest first.
INSERT INTO meta (key, value)
    SELECT 'uncounted_events', max(id) FROM event HAVING max(id) IS NOT NULL;
