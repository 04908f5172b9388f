//! The types that describe a fleet, such as hosts, tags, settings, events and roles.

mod actor;
mod clock;
mod epoch;
mod event;
mod host;
mod person;
mod policy_difference;
mod program;
mod role;
mod setting;
mod tag;
mod token_name;

pub use actor::Actor;
pub use clock::{Clock, ClockGuard, ClockJump, LONGEST_GAP, parse_duration};
pub use epoch::{Epoch, EpochId};
pub use event::{
    Ancestor, BundleMembers, Decision, Event, EventId, EventKind, EventKindError, EventStat,
    FileAccess, KNOWN_DECISIONS, PathPattern, PathPatternError, SigningLink,
};
pub use host::{
    CleanOrder, CleanSync, Conflict, ConflictKind, Drift, Fingerprint, Generation, Holding, Host,
    HostFacts, Leg, Macs, Miscount, NotAHash, Offers, OtherMac, Reach, Recognized, RuleCounts,
    RulesHash, SYNC_TAKES, ScopeSetId, SeenMac, Session, SessionKind, SyncState, Trail, UnionLeg,
};
pub use person::{PersonName, PersonNameError, Pseudonym, Renaming, redact_home};
pub use policy_difference::{DiffOptions, PolicyDifference, PolicyDifferences, PolicyState};
pub use program::{KnownProgram, ProgramId, Sighting};
pub use role::Role;
pub use setting::{
    BatchSize, ClientMode, DriftRepair, EffectiveSettings, EventAge, EventLimit,
    FileAccessOverride, HistoryAge, HostAge, Interval, KeepPaths, MachineIdConflicts,
    OptionalSettings, PathRegex, RemountFlag, RemovableMedia, Setting, SettingError, SettingKey,
    SightingAge,
};
pub use tag::{
    DescriptionTooLong, HostPattern, Membership, MembershipError, ReportedName, Serial, Tag,
    TagDescription, TagMerge, Tags, TooManyMembers,
};
pub use token_name::{TokenName, TokenNameError};
