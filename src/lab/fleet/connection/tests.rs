use std::cell::RefCell;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A server that sends prepared responses on each connection and then closes the connection.
async fn server(script: Vec<Vec<&'static str>>) -> (String, Rc<RefCell<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/santa", listener.local_addr().unwrap());
    let asked = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&asked);
    tokio::task::spawn_local(async move {
        // The first connection only tests whether the server can be reached.
        drop(listener.accept().await.unwrap());
        for answers in script {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let mut request = Vec::new();
                while !request.ends_with(b"{}") {
                    let mut chunk = [0; 1024];
                    let length = stream.read(&mut chunk).await.unwrap();
                    request.extend_from_slice(&chunk[..length]);
                }
                heard.borrow_mut().push(String::from_utf8(request).unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        // New connections are neither accepted nor refused.
        std::future::pending::<()>().await;
    });
    (url, asked)
}

/// Runs a test on one thread, like a fleet, with a connection to a server with prepared responses.
fn with<F: Future<Output = ()>>(
    script: Vec<Vec<&'static str>>,
    test: impl FnOnce(Connection, Rc<RefCell<Vec<String>>>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let (url, asked) = server(script).await;
        let timeout = Duration::from_millis(300);
        let address = Address::reach(&url, &Trust::default(), timeout).await.unwrap();
        test(Connection::new(Rc::new(address)), asked).await;
    });
}

async fn post(connection: &mut Connection) -> Result<String, String> {
    let answer = connection.post("preflight/M1", HeaderMap::new(), Bytes::from_static(b"{}")).await;
    let text = |response: RawResponse| {
        String::from_utf8(response.message().unwrap().into_owned()).unwrap()
    };
    answer.map(text).map_err(|error| error.to_string())
}

#[test]
fn requests_share_a_connection_until_it_is_closed() {
    with(vec![vec![OK, OK], vec![OK]], |mut connection, asked| async move {
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        connection.close();
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        let traffic = connection.take_traffic();
        assert_eq!(
            traffic,
            Traffic { requests: 3, connections: 2, bytes_sent: 6, bytes_received: 6 }
        );
        let asked = asked.borrow();
        assert!(asked[0].starts_with("POST /santa/preflight/M1 HTTP/1.1\r\nhost: 127.0.0.1:"));
        assert_eq!(asked.len(), 3);
    });
}

#[test]
fn a_connection_that_the_server_closed_is_opened_again() {
    with(vec![vec![OK], vec![OK]], |mut connection, _| async move {
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        assert_eq!(connection.take_traffic().connections, 2);
    });
}

#[test]
fn a_chunked_response_is_read_and_a_cut_one_is_an_error() {
    let chunks =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n";
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}";
    with(vec![vec![chunks, broken], vec![OK]], |mut connection, _| async move {
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        let error = post(&mut connection).await.unwrap_err();
        assert!(error.starts_with("the connection broke"), "{error}");
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
    });
}

#[test]
fn any_status_but_200_is_an_error_and_the_connection_goes_on() {
    let busy = "HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nlate";
    let created = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";
    with(vec![vec![busy, created, OK]], |mut connection, _| async move {
        assert_eq!(post(&mut connection).await, Err("status 503".to_owned()));
        assert_eq!(post(&mut connection).await, Err("status 201".to_owned()));
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        assert_eq!(connection.take_traffic().connections, 1);
    });
}

#[test]
fn a_timed_out_response_is_not_used_for_the_next_request() {
    with(vec![vec![""], vec![OK]], |mut connection, _| async move {
        let broke = post(&mut connection).await.unwrap_err();
        assert!(broke.starts_with("the connection broke"), "{broke}");
        assert_eq!(post(&mut connection).await, Ok("{}".to_owned()));
        let silent = post(&mut connection).await.unwrap_err();
        assert_eq!(silent, "no response within 0.3 s");
    });
}

#[test]
fn errors_contain_the_name_of_a_file_without_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let empty: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&empty, "nothing").unwrap();
    let trust = Trust { ca: Some(empty.clone()), identity: None };
    let error = Tls::new("localhost", &trust).unwrap_err().to_string();
    assert!(
        error.contains("ca.pem") && error.ends_with("the file contains no certificate"),
        "{error}"
    );
    let trust = Trust { ca: None, identity: Some((empty.clone(), empty)) };
    assert!(Tls::new("localhost", &trust).is_err());
}
