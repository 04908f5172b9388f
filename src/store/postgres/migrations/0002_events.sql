-- Lists look at many events and show few. What they look at stands in `event`, which is narrow;
-- the rest of each event in `event_body`, which is read for what is shown.
--
-- Both are partitioned by the week in which an event was received, so that what is old goes with
-- its partition. The adapter makes a partition when the first event of its week comes; should one
-- come all the same for which there is none, the default takes it.

CREATE SEQUENCE event_id AS bigint;

CREATE TABLE event (
    id          bigint NOT NULL DEFAULT nextval('event_id'),
    machine     text COLLATE "C" NOT NULL,
    received    bigint NOT NULL,
    decision    text COLLATE "C" NOT NULL,
    occurred    bigint,
    pid         bigint NOT NULL,
    sha256      text COLLATE "C" NOT NULL,
    signing_id  text COLLATE "C" NOT NULL,
    team_id     text COLLATE "C" NOT NULL,
    "user"      text COLLATE "C" NOT NULL,
    path        text COLLATE "C" NOT NULL,
    -- Numbers that stand for kinds are pinned in codes.rs.
    kind        bigint NOT NULL,
    blocked     bigint NOT NULL,
    -- SHA-256 and common name of the leaf certificate.
    certificate text COLLATE "C" NOT NULL,
    signer      text COLLATE "C" NOT NULL,
    -- The hash of the bundle that a bundle's member belongs to.
    member_of   text COLLATE "C" NOT NULL,
    -- The profile's rule and the file, of a file access.
    rule        text COLLATE "C" NOT NULL,
    file        text COLLATE "C" NOT NULL,
    PRIMARY KEY (id, received)
) PARTITION BY RANGE (received);

ALTER SEQUENCE event_id OWNED BY event.id;

CREATE INDEX event_machine ON event (machine, id);
CREATE INDEX event_received ON event (received);
CREATE INDEX event_member ON event (member_of, sha256) WHERE member_of <> '';
-- What was stopped is little among all that was seen, and is asked for most.
CREATE INDEX event_blocked ON event (id) WHERE blocked = 1;

-- The time is here only to say which partition a body is in.
CREATE TABLE event_body (
    id       bigint NOT NULL,
    received bigint NOT NULL,
    body     text COLLATE "C" NOT NULL,
    PRIMARY KEY (id, received)
) PARTITION BY RANGE (received);

CREATE TABLE event_default PARTITION OF event DEFAULT;
CREATE TABLE event_body_default PARTITION OF event_body DEFAULT;

-- An index over all partitions cannot be unique without `received`, which does not tell events
-- apart. So what tells them apart stands once more here, as a digest. Entries received before
-- `event_floor` in `meta` are of partitions that were dropped: they count as absent, and are
-- cleared away a few at a time.
CREATE TABLE event_once (
    digest   bytea PRIMARY KEY,
    id       bigint NOT NULL,
    received bigint NOT NULL
);

CREATE INDEX event_once_received ON event_once (received);
