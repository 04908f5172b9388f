-- A hash over what each row says; see checksum.rs. The program fills it for the rows that exist.
ALTER TABLE rule ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE setting ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tag ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
