//! The host that a name refers to.

use http::{Method, StatusCode};
use nicelist::lab::Profile;
use nicelist::lab::Santa;
use serde_json::{Value, json};

use crate::events::blocked;
use crate::shell::{ADMIN, Server, Shell};
use crate::world::{Mac, World};

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
    // A host cannot capture the machine ID of another Mac by reporting it as a hostname.
    mac("other", real, "C02OTHER").sync(&world).await;
    assert_eq!(machine(real).await, real);
    mac("other", &real.to_lowercase(), "C02OTHER").sync(&world).await;
    assert_eq!(machine(&real.to_lowercase()).await, real, "in any letter case");

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
async fn l4_forgetting_a_host_deletes_its_events_only_on_request() {
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

    // A rule for the machine ID is stronger than a rule for the serial number.
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
    // Names in other letter cases are the same names.
    let rule = |name: &str| {
        let scope = format!("host:{name}");
        json!({"target": "teamid:DDDDDDDDDD", "policy": "block", "scope": scope})
    };
    let put = json!({"put": [rule("annas-mac"), rule("ANNAS-mac")]});
    let (status, problem) = world.ask(Method::POST, "/rules", put).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("ambiguous")));
    assert_eq!(problem["details"].as_array().unwrap().len(), 2, "{problem}");
    let settings = json!({"scope": "host:annas-mac", "set": {"full-sync-interval": "20m"}});
    let (status, problem) = world.ask(Method::POST, "/settings", settings).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["details"].as_array().unwrap().len(), 2, "{problem}");
    let names = json!({"names": ["annas-mac", "ANNAS-mac", "annas", "c02other01"]});
    let names = world.post("/hosts/names", names).await;
    let found = names["host_names"].as_array().unwrap().iter();
    let found: Vec<_> = found.map(|it| (it["name"].as_str().unwrap(), &it["hosts"])).collect();
    assert_eq!(found, [("annas-mac", &json!(2)), ("ANNAS-mac", &json!(2))]);
}

#[tokio::test]
async fn l11_a_serial_number_of_two_hosts_is_a_warning_and_applies_to_both() {
    let world = World::new().await;
    let mut one = mac("9B2C1F60-0000-4000-8000-00000000AAAA", "annas-mac", "C02XK0ABCD");
    let mut other = mac("9B2C1F60-0000-4000-8000-00000000BBBB", "bens-mac", "c02xk0abcd");
    one.sync(&world).await;
    let rule =
        |target: &str| json!({"target": target, "policy": "block", "scope": "host:C02XK0ABCD"});
    let answer = world.post("/rules", json!({"put": [rule("teamid:AAAAAAAAAA")]})).await;
    assert_eq!(answer.get("warnings"), None, "{answer}");
    assert_eq!(world.get("/hosts/annas-mac").await.get("same_serial"), None);

    other.sync(&world).await;
    let warning = "2 hosts have the serial number C02XK0ABCD, and host:C02XK0ABCD matches all of them: \
        9B2C1F60-0000-4000-8000-00000000AAAA, 9B2C1F60-0000-4000-8000-00000000BBBB";
    let warnings = json!([{"code": "NL602", "message": warning}]);
    let answer = world.post("/rules", json!({"put": [rule("teamid:BBBBBBBBBB")]})).await;
    assert_eq!(answer["warnings"], warnings);
    let settings = json!({"scope": "host:C02XK0ABCD", "set": {"full-sync-interval": "20m"}});
    assert_eq!(world.post("/settings", settings).await["warnings"], warnings);
    for mac in [&mut one, &mut other] {
        mac.sync(&world).await;
        assert_eq!(mac.holds(), ["teamid:AAAAAAAAAA block", "teamid:BBBBBBBBBB block"]);
    }
    let shown = world.get("/hosts/annas-mac").await;
    assert_eq!(shown["same_serial"], json!(["9B2C1F60-0000-4000-8000-00000000BBBB"]));
    let names = world.post("/hosts/names", json!({})).await;
    assert_eq!(names["shared_serials"][0]["name"], "C02XK0ABCD", "{names}");
    world.end().await;
}

/// A placeholder that several hosts report is not listed as a shared serial number. A rule for the
/// placeholder is refused.
#[tokio::test]
async fn l11_a_placeholder_of_several_hosts_is_not_a_serial_number() {
    let world = World::new().await;
    for machine in ["M1", "M2"] {
        mac(machine, machine, "System Serial Number").sync(&world).await;
    }
    let rule = json!({"target": "teamid:AAAAAAAAAA", "policy": "block",
        "scope": "host:System Serial Number"});
    let (status, problem) = world.ask(Method::POST, "/rules", json!({"put": [rule]})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("ambiguous")));
    assert_eq!(world.get("/hosts/M1").await.get("same_serial"), None);
    assert_eq!(world.post("/hosts/names", json!({})).await["shared_serials"], json!([]));
    world.end().await;
}

/// Version 0.1.0 stored host names as they were typed. The test uses `POST /policy`, which still
/// stores them in this way.
#[tokio::test(flavor = "multi_thread")]
async fn l11_rules_stored_under_the_name_of_a_host_are_found_and_moved() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    let sync = |machine: &str, name: &str| {
        shell.json(&format!(
            "lab sync {base} --state {machine}.json --machine-id {machine} --hostname {name} \
             --serial SN-{machine} --no-backoff"
        ))
    };
    sync("M1", "annas-mac");
    let policy = json!({
        "settings": [{"scope": "host:annas-mac", "key": "client-mode", "value": "lockdown"}],
        "rules": [
            {"target": "teamid:AAAAAAAAAA", "policy": "block", "scope": "host:annas-mac",
             "comment": "kept"},
            {"target": "teamid:BBBBBBBBBB", "policy": "block", "scope": "host:annas-mac"},
        ],
    });
    put_policy(&server, &policy).await;
    shell.run("rule add allow teamid:BBBBBBBBBB --scope host:M1");
    assert_eq!(sync("M1", "annas-mac")["holds"].as_array().unwrap().len(), 1);

    insta::assert_snapshot!(shell.run("rule lint --ignore NL501"), @"
    $ nicelist rule lint --ignore NL501
    exit code: 3
    ----- stdout -----
    Warnings
      • NL601  host:annas-mac matches no host, because annas-mac is only the host name of M1; this leaves 2 rules and 1 setting without effect  → nicelist rule lint --fix moves the rules and settings to the machine ID, if one host has the name
    ----- stderr -----
    1 warning
    ");
    insta::assert_snapshot!(shell.run("rule lint --fix --yes"), @"
    $ nicelist rule lint --fix --yes
    exit code: 0
    ----- stderr -----
    moved 2 rules and 1 setting from host:annas-mac to host:M1
    ");
    let rules = shell.json("rule list --scope host:M1");
    let kept = rules.as_array().unwrap().iter().any(|rule| rule["comment"] == "kept");
    assert!(kept, "{rules}");
    assert_eq!(shell.json("rule list").as_array().unwrap().len(), 2);
    assert_eq!(shell.json("host show M1")["mode"]["wanted"], "lockdown");
    let holds = sync("M1", "annas-mac")["holds"].clone();
    let states: Vec<&str> =
        holds.as_array().unwrap().iter().map(|rule| rule["state"].as_str().unwrap()).collect();
    assert_eq!(
        states,
        ["ALLOWLIST", "BLOCKLIST"],
        "its own rule for the machine ID stays: {holds}"
    );
    let again = shell.run("rule lint --fix --yes");
    assert!(again.contains("no changes"), "{again}");

    // A rule for a name that two hosts have is not moved.
    sync("M2", "ben");
    sync("M3", "ben");
    let rule = json!({"target": "teamid:CCCCCCCCCC", "policy": "block", "scope": "host:ben"});
    put_policy(&server, &json!({"rules": [rule]})).await;
    let linted = shell.run("rule lint --ignore NL501");
    assert!(
        linted.contains("ben is only the host name of 2 hosts; this leaves 1 rule without effect"),
        "{linted}"
    );
    let fixed = shell.run("rule lint --fix --yes");
    assert!(fixed.contains("2 hosts have the name ben"), "{fixed}");
}

/// W2: in a file, a name that only one host has is replaced with the host's machine ID. A name that
/// several hosts have is reported as a fault with its line. A name that no host has causes a
/// warning.
#[tokio::test]
async fn w2_host_names_in_an_import_are_resolved_reported_or_rejected() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    for (machine, name) in
        [("M1", "annas-mac"), ("M2", "lab"), ("M3", "lab"), ("M4", "lab"), ("M5", "lab")]
    {
        shell.json(&format!(
            "lab sync {base} --state {machine}.json --machine-id {machine} --hostname {name} \
             --serial SN-{machine} --no-backoff"
        ));
    }
    shell.write(
        "shared.csv",
        "target,policy,scope\nteamid:AAAAAAAAAA,block,host:annas-mac\n\
         teamid:BBBBBBBBBB,block,host:lab\nteamid:CCCCCCCCCC,block,fleet\n",
    );
    shell.write("unknown.csv", "target,policy,scope\nteamid:DDDDDDDDDD,block,host:annas-mak\n");
    let shared = "scope: `lab` matches 4 hosts: `M2`, `M3`, `M4` and 1 more\n";
    let refused = shell.run("rule import shared.csv");
    assert!(refused.contains(&format!("shared.csv:3: {shared}")), "{refused}");
    assert!(refused.contains("1 of 3 rows are invalid; nothing was changed"), "{refused}");
    assert!(refused.contains("use the machine ID of a host"), "{refused}");

    let partial = shell.run("rule import shared.csv --partial --rejects bad.csv");
    assert!(
        partial.contains("added 2, changed 0") && partial.contains("1 row was rejected"),
        "{partial}"
    );
    let rejects = std::fs::read_to_string(shell.path("bad.csv")).unwrap();
    assert!(
        rejects.contains(",teamid:BBBBBBBBBB,block,host:lab\n") && rejects.contains("\n3,"),
        "{rejects}"
    );
    let rules = shell.json("rule list");
    let scopes: Vec<&str> =
        rules.as_array().unwrap().iter().map(|rule| rule["scope"].as_str().unwrap()).collect();
    assert_eq!(scopes, ["host:M1", "fleet"]);
    assert_eq!((&rules[0]["hostname"], rules[1].get("hostname")), (&json!("annas-mac"), None));
    let listed = shell.run("rule list");
    assert!(listed.contains("host:annas-mac") && !listed.contains("host:M1"), "{listed}");
    assert!(shell.run("rule list -o csv").contains("host:M1"));

    let warning = "no known host matches `annas-mak`";
    for line in [
        "rule import unknown.csv --dry-run",
        "rule add block teamid:DDDDDDDDDD --scope host:annas-mak --dry-run",
    ] {
        let warned = shell.run(line);
        assert!(warned.contains("exit code: 0"), "{warned}");
        assert_eq!(warned.matches(warning).count(), 1, "{warned}");
    }
    let refused = shell.run("rule add block teamid:DDDDDDDDDD --scope host:lab --dry-run");
    assert!(refused.contains(shared), "{refused}");
}

async fn put_policy(server: &Server, policy: &Value) {
    let request = reqwest::Client::new().post(format!("{}/api/v1/policy", server.url));
    let request = request.bearer_auth(ADMIN).header("content-type", "application/json");
    let response = request.body(policy.to_string()).send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.text().await.unwrap());
}

#[tokio::test]
async fn w2_a_serial_number_that_is_the_machine_id_of_another_host_warns() {
    let world = World::new().await;
    mac("C02XK0ABCD", "annas-mac", "C02AAAAAAA").sync(&world).await;
    mac("M2", "bens-mac", "C02XK0ABCD").sync(&world).await;
    let rule =
        json!({"target": "teamid:AAAAAAAAAA", "policy": "allow", "scope": "host:C02XK0ABCD"});
    let answer = world.post("/rules", json!({"put": [rule]})).await;
    assert_eq!(
        answer["warnings"][0]["message"],
        "`C02XK0ABCD` is the machine ID of one host and the serial number of another, `M2`; \
        host:C02XK0ABCD matches both"
    );
}
