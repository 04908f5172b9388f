-- What was in force once is found by key, as what is in force now.
CREATE INDEX rule_past ON rule (rule_type, identifier, scope) WHERE ended IS NOT NULL;

-- How much each revision did, as JSON.
ALTER TABLE revision ADD COLUMN counts text COLLATE "C" NOT NULL DEFAULT '{}';
