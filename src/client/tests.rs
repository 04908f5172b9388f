//! Tests of the requests that the client sends and of the responses that it reads.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ::http::header::CONTENT_TYPE;
use ::http::{Request, Response};
use bytes::Bytes;

use super::{Client, ClientError, InProcess};
use crate::api::{Code, Problem, RuleQuery, TokenRequest};
use crate::fleet::Role;

type Asked = Arc<Mutex<Vec<String>>>;

/// A client of a server with prepared responses, and the requests that the server got.
fn client(answers: &[(u16, &'static str, &'static str)]) -> (Client, Asked) {
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    let answers = Mutex::new(VecDeque::from(answers.to_vec()));
    let answer = move |request: Request<Bytes>| {
        log.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        let (status, kind, body) = answers.lock().unwrap().pop_front().unwrap();
        let response = Response::builder().status(status).header(CONTENT_TYPE, kind);
        let response = response.body(Bytes::from_static(body.as_bytes())).unwrap();
        Box::pin(async { response }) as super::BoxFuture<'static, Response<Bytes>>
    };
    (Client::in_process(InProcess { address: "the test".to_owned(), answer }), asked)
}

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

const RULE: &str = r#"{"items":[{"target":"teamid:AAAAAAAAAA","policy":"allow","revision":1,"author":"a","since":"2026-11-20T10:00:00Z"}],"next":"c&1"}"#;

#[tokio::test]
async fn pages_are_asked_for_until_there_is_no_cursor() {
    let (client, asked) = client(&[(200, JSON, RULE), (200, JSON, r#"{"items":[]}"#)]);
    let query = RuleQuery { text: Some("a b".to_owned()), ..RuleQuery::default() };
    let mut pages = client.rules(&query);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 0);
    assert_eq!(pages.next().await.unwrap(), None);
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "GET /api/v1/rules?text=a+b&limit=1000",
            "GET /api/v1/rules?text=a+b&limit=1000&cursor=c%261",
        ]
    );
}

/// A server that returns the same cursor again must not keep a script busy forever.
#[tokio::test]
async fn b6_a_list_that_does_not_end_is_refused() {
    let (client, _) = client(&[(200, JSON, RULE), (200, JSON, RULE)]);
    let query = RuleQuery::default();
    let mut pages = client.rules(&query);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    let error = pages.next().await.unwrap_err().to_string();
    assert!(error.ends_with("its list at /rules has too many pages or repeats a page"), "{error}");
}

#[tokio::test]
async fn a_problem_comes_through_with_its_code() {
    let body = r#"{"code":"not-found","message":"no","hints":["look"]}"#;
    let (client, asked) = client(&[(404, PROBLEM, body)]);
    let error = client.host("a/b").await.unwrap_err();
    assert_eq!(error, Problem::new(Code::NotFound, "no").hint("look").into());
    assert_eq!(*asked.lock().unwrap(), ["GET /api/v1/hosts/a%2Fb"]);
}

#[tokio::test]
async fn what_is_no_nicelist_server_is_named_as_such() {
    let odd = [(502, "text/html", "<html>"), (200, JSON, "<html>"), (404, JSON, "{}")];
    let (client, _) = client(&odd);
    for _ in odd {
        let error = client.status().await.unwrap_err();
        assert!(matches!(&error, ClientError::Answer { url, .. } if url == "the test"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let client = Client::http(&"http://127.0.0.1:1/".parse().unwrap(), None, None).unwrap();
    let error = client.status().await.unwrap_err().to_string();
    assert!(error.starts_with("cannot reach http://127.0.0.1:1: "), "{error}");
    assert!(!error.contains('\n'));
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut read = vec![0; 8192];
    let length = stream.read(&mut read).unwrap();
    String::from_utf8_lossy(&read[..length]).lines().next().unwrap_or_default().to_owned()
}

/// Starts a server that closes its first connection without a response, and returns `[]` on later
/// connections. Returns a client of the server, and the requests that the server receives.
fn breaking_server() -> (Client, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            log.lock().unwrap().push(read_request(&mut stream));
            if turn > 0 {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
                write!(stream, "{head}content-length: 2\r\n\r\n[]").unwrap();
            }
        }
    });
    (Client::http(&format!("http://{address}").parse().unwrap(), None, None).unwrap(), asked)
}

#[tokio::test]
async fn m1_a_read_is_sent_again_if_the_connection_broke_before_the_response() {
    let (client, asked) = breaking_server();
    assert_eq!(client.tokens().await.unwrap(), []);
    let sent = "GET /api/v1/tokens HTTP/1.1";
    assert_eq!(*asked.lock().unwrap(), [sent, sent]);
}

#[tokio::test]
async fn m1_a_change_is_sent_one_time_and_its_outcome_is_reported_as_unknown() {
    let (client, asked) = breaking_server();
    let request = TokenRequest { name: "ci".parse().unwrap(), role: Role::Viewer, expires: None };
    let error = client.create_token(&request).await.unwrap_err();
    assert!(matches!(error, ClientError::OutcomeUnknown { .. }), "{error}");
    assert!(error.to_string().contains("may or may not have been made"), "{error}");
    assert_eq!(*asked.lock().unwrap(), ["POST /api/v1/tokens HTTP/1.1"]);
}
