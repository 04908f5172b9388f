//! Rate limits of hosts, addresses and the fleet, and which address a request counts against.

use std::io::{Read, Write};
use std::net::TcpStream;

use http::StatusCode;
use nicelist::sync::RULES_A_PAGE;
use serde_json::{Value, json};

use crate::events::blocked;
use crate::shell::{ADMIN, ENROLLMENT, Server, Shell};
use crate::world::World;

/// A client whose address is reported by a proxy on this machine.
struct Client<'a> {
    server: &'a Server,
    address: &'a str,
}

struct Response {
    status: u16,
    head: String,
    body: String,
}

impl Response {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Client<'_> {
    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Response {
        let mut stream = TcpStream::connect(self.server.url.trim_start_matches("http://")).unwrap();
        let (address, length) = (self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             x-forwarded-for: 6.6.6.6, {address}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn get(&self, path: &str, token: &str) -> Response {
        self.send("GET", &format!("/api/v1{path}"), token, "")
    }

    /// Sends the request of a sync stage and returns the status. If the status is 429, the response
    /// must have `Retry-After: 60`.
    fn sync(&self, stage: &str, machine: &str, body: &Value) -> u16 {
        let path = format!("/santa/{stage}/{machine}");
        let response = self.send("POST", &path, ENROLLMENT, &body.to_string());
        assert_eq!(response.status == 429, response.head.contains("\r\nretry-after: 60"));
        response.status
    }

    fn preflight(&self, machine: &str) -> u16 {
        self.sync("preflight", machine, &json!({"serial_num": "C02", "santa_version": "2026.7"}))
    }
}

fn behind_a_proxy(shell: &Shell, flags: &[&str]) -> Server {
    Server::start_with(shell, &[&["--trusted-proxy", "127.0.0.1"], flags].concat())
}

#[test]
fn b4_wrong_secrets_are_limited_and_correct_ones_are_not() {
    let shell = Shell::new();
    let server = behind_a_proxy(&shell, &["--wrong-secrets-per-minute", "5"]);
    let guesser = Client { server: &server, address: "192.0.2.1" };
    for _ in 0..4 {
        assert_eq!(guesser.get("/status", "a-guess").status, 401);
    }
    assert_eq!(guesser.send("POST", "/santa/preflight/M1", "a-guess", "{}").status, 401);

    let refused = guesser.get("/status", "a-guess");
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("too-many-requests")));
    assert!(refused.head.contains("\r\nretry-after: 60"), "{}", refused.head);
    assert_eq!(guesser.send("POST", "/santa/preflight/M1", "a-guess", "{}").status, 429);

    assert_eq!(guesser.get("/status", ADMIN).status, 200, "others may share its address");
    assert_eq!(guesser.preflight("M1"), 200);
    let other = Client { server: &server, address: "192.0.2.2" };
    assert_eq!(other.preflight("M1"), 200);
    let status = other.get("/status", ADMIN).json();
    assert_eq!(status["requests_over_limits"], 2);
    let exceeded = &status["exceeded_limits"][0];
    assert_eq!(exceeded["client"], "address 192.0.2.1");
    assert_eq!(exceeded["limit"], "wrong-secrets-per-minute");
    server.logs(r#"client="address 192.0.2.1" limit="wrong-secrets-per-minute""#);
}

#[test]
fn b4_a_host_over_its_limit_gets_429_and_its_events_are_dropped() {
    let shell = Shell::new();
    let server = behind_a_proxy(&shell, &["--host-requests-per-minute", "2"]);
    let office = Client { server: &server, address: "192.0.2.1" };
    let events = json!({"events": [blocked("Pinecone", 0)]});
    assert_eq!(office.preflight("LOUD"), 200);
    assert_eq!(office.sync("ruledownload", "LOUD", &json!({})), 200);
    for stage in ["preflight", "ruledownload", "postflight"] {
        assert_eq!(office.sync(stage, "LOUD", &json!({})), 429);
    }
    assert_eq!(office.sync("eventupload", "LOUD", &events), 200);

    assert_eq!(office.preflight("QUIET"), 200, "another host behind the same address");
    assert_eq!(office.sync("eventupload", "QUIET", &events), 200);
    let kept = office.get("/events", ADMIN).json();
    let of: Vec<&Value> =
        kept["items"].as_array().unwrap().iter().map(|it| &it["machine"]).collect();
    assert_eq!(of, ["QUIET"]);
    let exceeded = &office.get("/status", ADMIN).json()["exceeded_limits"][0];
    assert_eq!(exceeded["client"], "host LOUD");
    assert_eq!(
        (&exceeded["limit"], &exceeded["requests"]),
        (&json!("host-requests-per-minute"), &json!(4))
    );
    server.logs(r#"client="host LOUD" limit="host-requests-per-minute""#);
    assert_eq!(server.log().matches("over a limit").count(), 1, "{}", server.log());
}

#[test]
fn b4_requests_from_one_address_are_limited() {
    let shell = Shell::new();
    let server = behind_a_proxy(&shell, &["--address-requests-per-minute", "2"]);
    let busy = Client { server: &server, address: "192.0.2.1" };
    assert_eq!((busy.preflight("M1"), busy.preflight("M2")), (200, 200));
    assert_eq!((busy.preflight("M3"), busy.get("/rules", ADMIN).status), (429, 429));
    let other = Client { server: &server, address: "192.0.2.2" };
    let status = other.get("/status", ADMIN).json();
    assert_eq!(status["exceeded_limits"][0]["client"], "address 192.0.2.1");
    assert_eq!(status["exceeded_limits"][0]["limit"], "address-requests-per-minute");
}

#[test]
fn b4_new_hosts_are_limited_and_known_hosts_are_not() {
    let shell = Shell::new();
    let server = behind_a_proxy(&shell, &["--new-hosts-per-minute", "2"]);
    let first = Client { server: &server, address: "192.0.2.1" };
    let second = Client { server: &server, address: "192.0.2.2" };
    assert_eq!((first.preflight("M1"), second.preflight("M2")), (200, 200));
    assert_eq!((first.preflight("M3"), second.preflight("M4")), (429, 429));
    assert_eq!((first.preflight("M1"), second.preflight("M2")), (200, 200));
    let events = json!({"events": [blocked("Pinecone", 0)]});
    for machine in ["M1", "M5", "M6"] {
        assert_eq!(first.sync("eventupload", machine, &events), 200);
    }
    let kept = first.get("/events", ADMIN).json();
    let of: Vec<&Value> =
        kept["items"].as_array().unwrap().iter().map(|it| &it["machine"]).collect();
    assert_eq!(of, ["M1"], "events of hosts that may not join are dropped");
    let hosts = first.get("/hosts", ADMIN).json();
    assert_eq!(hosts["items"].as_array().unwrap().len(), 2);
    let status = first.get("/status", ADMIN).json();
    let clients = status["exceeded_limits"].as_array().unwrap();
    assert_eq!(clients.len(), 2, "{status}");
    assert!(clients.iter().all(|each| each["limit"] == "new-hosts-per-minute"), "{status}");
}

#[test]
fn b4_the_limit_on_events_per_day_is_an_option() {
    let shell = Shell::new();
    let server = behind_a_proxy(&shell, &["--events-per-day", "2"]);
    let client = Client { server: &server, address: "192.0.2.1" };
    let events: Vec<Value> = (0..5).map(|second| blocked(&format!("P{second}"), second)).collect();
    assert_eq!(client.sync("eventupload", "LOUD", &json!({"events": events})), 200);
    let status = client.get("/status", ADMIN).json();
    assert_eq!(status["events_dropped"], 3);
    assert_eq!(status["exceeded_limits"][0]["client"], "host LOUD");
    assert_eq!(status["exceeded_limits"][0]["limit"], "events-per-day");
    assert_eq!(status["exceeded_limits"][0]["requests"], 3);
}

/// A host uploads 4,800 new programs in eight requests at the same time. The server must store
/// 2,000 of them.
async fn adds_at_most_2000_programs(world: &World) {
    let upload = |batch: u32| {
        let event = |number: u32| blocked(&format!("tool-{batch}-{number}"), number);
        let events: Vec<Value> = (0..600).map(event).collect();
        world.upload("LOUD", json!({"events": events}).to_string())
    };
    let uploads = futures_util::future::join_all((0..8).map(upload)).await;
    assert_eq!(uploads, [StatusCode::OK; 8]);
    let (mut programs, mut cursor) = (0, String::new());
    loop {
        let page = world.get(&format!("/programs?limit=1000{cursor}")).await;
        programs += page["items"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(programs, 2_000);
    assert_eq!(world.get("/status").await["sightings_dropped"], 2_800);
}

#[tokio::test]
async fn a_host_adds_2000_programs_a_day_even_if_its_uploads_overlap() {
    let world = World::new().await;
    adds_at_most_2000_programs(&world).await;
    world.end().await;
    let world = World::on_postgres(1, 0, RULES_A_PAGE).await;
    adds_at_most_2000_programs(&world).await;
    world.end().await;
}

#[test]
fn b2_a_trusted_proxy_may_have_more_connections_than_a_client() {
    let shell = Shell::new();
    let idle =
        |server: &Server| TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let server = behind_a_proxy(&shell, &["--connections-per-address", "2"]);
    let _held: Vec<TcpStream> = (0..5).map(|_| idle(&server)).collect();
    let client = Client { server: &server, address: "192.0.2.1" };
    assert_eq!(client.get("/status", ADMIN).status, 200);
}

#[test]
fn b2_only_a_trusted_proxy_may_report_client_addresses() {
    let shell = Shell::new();
    let flags = ["--trusted-proxy", "192.0.2.0/24", "--address-requests-per-minute", "2"];
    let server = Server::start_with(&shell, &flags);
    // The requests come from this machine, which is not a trusted proxy. A `Forwarded` header means
    // that the sender is probably a proxy. Then the limit per address does not apply, because all
    // clients of the proxy would share one limit.
    let ask = |claimed: &str| {
        let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        let request = format!(
            "GET /api/v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{claimed}\
             authorization: Bearer {ADMIN}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!([ask(""), ask(""), ask("")], ["200", "200", "429"]);
    assert_eq!(
        ask("forwarded: for=192.0.2.1\r\n"),
        "200",
        "clients of an unlisted proxy do not share a limit"
    );
}

#[test]
fn b2_a_proxy_reports_clients_with_the_proxy_protocol() {
    let shell = Shell::new();
    let flags = ["--proxy-protocol", "--address-requests-per-minute", "2"];
    let server = behind_a_proxy(&shell, &flags);
    let ask = |report: &str| {
        let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        let request = format!(
            "{report}GET /api/v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             x-forwarded-for: 6.6.6.6\r\nauthorization: Bearer {ADMIN}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        // The read fails if the server closes the connection before it has read the whole request.
        let closed = stream.read_to_string(&mut response).is_err();
        if closed { String::new() } else { response.split(' ').nth(1).unwrap_or("").to_owned() }
    };
    let from = |client: &str| format!("PROXY TCP4 {client} 192.0.2.99 50000 443\r\n");
    assert_eq!([ask(&from("192.0.2.1")), ask(&from("192.0.2.1"))], ["200", "200"]);
    assert_eq!(ask(&from("192.0.2.1")), "429");
    assert_eq!(ask(&from("192.0.2.2")), "200", "another client");
    assert_eq!(ask(""), "", "closed without a response");
}
