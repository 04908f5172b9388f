//! All request bodies together use limited memory, and long bodies do not delay other requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::shell::{ADMIN, ENROLLMENT, Server, Shell};

/// Each host sends only this number of bytes, although its request announces a body of 16 MB.
const SENT: usize = 8 * 1000 * 1000;

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.url.trim_start_matches("http://")).unwrap()
}

fn begin(server: &Server, host: usize, body: &[u8]) -> TcpStream {
    let mut stream = connect(server);
    let head = format!(
        "POST /santa/{ENROLLMENT}/eventupload/HOST-{host} HTTP/1.1\r\nhost: x\r\n\
         content-type: application/json\r\ncontent-encoding: identity\r\n\
         content-length: 16000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server may refuse the request while the body is sent.
    let _refused = stream.write_all(body);
    stream
}

#[test]
fn b3_half_sent_bodies_share_one_budget() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let body = vec![b' '; SENT];
    let idle = server.memory("VmRSS");
    let mut streams: Vec<_> = (0..200).map(|host| begin(&server, host, &body)).collect();
    let refused = streams.last_mut().unwrap();
    let mut answer = [0; 12];
    refused.read_exact(&mut answer).unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 503");
    let more = server.memory("VmRSS").saturating_sub(idle);
    eprintln!("200 half-sent bodies cost {more} MiB");
    assert!(more <= 256, "{more} MiB");
}

fn status(server: &Server) -> serde_json::Value {
    let mut stream = connect(server);
    let head = format!(
        "GET /api/v1/status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn s3_a_large_body_is_parsed_off_the_request_threads() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let event = format!(
        r#"{{"file_sha256":"{}","file_path":"/Applications/{}","execution_time":1764324000.5,"decision":"ALLOW_UNKNOWN"}}"#,
        "a".repeat(64),
        "b".repeat(900)
    );
    let events = vec![event; 9_000].join(",");
    let body = format!(r#"{{"events":[{events}]}}"#);

    let start = Instant::now();
    let mut stream = connect(&server);
    let head = format!(
        "POST /santa/{ENROLLMENT}/eventupload/HOST HTTP/1.1\r\nhost: x\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    let took = start.elapsed();

    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 200");
    let longest = status(&server)["longest_poll_micros"].as_u64().unwrap();
    eprintln!("longest poll {longest} µs, the upload took {took:?}");
    assert!(Duration::from_micros(longest) < took / 4, "{longest} µs of {took:?}");
}
