//! What a host gets now: sessions, differences, pages, clean syncs. It alone translates between
//! our words and Santa's.
//!
//! Rules are kept in time, and a host's state is a place in that time: its *holding*, moved
//! only by a completed sync. A sync takes the host from what it may hold to what is in force,
//! and everything it says in between is repeatable, so that a lost request, a lost answer or a
//! restart is repaired by the next sync.

mod bounds;
mod compute;
mod cursor;
mod difference;
mod engine;
mod epoch;
mod error;
mod event_limit;
mod evidence;
mod explain;
mod generation;
mod kept_history;
mod ledger;
mod macs;
mod offers;
mod pages;
mod policy;
mod preflight_settings;
mod proof;
mod route;
mod rules_hash;
mod scope_sets;
mod session;
mod status;
mod steps;
mod translate;
mod unwritten;

pub use compute::CacheFill;
pub use engine::Engine;
pub use epoch::RESTORE_SPREAD;
pub use error::SyncError;
pub use event_limit::EVENTS_PER_DAY;
pub use explain::{Evaluated, Explained, HeldTarget, Verdict, first_version_for, takes};
pub use pages::RULES_A_PAGE;
pub use status::{InForce, Standing};
