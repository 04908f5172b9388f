//! Clients that open connections only to occupy the server.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use crate::bounds::record;
use crate::mac::{Mac, together};
use crate::probe;
use crate::server::Server;
use crate::{ms, rules};

const RULES: u64 = 1_000;
/// The number of connections that send many requests. The same number of connections send only a
/// part of a request.
const CONNECTIONS: usize = 2_000;
/// The server's soft limit on file descriptors when it starts.
const DESCRIPTORS: u32 = 1_024;
const MACS: usize = 16;
const SYNCS: usize = 2_000;

pub(crate) fn report() {
    println!("## Connections that only occupy the server\n");
    println!(
        "From one address, {CONNECTIONS} connections that send requests and never read a response, and"
    );
    println!(
        "{CONNECTIONS} that send half of a request, opened as fast as the server accepts them. The"
    );
    println!(
        "server starts with a soft limit of {DESCRIPTORS} descriptors. From another address, {MACS} Macs"
    );
    println!("sync {SYNCS} times each, and an administrator requests the status all the time.\n");
    println!(
        "| | still open at the end | per sync | status, p99 | status, worst \
        |\n|---|---|---|---|---|"
    );
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    let server = Server::start_with_descriptors(home.path(), &database, DESCRIPTORS);
    let quiet = Figures::of(server.address);
    quiet.row("quiet", 0);
    let (attacked, open) = under_attack(server.address, || Figures::of(server.address));
    attacked.row("under attack", open);
    println!();
    let promise = "the administrator's p99 while one address occupies connections: 25 ms";
    record(promise, ms(attacked.p99), attacked.p99 <= Duration::from_millis(25));
    let promise = "syncs while one address occupies connections: none fails";
    record(
        promise,
        format!("{} of {}", attacked.syncs, MACS * SYNCS),
        attacked.syncs == MACS * SYNCS,
    );
}

struct Figures {
    syncs: usize,
    sync: Duration,
    p99: Duration,
    worst: Duration,
}

impl Figures {
    fn of(address: SocketAddr) -> Self {
        let syncs = AtomicUsize::new(0);
        let (wall, times) = probe::during(address, "/api/v1/status", || {
            let mut macs: Vec<Mac> =
                (0..MACS).map(|number| Mac::connect(address, number)).collect();
            let start = Instant::now();
            together(&mut macs, |mac| {
                for _ in 0..SYNCS {
                    mac.take_all();
                    syncs.fetch_add(1, Ordering::Relaxed);
                }
            });
            start.elapsed()
        });
        let p99 = times[times.len() * 99 / 100];
        let sync = wall / u32::try_from(SYNCS).unwrap();
        Self { syncs: syncs.into_inner(), sync, p99, worst: *times.last().unwrap() }
    }

    fn row(&self, what: &str, open: usize) {
        let Self { sync, p99, worst, .. } = self;
        println!("| {what} | {open} | {} | {} | {} |", ms(*sync), ms(*p99), ms(*worst));
    }
}

/// Runs `work` while a client at 127.0.0.2 opens connections and keeps them open. Returns the
/// result of `work` and the number of connections that the server did not close.
fn under_attack<T>(server: SocketAddr, work: impl FnOnce() -> T) -> (T, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::scope(|threads| {
        let attacker = threads.spawn(move || {
            let connections = (0..2 * CONNECTIONS).filter_map(|number| {
                runtime.block_on(connect(server)).map(|stream| attack(stream, number))
            });
            connections.collect::<Vec<_>>()
        });
        let result = work();
        let mut open = attacker.join().unwrap();
        open.retain_mut(is_open);
        (result, open.len())
    })
}

async fn connect(server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
    let stream = socket.connect(server).await.ok()?;
    stream.into_std().ok()
}

/// Occupies a connection: sends many requests without reading the responses, or sends a part of a
/// request.
fn attack(mut stream: TcpStream, number: usize) -> TcpStream {
    let request = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    let bytes =
        if number.is_multiple_of(2) { request.repeat(2_000) } else { request[..20].to_owned() };
    // Sends as much as fits into the buffers. The server may have closed the connection already.
    let _sent = stream.write(bytes.as_bytes());
    stream
}

fn is_open(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(bytes) => bytes > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}
