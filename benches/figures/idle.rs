//! A sync with nothing to do: what it costs the server's process, as the rules grow.

use std::fmt::Write as _;
use std::io::BufReader;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::server::{Server, connect, post};
use crate::{ms, nicelist};

const SYNCS: u32 = 2_000;
const STAGES: [(&str, &str); 3] = [
    (
        "preflight",
        r#"{"serial_num":"C02","hostname":"mac","santa_version":"2026.7","client_mode":"MONITOR"}"#,
    ),
    ("ruledownload", "{}"),
    ("postflight", "{}"),
];

pub(crate) fn report() {
    println!("## A sync with nothing to do\n");
    println!(
        "{SYNCS} syncs (preflight, rule download, postflight) of one host, one after the other"
    );
    println!(
        "over one keep-alive connection; SQLite, durable. CPU is read from the server's process."
    );
    println!(
        "Such a sync asks the store for one host's row and writes it twice (`tests/it/idle.rs`).\n"
    );
    println!("| rules on the server | wall, a sync | server CPU, a sync |\n|---|---|---|");
    for rules in [10, 1_000, 100_000] {
        let (wall, cpu) = measure(rules);
        println!("| {rules} | {} | {} |", ms(wall), ms(cpu));
    }
    println!();
}

fn measure(rules: u32) -> (Duration, Duration) {
    let home = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    let file = home.path().join("rules.csv");
    let mut csv = String::from("rule_type,identifier,policy\n");
    for number in 0..rules {
        let _ = writeln!(csv, "BINARY,{number:064x},ALLOWLIST");
    }
    std::fs::write(&file, csv).unwrap();
    let mut import = nicelist(home.path());
    import.args(["rule", "import", "--database", &database]).arg(&file);
    assert!(import.output().unwrap().status.success());

    let server = Server::start(home.path(), &database);
    let mut host = Host::connect(server.address);
    host.first_sync();
    host.sync();
    let cpu = server.cpu();
    let start = Instant::now();
    for _ in 0..SYNCS {
        host.sync();
    }
    (start.elapsed() / SYNCS, (server.cpu() - cpu) / SYNCS)
}

struct Host {
    stream: BufReader<TcpStream>,
}

impl Host {
    fn connect(address: SocketAddr) -> Self {
        Self { stream: connect(address) }
    }

    fn sync(&mut self) {
        for (stage, body) in STAGES {
            self.post(stage, body);
        }
    }

    /// Takes all rules, so that the syncs that follow have nothing to do.
    fn first_sync(&mut self) {
        self.post("preflight", STAGES[0].1);
        let (mut request, mut received) = ("{}".to_owned(), 0);
        loop {
            let page: serde_json::Value =
                serde_json::from_slice(&self.post("ruledownload", &request)).unwrap();
            received += page["rules"].as_array().unwrap().len();
            match page["cursor"].as_str() {
                Some(cursor) => request = format!(r#"{{"cursor":"{cursor}"}}"#),
                None => break,
            }
        }
        let counts = format!(r#"{{"rules_received":{received},"rules_processed":{received}}}"#);
        self.post("postflight", &counts);
    }

    fn post(&mut self, stage: &str, body: &str) -> Vec<u8> {
        post(&mut self.stream, &format!("/santa/{stage}/M1"), body)
    }
}
