//! Rules, settings and tags in SQLite.

use async_trait::async_trait;
use jiff::Timestamp;

use super::database::finish;
use super::writer::{CommitSharing, WriteResult};
use super::{Sqlite, ledger, retention};
use crate::fleet::PolicyState;
use crate::rule::{Revision, RevisionRecord, RevisionSummary, RuleKey, Target};
use crate::store::{
    Change, Committed, Expired, LedgerRow, PolicySnapshot, PolicyStore, RevisedRule,
    RevisedRulePosition, RevisionFilter, RuleFilter, RuleRecord, RuleVersion, StoreResult, sql,
};

#[async_trait]
impl PolicyStore for Sqlite {
    async fn commit(&self, change: Change) -> StoreResult<Committed> {
        let commit = move |on: &_| {
            let committed = finish(sql::commit::commit(on, &change))?;
            Ok(WriteResult::keep_if(committed.changed, committed))
        };
        self.writer.write(CommitSharing::Alone, commit).await
    }

    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>> {
        // Usually no rule has expired. Then other writes need not wait.
        if !self.has_expired(now).await? {
            return Ok(None);
        }
        let expire = move |on: &_| {
            let revision = finish(sql::commit::expire(on, now))?;
            Ok(WriteResult::keep_if(revision.is_some(), revision))
        };
        self.writer.write(CommitSharing::Alone, expire).await
    }

    async fn has_expired(&self, now: Timestamp) -> StoreResult<bool> {
        self.readers
            .read(move |on| finish(sql::policy::has_expired(on, now.as_millisecond())))
            .await
    }

    async fn hide_expired(&self, by: Timestamp) -> StoreResult<()> {
        let revision = self.head().await?;
        self.expired.get_or_init(|| Expired { by, revision });
        Ok(())
    }

    async fn head(&self) -> StoreResult<Revision> {
        self.readers.read(|on| finish(sql::policy::head(on))).await
    }

    async fn snapshot(&self) -> StoreResult<PolicySnapshot> {
        let quarantine = self.quarantine.clone();
        self.readers.read(move |on| finish(sql::policy::snapshot(on, &quarantine))).await
    }

    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot> {
        self.readers.read(move |on| finish(sql::policy::snapshot_at(on, at))).await
    }

    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>> {
        let (quarantine, expired) = (self.quarantine.clone(), self.expired.get().copied());
        let read = move |on: &_| ledger::page(on, since, above, limit, &quarantine, expired);
        self.readers.read(read).await
    }

    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>> {
        let (filter, after) = (filter.clone(), after.cloned());
        let expired = self.expired.get().copied();
        let read =
            move |on: &_| finish(sql::policy::rules(on, &filter, after.as_ref(), limit, expired));
        self.readers.read(read).await
    }

    async fn revisions(
        &self,
        filter: &RevisionFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<RevisionSummary>> {
        let filter = filter.clone();
        self.readers.read(move |on| finish(sql::history::list(on, &filter, before, limit))).await
    }

    async fn revision(&self, revision: Revision) -> StoreResult<Option<RevisionSummary>> {
        self.readers.read(move |on| finish(sql::history::get(on, revision))).await
    }

    async fn revised_tags_and_settings(
        &self,
        revision: Revision,
    ) -> StoreResult<(PolicyState, PolicyState)> {
        self.readers
            .read(move |on| finish(sql::history::revised_tags_and_settings(on, revision)))
            .await
    }

    async fn rule_changes(
        &self,
        revision: Revision,
        after: Option<RevisedRulePosition>,
        limit: usize,
    ) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>> {
        self.readers
            .read(move |on| finish(sql::history::rule_changes(on, revision, after, limit)))
            .await
    }

    async fn rule_versions(
        &self,
        target: &Target,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<RuleVersion>> {
        let target = target.clone();
        self.readers
            .read(move |on| finish(sql::history::versions(on, &target, before, limit)))
            .await
    }

    async fn history_start(&self) -> StoreResult<Option<RevisionRecord>> {
        self.readers.read(|on| finish(sql::retention::start(on))).await
    }

    async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision> {
        self.readers.read(move |on| finish(sql::retention::revision_at(on, time, from))).await
    }

    async fn raise_history_start(&self, start: Revision) -> StoreResult<()> {
        let turn = CommitSharing::Shared { rows: 1 };
        self.writer.write(turn, move |on| retention::raise_start(on, start)).await
    }

    async fn delete_history(&self, limit: usize) -> StoreResult<usize> {
        // Usually there is nothing to delete. Then other writes need not wait.
        if !self.readers.read(retention::has_old).await? {
            return Ok(0);
        }
        self.writer.write(CommitSharing::Alone, move |on| retention::delete(on, limit)).await
    }
}
