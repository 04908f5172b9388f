//! `nicelist lab conformance`, against nicelist itself and against incorrect servers.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Path as Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Request, StatusCode};
use nicelist::protocol::{ContentEncoding, decode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::shell::{Server, Shell, example};
use crate::world::World;

const HOOKS: [&str; 7] = [
    "add-rule",
    "remove-rule",
    "tag-host",
    "untag-host",
    "order-clean-sync",
    "set-mode",
    "enable-bundles",
];

/// More rules than fit on one page, so that paging is tested, too.
const RULES: usize = 4500;

/// Runs all cases against nicelist with the example hooks. All cases must pass.
fn judged(shell: &Shell, server: &Server) -> Vec<Value> {
    let script = example("conformance.sh").display().to_string();
    let hooks = HOOKS.map(|hook| format!("{hook}=sh '{script}' {hook}"));
    let base = server.sync_base();
    let mut words = vec!["lab", "conformance", &base, "-o", "json"];
    words.extend(hooks.iter().flat_map(|hook| ["--hook", hook]));
    let folder = Path::new(env!("CARGO_BIN_EXE_nicelist")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let output = shell.command(&words).env("PATH", path).output().unwrap();
    let transcript = String::from_utf8_lossy(&output.stderr).into_owned();
    let verdicts: Vec<Value> = serde_json::from_slice(&output.stdout).expect(&transcript);
    let wrong: Vec<_> = verdicts.iter().filter(|verdict| verdict["status"] != "pass").collect();
    assert!(output.status.success() && wrong.is_empty(), "{transcript}{wrong:#?}");
    verdicts
}

#[test]
fn nicelist_passes_every_case() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run("settings set removable-media=block");
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
    assert_eq!(did("convergence-remove"), "deleted by REMOVE");
    assert_eq!(did("clean-rules"), format!("clean, with {RULES} rules"));
}

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

async fn transcript(mistake: Mistake, only: &str) -> String {
    let address = wrong_server(mistake).await;
    let line = format!("lab conformance {address} --only {only}");
    let shown = tokio::task::spawn_blocking(move || Shell::new().run(&line)).await.unwrap();
    shown.replace(&address, "[URL]")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_of_201_is_found() {
    insta::assert_snapshot!(transcript(Mistake::Created, "wire-status").await, @r#"
    $ nicelist lab conformance [URL] --only wire-status
    exit code: 1
    ----- stdout -----
    RESULT  CASE  REQUIREMENT  OBSERVED
    FAIL  wire-status  The server responds to every stage with status 200.  preflight: 201: {"clean_sync":true,"client_mode":"MONITOR","sync_type":"CLEAN"}, eventupload: 201: {}, ruledownload: 201: {"rules":[]}, postflight: 201: {}
    ----- stderr -----
    error: 1 failed, 0 passed
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_cursor_is_found() {
    insta::assert_snapshot!(transcript(Mistake::EmptyCursor, "rules-").await, @r#"
    $ nicelist lab conformance [URL] --only rules-
    exit code: 1
    ----- stdout -----
    RESULT  CASE  REQUIREMENT  OBSERVED
    pass  rules-list  Every page has a list called rules, even if it is empty.  a list of 1
    FAIL  rules-cursor  The last page has no cursor key, not even an empty or null one.  "cursor": "" on the last page
    pass  rules-end  A download ends within 1000 pages, and no cursor is sent twice.  pages: 1, rules: 1
    pass  rules-valid  The newest client accepts every rule.  valid rules: 1
    pass  rules-repeat  If a page is requested twice, it has the same rules both times.  the same rules on the only page
    pass  rules-restart  A download that was aborted and started again is complete.  rules both times: 1
    pass  rules-strange-cursor  An unknown cursor does no harm.  200, and the next download is complete
    pass  rules-alone  Rules can be downloaded without a preflight.  200; rules for an up-to-date host: 1
    pass  rules-empty-request  A download may begin with the body {}.  200
    n/a  convergence-rules-alone  A rule from a download without a sync can be removed again.  requires --hook add-rule=CMD and --hook remove-rule=CMD
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
    RESULT  CASE  REQUIREMENT  OBSERVED
    pass  clean-first  A host that requests a clean sync at its first contact gets one.  clean
    pass  clean-asked  A known host that requests a clean sync gets one.  clean
    FAIL  clean-rules  A clean sync has at least one rule, which may be a removal.  a clean sync with 0 rules, none of them valid
    pass  clean-old-key  In a clean sync, clients before 2024.1 get clean_sync: true.  clean_sync: true
    pass  clean-again  A clean sync that was not finished is repeated.  clean again
    warning  clean-once  A finished clean sync is followed by normal ones.  clean again, but no one requested it
    n/a  clean-ordered  A clean sync that an administrator orders happens only once.  requires --hook order-clean-sync=CMD
    ----- stderr -----
    error: 1 failed, 4 passed, 1 warning, 1 not applicable
    ");
}

#[test]
fn an_unreachable_server_is_one_error() {
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
    error: no response from [URL]: no connection: Connection refused
    ");
}

#[test]
fn missing_credentials_are_one_error() {
    let shell = Shell::new();
    let server = Server::start(&shell);
    let shown = shell.run(&format!("lab conformance {}/santa/", server.url));
    insta::assert_snapshot!(shown.replace(&server.url, "[URL]"), @r"
    $ nicelist lab conformance [URL]/santa/
    exit code: 1
    ----- stderr -----
    error: [URL]/santa/ responds to a preflight with 401
    hint: to authenticate: --secret SECRET or --header 'Name: value'
    ");
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepts {
    /// Bodies that are compressed with zlib, whatever their `Content-Encoding` header is, and empty
    /// bodies. Moroz works like this.
    ZlibOnly,
    PlainOnly,
}

/// Returns the request with its body decompressed, or a response that refuses the body.
async fn filtered(accepts: Accepts, request: Request<Body>) -> Result<Request<Body>, Response> {
    let refused =
        |why: &str| (StatusCode::INTERNAL_SERVER_ERROR, format!("{{\"error\": \"{why}\"}}"));
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 26).await.unwrap();
    let is_named = parts.headers.contains_key(CONTENT_ENCODING);
    let body = match accepts {
        Accepts::PlainOnly if is_named => {
            return Err(refused("not compressed, please").into_response());
        }
        Accepts::PlainOnly => body,
        Accepts::ZlibOnly if body.is_empty() => body,
        Accepts::ZlibOnly if body[0] != 0x78 => {
            return Err(refused("zlib: invalid header").into_response());
        }
        Accepts::ZlibOnly => match decode(ContentEncoding::Deflate, &body, 8 << 20) {
            Ok(body) => body.into_owned().into(),
            Err(error) => return Err(refused(&error.to_string()).into_response()),
        },
    };
    parts.headers.remove(CONTENT_ENCODING);
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Request::from_parts(parts, Body::from(body)))
}

async fn server_that(world: &World, accepts: Accepts) -> String {
    let inner = world.router();
    let router = Router::new().fallback(move |request: Request<Body>| async move {
        match filtered(accepts, request).await {
            Ok(request) => inner.oneshot(request).await.unwrap(),
            Err(refused) => refused,
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/santa/")
}

async fn verdicts(accepts: Accepts, flags: &str) -> (Vec<Value>, String) {
    let world = World::new().await;
    world.put_rule("block", "teamid:AAAAAAAAAA", "fleet").await;
    let address = server_that(&world, accepts).await;
    let line = format!("lab conformance {address} -o json{flags}");
    let judged = tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = line.split(' ').collect();
        Shell::new().command(&words).output().unwrap()
    });
    let output = judged.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).expect(&errors), errors)
}

fn with_status<'a>(verdicts: &'a [Value], status: &str) -> Vec<&'a str> {
    let these = verdicts.iter().filter(|verdict| verdict["status"] == status);
    these.map(|verdict| verdict["case"].as_str().unwrap()).collect()
}

/// Santa compresses bodies with zlib by default, so a server that accepts only zlib fails no case.
#[tokio::test(flavor = "multi_thread")]
async fn w8_a_server_that_accepts_zlib_only_fails_nothing() {
    let (verdicts, _) = verdicts(Accepts::ZlibOnly, "").await;
    assert_eq!(with_status(&verdicts, "fail"), [""; 0], "{verdicts:#?}");
    let warnings = with_status(&verdicts, "warning");
    for about_encodings in ["wire-plain", "wire-gzip"] {
        assert!(warnings.contains(&about_encodings), "{warnings:?}");
    }
    let plain = verdicts.iter().find(|verdict| verdict["case"] == "wire-plain").unwrap();
    assert_eq!(plain["did"], r#"preflight: 500: {"error": "zlib: invalid header"}"#);
}

/// By default, Santa compresses bodies, so it does not work with a server that accepts only
/// uncompressed bodies. The server fails only the case about the default encoding.
#[tokio::test(flavor = "multi_thread")]
async fn w8_a_server_that_accepts_plain_json_only_fails_what_clients_send_by_default() {
    let (verdicts, errors) = verdicts(Accepts::PlainOnly, "").await;
    assert_eq!(with_status(&verdicts, "fail"), ["wire-deflate"], "{verdicts:#?}");
    assert!(errors.contains("testing with the request encoding none"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w8_another_encoding_can_be_chosen() {
    let (verdicts, _) = verdicts(Accepts::ZlibOnly, " --encoding gzip --only wire-status").await;
    assert_eq!(with_status(&verdicts, "fail"), ["wire-status"]);
    let did = verdicts[0]["did"].as_str().unwrap();
    assert!(did.starts_with(r#"preflight: 500: {"error": "zlib: invalid header"}"#), "{did}");
}
