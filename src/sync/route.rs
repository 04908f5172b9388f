//! The origins and destinations of downloads, as they are stored for hosts, and the names of
//! origins. Hosts share downloads by name.

use xxhash_rust::xxh3::xxh3_128;

use super::cursor::SpanStart;
use crate::fleet::{Holding, Leg, Offers, Reach, Session, SessionKind, SyncState, UnionLeg};
use crate::rule::Revision;

/// The rules that a host may have before a sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The host deletes its rules first, or its rules are unknown.
    Nothing,
    /// The host has the rules of one of these offers.
    Offers(Offers),
    /// The host has the rules of one of many offers. The server knows only the scopes of these
    /// offers.
    Union {
        /// The revision of the host's holding, or an earlier revision with the same rules.
        since: Revision,
        /// The scopes of the host's offers and of the destination.
        reach: Reach,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) from: Start,
    pub(super) to: Holding,
}

impl Start {
    pub(super) fn of(state: &SyncState, holding: Holding) -> Self {
        match state.reach {
            None => Self::Offers(Offers::new(holding, &state.offers)),
            Some(reach) => Self::Union { since: holding.revision, reach },
        }
    }
}

impl Route {
    /// The route of a session. The route depends only on data that the preflight stored, so that
    /// every page and the postflight use the same route.
    pub(super) fn of_session(state: &SyncState, session: Session) -> Self {
        let from = match (session.kind, state.holding) {
            (SessionKind::Clean(_), _) | (SessionKind::Normal, None) => Start::Nothing,
            (SessionKind::Normal, Some(holding)) => Start::of(state, holding),
        };
        Self { from, to: session.target }
    }

    /// The oldest revision whose history is needed to compute the download.
    pub(super) fn oldest_revision(&self) -> Revision {
        let from = match &self.from {
            Start::Nothing => None,
            Start::Offers(offers) => offers.iter().map(|offer| offer.revision).min(),
            Start::Union { since, .. } => Some(*since),
        };
        from.unwrap_or(self.to.revision).min(self.to.revision)
    }
}

impl From<&Leg> for Route {
    fn from(leg: &Leg) -> Self {
        Self { from: Start::Offers(leg.from.clone()), to: leg.to }
    }
}

impl From<UnionLeg> for Route {
    fn from(UnionLeg { since, reach, to }: UnionLeg) -> Self {
        Self { from: Start::Union { since, reach }, to }
    }
}

/// The name of an origin with these offers, in any order. An offer that equals the destination is
/// ignored, because it needs no steps.
pub(super) fn name(mut offers: Vec<Holding>, to: Holding) -> SpanStart {
    offers.retain(|offer| *offer != to);
    offers.sort_unstable_by_key(|offer| (offer.revision, offer.set, offer.generation));
    offers.dedup();
    match offers[..] {
        [] => SpanStart::Offer(to),
        [offer] => SpanStart::Offer(offer),
        [first, ..] => {
            let mut bytes = Vec::with_capacity(offers.len() * size_of::<Holding>());
            for Holding { set, revision, generation } in &offers {
                bytes.extend_from_slice(&set.0.to_be_bytes());
                bytes.extend_from_slice(&revision.0.to_be_bytes());
                bytes.extend_from_slice(&generation.0.to_be_bytes());
            }
            let digest = xxh3_128(&bytes);
            #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
            let digest = [(digest >> 64) as u64, digest as u64];
            SpanStart::Offers { since: first.revision, digest }
        }
    }
}
