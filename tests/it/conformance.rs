//! `nicelist lab conformance`: against nicelist itself, and against servers that are wrong.

use std::path::Path;

use axum::Router;
use axum::extract::Path as Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use serde_json::{Value, json};

use crate::shell::{Server, Shell, example};

const HOOKS: [&str; 7] = [
    "add-rule",
    "remove-rule",
    "tag-host",
    "untag-host",
    "order-clean-sync",
    "set-mode",
    "enable-bundles",
];

/// More than two pages of rules, so that pages are judged too.
const RULES: usize = 4500;

/// What the real server did in every case, with the hooks of the examples.
fn judged(shell: &Shell, server: &Server) -> Vec<Value> {
    let script = example("conformance.sh").display().to_string();
    let hooks = HOOKS.map(|hook| format!("{hook}=sh '{script}' {hook}"));
    let base = server.sync_base();
    let mut words = vec!["lab", "conformance", &base, "-o", "json"];
    words.extend(hooks.iter().flat_map(|hook| ["--hook", hook]));
    let folder = Path::new(env!("CARGO_BIN_EXE_nicelist")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let output = shell.command(&words).env("PATH", path).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let verdicts: Vec<Value> = serde_json::from_slice(&output.stdout).expect(&told);
    let wrong: Vec<_> = verdicts.iter().filter(|verdict| verdict["status"] != "pass").collect();
    assert!(output.status.success() && wrong.is_empty(), "{told}{wrong:#?}");
    verdicts
}

#[test]
fn nicelist_passes_every_case() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let rows: String = (0..RULES).map(|n| format!("block,binary:{n:064x}\n")).collect();
    shell.write("rules.csv", &format!("policy,target\n{rows}"));
    let imported = shell.run("rule import rules.csv");
    assert!(imported.contains("exit code: 0"), "{imported}");
    let verdicts = judged(&shell, &server);
    let did = |case: &str| {
        let verdict = verdicts.iter().find(|verdict| verdict["case"] == case).unwrap();
        verdict["did"].as_str().unwrap().to_owned()
    };
    assert_eq!(did("wire-deflate"), "200, and the body was read");
    assert_eq!(did("convergence-remove"), "gone by REMOVE");
    assert_eq!(did("clean-rules"), format!("clean, with {RULES} rules"));
}

/// How a server is wrong.
#[derive(Clone, Copy)]
enum Mistake {
    Created,
    EmptyCursor,
    EmptyCleanSync,
}

async fn wrong_answer(mistake: Mistake, stage: &str) -> Response {
    let answer = match (mistake, stage) {
        (_, "preflight") => {
            json!({"client_mode": "MONITOR", "sync_type": "CLEAN", "clean_sync": true})
        }
        (Mistake::EmptyCursor, "ruledownload") => json!({
            "rules": [{"identifier": "0".repeat(64), "policy": "REMOVE", "rule_type": "BINARY"}],
            "cursor": "",
        }),
        (Mistake::Created | Mistake::EmptyCleanSync, "ruledownload") => json!({"rules": []}),
        (_, _) => json!({}),
    };
    let status = match mistake {
        Mistake::Created => StatusCode::CREATED,
        Mistake::EmptyCursor | Mistake::EmptyCleanSync => StatusCode::OK,
    };
    (status, axum::Json(answer)).into_response()
}

/// A server with a mistake, on a free port.
async fn wrong_server(mistake: Mistake) -> String {
    let router = Router::new().route(
        "/{stage}/{machine}",
        post(move |Parts((stage, _)): Parts<(String, String)>| async move {
            wrong_answer(mistake, &stage).await
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/")
}

/// What a run against a server with a mistake shows.
async fn transcript(mistake: Mistake, only: &str) -> String {
    let address = wrong_server(mistake).await;
    let line = format!("lab conformance {address} --only {only}");
    let shown = tokio::task::spawn_blocking(move || Shell::new().run(&line)).await.unwrap();
    shown.replace(&address, "[URL]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_201_is_told_so() {
    insta::assert_snapshot!(transcript(Mistake::Created, "wire-status").await, @r"
    $ nicelist lab conformance [URL] --only wire-status
    exit code: 1
    ----- stdout -----
    RESULT  CASE  ASKS  DID
    FAIL  wire-status  Every stage is answered with 200 and no other status.  preflight: 201, eventupload: 201, ruledownload: 201, postflight: 201
    ----- stderr -----
    error: 1 failed, 0 passed
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_cursor_is_found() {
    insta::assert_snapshot!(transcript(Mistake::EmptyCursor, "rules-").await, @r#"
    $ nicelist lab conformance [URL] --only rules-
    exit code: 1
    ----- stdout -----
    RESULT  CASE  ASKS  DID
    pass  rules-list  Every page has the list rules, empty where there are none.  a list of 1
    FAIL  rules-cursor  The last page has no cursor: neither an empty one nor null.  "cursor": "" on the last page
    pass  rules-end  A download ends within 1000 pages, and no cursor comes twice.  pages: 1, rules: 1
    pass  rules-valid  Every rule is one that the newest client takes.  valid rules: 1
    pass  rules-repeat  A page that is asked for twice has the same rules twice.  the same, of one page
    pass  rules-restart  A download that is given up and begun again is whole.  rules both times: 1
    pass  rules-strange-cursor  A cursor that the server never gave breaks nothing.  200, and the next download is whole
    pass  rules-alone  Rules are served without a preflight before.  200; rules for a host in sync: 1
    pass  rules-empty-request  A download may begin with the body {}.  200
    n/a  convergence-rules-alone  A rule that came by a download alone can be removed again.  needs --hook add-rule=CMD and --hook remove-rule=CMD
    ----- stderr -----
    error: 1 failed, 8 passed, 1 not applicable
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_sync_without_rules_is_found() {
    insta::assert_snapshot!(transcript(Mistake::EmptyCleanSync, "clean-").await, @r"
    $ nicelist lab conformance [URL] --only clean-
    exit code: 1
    ----- stdout -----
    RESULT  CASE  ASKS  DID
    pass  clean-first  A host that asks for a clean sync at first contact gets one.  clean
    pass  clean-asked  A known host that asks for a clean sync gets one.  clean
    FAIL  clean-rules  A clean sync has at least one rule, if only a removal.  a clean sync with 0 rules, none of them valid
    pass  clean-old-key  A clean sync says clean_sync: true to clients before 2024.1.  clean_sync: true
    pass  clean-again  A clean sync that was not finished is offered again.  clean again
    warning  clean-once  A finished clean sync is followed by normal ones.  clean once more, though nobody asks
    n/a  clean-ordered  A clean sync that an administrator orders comes once.  needs --hook order-clean-sync=CMD
    ----- stderr -----
    error: 1 failed, 4 passed, 1 warning, 1 not applicable
    ");
}

#[test]
fn a_server_that_is_not_there_is_one_error() {
    let shell = Shell::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let shown = shell.run(&format!("lab conformance {address}")).replace(&address, "[URL]");
    let (shown, _number_of_the_system) = shown.split_once(" (os error").unwrap();
    insta::assert_snapshot!(shown, @r"
    $ nicelist lab conformance [URL]
    exit code: 1
    ----- stderr -----
    error: no answer from [URL]: no connection: Connection refused
    ");
}

#[test]
fn a_server_that_wants_to_know_who_asks_is_one_error() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let shown = shell.run(&format!("lab conformance {}/santa/", server.url));
    insta::assert_snapshot!(shown.replace(&server.url, "[URL]"), @r"
    $ nicelist lab conformance [URL]/santa/
    exit code: 1
    ----- stderr -----
    error: [URL]/santa/ answers a preflight with 401
    hint: --secret SECRET or --header 'Name: value' shows the server who asks
    ");
}
