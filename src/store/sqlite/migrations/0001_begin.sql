-- Times are milliseconds since 1970. Whatever is kept in time is in force from the revision
-- `made` up to, not including, `ended`.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
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
    scope        INTEGER NOT NULL REFERENCES scope,
    rule_type    INTEGER NOT NULL,
    identifier   TEXT NOT NULL,
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
    expires      INTEGER,
    made         INTEGER NOT NULL,
    ended        INTEGER
) STRICT;
CREATE UNIQUE INDEX rule_in_force ON rule (rule_type, identifier, scope) WHERE ended IS NULL;
CREATE INDEX rule_made ON rule (made);
CREATE INDEX rule_ended ON rule (ended) WHERE ended IS NOT NULL;
CREATE INDEX rule_expires ON rule (expires) WHERE expires IS NOT NULL AND ended IS NULL;

CREATE TABLE setting (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    scope INTEGER NOT NULL REFERENCES scope,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    made  INTEGER NOT NULL,
    ended INTEGER
) STRICT;
CREATE UNIQUE INDEX setting_in_force ON setting (scope, key) WHERE ended IS NULL;

CREATE TABLE tag (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    priority    INTEGER NOT NULL,
    description TEXT,
    made        INTEGER NOT NULL,
    ended       INTEGER
) STRICT;
CREATE UNIQUE INDEX tag_in_force ON tag (name) WHERE ended IS NULL;

CREATE TABLE host (
    machine      TEXT PRIMARY KEY,
    version      INTEGER NOT NULL,
    serial       TEXT NOT NULL,
    hostname     TEXT NOT NULL,
    primary_user TEXT NOT NULL,
    facts        TEXT NOT NULL,
    tags         TEXT NOT NULL,
    first_seen   INTEGER NOT NULL,
    sync         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE scope_set (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    members TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    machine    TEXT NOT NULL,
    received   INTEGER NOT NULL,
    occurred   INTEGER NOT NULL, -- 0 when not told
    decision   TEXT NOT NULL,
    blocked    INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    user       TEXT NOT NULL,
    signing_id TEXT NOT NULL,
    team_id    TEXT NOT NULL,
    path       TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    body       TEXT NOT NULL,
    UNIQUE (machine, sha256, decision, occurred, pid)
) STRICT;

CREATE TABLE token (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    hash    BLOB NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX token_works ON token (name) WHERE NOT revoked;
