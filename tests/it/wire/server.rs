//! A server in this process, and the requests of its hosts and administrators.

use std::num::NonZeroUsize;

use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use nicelist::fleet::Clock;
use nicelist::server::{App, LocalOperator, Options, SyncAuth};
use serde_json::{Value, json};
use tower::ServiceExt;

pub(super) const JSON: (&str, &str) = ("content-type", "application/json");
pub(super) const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
pub(super) const OCTETS: (&str, &str) = ("content-type", "application/octet-stream");
pub(super) const PREFLIGHT: &[u8] =
    br#"{"serial_num":"C02","hostname":"mac","santa_version":"2026.7"}"#;

/// The SHA-256 hash of a file, for rules and events.
pub(super) const FILE: &str = "b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670";

pub(super) type Header<'a> = (&'a str, &'a str);

pub(super) struct Server {
    folder: tempfile::TempDir,
    options: Options,
    app: App,
}

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

pub(super) struct Sync {
    /// The preflight response.
    pub(super) settings: Value,
    pub(super) pages: Vec<Value>,
    pub(super) rules: Vec<Value>,
}

impl Server {
    /// A server that any host may sync with.
    pub(super) async fn start() -> Self {
        Self::open(Options { sync_auth: SyncAuth::None, ..Options::default() }).await
    }

    pub(super) async fn with_rules_a_page(page: usize) -> Self {
        let rules_a_page = NonZeroUsize::new(page);
        let open_to_all = SyncAuth::None;
        Self::open(Options { sync_auth: open_to_all, rules_a_page, ..Options::default() }).await
    }

    /// A server that requires the secret `the-secret-of-the-tests`.
    pub(super) async fn with_secret() -> Self {
        Self::open(Options {
            sync_auth: SyncAuth::Secret,
            first_tokens: true,
            bootstrap_token: Some("the-admin-of-the-tests".to_owned()),
            enrollment_secret: Some("the-secret-of-the-tests".to_owned()),
            ..Options::default()
        })
        .await
    }

    async fn open(options: Options) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let database = format!("sqlite:{}", folder.path().join("nicelist.db").display());
        let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
        let options = Options { database, clock, ..options };
        Self { app: App::open(options.clone()).await.unwrap(), folder, options }
    }

    /// Replaces the server with a new server that uses the same database.
    pub(super) async fn restart(&mut self) {
        assert!(self.folder.path().exists());
        self.app = App::open(self.options.clone()).await.unwrap();
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[Header<'_>],
        body: &[u8],
    ) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = self.app.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request as a host. `path` contains the stage and the machine ID.
    pub(super) async fn post(&self, path: &str, headers: &[Header<'_>], body: &[u8]) -> Answer {
        self.send(Method::POST, &format!("/santa/{path}"), headers, body).await
    }

    /// Sends a request in JSON that must succeed. Returns the response.
    pub(super) async fn json(&self, path: &str, body: Value) -> Value {
        self.post(path, &[JSON], body.to_string().as_bytes()).await.json()
    }

    /// Sends a request in protobuf that must succeed. Returns the response.
    pub(super) async fn protobuf(&self, path: &str, body: &[u8]) -> Vec<u8> {
        let answer = self.post(path, &[PROTOBUF], body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/x-protobuf");
        answer.body
    }

    /// Sends an API request as an administrator on the server's machine. The request must succeed.
    /// Returns the response.
    pub(super) async fn admin(&self, method: Method, path: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .extension(LocalOperator("anna".to_owned()))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.app.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    }

    pub(super) async fn put(&self, rules: &[(&str, &str)]) {
        let rule = |(target, policy): &(&str, &str)| json!({"target": target, "policy": policy});
        let put: Vec<_> = rules.iter().map(rule).collect();
        self.admin(Method::POST, "/rules", json!({ "put": put })).await;
    }

    pub(super) async fn put_draft(&self, rule: Value) {
        self.admin(Method::POST, "/rules", json!({ "put": [rule] })).await;
    }

    pub(super) async fn set(&self, key: &str, value: &str) {
        let set = json!({"scope": "fleet", "set": {key: value}});
        self.admin(Method::POST, "/settings", set).await;
    }

    pub(super) async fn host(&self, machine: &str) -> Value {
        self.admin(Method::GET, &format!("/hosts/{machine}"), Value::Null).await
    }

    pub(super) async fn hosts(&self) -> Vec<String> {
        let hosts = self.admin(Method::GET, "/hosts", Value::Null).await;
        let hosts = hosts["items"].as_array().unwrap();
        hosts.iter().map(|host| host["machine"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) async fn events(&self) -> Vec<Value> {
        let events = self.admin(Method::GET, "/events", Value::Null).await;
        events["items"].as_array().unwrap().clone()
    }

    /// Sends the preflight `says` and downloads all pages of rules, without a postflight.
    pub(super) async fn download_as(&self, machine: &str, says: Value) -> Sync {
        let settings = self.json(&format!("preflight/{machine}"), says).await;
        let mut sync = Sync { settings, pages: Vec::new(), rules: Vec::new() };
        let mut request = json!({});
        loop {
            let page = self.json(&format!("ruledownload/{machine}"), request).await;
            sync.rules.extend(page["rules"].as_array().unwrap().iter().cloned());
            let cursor = page["cursor"].clone();
            sync.pages.push(page);
            if cursor.is_null() {
                return sync;
            }
            request = json!({ "cursor": cursor });
        }
    }

    /// The preflight and rule download of a host with this version of Santa, without a postflight.
    pub(super) async fn download(&self, machine: &str, version: &str) -> Sync {
        self.download_as(machine, json!({ "santa_version": version })).await
    }

    /// A complete sync of a host with this version of Santa. The host reports that it applied all
    /// rules.
    pub(super) async fn sync(&self, machine: &str, version: &str) -> Sync {
        let sync = self.download(machine, version).await;
        let count = sync.rules.len();
        let counts = json!({"rules_received": count, "rules_processed": count});
        self.json(&format!("postflight/{machine}"), counts).await;
        sync
    }
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body of a JSON response, which must have the status 200.
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Sync {
    /// The rules as `type identifier policy`, spelled as on the wire, and sorted.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |rule: &Value| {
            let word = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("rule_type"), word("identifier"), word("policy"))
        };
        let mut lines: Vec<_> = self.rules.iter().map(line).collect();
        lines.sort();
        lines
    }
}
