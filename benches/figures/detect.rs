//! Detections over telemetry: events per second, memory, and the time to compile rules.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nicelist::detect::check::TelemetryChecker;
use nicelist::detect::generate::Generator;
use nicelist::detect::rule_files::{SourceFile, read};
use nicelist::detect::spool::spool_files;
use nicelist::detect::telemetry::find_kind;
use nicelist::detect::{Detector, RuleSet};
use xxhash_rust::xxh3::xxh3_64;

use crate::bounds::record;
use crate::process::{self, Cost};
use crate::{median, mib, ms, nicelist};

const RUNS: usize = 5;
const EVENTS: u64 = 200_000;
/// Executions for the rules in Sigma's style.
const EXECUTIONS: usize = 20_000;

/// Rules in the style of Santamon's guide.
const SIMPLE: [&str; 14] = [
    "kind == 'file_access' && file_access.policy_name in ['ChromeCookies', 'CometCookies'] && \
     file_access.policy_decision != 'POLICY_DECISION_ALLOWED_AUDIT_ONLY'",
    "kind == 'file_access' && file_access.policy_name in ['SSHKeys', 'SSHPrivateKeys'] && \
     !file_access.instigator.executable.path.startsWith('/usr/bin/ssh')",
    "kind == 'tcc_modification' && tcc_modification.service == 'kTCCServiceSystemPolicyAllFiles' && \
     tcc_modification.authorization_reason != 'AUTHORIZATION_REASON_USER_CONSENT'",
    "kind == 'tcc_modification' && tcc_modification.service in ['kTCCServiceCamera', \
     'kTCCServiceMicrophone'] && !tcc_modification.identity.startsWith('com.apple.')",
    "kind == 'xprotect' && has(xprotect.detected)",
    "kind == 'launch_item' && launch_item.item_type == 'ITEM_TYPE_AGENT' && \
     launch_item.action == 'ACTION_ADD' && launch_item.item_path.startsWith('/Users/')",
    "kind == 'launch_item' && launch_item.item_type == 'ITEM_TYPE_DAEMON' && \
     launch_item.executable_path.startsWith('/Volumes/')",
    "kind == 'execution' && execution.target.executable.path.matches(\
     '^/Users/.*/(Downloads|Desktop|Documents)/.*') && (execution.target.code_signature == null || \
     execution.target.code_signature.team_id == '')",
    "kind == 'execution' && execution.target.executable.path in ['/usr/bin/osascript', '/bin/bash', \
     '/bin/sh', '/bin/zsh', '/usr/bin/python3', '/usr/bin/perl', '/usr/bin/ruby'] && \
     execution.instigator.executable.path.contains('Google Chrome')",
    "kind == 'execution' && execution.target.executable.path == '/bin/launchctl' && \
     !execution.instigator.executable.path.startsWith('/usr/')",
    "kind == 'execution' && execution.target.executable.path == '/usr/bin/dscl' && \
     execution.args.exists(arg, arg == '-authonly')",
    "kind == 'execution' && execution.target.executable.path == '/usr/bin/osascript' && \
     execution.args.exists(arg, arg.contains('display dialog'))",
    "kind == 'execution' && execution.target.executable.path.startsWith('/Volumes/') && \
     execution.target.code_signature == null",
    "kind == 'execution' && execution.target.executable.path in ['/usr/bin/curl', '/usr/bin/wget'] \
     && !execution.instigator.executable.path.startsWith('/bin/')",
];

const STATE: &str = "
correlations:
  - {id: C1, title: c, severity: low, enabled: true, window: 5m, threshold: 3,
     group_by: [file_access.instigator.executable.path], count_distinct: file_access.policy_name,
     allow_missing: true, expr: \"kind == 'file_access'\"}
baselines:
  - {id: B1, title: b, severity: low, enabled: true, track: [execution.target.executable.path],
     allow_missing: true, expr: \"kind == 'execution' && execution.target.code_signature == null\"}
  - {id: B2, title: b, severity: low, enabled: true, track: [launch_item.item_path],
     allow_missing: true, expr: \"kind == 'launch_item'\"}
";

fn simple_rules(more: &str) -> String {
    let mut yaml = "rules:\n".to_owned();
    for (number, expression) in SIMPLE.iter().enumerate() {
        let expression = expression.replace('\\', "\\\\");
        writeln!(
            yaml,
            "  - {{id: R{number}, title: r, severity: low, enabled: true, {more}expr: \"{expression}\"}}"
        )
        .unwrap();
    }
    yaml
}

/// Half of the rules search the command line, 30 % the end of the image, 10 % the parent and 10 % use
/// a regular expression.
fn sigma_rules(count: usize) -> String {
    let args = "execution.args.join(' ')";
    let mut yaml = "rules:\n".to_owned();
    for number in 0..count {
        let condition = match number % 10 {
            0..5 => format!("{args}.lowerAscii().contains('--option-{number} value')"),
            5..8 => {
                format!("execution.target.executable.path.lowerAscii().endsWith('/tool-{number}')")
            }
            8 => format!("parent.path.lowerAscii().endsWith('/parent-{number}')"),
            _ => format!("{args}.matches('(?i)base{number} .*decode')"),
        };
        writeln!(
            yaml,
            "  - {{id: S{number}, title: s, severity: low, enabled: true, \
             expr: \"kind == 'execution' && {condition}\"}}"
        )
        .unwrap();
    }
    yaml
}

pub(crate) fn report() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    println!("## Detections\n");
    println!(
        "`detect backtest` over {EVENTS} generated events of all kinds: the whole process. The limit"
    );
    println!("is reading the same files and the XXH3 hash of their bytes, on one core.\n");
    let plain = corpus(home, "protobufstream");
    let zstd = corpus(home, "protobufstreamzstd");
    let stateless = home.join("simple.yaml");
    fs::write(&stateless, simple_rules("")).unwrap();
    let stateful = home.join("state.yaml");
    fs::write(&stateful, simple_rules("include_process_tree: true, ") + STATE).unwrap();
    println!("| rules, spool | CPU | events per second | peak memory |\n|---|---|---|---|");
    let limit = median((0..RUNS).map(|_| checksum(&plain)).collect());
    println!("| reading and hashing (limit) | {} | {:.0} | |", ms(limit), rate(limit));
    let simple = measured(home, "14 simple rules, uncompressed", &stateless, &plain, 2e6);
    measured(home, "14 simple rules, zstd", &stateless, &zstd, 1e6);
    let state = measured(
        home,
        "with a correlation, two baselines and process trees",
        &stateful,
        &plain,
        700e3,
    );
    println!();
    let ratio = simple.cpu.as_secs_f64() / limit.as_secs_f64();
    record("14 rules: 4 × reading and hashing", format!("{ratio:.1} ×"), ratio <= 4.0);
    println!("| jobs | 14 simple rules | with state |\n|---|---|---|");
    println!("| 1 | {} | {} |", ms(simple.wall), ms(state.wall));
    let two = [(&stateless, simple, 1.8), (&stateful, state, 1.4)].map(|(rules, one, least)| {
        let two = cost(home, rules, &plain, "2");
        let faster = one.wall.as_secs_f64() / two.wall.as_secs_f64();
        record(
            format!("two jobs: {least} × the speed of one"),
            format!("{faster:.2} ×"),
            faster >= least,
        );
        ms(two.wall)
    });
    println!("| 2 | {} | {} |\n", two[0], two[1]);
    sigma();
}

fn corpus(home: &Path, format: &str) -> PathBuf {
    let folder = home.join(format);
    let events = EVENTS.to_string();
    let mut command = nicelist(home);
    command.args(["detect", "generate", "--events", &events, "--format", format, "--out"]);
    crate::time(command.arg(&folder));
    folder
}

fn checksum(spool: &Path) -> Duration {
    let start = Instant::now();
    for file in spool_files(spool).unwrap() {
        black_box(xxh3_64(&fs::read(file).unwrap()));
    }
    start.elapsed()
}

fn cost(home: &Path, rules: &Path, spool: &Path, jobs: &str) -> Cost {
    let runs = (0..RUNS).map(|_| {
        let mut command = nicelist(home);
        command.args(["-o", "json", "detect", "backtest", "--jobs", jobs]);
        process::run(command.arg(rules).arg("--spool").arg(spool), 0)
    });
    Cost::median(&runs.collect::<Vec<_>>())
}

fn measured(home: &Path, name: &str, rules: &Path, spool: &Path, least: f64) -> Cost {
    let found = cost(home, rules, spool, "1");
    let speed = rate(found.cpu);
    println!("| {name} | {} | {speed:.0} | {} |", ms(found.cpu), mib(found.peak));
    record(format!("{name}: {least:.0} events/s"), format!("{speed:.0}"), speed >= least);
    let is_small = found.peak <= 128 << 20;
    record(format!("{name}: 128 MiB of memory"), mib(found.peak), is_small);
    found
}

fn rate(cpu: Duration) -> f64 {
    EVENTS as f64 / cpu.as_secs_f64()
}

fn compile(yaml: &str) -> RuleSet {
    let files = read(&[SourceFile::new("rules.yaml", yaml)], &TelemetryChecker);
    let placed = files.detections().unwrap();
    RuleSet::new(placed.into_iter().map(|placed| placed.detection)).unwrap()
}

fn sigma() {
    let yaml = sigma_rules(1000);
    let compiled = (0..RUNS).map(|_| {
        let start = Instant::now();
        black_box(compile(&yaml));
        start.elapsed()
    });
    let compiled = median(compiled.collect());
    let mut generator = Generator::new(1);
    let mut events = Vec::new();
    while events.len() < EXECUTIONS {
        let event = generator.next_event().unwrap();
        if find_kind(&event).unwrap().is_some_and(|kind| kind.name() == "execution") {
            events.push(event);
        }
    }
    let evaluated = (0..RUNS).map(|_| {
        let mut detector = Detector::new(compile(&yaml));
        let start = Instant::now();
        for event in &events {
            black_box(detector.event("mac", event));
        }
        start.elapsed()
    });
    let evaluated = median(evaluated.collect());
    let speed = EXECUTIONS as f64 / evaluated.as_secs_f64();
    println!("1,000 rules in Sigma's style, in memory:\n");
    println!("| what | measured |\n|---|---|");
    println!("| check and compile | {} |", ms(compiled));
    println!("| executions per second | {speed:.0} |\n");
    let is_fast = compiled <= Duration::from_millis(100);
    record("check and compile 1,000 rules: 100 ms", ms(compiled), is_fast);
    let promise = "1,000 rules in Sigma's style: 650,000 executions/s";
    record(promise, format!("{speed:.0}"), speed >= 650e3);
}
