//! A server as a separate process, and requests to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{NICELIST, nicelist, process};

pub(crate) const ADMIN: &str = "the-admin-of-the-figures";

pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    pub(crate) fn start(home: &Path, database: &str) -> Self {
        Self::start_with(home, database, &[])
    }

    pub(crate) fn start_with(home: &Path, database: &str, flags: &[String]) -> Self {
        Self::run(nicelist(home), database, flags)
    }

    /// Starts a server with the soft limit `soft` on file descriptors. The server may raise this
    /// limit.
    pub(crate) fn start_with_descriptors(home: &Path, database: &str, soft: u32) -> Self {
        let mut shell = Command::new("sh");
        shell.env_clear().env("HOME", home);
        shell.args(["-c", &format!("ulimit -Sn {soft}; exec \"$@\""), "sh", NICELIST]);
        Self::run(shell, database, &[])
    }

    fn run(mut command: Command, database: &str, flags: &[String]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = command
            .args(["serve", "--sync-auth", "none", "--listen", &address.to_string()])
            .args(["--database", database])
            .args(flags)
            .env("NICELIST_BOOTSTRAP_TOKEN", ADMIN)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The server already accepts connections while it reads the database, but responds only
        // afterwards.
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_ready(address) {
            assert!(Instant::now() < deadline, "{NICELIST} serve does not respond");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, address }
    }

    /// The program as a client of this server.
    pub(crate) fn nicelist(&self, home: &Path) -> Command {
        let mut command = nicelist(home);
        command.env("NICELIST_SERVER", format!("http://{}", self.address));
        command.env("NICELIST_TOKEN", ADMIN);
        command
    }

    pub(crate) fn id(&self) -> String {
        self.process.id().to_string()
    }

    pub(crate) fn cpu(&self) -> Duration {
        process::cpu(&self.id())
    }

    pub(crate) fn status(&self) -> serde_json::Value {
        let mut stream = connect(self.address);
        let (_, status) = exchange(&mut stream, "GET", "/api/v1/status", "", "");
        serde_json::from_slice(&status).unwrap()
    }

    pub(crate) fn pages_encoded(&self) -> u64 {
        self.status()["pages_encoded"].as_u64().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Whether a server is ready. A server with TLS counts as ready when it returns 400 to a request
/// without TLS.
fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut response = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_to_string(&mut response).is_ok()
        && ["HTTP/1.1 200", "HTTP/1.1 400"].iter().any(|status| response.starts_with(status))
}

pub(crate) fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// Posts a body and returns the body of the response, whose status must be 200.
pub(crate) fn post(stream: &mut BufReader<TcpStream>, path: &str, body: &str) -> Vec<u8> {
    exchange(stream, "POST", path, "", body).1
}

/// Sends a request and returns the response: the status line and headers in lower case, and the
/// body. The status must be 200. Each line in `headers` must end with CRLF.
pub(crate) fn exchange(
    stream: &mut BufReader<TcpStream>,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> (String, Vec<u8>) {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN}\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut headers = String::new();
    loop {
        let before = headers.len();
        stream.read_line(&mut headers).unwrap();
        if headers[before..].trim().is_empty() {
            break;
        }
    }
    headers.make_ascii_lowercase();
    assert!(headers.starts_with("http/1.1 200"), "{headers}");
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut response = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut response).unwrap();
    (headers, response)
}
