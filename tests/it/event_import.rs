//! Imports events from another server with the real binary.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::events::{blocked, digest, with};
use crate::shell::{Server, Shell};
use crate::world::World;

/// Stores an event in a file, as Moroz does.
fn keep(shell: &Shell, folder: &str, machine: &str, event: &Value) {
    let sha256 = event["file_sha256"].as_str().unwrap();
    let folder = shell.path(folder).join(sha256).join(machine);
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!("{}.000000.json", event["execution_time"]);
    std::fs::write(folder.join(file), event.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_another_server_are_imported_once() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    keep(&shell, "events", "MIRA-MBP", &blocked("Pinecone", 0));
    keep(&shell, "events", "MIRA-MBP", &blocked("Pinecone", 60));
    keep(&shell, "events", "LEO-AIR", &blocked("Juniper", 5));
    shell.write("events/.DS_Store", "not looked at");
    insta::assert_snapshot!(shell.run("event import events --dry-run"), @"
    $ nicelist event import events --dry-run
    exit code: 0
    ----- stderr -----
    dry run: 3 new, 0 already known
    ");
    insta::assert_snapshot!(shell.run("event list"), @"
    $ nicelist event list
    exit code: 0
    ----- stderr -----
    no events
    ");
    insta::assert_snapshot!(shell.run("event import events"), @"
    $ nicelist event import events
    exit code: 0
    ----- stderr -----
    3 new, 0 already known
    ");
    insta::assert_snapshot!(shell.run("event import events -o json"), @r#"
    $ nicelist event import events -o json
    exit code: 0
    ----- stdout -----
    {
      "new": 0,
      "known": 3,
      "rejected": 0,
      "dry_run": false
    }
    ----- stderr -----
    0 new, 3 already known
    "#);
    insta::assert_snapshot!(shell.run("event list -o csv"), @"
    $ nicelist event list -o csv
    exit code: 0
    ----- stdout -----
    id,received,occurred,host,machine,user,name,decision,path,accessed,kind,rule,sha256,cdhash,team_id,signing_id,signing_status
    3,[TIME],[TIME],LEO-AIR,LEO-AIR,mira,Juniper,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Juniper,,execution,,fe6a448ec93798de58a451909bf84baff306d3294ad99fd4a12034b878e3b274,,H3ZC9YV6RK,H3ZC9YV6RK:example.Juniper,unknown
    2,[TIME],[TIME],MIRA-MBP,MIRA-MBP,mira,Pinecone,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Pinecone,,execution,,b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e,,H3ZC9YV6RK,H3ZC9YV6RK:example.Pinecone,unknown
    1,[TIME],[TIME],MIRA-MBP,MIRA-MBP,mira,Pinecone,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Pinecone,,execution,,b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e,,H3ZC9YV6RK,H3ZC9YV6RK:example.Pinecone,unknown
    ");
    let forwarded = [
        with(blocked("Pinecone", 0), json!({"machine_id": "MIRA-MBP"})),
        with(blocked("Larch", 0), json!({"machine_id": "NIA-STUDIO"})),
    ];
    shell.write("rudolph.jsonl", &format!("\u{feff}{}\r\n\n{}", forwarded[0], forwarded[1]));
    insta::assert_snapshot!(shell.run("event import rudolph.jsonl -o csv"), @"
    $ nicelist event import rudolph.jsonl -o csv
    exit code: 0
    ----- stdout -----
    new,known,rejected,dry_run
    1,1,0,false
    ----- stderr -----
    1 new, 1 already known
    ");
    let newest = shell.json("event list --text Larch")[0]["id"].clone();
    let event = &shell.json(&format!("event show {newest}"));
    assert_eq!((&event["other_fields"]["machine_id"], &event["pid"]), (&Value::Null, &json!(400)));
    let approved = shell.run(&format!("event approve {newest} --yes --dry-run"));
    assert!(approved.contains("exit code: 0"), "{approved}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_events_than_fit_in_a_request_are_imported() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let event = |seconds| with(blocked("Pinecone", seconds), json!({"machine_id": "MIRA-MBP"}));
    let lines: Vec<String> = (0..2_001).map(|seconds| event(seconds).to_string()).collect();
    shell.write("many.jsonl", &lines.join("\n"));
    assert_eq!(shell.json("event import many.jsonl")["new"], 2_001);
    assert_eq!(shell.json("event import many.jsonl")["known"], 2_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_imported_unless_all_of_it_is_events() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    keep(&shell, "events", "MIRA-MBP", &blocked("Pinecone", 0));
    keep(&shell, "events", "MIRA-MBP", &blocked("Pinecone", 60));
    let sha256 = digest("Pinecone");
    shell.write(&format!("events/{sha256}/MIRA-MBP/1790000060.000000.json"), "{\n  \"pid\": 4");
    insta::assert_snapshot!(shell.run("event import events"), @"
    $ nicelist event import events
    exit code: 5
    ----- stderr -----
    events/b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e/MIRA-MBP/1790000060.000000.json:2:10: EOF while parsing an object
    error: 1 of 2 events are invalid; nothing was sent
    ");
    keep(&shell, "strays", "MIRA-MBP", &blocked("Pinecone", 0));
    shell.write("strays/global.toml", "client_mode = 1\n");
    shell.write(&format!("strays/{sha256}/notes.json"), "{}");
    shell.write(&format!("strays/{sha256}/MIRA-MBP/notes.txt"), "mine");
    std::fs::create_dir_all(shell.path("strays/machines/MIRA-MBP")).unwrap();
    insta::assert_snapshot!(shell.run("event import strays -o json"), @r#"
    $ nicelist event import strays -o json
    exit code: 5
    ----- stdout -----
    {
      "new": 0,
      "known": 0,
      "rejected": 4,
      "dry_run": false
    }
    ----- stderr -----
    strays/b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e/MIRA-MBP/notes.txt: is not at the path of a Moroz event: SHA256/MACHINE/TIME.json
    strays/b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e/notes.json: is not at the path of a Moroz event: SHA256/MACHINE/TIME.json
    strays/global.toml: is not at the path of a Moroz event: SHA256/MACHINE/TIME.json
    strays/machines: is not at the path of a Moroz event: SHA256/MACHINE/TIME.json
    error: 4 of 5 events are invalid; nothing was sent
    "#);
    let good = with(blocked("Larch", 0), json!({"machine_id": "NIA-STUDIO"}));
    let lines = [
        good.to_string(),
        blocked("Larch", 0).to_string(),
        with(good.clone(), json!({"machine_id": ""})).to_string(),
        with(good.clone(), json!({"file_sha256": "abc"})).to_string(),
        with(good.clone(), json!({"decision": null})).to_string(),
        "[]".to_owned(),
        "{\"pid\": }".to_owned(),
        with(good.clone(), json!({"note": "x".repeat(1_100_000)})).to_string(),
        good.to_string(),
    ];
    shell.write("bad.jsonl", &lines.join("\n"));
    insta::assert_snapshot!(shell.run("event import bad.jsonl"), @"
    $ nicelist event import bad.jsonl
    exit code: 5
    ----- stderr -----
    bad.jsonl:2: machine_id: is missing; add the ID of the host with --machine-id
    bad.jsonl:3: machine_id: a machine ID must have 1 to 255 bytes and no control characters
    bad.jsonl:4: file_sha256: `abc` is not a valid SHA-256
    bad.jsonl:5: decision: is missing
    bad.jsonl:6: is not a JSON object
    bad.jsonl:7:9: expected value
    bad.jsonl:8: is too long for an event
    error: 7 of 9 events are invalid; nothing was sent
    ");
    insta::assert_snapshot!(shell.run("event import nowhere"), @"
    $ nicelist event import nowhere
    exit code: 1
    ----- stderr -----
    error: cannot read nowhere
      No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(shell.run("event list"), @"
    $ nicelist event list
    exit code: 0
    ----- stderr -----
    no events
    ");
}

#[tokio::test]
async fn an_empty_event_upload_stores_nothing() {
    let world = World::new().await;
    let report = |event: Value| json!({"machine": "MIRA-MBP", "event": event});
    let good = report(blocked("Pinecone", 0));
    let bad = report(json!({"fileSha256": digest("Larch")}));
    let body = json!({"reports": [good, bad, report(json!([1]))]});
    let (status, problem) = world.ask(Method::POST, "/events", body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let details = json!([
        {"index": 1, "field": "event", "message": "decision: is missing"},
        {"index": 2, "field": "event", "message": "is not a JSON object"},
    ]);
    assert_eq!(problem["details"], details);
    let body = json!({"reports": vec![good.clone(); 10_001]});
    let (status, _) = world.ask(Method::POST, "/events", body).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.get("/events").await["items"], json!([]));
    let numbered = report(with(blocked("Pinecone", 0), json!({"decision": 16})));
    let body = json!({"reports": [good.clone(), numbered, good]});
    assert_eq!(world.post("/events", body).await, json!({"new": 2, "known": 1}));
}

/// W12: a file may contain the body of a Mac's event upload to another server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w12_the_body_of_an_upload_is_imported() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let named = with(blocked("Larch", 5), json!({"machine_id": "LEO-AIR"}));
    let upload = json!({"events": [blocked("Pinecone", 0), named]});
    shell.write("upload.json", &serde_json::to_string_pretty(&upload).unwrap());
    let of_rednose = json!({"machine_id": "MIRA-MBP", "events": [blocked("Pinecone", 0)]});
    shell.write("named.json", &of_rednose.to_string());
    shell.write("line.jsonl", &blocked("Juniper", 9).to_string());
    shell.write("wrong.json", r#"{"events": [{"pid": 1}, 7], "machine_id": "MIRA-MBP"}"#);
    shell.write("cut.json", r#"{"events": [{"pid": 1}"#);
    std::fs::create_dir(shell.path("folder")).unwrap();
    let mut transcript = String::new();
    for line in [
        "event import upload.json",
        "event import upload.json --machine-id MIRA-MBP",
        "event import named.json",
        "event import line.jsonl --machine-id MIRA-MBP",
        "event import wrong.json",
        "event import cut.json",
        "event import folder --machine-id MIRA-MBP",
        "event list -o csv",
    ] {
        transcript += &shell.run(line);
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @"
    $ nicelist event import upload.json
    exit code: 5
    ----- stderr -----
    upload.json: event 1: machine_id: is missing; add the ID of the host with --machine-id
    error: 1 of 2 events are invalid; nothing was sent

    $ nicelist event import upload.json --machine-id MIRA-MBP
    exit code: 0
    ----- stderr -----
    2 new, 0 already known

    $ nicelist event import named.json
    exit code: 0
    ----- stderr -----
    0 new, 1 already known

    $ nicelist event import line.jsonl --machine-id MIRA-MBP
    exit code: 0
    ----- stderr -----
    1 new, 0 already known

    $ nicelist event import wrong.json
    exit code: 5
    ----- stderr -----
    wrong.json: event 1: file_sha256: is missing
    wrong.json: event 2: is not a JSON object
    error: 2 of 2 events are invalid; nothing was sent

    $ nicelist event import cut.json
    exit code: 5
    ----- stderr -----
    error: cut.json:1:22: EOF while parsing a list

    $ nicelist event import folder --machine-id MIRA-MBP
    exit code: 2
    ----- stderr -----
    error: --machine-id requires a file, but folder is a folder

    $ nicelist event list -o csv
    exit code: 0
    ----- stdout -----
    id,received,occurred,host,machine,user,name,decision,path,accessed,kind,rule,sha256,cdhash,team_id,signing_id,signing_status
    4,[TIME],[TIME],MIRA-MBP,MIRA-MBP,mira,Juniper,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Juniper,,execution,,fe6a448ec93798de58a451909bf84baff306d3294ad99fd4a12034b878e3b274,,H3ZC9YV6RK,H3ZC9YV6RK:example.Juniper,unknown
    2,[TIME],[TIME],LEO-AIR,LEO-AIR,mira,Larch,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Larch,,execution,,cf7def6f30cdfcbbc4b9ff540fb3a2f46d816917f700dad2b6d4e28532d38e50,,H3ZC9YV6RK,H3ZC9YV6RK:example.Larch,unknown
    1,[TIME],[TIME],MIRA-MBP,MIRA-MBP,mira,Pinecone,BLOCK_UNKNOWN,/Applications/Pinecone.app/Contents/MacOS/Pinecone,,execution,,b5ba8d2ee0e1928bbaaccba5427fd0e5334f1d48d8a746488da02c847c09749e,,H3ZC9YV6RK,H3ZC9YV6RK:example.Pinecone,unknown
    ");
}
