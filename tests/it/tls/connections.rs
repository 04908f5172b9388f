//! TLS versions, resumed sessions, the CAs that a server lists, and handshakes that hang.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{HandshakeKind, SignatureScheme};

use super::certificates::Valid;
use super::{Secured, client};

#[test]
fn tls_1_2_and_1_3_work_and_resume_sessions() {
    let world = Secured::mutual();
    let mac = world.macs.client("mac", Valid::Now);
    for version in [&TLS12, &TLS13] {
        let mut config = client(&world.servers, Some(&mac), &[version]);
        Arc::get_mut(&mut config).unwrap().alpn_protocols =
            vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut first = world.connect(&config);
        assert_eq!(first.preflight().unwrap(), 200);
        assert_eq!(first.0.conn.protocol_version(), Some(version.version));
        assert_eq!(first.0.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_ne!(first.kind(), HandshakeKind::Resumed);
        let mut second = world.connect(&config);
        assert_eq!(second.preflight().unwrap(), 200, "a resumed session has its certificate");
        assert_eq!(second.kind(), HandshakeKind::Resumed);
    }
}

#[test]
fn a_resumed_session_does_not_accept_an_expired_certificate() {
    let world = Secured::mutual();
    let mac = world.macs.client("mac", Valid::For(Duration::from_secs(8)));
    for version in [&TLS12, &TLS13] {
        let config = client(&world.servers, Some(&mac), &[version]);
        if world.connect(&config).preflight().is_err() {
            panic!("the machine is too slow for a certificate of eight seconds");
        }
        let mut connection = world.connect(&config);
        assert_eq!(connection.preflight().unwrap(), 200);
        assert_eq!(connection.kind(), HandshakeKind::Resumed);
        if version.version == TLS13.version {
            std::thread::sleep(Duration::from_secs(9));
            let mut connection = world.connect(&config);
            assert_eq!(connection.preflight().unwrap(), 401);
            assert_eq!(connection.kind(), HandshakeKind::Resumed);
        }
    }
}

/// Records the authorities whose certificates a server requests, and sends no certificate.
#[derive(Debug, Default)]
struct Listener(Mutex<Vec<Vec<u8>>>);

impl ResolvesClientCert for Listener {
    fn resolve(&self, named: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().unwrap() = named.iter().map(|name| name.to_vec()).collect();
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[test]
fn the_server_sends_the_cas_that_santa_needs_to_find_its_certificate() {
    let world = Secured::mutual();
    let listener = Arc::new(Listener::default());
    let mut config = world.client(None);
    Arc::get_mut(&mut config).unwrap().client_auth_cert_resolver = Arc::clone(&listener) as _;
    assert_eq!(world.connect(&config).get("/healthz").unwrap(), 200);
    let named = listener.0.lock().unwrap().clone();
    assert_eq!(named.len(), 1);
    assert!(named[0].ends_with(b"macs"), "{:?}", String::from_utf8_lossy(&named[0]));
}

#[test]
fn handshakes_that_hang_or_fail_delay_no_one() {
    let world = Secured::mutual();
    let began = Instant::now();
    let connect = || TcpStream::connect(world.address()).unwrap();
    let mut silent: Vec<TcpStream> = (0..50).map(|_| connect()).collect();
    for (at, stream) in silent.iter_mut().enumerate().skip(10) {
        // Sends the beginning of a valid or an invalid TLS record.
        stream
            .write_all(if at % 2 == 0 { b"\x16\x03\x01\x02\x00\x01" } else { b"\x16\xff\xff" })
            .unwrap();
    }
    let mac = world.macs.client("mac", Valid::Now);
    let mut connection = world.connect(&world.client(Some(&mac)));
    assert_eq!(connection.preflight().unwrap(), 200);
    assert!(began.elapsed() < Duration::from_secs(9), "others were waited for");

    silent[0].set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert_eq!(silent[0].read(&mut [0; 64]).unwrap(), 0, "who says nothing is cut off");
    let waited = began.elapsed();
    assert!((9..19).contains(&waited.as_secs()), "{waited:?}");
}

#[test]
fn the_shutdown_does_not_wait_for_handshakes() {
    let world = Secured::mutual();
    let silent: Vec<TcpStream> =
        (0..5).map(|_| TcpStream::connect(world.address()).unwrap()).collect();
    assert_eq!(world.connect(&world.client(None)).get("/healthz").unwrap(), 200);
    let began = Instant::now();
    world.server.shut_down();
    assert_eq!(world.server.wait(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    drop(silent);
}
