//! `/metrics`, the alerts and the dashboard that use it, and the log as JSON.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::Value;

use crate::desk::with_two_macs;
use crate::shell::{ADMIN, ENROLLMENT, Server, Shell};

const WRONG_SECRET: &str = "a-secret-that-no-one-knows";
const RULES: &str = "packaging/prometheus/nicelist.rules.yml";
const DASHBOARD: &str = "packaging/grafana/nicelist.json";

fn project_file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Requests the metrics with these headers.
async fn scrape_with(server: &Server, headers: &[(&str, &str)]) -> (StatusCode, String) {
    let mut request = reqwest::Client::new().get(format!("{}/metrics", server.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    if status == StatusCode::OK {
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    (status, response.text().await.unwrap())
}

async fn scrape(server: &Server) -> String {
    let admin = format!("Bearer {ADMIN}");
    let (status, text) = scrape_with(server, &[("authorization", admin.as_str())]).await;
    assert_eq!(status, StatusCode::OK, "{text}");
    text
}

/// The value of a series, as in `name{label="value"}`. Zero if the series does not exist.
fn value(metrics: &str, series: &str) -> f64 {
    let mut lines = metrics.lines().filter_map(|line| line.strip_prefix(series));
    lines.find_map(|rest| rest.strip_prefix(' ')?.parse().ok()).unwrap_or_default()
}

/// The sum of all series of a metric.
fn sum(metrics: &str, name: &str) -> f64 {
    let start = format!("{name}{{");
    let series = metrics.lines().filter(|line| line.starts_with(&start));
    series.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

/// The names of all metrics.
fn names(metrics: &str) -> BTreeSet<String> {
    let types = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// A server that has seen two hosts, a wrong secret and a change of a rule, has counted the hosts and
/// has written a backup. Returns its metrics, too.
async fn used_server(shell: &mut Shell) -> (Server, String) {
    std::fs::create_dir(shell.path("backups")).unwrap();
    let flags = ["--count-hosts-every", "1s", "--backup-dir", "backups"];
    let server = Server::start_with(shell, &flags);
    shell.use_server(&server);
    let base = server.sync_base();
    for name in ["mira", "otto"] {
        shell
            .json(&format!("lab sync {base} --state {name}.json --machine-id {name} --no-backoff"));
    }
    assert!(shell.run("rule add block teamid:AAAAAAAAAA").contains("exit code: 0"));
    let wrong = format!("{}/santa/{WRONG_SECRET}/preflight/mira", server.url);
    let refused = reqwest::Client::new().post(wrong).body("{}").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let metrics = scrape(&server).await;
        let behind = value(&metrics, "nicelist_hosts{state=\"behind\",contact=\"online\"}");
        let backup = value(&metrics, "nicelist_backup_newest_timestamp_seconds");
        // The programs are counted after the hosts.
        let programs = metrics.contains("nicelist_programs_pending_complete ");
        if behind > 1.0 && backup > 0.0 && programs {
            return (server, metrics);
        }
        assert!(Instant::now() < deadline, "{metrics}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn metrics_require_a_viewer_or_a_listed_network() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let created = shell.json("token create prometheus --role viewer");
    let viewer = format!("Bearer {}", created["secret"].as_str().unwrap());
    assert_eq!(scrape_with(&server, &[("authorization", viewer.as_str())]).await.0, StatusCode::OK);
    let (status, problem) = scrape_with(&server, &[]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let problem: Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(problem["code"], "unauthenticated");
    for (secret, expected) in
        [(WRONG_SECRET, StatusCode::UNAUTHORIZED), (ENROLLMENT, StatusCode::FORBIDDEN)]
    {
        let header = format!("Bearer {secret}");
        let (status, _) = scrape_with(&server, &[("authorization", header.as_str())]).await;
        assert_eq!(status, expected);
    }
    drop(server);

    let flags = ["--metrics-from", "192.0.2.0/24", "--metrics-from", "127.0.0.1"];
    let server = Server::start_with(&shell, &flags);
    assert_eq!(scrape_with(&server, &[]).await.0, StatusCode::OK);
    let proxied = scrape_with(&server, &[("x-forwarded-for", "192.0.2.7")]).await;
    assert_eq!(proxied.0, StatusCode::UNAUTHORIZED, "the proxy is not trusted");
    drop(server);

    let server = Server::start_with(&shell, &["--metrics-from", "192.0.2.0/24"]);
    assert_eq!(scrape_with(&server, &[]).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn metrics_count_syncs_hosts_rules_and_refusals() {
    let mut shell = Shell::new();
    let (_server, metrics) = used_server(&mut shell).await;
    for stage in ["preflight", "ruledownload", "postflight"] {
        let requests = format!("nicelist_sync_requests_total{{stage=\"{stage}\",outcome=\"ok\"}}");
        assert!(value(&metrics, &requests) >= 2.0, "{stage}: {metrics}");
        let timed = format!("nicelist_sync_request_seconds_count{{stage=\"{stage}\"}}");
        assert!(value(&metrics, &timed) >= 2.0, "{stage}: {metrics}");
    }
    for (series, expected) in [
        ("nicelist_sync_requests_total{stage=\"preflight\",outcome=\"refused\"}", 1.0),
        ("nicelist_refusals_total{area=\"sync\",reason=\"wrong-secret\"}", 1.0),
        ("nicelist_rules{policy=\"block\"}", 1.0),
        ("nicelist_rules{policy=\"allow\"}", 0.0),
        ("nicelist_hosts{state=\"behind\",contact=\"online\"}", 2.0),
        ("nicelist_hosts_in_conflict", 0.0),
        ("nicelist_revision", 1.0),
        ("nicelist_ready", 1.0),
        ("nicelist_panics_total", 0.0),
        ("nicelist_backup_failed", 0.0),
        ("nicelist_limits_exceeded_total", 0.0),
        ("nicelist_body_budget_used_bytes", 0.0),
        ("nicelist_body_budget_limit_bytes", 268_435_456.0),
        (concat!("nicelist_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert!((value(&metrics, series) - expected).abs() < 0.5, "{series}: {metrics}");
    }
    for name in ["nicelist_hosts", "nicelist_hosts_by_version", "nicelist_hosts_by_mode"] {
        assert!((sum(&metrics, name) - 2.0).abs() < 0.5, "{name}: {metrics}");
    }
    for series in [
        "nicelist_admin_requests_total{outcome=\"ok\"}",
        "nicelist_database_read_seconds_count{purpose=\"sync\"}",
        "nicelist_database_write_seconds_count{purpose=\"sync\"}",
        "nicelist_database_write_queue_limit",
        "nicelist_hosts_counted_timestamp_seconds",
    ] {
        assert!(value(&metrics, series) >= 1.0, "{series}: {metrics}");
    }
    for secret in [ADMIN, ENROLLMENT, WRONG_SECRET] {
        assert!(!metrics.contains(secret), "{metrics}");
    }
}

/// Scrapes until a series has a value.
async fn until(server: &Server, series: &str, expected: f64) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let metrics = scrape(server).await;
        let exists = metrics.contains(&format!("{series} "));
        if exists && (value(&metrics, series) - expected).abs() < 0.5 {
            return metrics;
        }
        assert!(Instant::now() < deadline, "{series} is not {expected}: {metrics}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn programs_pending_approval_are_counted_until_a_rule_decides() {
    let (mut shell, server) = with_two_macs();
    drop(server);
    let server = Server::start_with(&shell, &["--count-hosts-every", "1s"]);
    shell.use_server(&server);
    let blocked = "nicelist_programs_pending{decision=\"blocked\"}";
    let metrics = until(&server, blocked, 2.0).await;
    for (series, expected) in [
        ("nicelist_programs_pending{decision=\"allowed\"}", 0.0),
        ("nicelist_programs_pending_complete", 1.0),
    ] {
        let line = format!("{series} {expected}");
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
    let approved = shell.run("event approve --text pinecone --yes");
    assert!(approved.contains("exit code: 0"), "{approved}");
    until(&server, blocked, 1.0).await;
}

#[tokio::test]
async fn every_metric_is_documented_and_alerts_and_dashboard_use_only_these() {
    let mut shell = Shell::new();
    let (_server, metrics) = used_server(&mut shell).await;
    let page = project_file("docs/OPERATIONS.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `nicelist_"));
    let documented: BTreeSet<String> =
        rows.map(|row| format!("nicelist_{}", row.split('`').next().unwrap())).collect();
    assert_eq!(documented, names(&metrics));

    for file in [RULES, DASHBOARD] {
        let text = project_file(file);
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let used: BTreeSet<&str> = words
            .filter(|word| word.starts_with("nicelist_"))
            .map(|word| word.strip_suffix("_bucket").unwrap_or(word))
            .collect();
        assert!(used.len() > 5, "{file}: {used:?}");
        let unknown: Vec<_> = used.iter().filter(|name| !documented.contains(**name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
    let dashboard: Value = serde_json::from_str(&project_file(DASHBOARD)).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 3);
}

/// Runs promtool, which must find nothing to report.
fn promtool(arguments: &[&str], input: &str) {
    let child = Command::new("promtool")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!(
            "promtool is missing ({error}): run tests/run --tools, or on Debian apt-get install \
            prometheus"
        )
    });
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}:\n{stdout}{stderr}");
}

#[tokio::test]
async fn promtool_accepts_the_metrics_and_the_alerts() {
    let mut shell = Shell::new();
    let (_server, metrics) = used_server(&mut shell).await;
    promtool(&["check", "metrics"], &metrics);
    promtool(&["check", "rules", RULES], "");
}

/// Sends requests with all kinds of credentials. Some of the requests are refused and logged.
async fn send_secrets(shell: &Shell, server: &Server) {
    let base = server.sync_base();
    shell.json(&format!("lab sync {base} --state mira.json --machine-id mira --no-backoff"));
    let client = reqwest::Client::new();
    let santa = format!("{}/santa", server.url);
    for (url, token, status) in [
        (format!("{santa}/{WRONG_SECRET}/preflight/otto"), WRONG_SECRET, 401),
        (format!("{santa}/{ENROLLMENT}/preflight/otto"), ENROLLMENT, 400),
        (format!("{santa}/{ENROLLMENT}/xsrf/otto"), ENROLLMENT, 404),
        (format!("{}/api/v1/rules", server.url), WRONG_SECRET, 401),
        (format!("{}/api/v1/rules", server.url), ENROLLMENT, 403),
        (format!("{}/api/v1/rules", server.url), ADMIN, 400),
    ] {
        let request = client.post(&url).bearer_auth(token).header("x-request-id", "trace-7");
        let response = request.body("no JSON").send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{url}");
    }
}

#[tokio::test]
async fn no_log_has_secrets_and_a_json_log_has_only_json() {
    for format in ["text", "json"] {
        let shell = Shell::new();
        let server = Server::start_with(&shell, &["--log", format, "-vvv"]);
        send_secrets(&shell, &server).await;
        server.logs("a sync was refused");
        server.shut_down();
        server.logs("shut down");
        let log = server.log();
        for secret in [ADMIN, ENROLLMENT, WRONG_SECRET] {
            assert!(!log.contains(secret), "{format}: {secret}: {log}");
        }
        if format == "text" {
            continue;
        }
        let lines: Vec<Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        for line in &lines {
            for key in ["timestamp", "level", "target"] {
                assert!(line[key].is_string(), "{key}: {line}");
            }
        }
        let find = |message: &str| {
            let found = lines.iter().find(|line| line["message"] == message);
            found.unwrap_or_else(|| panic!("{message}: {log}"))
        };
        let refused = find("a sync was refused");
        assert_eq!((&refused["level"], &refused["machine"]), (&"WARN".into(), &"otto".into()));
        assert_eq!(refused["span"]["id"], "trace-7");
        assert_eq!(find("shut down; all requests completed")["level"], "INFO");
    }
}
