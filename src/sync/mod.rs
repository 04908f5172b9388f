//! Sessions, downloads, pages and clean syncs: the data that the server sends to hosts.
//!
//! Rules have a history, and a host's *holding* is a point in this history. A sync replaces the
//! rules that the host may have with the active rules. When the sync is completed, the holding is
//! updated. After a lost request, a lost response or a restart, the next sync corrects the host's
//! rules.
//!
//! The server calls `engine`. Preflight, rule download and postflight are in `session`, and event
//! upload is in `event_upload`. `live_policy` follows the store, `downloads` computes the steps and
//! pages for hosts, and `offers`, `proof`, `macs` and `epoch` keep track of the rules that hosts
//! have. `fleet_view` is for administrators.

mod active_rules;
mod bounds;
mod compute;
mod cursor;
mod destination;
mod downloads;
mod engine;
mod epoch;
mod error;
mod event_limit;
mod event_upload;
mod fleet_view;
mod generation;
mod kept_history;
mod ledger;
mod live_policy;
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
mod steps;
mod tally;
mod translate;
mod undecided;
mod unwritten;

pub use active_rules::{ActiveRule, ActiveRules, Delivery, Draft, StoredRules};
pub use compute::CacheFill;
pub use engine::Engine;
pub use epoch::RESTORE_SPREAD;
pub use error::SyncError;
pub use event_limit::EVENTS_PER_DAY;
pub use event_upload::EventIntake;
pub use fleet_view::{
    Evaluated, Explained, FleetView, HeldTarget, HostRule, HostStanding, HostStatus,
    first_version_for, supports,
};
pub use pages::RULES_A_PAGE;
pub use policy::HostSettings;
pub use undecided::{HostClass, UndecidedPrograms};
