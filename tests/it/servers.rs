//! Several servers on one database: any of them may get the next request of a host.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nicelist::fleet::{Actor, Clock};
use nicelist::protocol::{
    Format, PostflightRequest, PreflightRequest, RuleDownloadRequest, SyncType, Wire,
};
use nicelist::rule::{MachineId, RuleDraft};
use nicelist::store::{self, Change, Durability, Edit};
use nicelist::sync::Engine;

use crate::cluster::{Cluster, Database, Disk};
use crate::shell::{ADMIN, Server, Shell};

const JSON: Wire = Wire { format: Format::Json, gzip: false };

/// An engine that gets no notifications, so it reads changes only when necessary.
async fn deaf(url: &str, clock: &Clock) -> Engine {
    let store = store::open(url, Durability::Power).await.unwrap();
    let page = NonZeroUsize::new(1).unwrap();
    Engine::open(Arc::clone(&store), [7; 32], clock.clone(), page).await.unwrap()
}

fn allow(team: &str, clock: &Clock) -> Change {
    let draft = RuleDraft {
        target: format!("teamid:{team}"),
        policy: "allow".to_owned(),
        scope: "fleet".to_owned(),
        ..RuleDraft::default()
    };
    let actor = Actor::new("anna", clock.now());
    let edits = vec![Edit::PutRule(Box::new(draft.try_into().unwrap()))];
    Change { actor, base: None, dry_run: false, edits }
}

/// Downloads the pages of a sync from alternating servers. Returns the team IDs on the pages.
async fn pages(engines: [&Engine; 2], machine: &MachineId) -> Vec<String> {
    let (mut cursor, mut teams) = (String::new(), Vec::new());
    for engine in engines.into_iter().cycle() {
        let request = RuleDownloadRequest { cursor: cursor.clone(), ..Default::default() };
        let body = engine.rule_download(machine, &request, JSON).await.unwrap();
        let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let rules = page["rules"].as_array().cloned().unwrap_or_default();
        teams.extend(rules.iter().map(|rule| rule["identifier"].as_str().unwrap().to_owned()));
        page["cursor"].as_str().unwrap_or_default().clone_into(&mut cursor);
        if cursor.is_empty() {
            break;
        }
    }
    teams
}

#[tokio::test]
async fn a_server_without_notifications_completes_the_sync_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("nicelist.db").display());
    let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
    let machine: MachineId = "M1".parse().unwrap();
    let (one, other) = (deaf(&url, &clock).await, deaf(&url, &clock).await);
    let asks = PreflightRequest { santa_version: "2025.3".to_owned(), ..Default::default() };
    for (team, rules) in [("AAAAAAAAAA", 1), ("BBBBBBBBBB", 1)] {
        one.commit(allow(team, &clock)).await.unwrap();
        let clean = one.preflight(&machine, &asks, &|| true).await.unwrap().sync_type;
        assert_eq!(clean == Some(SyncType::Clean), team.starts_with('A'), "{clean:?}");
        // The other server has not read the rule yet.
        assert_eq!(pages([&other, &one], &machine).await, [team]);
        let done = PostflightRequest {
            rules_received: rules,
            rules_processed: rules,
            ..Default::default()
        };
        other.postflight(&machine, &done).await.unwrap();
    }
    // The host gets a rule from a revision that the other server has not read yet.
    one.commit(allow("CCCCCCCCCC", &clock)).await.unwrap();
    one.preflight(&machine, &asks, &|| true).await.unwrap();
    assert_eq!(pages([&one, &one], &machine).await, ["CCCCCCCCCC"]);
    let done = PostflightRequest { rules_received: 1, rules_processed: 1, ..Default::default() };
    one.postflight(&machine, &done).await.unwrap();
    let kind = other.preflight(&machine, &asks, &|| true).await.unwrap().sync_type;
    assert_ne!(kind, Some(SyncType::Clean), "nothing is in doubt");
    assert!(pages([&other, &other], &machine).await.is_empty());
}

#[test]
fn a_missing_database_is_reported_without_its_password() {
    let transcript = Shell::new().run("serve --database postgres://anna:secret@127.0.0.1:1/rules");
    let begins = "error: cannot open postgres://anna@127.0.0.1:1/rules: ";
    assert!(transcript.contains("exit code: 1") && transcript.contains(begins), "{transcript}");
    assert!(
        transcript.contains("check that PostgreSQL is running")
            && !transcript[60..].contains("secret"),
        "{transcript}"
    );
}

async fn status(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: serde_json::Value = response.json().await.unwrap_or_default();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_answered_while_the_database_is_unreachable_and_soon_after() {
    let (cluster, server) = tokio::task::spawn_blocking(|| {
        let cluster = Cluster::new(Disk::Durable);
        cluster.start();
        let server = Server::over(&Shell::new(), &cluster.url("postgres"), &[]);
        (cluster, server)
    })
    .await
    .unwrap();
    let client = reqwest::Client::new();
    let ready = || client.get(format!("{}/readyz", server.url));
    let rules = || client.get(format!("{}/api/v1/rules", server.url)).bearer_auth(ADMIN);
    let mac = || {
        let preflight = client.post(format!("{}preflight/M1", server.sync_base()));
        preflight.body(r#"{"santa_version": "2026.7"}"#)
    };
    assert_eq!((status(ready()).await.0, status(rules()).await.0), (200, 200));
    assert_eq!(status(mac()).await.0, 200);
    cluster.crash();
    let asked = Instant::now();
    // `/readyz` may still return its previous result.
    while status(ready()).await.0 == 200 {
        assert!(asked.elapsed() < Duration::from_secs(2), "it is not ready");
    }
    assert_eq!(status(rules()).await, (503, "unavailable".to_owned()));
    assert_eq!(status(mac()).await.0, 503);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    // The server tries to connect again and again, but logs the outage only one time.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(server.log().matches("cannot watch the database").count(), 1, "{}", server.log());
    cluster.start();
    let back = Instant::now();
    for ask in [&ready as &dyn Fn() -> reqwest::RequestBuilder, &rules, &mac] {
        while status(ask()).await.0 != 200 {
            assert!(back.elapsed() < Duration::from_secs(5), "not answered again");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_servers_work_on_postgres() {
    let database = Database::new().await;
    let url = database.url().replace("postgres://nicelist@", "postgres://nicelist:secret@");
    tokio::task::spawn_blocking(move || {
        let mut shell = Shell::new();
        shell.set("NICELIST_DATABASE", &url);
        let added = shell.run("rule add allow teamid:EQHXZ8M8AV --comment Chrome");
        assert!(added.contains("exit code: 0"), "{added}");
        let listed = shell.json("rule list");
        assert_eq!(listed[0]["target"], "teamid:EQHXZ8M8AV", "{listed}");
        let configured = shell.run("config list");
        assert!(configured.contains("postgres://nicelist@127") && !configured.contains("secret"));
        let servers = [Server::over(&shell, &url, &[]), Server::over(&shell, &url, &[])];
        shell.unset_server();
        for server in &servers {
            shell.use_server(server);
            let listed = shell.json("rule list");
            assert_eq!(listed[0]["comment"], "Chrome", "{listed}");
        }
        // A token that was created on one server works on the other after a moment.
        let token = shell.json("token create ci --role viewer");
        shell.use_server(&servers[0]);
        shell.set("NICELIST_TOKEN", token["secret"].as_str().unwrap());
        let began = Instant::now();
        while !shell.run("rule list").contains("exit code: 0") {
            assert!(began.elapsed() < Duration::from_secs(5));
        }
    })
    .await
    .unwrap();
    database.drop().await;
}
