//! Random histories, their steps, and their printed form.

use std::fmt;

use proptest::prelude::*;

use super::reference::{
    CLIENTS, FIRST_THAT_HASHES, GROUPS, HOSTS, MEMBERS, MODES, POLICIES, SCOPES, TAGS, TARGETS,
};
use crate::world::Loses;

#[derive(Clone)]
pub(super) struct History {
    /// The client of each host, as an index into [`CLIENTS`], and whether the client prefers
    /// protobuf to JSON.
    pub(super) clients: Vec<(usize, bool)>,
    pub(super) steps: Vec<Step>,
}

#[derive(Clone, Copy)]
pub(super) enum Act {
    Put {
        policy: usize,
        target: usize,
        scope: usize,
        message: bool,
    },
    PutForAnHour {
        policy: usize,
        target: usize,
        scope: usize,
    },
    Drop {
        target: usize,
        scope: usize,
    },
    Keep,
    RollBack,
    /// Removes all rules except those of one scope.
    Only {
        scope: usize,
    },
    Mode {
        scope: usize,
        mode: Option<usize>,
    },
    Prefer {
        tag: usize,
    },
    Tag {
        host: usize,
        tag: usize,
    },
    Untag {
        host: usize,
        tag: usize,
    },
    /// Changes which hosts are members of a tag.
    Members {
        tag: usize,
        members: usize,
    },
    OrderClean {
        host: usize,
        all: bool,
    },
    CancelClean {
        host: usize,
    },
}

#[derive(Clone, Copy)]
pub(super) enum Interruption {
    Administer(Act),
    /// Another host completes a sync. If `host` is the host that is already syncing, nothing
    /// happens.
    SyncOf {
        host: usize,
    },
    /// Starts new servers for all later requests, except the requests of the interrupted sync. The
    /// old servers still handle those requests.
    Restart,
    AnHourPasses,
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    Administer(Act),
    Join {
        host: usize,
        group: usize,
    },
    Leave {
        host: usize,
        group: usize,
    },
    Owner {
        host: usize,
        anna: bool,
    },
    /// Installs another version of Santa, if it is newer. pedro is never upgraded.
    Upgrade {
        host: usize,
        client: usize,
    },
    AskClean {
        host: usize,
        all: bool,
    },
    Tamper {
        host: usize,
    },
    Restart,
    BackUp,
    Restore,
    AnHourPasses,
    /// Days pass. Servers may then delete old history.
    DaysPass {
        days: i64,
    },
    Sync {
        host: usize,
        loses: Loses,
    },
    /// The interruption happens before request `before` of the sync, counted from 0.
    InterruptedSync {
        host: usize,
        before: usize,
        interruption: Interruption,
    },
    /// Downloads rules without the other stages of a sync.
    RulesOnly {
        host: usize,
        loses: Loses,
    },
}

fn host() -> std::ops::Range<usize> {
    0..HOSTS.len()
}

fn act() -> impl Strategy<Value = Act> {
    let rule = || (0..POLICIES.len(), 0..TARGETS.len(), 0..SCOPES.len());
    let place = || (0..TARGETS.len(), 0..SCOPES.len());
    prop_oneof![
        10 => (rule(), any::<bool>()).prop_map(|((policy, target, scope), message)| {
            Act::Put { policy, target, scope, message }
        }),
        1 => rule().prop_map(|(policy, target, scope)| Act::PutForAnHour { policy, target, scope }),
        6 => place().prop_map(|(target, scope)| Act::Drop { target, scope }),
        1 => Just(Act::Keep),
        2 => Just(Act::RollBack),
        1 => (0..SCOPES.len()).prop_map(|scope| Act::Only { scope }),
        1 => (0..SCOPES.len(), prop::option::of(0..MODES.len()))
            .prop_map(|(scope, mode)| Act::Mode { scope, mode }),
        1 => (0..TAGS.len()).prop_map(|tag| Act::Prefer { tag }),
        5 => (host(), 0..TAGS.len()).prop_map(|(host, tag)| Act::Tag { host, tag }),
        5 => (host(), 0..TAGS.len()).prop_map(|(host, tag)| Act::Untag { host, tag }),
        2 => (0..TAGS.len(), 0..MEMBERS.len())
            .prop_map(|(tag, members)| Act::Members { tag, members }),
        1 => (host(), any::<bool>()).prop_map(|(host, all)| Act::OrderClean { host, all }),
        1 => host().prop_map(|host| Act::CancelClean { host }),
    ]
}

fn interruption() -> impl Strategy<Value = Interruption> {
    prop_oneof![
        6 => act().prop_map(Interruption::Administer),
        3 => host().prop_map(|host| Interruption::SyncOf { host }),
        1 => Just(Interruption::Restart),
        1 => Just(Interruption::AnHourPasses),
    ]
}

fn loses() -> impl Strategy<Value = Loses> {
    prop_oneof![
        5 => Just(Loses::Nothing),
        // Often, the Mac gets rules, but its postflight is lost. Then the server must remember the
        // rules that it sent.
        4 => (2..5_usize).prop_map(Loses::From),
        1 => (0..6_usize).prop_map(Loses::Answer),
        1 => (0..6_usize).prop_map(Loses::Request),
        1 => (0..6_usize).prop_map(Loses::From),
        1 => (0..6_usize).prop_map(Loses::AnswersFrom),
        1 => (0..6_usize).prop_map(Loses::FirstAnswerOfTwo),
    ]
}

fn step(clients: std::ops::Range<usize>, tampering: bool) -> impl Strategy<Value = Step> + Clone {
    prop_oneof![
        24 => act().prop_map(Step::Administer),
        1 => (host(), 0..GROUPS.len()).prop_map(|(host, group)| Step::Join { host, group }),
        1 => (host(), 0..GROUPS.len()).prop_map(|(host, group)| Step::Leave { host, group }),
        1 => (host(), any::<bool>()).prop_map(|(host, anna)| Step::Owner { host, anna }),
        1 => (host(), clients).prop_map(|(host, client)| Step::Upgrade { host, client }),
        1 => (host(), any::<bool>()).prop_map(|(host, all)| Step::AskClean { host, all }),
        1 => Just(Step::Restart),
        1 => host().prop_map(move |host| match tampering {
            true => Step::Tamper { host },
            false => Step::Restart,
        }),
        1 => Just(Step::AnHourPasses),
        1 => Just(Step::DaysPass { days: 3 }),
        3 => Just(Step::DaysPass { days: 8 }),
        24 => (host(), loses()).prop_map(|(host, loses)| Step::Sync { host, loses }),
        5 => (host(), 0..4_usize, interruption())
            .prop_map(|(host, before, interruption)| Step::InterruptedSync { host, before, interruption }),
        2 => (host(), loses()).prop_map(|(host, loses)| Step::RulesOnly { host, loses }),
    ]
}

fn history(clients: std::ops::Range<usize>, tampering: bool) -> impl Strategy<Value = History> {
    let client = (clients.clone(), any::<bool>());
    let clients_of_hosts = prop::collection::vec(client, HOSTS.len());
    let steps = prop::collection::vec(step(clients, tampering), 1..40);
    (clients_of_hosts, steps).prop_map(|(clients, steps)| History { clients, steps })
}

pub(super) fn of_every_generation() -> impl Strategy<Value = History> {
    history(0..CLIENTS.len(), false)
}

/// Histories of clients that hash their rules. Steps may delete a rule on a Mac.
pub(super) fn of_clients_that_prove() -> impl Strategy<Value = History> {
    history(FIRST_THAT_HASHES..CLIENTS.len(), true)
}

/// Histories of clients of every generation. Steps may delete a rule on a Mac, and at least one
/// step restores the database from a backup.
pub(super) fn of_a_database_that_is_restored() -> impl Strategy<Value = History> {
    let clients = 0..CLIENTS.len();
    let client = (clients.clone(), any::<bool>());
    let clients_of_hosts = prop::collection::vec(client, HOSTS.len());
    let step = prop_oneof![
        12 => step(clients, true),
        1 => Just(Step::BackUp),
        1 => Just(Step::Restore),
        1 => Just(Step::AnHourPasses),
    ];
    let steps = (prop::collection::vec(step.clone(), 1..20), prop::collection::vec(step, 1..20));
    (clients_of_hosts, steps).prop_map(|(clients, (before, after))| {
        let restored = [Step::Restore];
        let steps = [Step::BackUp].into_iter().chain(before).chain(restored).chain(after);
        History { clients, steps: steps.collect() }
    })
}

/// Histories of one host that is tagged and untagged while many of its postflights are lost. The
/// server must remember all rules that it sent.
pub(super) fn of_one_that_is_retagged() -> impl Strategy<Value = History> {
    let rule = || (0..2_usize, 0..TAGS.len());
    let act = prop_oneof![
        2 => rule().prop_map(|(target, tag)| {
            Act::Put { policy: 0, target, scope: 3 + tag, message: false }
        }),
        1 => rule().prop_map(|(target, tag)| Act::Drop { target, scope: 3 + tag }),
        2 => (0..TAGS.len()).prop_map(|tag| Act::Tag { host: 0, tag }),
        2 => (0..TAGS.len()).prop_map(|tag| Act::Untag { host: 0, tag }),
    ];
    let loses = prop_oneof![1 => Just(Loses::Nothing), 2 => Just(Loses::From(2))];
    let step = prop_oneof![
        7 => act.prop_map(Step::Administer),
        4 => loses.prop_map(|loses| Step::Sync { host: 0, loses }),
    ];
    // Of these two clients, only the second reports a hash of its rules.
    let clients =
        (prop_oneof![Just(FIRST_THAT_HASHES - 1), Just(FIRST_THAT_HASHES)], any::<bool>());
    (clients, prop::collection::vec(step, 1..32))
        .prop_map(|(client, steps)| History { clients: vec![client; HOSTS.len()], steps })
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (host, (client, protobuf)) in self.clients.iter().enumerate() {
            let wire = if *protobuf { "protobuf if it can" } else { "JSON" };
            writeln!(f, "  {} has {} and speaks {wire}", HOSTS[host], CLIENTS[*client].0)?;
        }
        self.steps.iter().enumerate().try_for_each(|(at, step)| writeln!(f, "  {at}: {step:?}"))
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = |target: usize| format!("{} {:.12}", TARGETS[target].0, TARGETS[target].1);
        let policy = |policy: usize| format!("{} {}", POLICIES[policy].0, POLICIES[policy].1);
        match *self {
            Self::Put { policy: what, target: about, scope, message } => {
                let message = if message { " with a message" } else { "" };
                let (what, about, scope) = (policy(what), target(about), SCOPES[scope]);
                write!(f, "put {what} for {about} in {scope}{message}")
            }
            Self::PutForAnHour { policy: what, target: about, scope } => {
                let (what, about, scope) = (policy(what), target(about), SCOPES[scope]);
                write!(f, "put {what} for {about} in {scope} for an hour")
            }
            Self::Drop { target: about, scope } => {
                write!(f, "drop {} in {}", target(about), SCOPES[scope])
            }
            Self::Keep => f.write_str("note how everything is"),
            Self::RollBack => f.write_str("roll back to what was noted"),
            Self::Only { scope } => write!(f, "end all rules but those in {}", SCOPES[scope]),
            Self::Mode { scope, mode: Some(mode) } => {
                write!(f, "set {} in {}", MODES[mode], SCOPES[scope])
            }
            Self::Mode { scope, mode: None } => write!(f, "set no mode in {}", SCOPES[scope]),
            Self::Prefer { tag } => write!(f, "prefer tag {}", TAGS[tag]),
            Self::Tag { host, tag } => write!(f, "tag {} {}", HOSTS[host], TAGS[tag]),
            Self::Untag { host, tag } => write!(f, "untag {} {}", HOSTS[host], TAGS[tag]),
            Self::Members { tag, members } => {
                write!(f, "make {} members of {}", MEMBERS[members], TAGS[tag])
            }
            Self::OrderClean { host, all } => {
                let what = if all { "a clean sync of all rules" } else { "a clean sync" };
                write!(f, "order {what} of {}", HOSTS[host])
            }
            Self::CancelClean { host } => write!(f, "take back the order for {}", HOSTS[host]),
        }
    }
}

impl fmt::Debug for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Administer(act) => act.fmt(f),
            Self::SyncOf { host } => write!(f, "{} syncs", HOSTS[host]),
            Self::Restart => f.write_str("the server is restarted"),
            Self::AnHourPasses => f.write_str("an hour passes"),
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Administer(act) => act.fmt(f),
            Self::Join { host, group } => write!(f, "{} joins {}", HOSTS[host], GROUPS[group]),
            Self::Leave { host, group } => write!(f, "{} leaves {}", HOSTS[host], GROUPS[group]),
            Self::Owner { host, anna } => {
                write!(f, "{} belongs to {}", HOSTS[host], if anna { "anna" } else { "nobody" })
            }
            Self::Upgrade { host, client } => {
                write!(f, "{} gets {} if it is newer", HOSTS[host], CLIENTS[client].0)
            }
            Self::AskClean { host, all } => {
                write!(f, "{} wants a clean sync{}", HOSTS[host], if all { " of all" } else { "" })
            }
            Self::Tamper { host } => write!(f, "somebody deletes a rule on {}", HOSTS[host]),
            Self::Restart => f.write_str("the server is restarted"),
            Self::BackUp => f.write_str("the database is backed up"),
            Self::Restore => f.write_str("the database is restored"),
            Self::AnHourPasses => f.write_str("an hour passes"),
            Self::DaysPass { days } => write!(f, "{days} days pass"),
            Self::Sync { host, loses } => write!(f, "{} syncs, losing {loses:?}", HOSTS[host]),
            Self::InterruptedSync { host, before, interruption } => {
                write!(
                    f,
                    "{} syncs, and before its request {before}: {interruption:?}",
                    HOSTS[host]
                )
            }
            Self::RulesOnly { host, loses } => {
                write!(f, "{} downloads rules, losing {loses:?}", HOSTS[host])
            }
        }
    }
}
