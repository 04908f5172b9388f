//! Texts from hosts cannot control a terminal. In CSV, they do not run as formulas, unless `--raw`
//! is given.

use serde_json::json;

use crate::shell::{Server, Shell};
use crate::terminal::Terminal;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l16_reports_of_a_host_cannot_control_a_terminal() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let formula = "=HYPERLINK(1)\u{1b}[2J\u{202e}";
    let url = format!("{}preflight/M1", server.sync_base());
    let report = json!({"hostname": formula, "serial_num": "@SUM(1)", "primary_user": "anna"});
    let response = reqwest::Client::new().post(url).body(report.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 200);

    for format in ["json", "jsonl", "csv", "tsv", "table"] {
        let seen = Terminal::open(&shell, &format!("host list -o {format} --color never")).end();
        assert_eq!(seen.code, 0);
        assert!(seen.seen.contains("HYPER"), "{format}: {:?}", seen.seen);
        assert!(!seen.seen.contains("\u{1b}[2J"), "{format}: {:?}", seen.seen);
        assert!(!seen.seen.contains('\u{202e}'), "{format}: {:?}", seen.seen);
    }
    let listed = shell.run("host list -o csv");
    assert!(listed.contains(",'=HYPERLINK(1)\u{1b}[2J\u{202e},'@SUM(1),"), "{listed:?}");
    let raw = shell.run("host list -o csv --raw");
    assert!(raw.contains(",=HYPERLINK(1)\u{1b}[2J\u{202e},@SUM(1),"), "{raw:?}");
    assert_eq!(shell.json("host list")[0]["hostname"], formula, "JSON is the API's own");

    // Texts of rules are not escaped, because administrators write them, and because an export must
    // be importable without changes.
    shell.run("rule add block teamid:ABCDE12345 --comment =1+1");
    assert!(shell.run("rule export --to csv").contains("=1+1"));
    assert!(!shell.run("rule list -o csv").contains("'=1+1"));
}
