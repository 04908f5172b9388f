//! A million Macs, by `nicelist lab fleet`.

use std::path::Path;

use serde_json::Value;

use crate::server::Server;
use crate::{mib, nicelist, process, rules};

const RULES: u64 = 1_000;

pub(crate) fn report() {
    println!("## A fleet\n");
    println!(
        "`nicelist lab fleet --interval 10m --for 2m --warm-up` against a server over SQLite,"
    );
    println!(
        "durable, with {RULES} rules, on the same cores. CPU is of the two minutes alone. Bounds,"
    );
    println!("for a million: no error, p99 under 1 s, a quarter of a core, 1.5 GiB.\n");
    println!(
        "| hosts | syncs a second | errors | p50 | p99 | server CPU, of a core | a sync | server memory at most | generator CPU, of a core | generator memory, a host | hosts that hold what they should |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for hosts in [100, 10_000, 1_000_000] {
        run(hosts);
    }
    println!();
}

fn run(hosts: u64) {
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    let server = Server::start(home.path(), &database);
    let mut fleet = nicelist(home.path());
    fleet.args(["lab", "fleet", &format!("http://{}/santa/", server.address), "-o", "json"]);
    fleet.args(["--hosts", &hosts.to_string(), "--interval", "10m", "--for", "2m", "--warm-up"]);
    // The hook is called each second of the measured part, and notes what the server cost so far.
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
    let share = (cost(&last) - cost(&first)).as_secs_f64() / moment.as_secs_f64();
    let part = &summary["run"];
    let number = |value: &Value| value.as_f64().unwrap();
    let rate = number(&part["syncs_per_second"]);
    let errors: u64 =
        part["errors"].as_array().unwrap().iter().map(|it| it["count"].as_u64().unwrap()).sum();
    let sync = &summary["latency_ms"]["sync"];
    println!(
        "| {hosts} | {rate:.1} | {} | {:.1} ms | {:.1} ms | {:.1} % | {:.0} µs | {} | {:.1} % | {} | {} |",
        errors + part["missed_syncs"].as_u64().unwrap(),
        number(&sync["p50"]),
        number(&sync["p99"]),
        100.0 * share,
        1e6 * share / rate,
        mib(process::memory(&id).peak),
        100.0 * number(&part["cpu_seconds"]) / number(&part["seconds"]),
        summary["memory"]["bytes_per_host"],
        format_args!(
            "{} of {}",
            summary["convergence"]["converged"], summary["convergence"]["hosts"]
        ),
    );
}
