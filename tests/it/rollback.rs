//! What a rollback restores, what it leaves unchanged, and how its changes are listed.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{Mac, World};

#[tokio::test]
async fn a_mac_has_the_right_rules_after_a_rollback() {
    let world = World::new().await;
    let mut mac = Mac::new("M1");
    mac.sync(&world).await;
    world.post("/tags", json!({"name": "eng"})).await;
    world.post("/hosts/M1/tags", json!({"add": ["eng"]})).await;
    world.put_rule("block", "teamid:AAAAAAAAAA", "fleet").await;
    world.put_rule("allow", "teamid:BBBBBBBBBB", "tag:eng").await;
    let good = world.get("/status").await["revision"].as_u64().unwrap();
    mac.sync(&world).await;
    let held = mac.holds();
    assert_eq!(held, ["teamid:AAAAAAAAAA block", "teamid:BBBBBBBBBB allow"]);

    world.put_rule("allow", "teamid:AAAAAAAAAA", "host:M1").await;
    world.drop_rule("teamid:BBBBBBBBBB", "tag:eng").await;
    world.put_rule("block", "teamid:CCCCCCCCCC", "fleet").await;
    mac.sync(&world).await;
    assert_eq!(mac.holds(), ["teamid:AAAAAAAAAA allow", "teamid:CCCCCCCCCC block"]);

    world.post(&format!("/revisions/{good}/rollback"), json!({})).await;
    let report = mac.sync(&world).await;
    assert_eq!(mac.holds(), held);
    assert_eq!(report.rules.received, 3, "exactly the difference");
    assert_eq!(world.get("/hosts/M1").await["state"], "in-sync");
}

#[tokio::test]
async fn a_rollback_does_not_bring_back_what_has_expired() {
    let mut world = World::new().await;
    let expires = (world.now() + SignedDuration::from_mins(30)).to_string();
    let short = json!({"target": "teamid:AAAAAAAAAA", "policy": "allow", "expires": expires});
    world.post("/rules", json!({"put": [short]})).await;
    world.put_rule("block", "teamid:BBBBBBBBBB", "fleet").await;
    world.pass(SignedDuration::from_hours(1)).await;
    world.drop_rule("teamid:BBBBBBBBBB", "fleet").await;

    let answer = world.post("/revisions/2/rollback", json!({"message": "oops"})).await;

    assert_eq!((&answer["expired"], &answer["revision"]), (&json!(1), &json!(5)));
    let rules = world.get("/rules").await;
    let targets: Vec<_> =
        rules["items"].as_array().unwrap().iter().map(|it| &it["target"]).collect();
    assert_eq!(targets, ["teamid:BBBBBBBBBB"]);
    assert_eq!(world.get("/revisions/5").await["message"], "rollback to 2: oops");
    let expiry = world.get("/revisions/3").await;
    assert_eq!((&expiry["author"], &expiry["rules"]["removed"]), (&json!("nicelist"), &json!(1)));
}

#[tokio::test]
async fn a_restored_tag_does_not_get_its_hosts_back() {
    let world = World::new().await;
    let mut mac = Mac::new("M1");
    mac.sync(&world).await;
    world.post("/tags", json!({"name": "eng"})).await;
    world.post("/hosts/M1/tags", json!({"add": ["eng"]})).await;
    world.put_rule("block", "teamid:AAAAAAAAAA", "tag:eng").await;
    world.delete("/tags/eng?force=true").await;
    assert_eq!(world.get("/revisions/4").await["hosts"], 1);

    world.post("/revisions/3/rollback", json!({})).await;

    assert_eq!(world.get("/tags").await["items"][0]["name"], "eng");
    assert_eq!(world.get("/rules").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(world.get("/hosts/M1").await["tags"], json!([]));
    // A rollback to revision 4 deletes the tag and its rule again.
    world.post("/revisions/4/rollback", json!({})).await;
    assert_eq!(world.get("/tags").await["items"], json!([]));
    assert_eq!(world.get("/rules").await["items"], json!([]));
}

#[tokio::test]
async fn the_changes_of_a_large_revision_come_in_pages() {
    let world = World::new().await;
    let rule = |number: usize| json!({"target": format!("teamid:{number:010}"), "policy": "allow"});
    let put: Vec<Value> = (0..5).map(rule).collect();
    let policy = json!({"tags": [{"name": "eng", "priority": 1}], "rules": put});
    world.post("/policy", policy).await;
    world
        .post("/policy", json!({"rules": (3..5).map(rule).collect::<Vec<_>>(), "prune": true}))
        .await;
    for (revision, all) in [(1, 6), (2, 4)] {
        let mut path = format!("/revisions/{revision}/changes?limit=2");
        let mut seen = 0;
        loop {
            let page = world.get(&path).await;
            seen += page["items"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/revisions/{revision}/changes?limit=2&cursor={next}");
        }
        assert_eq!(seen, all, "revision {revision}");
    }
    for cursor in ["x1", "m", "mé", ""] {
        let path = format!("/revisions/1/changes?cursor={}", cursor.replace('é', "%C3%A9"));
        let (status, _) = world.ask(http::Method::GET, &path, Value::Null).await;
        assert_eq!(status, 422, "{cursor:?}");
    }
}
