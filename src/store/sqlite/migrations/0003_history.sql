-- What was in force once is found by key, as what is in force now.
CREATE INDEX rule_past ON rule (rule_type, identifier, scope) WHERE ended IS NOT NULL;

-- How much each revision did, as JSON. Which hosts were tagged when is not known of the older ones.
ALTER TABLE revision ADD COLUMN counts TEXT NOT NULL DEFAULT '{}';

UPDATE revision SET counts = json_object(
    'rules', json_object('added', rules_made - rules_changed,
                         'changed', rules_changed, 'removed', rules_ended - rules_changed),
    'settings', json_object('added', settings_made - settings_changed,
                            'changed', settings_changed, 'removed', settings_ended - settings_changed),
    'tags', json_object('added', tags_made - tags_changed,
                        'changed', tags_changed, 'removed', tags_ended - tags_changed)
) FROM (
    SELECT id AS number,
        (SELECT count(*) FROM rule WHERE made = r.id) AS rules_made,
        (SELECT count(*) FROM rule WHERE ended = r.id) AS rules_ended,
        (SELECT count(*) FROM rule AS n WHERE n.made = r.id AND EXISTS (
            SELECT 1 FROM rule AS o
            WHERE (o.rule_type, o.identifier, o.scope) = (n.rule_type, n.identifier, n.scope)
              AND o.ended = r.id AND o.ended IS NOT NULL)) AS rules_changed,
        (SELECT count(*) FROM setting WHERE made = r.id) AS settings_made,
        (SELECT count(*) FROM setting WHERE ended = r.id) AS settings_ended,
        (SELECT count(*) FROM setting AS n JOIN setting AS o
            ON o.ended = n.made AND (o.scope, o.key) = (n.scope, n.key)
            WHERE n.made = r.id) AS settings_changed,
        (SELECT count(*) FROM tag WHERE made = r.id) AS tags_made,
        (SELECT count(*) FROM tag WHERE ended = r.id) AS tags_ended,
        (SELECT count(*) FROM tag AS n JOIN tag AS o ON o.ended = n.made AND o.name = n.name
            WHERE n.made = r.id) AS tags_changed
    FROM revision AS r
) WHERE number = id;
