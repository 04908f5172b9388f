-- Times are milliseconds since 1970. Numbers that stand for words are pinned in codes.rs.
-- Policy is kept in time: a row is in force from the revision `made` up to, not including,
-- `ended`; NULL is "still".

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revision (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    author  TEXT NOT NULL,
    message TEXT
) STRICT;

CREATE TABLE scope (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (kind, name)
) STRICT;

CREATE TABLE rule (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    rule_type    INTEGER NOT NULL,
    identifier   TEXT NOT NULL,
    scope        INTEGER NOT NULL REFERENCES scope (id),
    made         INTEGER NOT NULL REFERENCES revision (id),
    ended        INTEGER REFERENCES revision (id),
    policy       INTEGER NOT NULL,
    cel          TEXT,
    message      TEXT,
    url          TEXT,
    button_label TEXT,
    app_name     TEXT,
    bundle_hash  TEXT,
    bundle_count INTEGER,
    comment      TEXT,
    ticket       TEXT,
    source       TEXT,
    expires      INTEGER
) STRICT;

-- Key first, so that a page of a list is a range and a sorted import appends.
CREATE UNIQUE INDEX rule_live ON rule (rule_type, identifier, scope) WHERE ended IS NULL;
CREATE INDEX rule_made ON rule (made);
CREATE INDEX rule_ended ON rule (ended) WHERE ended IS NOT NULL;
CREATE INDEX rule_expires ON rule (expires) WHERE ended IS NULL AND expires IS NOT NULL;

CREATE TABLE setting (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    scope INTEGER NOT NULL REFERENCES scope (id),
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    made  INTEGER NOT NULL REFERENCES revision (id),
    ended INTEGER REFERENCES revision (id)
) STRICT;

CREATE UNIQUE INDEX setting_live ON setting (scope, key) WHERE ended IS NULL;

CREATE TABLE tag (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    description TEXT,
    made        INTEGER NOT NULL REFERENCES revision (id),
    ended       INTEGER REFERENCES revision (id)
) STRICT;

CREATE UNIQUE INDEX tag_live ON tag (name) WHERE ended IS NULL;

CREATE TABLE host (
    machine      TEXT PRIMARY KEY,
    version      INTEGER NOT NULL,
    serial       TEXT NOT NULL COLLATE NOCASE,
    hostname     TEXT NOT NULL COLLATE NOCASE,
    primary_user TEXT NOT NULL,
    tags         TEXT NOT NULL,
    first_seen   INTEGER NOT NULL,
    sync         TEXT NOT NULL,
    facts        TEXT NOT NULL
) STRICT;

CREATE INDEX host_machine ON host (machine COLLATE NOCASE);
CREATE INDEX host_serial ON host (serial);
CREATE INDEX host_hostname ON host (hostname);
CREATE INDEX host_user ON host (primary_user);

CREATE TABLE scope_set (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    members TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    machine    TEXT NOT NULL,
    received   INTEGER NOT NULL,
    decision   TEXT NOT NULL,
    occurred   INTEGER,
    pid        INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    signing_id TEXT NOT NULL,
    team_id    TEXT NOT NULL,
    user       TEXT NOT NULL,
    path       TEXT NOT NULL,
    body       TEXT NOT NULL
) STRICT;

-- NULLs differ from each other in an index; the lowest number stands for "no time" here.
CREATE UNIQUE INDEX event_once
    ON event (machine, sha256, decision, ifnull(occurred, -9223372036854775808), pid);
CREATE INDEX event_received ON event (received);

CREATE TABLE token (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    hash    BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX token_live ON token (name) WHERE revoked = 0;
