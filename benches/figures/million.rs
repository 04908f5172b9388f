//! A million rules: to start with, to hold, to list.

use std::time::{Duration, Instant};

use crate::server::{ADMIN, Server};
use crate::{mib, ms, nicelist, process, rules};

const RULES: u64 = 1_000_000;

pub(crate) fn report() {
    println!("## A million rules\n");
    println!(
        "A server over an SQLite database with {RULES} rules, each with a comment of its own."
    );
    println!(
        "Bounds: 5 s from start to ready, 600 MiB without load. The list is `rule list -o jsonl`"
    );
    println!(
        "of all of them: the server's memory before and at most meanwhile, and the client's.\n"
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
    println!("| start to ready | {} |", ms(start.elapsed()));
    println!("| CPU for that | {} |", ms(server.cpu()));
    // What was taken to read them is given back after a moment.
    std::thread::sleep(Duration::from_secs(3));
    let with = process::memory(&server.id());
    println!("| memory | {} |", mib(with.now));
    println!("| memory at most so far | {} |", mib(with.peak));
    println!("| memory a rule, texts included | {} bytes |", (with.now - without) / RULES);
    let mut list = nicelist(home.path());
    list.args(["rule", "list", "-o", "jsonl"])
        .args(["--server", &format!("http://{}", server.address)]);
    list.env("NICELIST_TOKEN", ADMIN);
    let cost = process::run(&mut list, 0);
    println!("| list: wall | {} |", ms(cost.wall));
    println!("| list: client's memory at most | {} |", mib(cost.peak));
    println!("| list: server's memory at most | {} |\n", mib(process::memory(&server.id()).peak));
}
