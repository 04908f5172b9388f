//! The duration of commands that need no server.

use std::time::Duration;

use crate::bounds::record;
use crate::{median, ms, nicelist, time};

const RUNS: usize = 21;

pub(crate) fn report() {
    let home = tempfile::tempdir().unwrap();
    println!("## Start-up\n");
    println!("Commands that need no server, from start to end of the process. Bound: 20 ms.\n");
    println!("| command | median of {RUNS} |\n|---|---|");
    let bound = Duration::from_millis(20);
    for words in [&["--version"][..], &["--help"], &["config", "list"], &["completions", "zsh"]] {
        let times = (0..RUNS).map(|_| time(nicelist(home.path()).args(words))).collect();
        let (command, took) = (format!("`nicelist {}`", words.join(" ")), median(times));
        println!("| {command} | {} |", ms(took));
        record(format!("{command}: 20 ms"), ms(took), took <= bound);
    }
    println!();
}
