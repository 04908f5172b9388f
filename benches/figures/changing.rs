//! Memory and failed syncs of a server whose rules change all the time.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::bounds::record;
use crate::import::hash;
use crate::server::{ADMIN, Server};
use crate::{mib, nicelist, process, rules, time};

const RULES: u64 = 14_000;
const GROUPS: usize = 100;
/// The last `STABLE` minutes of a run are compared with the `STABLE` minutes before them.
const STABLE: usize = 5;
const LOOK: Duration = Duration::from_secs(1);

const MOST: u64 = 400 << 20;

/// The number at index `place` among the numbers on the command line, or `usual` if the command
/// line has no such number. For example, `cargo bench --bench figures -- changing 2000 12`
/// simulates 2,000 hosts for 12 minutes.
fn given(place: usize, usual: usize) -> usize {
    std::env::args().filter_map(|word| word.parse().ok()).nth(place).unwrap_or(usual)
}

fn hosts() -> usize {
    given(0, 20_000)
}

fn minutes() -> usize {
    given(1, 15)
}

/// The maximum memory of the server in a minute, and the sizes of its caches at the end of the
/// minute, in bytes.
struct Minute {
    memory: u64,
    caches: Vec<(String, u64)>,
}

pub(crate) fn report() {
    let (hosts, minutes) = (hosts(), minutes());
    println!("## A policy that changes constantly\n");
    println!(
        "`nicelist lab fleet --hosts {hosts} --interval 1m --for {minutes}m --warm-up` against a server"
    );
    println!(
        "over SQLite with {RULES} rules. The hosts are in {GROUPS} groups. Every two seconds a rule of"
    );
    println!(
        "a group is added; every fifth time, 200 rules are imported instead. Bounds: no sync fails,"
    );
    println!(
        "{} of maximum memory, and in the last {STABLE} minutes no more than 5 % above the \
        {STABLE} before.\n",
        mib(MOST)
    );
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    add_groups(home.path(), &database);
    let server = Server::start(home.path(), &database);
    let (summary, run, peak) = run(home.path(), &server);
    println!("| minute | maximum memory | caches at the end |\n|---|---|---|");
    for (number, Minute { memory, caches }) in run.iter().enumerate() {
        let caches = caches.iter().map(|(name, bytes)| format!("{name} {}", mib(*bytes)));
        let caches = caches.collect::<Vec<_>>().join(", ");
        println!("| {} | {} | {caches} |", number + 1, mib(*memory));
    }
    println!();
    bounds(&summary, &run, peak);
}

fn add_groups(home: &Path, database: &str) {
    let mut manifest = String::new();
    for number in 0..GROUPS {
        let _ =
            writeln!(manifest, "[tags.group-{number}]\nhostnames = [\"lab-*{number:02}.local\"]\n");
    }
    let file = home.join("groups.toml");
    std::fs::write(&file, manifest).unwrap();
    time(nicelist(home).args(["apply", "--yes", "--database", database, "-f"]).arg(file));
}

/// Runs the fleet. Returns the fleet's summary, the minutes of the measured part, and the server's
/// peak memory until about the end of the measured part.
fn run(home: &Path, server: &Server) -> (Value, Vec<Minute>, u64) {
    let began = home.join("began");
    let mut fleet = nicelist(home);
    fleet.args(["lab", "fleet", &format!("http://{}/santa/", server.address), "-o", "json"]);
    fleet.args(["--hosts", &hosts().to_string(), "--interval", "1m", "--warm-up"]);
    fleet.args(["--for", &format!("{}m", minutes()), "--change-every", "2s"]);
    fleet.arg("--change-hook").arg(change(home, server, &began));
    let (id, done) = (server.id(), AtomicBool::new(false));
    std::thread::scope(|threads| {
        let watching = threads.spawn(|| {
            let (mut run, mut seconds) = (Vec::new(), Vec::new());
            while !done.load(Ordering::Relaxed) && run.len() < minutes() {
                std::thread::sleep(LOOK);
                if began.exists() {
                    seconds.push(process::memory(&id).now);
                }
                if seconds.len() == 60 {
                    let memory = seconds.drain(..).max().unwrap();
                    run.push(Minute { memory, caches: caches(server) });
                }
            }
            (run, process::memory(&id).peak)
        });
        let output = fleet.output().unwrap();
        done.store(true, Ordering::Relaxed);
        let summary = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let (run, peak) = watching.join().unwrap();
        (summary, run, peak)
    })
}

/// The size of each cache, in bytes.
fn caches(server: &Server) -> Vec<(String, u64)> {
    let status = server.status();
    let each = status["caches"].as_array().unwrap().iter();
    each.map(|it| (it["name"].as_str().unwrap().to_owned(), it["bytes"].as_u64().unwrap()))
        .collect()
}

/// A shell command that makes the next change. It also creates the file `began`.
fn change(home: &Path, server: &Server, began: &Path) -> String {
    for (batch, first) in (0..=minutes() * 30 / 5).zip((RULES..).step_by(200)) {
        let mut csv = String::from("rule_type,identifier,policy\n");
        for number in first..first + 200 {
            let _ = writeln!(csv, "BINARY,{},BLOCKLIST", hash(number));
        }
        std::fs::write(home.join(format!("batch-{batch}.csv")), csv).unwrap();
    }
    let script = home.join("change.sh");
    let text = format!(
        r#"cd {home} || exit 1
export NICELIST_TOKEN={ADMIN} NICELIST_SERVER=http://{address} HOME={home}
touch {began}
if [ $((NICELIST_CHANGE % 5)) = 0 ]; then
    exec {nicelist} rule import -q "batch-$((NICELIST_CHANGE / 5)).csv"
fi
team=$(printf 'CHANG%05d' "$NICELIST_CHANGE")
exec {nicelist} rule add -q block "teamid:$team" --scope "tag:group-$((NICELIST_CHANGE % {GROUPS}))"
"#,
        home = home.display(),
        began = began.display(),
        address = server.address,
        nicelist = crate::NICELIST,
    );
    std::fs::write(&script, text).unwrap();
    format!("sh {}", script.display())
}

fn bounds(summary: &Value, run: &[Minute], peak: u64) {
    let whole = |value: &Value| value.as_u64().unwrap();
    let errors = summary["run"]["errors"].as_array().unwrap();
    let failed: u64 = errors.iter().map(|it| whole(&it["count"])).sum();
    let missed = failed + whole(&summary["run"]["missed_syncs"]);
    let promise = |what: &str, measured: String, is_met: bool| {
        record(format!("a policy that changes constantly: {what}"), measured, is_met);
    };
    promise("no sync fails", missed.to_string(), missed == 0);
    promise("400 MiB", mib(peak), peak <= MOST);
    if let Some(end) = run.last_chunk::<{ 2 * STABLE }>() {
        let (before, last) = end.split_at(STABLE);
        let most = |minutes: &[Minute]| minutes.iter().map(|it| it.memory).max().unwrap();
        let [before, last] = [before, last].map(most);
        let is_met = last * 100 <= before * 105;
        promise("stable at the end", format!("{} after {}", mib(last), mib(before)), is_met);
    }
    let [converged, hosts] = ["converged", "hosts"].map(|it| whole(&summary["convergence"][it]));
    promise("hosts have the correct rules", format!("{converged} of {hosts}"), converged == hosts);
}
