//! Plays a history on real servers with simulated Macs, and compares the result with the reference
//! model.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;

use jiff::SignedDuration;
use nicelist::lab::{HeldRule, Profile, Santa, SyncKind};
use nicelist::protocol::{ClientMode, Format};
use serde_json::{Value, json};

use super::administrator::{administer, keep};
use super::history::{Act, History, Interruption, Step};
use super::offers::{self, Client, Offers, State};
use super::reference::{CLIENTS, FIRST_THAT_HASHES, GROUPS, HOSTS, Reference, TAGS};
use super::restored::{Backup, Restored, waiting_event};
use super::served::Served;
use crate::host_counts::assert_as_a_walk;
use crate::interrupted::Interrupted;
use crate::world::{Exchange, Loses, Mac, World};

/// A small page, so that downloads have several pages.
const RULES_A_PAGE: NonZeroUsize = NonZeroUsize::new(2).unwrap();

#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    Sqlite,
    /// The number of servers on one PostgreSQL database, and bits that choose the server for each
    /// request.
    Postgres(usize, u64),
}

/// Plays a history. Panics if a Mac or the server's report about it differs from the reference
/// model.
pub(super) fn play(history: &History, stage: Stage) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = match stage {
            Stage::Sqlite => World::with_rules_a_page(RULES_A_PAGE).await,
            Stage::Postgres(servers, turns) => {
                World::on_postgres(servers, turns, RULES_A_PAGE).await
            }
        };
        let mut story = Story::begin(history, world).await;
        for step in &history.steps {
            story.happen(*step).await;
        }
        assert_as_a_walk(&story.world).await;
        if story.restored.iter().any(Option::is_some) {
            story.pass(1).await;
            for host in 0..HOSTS.len() {
                story.sync(host, Loses::Nothing).await;
            }
        }
        for host in 0..HOSTS.len() {
            story.sync(host, Loses::Nothing).await;
        }
        assert!(story.restored.iter().all(Option::is_none), "{:?}", story.restored);
        story.world.end().await;
    });
}

struct Story {
    world: World,
    macs: Vec<Mac>,
    /// The client of each host, as an index into [`CLIENTS`].
    clients: Vec<usize>,
    reference: Reference,
    offers: Vec<Offers>,
    /// The properties that each host reported in its last preflight.
    reported: Vec<Reported>,
    backup: Option<Backup>,
    /// For each host whose row in the database may be older than its rules: the checks that apply
    /// until the host has the right rules.
    restored: Vec<Option<Restored>>,
}

#[derive(Clone, Debug, Default)]
struct Reported {
    groups: BTreeSet<usize>,
    anna: bool,
    client: usize,
}

impl Story {
    async fn begin(history: &History, world: World) -> Self {
        for tag in TAGS {
            world.post("/tags", json!({"name": tag})).await;
        }
        world.post("/tags", json!({"name": TAGS[0], "priority": 1})).await;
        let week = json!({"scope": "fleet", "set": {"history-retention": "7d"}});
        world.post("/settings", week).await;
        let clients: Vec<usize> = history.clients.iter().map(|(client, _)| *client).collect();
        let macs = HOSTS.iter().zip(&history.clients).map(|(machine, (client, protobuf))| {
            let profile = Profile::of(CLIENTS[*client].0.parse().unwrap());
            let wire = if *protobuf { Format::Protobuf } else { Format::Json };
            let (serial, hostname) = (format!("SN-{machine}"), format!("{machine}.lan"));
            let machine_id = (*machine).to_owned();
            Mac { santa: Santa::new(Profile { machine_id, serial, hostname, wire, ..profile }) }
        });
        let macs = macs.collect();
        let mut reference = Reference::default();
        reference.kept = keep(&world, &reference).await;
        let offers = HOSTS.iter().map(|_| Offers::default()).collect();
        let reported = vec![Reported::default(); HOSTS.len()];
        let restored = vec![None; HOSTS.len()];
        let mut story =
            Self { world, macs, clients, reference, offers, reported, backup: None, restored };
        for host in 0..HOSTS.len() {
            story.sync(host, Loses::Nothing).await;
        }
        story
    }

    async fn happen(&mut self, step: Step) {
        match step {
            Step::Administer(act) => self.administer(act).await,
            Step::Join { host, group } => drop(self.reference.groups.insert((host, group))),
            Step::Leave { host, group } => drop(self.reference.groups.remove(&(host, group))),
            Step::Owner { host, anna: true } => drop(self.reference.owners.insert(host)),
            Step::Owner { host, anna: false } => drop(self.reference.owners.remove(&host)),
            Step::Upgrade { host, client } => self.upgrade(host, client),
            Step::AskClean { host, all } => {
                let kind = if all { SyncKind::CleanAll } else { SyncKind::Clean };
                self.macs[host].santa.require(kind);
            }
            Step::Tamper { host } => {
                self.excuse(host);
                self.tamper(host);
            }
            Step::BackUp => {
                let (database, reference) = (self.world.back_up(), self.reference.clone());
                self.backup = Some(Backup { database, reference });
            }
            Step::Restore => self.restore().await,
            Step::Restart => self.restart().await,
            Step::AnHourPasses => self.pass(1).await,
            Step::DaysPass { days } => {
                self.pass(days * 24).await;
                self.offers.iter_mut().for_each(Offers::days_pass);
                (0..HOSTS.len()).for_each(|host| self.excuse(host));
            }
            Step::Sync { host, loses } => self.sync(host, loses).await,
            Step::InterruptedSync { host, before, interruption } => {
                self.interrupted_sync(host, before, interruption).await;
            }
            Step::RulesOnly { host, loses } => {
                self.introduce(host);
                let (network, client) = (self.world.network().losing(loses), self.client(host));
                // The download may fail, because requests may be lost.
                drop(self.macs[host].try_sync_rules(&network).await);
                let served = Served::read(&network.served().lock().unwrap());
                if self.keeps_rules(host) && self.restored[host].is_none() {
                    let now = self.known_target(host);
                    let after = self.client(host).rules;
                    let of = format!("{} ({})", HOSTS[host], self.version(host));
                    self.offers[host].rules_only(&client, (&now, &after), &served, &of);
                }
            }
        }
    }

    async fn administer(&mut self, act: Act) {
        if let Act::OrderClean { host, .. } = act {
            self.excuse(host);
        }
        administer(&self.world, &mut self.reference, act).await;
    }

    /// The database is lost and restored. Rules, settings and tags return to their state in the
    /// backup. The properties that hosts report do not change.
    async fn restore(&mut self) {
        let Some(Backup { database, reference }) = &self.backup else { return };
        self.world.restore(database).await;
        let Reference { groups, owners, hour, .. } =
            std::mem::replace(&mut self.reference, reference.clone());
        (self.reference.groups, self.reference.owners, self.reference.hour) =
            (groups, owners, hour);
        self.reference.forget_expired();
        for host in 0..HOSTS.len() {
            self.restored[host] = self.keeps_rules(host).then(|| Restored::at(hour));
            self.macs[host].santa.add_event(waiting_event());
        }
    }

    /// Records that something other than a restore may cause a clean sync of a host.
    fn excuse(&mut self, host: usize) {
        if let Some(restored) = &mut self.restored[host] {
            restored.is_excused = true;
        }
    }

    async fn restart(&mut self) {
        self.world.restart().await;
        self.offers.iter_mut().for_each(Offers::restart);
    }

    async fn pass(&mut self, hours: i64) {
        self.offers.iter_mut().for_each(Offers::restart);
        self.reference.hour += hours;
        self.reference.forget_expired();
        self.world.pass(SignedDuration::from_hours(hours)).await;
    }

    /// Deletes a rule on the Mac, unless the Mac is in standalone mode. In standalone mode, a hash
    /// proves nothing, so the server would not notice the deletion.
    fn tamper(&mut self, host: usize) {
        let santa = &mut self.macs[host].santa;
        let first = santa.rules().first().map(|rule| (*rule).clone());
        if let Some(HeldRule { rule_type, identifier, .. }) = first
            && santa.client_mode() != ClientMode::Standalone
        {
            santa.delete_rule(rule_type, &identifier);
            let rules = offers::state(santa.rules().into_iter().cloned());
            if self.clients[host] >= FIRST_THAT_HASHES {
                self.offers[host].tamper(rules);
            }
        }
    }

    fn upgrade(&mut self, host: usize, client: usize) {
        let (from, to) = (CLIENTS[self.clients[host]].1, CLIENTS[client]);
        if from.is_some() && to.1 > from {
            let profile = self.macs[host].santa.profile_mut();
            profile.generation = to.0.parse().unwrap();
            profile.santa_version = profile.generation.says();
            self.clients[host] = client;
            self.offers[host].upgrade();
        }
    }

    /// Makes the Mac report the groups and the owner that it has in the reference model.
    fn introduce(&mut self, host: usize) {
        let groups =
            (0..GROUPS.len()).filter(|group| self.reference.groups.contains(&(host, *group)));
        let profile = self.macs[host].santa.profile_mut();
        profile.groups = groups.map(|group| GROUPS[group].to_owned()).collect();
        let owner = if self.reference.owners.contains(&host) { "anna" } else { "" };
        owner.clone_into(&mut profile.primary_user);
    }

    async fn sync(&mut self, host: usize, loses: Loses) {
        self.introduce(host);
        let (network, client) = (self.world.network().losing(loses), self.client(host));
        let mode = self.macs[host].santa.client_mode();
        let result = self.macs[host].try_sync(&network).await;
        if let Some(mut restored) = self.restored[host] {
            let served = Served::read(&network.served().lock().unwrap());
            let of = format!("{} ({})", HOSTS[host], self.version(host));
            let about = (self.reference.hour, &*of);
            let is_over = restored.sync(&client, &served, &result, about);
            self.restored[host] = Some(restored).filter(|_| !is_over);
            if !is_over {
                return;
            }
            let known = offers::state(self.reference.active_rules(host, self.clients[host]));
            self.offers[host] = Offers::known(known);
            self.report(host, &self.reference.clone());
        } else {
            self.check_sent(host, &client, &network.served(), &self.reference.clone());
        }
        if result.is_err() {
            return;
        }
        self.check_rules(host, &self.reference);
        if loses == Loses::Nothing {
            self.check_mode(host, &self.reference);
            self.check_standing(host, mode).await;
        }
    }

    /// A sync with an interruption. Unless the interruption comes before the preflight, it does not
    /// change the rules that the sync leads to.
    async fn interrupted_sync(&mut self, host: usize, before: usize, interruption: Interruption) {
        // After a restart, the old server still handles this sync but no longer gets changes. The
        // preflight determines the rules that the sync leads to, so it must come before the
        // restart. When an hour passes, the servers are restarted, too.
        let before = match interruption {
            Interruption::Restart | Interruption::AnHourPasses => before.max(1),
            Interruption::Administer(_) | Interruption::SyncOf { .. } => before,
        };
        self.introduce(host);
        let mut expected = self.reference.clone();
        let (network, client) = (self.world.network(), self.client(host));
        let served = network.served();
        let (transport, is_reached, go_on) = Interrupted::new(network, before);
        let mut mac = std::mem::replace(&mut self.macs[host], Mac::new("nobody"));
        let interruption = async {
            if is_reached.await.is_ok() {
                self.interrupt(host, interruption).await;
                go_on.send(()).unwrap();
            }
        };
        let sync = async {
            let result = mac.try_sync(&transport).await;
            // If the sync had at most `before` requests, the interruption never happens.
            transport.stop_no_more();
            result
        };
        let (result, ()) = tokio::join!(sync, interruption);
        result.unwrap();
        self.macs[host] = mac;
        if before == 0 {
            expected = self.reference.clone();
        }
        if self.restored[host].is_some() {
            self.excuse(host);
            return;
        }
        self.check_sent(host, &client, &served, &expected);
        self.check_rules(host, &expected);
    }

    async fn interrupt(&mut self, syncing: usize, interruption: Interruption) {
        match interruption {
            Interruption::Administer(act) => self.administer(act).await,
            Interruption::SyncOf { host } if host == syncing => {}
            Interruption::SyncOf { host } => self.sync(host, Loses::Nothing).await,
            Interruption::Restart => self.restart().await,
            Interruption::AnHourPasses => self.pass(1).await,
        }
    }

    /// Checks which rules a sync sent, and records the sync.
    fn check_sent(
        &mut self,
        host: usize,
        client: &Client,
        served: &Mutex<Vec<Exchange>>,
        reference: &Reference,
    ) {
        if self.keeps_rules(host) {
            let served = Served::read(&served.lock().unwrap());
            if served.kind.is_some() {
                self.report(host, reference);
            }
            let to = offers::state(reference.active_rules(host, self.clients[host]));
            let of = format!("{} ({})", HOSTS[host], self.version(host));
            self.offers[host].sync(client, &to, &served, &of);
        }
    }

    fn report(&mut self, host: usize, reference: &Reference) {
        let groups = (0..GROUPS.len()).filter(|group| reference.groups.contains(&(host, *group)));
        self.reported[host] = Reported {
            groups: groups.collect(),
            anna: reference.owners.contains(&host),
            client: self.clients[host],
        };
    }

    /// The rules that a host should have according to the properties in its last preflight.
    fn known_target(&self, host: usize) -> State {
        let Reported { groups, anna, client } = &self.reported[host];
        let mut reference = self.reference.clone();
        reference.groups = groups.iter().map(|group| (host, *group)).collect();
        reference.owners = anna.then_some(host).into_iter().collect();
        offers::state(reference.active_rules(host, *client))
    }

    fn keeps_rules(&self, host: usize) -> bool {
        CLIENTS[self.clients[host]].1.is_some()
    }

    fn client(&self, host: usize) -> Client {
        let santa = &self.macs[host].santa;
        Client {
            hashes: self.clients[host] >= FIRST_THAT_HASHES,
            asks_clean: santa.required() != SyncKind::Normal,
            rules: offers::state(santa.rules().into_iter().cloned()),
        }
    }

    fn check_rules(&self, host: usize, reference: &Reference) {
        let held: Vec<HeldRule> = self.macs[host].santa.rules().into_iter().cloned().collect();
        let expected = reference.active_rules(host, self.clients[host]);
        assert_eq!(held, expected, "the rules of {} ({})", HOSTS[host], self.version(host));
    }

    fn check_mode(&self, host: usize, reference: &Reference) {
        let mode = reference.mode(host, self.clients[host]);
        let of = self.version(host);
        assert_eq!(self.macs[host].santa.client_mode(), mode, "the mode of {} ({of})", HOSTS[host]);
    }

    /// Checks the server's report about a host that has just completed a sync. `mode` is the host's
    /// mode at the start of the sync.
    async fn check_standing(&self, host: usize, mode: ClientMode) {
        let view = self.world.get(&format!("/hosts/{}", HOSTS[host])).await;
        // A host whose rules are deleted repeatedly looks like two Macs with one machine ID.
        let state = match view.get("conflict") {
            Some(conflict) => &conflict["macs"][0]["state"],
            None => &view["state"],
        };
        assert_eq!(state, "in-sync", "{} ({}): {view}", HOSTS[host], self.version(host));
        let rules = &view["rules"];
        assert_eq!((&rules["due"], &view["drift"]), (&json!(0), &Value::Null), "{view}");
        assert_eq!(rules["held"], self.macs[host].santa.rules().len(), "{view}");
        let modes = [mode, self.macs[host].santa.client_mode()];
        let standalone = modes.contains(&ClientMode::Standalone);
        if self.clients[host] >= FIRST_THAT_HASHES && !standalone {
            let hash = self.macs[host].santa.database().rules_hash();
            let expected = rules["expected_hash"].as_str().unwrap_or_default();
            assert_eq!(hash, expected, "the hash of {} ({})", HOSTS[host], self.version(host));
        }
    }

    fn version(&self, host: usize) -> &'static str {
        CLIENTS[self.clients[host]].0
    }
}
