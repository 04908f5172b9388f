//! With one server, a sync without changes reads and writes only the host's row. Changes that are
//! made during a sync are sent in the next sync.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use nicelist::fleet::{
    Actor, CleanSync, Clock, Epoch, Event, EventId, EventStat, Host, KnownProgram, PersonName,
    PolicyState, ProgramId, Pseudonym, Renaming, ScopeSetId, Sighting,
};
use nicelist::protocol::{
    PostflightRequest, PreflightRequest, RuleDownloadRequest, SyncType, Wire,
};
use nicelist::rule::{
    MachineId, Policy, PolicyKind, Revision, RevisionRecord, RevisionSummary, Rule, RuleKey, Scope,
    TagName, Target,
};
use nicelist::store::maintenance::BackupSource;
use nicelist::store::{
    self, AddedEvents, Change, Committed, DatabaseSize, Durability, Edit, EventFilter, EventOrigin,
    EventPurge, EventStore, ExaminedPart, Health, HostCount, HostFilter, HostGroup, HostStore,
    Installation, LedgerRow, ListPart, Meters, NamedHost, PersonPosition, PersonRecords,
    PersonStore, PersonalNames, PolicySnapshot, PolicyStore, PrincipalStore, ProgramFilter,
    ProgramPosition, ProgramStore, PurgedSightings, QuarantinedRow, ReplacedRecords, RevisedRule,
    RevisedRulePosition, RevisionFilter, RuleFilter, RuleRecord, RuleVersion, ScopeId,
    SharedSerial, Store, StoreError, StoreResult, StoredEvent, StoredHost, TokenRecord,
    UndecidedFilter, UndecidedPosition, UndecidedSighting,
};
use nicelist::sync::{Engine, RULES_A_PAGE};

/// Records the calls to a store.
struct Overheard {
    store: Arc<dyn Store>,
    asked: Mutex<Vec<&'static str>>,
    /// Whether the store reports that other servers use the same database.
    shared: bool,
    /// Whether the newest revision can be read.
    readable: AtomicBool,
}

impl Overheard {
    fn over(store: Arc<dyn Store>, shared: bool) -> Self {
        Self { store, asked: Mutex::default(), shared, readable: AtomicBool::new(true) }
    }
}

macro_rules! overhear {
    ($(
        impl $store:ident {
            $(async fn $name:ident(&self $(, $arg:ident: $kind:ty)*) $(-> $answer:ty)?;)+
        } $(with { $($own:tt)* })?
    )+) => {
        $(
            #[async_trait]
            impl $store for Overheard {
                $(
                    async fn $name(&self $(, $arg: $kind)*) $(-> $answer)? {
                        self.asked.lock().unwrap().push(stringify!($name));
                        self.store.$name($($arg),*).await
                    }
                )+

                $($($own)*)?
            }
        )+
    };
}

overhear! {
    impl PolicyStore {
        async fn commit(&self, change: Change) -> StoreResult<Committed>;
        async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>>;
        async fn has_expired(&self, now: Timestamp) -> StoreResult<bool>;
        async fn hide_expired(&self, by: Timestamp) -> StoreResult<()>;
        async fn snapshot(&self) -> StoreResult<PolicySnapshot>;
        async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot>;
        async fn ledger(&self, since: Revision, above: i64, limit: usize) -> StoreResult<Vec<LedgerRow>>;
        async fn rules(&self, filter: &RuleFilter, after: Option<&RuleKey>, limit: usize) -> StoreResult<Vec<RuleRecord>>;
        async fn revisions(&self, filter: &RevisionFilter, before: Option<Revision>, limit: usize) -> StoreResult<Vec<RevisionSummary>>;
        async fn revision(&self, revision: Revision) -> StoreResult<Option<RevisionSummary>>;
        async fn revised_tags_and_settings(&self, revision: Revision) -> StoreResult<(PolicyState, PolicyState)>;
        async fn rule_changes(&self, revision: Revision, after: Option<RevisedRulePosition>, limit: usize) -> StoreResult<Vec<(RevisedRulePosition, RevisedRule)>>;
        async fn rule_versions(&self, target: &Target, before: Option<i64>, limit: usize) -> StoreResult<Vec<RuleVersion>>;
        async fn history_start(&self) -> StoreResult<Option<RevisionRecord>>;
        async fn revision_at(&self, time: Timestamp, from: Revision) -> StoreResult<Revision>;
        async fn raise_history_start(&self, start: Revision) -> StoreResult<()>;
        async fn delete_history(&self, limit: usize) -> StoreResult<usize>;
    } with {
        async fn head(&self) -> StoreResult<Revision> {
            self.asked.lock().unwrap().push("head");
            match self.readable.load(Ordering::SeqCst) {
                true => self.store.head().await,
                false => Err(StoreError::Abandoned),
            }
        }
    }
    impl HostStore {
        async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>>;
        async fn hosts(&self, filter: &HostFilter, after: Option<&MachineId>, limit: usize) -> StoreResult<ListPart<Host>>;
        async fn hostnames(&self, machines: &[MachineId]) -> StoreResult<Vec<(MachineId, String)>>;
        async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>>;
        async fn tagged_hosts(&self, tags: &[TagName]) -> StoreResult<Vec<u64>>;
        async fn shared_serials(&self, serial: Option<&str>, limit: usize) -> StoreResult<Vec<SharedSerial>>;
        async fn count_hosts(&self, names: &PersonalNames) -> StoreResult<(Vec<HostCount>, Vec<NamedHost>)>;
        async fn host_groups(&self, names: &PersonalNames, limit: usize) -> StoreResult<(Vec<HostGroup>, Vec<NamedHost>)>;
        async fn host_of_group(&self, group: HostGroup) -> StoreResult<Option<Host>>;
        async fn machines_in_groups(&self, groups: &[HostGroup], only_syncing: bool, limit: usize) -> StoreResult<Vec<MachineId>>;
        async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool>;
        async fn forget_host(&self, actor: &Actor, machine: &MachineId) -> StoreResult<bool>;
        async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId>;
        async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>>;
    }
    impl EventStore {
        async fn delete_events_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize>;
        async fn add_events(&self, events: &[Event], received: Timestamp, origin: EventOrigin) -> StoreResult<AddedEvents>;
        async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize>;
        async fn events(&self, filter: &EventFilter, before: Option<EventId>, limit: usize) -> StoreResult<ListPart<StoredEvent>>;
        async fn events_after(&self, filter: &EventFilter, after: EventId, limit: usize) -> StoreResult<ListPart<StoredEvent>>;
        async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>>;
        async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>>;
        async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64>;
        async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>>;
        async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize>;
    }
    impl ProgramStore {
        async fn programs(&self, filter: &ProgramFilter, after: Option<ProgramPosition>, limit: usize) -> StoreResult<ExaminedPart<KnownProgram, ProgramPosition>>;
        async fn program(&self, id: ProgramId) -> StoreResult<Option<KnownProgram>>;
        async fn sightings(&self, program: ProgramId, after: Option<&MachineId>, limit: usize) -> StoreResult<ListPart<Sighting>>;
        async fn sightings_on(&self, machine: &MachineId, after: Option<ProgramId>, limit: usize) -> StoreResult<ListPart<Sighting>>;
        async fn last_seen(&self, programs: &[ProgramId]) -> StoreResult<Vec<(ProgramId, Timestamp)>>;
        async fn undecided(&self, filter: &UndecidedFilter, after: Option<UndecidedPosition>, limit: usize) -> StoreResult<ExaminedPart<UndecidedSighting, UndecidedPosition>>;
        async fn has_uncounted_events(&self) -> StoreResult<bool>;
        async fn count_older_events(&self, limit: usize) -> StoreResult<bool>;
        async fn delete_sightings_of(&self, machine: &MachineId, limit: usize) -> StoreResult<usize>;
        async fn purge_sightings(&self, before: Timestamp, after: Option<ProgramPosition>, limit: usize) -> StoreResult<PurgedSightings>;
    }
    impl PrincipalStore {
        async fn tokens(&self) -> StoreResult<Vec<TokenRecord>>;
        async fn add_token(&self, actor: &Actor, token: TokenRecord) -> StoreResult<()>;
        async fn revoke_token(&self, actor: &Actor, name: &str, keep_admin: Option<Timestamp>) -> StoreResult<bool>;
    }
    impl PersonStore {
        async fn pseudonym(&self, name: &PersonName) -> StoreResult<Pseudonym>;
        async fn person_records(&self, name: &PersonName, at: &PersonPosition) -> StoreResult<PersonRecords>;
        async fn uses_of_person(&self, name: &PersonName) -> StoreResult<Vec<String>>;
        async fn replace_person(&self, renaming: &Renaming, at: &PersonPosition) -> StoreResult<ReplacedRecords>;
        async fn erase_replaced(&self, actor: &Actor, pseudonym: &Pseudonym) -> StoreResult<bool>;
    }
    impl Store {
        async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)>;
        async fn epoch(&self) -> StoreResult<Epoch>;
        async fn begin_epoch(&self, actor: &Actor) -> StoreResult<Epoch>;
        async fn health(&self) -> StoreResult<Health>;
        async fn size(&self) -> StoreResult<DatabaseSize>;
        async fn prove_writable(&self) -> StoreResult<()>;
        async fn note_time(&self, time: Timestamp) -> StoreResult<()>;
        async fn noted_time(&self) -> StoreResult<Option<Timestamp>>;
        async fn newest_time(&self) -> StoreResult<Option<Timestamp>>;
        async fn quick_check(&self) -> StoreResult<Option<String>>;
        async fn changed_elsewhere(&self);
    } with {
        fn is_shared(&self) -> bool {
            self.shared
        }

        fn quarantined(&self) -> Vec<QuarantinedRow> {
            self.store.quarantined()
        }

        fn backup_source(&self) -> Option<&dyn BackupSource> {
            self.store.backup_source()
        }

        fn meters(&self) -> Meters {
            self.store.meters()
        }
    }
}

fn anna() -> Actor {
    Actor::new("anna", Timestamp::UNIX_EPOCH)
}

fn rules(count: u32) -> Vec<Edit> {
    let rule = |number: u32| {
        let target = format!("binary:{number:064x}").parse().unwrap();
        let policy = Policy::new(PolicyKind::Allow, None).unwrap();
        Edit::PutRule(Box::new(Rule::new(target, Scope::Fleet, policy).unwrap()))
    };
    (0..count).map(rule).collect()
}

fn change(count: u32) -> Change {
    let actor = anna();
    Change { actor, base: None, dry_run: false, edits: rules(count) }
}

async fn preflight(engine: &Engine, machine: &MachineId) -> Option<SyncType> {
    let request = PreflightRequest { santa_version: "2026.7".into(), ..Default::default() };
    engine.preflight(machine, &request, &|| true).await.unwrap().sync_type
}

/// Downloads all pages. Returns the number of rules.
async fn download(engine: &Engine, machine: &MachineId) -> u32 {
    let mut cursor = String::new();
    let mut received = 0;
    loop {
        let request = RuleDownloadRequest { cursor, ..Default::default() };
        let page = engine.rule_download(machine, &request, Wire::default()).await.unwrap();
        let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
        received += u32::try_from(page["rules"].as_array().unwrap().len()).unwrap();
        match page["cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return received,
        }
    }
}

async fn postflight(engine: &Engine, machine: &MachineId, received: u32) {
    let postflight = PostflightRequest {
        rules_received: received,
        rules_processed: received,
        ..Default::default()
    };
    engine.postflight(machine, &postflight).await.unwrap();
}

async fn sync(engine: &Engine, machine: &MachineId) -> u32 {
    preflight(engine, machine).await;
    let received = download(engine, machine).await;
    postflight(engine, machine, received).await;
    received
}

/// A server with one rule, a Mac that has this rule, and a manual clock.
struct Quiet {
    store: Arc<dyn Store>,
    engine: Engine,
    clock: Clock,
    machine: MachineId,
}

impl Quiet {
    async fn new() -> Self {
        let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
        let clock = Clock::manual("2026-11-28T09:00:00Z".parse().unwrap());
        let engine =
            Engine::open(Arc::clone(&store), [0; 32], clock.clone(), RULES_A_PAGE).await.unwrap();
        let quiet = Self { store, engine, clock, machine: "M1".parse().unwrap() };
        quiet.change(1).await;
        assert_eq!(sync(&quiet.engine, &quiet.machine).await, 1);
        quiet.clock.advance(SignedDuration::from_mins(10));
        quiet
    }

    async fn change(&self, count: u32) {
        let change = change(count);
        self.engine.commit(change).await.unwrap();
    }

    async fn row(&self) -> Host {
        self.store.host(&self.machine).await.unwrap().unwrap().host
    }
}

/// The methods of the store that are called during a sync without changes.
async fn asked_by_idle_sync(shared: bool) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("nicelist.db").display());
    let store = store::open(&url, Durability::Power).await.unwrap();
    store.commit(change(5_000)).await.unwrap();
    let overheard = Arc::new(Overheard::over(store, shared));
    let engine =
        Engine::open(overheard.clone(), [0; 32], Clock::System, RULES_A_PAGE).await.unwrap();
    let machine: MachineId = "M1".parse().unwrap();
    assert_eq!(sync(&engine, &machine).await, 5_000);
    overheard.asked.lock().unwrap().clear();

    assert_eq!(sync(&engine, &machine).await, 0);

    std::mem::take(&mut *overheard.asked.lock().unwrap())
}

#[tokio::test]
async fn a_sync_without_changes_reads_and_writes_one_row() {
    assert_eq!(asked_by_idle_sync(false).await, ["host", "save_host"]);
}

#[tokio::test]
async fn with_several_servers_the_start_of_a_sync_is_stored() {
    let asked = asked_by_idle_sync(true).await;
    assert_eq!(asked, ["host", "save_host", "host", "host", "save_host"]);
}

#[tokio::test]
async fn a_sync_that_ends_with_its_preflight_is_written_ten_seconds_later() {
    let quiet = Quiet::new().await;
    let begun = quiet.clock.now();
    preflight(&quiet.engine, &quiet.machine).await;

    quiet.clock.advance(SignedDuration::from_secs(9));
    quiet.engine.tick(true).await.unwrap();
    assert_ne!(quiet.row().await.sync.last_seen, Some(begun));
    quiet.clock.advance(SignedDuration::from_secs(1));
    quiet.engine.tick(true).await.unwrap();

    let row = quiet.row().await;
    assert_eq!(row.sync.last_seen, Some(begun));
    assert!(row.sync.session.is_some());
    assert_eq!(download(&quiet.engine, &quiet.machine).await, 0);
    postflight(&quiet.engine, &quiet.machine, 0).await;
    assert_eq!(quiet.row().await.sync.last_sync, Some(quiet.clock.now()));
}

#[tokio::test]
async fn a_sync_that_ends_with_its_preflight_is_written_when_the_server_ends() {
    let quiet = Quiet::new().await;
    preflight(&quiet.engine, &quiet.machine).await;
    quiet.engine.close().await.unwrap();
    assert_eq!(quiet.row().await.sync.last_seen, Some(quiet.clock.now()));
}

#[tokio::test]
async fn a_rule_created_during_a_sync_is_sent_in_the_next_one() {
    let quiet = Quiet::new().await;
    preflight(&quiet.engine, &quiet.machine).await;
    quiet.change(3).await;
    assert_eq!(download(&quiet.engine, &quiet.machine).await, 0);
    postflight(&quiet.engine, &quiet.machine, 0).await;
    assert_eq!(quiet.row().await.sync.holding.unwrap().revision, Revision(1));

    assert_eq!(sync(&quiet.engine, &quiet.machine).await, 2);
    assert_eq!(quiet.row().await.sync.holding.unwrap().revision, Revision(2));
}

#[tokio::test]
async fn a_clean_sync_that_is_ordered_during_a_sync_is_the_next() {
    let quiet = Quiet::new().await;
    preflight(&quiet.engine, &quiet.machine).await;
    let order = Some(CleanSync::CleanAll);
    assert!(quiet.engine.order_clean_sync(&anna(), &quiet.machine, order).await.unwrap());
    download(&quiet.engine, &quiet.machine).await;
    postflight(&quiet.engine, &quiet.machine, 0).await;

    let kind = preflight(&quiet.engine, &quiet.machine).await;
    assert_eq!(kind, Some(SyncType::CleanAll));
    assert_eq!(download(&quiet.engine, &quiet.machine).await, 1);
}

#[tokio::test]
async fn a_sync_with_two_servers_on_one_file_is_repaired_by_the_next() {
    let quiet = Quiet::new().await;
    let clock = quiet.clock.clone();
    let other = Engine::open(Arc::clone(&quiet.store), [0; 32], clock, RULES_A_PAGE).await.unwrap();
    preflight(&quiet.engine, &quiet.machine).await;
    quiet.change(3).await;
    other.tick(true).await.unwrap();
    preflight(&other, &quiet.machine).await;
    // Each of the two servers gets only a part of the sync.
    assert_eq!(download(&quiet.engine, &quiet.machine).await, 0);
    postflight(&other, &quiet.machine, 0).await;
    assert_eq!(quiet.row().await.sync.holding.unwrap().revision, Revision(1));

    assert_eq!(sync(&other, &quiet.machine).await, 2);
    assert_eq!(quiet.row().await.sync.holding.unwrap().revision, Revision(2));
}

#[tokio::test]
async fn a_host_that_is_forgotten_during_a_sync_stays_forgotten() {
    let quiet = Quiet::new().await;
    preflight(&quiet.engine, &quiet.machine).await;
    assert!(quiet.store.forget_host(&anna(), &quiet.machine).await.unwrap());
    postflight(&quiet.engine, &quiet.machine, 0).await;
    assert!(quiet.store.host(&quiet.machine).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_for_many_hosts_is_encoded_only_once() {
    const HERD: u32 = 500;
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let engine = Engine::open(store, [0; 32], Clock::System, RULES_A_PAGE).await.unwrap();
    engine.commit(change(10)).await.unwrap();
    let machines: Vec<MachineId> =
        (0..HERD).map(|number| format!("M{number}").parse().unwrap()).collect();
    for machine in &machines {
        assert_eq!(sync(&engine, machine).await, 10);
    }
    assert_eq!(engine.pages_encoded(), 1);

    engine.commit(change(11)).await.unwrap();
    let engine = Arc::new(engine);
    let mut herd = tokio::task::JoinSet::new();
    for machine in machines {
        let engine = Arc::clone(&engine);
        herd.spawn(async move { sync(&engine, &machine).await });
    }
    assert_eq!(herd.join_all().await, [1; HERD as usize]);
    assert_eq!(engine.pages_encoded(), 2);
}

#[tokio::test]
async fn l6_a_change_that_was_committed_is_reported_even_if_it_cannot_be_read_back() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let overheard = Arc::new(Overheard::over(store, false));
    let engine =
        Engine::open(overheard.clone(), [0; 32], Clock::System, RULES_A_PAGE).await.unwrap();
    engine.commit(change(1)).await.unwrap();

    overheard.readable.store(false, Ordering::SeqCst);
    let committed = engine.commit(change(2)).await.unwrap();
    assert_eq!((committed.changed, committed.head), (true, Revision(2)));
    assert!(engine.tick(true).await.is_err());
    assert_eq!(engine.head().await.unwrap(), Revision(1));

    overheard.readable.store(true, Ordering::SeqCst);
    engine.tick(true).await.unwrap();
    assert_eq!(engine.head().await.unwrap(), Revision(2));
}

#[tokio::test]
async fn s7_an_engine_for_a_local_command_reads_the_rules_when_something_needs_them() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let store = Arc::new(Overheard::over(store, false));
    let asked = |what| store.asked.lock().unwrap().iter().filter(|asked| **asked == what).count();
    let engine = Engine::on_use(Arc::clone(&store) as Arc<dyn Store>, Clock::System);
    engine.commit(change(10)).await.unwrap();
    assert_eq!(asked("ledger"), 0);
    assert_eq!(engine.head().await.unwrap(), Revision(1));
    assert_eq!(asked("ledger"), 0);
    engine.read_rules().await.unwrap();
    assert_eq!((asked("ledger"), engine.versions_in_memory()), (1, 10));
    engine.read_rules().await.unwrap();
    assert_eq!(asked("ledger"), 1, "once is enough");
    engine.commit(change(11)).await.unwrap();
    assert_eq!(engine.head().await.unwrap(), Revision(2));
    engine.read_rules().await.unwrap();
    assert_eq!(engine.versions_in_memory(), 11, "what was committed since then is read");
}
