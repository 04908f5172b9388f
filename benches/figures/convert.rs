//! CPU time and memory of the command line when it converts a million rules or imports them over
//! HTTP.

use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bounds::record;
use crate::import::hash;
use crate::process::{self, Cost};
use crate::server::Server;
use crate::{median, mib, ms, nicelist};

const RUNS: usize = 3;
const ROWS: u64 = 1_000_000;
const FEW: u64 = 100_000;

pub(crate) fn report() {
    let home = tempfile::tempdir().unwrap();
    let file = csv(home.path(), ROWS);
    conversion(home.path(), &file);
    import(home.path(), &file);
}

fn csv(home: &Path, rows: u64) -> PathBuf {
    let file = home.join(format!("{rows}.csv"));
    let mut out = BufWriter::new(std::fs::File::create(&file).unwrap());
    writeln!(out, "rule_type,identifier,policy,message,comment").unwrap();
    for number in 0..rows {
        writeln!(out, "BINARY,{},ALLOWLIST,,package {number}", hash(number)).unwrap();
    }
    out.into_inner().unwrap();
    file
}

fn conversion(home: &Path, file: &Path) {
    println!("## Conversion\n");
    println!(
        "`rule convert` of a CSV file of {ROWS} rules: the whole process, user and system time. The"
    );
    println!("limit is the csv crate reading and writing the same file without interpreting it.\n");
    println!(
        "| to | CPU | of the limit | rows per second of CPU | peak memory |\n|---|---|---|---|---|"
    );
    let limit = median((0..RUNS).map(|_| copy(file, &home.join("copy.csv"))).collect());
    println!("| csv crate, CSV (limit) | {} | 1.0 | {:.0} | |", ms(limit), rate(limit));
    for (name, format) in [("CSV", "csv"), ("JSON lines", "jsonl")] {
        let out = home.join(format!("out.{format}"));
        let costs: Vec<Cost> = (0..RUNS)
            .map(|_| {
                let mut command = nicelist(home);
                process::run(command.args(["rule", "convert"]).arg(file).arg(&out), 0)
            })
            .collect();
        let Cost { cpu, peak, .. } = Cost::median(&costs);
        let ratio = cpu.as_secs_f64() / limit.as_secs_f64();
        println!("| {name} | {} | {ratio:.1} | {:.0} | {} |", ms(cpu), rate(cpu), mib(peak));
        let promise = format!("convert to {name}: 1,000,000 rows per second of CPU");
        record(promise, format!("{:.0}", rate(cpu)), rate(cpu) >= 1e6);
    }
    println!();
}

/// CPU time that the csv crate takes to read the rows and write them unchanged.
fn copy(from: &Path, to: &Path) -> Duration {
    let before = process::cpu("self");
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(BufReader::new(std::fs::File::open(from).unwrap()));
    let mut writer = ::csv::Writer::from_path(to).unwrap();
    let mut row = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut row).unwrap() {
        writer.write_byte_record(black_box(&row)).unwrap();
    }
    writer.flush().unwrap();
    process::cpu("self") - before
}

fn import(home: &Path, file: &Path) {
    println!("## Import over HTTP\n");
    println!("`rule import` of such files to a server in another process, with an empty SQLite");
    println!(
        "database: the client's process. Bound: 200 bytes per row above the memory for an empty \
        file.\n"
    );
    println!(
        "| rows | wall | client CPU | server CPU | client's peak memory |\n|---|---|---|---|---|"
    );
    let few = measured(&csv(home, FEW), FEW);
    let all = measured(file, ROWS);
    let more = all.saturating_sub(few) as f64 / (ROWS - FEW) as f64;
    let always = few as f64 - more * FEW as f64;
    println!("\nThat is {:.1} MiB and {more:.0} bytes per row.\n", always / f64::from(1 << 20));
    record("import over HTTP: 200 bytes per row", format!("{more:.0} bytes"), more <= 200.0);
}

/// Imports a file several times and prints the medians. Returns the median of the client's peak
/// memory, in bytes.
fn measured(file: &Path, rows: u64) -> u64 {
    let (mut costs, mut servers) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let home = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
        let server = Server::start(home.path(), &database);
        let mut command = server.nicelist(home.path());
        command.args(["rule", "import"]).arg(file);
        let cpu = server.cpu();
        costs.push(process::run(&mut command, 0));
        servers.push(server.cpu() - cpu);
    }
    let Cost { wall, cpu, peak } = Cost::median(&costs);
    let server = median(servers);
    println!("| {rows} | {} | {} | {} | {} |", ms(wall), ms(cpu), ms(server), mib(peak));
    peak
}

fn rate(cpu: Duration) -> f64 {
    ROWS as f64 / cpu.as_secs_f64()
}
