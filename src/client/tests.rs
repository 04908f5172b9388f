//! What a request looks like to a server, and what its answers mean.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use ::http::header::CONTENT_TYPE;
use ::http::{Request, Response};
use bytes::Bytes;

use super::{Client, ClientError, InProcess};
use crate::api::{Code, Problem, RuleQuery};

type Asked = Arc<Mutex<Vec<String>>>;

/// A client of a server that gives one answer after the other, and what it was asked.
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
    (Client::in_process(InProcess { place: "the test".to_owned(), answer }), asked)
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
