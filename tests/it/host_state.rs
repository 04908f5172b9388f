//! The server reports separately whether a host has its rules and whether it was seen recently.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::host_counts::assert_as_a_walk;
use crate::world::{Mac, World};

async fn hosts(world: &World, filter: &str) -> Vec<String> {
    let list = world.get(&format!("/hosts?{filter}")).await;
    let machine = |host: &Value| host["machine"].as_str().unwrap().to_owned();
    list["items"].as_array().unwrap().iter().map(machine).collect()
}

#[tokio::test]
async fn l2_a_silent_host_is_still_shown_as_behind() {
    let mut world = World::new().await;
    let (mut asleep, mut awake) = (Mac::new("ASLEEP"), Mac::new("AWAKE"));
    asleep.sync(&world).await;
    awake.sync(&world).await;
    world.put_rule("block", "teamid:ABCDE12345", "fleet").await;
    assert_eq!(hosts(&world, "state=behind&contact=online").await, ["ASLEEP", "AWAKE"]);

    world.pass(SignedDuration::from_hours(1)).await;
    awake.sync(&world).await;
    let states = |view: Value| (view["state"].clone(), view["contact"].clone());
    let view = world.get("/hosts/ASLEEP").await;
    assert_eq!(states(view), (json!("behind"), json!("silent")));
    let view = world.get("/hosts/AWAKE").await;
    assert_eq!(states(view), (json!("in-sync"), json!("online")));
    assert_eq!(hosts(&world, "state=behind").await, ["ASLEEP"], "a rollout gate must see it");
    assert_eq!(hosts(&world, "contact=silent").await, ["ASLEEP"]);
    assert!(hosts(&world, "state=behind&contact=online").await.is_empty());

    world.drop_rule("teamid:ABCDE12345", "fleet").await;
    asleep.sync(&world).await;
    world.pass(SignedDuration::from_hours(1)).await;
    let view = world.get("/hosts/ASLEEP").await;
    assert_eq!(states(view), (json!("in-sync"), json!("silent")));
}

async fn set_interval(world: &World, interval: &str) {
    let set = json!({"full-sync-interval": interval});
    world.post("/settings", json!({"scope": "fleet", "set": set})).await;
}

async fn assert_contact(world: &World, contact: &str) {
    let view = world.get("/hosts/MAC").await;
    assert_eq!(view["contact"], contact, "{view}");
    assert_eq!(hosts(world, &format!("contact={contact}")).await, ["MAC"]);
    assert_as_a_walk(world).await;
}

#[tokio::test]
async fn l2_a_host_is_judged_by_the_interval_that_it_has() {
    let world = World::new().await;
    let mut mac = Mac::new("MAC");
    set_interval(&world, "1h").await;
    mac.sync(&world).await;
    set_interval(&world, "1m").await;
    world.wait(SignedDuration::from_hours(2));
    assert_contact(&world, "online").await;
    assert_eq!(world.get("/hosts/MAC").await["interval"], 60);
    world.wait(SignedDuration::from_hours(2));
    assert_contact(&world, "silent").await;

    mac.sync(&world).await;
    world.wait(SignedDuration::from_mins(2));
    assert_contact(&world, "online").await;
    world.wait(SignedDuration::from_mins(2));
    assert_contact(&world, "silent").await;

    // The new interval is longer, so the host may already have it.
    set_interval(&world, "1h").await;
    assert_contact(&world, "online").await;
    world.end().await;
}

#[tokio::test]
async fn l2_an_unknown_interval_is_at_least_ten_minutes() {
    let mut world = World::new().await;
    let mut mac = Mac::new("MAC");
    set_interval(&world, "2m").await;
    mac.sync(&world).await;
    set_interval(&world, "1m").await;
    // The servers restart, and no longer know the old interval.
    world.pass(SignedDuration::from_mins(20)).await;
    assert_contact(&world, "online").await;
    world.pass(SignedDuration::from_mins(20)).await;
    assert_contact(&world, "silent").await;
    world.end().await;
}
