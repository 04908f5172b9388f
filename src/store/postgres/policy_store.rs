//! Rules, settings and tags in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use jiff::Timestamp;

use super::locks::Lock;
use super::pool::snapshot;
use super::{Postgres, boxed, failure, ledger, listen, retention};
use crate::fleet::PolicyState;
use crate::rule::{Revision, RevisionRecord, RevisionSummary, RuleKey, Target};
use crate::store::{
    Change, Committed, Expired, LedgerRow, PolicySnapshot, PolicyStore, RevisedRule,
    RevisedRulePosition, RevisionFilter, RuleFilter, RuleRecord, RuleVersion, StoreResult, sql,
};

#[async_trait]
impl PolicyStore for Postgres {
    async fn commit(&self, change: Change) -> StoreResult<Committed> {
        change!(self, |on| boxed(sql::commit::commit(on, &change)), |done: &Committed| done.changed)
    }

    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>> {
        // Usually no rule has expired. Then no lock is needed.
        if !self.has_expired(now).await? {
            return Ok(None);
        }
        change!(self, |on| sql::commit::expire(on, now), Option::is_some)
    }

    async fn has_expired(&self, now: Timestamp) -> StoreResult<bool> {
        let now = now.as_millisecond();
        ask!(self, |on| sql::policy::has_expired(on, now))
    }

    async fn hide_expired(&self, by: Timestamp) -> StoreResult<()> {
        let revision = self.head().await?;
        self.expired.get_or_init(|| Expired { by, revision });
        Ok(())
    }

    async fn head(&self) -> StoreResult<Revision> {
        ask!(self, |on| sql::policy::head(on))
    }

    async fn snapshot(&self) -> StoreResult<PolicySnapshot> {
        at_once!(self, |on| sql::policy::snapshot(on, &self.quarantine))
    }

    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot> {
        at_once!(self, |on| sql::policy::snapshot_at(on, at))
    }

    async fn ledger(
        &self,
        since: Revision,
        above: i64,
        limit: usize,
    ) -> StoreResult<Vec<LedgerRow>> {
        let expired = self.expired.get().copied();
        at_once!(self, |on| ledger::page(on, since, above, limit, &self.quarantine, expired))
    }

    async fn rules(
        &self,
        filter: &RuleFilter,
        after: Option<&RuleKey>,
        limit: usize,
    ) -> StoreResult<Vec<RuleRecord>> {
        let expired = self.expired.get().copied();
        at_once!(self, |on| sql::policy::rules(on, filter, after, limit, expired))
    }

    async fn revisions(
        &self,
        filter: &RevisionFilter,
        before: Option<Revision>,
        limit: usize,
    ) -> StoreResult<Vec<RevisionSummary>> {
        at_once!(self, |on| sql::history::list(on, filter, before, limit))
    }

    async fn revision(&self, revision: Revision) -> StoreResult<Option<RevisionSummary>> {
        ask!(self, |on| sql::history::get(on, revision))
    }

    async fn revised_tags_and_settings(
        &self,
        revision: Revision,
    ) -> StoreResult<(PolicyState, PolicyState)> {
        at_once!(self, |on| sql::history::revised_tags_and_settings(on, revision))
    }

    async fn rule_changes(
        &self,
        revision: Revision,
        after: Option<RevisedRulePosition>,
        limit: usize,
    ) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>> {
        at_once!(self, |on| sql::history::rule_changes(on, revision, after, limit))
    }

    async fn rule_versions(
        &self,
        target: &Target,
        before: Option<i64>,
        limit: usize,
    ) -> StoreResult<Vec<RuleVersion>> {
        ask!(self, |on| sql::history::versions(on, target, before, limit))
    }

    async fn history_start(&self) -> StoreResult<Option<RevisionRecord>> {
        at_once!(self, |on| sql::retention::start(on))
    }

    async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision> {
        ask!(self, |on| sql::retention::revision_at(on, time, from))
    }

    async fn raise_history_start(&self, start: Revision) -> StoreResult<()> {
        ask!(self, |on| retention::raise_start(on, start))
    }

    async fn delete_history(&self, limit: usize) -> StoreResult<usize> {
        ask!(self, |on| retention::delete(on, limit))
    }
}
