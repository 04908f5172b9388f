//! Vocabulary of the fleet: hosts, tags, settings and their layers, what is in force and how it
//! differs, events, the state of a host's sync. No I/O.

mod actor;
mod bundle;
mod clock;
mod clock_guard;
mod difference;
mod epoch;
mod event;
mod holding;
mod host;
mod macs;
mod membership;
mod proof;
mod role;
mod setting;
mod tag;
mod token_name;

pub use actor::Actor;
pub use bundle::Members;
pub use clock::{Clock, parse_duration};
pub use clock_guard::{ClockGuard, ClockJump, LONGEST_GAP};
pub use difference::{Difference, Differences, InForce, Terms};
pub use epoch::{Epoch, EpochId};
pub use event::{
    Ancestor, Decision, Event, EventId, EventKind, EventKindError, EventStat, FileAccess,
    KNOWN_DECISIONS, PathPattern, PathPatternError, SigningLink,
};
pub use holding::{
    CleanOrder, CleanSync, Generation, Holding, Miscount, Offers, Reach, ScopeSetId, Session,
    SessionKind, SyncState,
};
pub use host::{Host, HostFacts, RuleCounts};
pub use macs::{
    Conflict, ConflictKind, Fingerprint, Macs, OtherMac, Recognized, SYNC_TAKES, Sighting,
};
pub use membership::{
    HostPattern, Membership, MembershipError, ReportedName, Serial, TooManyMembers,
};
pub use proof::{Drift, Leg, NotAHash, RulesHash, Trail, UnionLeg};
pub use role::Role;
pub use setting::{
    BatchSize, ClientMode, DriftRepair, EffectiveSettings, EventAge, EventLimit,
    FileAccessOverride, HistoryAge, Interval, MachineIdConflicts, OptionalSettings, PathRegex,
    RemountFlag, RemovableMedia, Setting, SettingError, SettingKey,
};
pub use tag::{DescriptionTooLong, Tag, TagDescription, Tags};
pub use token_name::{TokenName, TokenNameError};
