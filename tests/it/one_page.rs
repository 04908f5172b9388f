//! Servers with many rules, and clients that request only one page of rules.

use std::time::{Duration, Instant};

use http::StatusCode;
use nicelist::fleet::{Actor, Clock, Membership, Tag};
use nicelist::rule::{Policy, PolicyKind, Rule, Scope};
use nicelist::store::{self, Change, Durability, Edit};
use reqwest::Client;
use serde_json::{Value, json};

use crate::shell::{ADMIN, ENROLLMENT, Server, Shell};

/// An upper limit for the number of rules that pedro can receive: pedro accepts at most 10 MiB of
/// JSON, and each rule has at least 60 bytes.
const MOST: usize = 10 * 1024 * 1024 / 60;
const FLEET: usize = 20_000;
const PEDRO: &str = "pedro-1.2.0 (pedro 1.2.0)";

async fn write_rules(shell: &Shell, fleet: usize, tagged: usize) {
    let url = format!("sqlite:{}", shell.path("nicelist.db").display());
    let store = store::open(&url, Durability::Process).await.unwrap();
    let many: Scope = "tag:many".parse().unwrap();
    let rule = |number: usize| {
        let target = format!("binary:{number:064x}").parse().unwrap();
        let scope = if number < fleet { Scope::Fleet } else { many.clone() };
        let policy = Policy::new(PolicyKind::Allow, None).unwrap();
        Edit::PutRule(Box::new(Rule::new(target, scope, policy).unwrap()))
    };
    let tag = Tag {
        name: "many".parse().unwrap(),
        priority: 0,
        description: None,
        membership: Membership::default(),
    };
    let actor = Actor::new("anna", Clock::System.now());
    let edits = std::iter::once(Edit::PutTag(tag)).chain((0..fleet + tagged).map(rule)).collect();
    store.commit(Change { actor, base: None, dry_run: false, edits }).await.unwrap();
}

async fn stage(server: &Server, stage: &str, body: Value) -> (StatusCode, Value) {
    let url = format!("{}/santa/{ENROLLMENT}/{stage}/M1", server.url);
    let response = Client::new().post(url).json(&body).send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or_default())
}

async fn get(server: &Server, path: &str) -> Value {
    let request = Client::new().get(format!("{}/api/v1{path}", server.url)).bearer_auth(ADMIN);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn s2_a_large_page_is_encoded_off_the_request_threads_and_a_too_large_one_never() {
    let mut shell = Shell::new();
    write_rules(&shell, FLEET, MOST + 1 - FLEET).await;
    let server = Server::start(&shell);
    let preflight = json!({"serial_num": "C02", "santa_version": PEDRO});
    assert_eq!(stage(&server, "preflight", preflight.clone()).await.0, StatusCode::OK);
    let start = Instant::now();
    let (status, page) = stage(&server, "ruledownload", json!({})).await;
    let took = start.elapsed();
    assert_eq!((status, page["rules"].as_array().unwrap().len()), (StatusCode::OK, FLEET));
    let longest = get(&server, "/status").await["longest_poll_micros"].as_u64().unwrap();
    eprintln!("longest poll {longest} µs, the download took {took:?}");
    assert!(Duration::from_micros(longest) < took / 4, "{longest} µs of {took:?}");

    shell.use_server(&server);
    let tagged = shell.run("host tag M1 many");
    assert!(tagged.contains("exit code: 0"), "{tagged}");
    assert_eq!(stage(&server, "preflight", preflight).await.0, StatusCode::OK);
    let encoded = get(&server, "/status").await["pages_encoded"].clone();
    assert_eq!(stage(&server, "ruledownload", json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(get(&server, "/status").await["pages_encoded"], encoded, "it is not encoded");
    let host = get(&server, "/hosts/M1").await;
    assert_eq!((&host["state"], &host["rules"]["most"]), (&json!("rejecting"), &json!(MOST)));
    let shown = shell.run("host show M1");
    assert!(shown.contains(&format!("its client supports at most {MOST}")), "{shown}");
}
