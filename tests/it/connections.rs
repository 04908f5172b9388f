//! Limits on connections, and requests that are refused before they reach a handler.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nicelist::server::{App, ConnectionLimits, Options};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::shell::{ADMIN, Server, Shell};

/// Longer than any of these tests.
const LONG: Duration = Duration::from_secs(60);
/// A time limit that a test can wait for.
const SHORT: Duration = Duration::from_millis(200);

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// Deadlines longer than any test. Each test shortens the deadlines that it checks.
fn patient() -> ConnectionLimits {
    let limits = ConnectionLimits::default();
    ConnectionLimits { head: LONG * 2, idle: LONG * 2, write: LONG * 2, drain: LONG * 2, ..limits }
}

struct Served {
    _folder: tempfile::TempDir,
    address: SocketAddr,
    end: oneshot::Sender<()>,
    ended: JoinHandle<usize>,
}

impl Served {
    async fn with(connections: ConnectionLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            database: format!("sqlite:{}", folder.path().join("nicelist.db").display()),
            first_tokens: true,
            bootstrap_token: Some("the-admin-of-the-tests".to_owned()),
            enrollment_secret: Some("the-secret-of-the-tests".to_owned()),
            connections,
            ..Options::default()
        };
        let app = App::open(options).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, transcript) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            let transcript = async { transcript.await.unwrap_or_default() };
            app.serve(listener, None, transcript).await
        });
        Self { _folder: folder, address, end, ended }
    }

    async fn connect(&self) -> Raw {
        Raw(TcpStream::connect(self.address).await.unwrap())
    }

    /// Stops the server. Returns the number of requests that were cut off.
    async fn end(self) -> usize {
        self.end.send(()).unwrap();
        soon(self.ended).await.unwrap()
    }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, work).await.expect("this should have come to its end")
}

struct Raw(TcpStream);

impl Raw {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads a response whose body is one line. Returns its head and its body.
    async fn answer(&mut self) -> io::Result<String> {
        let mut read = Vec::new();
        while !(read.ends_with(b"\n")
            && read.windows(4).any(|end| end == b"\r\n\r\n")
            && !read.ends_with(b"\r\n"))
        {
            match soon(self.0.read_u8()).await {
                Ok(byte) => read.push(byte),
                Err(error) => return Err(error),
            }
        }
        Ok(String::from_utf8(read).unwrap())
    }

    async fn is_healthy(&mut self) -> bool {
        if self.0.write_all(HEALTH.as_bytes()).await.is_err() {
            return false;
        }
        self.answer().await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        match soon(self.0.read_to_end(&mut rest)).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
        }
        String::from_utf8(rest).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_a_client_that_never_reads_is_closed() {
    let server = Served::with(ConnectionLimits { write: SHORT, ..patient() }).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(server.address).await.unwrap();
    let ask = "GET /api/v1/openapi.json HTTP/1.1\r\nhost: x\r\nauthorization: Bearer the-admin-of-the-tests\r\n\r\n";
    let asked_until_closed = async {
        loop {
            if let Err(error) = stream.write_all(ask.as_bytes()).await {
                return error.kind();
            }
        }
    };
    let closed = soon(asked_until_closed).await;
    assert!(
        matches!(closed, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
        "{closed}"
    );
    assert!(server.connect().await.is_healthy().await);
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_the_header_timeout_is_shorter_than_the_idle_timeout() {
    let server = Served::with(ConnectionLimits { head: SHORT, ..patient() }).await;
    let mut idle = server.connect().await;
    assert!(idle.is_healthy().await);
    let mut silent = server.connect().await;
    assert_eq!(silent.rest().await, "");
    let mut half_sent = server.connect().await;
    half_sent.send("GET /healthz HTTP/1.1\r\nhost:").await;
    assert_eq!(half_sent.rest().await, "");
    // The idle connection was open for more than twice the header timeout, and still works.
    assert!(idle.is_healthy().await);
    idle.send("GET /healthz HT").await;
    assert_eq!(idle.rest().await, "", "the second request's headers are waited for no longer");
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_an_idle_connection_is_closed() {
    let server = Served::with(ConnectionLimits { idle: SHORT, ..patient() }).await;
    let mut idle = server.connect().await;
    assert!(idle.is_healthy().await);
    assert_eq!(idle.rest().await, "");
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_one_address_cannot_use_all_connections() {
    let limits = ConnectionLimits { from_one_address: Some(2), ..patient() };
    let server = Served::with(limits).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    assert!(first.is_healthy().await && second.is_healthy().await);
    let mut third = server.connect().await;
    assert_eq!(third.rest().await, "", "closed at once");
    assert!(first.is_healthy().await, "the others are not disturbed");
    drop(second);
    let welcome_again = async { while !server.connect().await.is_healthy().await {} };
    soon(welcome_again).await;
    assert_eq!(server.end().await, 0);
}

#[test]
fn b2_the_server_raises_its_limit_of_descriptors() {
    let shell = Shell::new();
    let server = Server::start_with_descriptors(&shell, 100);
    let address = server.url.trim_start_matches("http://").to_owned();
    // When a response arrives, the server has already set its limits.
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    io::Write::write_all(&mut stream, HEALTH.as_bytes()).unwrap();
    io::Read::read_exact(&mut stream, &mut [0]).unwrap();
    let [soft, hard] = server.descriptors();
    assert_eq!(soft, hard);
}

/// The attack opens this number of silent connections, and the same number of connections that
/// never read the responses to their requests.
const ATTACKERS: usize = 2_000;

/// Opens a connection from an address that administrators and hosts do not use, and sends
/// `requests`.
async fn attack(server: SocketAddr, requests: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stream = soon(socket.connect(server)).await.unwrap();
    // The server may close the connection while the request is sent.
    drop(stream.write_all(requests.as_bytes()).await);
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_thousands_of_silent_connections_delay_neither_administrators_nor_hosts() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let shell = Shell::new();
    let server = Server::start_with_descriptors(&shell, 1_024);
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let unread = "GET /api/v1/rules HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50);
    let mut attackers = Vec::new();
    for _ in 0..ATTACKERS {
        attackers.push(attack(address, "").await);
        attackers.push(attack(address, &unread).await);
    }
    let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let mut times = Vec::new();
    for turn in 0..100 {
        let begun = Instant::now();
        let status = client.get(format!("{}/api/v1/status", server.url)).bearer_auth(ADMIN);
        let status = soon(status.send()).await.unwrap();
        assert_eq!(status.status(), 200);
        times.push(begun.elapsed());
        let preflight = client
            .post(format!("{}preflight/M{turn}", server.sync_base()))
            .json(&serde_json::json!({"serial_num": "C02", "santa_version": "2026.7"}));
        assert_eq!(soon(preflight.send()).await.unwrap().status(), 200);
    }
    times.sort_unstable();
    eprintln!("{} connections: admin p50 {:?}, p99 {:?}", attackers.len(), times[49], times[98]);
    assert!(times[98] < Duration::from_secs(2), "{:?}", times[98]);
}

const UNFINISHED: &str = "POST /santa/the-secret-of-the-tests/preflight/M1 HTTP/1.1\r\nhost: x\r\n\
    content-length: 10\r\nexpect: 100-continue\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn l5_requests_cut_off_by_a_shutdown_are_counted() {
    let server = Served::with(ConnectionLimits { drain: SHORT, ..patient() }).await;
    let mut idle = server.connect().await;
    assert!(idle.is_healthy().await);
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    for unfinished in [&mut first, &mut second] {
        unfinished.send(UNFINISHED).await;
        let mut going_on = [0; 12];
        soon(unfinished.0.read_exact(&mut going_on)).await.unwrap();
        assert_eq!(&going_on, b"HTTP/1.1 100", "the server waits for the body");
    }
    assert_eq!(server.end().await, 2, "the idle connection is none of them");
}

const PREFLIGHT: &str = "POST /santa/the-secret-of-the-tests/preflight/M1 HTTP/1.1\r\nhost: x\r\n";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";
const LENGTH: &str = "content-length: 2\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_request_with_two_lengths_is_refused() {
    let server = Served::with(patient()).await;
    let smuggling = format!("2\r\n{{}}\r\n0\r\n\r\n{HEALTH}");
    for lengths in [[CHUNKED, LENGTH], [LENGTH, CHUNKED]] {
        let request = format!("{PREFLIGHT}{}\r\n{smuggling}", lengths.concat());
        let mut first = server.connect().await;
        first.send(&request).await;
        let answers = first.rest().await;
        assert!(answers.starts_with("HTTP/1.1 400"), "{answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "nothing was smuggled: {answers}");

        let mut second = server.connect().await;
        assert!(second.is_healthy().await);
        second.send(&request).await;
        let answers = second.rest().await;
        assert!(answers.starts_with("HTTP/1.1 400"), "also after another request: {answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
    }
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_a_connection_is_closed_after_a_chunked_body() {
    let server = Served::with(patient()).await;
    let mut client = server.connect().await;
    let body = r#"{"serial_num":"C02","santa_version":"2026.7"}"#;
    let size = body.len();
    let chunks = format!("{size:x}\r\n{body}\r\n0\r\n\r\n");
    client.send(&format!("{PREFLIGHT}{CHUNKED}\r\n{chunks}{HEALTH}")).await;
    let answers = client.rest().await;
    assert!(answers.starts_with("HTTP/1.1 200"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1").count(), 1, "{answers}");
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b7_transfer_codings_other_than_chunked_are_refused() {
    let server = Served::with(patient()).await;
    for coding in ["gzip, chunked", "chunked, chunked"] {
        let mut client = server.connect().await;
        let coding = format!("transfer-encoding: {coding}\r\n");
        client.send(&format!("{PREFLIGHT}{coding}\r\n2\r\n{{}}\r\n0\r\n\r\n{HEALTH}")).await;
        let answers = client.rest().await;
        assert!(answers.starts_with("HTTP/1.1 501"), "{answers}");
        assert_eq!(answers.matches("HTTP/1.1").count(), 1, "nothing was smuggled: {answers}");
    }
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b2_when_hosts_use_all_connections_administrators_can_still_connect() {
    // 15 connections for anyone, and one for the admin API.
    let limits =
        ConnectionLimits { connections: Some(16), from_one_address: Some(16), ..patient() };
    let server = Served::with(limits).await;
    let mut held = Vec::new();
    for _ in 0..15 {
        let mut host = server.connect().await;
        assert!(host.is_healthy().await);
        held.push(host);
    }
    let mut host = server.connect().await;
    host.send(&format!("{PREFLIGHT}x-request-id: trace-7\r\n{LENGTH}\r\n{{}}")).await;
    let refused = host.rest().await;
    is_problem(&refused, 503, "overloaded");
    assert!(refused.contains("retry-after: 5"), "{refused}");

    let mut administrator = server.connect().await;
    let ask = "GET /api/v1/status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer the-admin-of-the-tests\r\n\r\n";
    administrator.send(ask).await;
    let answer = administrator.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "closed after it: {answer}");

    // A silent client does not block administrators.
    let mut silent = server.connect().await;
    let mut administrator = server.connect().await;
    administrator.send(ask).await;
    assert!(administrator.rest().await.starts_with("HTTP/1.1 200"));
    assert_eq!(silent.rest().await, "");
    assert!(held[0].is_healthy().await, "the other connections are not affected");
    drop(held);
    assert_eq!(server.end().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_refusals_before_the_router_are_problems_with_the_request_id() {
    let server = Served::with(patient()).await;
    let id = "x-request-id: trace-7\r\n";
    let coding = "transfer-encoding: gzip, chunked\r\n";
    for (head, status, code) in [
        (format!("{PREFLIGHT}{id}{LENGTH}{CHUNKED}\r\n2\r\n{{}}\r\n0\r\n\r\n"), 400, "bad-request"),
        (format!("{PREFLIGHT}{id}{coding}\r\n2\r\n{{}}\r\n0\r\n\r\n"), 501, "not-implemented"),
    ] {
        let mut client = server.connect().await;
        client.send(&head).await;
        is_problem(&client.rest().await, status, code);
    }
    assert_eq!(server.end().await, 0);
}

fn is_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert!(answer.contains("x-request-id: trace-7"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    let problem: serde_json::Value =
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&problem["code"], &problem["request_id"]), (&code.into(), &"trace-7".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_a_body_with_a_large_content_length_is_refused_before_it_arrives() {
    let server = Served::with(patient()).await;
    for expect in ["", "expect: 100-continue\r\n"] {
        let mut client = server.connect().await;
        let head = "POST /api/v1/rules HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                    authorization: Bearer the-admin-of-the-tests\r\ncontent-length: 500000000\r\n";
        client.send(&format!("{head}{expect}\r\n")).await;
        let answer = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains("the body is larger than 201326592 bytes"), "{answer}");
    }
    assert_eq!(server.end().await, 0);
}

#[test]
fn b7_an_unknown_path_is_not_repeated_in_the_error() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let address = server.url.trim_start_matches("http://").to_owned();
    let base = server.sync_base();
    let (_, secret) = base.trim_end_matches('/').rsplit_once('/').unwrap();
    for path in [format!("/santa/{secret}/prefligth/M1"), format!("/api/v1/{secret}")] {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let request = format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut answer = String::new();
        io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert!(!answer.contains(secret), "{answer}");
    }
    server.shut_down();
    server.logs("shut down");
    assert!(!server.log().contains(secret), "{}", server.log());
}
