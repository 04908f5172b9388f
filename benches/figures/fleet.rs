//! Fleets of up to a million Macs, simulated by `nicelist lab fleet`.

use std::path::Path;

use serde_json::Value;

use crate::bounds::record;
use crate::server::Server;
use crate::{mib, nicelist, process, rules};

const RULES: u64 = 1_000;
const MILLION: u64 = 1_000_000;

pub(crate) fn report() {
    println!("## A fleet\n");
    println!(
        "`nicelist lab fleet --interval 10m --for 2m --warm-up` against a server over SQLite,"
    );
    println!(
        "durable, with {RULES} rules, on the same cores. CPU is measured only in these two \
        minutes. Bounds,"
    );
    println!("for a million: no error, p99 under 1 s, a quarter of a core, 1.5 GiB.\n");
    println!(
        "| hosts | syncs per second | errors | p50 | p99 | server CPU, of a core | per sync | \
        server's maximum memory | generator CPU, of a core | generator memory, per host | hosts \
        with the correct rules |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for hosts in [100, 10_000, MILLION] {
        let figures = run(hosts);
        row(hosts, &figures);
        if hosts == MILLION {
            bounds(hosts, &figures);
        }
    }
    println!();
}

struct Figures {
    rate: f64,
    errors: u64,
    /// Median duration of a sync, in milliseconds.
    p50: f64,
    p99: f64,
    /// Average number of cores that the server uses.
    server: f64,
    generator: f64,
    peak: u64,
    bytes_a_host: f64,
    converged: [u64; 2],
}

fn run(hosts: u64) -> Figures {
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    let server = Server::start(home.path(), &database);
    let mut fleet = nicelist(home.path());
    fleet.args(["lab", "fleet", &format!("http://{}/santa/", server.address), "-o", "json"]);
    fleet.args(["--hosts", &hosts.to_string(), "--interval", "10m", "--for", "2m", "--warm-up"]);
    // The hook runs every second during the measured part and records the server's CPU time.
    let (first, last) = (home.path().join("first"), home.path().join("last"));
    let id = server.id();
    let hook = format!(
        "cat /proc/{id}/stat > {0}; [ -e {1} ] || cp {0} {1}",
        last.display(),
        first.display()
    );
    fleet.args(["--change-every", "1s", "--change-hook", &hook]);
    let output = fleet.output().unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let at = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
    let cost = |path: &Path| process::cpu_in(&std::fs::read_to_string(path).unwrap());
    let moment = at(&last).duration_since(at(&first)).unwrap();
    let part = &summary["run"];
    let (real, whole) =
        (|value: &Value| value.as_f64().unwrap(), |value: &Value| value.as_u64().unwrap());
    let failed: u64 = part["errors"].as_array().unwrap().iter().map(|it| whole(&it["count"])).sum();
    let (sync, converged) = (&summary["latency_ms"]["sync"], &summary["convergence"]);
    Figures {
        rate: real(&part["syncs_per_second"]),
        errors: failed + whole(&part["missed_syncs"]),
        p50: real(&sync["p50"]),
        p99: real(&sync["p99"]),
        server: (cost(&last) - cost(&first)).as_secs_f64() / moment.as_secs_f64(),
        generator: real(&part["cpu_seconds"]) / real(&part["seconds"]),
        peak: process::memory(&id).peak,
        bytes_a_host: real(&summary["memory"]["bytes_per_host"]),
        converged: [whole(&converged["converged"]), whole(&converged["hosts"])],
    }
}

fn row(hosts: u64, figures: &Figures) {
    let Figures { rate, errors, p50, p99, server, generator, peak, bytes_a_host, converged } =
        figures;
    let ([core, other], micros) = ([server, generator].map(|it| 100.0 * it), 1e6 * server / rate);
    let ([correct, checked], peak) = (converged, mib(*peak));
    println!(
        "| {hosts} | {rate:.1} | {errors} | {p50:.1} ms | {p99:.1} ms | {core:.1} % | {micros:.0} µs | {peak} | {other:.1} % | {bytes_a_host:.0} bytes | {correct} of {checked} |",
    );
}

fn bounds(hosts: u64, figures: &Figures) {
    let Figures { errors, p99, server, generator, peak, bytes_a_host, converged, .. } = figures;
    let promise = |what: &str, measured: String, is_met: bool| {
        record(format!("a fleet of {hosts}: {what}"), measured, is_met);
    };
    let [core, other] = [server, generator].map(|it| format!("{:.1} %", 100.0 * it));
    let [correct, checked] = converged;
    promise("no error", errors.to_string(), *errors == 0);
    promise("p99 under 1 s", format!("{p99:.1} ms"), *p99 < 1000.0);
    promise("a quarter of a core", core.clone(), *server <= 0.25);
    promise("1.5 GiB", mib(*peak), *peak <= 3 << 29);
    promise("hosts have the correct rules", format!("{correct} of {checked}"), correct == checked);
    promise(
        "the generator uses less CPU than the server",
        format!("{other} against {core}"),
        generator < server,
    );
    let bytes = format!("{bytes_a_host:.0} bytes");
    promise("200 bytes per host in the generator", bytes, *bytes_a_host < 200.0);
}
