//! `nicelist lab fleet`, against nicelist itself and against incorrect servers.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as Parts, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::shell::{ENROLLMENT, Server, Shell};
use crate::terminal::{CTRL_C, Terminal};

/// The `lab fleet` command. Hooks run the binary, so its folder is in the command's `PATH`.
fn fleet(shell: &Shell, url: &str, line: &str) -> Command {
    let mut words = vec!["lab", "fleet", url];
    words.extend(line.split_whitespace());
    let mut command = shell.command(&words);
    let folder = Path::new(env!("CARGO_BIN_EXE_nicelist")).parent().unwrap();
    command.env("PATH", format!("{}:/usr/bin:/bin", folder.display()));
    command
}

fn summary(output: &Output) -> (Value, String) {
    let transcript = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).expect(&transcript), transcript)
}

#[test]
fn a_fleet_converges_while_rules_change() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let rules: String = (0..300).map(|n| format!("block,binary:{n:064x}\n")).collect();
    shell.write("rules.csv", &format!("policy,target\n{rules}"));
    assert!(shell.run("rule import rules.csv").contains("exit code: 0"));
    // A change with an odd number adds a rule. The next change removes this rule, and also removes
    // a rule that all hosts have.
    shell.write(
        "change.sh",
        "n=$NICELIST_CHANGE; set -e
        if [ $((n % 2)) = 1 ]; then nicelist rule add allow teamid:AAAAA$((10000 + n))
        else nicelist rule remove teamid:AAAAA$((9999 + n))
            nicelist rule remove binary:$(printf %064x $n); fi",
    );
    let line = "--hosts 400 --interval 4s --for 8s --warm-up --clean 5% --events 0.3
        --generation 2026.7=60,2024.6=20,2022.4=20 --verify all --change-every 1s -o json";
    let mut command = fleet(&shell, &server.sync_base(), line);
    command.args(["--change-hook", "sh change.sh"]);
    let (summary, transcript) = summary(&command.output().unwrap());
    assert_eq!(transcript, "", "{summary:#}");
    let run = &summary["run"];
    assert_eq!((&run["syncs"], &run["missed_syncs"]), (&json!(800), &json!(0)), "{summary:#}");
    assert_eq!(summary["warm_up"]["rules_received"], 400 * 300);
    assert_eq!(summary["convergence"]["converged"], 400, "{summary:#}");
    assert!(summary["changes"]["made"].as_u64().unwrap() >= 3, "{summary:#}");
    let count = |key: &str| run[key].as_u64().unwrap();
    assert!((15..75).contains(&count("clean_syncs")), "{summary:#}");
    assert!((160..310).contains(&count("events_sent")), "{summary:#}");
    // Most syncs do not download all rules.
    assert!(count("rules_received") < 800 * 300 / 4, "{summary:#}");
    assert_eq!(summary["latency_ms"]["sync"]["count"], 800);
    assert_eq!(summary["memory"]["host_bytes"], 12);
    let shown = shell.json("host list");
    assert_eq!(shown.as_array().unwrap().len(), 400 + 3, "a host more for each generation");
}

#[test]
fn hosts_with_rules_of_their_own_converge() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let base = server.sync_base();
    let first = fleet(&shell, &base, "--hosts 20 --interval 1s --for 1s --verify none -o json");
    assert!({ first }.output().unwrap().status.success());
    let ids = shell.json("host list");
    let id = ids[3]["machine"].as_str().unwrap();
    assert!(shell.run("rule add block teamid:FLEET10000").contains("exit code: 0"));
    let own = shell.run(&format!("rule add allow teamid:FLEET10000 --scope host:{id}"));
    assert!(own.contains("exit code: 0"), "{own}");
    let line = "--hosts 20 --interval 1s --for 1s --verify all --no-keep-alive -o json";
    let (summary, transcript) = summary(&fleet(&shell, &base, line).output().unwrap());
    assert_eq!(transcript, "");
    let convergence = &summary["convergence"];
    assert_eq!(convergence["converged"], 20, "{summary:#}");
    assert_eq!(convergence["converged_by_themselves"], 1, "{summary:#}");
    assert_eq!(summary["run"]["connections"], 20);
}

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    ForgetsRemovals,
    FailsEvents,
    StandsStill,
}

/// A server that makes one of the mistakes. With [`Mistake::StandsStill`], it never responds to
/// preflights. Otherwise, it sends rules only in clean syncs: two rules in the first 3 seconds
/// after its start, and later only one of the two. With [`Mistake::FailsEvents`], every second
/// event upload fails, too.
struct Wrong {
    mistake: Mistake,
    start: std::time::Instant,
    /// Whether each host is in a clean sync.
    cleaning: Mutex<HashMap<String, bool>>,
    uploads: Mutex<u32>,
}

async fn wrong_answer(
    State(wrong): State<Arc<Wrong>>,
    Parts((stage, machine)): Parts<(String, String)>,
    body: String,
) -> Response {
    let rule = |id: &str| json!({"identifier": id, "policy": "BLOCKLIST", "rule_type": "TEAMID"});
    let answer = match stage.as_str() {
        "preflight" if wrong.mistake == Mistake::StandsStill => std::future::pending().await,
        "preflight" => {
            let request: Value = serde_json::from_str(&body).unwrap();
            let is_clean = request["request_clean_sync"] == true;
            wrong.cleaning.lock().unwrap().insert(machine, is_clean);
            json!({"client_mode": "MONITOR", "sync_type": if is_clean { "CLEAN" } else { "NORMAL" }})
        }
        "ruledownload" if wrong.cleaning.lock().unwrap()[&machine] => {
            let both = wrong.start.elapsed() < Duration::from_secs(3);
            let ids = if both { &["AAAAAAAAAA", "BBBBBBBBBB"][..] } else { &["AAAAAAAAAA"] };
            json!({"rules": ids.iter().map(|id| rule(id)).collect::<Vec<_>>()})
        }
        "ruledownload" => json!({"rules": []}),
        "eventupload" if wrong.mistake == Mistake::FailsEvents => {
            let mut uploads = wrong.uploads.lock().unwrap();
            *uploads += 1;
            if *uploads % 2 == 0 {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            json!({})
        }
        _ => json!({}),
    };
    axum::Json(answer).into_response()
}

fn wrong_router(mistake: Mistake) -> Router {
    let (start, cleaning) = (std::time::Instant::now(), Mutex::default());
    let wrong = Wrong { mistake, start, cleaning, uploads: Mutex::default() };
    Router::new().route("/{stage}/{machine}", post(wrong_answer)).with_state(Arc::new(wrong))
}

async fn against(mistake: Mistake, line: &'static str) -> (Value, String, Option<i32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = wrong_router(mistake);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let run = move || fleet(&Shell::new(), &url, line).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let (summary, transcript) = summary(&output);
    (summary, transcript, output.status.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_removal_is_found() {
    let line = "--hosts 30 --encoding none --warm-up --interval 2s --for 4s --verify all -o json";
    let (summary, transcript, code) = against(Mistake::ForgetsRemovals, line).await;
    assert_eq!(code, Some(1), "{summary:#}");
    let convergence = &summary["convergence"];
    assert_eq!((&convergence["diverged"], &convergence["converged"]), (&json!(30), &json!(0)));
    let id = convergence["examples"][0]["machine_id"].as_str().unwrap();
    let mut lines = transcript.lines();
    assert_eq!(lines.next(), Some("error: 30 of 30 hosts do not have the correct rules"));
    let first = format!("  {id} (2026.7): extra rules: 1, missing rules: 0; has TEAMID BBBBBBBBBB");
    assert_eq!(lines.next(), Some(&*first));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_fail_are_counted_by_stage_and_kind() {
    let line = "--hosts 10 --encoding none --warm-up --interval 1s --for 2s --events 1 -o json";
    let (summary, transcript, code) = against(Mistake::FailsEvents, line).await;
    assert_eq!(code, Some(1), "{summary:#}");
    let run = &summary["run"];
    assert_eq!((&run["syncs"], &run["failed_syncs"]), (&json!(10), &json!(10)));
    let error = json!({"stage": "eventupload", "reason": "status 503", "count": 10});
    assert_eq!(run["errors"], json!([error]));
    assert_eq!(transcript, "error: 10 requests failed\n  eventupload status 503 (10)\n");
    // The syncs continued without their events.
    assert_eq!(summary["convergence"]["converged"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_is_counted_in_the_latency_of_each_delayed_sync() {
    // Each request times out after one second, and there are only two connections. So most of the
    // 20 hosts wait for a connection.
    let line = "--hosts 20 --interval 4s --for 4s --timeout 1 --connections 2 --encoding none
        --verify none -o json";
    let (summary, _, code) = against(Mistake::StandsStill, line).await;
    assert_eq!(code, Some(1));
    let (run, latency) = (&summary["run"], &summary["latency_ms"]);
    let count = |key: &str| run[key].as_u64().unwrap();
    assert_eq!(count("failed_syncs") + count("missed_syncs"), 20, "{summary:#}");
    assert!(count("missed_syncs") > 0, "{summary:#}");
    assert_eq!(latency["sync"]["count"], 20);
    // If latency were measured from each request, it would be one second for every host.
    assert!(latency["sync"]["p50"].as_f64().unwrap() > 2500.0, "{summary:#}");
    assert_eq!(run["errors"][0]["reason"], "no response within 1 s");
}

#[test]
fn an_impossible_fleet_is_one_error() {
    let shell = Shell::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let shown = shell.run(&format!("lab fleet {address}")).replace(&address, "[URL]");
    let (shown, _number_of_the_system) = shown.split_once(" (os error").unwrap();
    insta::assert_snapshot!(shown, @r"
    $ nicelist lab fleet [URL]
    exit code: 1
    ----- stderr -----
    error: no connection to [URL]
      Connection refused
    ");
    insta::assert_snapshot!(shell.run("lab fleet http://127.0.0.1:1/ --generation pedro"), @r"
    $ nicelist lab fleet http://127.0.0.1:1/ --generation pedro
    exit code: 2
    ----- stderr -----
    error: pedro can only be simulated alone, not as a fleet
    ");
    let line = "lab fleet http://127.0.0.1:1/ --wire protobuf --generation 2024.5=20,2026.7=80";
    insta::assert_snapshot!(shell.run(line), @r"
    $ nicelist lab fleet http://127.0.0.1:1/ --wire protobuf --generation 2024.5=20,2026.7=80
    exit code: 2
    ----- stderr -----
    error: Santa 2024.5 supports only JSON; protobuf was added in 2024.6
    ");
}

#[test]
fn missing_credentials_are_one_error() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let url = format!("{}/santa/", server.url);
    let output = fleet(&shell, &url, "--hosts 3 --interval 1s --for 1s -o json").output().unwrap();
    let transcript = String::from_utf8_lossy(&output.stderr).into_owned();
    insta::assert_snapshot!(transcript, @r"
    error: 3 of 3 hosts could not be checked
      7 requests failed
      preflight status 401 (7)
    hint: to send the enrollment secret: --secret SECRET
    ");
    let line = format!("--secret {ENROLLMENT} --hosts 3 --interval 1s --for 1s");
    assert!(fleet(&shell, &url, &line).output().unwrap().status.success());
}

#[test]
fn ctrl_c_ends_a_run_and_shows_what_was_measured() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let base = server.sync_base();
    let line = format!("lab fleet {base} --hosts 50 --interval 1s --for 1h --warm-up");
    let mut terminal = Terminal::open(&shell, &line);
    terminal.shows("run ");
    terminal.shows("p99 ");
    terminal.press(CTRL_C);
    terminal.shows("interrupted");
    terminal.shows("Latency in ms");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    assert!(end.seen.contains("interrupted"), "{:?}", end.seen);
}

/// A CA and its certificates for a server at 127.0.0.1 and for the hosts of a fleet. All except the
/// server's certificate are in files.
struct Papers {
    config: ServerConfig,
}

impl Papers {
    fn written(shell: &Shell) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let signed = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            (params.signed_by(&key, &ca).unwrap(), key)
        };
        let ((server, server_key), (mac, mac_key)) = (signed("127.0.0.1"), signed("mac"));
        shell.write("ca.pem", &ca.pem());
        shell.write("mac.pem", &mac.pem());
        shell.write("mac.key", &mac_key.serialize_pem());
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = ServerConfig::builder().with_client_cert_verifier(verifier);
        let config = config.with_single_cert(vec![server.der().clone()], key).unwrap();
        Self { config }
    }

    /// Starts a server that requires client certificates of this CA. Returns its URL.
    async fn serve(self, router: Router) -> String {
        let acceptor = TlsAcceptor::from(Arc::new(self.config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, router) = (acceptor.clone(), router.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let service = TowerToHyperService::new(router);
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        url
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_needs_client_certificates_if_they_are_required() {
    let shell = Shell::new();
    let url = Papers::written(&shell).serve(wrong_router(Mistake::ForgetsRemovals)).await;
    let run = move || {
        let line = "--encoding none --hosts 12 --interval 1s --for 1s --no-keep-alive --ca ca.pem";
        let with = format!("{line} --client-cert mac.pem --client-key mac.key -o json");
        let stranger = "--encoding none --hosts 12 --interval 1s --for 1s -o json";
        [&with, line, stranger].map(|line| fleet(&shell, &url, line).output().unwrap())
    };
    let [with, without, stranger] = tokio::task::spawn_blocking(run).await.unwrap();
    let (summary, transcript) = summary(&with);
    assert_eq!(transcript, "");
    assert_eq!(
        (&summary["run"]["syncs"], &summary["run"]["connections"]),
        (&json!(12), &json!(12))
    );
    assert_eq!(without.status.code(), Some(1));
    let transcript = String::from_utf8_lossy(&stranger.stderr).into_owned();
    assert_eq!(stranger.status.code(), Some(1));
    assert!(
        transcript.contains("no connection to https://") && transcript.contains("certificate"),
        "{transcript}"
    );
}
