//! The whole policy over the admin API: plans, changes and refused requests.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::shell::Shell;
use crate::world::World;

fn rule(target: &str, policy: &str, scope: &str) -> Value {
    json!({"target": target, "policy": policy, "scope": scope})
}

/// Each change as its outcome, its kind, and its name, key or target.
fn transcript(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |change: &Value| {
        let name = ["name", "key", "target"].map(|field| text(&change[field])).concat();
        format!("{} {} {name}", text(&change["outcome"]), text(&change["kind"]))
    };
    answer["changes"].as_array().unwrap().iter().map(line).collect()
}

fn baseline() -> Value {
    json!({
        "tags": [{"name": "eng", "priority": 1}],
        "settings": [{"scope": "tag:eng", "key": "client-mode", "value": "lockdown"}],
        "rules": [rule("teamid:AAAAAAAAAA", "allow", "fleet"), rule("teamid:AAAAAAAAAA", "block", "tag:eng")],
    })
}

fn with(mut request: Value, field: &str, value: impl Into<Value>) -> Value {
    request[field] = value.into();
    request
}

#[tokio::test]
async fn a_policy_is_planned_applied_once_and_then_unchanged() {
    let world = World::new().await;
    let plan = world.post("/policy", with(baseline(), "dry_run", true)).await;
    let all = [
        "added tag eng",
        "added setting client-mode",
        "added rule teamid:AAAAAAAAAA",
        "added rule teamid:AAAAAAAAAA",
    ];
    assert_eq!(transcript(&plan), all);
    assert_eq!((&plan["changed"], &plan["revision"]), (&json!(false), &json!(0)));

    let made = world.post("/policy", with(baseline(), "base", 0)).await;
    assert_eq!(transcript(&made), all);
    assert_eq!((&made["changed"], &made["revision"]), (&json!(true), &json!(1)));

    let again = world.post("/policy", baseline()).await;
    assert_eq!(transcript(&again), [""; 0]);
    assert_eq!((&again["changed"], &again["revision"]), (&json!(false), &json!(1)));
    assert_eq!(again["unchanged"], 4);
}

#[tokio::test]
async fn only_pruning_deletes_what_the_files_do_not_mention() {
    let world = World::new().await;
    world.post("/policy", baseline()).await;
    let one = json!({"rules": [rule("teamid:AAAAAAAAAA", "allow", "fleet")]});
    assert_eq!(transcript(&world.post("/policy", one.clone()).await), [""; 0]);
    let pruned = world.post("/policy", with(one, "prune", true)).await;
    let gone = ["removed tag eng", "removed setting client-mode", "removed rule teamid:AAAAAAAAAA"];
    assert_eq!(transcript(&pruned), gone);
    assert_eq!(pruned["revision"], 2, "one revision for all of it");
    assert_eq!(world.get("/tags").await["items"], json!([]));
    assert_eq!(world.get("/settings").await, json!([]));
    assert_eq!(world.get("/rules").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_is_shown_with_the_values_before_and_after() {
    let world = World::new().await;
    world.post("/policy", baseline()).await;
    let other = json!({
        "dry_run": true,
        "tags": [{"name": "eng", "priority": 7, "description": "engineers"}],
        "rules": [rule("teamid:AAAAAAAAAA", "silent-block", "fleet")],
    });
    insta::assert_json_snapshot!(world.post("/policy", other).await, @r#"
    {
      "changed": false,
      "changes": [
        {
          "after": {
            "description": "engineers",
            "name": "eng",
            "priority": 7
          },
          "before": {
            "name": "eng",
            "priority": 1
          },
          "kind": "tag",
          "name": "eng",
          "outcome": "changed"
        },
        {
          "after": {
            "policy": "silent-block",
            "scope": "fleet",
            "target": "teamid:AAAAAAAAAA"
          },
          "before": {
            "policy": "allow",
            "scope": "fleet",
            "target": "teamid:AAAAAAAAAA"
          },
          "kind": "rule",
          "outcome": "changed",
          "scope": "fleet",
          "target": "teamid:AAAAAAAAAA"
        }
      ],
      "revision": 1,
      "unchanged": 0
    }
    "#);
}

#[tokio::test]
async fn a_plan_of_another_revision_is_a_conflict() {
    let world = World::new().await;
    world.post("/policy", baseline()).await;
    for dry_run in [true, false] {
        let stale = with(with(baseline(), "base", 0), "dry_run", dry_run);
        let (status, problem) = world.ask(Method::POST, "/policy", stale).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")));
        assert_eq!(
            problem["message"],
            "the policy changed: this change was planned on revision 0, but the newest revision is 1"
        );
    }
}

#[tokio::test]
async fn every_fault_is_reported_with_its_place_and_nothing_is_changed() {
    let world = World::new().await;
    let wrong = json!({
        "tags": [{"name": "eng", "priority": 1}],
        "settings": [
            {"scope": "fleet", "key": "batch-size", "value": "many"},
            {"scope": "tag:eng", "key": "event-retention", "value": "7d"},
        ],
        "rules": [
            rule("teamid:AAAAAAAAAA", "allow", "fleet"),
            rule("teamid:SHORT", "allow", "fleet"),
            rule("teamid:AAAAAAAAAA", "allow-compiler", "fleet"),
        ],
    });
    let (status, problem) = world.ask(Method::POST, "/policy", wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "invalid",
      "details": [
        {
          "field": "settings.value",
          "index": 0,
          "message": "batch-size: invalid value `many`: expected a number from 1 to 1000"
        },
        {
          "field": "settings.scope",
          "index": 1,
          "message": "event-retention: can only be set for the fleet, not for tag:eng"
        },
        {
          "field": "target",
          "index": 1,
          "message": "invalid teamid identifier `SHORT`: expected 10 letters and digits"
        },
        {
          "field": "policy",
          "index": 2,
          "message": "allow-compiler works only in binary, signingid and cdhash rules; Santa ignores it in a teamid rule"
        }
      ],
      "message": "4 items of the policy are invalid; nothing was changed",
      "request_id": "the-test"
    }
    "#);

    let again = json!({
        "tags": [{"name": "eng", "priority": 1}, {"name": "eng", "priority": 2}],
        "rules": [
            {"target": "teamid:AAAAAAAAAA", "policy": "allow"},
            rule("teamid:AAAAAAAAAA", "block", "fleet"),
        ],
    });
    let (_, problem) = world.ask(Method::POST, "/policy", again).await;
    insta::assert_json_snapshot!(problem["details"], @r#"
    [
      {
        "field": "tags.name",
        "index": 1,
        "message": "tag `eng` is listed twice"
      },
      {
        "field": "target",
        "index": 1,
        "message": "teamid:AAAAAAAAAA for fleet is listed twice"
      }
    ]
    "#);

    world.post("/tags", json!({"name": "lab"})).await;
    let tagless = json!({
        "settings": [{"scope": "tag:lab", "key": "batch-size", "value": "60"}],
        "rules": [rule("teamid:AAAAAAAAAA", "allow", "tag:eng"), rule("teamid:AAAAAAAAAA", "allow", "tag:lab")],
    });
    let (_, problem) = world.ask(Method::POST, "/policy", tagless.clone()).await;
    insta::assert_json_snapshot!(problem, @r#"
    {
      "code": "invalid",
      "details": [
        {
          "field": "scope",
          "index": 0,
          "message": "tag `eng` not found"
        }
      ],
      "hints": [
        "add the tag to the policy, or create it first: nicelist tag create eng"
      ],
      "message": "the policy is invalid: scope: tag `eng` not found",
      "request_id": "the-test"
    }
    "#);
    let (_, problem) = world.ask(Method::POST, "/policy", with(tagless, "prune", true)).await;
    assert_eq!(problem["details"].as_array().unwrap().len(), 3, "lab goes too: {problem}");
    assert_eq!(world.get("/status").await["revision"], 1);
}

#[tokio::test]
async fn an_expired_rule_is_not_created_again() {
    let world = World::new().await;
    let mut expired = rule("teamid:AAAAAAAAAA", "allow", "fleet");
    expired["expires"] = json!(world.now());
    let mut later = rule("teamid:BBBBBBBBBB", "allow", "fleet");
    later["expires"] = json!("2026-11-20T09:00:00.000999999Z".replace("09:", "10:"));
    let policy = json!({"rules": [expired, later]});
    let answer = world.post("/policy", policy.clone()).await;
    assert_eq!(transcript(&answer), ["added rule teamid:BBBBBBBBBB"]);
    assert_eq!(answer["expired"], 1);
    let again = world.post("/policy", policy).await;
    assert_eq!(transcript(&again), [""; 0], "times are kept in milliseconds: {again}");
}

#[tokio::test]
async fn simultaneous_changes_are_all_stored() {
    let world = World::new().await;
    let change = |number: usize| {
        let rules = [rule(&format!("teamid:{number:010}"), "allow", "fleet")];
        world.post("/policy", json!({"rules": rules}))
    };
    let answers = tokio::join!(change(1), change(2), change(3), change(4));
    let mut revisions: Vec<u64> = [&answers.0, &answers.1, &answers.2, &answers.3]
        .map(|answer| answer["revision"].as_u64().unwrap())
        .to_vec();
    revisions.sort_unstable();
    assert_eq!(revisions, [1, 2, 3, 4]);
    assert_eq!(world.get("/rules").await["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn tags_come_in_pages() {
    let world = World::new().await;
    let names: Vec<String> = (0..7).map(|number| format!("tag-{number}")).collect();
    let tags: Vec<Value> =
        names.iter().rev().map(|name| json!({ "name": name, "priority": 0 })).collect();
    world.post("/policy", json!({ "tags": tags })).await;
    let (mut found, mut query) = (Vec::new(), "limit=3".to_owned());
    let mut pages = 0;
    loop {
        let page = world.get(&format!("/tags?{query}")).await;
        pages += 1;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3, "{page}");
        found.extend(items.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=3&cursor={next}");
    }
    assert_eq!((found, pages), (names, 3));
    let (status, problem) = world.ask(Method::GET, "/tags?cursor=a%20b", Value::Null).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
}

#[test]
fn tag_list_has_all_pages() {
    let shell = Shell::new();
    let tags = (0..1_203).map(|number| format!("[tags.tag-{number:04}]\n"));
    shell.write("tags.toml", &tags.collect::<String>());
    let database = "--database sqlite:nicelist.db";
    let applied = shell.run(&format!("apply --yes -f tags.toml {database}"));
    assert!(applied.contains("exit code: 0"), "{applied}");
    let tags = shell.json(&format!("tag list {database}"));
    let tags = tags.as_array().unwrap();
    assert_eq!((tags.len(), &tags[1_202]["name"]), (1_203, &json!("tag-1202")));
}
