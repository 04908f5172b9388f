//! Memory that the server needs for a fleet whose rules change all the time.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::bounds::judge;
use crate::import::hash;
use crate::server::{ADMIN, Server};
use crate::{mib, nicelist, process, rules, time};

const RULES: u64 = 14_000;
const HOSTS: u64 = 20_000;
const GROUPS: usize = 100;
const MINUTES: usize = 15;
/// Minutes at the end in which memory must not grow by more than 5 %.
const STABLE: usize = 5;
/// How often memory is measured.
const LOOK: Duration = Duration::from_secs(1);

const MOST: u64 = 400 << 20;

pub(crate) fn report() {
    println!("## A policy that changes all the time\n");
    println!(
        "`nicelist lab fleet --hosts {HOSTS} --interval 1m --for {MINUTES}m --warm-up` against a server"
    );
    println!(
        "over SQLite with {RULES} rules. The hosts are in {GROUPS} groups. Every two seconds a rule of"
    );
    println!(
        "a group is added; every fifth time, 200 rules are imported instead. Bounds: no sync fails,"
    );
    println!(
        "{} of memory at most, and in the last {STABLE} minutes no more than 5 % above the {STABLE} before.\n",
        mib(MOST)
    );
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    add_groups(home.path(), &database);
    let server = Server::start(home.path(), &database);
    let (summary, memory) = run(home.path(), &server);
    println!("| minute | memory at most |\n|---|---|");
    for (minute, most) in memory.iter().enumerate() {
        println!("| {} | {} |", minute + 1, mib(*most));
    }
    println!();
    bounds(&summary, &memory, process::memory(&server.id()).peak);
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

/// Runs the fleet. Returns its summary and the maximum memory of the server in each minute of the
/// measured part.
fn run(home: &Path, server: &Server) -> (Value, Vec<u64>) {
    let began = home.join("began");
    let mut fleet = nicelist(home);
    fleet.args(["lab", "fleet", &format!("http://{}/santa/", server.address), "-o", "json"]);
    fleet.args(["--hosts", &HOSTS.to_string(), "--interval", "1m", "--warm-up"]);
    fleet.args(["--for", &format!("{MINUTES}m"), "--change-every", "2s"]);
    fleet.arg("--change-hook").arg(change(home, server, &began));
    let (id, done) = (server.id(), AtomicBool::new(false));
    std::thread::scope(|threads| {
        let watching = threads.spawn(|| {
            let mut seconds = Vec::new();
            while !done.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                if began.exists() {
                    seconds.push(process::memory(&id).now);
                }
            }
            seconds
        });
        let output = fleet.output().unwrap();
        done.store(true, Ordering::Relaxed);
        let summary = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let seconds = watching.join().unwrap();
        let minutes = seconds.chunks(60).map(|minute| *minute.iter().max().unwrap());
        (summary, minutes.take(MINUTES).collect())
    })
}

/// A shell command that makes the next change. It also creates the file `began`.
fn change(home: &Path, server: &Server, began: &Path) -> String {
    for (batch, first) in (0..=MINUTES * 30 / 5).zip((RULES..).step_by(200)) {
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

fn bounds(summary: &Value, memory: &[u64], peak: u64) {
    let whole = |value: &Value| value.as_u64().unwrap();
    let errors = summary["run"]["errors"].as_array().unwrap();
    let failed: u64 = errors.iter().map(|it| whole(&it["count"])).sum();
    let missed = failed + whole(&summary["run"]["missed_syncs"]);
    let promise = |what: &str, measured: String, held: bool| {
        judge(format!("a policy that changes all the time: {what}"), measured, held);
    };
    promise("no sync fails", missed.to_string(), missed == 0);
    promise("400 MiB", mib(peak), peak <= MOST);
    let (before, last) = memory[memory.len() - 2 * STABLE..].split_at(STABLE);
    let [before, last] = [before, last].map(|minutes| *minutes.iter().max().unwrap());
    let held = last * 100 <= before * 105;
    promise("stable at the end", format!("{} after {}", mib(last), mib(before)), held);
    let [converged, hosts] = ["converged", "hosts"].map(|it| whole(&summary["convergence"][it]));
    promise("hosts hold what they should", format!("{converged} of {hosts}"), converged == hosts);
}
