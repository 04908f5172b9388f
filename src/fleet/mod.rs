//! Vocabulary of the fleet: hosts, tags, settings and their layers, events, approvals.
