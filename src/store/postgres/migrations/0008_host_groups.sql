-- Columns by which hosts are counted. They are written with the row, from `sync`, `facts` and
-- `tags`. When this migration runs, they are filled for the rows that exist.
ALTER TABLE host ADD COLUMN state_key bigint NOT NULL DEFAULT 0;
ALTER TABLE host ADD COLUMN tags_key bigint NOT NULL DEFAULT 0;
-- 1 if a sync has begun and has not been completed.
ALTER TABLE host ADD COLUMN syncing bigint NOT NULL DEFAULT 0;
-- The second of the last preflight.
ALTER TABLE host ADD COLUMN seen bigint NOT NULL DEFAULT 0;

-- `syncing` and `seen` change with every sync, so they are in no index.
CREATE INDEX host_state ON host (state_key, tags_key);
