//! A test world in one process: servers over a real database, simulated Macs, a manual clock, and a
//! network that loses chosen requests and responses.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use nicelist::fleet::Clock;
use nicelist::lab::{
    HeldRule, HttpResponse, Pace, Profile, RuleState, Santa, SyncError, SyncOptions, SyncReport,
    Transport, TransportError,
};
use nicelist::server::{App, LocalOperator, Options, SyncAuth};
use nicelist::store::maintenance;
use nicelist::sync::RULES_A_PAGE;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::cluster::Database;

enum Kept {
    Sqlite(TempDir),
    Postgres(Database),
}

impl Kept {
    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite:{}", folder.path().join("nicelist.db").display())
            }
            Self::Postgres(database) => database.url(),
        }
    }
}

struct Servers {
    /// One router per server. The routers are created when the servers start, not for each request,
    /// because each router contains the whole OpenAPI document.
    routers: Vec<Router>,
    /// Bit N chooses the server for request N. The bits repeat after 64 requests.
    turns: u64,
    taken: AtomicUsize,
}

impl Servers {
    fn next(&self) -> &Router {
        let turn = self.taken.fetch_add(1, Ordering::Relaxed) % 64;
        &self.routers[usize::from(self.turns >> turn & 1 == 1) % self.routers.len()]
    }

    /// Chooses the server for the next request, and waits until this server has read the changes of
    /// the other servers.
    async fn next_that_heard(&self) -> &Router {
        let next = self.next();
        if self.routers.len() > 1 {
            let mut newest = 0;
            for router in &self.routers {
                newest = newest.max(head(router).await);
            }
            let asked = Instant::now();
            while head(next).await < newest {
                assert!(asked.elapsed() < Duration::from_secs(10), "a server hears of nothing");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        next
    }
}

async fn head(router: &Router) -> u64 {
    let (_, status) = ask(router, Method::GET, "/status", Value::Null).await;
    status["revision"].as_u64().unwrap()
}

/// Sends an API request as an administrator on the server's machine.
pub(crate) async fn ask(
    router: &Router,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("x-request-id", "the-test")
        .extension(LocalOperator("anna".to_owned()))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(crate) struct World {
    kept: Kept,
    clock: Clock,
    apps: Vec<App>,
    servers: Arc<Servers>,
    page: NonZeroUsize,
    events_per_day: Option<u64>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_rules_a_page(RULES_A_PAGE).await
    }

    pub(crate) async fn with_rules_a_page(page: NonZeroUsize) -> Self {
        // The folder is in memory if possible, because the tests create thousands of worlds.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Self::over(Kept::Sqlite(folder), 1, 0, page).await
    }

    /// A world with this number of servers over one PostgreSQL database. The bits of `turns` choose
    /// the server for each request.
    pub(crate) async fn on_postgres(servers: usize, turns: u64, page: NonZeroUsize) -> Self {
        Self::over(Kept::Postgres(Database::new().await), servers, turns, page).await
    }

    /// A world over a copy of this SQLite database, at this time.
    pub(crate) async fn on_file(database: &[u8], now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("nicelist.db"), database).unwrap();
        Self::at(now, Kept::Sqlite(folder), 1, 0, RULES_A_PAGE).await
    }

    /// A world with two servers over a copy of this SQLite database on PostgreSQL, at this time.
    pub(crate) async fn on_postgres_copy(database: &[u8], now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("nicelist.db"), database).unwrap();
        let (file, copy) = (Kept::Sqlite(folder), Database::empty().await);
        maintenance::migrate(&file.url(), false).await.unwrap();
        let (from, to) = (file.url(), copy.url());
        let copying = maintenance::DatabaseCopy::prepare(&from, &to).await.unwrap();
        copying.run(maintenance::CopiedEpoch::Kept, &|_| {}).await.unwrap();
        Self::at(now, Kept::Postgres(copy), 2, 0x5a5a, RULES_A_PAGE).await
    }

    async fn over(kept: Kept, servers: usize, turns: u64, page: NonZeroUsize) -> Self {
        Self::at("2026-11-20T09:00:00Z".parse().unwrap(), kept, servers, turns, page).await
    }

    async fn at(
        now: Timestamp,
        kept: Kept,
        servers: usize,
        turns: u64,
        page: NonZeroUsize,
    ) -> Self {
        let clock = Clock::manual(now);
        let servers =
            Servers { routers: vec![Router::new(); servers], turns, taken: AtomicUsize::new(0) };
        let servers = Arc::new(servers);
        let mut world = Self { kept, clock, apps: Vec::new(), servers, page, events_per_day: None };
        world.restart().await;
        world
    }

    pub(crate) async fn with_events_per_day(most: u64) -> Self {
        let mut world = Self::new().await;
        world.events_per_day = Some(most);
        world.restart().await;
        world
    }

    /// Sends an event upload as a host would. Returns the status of the response.
    pub(crate) async fn upload(&self, machine: &str, body: String) -> StatusCode {
        let uri = format!("/santa/eventupload/{machine}");
        let request = Request::builder().method(Method::POST).uri(uri).body(Body::from(body));
        self.router().oneshot(request.unwrap()).await.unwrap().status()
    }

    pub(crate) async fn restart(&mut self) {
        let Servers { routers, turns, taken } = &*self.servers;
        let mut apps = Vec::new();
        for _ in routers {
            apps.push(self.open().await);
        }
        self.servers = Arc::new(Servers {
            routers: apps.iter().map(App::router).collect(),
            turns: *turns,
            taken: AtomicUsize::new(taken.load(Ordering::Relaxed)),
        });
        self.apps = apps;
    }

    async fn open(&self) -> App {
        let options = Options {
            // Tests advance the clock by more than a server would accept by default.
            longest_gap: Some(SignedDuration::MAX),
            database: self.kept.url(),
            sync_auth: SyncAuth::None,
            clock: self.clock.clone(),
            rules_a_page: Some(self.page),
            events_per_day: self.events_per_day,
            ..Options::default()
        };
        App::open(options).await.unwrap()
    }

    /// Backs up the SQLite database while its server is running. Returns the backup.
    pub(crate) fn back_up(&self) -> Vec<u8> {
        let Kept::Sqlite(folder) = &self.kept else { panic!("not in a file") };
        let (database, backup) = (folder.path().join("nicelist.db"), folder.path().join("backup"));
        maintenance::backup(&database, &backup, true).unwrap();
        std::fs::read(backup).unwrap()
    }

    /// Replaces the SQLite database with a restored backup in a new folder.
    pub(crate) async fn restore(&mut self, backup: &[u8]) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (database, file) = (folder.path().join("nicelist.db"), folder.path().join("backup"));
        std::fs::write(&file, backup).unwrap();
        maintenance::restore(&database, &file, self.now()).unwrap();
        self.kept = Kept::Sqlite(folder);
        self.restart().await;
    }

    pub(crate) async fn end(self) {
        drop(self.apps);
        match self.kept {
            Kept::Sqlite(folder) => drop(folder),
            Kept::Postgres(database) => database.drop().await,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Advances the clock and restarts the servers, which then do their scheduled work.
    pub(crate) async fn pass(&mut self, time: SignedDuration) {
        self.clock.advance(time);
        self.restart().await;
    }

    pub(crate) fn wait(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        ask(self.servers.next_that_heard().await, method, path, body).await
    }

    /// Sends a request that must succeed. Returns the response.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, body).await;
        assert!(status.is_success(), "POST {path}: {status} {answer}");
        answer
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (status, answer) = self.ask(Method::DELETE, path, Value::Null).await;
        assert!(status.is_success(), "DELETE {path}: {status} {answer}");
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(Method::GET, path, Value::Null).await;
        assert!(status.is_success(), "GET {path}: {status} {answer}");
        answer
    }

    pub(crate) async fn put_rule(&self, policy: &str, target: &str, scope: &str) {
        let rule = json!({"target": target, "policy": policy, "scope": scope});
        self.post("/rules", json!({"put": [rule]})).await;
    }

    pub(crate) async fn drop_rule(&self, target: &str, scope: &str) {
        let rule = json!({"target": target, "scope": scope});
        self.post("/rules", json!({"drop": [rule]})).await;
    }

    /// The active rules of a host, as `type:identifier policy`.
    pub(crate) async fn active_rules(&self, machine: &str) -> Vec<String> {
        let page = self.get(&format!("/hosts/{machine}/rules?limit=5000")).await;
        let rules = page["items"].as_array().unwrap();
        let line = |rule: &Value| {
            format!("{} {}", rule["target"].as_str().unwrap(), rule["policy"].as_str().unwrap())
        };
        let mut lines: Vec<String> = rules.iter().map(line).collect();
        lines.sort();
        lines
    }

    pub(crate) fn router(&self) -> Router {
        self.servers.routers[0].clone()
    }

    pub(crate) fn network(&self) -> Network {
        let servers = Arc::clone(&self.servers);
        let served = Arc::default();
        Network { servers, asked: AtomicUsize::new(0), loses: Loses::Nothing, served }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loses {
    Nothing,
    /// The n-th request of the sync, counted from 0, which does not reach the server.
    Request(usize),
    /// The response to the n-th request, which the server has processed.
    Answer(usize),
    /// The n-th request and all later requests, as if the Mac went to sleep.
    From(usize),
    /// The n-th response and all later responses. The server processes the requests.
    AnswersFrom(usize),
    /// The n-th request reaches the server twice, and the first of its two responses is lost.
    FirstAnswerOfTwo(usize),
}

/// A request that reached a server, and its response, which may have been lost.
pub(crate) struct Exchange {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) answer: HttpResponse,
}

/// Sends a Mac's requests to the servers of a world, and loses some requests or responses.
pub(crate) struct Network {
    servers: Arc<Servers>,
    asked: AtomicUsize,
    loses: Loses,
    served: Arc<Mutex<Vec<Exchange>>>,
}

impl Network {
    pub(crate) fn losing(mut self, loses: Loses) -> Self {
        self.loses = loses;
        self
    }

    /// The requests that reached the servers, with the responses. A request that reached a server
    /// twice is listed only one time.
    pub(crate) fn served(&self) -> Arc<Mutex<Vec<Exchange>>> {
        Arc::clone(&self.served)
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn carry(&self, path: &str, headers: &[(String, String)], body: &[u8]) -> Response {
        let request = Request::builder().method(Method::POST).uri(format!("/santa/{path}"));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = request.body(Body::from(body.to_vec())).unwrap();
        // The preflight determines the rules that a sync leads to. Any server can handle the later
        // requests, even if it has not read the newest changes.
        let server = match path.starts_with("preflight") {
            true => self.servers.next_that_heard().await,
            false => self.servers.next(),
        };
        server.clone().oneshot(request).await.unwrap()
    }
}

#[async_trait]
impl Transport for Network {
    async fn post(
        &self,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<HttpResponse, TransportError> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let lost = || TransportError::Failed("the network lost it".into());
        let unseen = match self.loses {
            Loses::Request(n) => turn == n,
            Loses::From(n) => turn >= n,
            Loses::Nothing
            | Loses::Answer(_)
            | Loses::AnswersFrom(_)
            | Loses::FirstAnswerOfTwo(_) => false,
        };
        if unseen {
            return Err(lost());
        }
        if self.loses == Loses::FirstAnswerOfTwo(turn) {
            drop(self.carry(path, headers, body).await);
        }
        let response = self.carry(path, headers, body).await;
        let status = response.status().as_u16();
        let names = response.headers().iter();
        let of_answer = names
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec();
        let answer = HttpResponse { status, headers: of_answer, body: bytes };
        self.served.lock().unwrap().push(Exchange {
            path: path.to_owned(),
            headers: headers.to_vec(),
            body: body.to_vec(),
            answer: answer.clone(),
        });
        let unheard = match self.loses {
            Loses::Answer(n) => turn == n,
            Loses::AnswersFrom(n) => turn >= n,
            Loses::Nothing | Loses::Request(_) | Loses::From(_) | Loses::FirstAnswerOfTwo(_) => {
                false
            }
        };
        if unheard { Err(lost()) } else { Ok(answer) }
    }
}

fn at_once() -> SyncOptions {
    SyncOptions { pace: Pace::WITHOUT_BACKOFF, ..SyncOptions::default() }
}

pub(crate) struct Mac {
    pub(crate) santa: Santa,
}

impl Mac {
    pub(crate) fn new(machine: &str) -> Self {
        Self { santa: Santa::new(Profile { machine_id: machine.to_owned(), ..Profile::default() }) }
    }

    pub(crate) async fn try_sync(
        &mut self,
        network: &dyn Transport,
    ) -> Result<SyncReport, SyncError> {
        self.santa.sync(network, at_once()).await
    }

    /// Downloads rules without a sync, as after a push notification.
    pub(crate) async fn try_sync_rules(
        &mut self,
        network: &dyn Transport,
    ) -> Result<SyncReport, SyncError> {
        self.santa.sync_rules(network, at_once()).await
    }

    pub(crate) async fn sync(&mut self, world: &World) -> SyncReport {
        self.try_sync(&world.network()).await.unwrap()
    }

    /// The rules of the Mac, as `type:identifier policy`.
    pub(crate) fn holds(&self) -> Vec<String> {
        let line = |rule: &&HeldRule| {
            let kind = rule.rule_type.to_string().to_lowercase();
            let policy = match rule.state {
                RuleState::Allowlist => "allow",
                RuleState::Blocklist => "block",
                other => panic!("a state that the stories do not use: {other:?}"),
            };
            format!("{kind}:{} {policy}", rule.identifier)
        };
        let rules = self.santa.rules();
        let mut lines: Vec<String> = rules.iter().map(line).collect();
        lines.sort();
        lines
    }
}
