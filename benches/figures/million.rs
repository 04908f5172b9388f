//! A server with a million rules: its start, its memory, and a list of all rules.

use std::time::{Duration, Instant};

use crate::bounds::record;
use crate::server::Server;
use crate::{mib, ms, process, rules};

const RULES: u64 = 1_000_000;

const MIB: u64 = 1 << 20;
/// Maximum memory of the client, and maximum growth of the server's memory, while rules are listed.
/// The list is larger, so a process within this limit does not keep the whole list in memory.
const CONSTANT: u64 = 64 * MIB;

pub(crate) fn report() {
    println!("## A million rules\n");
    println!(
        "A server over an SQLite database with {RULES} rules, each with a comment of its own."
    );
    println!(
        "Bounds: 5 s from start to ready, 600 MiB without load. The list is `rule list -o jsonl`"
    );
    println!(
        "of all of them: the server's memory before it, its maximum during it, and the client's \
        maximum.\n"
    );
    println!("| what | measured |\n|---|---|");
    let home = tempfile::tempdir().unwrap();
    let empty = format!("sqlite:{}", home.path().join("empty.db").display());
    let database = format!("sqlite:{}", home.path().join("nicelist.db").display());
    rules::import(home.path(), &database, RULES);
    let without = {
        let server = Server::start(home.path(), &empty);
        process::memory(&server.id()).now
    };
    let start = Instant::now();
    let server = Server::start(home.path(), &database);
    let started = start.elapsed();
    println!("| start to ready | {} |", ms(started));
    let promise = format!("start with {RULES} rules: 5 s");
    record(promise, ms(started), started <= Duration::from_secs(5));
    println!("| CPU until ready | {} |", ms(server.cpu()));
    // The server soon frees the memory that it needed only to read the rules.
    std::thread::sleep(Duration::from_secs(3));
    let with = process::memory(&server.id());
    println!("| memory | {} |", mib(with.now));
    println!("| maximum memory so far | {} |", mib(with.peak));
    println!("| memory per rule, texts included | {} bytes |", (with.now - without) / RULES);
    let promise = format!("memory with {RULES} rules: 600 MiB");
    record(promise, mib(with.now), with.now <= 600 * MIB);
    process::forget_peak(&server.id());
    let mut list = server.nicelist(home.path());
    let cost = process::run(list.args(["rule", "list", "-o", "jsonl"]), 0);
    println!("| list: wall | {} |", ms(cost.wall));
    println!("| list: client's maximum memory | {} |", mib(cost.peak));
    let peak = process::memory(&server.id()).peak;
    println!("| list: server's maximum memory | {} |\n", mib(peak));
    let more = peak.saturating_sub(with.now);
    record(
        format!("list of {RULES} rules: streamed, constant memory"),
        format!("client {}, server {} more than before", mib(cost.peak), mib(more)),
        cost.peak <= CONSTANT && more <= CONSTANT,
    );
}
