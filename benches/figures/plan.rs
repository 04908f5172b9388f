//! CPU time of two programs that process a policy with many rules. The server plans and applies the
//! policy, and the command line plans it.

use std::hint::black_box;
use std::io::BufReader;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use nicelist::api::{PolicyAnswer, PolicyRequest};
use nicelist::rule::RuleDraft;

use crate::bounds::record;
use crate::import::hash;
use crate::process::{self, Cost};
use crate::server::{Server, connect, post};
use crate::{median, mib, ms, nicelist};

const RUNS: usize = 7;
const RULES: u64 = 100_000;
/// The number of rules that are added. The same number of rules is removed, and slightly fewer
/// rules are changed.
const DIFFERENT: u64 = 1_000;

pub(crate) fn report() {
    println!("## A plan of {RULES} rules\n");
    println!(
        "`POST /policy` with {RULES} rules, pruning, against the same number in an SQLite \
        database; CPU is"
    );
    println!(
        "read from the server's process, in ticks of 10 ms. Where something differs, {DIFFERENT} \
        rules are"
    );
    println!(
        "added, the same number changed and the same number removed. The limit is reading the \
        request's"
    );
    println!("JSON and nothing else. Bound: one second of CPU for a plan.\n");
    println!("| request | wall | server CPU |\n|---|---|---|");
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    let server = Server::start(home.path(), &database);
    let mut stream = connect(server.address);
    let (first, other) = (policy(0, 0), policy(DIFFERENT, 1));
    let body = |request: &PolicyRequest, dry_run: bool| {
        let request = PolicyRequest { dry_run, ..request.clone() };
        serde_json::to_string(&request).unwrap()
    };
    let limit = body(&first, true);
    let reading = (0..RUNS).map(|_| {
        let start = Instant::now();
        drop(black_box(serde_json::from_str::<PolicyRequest>(&limit).unwrap()));
        start.elapsed()
    });
    println!("| read its JSON (limit) | {} | |", ms(median(reading.collect())));

    post_policy(&mut stream, "/policy", &body(&first, false), RULES);
    let differences = 3 * DIFFERENT;
    let mut figure = |name: &str, requests: &mut dyn FnMut(&mut BufReader<TcpStream>)| {
        let (mut walls, mut cpus) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let (cpu, start) = (server.cpu(), Instant::now());
            requests(&mut stream);
            walls.push(start.elapsed());
            cpus.push(server.cpu() - cpu);
        }
        let cpu = median(cpus);
        println!("| {name} | {} | {} |", ms(median(walls)), ticks(cpu));
        let promise = format!("{name}, of {RULES} rules: 1 s of the server's CPU");
        record(promise, ticks(cpu), cpu <= Duration::from_secs(1));
    };
    let plan = body(&first, true);
    figure("plan, nothing differs", &mut |to| post_policy(to, "/policy", &plan, 0));
    let plan = body(&other, true);
    figure("plan, 3% differ", &mut |to| post_policy(to, "/policy", &plan, differences));
    let bodies = [body(&other, false), body(&first, false)];
    let mut turn = bodies.iter().cycle();
    figure("change, 3% differ", &mut |to| {
        post_policy(to, "/policy", turn.next().unwrap(), differences);
    });
    // The policy was changed an odd number of times, so the rules of `other` are active. Revision 1
    // has the rules of `first`.
    figure("plan of a rollback, 3% differ", &mut |to| {
        post_policy(to, "/revisions/1/rollback", r#"{"dry_run":true}"#, differences);
    });
    println!();
    // The rules of `other` are still active.
    client(home.path(), &server, &other, &first);
}

/// Measures `nicelist plan`. `same` contains the active rules. Some rules in `other` are different.
fn client(home: &Path, server: &Server, same: &PolicyRequest, other: &PolicyRequest) {
    println!(
        "`nicelist plan --prune -f` with the same number of rules in TOML, against that server. \
        Bound: one"
    );
    println!("second of CPU for the client, too.\n");
    println!(
        "| plan | wall | client CPU | server CPU | client's peak memory |\n|---|---|---|---|---|"
    );
    for (name, request, code) in [("nothing differs", same, 0), ("3% differ", other, 3)] {
        let (json, toml) = (home.join("rules.json"), home.join("rules.toml"));
        std::fs::write(&json, serde_json::to_string(&request.rules).unwrap()).unwrap();
        process::run(nicelist(home).args(["rule", "convert"]).arg(&json).arg(&toml), 0);
        let (mut costs, mut servers) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let mut command = server.nicelist(home);
            command.args(["plan", "--prune", "-f"]).arg(&toml);
            let cpu = server.cpu();
            costs.push(process::run(&mut command, code));
            servers.push(server.cpu() - cpu);
        }
        let Cost { wall, cpu, peak } = Cost::median(&costs);
        let promise = format!("`nicelist plan`, {name}: 1 s of the client's CPU");
        record(promise, ticks(cpu), cpu <= Duration::from_secs(1));
        let (cpu, server) = (ticks(cpu), ticks(median(servers)));
        println!("| {name} | {} | {cpu} | {server} | {} |", ms(wall), mib(peak));
    }
    println!();
}

/// A policy of [`RULES`] rules. The number of the first rule is `skipped`. Every hundredth rule has
/// a comment that ends with `turn`, and the other comments end with 0.
fn policy(skipped: u64, turn: u64) -> PolicyRequest {
    let rule = |number: u64| {
        let is_other = number.is_multiple_of(RULES / DIFFERENT);
        RuleDraft {
            target: format!("binary:{}", hash(number)),
            policy: if number.is_multiple_of(2) { "allow" } else { "block" }.to_owned(),
            message: (!number.is_multiple_of(2)).then(|| "Ask the help desk.".to_owned()),
            comment: Some(format!("package {number} {}", if is_other { turn } else { 0 })),
            ..RuleDraft::default()
        }
    };
    let rules = (skipped..RULES + skipped).map(rule).collect();
    PolicyRequest { prune: true, rules, ..PolicyRequest::default() }
}

fn post_policy(stream: &mut BufReader<TcpStream>, path: &str, body: &str, differences: u64) {
    let response = post(stream, &format!("/api/v1{path}"), body);
    let response: PolicyAnswer = serde_json::from_slice(&response).unwrap();
    // `differences` also counts every hundredth rule, whose comment differs between the policies
    // `first` and `other`. Some of these rules are in only one of the two policies, so they are
    // already counted as added or removed. So there can be slightly fewer changes than
    // `differences`.
    let (least, most) = (differences - differences / 50, differences);
    assert!(
        (least..=most).contains(&(response.changes.len() as u64)),
        "{}",
        response.changes.len()
    );
}

fn ticks(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
