//! Rules for the measurements.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::import::hash;
use crate::nicelist;

pub(crate) fn csv(home: &Path, count: u64) -> PathBuf {
    let file = home.join("rules.csv");
    let mut csv = String::from("rule_type,identifier,policy,message,comment\n");
    for number in 0..count {
        let _ = writeln!(csv, "BINARY,{},ALLOWLIST,,package {number}", hash(number));
    }
    std::fs::write(&file, csv).unwrap();
    file
}

pub(crate) fn import(home: &Path, database: &str, count: u64) {
    let mut import = nicelist(home);
    import.args(["rule", "import", "--database", database]).arg(csv(home, count));
    let output = import.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
