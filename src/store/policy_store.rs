//! Rules, settings and tags, and their history.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Change, Committed, LedgerRow, PolicySnapshot, RevisedRule, RevisedRulePosition, RevisionFilter,
    RuleFilter, RuleRecord, RuleVersion, StoreResult,
};
use crate::fleet::PolicyState;
use crate::rule::{Revision, RevisionRecord, RevisionSummary, RuleKey, Target};

/// Methods that write use one transaction, except [`PolicyStore::delete_history`]. The writes are
/// committed when the method returns.
#[async_trait]
pub trait PolicyStore: Send + Sync + 'static {
    /// Stores all edits of a change as one revision, or none of them. No revision is created for a
    /// dry run, or if nothing changes, for example because the edits cancel each other. Times are
    /// stored in whole milliseconds.
    async fn commit(&self, change: Change) -> StoreResult<Committed>;

    /// Ends every rule that expires at `now` or before, as one revision. Returns the revision if
    /// there was such a rule.
    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>>;

    /// Whether any active rule expires at `now` or before.
    async fn has_expired(&self, now: Timestamp) -> StoreResult<bool>;

    /// From now on, [`PolicyStore::ledger`] and lists of active rules treat rules that expire at or
    /// before this time as ended. Readers that must not write call this instead of
    /// [`PolicyStore::expire`]. Only the first call has an effect.
    async fn hide_expired(&self, by: Timestamp) -> StoreResult<()>;

    async fn head(&self) -> StoreResult<Revision>;

    /// Active settings and tags, with the newest revision.
    async fn snapshot(&self) -> StoreResult<PolicySnapshot>;

    /// Settings and tags as they were at a revision, with that revision. If the revision does not
    /// exist yet, the current settings and tags.
    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot>;

    /// At most `limit` rows with an ID greater than `above` that were made or ended after revision
    /// `since`, by ID.
    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>>;

    /// At most `limit` rules after the key `after`, by target and scope: the active rules, or those
    /// that were active at the revision `filter.at`. For an older revision, the query also reads
    /// and skips rule versions that were not active then, which takes time.
    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>>;

    /// At most `limit` revisions older than `before`, newest first.
    async fn revisions(
        &self,
        filter: &RevisionFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<RevisionSummary>>;

    async fn revision(&self, revision: Revision) -> StoreResult<Option<RevisionSummary>>;

    /// The tags and settings that a revision ended, and those that it made. Rules are left out,
    /// because there may be a million of them.
    async fn revised_tags_and_settings(
        &self,
        revision: Revision,
    ) -> StoreResult<(PolicyState, PolicyState)>;

    /// At most `limit` rule changes of a revision after the position `after`, each with its
    /// position.
    async fn rule_changes(
        &self,
        revision: Revision,
        after: Option<RevisedRulePosition>,
        limit: usize,
    ) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>>;

    /// At most `limit` versions of a target's rules in all scopes, with IDs less than `before`,
    /// newest first.
    async fn rule_versions(
        &self,
        target: &Target,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<RuleVersion>>;

    /// The first revision whose history is kept; None if all history is kept. Queries for the
    /// policy or the changes of an older revision fail with
    /// [`StoreError::HistoryDeleted`](super::StoreError::HistoryDeleted).
    async fn history_start(&self) -> StoreResult<Option<RevisionRecord>>;

    /// The revision that was the newest at a time. This is the revision just before the first
    /// revision above `from` that was created after that time. If no such revision exists, this is
    /// the newest revision.
    async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision>;

    /// Stores the first revision whose history is kept, unless a later revision is stored already.
    /// Deletes nothing.
    async fn raise_history_start(&self, start: Revision) -> StoreResult<()>;

    /// Deletes at most `limit` versions of rules, settings and tags that ended before the first
    /// revision whose history is kept. Returns how many were deleted. Revisions themselves are not
    /// deleted.
    async fn delete_history(&self, limit: usize) -> StoreResult<usize>;
}
