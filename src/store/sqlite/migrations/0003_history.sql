-- What was in force once is listed by key, as what is in force now.
CREATE INDEX rule_past ON rule (rule_type, identifier, scope) WHERE ended IS NOT NULL;
