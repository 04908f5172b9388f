-- Which hosts have the tag without being given it: a fleet::Membership in JSON.
ALTER TABLE tag ADD COLUMN membership text COLLATE "C" NOT NULL DEFAULT '{}';
