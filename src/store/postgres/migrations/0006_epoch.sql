-- One row: which epoch of the database this is, and when it began. Another epoch begins when hosts
-- may be ahead of their rows, because the database was restored or copied. The program gives a new
-- database an ID of its own; in an older one, 0 is the epoch of all hosts.
CREATE TABLE epoch (
    one   bigint PRIMARY KEY CHECK (one = 1),
    id    bigint NOT NULL,
    began bigint
);

INSERT INTO epoch (one, id) VALUES (1, 0);
