-- Which hosts have the tag without being given it: a fleet::Membership in JSON.
ALTER TABLE tag ADD COLUMN membership TEXT NOT NULL DEFAULT '{}';
