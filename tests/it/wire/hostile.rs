//! Bodies that no client sends, and requests that clients are not allowed to send.

use http::StatusCode;
use nicelist::protocol::{ContentEncoding, encode};

use super::by_hand::bytes;
use super::server::{Header, JSON, PREFLIGHT, PROTOBUF, Server};

#[tokio::test]
async fn hostile_bodies_and_names_are_refused_and_leave_no_host() {
    let server = Server::start().await;
    let bomb = encode(ContentEncoding::Gzip, &vec![b' '; 64 << 20]).unwrap().into_owned();
    let cut = encode(ContentEncoding::Gzip, PREFLIGHT).unwrap()[..40].to_vec();
    let long_name = format!("preflight/{}", "x".repeat(300));
    let deep = format!(r#"{{"a":{}"#, "[".repeat(100_000)).into_bytes();
    let twins = [r#"{"events":["#, &"{},".repeat(20_000), "{}]}"].concat().into_bytes();
    let twins_in_protobuf = bytes(1, b"").repeat(20_000);
    type Hostile<'a> = (&'a str, &'a [Header<'a>], &'a [u8], StatusCode);
    let gzip = ("content-encoding", "gzip");
    let cases: [Hostile<'_>; 16] = [
        ("preflight/M1", &[], b"not json", StatusCode::BAD_REQUEST),
        ("preflight/M1", &[], br#"["a list"]"#, StatusCode::BAD_REQUEST),
        ("preflight/M1", &[JSON], b"[1]", StatusCode::BAD_REQUEST),
        ("preflight/M1", &[JSON], b"{\"hostname\":\"\xff\"}", StatusCode::BAD_REQUEST),
        ("preflight/M1", &[], b"\x0a\x7fshort", StatusCode::BAD_REQUEST),
        ("preflight/M1", &[PROTOBUF], b"\x0a\x02\xff\xff", StatusCode::BAD_REQUEST),
        ("preflight/M1", &[JSON], &deep, StatusCode::BAD_REQUEST),
        ("eventupload/M1", &[JSON], &twins, StatusCode::BAD_REQUEST),
        ("eventupload/M1", &[PROTOBUF], &twins_in_protobuf, StatusCode::BAD_REQUEST),
        ("preflight/a%00b", &[], PREFLIGHT, StatusCode::BAD_REQUEST),
        ("preflight/%FF", &[], PREFLIGHT, StatusCode::BAD_REQUEST),
        ("preflight/%20", &[], PREFLIGHT, StatusCode::BAD_REQUEST),
        (&long_name, &[], PREFLIGHT, StatusCode::BAD_REQUEST),
        (
            "preflight/M1",
            &[("content-encoding", "br")],
            b"\x1b\x09\x00 in brotli",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("preflight/M1", &[gzip], &cut, StatusCode::BAD_REQUEST),
        ("preflight/M1", &[gzip], &bomb, StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (path, headers, body, expected) in cases {
        let answer = server.post(path, headers, body).await;
        assert_eq!(answer.status, expected, "{path} {headers:?}: {}", answer.text());
        assert!(!answer.text().trim().is_empty(), "{path} {headers:?}: refused without a word");
    }
    assert!(server.hosts().await.is_empty());
}
