//! The invariant that matters most: after any interleaving of changes, losses, restarts and
//! clean syncs, a host whose last sync completed holds exactly what is in force for it.
//!
//! What is in force is worked out here a second time, in the most naive way there is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use nicelist::lab::SyncKind;
use proptest::prelude::*;
use serde_json::json;

use crate::world::{Loses, Mac, World};

const HOSTS: [&str; 2] = ["M1", "M2"];
const TAGS: [&str; 2] = ["eng", "lab"];
const GROUPS: [&str; 2] = ["design", "staff"];
const TARGETS: [&str; 4] = [
    "teamid:AAAAAAAAAA",
    "teamid:BBBBBBBBBB",
    "signingid:platform:com.x",
    "signingid:platform:com.y",
];
const SCOPES: [&str; 7] =
    ["fleet", "group:design", "group:staff", "tag:eng", "tag:lab", "user:anna", "host:M1"];
const POLICIES: [&str; 3] = ["allow", "block", "remove"];

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Put { policy: usize, target: usize, scope: usize },
    PutForAnHour { policy: usize, target: usize, scope: usize },
    Drop { target: usize, scope: usize },
    Prefer { tag: usize },
    Tag { host: usize, tag: usize },
    Untag { host: usize, tag: usize },
    Join { host: usize, group: usize },
    Leave { host: usize, group: usize },
    Owner { host: usize, anna: bool },
    OrderClean { host: usize, all: bool },
    AskClean { host: usize },
    Restart,
    AnHourPasses,
    Sync { host: usize, loses: Loses },
}

fn step() -> impl Strategy<Value = Step> {
    let rule = || (0..POLICIES.len(), 0..TARGETS.len(), 0..SCOPES.len());
    let host = || 0..HOSTS.len();
    let loses = prop_oneof![
        4 => Just(Loses::Nothing),
        // Rules were applied, and nobody heard of it: what the engine must never forget.
        6 => Just(Loses::From(2)),
        1 => (0..4_usize).prop_map(Loses::Answer),
        1 => (0..4_usize).prop_map(Loses::Request),
        1 => (0..4_usize).prop_map(Loses::From),
        1 => (0..4_usize).prop_map(Loses::AnswersFrom),
    ];
    prop_oneof![
        6 => rule().prop_map(|(policy, target, scope)| Step::Put { policy, target, scope }),
        1 => rule().prop_map(|(policy, target, scope)| Step::PutForAnHour { policy, target, scope }),
        4 => (0..TARGETS.len(), 0..SCOPES.len()).prop_map(|(target, scope)| Step::Drop { target, scope }),
        1 => (0..TAGS.len()).prop_map(|tag| Step::Prefer { tag }),
        4 => (host(), 0..TAGS.len()).prop_map(|(host, tag)| Step::Tag { host, tag }),
        4 => (host(), 0..TAGS.len()).prop_map(|(host, tag)| Step::Untag { host, tag }),
        1 => (host(), 0..GROUPS.len()).prop_map(|(host, group)| Step::Join { host, group }),
        1 => (host(), 0..GROUPS.len()).prop_map(|(host, group)| Step::Leave { host, group }),
        1 => (host(), any::<bool>()).prop_map(|(host, anna)| Step::Owner { host, anna }),
        1 => (host(), any::<bool>()).prop_map(|(host, all)| Step::OrderClean { host, all }),
        1 => host().prop_map(|host| Step::AskClean { host }),
        1 => Just(Step::Restart),
        1 => Just(Step::AnHourPasses),
        12 => (host(), loses).prop_map(|(host, loses)| Step::Sync { host, loses }),
    ]
}

/// What an administrator would write on paper.
#[derive(Default)]
struct Paper {
    rules: BTreeMap<(usize, usize), Entry>,
    tags: BTreeSet<(usize, usize)>,
    groups: BTreeSet<(usize, usize)>,
    owners: BTreeSet<usize>,
    preferred: usize,
    hour: i64,
}

struct Entry {
    policy: usize,
    /// The hour in which the rule is no longer there.
    until: Option<i64>,
}

impl Paper {
    /// The scopes of a host, weakest first, by their place in `SCOPES`.
    fn scopes(&self, host: usize) -> Vec<usize> {
        let groups = (0..GROUPS.len()).filter(|group| self.groups.contains(&(host, *group)));
        let mut tags: Vec<usize> =
            (0..TAGS.len()).filter(|tag| self.tags.contains(&(host, *tag))).collect();
        tags.sort_by_key(|tag| (*tag == self.preferred, *tag));
        let mut scopes = vec![0];
        scopes.extend(groups.map(|group| 1 + group));
        scopes.extend(tags.into_iter().map(|tag| 3 + tag));
        scopes.extend(self.owners.contains(&host).then_some(5));
        scopes.extend((host == 0).then_some(6));
        scopes
    }

    fn in_force(&self, host: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for (target, name) in TARGETS.iter().enumerate() {
            let strongest = self.scopes(host).into_iter().rev().find_map(|scope| {
                self.rules
                    .get(&(target, scope))
                    .filter(|entry| entry.until.is_none_or(|until| self.hour < until))
            });
            match strongest.map(|entry| POLICIES[entry.policy]) {
                None | Some("remove") => {}
                Some(policy) => lines.push(format!("{name} {policy}")),
            }
        }
        lines.sort();
        lines
    }
}

struct Story {
    world: World,
    macs: Vec<Mac>,
    paper: Paper,
}

impl Story {
    async fn begin() -> Self {
        let world = World::new().await;
        for tag in TAGS {
            world.post("/tags", json!({"name": tag})).await;
        }
        world.post("/tags", json!({"name": TAGS[0], "priority": 1})).await;
        let mut macs: Vec<Mac> = HOSTS.iter().map(|host| Mac::new(host)).collect();
        for mac in &mut macs {
            mac.sync(&world).await;
        }
        Self { world, macs, paper: Paper::default() }
    }

    async fn happen(&mut self, step: &Step) {
        let world = &self.world;
        match *step {
            Step::Put { policy, target, scope } => {
                world.put_rule(POLICIES[policy], TARGETS[target], SCOPES[scope]).await;
                self.paper.rules.insert((target, scope), Entry { policy, until: None });
            }
            Step::PutForAnHour { policy, target, scope } => {
                let expires = world.now() + SignedDuration::from_mins(59);
                let rule = json!({
                    "target": TARGETS[target], "policy": POLICIES[policy],
                    "scope": SCOPES[scope], "expires": expires.to_string(),
                });
                world.post("/rules", json!({"put": [rule]})).await;
                let until = Some(self.paper.hour + 1);
                self.paper.rules.insert((target, scope), Entry { policy, until });
            }
            Step::Drop { target, scope } => {
                world.drop_rule(TARGETS[target], SCOPES[scope]).await;
                self.paper.rules.remove(&(target, scope));
            }
            Step::Prefer { tag } => {
                for (other, name) in TAGS.iter().enumerate() {
                    let priority = i32::from(other == tag);
                    world.post("/tags", json!({"name": name, "priority": priority})).await;
                }
                self.paper.preferred = tag;
            }
            Step::Tag { host, tag } => {
                self.tags(host, json!({"add": [TAGS[tag]]})).await;
                self.paper.tags.insert((host, tag));
            }
            Step::Untag { host, tag } => {
                self.tags(host, json!({"remove": [TAGS[tag]]})).await;
                self.paper.tags.remove(&(host, tag));
            }
            Step::Join { host, group } => {
                self.paper.groups.insert((host, group));
            }
            Step::Leave { host, group } => {
                self.paper.groups.remove(&(host, group));
            }
            Step::Owner { host, anna: true } => {
                self.paper.owners.insert(host);
            }
            Step::Owner { host, anna: false } => {
                self.paper.owners.remove(&host);
            }
            Step::OrderClean { host, all } => {
                let kind = if all { "clean-all" } else { "clean" };
                let path = format!("/hosts/{}/clean-sync", HOSTS[host]);
                world.post(&path, json!({"kind": kind})).await;
            }
            Step::AskClean { host } => self.macs[host].santa.require(SyncKind::Clean),
            Step::Restart => self.world.restart().await,
            Step::AnHourPasses => {
                self.paper.hour += 1;
                self.world.pass(SignedDuration::from_hours(1)).await;
            }
            Step::Sync { host, loses } => self.sync(host, loses).await,
        }
    }

    async fn tags(&self, host: usize, change: serde_json::Value) {
        self.world.post(&format!("/hosts/{}/tags", HOSTS[host]), change).await;
    }

    async fn sync(&mut self, host: usize, loses: Loses) {
        let groups = (0..GROUPS.len()).filter(|group| self.paper.groups.contains(&(host, *group)));
        let profile = self.macs[host].santa.profile_mut();
        profile.groups = groups.map(|group| GROUPS[group].to_owned()).collect();
        let owner = if self.paper.owners.contains(&host) { "anna" } else { "" };
        owner.clone_into(&mut profile.primary_user);
        let network = self.world.network().losing(loses);
        let completed = self.macs[host].try_sync(&network).await.is_ok();
        if completed {
            let (held, expected) = (self.macs[host].holds(), self.paper.in_force(host));
            assert_eq!(held, expected, "{} after a sync losing {loses:?}", HOSTS[host]);
        }
    }
}

fn play(steps: &[Step]) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut story = Story::begin().await;
        for step in steps {
            story.happen(step).await;
        }
        for (host, name) in HOSTS.iter().enumerate() {
            story.sync(host, Loses::Nothing).await;
            let told = story.world.in_force(name).await;
            assert_eq!(told, story.paper.in_force(host), "what the server says of {name}");
            let view = story.world.get(&format!("/hosts/{name}")).await;
            assert_eq!(view["rules"]["due"], 0, "{view}");
        }
    });
}

/// One host that is tagged and untagged while its postflights are lost: what it was given in
/// between must never be forgotten.
fn retagging() -> impl Strategy<Value = Step> {
    let loses = prop_oneof![1 => Just(Loses::Nothing), 2 => Just(Loses::From(2))];
    let rule = || (0..2_usize, 0..2_usize);
    prop_oneof![
        2 => rule().prop_map(|(target, tag)| Step::Put { policy: 0, target, scope: 3 + tag }),
        1 => rule().prop_map(|(target, tag)| Step::Drop { target, scope: 3 + tag }),
        2 => (0..TAGS.len()).prop_map(|tag| Step::Tag { host: 0, tag }),
        2 => (0..TAGS.len()).prop_map(|tag| Step::Untag { host: 0, tag }),
        4 => loses.prop_map(|loses| Step::Sync { host: 0, loses }),
    ]
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_host_that_completes_a_sync_holds_what_is_in_force(
        steps in prop::collection::vec(step(), 1..48),
    ) {
        play(&steps);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_host_that_is_retagged_while_nobody_hears_of_it_holds_what_is_in_force(
        steps in prop::collection::vec(retagging(), 1..32),
    ) {
        play(&steps);
    }
}
