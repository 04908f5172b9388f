-- Columns by which hosts are counted. They are written with the row, from `sync`, `facts` and
-- `tags`. When this migration runs, they are filled for the rows that exist.
ALTER TABLE host ADD COLUMN state_key INTEGER NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN tags_key INTEGER NOT NULL DEFAULT 0;
-- 1 if a sync has begun and has not been completed.
ALTER TABLE host ADD COLUMN syncing INTEGER NOT NULL DEFAULT 0;
-- The second of the last preflight.
ALTER TABLE host ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;

-- All hosts are counted by reading this index. Hosts of one group that sync move from one end of
-- the group to the other, so few pages change.
CREATE INDEX host_state ON host (state_key, tags_key, syncing, seen);
