//! The server reports separately whether a host has its rules and whether it was seen recently.

use jiff::SignedDuration;
use serde_json::{Value, json};

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
