//! The pictures in the README: the output of the real program on a terminal with 80 columns.

use anstyle_svg::Term;
use jiff::SignedDuration;
use nicelist::fleet::Clock;
use nicelist::lab::{HttpTransport, Pace, Profile, Santa, SyncOptions};
use nicelist::server::{App, Options};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::artifact;
use crate::shell::{ADMIN, ENROLLMENT, Shell, example};
use crate::terminal::Terminal;

/// How long ago the Macs synced: the pictures show `3m ago`, even if the test takes 40 seconds.
const AGE: SignedDuration = SignedDuration::from_secs(190);
/// After the syncs, the clock of the server advances by this time and is then ahead of the real
/// time. The list of hosts then does not show its counts as old.
const LATER: SignedDuration = SignedDuration::from_secs(250);

const MANIFEST: &str = "\
[settings.\"tag:canary\"]
client-mode = \"monitor\"

[[rules]]
target = \"teamid:H3ZC9YV6RK\"
policy = \"allow\"
scope = \"tag:eng\"
comment = \"Pinecone\"
ticket = \"IT-2001\"

[[rules]]
target = \"teamid:EQHXZ8M8AV\"
policy = \"allow\"
comment = \"Google: Chrome, Drive, Earth\"
ticket = \"IT-2002\"
source = \"baseline\"
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pictures_are_the_output_of_the_program() {
    let mut shell = Shell::new();
    let clock = Clock::manual(Clock::System.now() - AGE);
    let url = serve(&shell, &clock).await;
    shell.set("NICELIST_SERVER", &url);
    shell.set("NICELIST_TOKEN", ADMIN);
    write_policy(&shell);
    sync_the_fleet(&shell, &url).await;
    clock.advance(LATER);

    let fleet = [shown(&shell, "host list"), shown(&shell, "event list --waiting")].join("\n");
    assert!(fleet.contains("3m ago") && fleet.contains("5 hosts"), "{fleet}");
    compare("docs/pictures/fleet.svg", &fleet);

    shell.write("policy.toml", MANIFEST);
    let change = shown(&shell, "apply -f policy.toml --yes");
    assert!(change.contains("revision 10: ") && change.contains("nicelist rollback 9"), "{change}");
    compare("docs/pictures/apply.svg", &change);
}

async fn serve(shell: &Shell, clock: &Clock) -> String {
    let options = Options {
        database: format!("sqlite:{}", shell.path("nicelist.db").display()),
        first_tokens: true,
        bootstrap_token: Some(ADMIN.to_owned()),
        enrollment_secret: Some(ENROLLMENT.to_owned()),
        clock: clock.clone(),
        ..Options::default()
    };
    let app = App::open(options).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { app.serve(listener, None, std::future::pending()).await });
    url
}

/// Creates five revisions.
fn write_policy(shell: &Shell) {
    // A rule that expires would change the pictures after its expiry.
    let rules = std::fs::read_to_string(example("rules.csv")).unwrap();
    let rules: Vec<&str> = rules.lines().filter(|line| !line.ends_with('Z')).collect();
    shell.write("rules.csv", &(rules.join("\n") + "\n"));
    for line in [
        "tag create canary",
        "tag create design",
        "tag create eng",
        "rule import rules.csv",
        "settings set client-mode=lockdown full-sync-interval=10m",
    ] {
        succeed(shell, line);
    }
}

async fn sync_the_fleet(shell: &Shell, url: &str) {
    let transport = HttpTransport::new(&format!("{url}/santa/{ENROLLMENT}/")).unwrap();
    let options = SyncOptions { pace: Pace::WITHOUT_BACKOFF, ..SyncOptions::default() };
    let fleet = std::fs::read_to_string(example("fleet.json")).unwrap();
    let fleet: Value = serde_json::from_str(&fleet).unwrap();
    for host in fleet["hosts"].as_array().unwrap() {
        let profile: Profile = serde_json::from_value(host["profile"].clone()).unwrap();
        let machine = profile.machine_id.clone();
        let mut santa = Santa::new(profile);
        santa.sync(&transport, options).await.unwrap();
        for tag in host["tags"].as_array().unwrap() {
            succeed(shell, &format!("host tag {machine} {}", tag.as_str().unwrap()));
        }
        for event in host["events"].as_array().unwrap() {
            santa.add_event(serde_json::from_value(event.clone()).unwrap());
        }
        // The first of these syncs changes the mode, and the second reports the new mode.
        santa.sync(&transport, options).await.unwrap();
        santa.sync(&transport, options).await.unwrap();
    }
}

fn succeed(shell: &Shell, line: &str) {
    let transcript = shell.run(line);
    assert!(transcript.contains("exit code: 0"), "{transcript}");
}

/// A command line and its final output on a terminal, with colors.
fn shown(shell: &Shell, line: &str) -> String {
    let end = Terminal::sized(shell, line, (80, 60)).end();
    assert_eq!(end.code, 0, "{line}");
    // Each character in `seen` represents one byte of the output.
    let bytes: Vec<u8> = end.seen.chars().map(|byte| byte as u8).collect();
    let output = String::from_utf8(bytes).unwrap();
    let mut shown = format!("\u{1b}[1m$ nicelist {line}\u{1b}[0m\n");
    for line in output.lines() {
        // Progress is cleared before a line is written.
        let line = line.rsplit("\u{1b}[2K").next().unwrap();
        shown.push_str(line.trim_end_matches('\r'));
        shown.push('\n');
    }
    shown
}

fn compare(name: &str, transcript: &str) {
    let picture = Term::new().render_svg(transcript.trim_end());
    artifact::compare(name, &picture, "the_pictures");
}
