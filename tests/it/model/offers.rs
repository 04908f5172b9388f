//! The states that a client may have, according to what servers sent and received. In a normal
//! sync, the servers must send exactly those rules for which at least one of these states differs
//! from the wanted state. If a client hashes its rules, and the order of the rules may be unknown,
//! the servers may send all rules instead.

use std::collections::{BTreeMap, BTreeSet};

use nicelist::lab::HeldRule;
use nicelist::protocol::SyncType;

use super::reference::Key;
use super::served::{Difference, Sent, Served};

/// The rules of a client, by target.
pub(super) type State = BTreeMap<Key, HeldRule>;

/// A sync whose postflight no server received.
#[derive(Clone)]
struct Unheard {
    clean: bool,
    asked: bool,
    target: State,
    begun: bool,
    whole: bool,
    /// Whether servers may have forgotten this sync, because the servers were restarted or time
    /// passed before any rules of the sync were sent.
    forgotten: bool,
}

pub(super) struct Client {
    pub(super) hashes: bool,
    pub(super) asks_clean: bool,
    pub(super) rules: State,
}

/// The possible states of a client, according to what servers sent and received.
#[derive(Default)]
pub(super) struct Offers {
    /// Sets of possible states. There are several sets if a hash may have proven to the server
    /// which rules the client has. The rules that the server sends then show which set is right.
    known: Vec<Vec<State>>,
    unheard: Option<Unheard>,
    /// Whether a server may have to send everything because it does not know in which order the
    /// client has its rules.
    order_lost: bool,
    /// Whether servers may already have deleted the history of the client's rules.
    old: bool,
}

pub(super) fn state(rules: impl IntoIterator<Item = HeldRule>) -> State {
    rules.into_iter().map(|rule| ((rule.rule_type, rule.identifier.clone()), rule)).collect()
}

/// A change for each target whose rule in `to` differs from its rule in at least one of `states`.
fn difference(states: &[State], to: &State) -> Difference {
    let targets: BTreeSet<&Key> = states.iter().chain([to]).flat_map(State::keys).collect();
    let differing = targets
        .into_iter()
        .filter(|target| states.iter().any(|state| state.get(*target) != to.get(*target)));
    let sent = |target: &Key| if to.contains_key(target) { Sent::Put } else { Sent::Remove };
    differing.map(|target| (target.clone(), sent(target))).collect()
}

/// All rules of `to`, and the removals of other rules that the client may have.
fn everything(states: &[State], to: &State) -> Difference {
    let mut all = difference(states, to);
    all.extend(to.keys().map(|target| (target.clone(), Sent::Put)));
    all
}

impl Offers {
    pub(super) fn known(rules: State) -> Self {
        // The order of the client's rules depends on its earlier syncs, so the order is unknown.
        Self { known: vec![vec![rules]], order_lost: true, ..Self::default() }
    }

    /// A newer client was installed, so the order of its rules may be unknown.
    pub(super) fn upgrade(&mut self) {
        self.order_lost = true;
    }

    /// A rule was deleted on the host. If the host had exactly the remaining rules at an earlier
    /// time, the server recognizes the hash of these rules, and sends the difference.
    pub(super) fn tamper(&mut self, rules: State) {
        self.known.push(vec![rules]);
    }

    /// Enough time passed that servers may have deleted history.
    pub(super) fn days_pass(&mut self) {
        (self.order_lost, self.old) = (true, true);
    }

    pub(super) fn restart(&mut self) {
        if let Some(unheard) = self.unheard.as_mut().filter(|unheard| !unheard.begun) {
            unheard.forgotten = true;
        }
    }

    /// A preflight got a response, so an earlier sync that is still incomplete ends.
    fn preflight(&mut self, client: &Client) {
        let Some(unheard) = self.unheard.take() else { return };
        let Unheard { clean, asked, target, begun, whole, forgotten: _ } = unheard;
        if whole && clean && asked && !client.asks_clean {
            self.known = vec![vec![target]];
            return;
        }
        let proven = whole && client.hashes && client.rules == target;
        if begun {
            for states in &mut self.known {
                if clean {
                    states.push(State::new());
                }
                states.push(target.clone());
            }
        }
        if proven {
            self.known.push(vec![target]);
        }
    }

    /// Removes the sets of possible states that do not agree with the sent rules. Checks that at
    /// least one set remains.
    fn check(&mut self, client: &Client, to: &State, served: &Served, of: &str) {
        let may_get_all = self.order_lost && client.hashes;
        let agrees = |states: &Vec<State>| {
            let exact = difference(states, to);
            let all = everything(states, to);
            if served.whole {
                return served.sent == exact || (may_get_all && served.sent == all);
            }
            let is_part = |of: &Difference| {
                served.sent.iter().all(|(target, sent)| of.get(target) == Some(sent))
            };
            is_part(&exact) || (may_get_all && is_part(&all))
        };
        let wanted: Vec<_> = self.known.iter().map(|states| difference(states, to)).collect();
        self.known.retain(agrees);
        assert!(!self.known.is_empty(), "{of} is sent {:?} instead of {wanted:?}", served.sent);
        if client.hashes
            && served.completed
            && self.known.iter().any(|states| served.sent == everything(states, to))
        {
            self.order_lost = false;
        }
    }

    /// Checks and records a sync that leads to the state `to`, with or without a postflight.
    pub(super) fn sync(&mut self, client: &Client, to: &State, served: &Served, of: &str) {
        let Some(kind) = served.kind else { return };
        self.preflight(client);
        let clean = kind != SyncType::Normal;
        if !clean {
            self.check(client, to, served, of);
        }
        if served.completed {
            self.known = vec![vec![to.clone()]];
            self.old = false;
            self.order_lost &= !clean;
        } else {
            self.unheard = Some(Unheard {
                clean,
                asked: client.asks_clean,
                target: to.clone(),
                begun: !served.sent.is_empty(),
                whole: served.whole && !served.sent.is_empty(),
                forgotten: false,
            });
        }
    }

    /// Checks and records a download of rules without a sync. If a sync is incomplete and servers
    /// remember it, the rules belong to that sync. `now` is the state that the client should have,
    /// and `after` is its state after the download.
    pub(super) fn rules_only(
        &mut self,
        client: &Client,
        (now, after): (&State, &State),
        served: &Served,
        of: &str,
    ) {
        if let Some(unheard) = self.unheard.clone()
            && (!unheard.forgotten || served.leads_to(&unheard.target, after))
        {
            if !unheard.clean && !self.old {
                self.check(client, &unheard.target, served, of);
            }
            self.order_lost |= unheard.forgotten;
            let begun = unheard.begun || !served.sent.is_empty();
            let whole = unheard.whole || (served.whole && begun);
            self.unheard = Some(Unheard { begun, whole, ..unheard });
            return;
        }
        if !self.old {
            self.check(client, now, served, of);
        }
        if !served.sent.is_empty() {
            self.order_lost = true;
            self.known.iter_mut().for_each(|states| states.push(now.clone()));
        }
    }
}
