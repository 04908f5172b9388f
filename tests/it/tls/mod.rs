//! TLS and client certificates: real handshakes with the real binary.

pub(crate) mod certificates;
mod connections;
mod enrolled;
mod files;
mod hosts;
mod operators;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
};

use crate::shell::{ENROLLMENT, Server, Shell};
use certificates::{Authority, Signed, Valid};

struct Secured {
    shell: Shell,
    server: Server,
    servers: Authority,
    macs: Authority,
}

impl Secured {
    fn start(flags: &[&str]) -> Self {
        Self::start_after(flags, |_, _| ())
    }

    /// Starts a server after `prepare` has written more files.
    fn start_after(flags: &[&str], prepare: impl FnOnce(&Shell, &Authority)) -> Self {
        let mut shell = Shell::new();
        let (servers, macs) = (Authority::new("servers"), Authority::new("macs"));
        servers.write(&shell, "ca.pem");
        macs.write(&shell, "macs.pem");
        servers.server(Valid::Now).write(&shell, "server");
        prepare(&shell, &macs);
        let tls = ["--tls-cert", "server.pem", "--tls-key", "server.key"];
        let server = Server::start_with(&shell, &[&tls, flags].concat());
        shell.use_server(&server);
        shell.set("NICELIST_CA", "ca.pem");
        Self { shell, server, servers, macs }
    }

    fn mutual() -> Self {
        Self::start(&["--client-ca", "macs.pem"])
    }

    /// Syncs a Mac with the certificate in `NAME.pem` and the key in `NAME.key`. Returns the
    /// transcript, because the sync may fail.
    fn sync(&self, path: &str, name: &str) -> String {
        let url = &self.server.url;
        let shown = format!("--client-cert {name}.pem --client-key {name}.key");
        let line = format!("lab sync {url}/{path} --ca ca.pem --no-backoff -q -o json {shown}");
        self.shell.run(&line)
    }

    fn sync_without(&self, path: &str) -> String {
        let url = &self.server.url;
        self.shell.run(&format!("lab sync {url}/{path} --ca ca.pem --no-backoff -q -o json"))
    }

    fn address(&self) -> &str {
        self.server.url.trim_start_matches("https://")
    }

    /// The configuration of a client with this certificate, or without a certificate.
    fn client(&self, own: Option<&Signed>) -> Arc<ClientConfig> {
        client(&self.servers, own, &[&TLS13, &TLS12])
    }

    fn connect(&self, config: &Arc<ClientConfig>) -> Connection {
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let session = ClientConnection::new(Arc::clone(config), name).unwrap();
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Connection(StreamOwned::new(session, stream))
    }

    /// Repeats a check until it succeeds, because the server loads changed files only after a few
    /// seconds.
    fn wait_until(&self, what: &str, mut so: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !so() {
            assert!(Instant::now() < deadline, "{what}: {}", self.server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn client(
    trusted: &Authority,
    own: Option<&Signed>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.pem.as_bytes()).unwrap()).unwrap();
    let config =
        ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
    let config = match own {
        Some(Signed { certificate, key, .. }) => {
            let chain = CertificateDer::pem_slice_iter(certificate.as_bytes());
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            config.with_client_auth_cert(chain.map(Result::unwrap).collect(), key).unwrap()
        }
        None => config.with_no_client_auth(),
    };
    Arc::new(config)
}

struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    /// Sends a preflight and returns the status. The connection stays open.
    fn preflight(&mut self) -> std::io::Result<u16> {
        let body = r#"{"serial_num":"C02","santa_version":"2026.7"}"#;
        let length = body.len();
        write!(
            self.0,
            "POST /santa/{ENROLLMENT}/preflight/M1 HTTP/1.1\r\nhost: x\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )?;
        self.answer()
    }

    fn get(&mut self, path: &str) -> std::io::Result<u16> {
        write!(self.0, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")?;
        self.answer()
    }

    fn answer(&mut self) -> std::io::Result<u16> {
        let mut text = Vec::new();
        let (head, length) = loop {
            let mut byte = [0];
            self.0.read_exact(&mut byte)?;
            text.push(byte[0]);
            if text.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8(text).unwrap();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length = length.unwrap().parse().unwrap();
                break (head, length);
            }
        };
        self.0.read_exact(&mut vec![0; length])?;
        Ok(head.split(' ').nth(1).unwrap().parse().unwrap())
    }

    fn kind(&self) -> HandshakeKind {
        self.0.conn.handshake_kind().unwrap()
    }
}
