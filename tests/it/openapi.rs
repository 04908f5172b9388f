//! Checks the OpenAPI document, and that responses match it.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::Server;
use crate::artifact;
use crate::shell::ADMIN;
use crate::world::{Mac, World};

async fn document() -> Value {
    let server = Server::start().await;
    server.ask(ADMIN, Method::GET, "/openapi.json", Value::Null).await.1
}

/// Each operation: its method, its path, and the operation object.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    operations.collect()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(path) => document.pointer(path.trim_start_matches('#')).expect(path),
        None => value,
    }
}

/// Adds each `$ref` in a value to `found`.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_openapi_document_is_the_committed_one() {
    let served = serde_json::to_string_pretty(&document().await).unwrap() + "\n";
    artifact::compare("docs/openapi.json", &served, "the_openapi");
}

#[tokio::test]
async fn a2_the_document_is_valid_openapi() {
    let schema = include_str!("../fixtures/openapi/schema-3.1.json");
    let validator = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let document = document().await;
    let faults = validator.iter_errors(&document);
    let faults: Vec<String> =
        faults.map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert_eq!(faults, Vec::<String>::new());
    let mut broken = document;
    broken["paths"]["/api/v1/status"]["get"]["responses"] = json!({"200": {}});
    assert!(!validator.is_valid(&broken), "a response without a description");
}

#[tokio::test]
async fn a2_the_document_describes_every_parameter_and_status() {
    let document = document().await;
    let mut ids = BTreeSet::new();
    let operations = operations(&document);
    assert!(operations.len() >= 38, "{}", operations.len());
    for (method, path, operation) in operations {
        let case = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{case}: {id} is used twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.ends_with('.')), "{case}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{case}");

        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<&Value> = parameters.collect();
        for parameter in &parameters {
            assert!(parameter["description"].is_string(), "{case}: {parameter}");
            assert!(!parameter["schema"].to_string().contains("null"), "{case}: {parameter}");
        }
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let in_path: BTreeSet<&str> =
            in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
        let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(in_path, named.collect(), "{case}");

        let responses = operation["responses"].as_object().unwrap();
        let mut expected = vec!["200", "400", "401", "403", "429", "500", "503"];
        if operation.get("requestBody").is_some() {
            expected.extend(["413", "415"]);
        }
        if path.contains('{') {
            expected.push("404");
        }
        for status in expected {
            assert!(responses.contains_key(status), "{case} {status}");
        }
        for (status, response) in responses.iter().filter(|(status, _)| *status != "200") {
            let response = resolve(&document, response);
            assert!(response["description"].is_string(), "{case} {status}");
            let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{case} {status}");
        }
        assert!(responses["200"]["content"]["application/json"].is_object(), "{case}");
    }
    let mut referred = BTreeSet::new();
    references(&document, &mut referred);
    for path in referred {
        assert!(document.pointer(path.trim_start_matches('#')).is_some(), "{path} is missing");
    }
}

#[tokio::test]
async fn a2_the_document_describes_every_schema_and_enums_as_enums() {
    let document = document().await;
    let schemas = &document["components"]["schemas"];
    for (name, schema) in schemas.as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let variants = schema["oneOf"].as_array().into_iter().flatten();
            let described = std::iter::once(schema).chain(variants);
            let mut descriptions = described.filter(|schema| schema["description"].is_string());
            assert!(descriptions.next().is_some(), "{name}.{property}");
        }
    }
    for (name, word) in [
        ("Role", "viewer"),
        ("PolicyKind", "silent-block-gui"),
        ("SettingKey", "client-mode"),
        ("ClientMode", "lockdown"),
        ("Outcome", "unchanged"),
        ("RuleType", "signingid"),
        ("EventKind", "file-access"),
        ("CleanSync", "clean-all"),
        ("HostState", "in-sync"),
    ] {
        let schema = &schemas[name];
        let variants = schema["oneOf"].as_array().into_iter().flatten();
        let words = std::iter::once(schema).chain(variants);
        let mut words = words.flat_map(|schema| schema["enum"].as_array().into_iter().flatten());
        assert!(words.any(|each| each == word), "{name}: {schema}");
    }
}

/// Returns the first difference between `body` and the schema for responses with `status`. The
/// caller checks that the document describes this status.
fn mismatch(
    document: &Value,
    method: &str,
    path: &str,
    status: StatusCode,
    body: &Value,
) -> Option<String> {
    let operation = &document["paths"][path][method];
    let response = resolve(document, operation["responses"].get(status.as_str())?);
    let content = response["content"].as_object().unwrap().values().next().unwrap();
    let mut schema = content["schema"].clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(body).next().map(|fault| format!("{}: {fault}", fault.instance_path()))
}

#[tokio::test]
async fn a2_responses_have_the_described_form() {
    let document = document().await;
    let world = World::new().await;
    Mac::new("M1").sync(&world).await;
    let event = json!({"file_sha256": "a".repeat(64), "file_name": "x", "file_path": "/",
        "decision": "BLOCK_UNKNOWN", "execution_time": 1.0, "executing_user": "anna",
        "signing_id": "EQHXZ8M8AV:com.example", "team_id": "EQHXZ8M8AV", "cdhash": "b".repeat(40)});
    let import = json!({"reports": [{"machine": "M1", "event": event}]});
    let rule = json!({"target": "teamid:EQHXZ8M8AV", "policy": "block", "scope": "tag:eng",
        "comment": "c", "expires_in": "24h"});
    for (method, path, filled, body) in [
        ("post", "/tags", "/tags", json!({"name": "eng", "membership": {"serials": ["S1"]}})),
        ("post", "/hosts/{host}/tags", "/hosts/M1/tags", json!({"add": ["eng"]})),
        ("post", "/host-tags", "/host-tags", json!({"hosts": ["M1"], "remove": ["eng"]})),
        ("post", "/host-tags", "/host-tags", json!({"hosts": ["M2"], "add": ["eng"]})),
        ("post", "/rules", "/rules", json!({"put": [rule], "message": "why"})),
        ("post", "/settings", "/settings", json!({"scope": "fleet", "set": {"batch-size": "9"}})),
        ("post", "/events", "/events", import),
        ("post", "/events/{id}/decision", "/events/1/decision", json!({"policy": "block"})),
        (
            "post",
            "/events/{id}/decision",
            "/events/1/decision",
            json!({"policy": "silent-block", "comment": "x"}),
        ),
        (
            "post",
            "/events/decisions",
            "/events/decisions",
            json!({"policy": "allow", "decisions": [{"program": 1, "scope": "fleet"}]}),
        ),
        ("post", "/events/undo", "/events/undo", json!({})),
        ("post", "/events/{id}/bundle-approval", "/events/1/bundle-approval", json!({})),
        ("post", "/policy", "/policy", json!({"prune": true, "dry_run": true})),
        (
            "post",
            "/revisions/{revision}/rollback",
            "/revisions/1/rollback",
            json!({"dry_run": true}),
        ),
        ("post", "/hosts/{host}/clean-sync", "/hosts/M1/clean-sync", json!({"kind": "clean"})),
        (
            "post",
            "/hosts/{host}/evaluation",
            "/hosts/M1/evaluation",
            json!({"program": {"team_id": "EQHXZ8M8AV"}}),
        ),
        ("post", "/forget-hosts", "/forget-hosts", json!({"never_synced": true, "dry_run": true})),
        ("get", "/people/{name}", "/people/anna", Value::Null),
        ("get", "/people/{name}", "/people/local", Value::Null),
        ("post", "/people/{name}/forget", "/people/anna/forget", json!({"dry_run": true})),
        ("post", "/people/{name}/forget", "/people/mira/forget", json!({})),
        ("post", "/tokens", "/tokens", json!({"name": "ci", "role": "viewer"})),
        ("post", "/rules", "/rules", json!({"put": [{"target": "x", "policy": "y"}]})),
        ("post", "/rules", "/rules", json!([])),
        ("get", "/status", "/status", Value::Null),
        ("get", "/rules", "/rules", Value::Null),
        ("get", "/rules/history", "/rules/history?target=teamid:EQHXZ8M8AV", Value::Null),
        ("get", "/revisions", "/revisions", Value::Null),
        ("get", "/revisions/{revision}", "/revisions/1", Value::Null),
        ("get", "/revisions/{revision}/changes", "/revisions/1/changes", Value::Null),
        ("get", "/revisions/{revision}/changes", "/revisions/3/changes", Value::Null),
        ("get", "/hosts", "/hosts", Value::Null),
        ("get", "/host-counts", "/host-counts", Value::Null),
        ("get", "/hosts/{host}", "/hosts/M1", Value::Null),
        ("get", "/hosts/{host}", "/hosts/M2", Value::Null),
        ("get", "/hosts/{host}/rules", "/hosts/M1/rules", Value::Null),
        ("get", "/hosts/{host}/settings", "/hosts/M1/settings", Value::Null),
        ("get", "/hosts/{host}/explain", "/hosts/M1/explain?target=teamid:EQHXZ8M8AV", Value::Null),
        ("get", "/tags", "/tags", Value::Null),
        ("get", "/settings", "/settings", Value::Null),
        ("get", "/events", "/events", Value::Null),
        ("get", "/events/stats", "/events/stats", Value::Null),
        ("get", "/events/waiting", "/events/waiting", Value::Null),
        ("get", "/events/{id}", "/events/1", Value::Null),
        ("get", "/tokens", "/tokens", Value::Null),
        ("delete", "/tags/{name}", "/tags/eng", Value::Null),
        ("delete", "/tokens/{name}", "/tokens/ci", Value::Null),
        ("delete", "/hosts/{host}/clean-sync", "/hosts/M1/clean-sync", Value::Null),
        ("delete", "/hosts/{host}", "/hosts/M1", Value::Null),
    ] {
        let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let (status, body) = world.ask(verb, filled, body).await;
        let path = format!("/api/v1{path}");
        let described = &document["paths"][&path][method]["responses"][status.as_str()];
        assert!(described.is_object(), "{method} {filled}: {status} is not described: {body}");
        assert_eq!(
            mismatch(&document, method, &path, status, &body),
            None,
            "{method} {filled}: {status} {body}"
        );
    }
}
