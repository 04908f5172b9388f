//! If the clock jumps ahead, nothing expires until the clock is set back or confirmed.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use jiff::SignedDuration;
use nicelist::fleet::Clock;
use nicelist::server::{App, LocalOperator, Options};
use serde_json::{Value, json};
use tower::ServiceExt;

const DAY: SignedDuration = SignedDuration::from_hours(24);

struct Site {
    folder: tempfile::TempDir,
    clock: Clock,
}

impl Site {
    fn new() -> Self {
        let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
        Self { folder: tempfile::tempdir().unwrap(), clock }
    }

    async fn open(&self) -> App {
        let database = format!("sqlite:{}", self.folder.path().join("nicelist.db").display());
        let clock = self.clock.clone();
        App::open(Options { database, clock, ..Options::default() }).await.unwrap()
    }
}

async fn ask(router: &Router, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .extension(LocalOperator("anna".to_owned()))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// Polls `/readyz` until the server reports exactly these warnings.
async fn warned(router: &Router, warnings: &[&str]) {
    let start = Instant::now();
    loop {
        let (status, found) = ask(router, Method::GET, "/readyz", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "the clock alone takes no server out: {found}");
        let found = found["warnings"].as_array().unwrap().clone();
        if found.iter().map(|it| it["code"].as_str().unwrap()).eq(warnings.iter().copied()) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{warnings:?} wanted: {found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn rules(router: &Router) -> usize {
    let (_, page) = ask(router, Method::GET, "/api/v1/rules", Value::Null).await;
    page["items"].as_array().unwrap().len()
}

async fn expired(router: &Router) {
    let start = Instant::now();
    while rules(router).await > 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "the rule stays");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn add_rule(router: &Router, clock: &Clock) {
    let expires = clock.now() + DAY;
    let rule = json!({"target": "teamid:EQHXZ8M8AV", "policy": "allow", "scope": "fleet",
                      "expires": expires.to_string()});
    let (status, body) = ask(router, Method::POST, "/api/v1/rules", json!({"put": [rule]})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

#[tokio::test]
async fn l13_nothing_expires_after_a_jump_until_it_is_confirmed() {
    let site = Site::new();
    let app = site.open().await;
    let router = app.router();
    add_rule(&router, &site.clock).await;
    warned(&router, &[]).await;
    site.clock.jump(DAY * 30);
    warned(&router, &["clock-jumped"]).await;
    assert_eq!(rules(&router).await, 1);
    site.clock.jump(-DAY * 30);
    warned(&router, &[]).await;
    assert_eq!(rules(&router).await, 1, "it has time left");
    site.clock.jump(DAY * 30);
    warned(&router, &["clock-jumped"]).await;
    let (status, _) = ask(&router, Method::POST, "/api/v1/clock/accept", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    expired(&router).await;
    warned(&router, &[]).await;
}

#[tokio::test]
async fn l13_a_start_with_a_clock_far_ahead_expires_nothing() {
    let site = Site::new();
    let app = site.open().await;
    add_rule(&app.router(), &site.clock).await;
    drop(app);
    site.clock.advance(DAY * 30);
    let app = site.open().await;
    let router = app.router();
    warned(&router, &["clock-jumped"]).await;
    assert_eq!(rules(&router).await, 1);
    // The clock is confirmed through another server on the same database.
    let other = site.open().await.router();
    let (status, _) = ask(&other, Method::POST, "/api/v1/clock/accept", Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    expired(&router).await;
    warned(&router, &[]).await;
}

#[tokio::test]
async fn l13_an_expired_token_stays_invalid_after_the_clock_is_set_back() {
    let site = Site::new();
    let app = site.open().await;
    let router = app.router();
    let expires = (site.clock.now() + DAY).to_string();
    let token = json!({"name": "ci", "role": "viewer", "expires": expires});
    let (_, made) = ask(&router, Method::POST, "/api/v1/tokens", token).await;
    let works = async || {
        let request = Request::builder()
            .uri("/api/v1/status")
            .header("authorization", format!("Bearer {}", made["secret"].as_str().unwrap()))
            .body(Body::empty())
            .unwrap();
        router.clone().oneshot(request).await.unwrap().status() == StatusCode::OK
    };
    assert!(works().await);
    site.clock.advance(DAY * 2);
    assert!(!works().await);
    site.clock.jump(-DAY * 2);
    assert!(!works().await, "time has passed, whatever the clock shows");
}

async fn history_start(router: &Router) -> Value {
    let (_, status) = ask(router, Method::GET, "/api/v1/status", Value::Null).await;
    status["history_start"]["revision"].clone()
}

#[tokio::test]
async fn s8_no_history_is_deleted_by_a_clock_far_ahead_until_it_is_confirmed() {
    let site = Site::new();
    let app = site.open().await;
    for policy in ["allow", "block"] {
        let rule = json!({"target": "teamid:EQHXZ8M8AV", "policy": policy, "scope": "fleet"});
        let change = json!({"put": [rule]});
        let (status, body) = ask(&app.router(), Method::POST, "/api/v1/rules", change).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    drop(app);
    site.clock.advance(DAY * 400);
    let app = site.open().await;
    warned(&app.router(), &["clock-jumped"]).await;
    assert_eq!(history_start(&app.router()).await, Value::Null);
    let (_, old) = ask(&app.router(), Method::GET, "/api/v1/rules?at=1", Value::Null).await;
    assert_eq!(old["items"].as_array().unwrap().len(), 1);
    let accept = ask(&app.router(), Method::POST, "/api/v1/clock/accept", Value::Null).await;
    assert_eq!(accept.0, StatusCode::OK);
    drop(app);
    assert_eq!(history_start(&site.open().await.router()).await, 2);
}
