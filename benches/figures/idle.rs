//! A sync with nothing to do: what it costs the server's process, as the rules grow.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::{NICELIST, ms, nicelist};

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

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(home: &std::path::Path, database: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = nicelist(home)
            .args(["serve", "--sync-auth", "none", "--listen", &address.to_string()])
            .args(["--database", database])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "{NICELIST} serve does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, address }
    }

    /// User and system time of the process so far, in the kernel's ticks of 10 ms.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

struct Host {
    stream: BufReader<TcpStream>,
}

impl Host {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
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
        let length = body.len();
        let request = format!(
            "POST /santa/{stage}/M1 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            }
            assert!(!line.starts_with("http/") || line.starts_with("http/1.1 200"), "{line}");
            if line.is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        answer
    }
}
