//! The admin API: required roles, tokens, error responses, and conflicts between changes.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use nicelist::server::{App, Options};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::shell::ADMIN;

pub(crate) struct Server {
    _folder: tempfile::TempDir,
    pub(crate) app: App,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            database: format!("sqlite:{}", folder.path().join("nicelist.db").display()),
            first_tokens: true,
            bootstrap_token: Some(ADMIN.to_owned()),
            ..Options::default()
        };
        Self { app: App::open(options).await.unwrap(), _folder: folder }
    }

    pub(crate) async fn ask(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header("x-request-id", "the-test")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.app.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn token(&self, role: &str) -> String {
        let request = json!({"name": format!("a-{role}"), "role": role});
        let (status, token) = self.ask(ADMIN, Method::POST, "/tokens", request).await;
        assert_eq!(status, StatusCode::OK, "{token}");
        token["secret"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn each_role_may_do_what_the_ones_before_it_may_and_no_more() {
    let server = Server::start().await;
    let rule = json!({"put": [{"target": "teamid:AAAAAAAAAA", "policy": "allow"}]});
    let doors = [
        (Method::GET, "/rules", Value::Null, "viewer"),
        (Method::GET, "/hosts", Value::Null, "viewer"),
        (Method::GET, "/events", Value::Null, "viewer"),
        (Method::POST, "/events/7/decision", json!({"policy": "allow"}), "helpdesk"),
        (Method::POST, "/events/undo", json!({}), "helpdesk"),
        (Method::GET, "/events/waiting", Value::Null, "viewer"),
        (
            Method::POST,
            "/events/decisions",
            json!({"policy": "allow", "decisions": [{"program": 7, "scope": "fleet"}]}),
            "helpdesk",
        ),
        (Method::POST, "/hosts/M1/evaluation", json!({"program": {}}), "viewer"),
        (Method::POST, "/rules", rule, "editor"),
        (Method::POST, "/tags", json!({"name": "eng"}), "editor"),
        (
            Method::POST,
            "/settings",
            json!({"scope": "fleet", "set": {"batch-size": "9"}}),
            "editor",
        ),
        (Method::GET, "/openapi.json", Value::Null, "viewer"),
        (Method::GET, "/rules?at=0", Value::Null, "viewer"),
        (Method::GET, "/rules/history?target=teamid:AAAAAAAAAA", Value::Null, "viewer"),
        (Method::GET, "/revisions", Value::Null, "viewer"),
        (Method::GET, "/revisions/1", Value::Null, "viewer"),
        (Method::GET, "/revisions/1/changes", Value::Null, "viewer"),
        (Method::POST, "/revisions/0/rollback", json!({"dry_run": true}), "viewer"),
        (Method::POST, "/revisions/0/rollback", json!({}), "editor"),
        (Method::POST, "/policy", json!({"dry_run": true}), "viewer"),
        (Method::POST, "/policy", json!({}), "editor"),
        (Method::DELETE, "/hosts/M1", Value::Null, "editor"),
        (Method::GET, "/tokens", Value::Null, "admin"),
        (Method::DELETE, "/tokens/nobody", Value::Null, "admin"),
    ];
    let roles = ["enrollment", "viewer", "helpdesk", "editor", "admin"];
    let rank = |role: &str| roles.iter().position(|each| *each == role).unwrap();
    for role in &roles[..4] {
        let token = server.token(role).await;
        for (method, path, body, least) in &doors {
            let (status, answer) = server.ask(&token, method.clone(), path, body.clone()).await;
            let refused = status == StatusCode::FORBIDDEN;
            assert_eq!(refused, rank(role) < rank(least), "{role} {method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_revoked_or_unknown_token_gets_a_hint() {
    let server = Server::start().await;
    let token = server.token("viewer").await;
    assert_eq!(server.ask(&token, Method::GET, "/status", Value::Null).await.0, StatusCode::OK);
    server.ask(ADMIN, Method::DELETE, "/tokens/a-viewer", Value::Null).await;
    let (status, problem) = server.ask(&token, Method::GET, "/status", Value::Null).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "unauthenticated",
      "hints": [
        "pass a token with --token or NICELIST_TOKEN; an admin creates one with `nicelist token create`"
      ],
      "message": "the token is unknown, revoked or expired",
      "request_id": "the-test"
    }
    "#);
}

#[tokio::test]
async fn b2_nothing_large_is_served_without_a_token() {
    let server = Server::start().await;
    let (status, problem) = server.ask("nobody's", Method::GET, "/openapi.json", Value::Null).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(problem["code"], "unauthenticated");
}

#[tokio::test]
async fn every_bad_rule_of_a_change_is_reported_and_nothing_is_changed() {
    let server = Server::start().await;
    let change = json!({"put": [
        {"target": "teamid:AAAAAAAAAA", "policy": "allow"},
        {"target": "teamid:SHORT", "policy": "allow"},
        {"target": "teamid:BBBBBBBBBB", "policy": "allow-compiler"},
        {"target": "teamid:CCCCCCCCCC", "policy": "cel"},
    ]});
    let (status, problem) = server.ask(ADMIN, Method::POST, "/rules", change).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "invalid",
      "details": [
        {
          "field": "target",
          "index": 1,
          "message": "invalid teamid identifier `SHORT`: expected 10 letters and digits"
        },
        {
          "field": "policy",
          "index": 2,
          "message": "allow-compiler works only in binary, signingid and cdhash rules; Santa ignores it in a teamid rule"
        },
        {
          "field": "cel",
          "index": 3,
          "message": "policy cel requires an expression"
        }
      ],
      "message": "3 rules are invalid; nothing was changed",
      "request_id": "the-test"
    }
    "#);
    let (_, rules) = server.ask(ADMIN, Method::GET, "/rules", Value::Null).await;
    assert_eq!(rules, json!({"items": []}));
}

#[tokio::test]
async fn a_change_planned_on_an_older_revision_is_a_conflict() {
    let server = Server::start().await;
    let put = |target: &str, base: u64| json!({"base": base, "put": [{"target": target, "policy": "allow"}]});
    let first = put("teamid:AAAAAAAAAA", 0);
    let (status, answer) = server.ask(ADMIN, Method::POST, "/rules", first).await;
    assert_eq!((status, &answer["revision"]), (StatusCode::OK, &json!(1)));
    let second = put("teamid:BBBBBBBBBB", 0);
    let (status, problem) = server.ask(ADMIN, Method::POST, "/rules", second).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")));
}
