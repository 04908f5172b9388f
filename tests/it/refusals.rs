//! Requests that the admin API refuses: their error responses, and checks that nothing was changed.

use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::SignedDuration;
use nicelist::fleet::Clock;
use nicelist::server::{App, Options};
use nicelist::store;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::api::Server;
use crate::shell::{self, ADMIN, Shell};

/// Sends a request with the admin token. Returns the status, the headers, and the body if it is
/// JSON.
pub(crate) async fn send(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (StatusCode, HeaderMap, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", format!("Bearer {ADMIN}"));
    let request =
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let response = server.app.router();
    let response = response.oneshot(request.body(Body::from(body.to_owned())).unwrap());
    let (parts, body) = response.await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, parts.headers, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// All operations of the OpenAPI document: method, path with values instead of parameters, and
/// whether the operation has a body.
async fn operations(server: &Server) -> Vec<(String, String, bool)> {
    let (_, document) = server.ask(ADMIN, Method::GET, "/openapi.json", Value::Null).await;
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{host}", "M1").replace("{name}", "eng");
        let path = path.replace("{id}", "1").replace("{revision}", "0");
        assert!(!path.contains('{'), "{path}");
        for (method, operation) in methods.as_object().unwrap() {
            let has_body = operation.get("requestBody").is_some();
            operations.push((method.to_uppercase(), path.clone(), has_body));
        }
    }
    operations
}

#[tokio::test]
async fn a1_arrays_and_unknown_fields_are_refused_on_every_route() {
    let server = Server::start().await;
    let operations = operations(&server).await;
    assert!(operations.len() > 30, "{}", operations.len());
    for (method, path, has_body) in &operations {
        for body in ["[]", r#"{"no_such_field": 1}"#, "null", "{"].iter().filter(|_| *has_body) {
            let (status, _, problem) = send(&server, method, path, &[], body).await;
            let found = (status.as_u16(), problem["code"].as_str());
            assert_eq!(found, (400, Some("bad-request")), "{method} {path} {body}: {problem}");
        }
        let path = format!("{path}?no_such_field=1");
        let (status, _, problem) = send(&server, method, &path, &[], "{}").await;
        let found = (status.as_u16(), problem["code"].as_str());
        assert_eq!(found, (400, Some("bad-request")), "{method} {path}: {problem}");
    }
}

#[tokio::test]
async fn a1_an_array_instead_of_an_object_changes_nothing() {
    let server = Server::start().await;
    let rule = json!({"put": [{"target": "teamid:AAAAAAAAAA", "policy": "allow"}]});
    server.ask(ADMIN, Method::POST, "/rules", rule).await;
    for (path, body) in [
        ("/revisions/0/rollback", json!([])),
        ("/revisions/0/rollback?dry_run=true", json!({})),
        ("/tokens", json!(["nm", "viewer"])),
        ("/rules", json!({"put": [["teamid:BBBBBBBBBB", "allow"]]})),
        ("/policy", json!({"tags": [["eng", 1]]})),
        ("/tags", json!({"name": "eng", "membership": [["S1"]]})),
    ] {
        let (status, problem) = server.ask(ADMIN, Method::POST, path, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
    }
    let (_, status) = server.ask(ADMIN, Method::GET, "/status", Value::Null).await;
    assert_eq!(status["revision"], 1);
    let (_, tokens) = server.ask(ADMIN, Method::GET, "/tokens", Value::Null).await;
    assert_eq!(tokens.as_array().unwrap().len(), 2, "{tokens}");
}

#[tokio::test]
async fn a3_every_refusal_is_a_problem_with_the_request_id() {
    let server = Server::start().await;
    let json = ("content-type", "application/json; charset=utf-8");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let id = ("x-request-id", "trace-7");
    for (method, path, headers, body, status, message) in [
        (
            "GET",
            "/api/v1/events/abc",
            &[id][..],
            "",
            400,
            "invalid path: `abc` is not a valid number",
        ),
        ("GET", "/api/v1/revisions/-1", &[id], "", 400, "invalid path: `-1` is not a valid number"),
        ("GET", "/api/v1/hosts/%ff", &[id], "", 400, "invalid path: host is not UTF-8"),
        (
            "GET",
            "/api/v1/hosts?limit=x",
            &[id],
            "",
            400,
            "invalid query: limit: expected a whole number from 0 to 18446744073709551615",
        ),
        (
            "GET",
            "/api/v1/hosts?conflict=maybe",
            &[id],
            "",
            400,
            "invalid query: conflict: expected true or false",
        ),
        (
            "GET",
            "/api/v1/events?since=garbage",
            &[id],
            "",
            400,
            "invalid query: since: expected a time such as 2027-01-31T18:00:00Z",
        ),
        ("GET", "/api/v1/hosts?cursor=", &[id], "", 422, "invalid cursor: start again without it"),
        ("GET", "/api/v1/nothing", &[id], "", 404, "this path does not exist"),
        ("GET", "/", &[id], "", 404, "this path does not exist"),
        ("GET", "/api/v1/events/7", &[id], "", 404, "event 7 not found"),
        (
            "PUT",
            "/api/v1/rules",
            &[id],
            "",
            405,
            "this path does not support PUT; the Allow header lists the supported methods",
        ),
        (
            "POST",
            "/healthz",
            &[id],
            "",
            405,
            "this path does not support POST; the Allow header lists the supported methods",
        ),
        (
            "GET",
            "/santa/preflight/M1",
            &[id],
            "",
            405,
            "this path does not support GET; the Allow header lists the supported methods",
        ),
        (
            "POST",
            "/api/v1/rules",
            &[id, form],
            "{}",
            415,
            "unsupported content type `application/x-www-form-urlencoded`: expected application/json",
        ),
        (
            "POST",
            "/api/v1/rules",
            &[id, json, ("content-encoding", "gzip")],
            "{}",
            415,
            "unsupported content encoding `gzip`: the admin API reads plain bodies only",
        ),
        (
            "POST",
            "/api/v1/rules",
            &[id, json, ("content-encoding", "identity")],
            "{]",
            400,
            "invalid body: key must be a string at line 1 column 2",
        ),
        (
            "POST",
            "/api/v1/rules",
            &[id, json],
            "{]",
            400,
            "invalid body: key must be a string at line 1 column 2",
        ),
        (
            "POST",
            "/api/v1/rules",
            &[id, json],
            "",
            400,
            "invalid body: EOF while parsing a value at line 1 column 0",
        ),
    ] {
        let (found, headers, problem) = send(&server, method, path, headers, body).await;
        let case = format!("{method} {path}: {problem}");
        assert_eq!(found.as_u16(), status, "{case}");
        assert_eq!(headers["content-type"], "application/problem+json", "{case}");
        assert_eq!(headers["x-request-id"], "trace-7", "{case}");
        assert_eq!(
            (&problem["request_id"], &problem["message"]),
            (&json!("trace-7"), &json!(message))
        );
    }
    for (method, path, allowed) in [
        ("PUT", "/api/v1/rules", "GET,HEAD,POST"),
        ("POST", "/api/v1/status", "GET,HEAD"),
        ("POST", "/readyz", "GET,HEAD"),
        ("GET", "/santa/preflight/M1", "POST"),
    ] {
        let (_, headers, _) = send(&server, method, path, &[], "").await;
        assert_eq!(headers["allow"], allowed, "{path}");
    }
}

#[tokio::test]
async fn a3_the_log_names_the_request_that_was_refused() {
    let shell = Shell::new();
    let server = shell::Server::start(&shell);
    let client = reqwest::Client::new();
    let request = client.get(format!("{}/api/v1/events/abc", server.url));
    let request = request.bearer_auth(ADMIN).header("x-request-id", "trace-7");
    assert_eq!(request.send().await.unwrap().status(), 400);
    server.logs("request{id=\"trace-7\"}");
    server.logs("invalid path: `abc` is not a valid number");
}

#[tokio::test]
async fn a3_the_log_has_the_reason_of_every_500_under_its_id() {
    let shell = Shell::new();
    let server = shell::Server::start(&shell);
    let database = rusqlite::Connection::open(shell.path("nicelist.db")).unwrap();
    database.execute("ALTER TABLE event RENAME TO no_event", []).unwrap();
    let client = reqwest::Client::new();
    for id in ["trace-1", "trace-2", "trace-3"] {
        let request = client.get(format!("{}/api/v1/events", server.url));
        let request = request.bearer_auth(ADMIN).header("x-request-id", id);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 500);
        let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(problem["request_id"], id);
        server.logs(&format!("request{{id=\"{id}\"}}"));
    }
    let log = server.log();
    let reasons =
        log.lines().filter(|line| line.contains("trace-") && line.contains("no such table"));
    assert_eq!(reasons.count(), 3, "{log}");
}

#[tokio::test]
async fn a4_the_last_admin_token_cannot_be_deleted_over_the_api() {
    let server = Server::start().await;
    let (status, problem) = server.ask(ADMIN, Method::DELETE, "/tokens/admin", Value::Null).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("guarded")), "{problem}");
    assert_eq!(problem["message"], "`admin` is the last admin token");
    let soon = Clock::default().now() + SignedDuration::from_mins(20);
    let temporary = json!({"name": "temporary", "role": "admin", "expires": soon.to_string()});
    server.ask(ADMIN, Method::POST, "/tokens", temporary).await;
    let (status, problem) = server.ask(ADMIN, Method::DELETE, "/tokens/admin", Value::Null).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("guarded")), "{problem}");
    assert_eq!(problem["message"], "all admin tokens except `admin` expire within a day");
    let other = server.token("admin").await;
    let (status, answer) = server.ask(ADMIN, Method::DELETE, "/tokens/admin", Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(server.ask(&other, Method::GET, "/tokens", Value::Null).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a4_a_token_cannot_have_the_name_of_another_author() {
    let server = Server::start().await;
    let create = async |name: &str| {
        let request = json!({"name": name, "role": "viewer"});
        server.ask(ADMIN, Method::POST, "/tokens", request).await
    };
    for name in ["local:root", "nicelist", "a\u{202e}b", "a\nb", "", " ci", ".", ".."] {
        let (status, problem) = create(name).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name:?}: {problem}");
    }
    assert_eq!(create("ci").await.0, StatusCode::OK);
    assert_eq!(create("ci").await.1["message"], "a token with the name `ci` already exists");
    server.ask(ADMIN, Method::DELETE, "/tokens/ci", Value::Null).await;
    let (status, problem) = create("ci").await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("guarded")), "{problem}");
    assert_eq!(problem["message"], "a token with the name `ci` was revoked");
    let (_, tokens) = server.ask(ADMIN, Method::GET, "/tokens", Value::Null).await;
    assert_eq!(tokens.as_array().unwrap().len(), 2, "{tokens}");
}

#[tokio::test]
async fn a4_first_secrets_that_are_easy_to_guess_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("nicelist.db").display());
    let open = async |admin: &str, enrollment: &str| {
        let options = Options {
            database: database.clone(),
            first_tokens: true,
            bootstrap_token: Some(admin.to_owned()),
            enrollment_secret: Some(enrollment.to_owned()),
            ..Options::default()
        };
        App::open(options).await.err().map(|error| error.to_string())
    };
    let (good, other) = ("abcdefghijklmnop", "ABCDEFGHIJKLMNOP");
    for (admin, enrollment, reason) in [
        ("a", good, "invalid NICELIST_BOOTSTRAP_TOKEN: use 16 to 200 characters"),
        ("", good, "invalid NICELIST_BOOTSTRAP_TOKEN: use 16 to 200 characters"),
        ("abcdefghijklmno/", good, "invalid NICELIST_BOOTSTRAP_TOKEN: use only letters"),
        (good, "a", "invalid NICELIST_ENROLLMENT_SECRET: use 16 to 200 characters"),
        (good, good, "invalid NICELIST_ENROLLMENT_SECRET: it is the same as"),
    ] {
        let error = open(admin, enrollment).await.unwrap_or_default();
        assert!(error.starts_with(reason), "{admin} {enrollment}: {error}");
    }
    let store = store::open(&database, store::Durability::default()).await.unwrap();
    assert_eq!(store.tokens().await.unwrap(), []);
    drop(store);
    assert_eq!(open(good, other).await, None);
    assert_eq!(open("a", "a").await, None, "later starts ignore both");
}

#[tokio::test]
async fn a5_a_dry_run_needs_the_role_viewer() {
    let server = Server::start().await;
    let viewer = server.token("viewer").await;
    let rule = json!({"target": "teamid:AAAAAAAAAA", "policy": "allow"});
    let tag = json!({"name": "eng"});
    server.ask(ADMIN, Method::POST, "/tags", tag.clone()).await;
    for (path, body) in [
        ("/rules", json!({"put": [rule]})),
        ("/policy", json!({"rules": [rule]})),
        ("/revisions/0/rollback", json!({})),
        ("/settings", json!({"scope": "fleet", "set": {"batch-size": "9"}})),
        ("/tags", tag),
        ("/hosts/M1/tags", json!({"add": ["eng"]})),
        ("/host-tags", json!({"add": ["eng"]})),
        ("/forget-hosts", json!({"never_synced": true})),
        ("/events", json!({"reports": []})),
        ("/events/7/decision", json!({"policy": "allow"})),
        ("/events/7/bundle-approval", json!({})),
        ("/events/undo", json!({})),
        (
            "/events/decisions",
            json!({"policy": "allow", "decisions": [{"program": 7, "scope": "fleet"}]}),
        ),
    ] {
        let mut dry = body.clone();
        dry["dry_run"] = json!(true);
        let (status, answer) = server.ask(&viewer, Method::POST, path, dry).await;
        let tried = status == StatusCode::OK || status == StatusCode::NOT_FOUND;
        assert!(tried, "{path}: {status} {answer}");
        let (status, answer) = server.ask(&viewer, Method::POST, path, body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    }
    let delete = "/tags/eng?dry_run=true";
    assert_eq!(server.ask(&viewer, Method::DELETE, delete, Value::Null).await.0, StatusCode::OK);
    let delete = "/tags/eng";
    let (status, _) = server.ask(&viewer, Method::DELETE, delete, Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (_, status) = server.ask(ADMIN, Method::GET, "/status", Value::Null).await;
    assert_eq!(status["revision"], 1, "the tag alone");
}

#[tokio::test]
async fn a5_a_dry_run_has_the_bounds_of_the_role_viewer() {
    let server = Server::start().await;
    let viewer = server.token("viewer").await;
    let rules = |count: usize| -> Vec<Value> {
        let rule = |n| json!({"target": format!("binary:{n:064x}"), "policy": "allow"});
        (0..count).map(rule).collect()
    };
    let largest = 50_000;
    for (path, field) in [("/rules", "put"), ("/policy", "rules")] {
        for (count, expected) in
            [(largest, StatusCode::OK), (largest + 1, StatusCode::PAYLOAD_TOO_LARGE)]
        {
            let body = json!({field: rules(count), "dry_run": true});
            let (status, answer) = server.ask(&viewer, Method::POST, path, body).await;
            assert_eq!(status, expected, "{path} {count}: {:.200}", answer.to_string());
        }
        let long = json!({field: [], "dry_run": true, "message": "x".repeat(8 * 1024 * 1024)});
        let (status, _) = server.ask(&viewer, Method::POST, path, long).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    let (status, _) =
        server.ask(ADMIN, Method::POST, "/rules", json!({"put": rules(largest + 1)})).await;
    assert_eq!(status, StatusCode::OK);
    server
        .ask(
            ADMIN,
            Method::POST,
            "/rules",
            json!({"drop": [{"target": format!("binary:{:064x}", 0), "scope": "fleet"}]}),
        )
        .await;
    let dry = json!({"dry_run": true});
    let (status, answer) =
        server.ask(&viewer, Method::POST, "/revisions/1/rollback", dry.clone()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{answer}");
    let (status, answer) = server.ask(&viewer, Method::POST, "/revisions/2/rollback", dry).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}
