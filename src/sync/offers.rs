//! Records offers: the states that hosts may have, in addition to their holdings.

use super::downloads::Downloads;
use super::generation;
use super::scope_sets::{common, union};
use crate::fleet::{Generation, Holding, Reach, Session, SessionKind, SyncState};
use crate::store::{ScopeId, StoreResult};

/// Maximum offers of a host that are compared one by one, including the holding. If there are more
/// offers, only the scopes of the offers are kept.
const MOST_OFFERS: usize = 16;

/// Records that a host may have applied a session that it never reported as completed.
///
/// A clean sync first deletes all rules, and some clients accept an incomplete page as the last
/// page. So a host that began a clean sync may have no rules.
pub(super) async fn add_offer_of(
    downloads: &Downloads,
    state: &mut SyncState,
    session: Session,
) -> StoreResult<()> {
    if !session.begun || !generation::keeps_rules(session.target.generation) {
        return Ok(());
    }
    if session.kind != SessionKind::Normal {
        let none = no_rules(downloads, session.target).await?;
        add_offer(downloads, state, none).await?;
    }
    add_offer(downloads, state, session.target).await
}

/// An offer without rules. A host that may have no rules gets all rules.
pub(super) async fn no_rules(downloads: &Downloads, at: Holding) -> StoreResult<Holding> {
    let set = downloads.scope_sets.intern(&*downloads.store, &[]).await?;
    Ok(Holding { set, ..at })
}

pub(super) async fn add_offer(
    downloads: &Downloads,
    state: &mut SyncState,
    offer: Holding,
) -> StoreResult<()> {
    if state.reach.is_some() {
        state.reach = Some(reach_with(downloads, state, offer).await?);
        return Ok(());
    }
    // A host without a holding gets clean syncs until it completes one.
    let Some(holding) = state.holding else { return Ok(()) };
    let policy = downloads.policy().await?;
    let settled = downloads.settled(&policy, offer).await?;
    if downloads.settled(&policy, holding).await? == settled {
        return Ok(());
    }
    for known in &mut state.offers {
        if downloads.settled(&policy, *known).await? == settled {
            // The newer revision needs less history.
            known.revision = known.revision.max(offer.revision);
            return Ok(());
        }
    }
    state.offers.push(offer);
    if state.offers.len() < MOST_OFFERS {
        return Ok(());
    }
    for offer in std::mem::take(&mut state.offers) {
        state.reach = Some(reach_with(downloads, state, offer).await?);
    }
    Ok(())
}

/// The reach of a host's offers, including a new offer.
pub(super) async fn reach_with(
    downloads: &Downloads,
    state: &SyncState,
    offer: Holding,
) -> StoreResult<Reach> {
    let store = &*downloads.store;
    let offered = downloads.scope_sets.members(store, offer.set).await?;
    let (all, shared) = reached(downloads, state, &offered, offer.generation).await?;
    let union = downloads.scope_sets.intern(store, &all).await?;
    let common = downloads.scope_sets.intern(store, &shared).await?;
    Ok(Reach { union, common })
}

/// All scopes that a host's rules may come from, and the scopes that all offers share. A new offer
/// with the scopes `offered` is included. No scopes count as shared if the new offer and the
/// holding are for different generations of clients.
pub(super) async fn reached(
    downloads: &Downloads,
    state: &SyncState,
    offered: &[ScopeId],
    generation: Generation,
) -> StoreResult<(Vec<ScopeId>, Vec<ScopeId>)> {
    let store = &*downloads.store;
    let sets = match (state.reach, state.holding) {
        (Some(reach), _) => Some((reach.union, reach.common)),
        (None, Some(holding)) => Some((holding.set, holding.set)),
        (None, None) => None,
    };
    let (all, shared) = match sets {
        Some((all, shared)) => {
            let all = downloads.scope_sets.members(store, all).await?;
            (all, downloads.scope_sets.members(store, shared).await?)
        }
        None => (offered.into(), offered.into()),
    };
    let same_client = state.holding.is_none_or(|holding| holding.generation == generation);
    let shared = if same_client { common(&shared, offered) } else { Vec::new() };
    Ok((union(&all, offered), shared))
}
