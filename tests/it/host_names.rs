//! Which host a name means.

use http::{Method, StatusCode};
use nicelist::lab::Profile;
use nicelist::lab::Santa;
use serde_json::json;

use crate::events::blocked;
use crate::world::{Mac, World};

/// A Mac that says of itself what it likes.
fn mac(machine: &str, hostname: &str, serial: &str) -> Mac {
    Mac {
        santa: Santa::new(Profile {
            machine_id: machine.to_owned(),
            hostname: hostname.to_owned(),
            serial: serial.to_owned(),
            ..Profile::default()
        }),
    }
}

#[tokio::test]
async fn l15_a_machine_id_cannot_capture_the_name_of_another_mac() {
    let world = World::new().await;
    let real = "9B2C1F60-0000-4000-8000-00000000CE00";
    mac(real, "ceo-mbp", "C02REAL").sync(&world).await;
    mac("ceo-mbp", "evil", "C02EVIL").sync(&world).await;
    let machine = async |name: &str| {
        let view = world.get(&format!("/hosts/{name}")).await;
        view["machine"].as_str().unwrap().to_owned()
    };
    assert_eq!(machine("ceo-mbp").await, real, "the Mac with that name");
    assert_eq!(machine("C02EVIL").await, "ceo-mbp");
    assert_eq!(machine("id:ceo-mbp").await, "ceo-mbp", "exactly that machine ID");
    assert_eq!(machine(real).await, real);
    // Someone who can enroll hosts cannot take over a UUID either.
    mac("other", real, "C02OTHER").sync(&world).await;
    assert_eq!(machine(real).await, real);

    for name in ["9B2C1F60", "C02REAL", "evil"] {
        let (status, problem) =
            world.ask(Method::DELETE, &format!("/hosts/{name}"), json!(null)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
    }
    world.delete("/hosts/ceo-mbp").await;
    assert_eq!(machine("ceo-mbp").await, real, "only the other host is gone");
}

#[tokio::test]
async fn l15_a_whole_name_is_found_among_many_that_begin_like_it() {
    let world = World::new().await;
    for number in 0..30 {
        mac(&format!("A{number}"), &format!("mac-{number}"), "").sync(&world).await;
    }
    mac("Z", "mac", "").sync(&world).await;
    assert_eq!(world.get("/hosts/mac").await["machine"], "Z");
    let (status, problem) = world.ask(Method::GET, "/hosts/mac-", json!(null)).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["details"].as_array().unwrap().len(), 10, "{problem}");
}

#[tokio::test]
async fn l4_events_stay_when_a_host_is_forgotten_unless_it_is_asked_for() {
    let world = World::new().await;
    for machine in ["KEPT", "GONE"] {
        Mac::new(machine).sync(&world).await;
        let body = json!({"events": [blocked("tool", 1)]}).to_string();
        assert_eq!(world.upload(machine, body).await, StatusCode::OK);
    }
    world.delete("/hosts/KEPT").await;
    world.delete("/hosts/GONE?events=true").await;
    let events = world.get("/events").await;
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["machine"], "KEPT");
}

#[tokio::test]
async fn w2_a_rule_for_a_serial_number_reaches_the_mac_enrolled_or_not() {
    let world = World::new().await;
    world.put_rule("block", "teamid:AAAAAAAAAA", "host:C02XK0ABCD").await;
    let with_settings = json!({"scope": "host:C02XK0ABCD", "set": {"client-mode": "lockdown"}});
    world.post("/settings", with_settings).await;
    let mut anna = mac("9B2C1F60-0000-4000-8000-00000000AAAA", "annas-mac", "C02XK0ABCD");
    let mut other = mac("9B2C1F60-0000-4000-8000-00000000BBBB", "bens-mac", "C02OTHER01");
    anna.sync(&world).await;
    other.sync(&world).await;
    assert_eq!(anna.holds(), ["teamid:AAAAAAAAAA block"]);
    assert!(other.holds().is_empty());
    let view = world.get("/hosts/annas-mac").await;
    assert_eq!((&view["mode"]["wanted"], &view["state"]), (&json!("lockdown"), &json!("in-sync")));

    world.drop_rule("teamid:AAAAAAAAAA", "host:C02XK0ABCD").await;
    anna.sync(&world).await;
    assert!(anna.holds().is_empty());

    // The machine ID is stronger than the serial number.
    world.put_rule("block", "teamid:BBBBBBBBBB", "host:C02XK0ABCD").await;
    let by_id = "host:9B2C1F60-0000-4000-8000-00000000AAAA";
    world.put_rule("allow", "teamid:BBBBBBBBBB", by_id).await;
    anna.sync(&world).await;
    assert_eq!(anna.holds(), ["teamid:BBBBBBBBBB allow"]);
}

#[tokio::test]
async fn w2_placeholders_of_serial_numbers_name_no_host() {
    let world = World::new().await;
    world.put_rule("block", "teamid:AAAAAAAAAA", "host:System Serial Number").await;
    let mut machine = mac("M1", "vm", "System Serial Number");
    machine.sync(&world).await;
    assert!(machine.holds().is_empty());
}

#[tokio::test]
async fn w2_the_name_of_a_host_is_resolved_when_the_rule_is_stored() {
    let world = World::new().await;
    let id = "9B2C1F60-0000-4000-8000-00000000AAAA";
    let mut anna = mac(id, "annas-mac", "C02XK0ABCD");
    anna.sync(&world).await;
    for (target, scope) in [
        ("teamid:AAAAAAAAAA", "host:annas-mac"),
        ("teamid:BBBBBBBBBB", "host:c02xk0abcd"),
        ("teamid:CCCCCCCCCC", "host:not-yet"),
    ] {
        world.put_rule("block", target, scope).await;
    }
    let rules = world.get("/rules").await;
    let scopes: Vec<&str> =
        rules["items"].as_array().unwrap().iter().map(|it| it["scope"].as_str().unwrap()).collect();
    assert_eq!(scopes, [&format!("host:{id}"), "host:C02XK0ABCD", "host:not-yet"]);
    anna.sync(&world).await;
    assert_eq!(anna.holds(), ["teamid:AAAAAAAAAA block", "teamid:BBBBBBBBBB block"]);
    world.drop_rule("teamid:AAAAAAAAAA", "host:annas-mac").await;
    anna.sync(&world).await;
    assert_eq!(anna.holds(), ["teamid:BBBBBBBBBB block"]);

    mac("9B2C1F60-0000-4000-8000-00000000BBBB", "annas-mac", "C02OTHER01").sync(&world).await;
    let put = json!({"put": [
        {"target": "teamid:DDDDDDDDDD", "policy": "block", "scope": "host:annas-mac"}
    ]});
    let (status, problem) = world.ask(Method::POST, "/rules", put).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("ambiguous")));
}
