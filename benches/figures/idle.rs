//! CPU time of a sync with nothing to do: with few and with many rules, over TLS, and on
//! PostgreSQL. For comparison, the CPU time of a server that returns fixed bytes is also measured.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use nicelist::lab::{Certificates, HttpTransport, Profile, Santa, SyncOptions};

use crate::bounds::record;
use crate::mac::{Mac, together};
use crate::postgres::Cluster;
use crate::raw::Raw;
use crate::server::Server;
use crate::{certificates, rules};

/// Macs that sync at the same time.
const MACS: usize = 64;
const SYNCS: u32 = 300;

pub(crate) fn report() {
    println!("## A sync with nothing to do\n");
    println!(
        "{MACS} Macs at the same time, {SYNCS} syncs each (preflight, rule download, postflight) \
        over a"
    );
    println!(
        "keep-alive connection each; durable. CPU is read from the server's process. The limit"
    );
    println!(
        "is axum sending responses of the same size to the same requests. Bounds: 120 µs and four \
        times the"
    );
    println!(
        "limit; 450 µs over a new connection with mutual TLS; 500 µs on PostgreSQL, including"
    );
    println!("the database's CPU.\n");
    println!("| server | CPU per sync | of the limit | syncs per second |\n|---|---|---|---|");
    let preflight = preflight();
    let raw = Raw::start(&preflight);
    let limit = measure(raw.address, MACS, SYNCS, || raw.cpu());
    row("axum, fixed bytes (limit)", limit, limit);
    drop(raw);
    let counts = [10, 1_000, 100_000, 1_000_000];
    let costs = counts.map(|count| {
        let home = tempfile::tempdir().unwrap();
        let server = with_rules(home.path(), count);
        let cost = measure(server.address, MACS, SYNCS, || server.cpu());
        row(&format!("SQLite, {count} rules"), cost, limit);
        cost.micros()
    });
    bounds(costs, limit.micros());
    let home = tempfile::tempdir().unwrap();
    let server = with_rules(home.path(), 10);
    let cost = measure(server.address, 1, 2_000, || server.cpu());
    row("SQLite, 10 rules, one Mac at a time", cost, limit);
    drop(server);
    let cost = mutual_tls();
    row("SQLite, 10 rules, a new mutual-TLS connection per sync", cost, limit);
    record(
        "a sync over a new mutual-TLS connection: 450 µs",
        us(cost.micros()),
        cost.micros() <= 450.0,
    );
    on_postgres(limit);
    println!();
}

/// `costs` are in microseconds, ordered by the number of rules. `limit` is the cost of raw axum.
fn bounds(costs: [f64; 4], limit: f64) {
    let (least, most) =
        (costs.iter().copied().fold(f64::MAX, f64::min), costs.iter().copied().fold(0.0, f64::max));
    let range = format!("{least:.0} to {most:.0} µs");
    record("a sync with nothing to do: 120 µs", range, most <= 120.0);
    let ratio = most / limit;
    record("the same: 4 times raw axum", format!("{ratio:.1} times"), ratio <= 4.0);
    let [few, .., many] = costs;
    let growth = format!("{} at 10, {} at 1000000", us(few), us(many));
    record("the same with any number of rules, within 20 %", growth, many <= 1.2 * few);
}

fn us(micros: f64) -> String {
    format!("{micros:.0} µs")
}

/// CPU time and elapsed time, each divided by the number of syncs of all Macs.
#[derive(Clone, Copy)]
struct Cost {
    cpu: Duration,
    wall: Duration,
}

impl Cost {
    fn micros(self) -> f64 {
        self.cpu.as_secs_f64() * 1e6
    }
}

fn row(name: &str, cost: Cost, limit: Cost) {
    let micros = cost.micros();
    let ratio = cost.cpu.as_secs_f64() / limit.cpu.as_secs_f64();
    println!("| {name} | {micros:.0} µs | {ratio:.1} | {:.0} |", 1.0 / cost.wall.as_secs_f64());
}

fn with_rules(home: &Path, count: u64) -> Server {
    let database = format!("sqlite:{}", home.join("nicelist.db").display());
    rules::import(home, &database, count);
    Server::start(home, &database)
}

fn preflight() -> Vec<u8> {
    let home = tempfile::tempdir().unwrap();
    let server = with_rules(home.path(), 10);
    Mac::connect(server.address, 0).preflight()
}

fn measure(address: SocketAddr, macs: usize, syncs: u32, cpu: impl Fn() -> Duration) -> Cost {
    let mut macs: Vec<Mac> = (0..macs).map(|number| Mac::connect(address, number)).collect();
    together(&mut macs, |mac| {
        mac.take_all();
        mac.sync();
    });
    let (start, before) = (Instant::now(), cpu());
    together(&mut macs, |mac| (0..syncs).for_each(|_| mac.sync()));
    let all = u32::try_from(macs.len()).unwrap() * syncs;
    Cost { cpu: (cpu() - before) / all, wall: start.elapsed() / all }
}

fn mutual_tls() -> Cost {
    const SYNCS: u32 = 20;
    let home = tempfile::tempdir().unwrap();
    let files = certificates::write(home.path());
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, 10);
    let server = Server::start_with(home.path(), &database, &files.flags());
    let address = format!("https://localhost:{}/santa/", server.address.port());
    let shown =
        Certificates::default().trusting(&files.ca).unwrap().showing(&files.client).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let all = async |syncs: u32| {
        let macs = (0..MACS).map(|number| {
            let (address, shown) = (address.clone(), shown.clone());
            let profile = Profile { machine_id: format!("M{number}"), ..Profile::default() };
            async move {
                let mut mac = Santa::new(profile);
                for _ in 0..syncs {
                    // A new transport for each sync, so that each sync opens a new connection.
                    let transport =
                        HttpTransport::with_certificates(&address, shown.clone()).unwrap();
                    mac.sync(&transport, SyncOptions::default()).await.unwrap();
                }
            }
        });
        let mut running = tokio::task::JoinSet::new();
        macs.for_each(|mac| drop(running.spawn(mac)));
        running.join_all().await;
    };
    runtime.block_on(async {
        all(2).await;
        let (start, before) = (Instant::now(), server.cpu());
        all(SYNCS).await;
        let syncs = u32::try_from(MACS).unwrap() * SYNCS;
        Cost { cpu: (server.cpu() - before) / syncs, wall: start.elapsed() / syncs }
    })
}

fn on_postgres(limit: Cost) {
    let cluster = Cluster::start();
    let home = tempfile::tempdir().unwrap();
    let url = cluster.database("idle");
    rules::import(home.path(), &url, 10);
    let server = Server::start(home.path(), &url);
    let own = measure(server.address, MACS, SYNCS, || server.cpu());
    let all = measure(server.address, MACS, SYNCS, || server.cpu() + cluster.cpu());
    row("PostgreSQL, 10 rules, without the database's CPU", own, limit);
    row("PostgreSQL, 10 rules, with the database's CPU", all, limit);
    let promise = "a sync on PostgreSQL, with the database: 500 µs";
    record(promise, us(all.micros()), all.micros() <= 500.0);
}
