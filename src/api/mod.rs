//! The wire format of the admin API: requests, responses and problems.
//!
//! Within `/api/v1`, fields may be added, but are never renamed or removed.

mod backups;
mod decision;
mod event;
mod event_query;
mod explain;
mod history;
mod host;
mod instant;
mod patch;
mod path;
mod person;
mod plan;
mod problem;
mod program;
mod readiness;
mod rule;
mod schema;
mod settings;
mod strict;
mod tag;
mod token;

pub use backups::{BackupStatus, LastBackup};
pub use decision::{
    BundleAnswer, BundleApproval, DecisionAnswer, DecisionRequest, DecisionsAnswer,
    DecisionsRequest, ProgramDecision, UndoAnswer, UndoRequest,
};
pub use event::{
    AccessView, BundleState, BundleView, EventDetail, EventImport, EventImportAnswer, EventView,
    HostReport, WaitingHost, WaitingView,
};
pub use event_query::{EventQuery, EventStatQuery, WaitingQuery};
pub use explain::{
    EvaluationRequest, EvaluationView, ExplainQuery, Explanation, NextSync, RuleMatch, RulePart,
    StepView, Verdict,
};
pub use history::{RevisionChangesQuery, RevisionQuery, RuleHistoryQuery, RuleVersionView};
pub use host::{
    AcceptMacRequest, BehindReason, CleanSyncRequest, ConflictView, Contact, DriftView,
    ForgetHostQuery, ForgetHostsAnswer, ForgetHostsRequest, HostCount, HostCounts, HostNames,
    HostNamesRequest, HostQuery, HostRules, HostState, HostTagsRequest, HostToForget, HostView,
    HostsOfName, MacSighting, MacView, ModeView, TagHostsRequest,
};
pub use patch::{ExpiresIn, FieldPatch, RulePatch};
pub use path::{EventPath, HostPath, PersonPath, ProgramPath, RevisionPath, TagPath, TokenPath};
pub use person::{
    ForgetPersonAnswer, ForgetPersonRequest, PersonQuery, PersonRecordKind, PersonRecordView,
};
pub use plan::{PolicyAnswer, PolicyChange, PolicyRequest, RollbackRequest, Subject};
pub use problem::{Code, Detail, Problem};
pub use program::{
    DecisionView, ProgramDetail, ProgramQuery, ProgramView, SightingQuery, SightingView,
};
pub use readiness::{Readiness, Reason};
pub use rule::{ChangeAnswer, ChangeWarning, RuleChange, RuleQuery, RuleView};
pub use settings::{HostSetting, SettingView, SettingsQuery, SettingsRequest};
pub use strict::Strict;
pub use tag::{TagQuery, TagRequest};
pub use token::{NewToken, TokenRequest, TokenView};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::fleet::Role;
use crate::rule::Revision;

/// The path of the admin API below a server's base URL.
pub const ROOT: &str = "/api/v1";

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether items may be missing, because the server has not yet read all events that an older
    /// version stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reading_older_events: bool,
}

impl<T> Page<T> {
    pub fn new(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next, reading_older_events: false }
    }
}

/// The response of an operation without a result: an empty object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {}

/// The state of the server, and the name and role of the request's token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The server's version.
    pub version: String,
    /// The newest revision.
    pub revision: Revision,
    /// The time of the server's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// The number of active rules. Absent for a local database, unless `read_rules` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// The size of the database. Absent if it could not be read within a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseSize>,
    /// The scheduled backups. Absent if the server writes none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backups: Option<BackupStatus>,
    /// The first revision whose history is kept. Absent if no history was deleted, or if the start
    /// of the history could not be read within a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_start: Option<HistoryStart>,
    /// The sizes of caches in the server.
    #[serde(default)]
    pub caches: Vec<CacheView>,
    /// The number of rule pages that this server encoded since it started. Hosts that need the same
    /// page can share it.
    pub pages_encoded: u64,
    /// The number of events that this server dropped because their host had reached its daily
    /// limit. Counted since the server started.
    #[serde(default)]
    pub events_dropped: u64,
    /// The number of events that this server stored, but did not count for their programs, because
    /// their host had reported too many new programs that day. Counted since the server started.
    #[serde(default)]
    pub sightings_dropped: u64,
    /// The number of requests that exceeded a limit per minute, since this server started. The
    /// server refused these requests, or dropped their events.
    #[serde(default)]
    pub requests_over_limits: u64,
    /// Clients that exceeded a limit, the most recent first. Each entry is for one client and one
    /// limit. At most 20 entries.
    #[serde(default)]
    pub exceeded_limits: Vec<ExceededLimit>,
    /// The number of requests whose handler panicked because of a bug, since this server started.
    /// The log has the reasons.
    #[serde(default)]
    pub panics: u64,
    /// The longest time, in microseconds, that one task occupied a request thread since the server
    /// started. Other requests may have waited that long.
    #[serde(default)]
    pub longest_poll_micros: u64,
    /// The name of the request's token, or `local:USER` for a local database.
    pub token: String,
    /// The role of the token, or `admin` for a local database.
    pub role: Role,
    /// Whether the server works, as `/readyz` reports it.
    #[serde(default)]
    pub readiness: Readiness,
    /// The number of rules, settings and tags that this version cannot read, at most 1,000. They
    /// are kept in the database, but have no effect.
    #[serde(default)]
    pub unreadable: usize,
    /// Some of the rows that this version cannot read, at most 20.
    #[serde(default)]
    pub unreadable_rows: Vec<UnreadableRow>,
}

/// The size of a cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CacheView {
    /// The name of the cache, such as `differences`.
    pub name: String,
    /// The number of entries.
    pub entries: u64,
    /// The size of the entries in bytes.
    pub bytes: u64,
    /// The maximum size in bytes.
    pub limit: u64,
}

/// The size of a database, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatabaseSize {
    /// The size of the SQLite file and its write-ahead log, or of the PostgreSQL database.
    pub bytes: u64,
    /// Free space on the disk that contains the SQLite file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_free: Option<u64>,
}

/// The first revision whose history is kept. Older revisions cannot be restored, and their changes
/// can no longer be listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HistoryStart {
    /// The revision.
    pub revision: Revision,
    /// When the revision was created.
    pub at: Timestamp,
}

/// A client that exceeded a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExceededLimit {
    /// The option of `nicelist serve` that sets the limit, such as `host-requests-per-minute`.
    pub limit: String,
    /// The client, as `host MACHINE-ID` or `address ADDRESS`. Clients of an untrusted proxy on the
    /// server's own machine are listed as `an untrusted proxy on this machine`.
    pub client: String,
    /// The number of requests beyond the limit. For `events-per-day`, the number of events that
    /// were dropped today.
    pub requests: u64,
    /// When the client last exceeded the limit.
    pub last: Timestamp,
}

/// Options for the content of the status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct StatusQuery {
    /// Whether to read all rules of a local database first, so that `unreadable_rows` contains
    /// unreadable rules. Has no effect on a server, which has already read all rules.
    pub read_rules: bool,
}

/// A rule, setting or tag that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadableRow {
    /// `rule`, `setting` or `tag`.
    pub table: String,
    /// The ID of the row in the database.
    pub id: i64,
    /// The identifier of the rule, or the name of the setting or tag.
    pub about: String,
    /// Why the row cannot be read.
    pub reason: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
