//! Whether hosts are up to date.

use std::sync::Arc;

use super::{FleetView, destination};
use crate::fleet::{
    ClientMode, Holding, Host, Interval, Membership, ReportedName, SessionKind, SyncState,
};
use crate::rule::Scope;
use crate::store::{PersonalNames, ScopeId, StoreResult};
use crate::sync::destination::{Destination, Origin};
use crate::sync::error::SyncError;
use crate::sync::policy::{HostSettings, LoadedPolicy};
use crate::sync::{generation, offers, pages, translate};

/// Whether a host is up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostStanding {
    /// The number of rules and removals that the host's next sync will bring.
    pub due: u64,
    /// Whether the host's rules may be newer than its row, because the database was restored. The
    /// host then gets all rules in a clean sync, unless its hash confirms its rules.
    pub is_restored: bool,
    /// Whether the host's next sync will change its settings.
    pub settings_due: bool,
    /// Seconds between two syncs of the host, according to its active settings.
    pub interval: u32,
    /// Seconds between two syncs of the host, according to the settings that it has. If it may have
    /// other settings than the active ones, this is the longer of both intervals.
    pub contact_interval: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostStatus {
    pub standing: HostStanding,
    /// The number of rules in the host's holding. 0 if the holding is not known.
    pub held: u64,
    /// The number of active rules that the host's client does not support.
    pub withheld: u64,
    /// The maximum number of rules that the client can receive, if the host has more active rules.
    /// In this case, the client receives no rules.
    pub most_rules: Option<u64>,
    /// The wanted mode, or the nearest mode that the host's version supports.
    pub mode: ClientMode,
}

impl FleetView<'_> {
    /// Whether a host is up to date.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn standing(&self, host: &Host) -> Result<HostStanding, SyncError> {
        let policy = &self.read_for(host).await?;
        let effective = policy.settings(&policy.scopes(host));
        let to = destination(policy, host, generation::of(&host.facts.santa_version));
        self.standing_in(policy, &effective, to, host).await
    }

    async fn standing_in(
        &self,
        policy: &Arc<LoadedPolicy>,
        effective: &HostSettings,
        to: Destination,
        host: &Host,
    ) -> Result<HostStanding, SyncError> {
        let is_confirmed = self.epoch.is_confirmed(host).await?;
        let known = self.downloads.known_holding(&host.sync);
        let due = match known.filter(|_| is_confirmed) {
            Some(holding) => self.count_pending(policy, &host.sync, holding, to).await?,
            None => self.downloads.tally(policy, to).await?.rules,
        };
        Ok(HostStanding {
            due,
            is_restored: (host.sync.holding.is_some() || host.sync.last_sync.is_some())
                && !is_confirmed,
            settings_due: host.sync.settings != Some(effective.digest),
            interval: effective.settings.full_sync_interval.seconds(),
            contact_interval: contact_interval(policy, effective, host.sync.settings).seconds(),
        })
    }

    /// # Errors
    /// When the store fails.
    pub async fn status(&self, host: &Host) -> Result<HostStatus, SyncError> {
        let downloads = self.downloads;
        let generation = generation::of(&host.facts.santa_version);
        let policy = &self.read_for(host).await?;
        let effective = policy.settings(&policy.scopes(host));
        let to = destination(policy, host, generation);
        let total = downloads.tally(policy, to.clone()).await?;
        let held = match downloads.known_holding(&host.sync) {
            Some(holding) => {
                downloads.tally(policy, downloads.destination(holding).await?).await?.rules
            }
            None => 0,
        };
        Ok(HostStatus {
            standing: self.standing_in(policy, &effective, to, host).await?,
            held,
            withheld: total.withheld,
            most_rules: pages::most_rules(generation).filter(|most| total.rules > *most),
            mode: translate::mode_for(effective.settings.client_mode, generation),
        })
    }

    /// What the policy contains for a host: the scopes of its rules and a digest of its settings.
    /// Two hosts of a [`crate::store::HostGroup`] with equal contents have equal standings.
    pub fn contents_for(&self, host: &Host) -> (Vec<ScopeId>, u64) {
        let policy = &self.rules.policy;
        let scopes = policy.scopes(host);
        (policy.rule_scopes(&scopes), policy.settings(&scopes).digest)
    }

    /// The machine IDs, serial numbers, hostname patterns and users that the policy contains: in
    /// the scopes of rules in the ledger, in scopes with settings, and in the memberships of tags.
    pub fn personal_names(&self) -> PersonalNames {
        let policy = &self.rules.policy;
        let mut names = PersonalNames::default();
        let Membership { serials, users, groups: _, hostnames } = &mut names.members;
        for scope in policy.ledger.scopes().chain(policy.settings_by_scope().keys()) {
            match scope {
                Scope::Host(name) => {
                    names.hosts.insert(name.clone());
                }
                Scope::User(name) => users.extend(name.parse::<ReportedName>()),
                Scope::Fleet | Scope::Group(_) | Scope::Tag(_) => {}
            }
        }
        for tag in policy.tags() {
            let membership = tag.membership.clone();
            serials.extend(membership.serials);
            users.extend(membership.users);
            hostnames.extend(membership.hostnames);
        }
        names
    }

    async fn count_pending(
        &self,
        policy: &Arc<LoadedPolicy>,
        state: &SyncState,
        holding: Holding,
        to: Destination,
    ) -> StoreResult<u64> {
        let route = self.origin_of(policy, state, holding, to).await?;
        self.downloads.count_steps(policy, route).await
    }

    /// The origin and the destination of a host's next normal sync. The revision of the returned
    /// destination is the last one that changed a rule in the scopes of `to` or, if the offers were
    /// replaced by a reach, in the scopes of the reach or of `to`.
    async fn origin_of(
        &self,
        policy: &LoadedPolicy,
        state: &SyncState,
        holding: Holding,
        to: Destination,
    ) -> StoreResult<(Origin, Destination)> {
        let last_touch = |scopes: &[ScopeId], at| policy.ledger.last_touch(scopes, at);
        if state.reach.is_some() {
            let (union, common) =
                offers::reached(self.downloads, state, &to.scopes, to.generation).await?;
            let to = Destination { revision: last_touch(&union, to.revision), ..to };
            let since = last_touch(&union, holding.revision);
            let (union, common) = (union.into(), common.into());
            return Ok((Origin::Union { since, union, common }, to));
        }
        let to = Destination { revision: last_touch(&to.scopes, to.revision), ..to };
        let begun = state.session.filter(|session| session.begun);
        let target = begun.map(|session| session.target);
        let mut offers = Vec::new();
        for offer in [holding].into_iter().chain(state.offers.iter().copied()).chain(target) {
            let offer =
                self.downloads.destination(self.downloads.settled(policy, offer).await?).await?;
            if offer != to && !offers.contains(&offer) {
                offers.push(offer);
            }
        }
        if begun.is_some_and(|session| session.kind != SessionKind::Normal) {
            offers.push(Destination { scopes: Arc::new([]), ..to.clone() });
        }
        Ok((Origin::Offers(offers.into()), to))
    }
}

/// The interval by which to judge when a host must sync again. `sent` is the digest of the settings
/// that it has. If its interval is not known, Santa's default is the minimum.
fn contact_interval(
    policy: &LoadedPolicy,
    effective: &HostSettings,
    sent: Option<u64>,
) -> Interval {
    let active = effective.settings.full_sync_interval;
    if sent == Some(effective.digest) {
        return active;
    }
    let known = sent.and_then(|digest| policy.interval_in(digest));
    active.max(known.unwrap_or(Interval::DEFAULT))
}
