//! Requests with empty texts, unused parameters, duplicate keys or NUL characters.

use http::{Method, StatusCode};
use nicelist::sync::RULES_A_PAGE;
use serde_json::{Value, json};

use crate::api::Server;
use crate::refusals::send;
use crate::shell::ADMIN;
use crate::world::World;

#[tokio::test]
async fn a1_an_empty_text_is_not_the_fleet_or_any_other_key() {
    let server = Server::start().await;
    let rule = json!({"target": "teamid:AAAAAAAAAA", "policy": "block", "scope": ""});
    let no_scope = "invalid scope ``: expected fleet";
    for (path, body, expected) in [
        ("/rules", json!({"put": [rule]}), no_scope),
        ("/rules", json!({"drop": [{"target": "teamid:AAAAAAAAAA", "scope": ""}]}), no_scope),
        ("/rules", json!({"prune": ""}), "prune: expected the name of a source"),
        ("/policy", json!({"rules": [rule]}), no_scope),
        ("/settings", json!({"scope": "", "set": {"batch-size": "9"}}), no_scope),
        ("/events/1/decision", json!({"policy": "block", "scope": ""}), no_scope),
    ] {
        let (status, problem) = server.ask(ADMIN, Method::POST, path, body).await;
        assert!([400, 422].contains(&status.as_u16()), "{path}: {status} {problem}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains(expected), "{path}: {message}");
    }
    let (status, problem) = server.ask(ADMIN, Method::GET, "/events?host=", Value::Null).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let (_, status) = server.ask(ADMIN, Method::GET, "/status", Value::Null).await;
    assert_eq!(status["revision"], 0);

    let rule = json!({"target": "teamid:AAAAAAAAAA", "policy": "block"});
    server.ask(ADMIN, Method::POST, "/rules", json!({"put": [rule]})).await;
    let (_, rules) = server.ask(ADMIN, Method::GET, "/rules", Value::Null).await;
    assert_eq!(rules["items"][0]["scope"], "fleet", "an absent scope");
}

#[tokio::test]
async fn a1_lists_of_events_accept_the_parameters_that_they_use() {
    let server = Server::start().await;
    let (_, document) = server.ask(ADMIN, Method::GET, "/openapi.json", Value::Null).await;
    let described = |path: &str, name: &str| {
        let parameters =
            document["paths"][format!("/api/v1{path}")]["get"]["parameters"].as_array();
        parameters.unwrap().iter().any(|parameter| parameter["name"] == name)
    };
    for (path, name, value, is_used) in [
        ("/events", "after", "9", true),
        ("/events", "cursor", "9", true),
        ("/events/stats", "after", "9", false),
        ("/events/stats", "cursor", "9", false),
        ("/events/stats", "kind", "execution", true),
        ("/events/stats", "limit", "9", true),
        ("/events/waiting", "after", "9", false),
        ("/events/waiting", "cursor", "9.8.7", true),
        ("/events/waiting", "kind", "execution", false),
        ("/events/waiting", "decision", "BLOCK_UNKNOWN", false),
        ("/events/waiting", "user", "anna", true),
    ] {
        let query = format!("{path}?{name}={value}");
        let (status, answer) = server.ask(ADMIN, Method::GET, &query, Value::Null).await;
        let expected = if is_used { 200 } else { 400 };
        assert_eq!(status.as_u16(), expected, "{query}: {answer}");
        assert_eq!(described(path, name), is_used, "{query}");
        if !is_used {
            let message = answer["message"].as_str().unwrap();
            assert!(message.contains(&format!("unknown field `{name}`")), "{query}: {message}");
        }
    }
}

#[tokio::test]
async fn a1_a_duplicate_key_is_refused_at_any_depth() {
    let server = Server::start().await;
    for (path, body, key) in [
        (
            "/settings",
            r#"{"scope":"fleet","set":{"batch-size":"8","batch-size":"9"}}"#,
            "batch-size",
        ),
        ("/settings", r#"{"scope":"fleet","scope":"tag:eng","set":{}}"#, "scope"),
        ("/events", r#"{"reports":[{"machine":"M1","event":{"pid":1,"pid":2}}]}"#, "pid"),
    ] {
        let path = format!("/api/v1{path}");
        let (status, _, problem) = send(&server, "POST", &path, &[], body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        let message = problem["message"].as_str().unwrap();
        assert!(message.contains(&format!("duplicate field `{key}`")), "{message}");
    }
}

/// Sends texts with a NUL, which must be refused because PostgreSQL cannot store NULs.
async fn refuse_nul(world: &World) {
    for path in ["/events?decision=%00", "/events/stats?decision=a%00"] {
        let (status, problem) = world.ask(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {problem}");
    }
    let rule = json!({"target": "teamid:AAAAAAAAAA", "policy": "cel", "cel": "'a\0' == 'b'"});
    for (path, body) in [("/rules", json!({"put": [rule]})), ("/policy", json!({"rules": [rule]}))]
    {
        let (status, problem) = world.ask(Method::POST, path, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {problem}");
        let detail = &problem["details"][0];
        assert_eq!(detail["field"], "cel");
        let message = detail["message"].as_str().unwrap();
        assert!(message.ends_with("the expression must not contain NUL bytes"), "{message}");
    }
}

#[tokio::test]
async fn a3_a_nul_is_refused_and_is_not_a_failure_of_the_server() {
    refuse_nul(&World::new().await).await;
}

#[tokio::test]
async fn a3_a_nul_is_refused_and_is_not_a_failure_of_the_server_on_postgres() {
    let world = World::on_postgres(1, 0, RULES_A_PAGE).await;
    refuse_nul(&world).await;
    world.end().await;
}
