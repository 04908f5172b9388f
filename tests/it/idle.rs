//! A sync with nothing to do asks the store for one host's row and writes it twice, however
//! many rules there are.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use nicelist::fleet::{Clock, Event, EventId, EventStat, Host, InForce, ScopeSetId};
use nicelist::protocol::{PostflightRequest, PreflightRequest, RuleDownloadRequest, Wire};
use nicelist::rule::{MachineId, Policy, PolicyKind, Revision, Rule, Scope, Target};
use nicelist::store::{
    self, Author, Change, Committed, Durability, Edit, EventFilter, EventPurge, HostFilter,
    Installation, LedgerRow, PolicySnapshot, RevisionFilter, RuleFilter, RuleKey, RulePlace,
    RuleRecord, RuleTurn, RuleVersion, ScopeId, Store, StoreResult, StoredEvent, StoredHost,
    StoredRevision, TokenRecord,
};
use nicelist::sync::{Engine, RULES_A_PAGE};

/// A store that writes down what it is asked.
struct Overheard {
    store: Arc<dyn Store>,
    asked: Mutex<Vec<&'static str>>,
}

macro_rules! overhear {
    ($(async fn $name:ident(&self $(, $arg:ident: $kind:ty)*) $(-> $answer:ty)?;)+) => {
        #[async_trait]
        impl Store for Overheard {
            $(
                async fn $name(&self $(, $arg: $kind)*) $(-> $answer)? {
                    self.asked.lock().unwrap().push(stringify!($name));
                    self.store.$name($($arg),*).await
                }
            )+
        }
    };
}

overhear! {
    async fn install(&self, installation: Installation) -> StoreResult<([u8; 32], bool)>;
    async fn commit(&self, change: Change) -> StoreResult<Committed>;
    async fn expire(&self, now: Timestamp) -> StoreResult<Option<Revision>>;
    async fn head(&self) -> StoreResult<Revision>;
    async fn snapshot(&self) -> StoreResult<PolicySnapshot>;
    async fn snapshot_at(&self, at: Revision) -> StoreResult<PolicySnapshot>;
    async fn ledger(&self, since: Revision, above: i64, limit: usize) -> StoreResult<Vec<LedgerRow>>;
    async fn rules(&self, filter: &RuleFilter, after: Option<&RuleKey>, limit: usize) -> StoreResult<Vec<RuleRecord>>;
    async fn revisions(&self, filter: &RevisionFilter, before: Option<Revision>, limit: usize) -> StoreResult<Vec<StoredRevision>>;
    async fn revision(&self, revision: Revision) -> StoreResult<Option<StoredRevision>>;
    async fn turned(&self, revision: Revision) -> StoreResult<(InForce, InForce)>;
    async fn rule_changes(&self, revision: Revision, after: Option<RulePlace>, limit: usize) -> StoreResult<Vec<(RulePlace, RuleTurn)>>;
    async fn rule_versions(&self, target: &Target, before: Option<i64>, limit: usize) -> StoreResult<Vec<RuleVersion>>;
    async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>>;
    async fn hosts(&self, filter: &HostFilter, after: Option<&MachineId>, limit: usize) -> StoreResult<Vec<Host>>;
    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>>;
    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool>;
    async fn forget_host(&self, machine: &MachineId) -> StoreResult<bool>;
    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId>;
    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>>;
    async fn add_events(&self, events: &[Event], received: Timestamp) -> StoreResult<usize>;
    async fn count_new_events(&self, events: &[Event]) -> StoreResult<usize>;
    async fn events(&self, filter: &EventFilter, before: Option<EventId>, limit: usize) -> StoreResult<Vec<StoredEvent>>;
    async fn events_after(&self, filter: &EventFilter, after: EventId, limit: usize) -> StoreResult<Vec<StoredEvent>>;
    async fn event(&self, id: EventId) -> StoreResult<Option<StoredEvent>>;
    async fn event_stats(&self, filter: &EventFilter, limit: usize) -> StoreResult<Vec<EventStat>>;
    async fn count_bundle_members(&self, bundle: &str) -> StoreResult<u64>;
    async fn bundle_members(&self, bundle: &str) -> StoreResult<Vec<(MachineId, String)>>;
    async fn purge_events(&self, purge: EventPurge, limit: usize) -> StoreResult<usize>;
    async fn tokens(&self) -> StoreResult<Vec<TokenRecord>>;
    async fn add_token(&self, token: TokenRecord) -> StoreResult<()>;
    async fn revoke_token(&self, name: &str) -> StoreResult<bool>;
    async fn changed_elsewhere(&self);
}

fn rules(count: u32) -> Vec<Edit> {
    let rule = |number: u32| {
        let target = format!("binary:{number:064x}").parse().unwrap();
        let policy = Policy::new(PolicyKind::Allow, None).unwrap();
        Edit::PutRule(Box::new(Rule::new(target, Scope::Fleet, policy).unwrap()))
    };
    (0..count).map(rule).collect()
}

async fn sync(engine: &Engine, machine: &MachineId) -> u32 {
    let preflight = PreflightRequest { santa_version: "2026.7".into(), ..Default::default() };
    engine.preflight(machine, &preflight).await.unwrap();
    let mut cursor = String::new();
    let mut received = 0;
    loop {
        let request = RuleDownloadRequest { cursor, ..Default::default() };
        let page = engine.rule_download(machine, &request, Wire::default()).await.unwrap();
        let page: serde_json::Value = serde_json::from_slice(&page).unwrap();
        received += u32::try_from(page["rules"].as_array().unwrap().len()).unwrap();
        match page["cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let postflight = PostflightRequest {
        rules_received: received,
        rules_processed: received,
        ..Default::default()
    };
    engine.postflight(machine, &postflight).await.unwrap();
    received
}

#[tokio::test]
async fn a_sync_with_nothing_to_do_reads_one_row_and_writes_it_twice() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("nicelist.db").display());
    let store = store::open(&url, Durability::Power).await.unwrap();
    let author = Author { name: "anna".into(), at: Timestamp::UNIX_EPOCH, message: None };
    let change = Change { author, base: None, dry_run: false, edits: rules(5_000) };
    store.commit(change).await.unwrap();
    let overheard = Arc::new(Overheard { store, asked: Mutex::default() });
    let engine =
        Engine::open(overheard.clone(), [0; 32], Clock::System, RULES_A_PAGE).await.unwrap();
    let machine: MachineId = "M1".parse().unwrap();
    assert_eq!(sync(&engine, &machine).await, 5_000);
    overheard.asked.lock().unwrap().clear();

    assert_eq!(sync(&engine, &machine).await, 0);

    let asked = std::mem::take(&mut *overheard.asked.lock().unwrap());
    assert_eq!(asked, ["host", "save_host", "host", "host", "save_host"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_a_herd_asks_for_is_encoded_once() {
    const HERD: u32 = 500;
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let engine = Engine::open(store, [0; 32], Clock::System, RULES_A_PAGE).await.unwrap();
    let author = || Author { name: "anna".into(), at: Timestamp::UNIX_EPOCH, message: None };
    let change = |edits| Change { author: author(), base: None, dry_run: false, edits };
    engine.commit(change(rules(10))).await.unwrap();
    let machines: Vec<MachineId> =
        (0..HERD).map(|number| format!("M{number}").parse().unwrap()).collect();
    for machine in &machines {
        assert_eq!(sync(&engine, machine).await, 10);
    }
    assert_eq!(engine.pages_encoded(), 1);

    engine.commit(change(rules(11))).await.unwrap();
    let engine = Arc::new(engine);
    let mut herd = tokio::task::JoinSet::new();
    for machine in machines {
        let engine = Arc::clone(&engine);
        herd.spawn(async move { sync(&engine, &machine).await });
    }
    assert_eq!(herd.join_all().await, [1; HERD as usize]);
    assert_eq!(engine.pages_encoded(), 2);
}
