//! Time to write a page of rules in each format, plain and compressed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use nicelist::protocol::{
    ContentEncoding, Format, PolicyName, Rule, RuleDownloadResponse, RuleType, encode, write,
};
use nicelist::sync::RULES_A_PAGE;

use crate::import::hash;
use crate::median;

const RUNS: usize = 201;

pub(crate) fn report() {
    let rules = RULES_A_PAGE.get();
    println!("## A page of rules\n");
    println!(
        "One page of {rules} rules for files, encoded once for all hosts that need the same \
        changes."
    );
    println!("Half of the rules block, with a message and a URL. Median of {RUNS}");
    println!("runs in one thread. Bound: protobuf costs less than JSON.\n");
    println!("| format | time to write | bytes |\n|---|---|---|");
    let rules: Vec<Rule<'_>> = (0..rules as u64).map(rule).collect();
    let page = RuleDownloadResponse { rules, cursor: Some("c".repeat(98)) };
    let forms = [
        ("JSON", Format::Json, ContentEncoding::Identity),
        ("protobuf", Format::Protobuf, ContentEncoding::Identity),
        ("JSON, gzip", Format::Json, ContentEncoding::Gzip),
        ("protobuf, gzip", Format::Protobuf, ContentEncoding::Gzip),
    ];
    for (name, format, encoding) in forms {
        let form = |page: &RuleDownloadResponse<'_>| {
            let body = write(format, page).unwrap();
            encode(encoding, &body).unwrap().into_owned()
        };
        let times = (0..RUNS).map(|_| {
            let start = Instant::now();
            let body = form(black_box(&page));
            let took = start.elapsed();
            drop(black_box(body));
            took
        });
        println!("| {name} | {} | {} |", us(median(times.collect())), form(&page).len());
    }
    println!();
}

fn rule(number: u64) -> Rule<'static> {
    let file = Rule {
        identifier: hash(number).into(),
        policy: Some(PolicyName::Allowlist),
        rule_type: Some(RuleType::Binary),
        ..Rule::default()
    };
    if number.is_multiple_of(2) {
        return file;
    }
    Rule {
        policy: Some(PolicyName::Blocklist),
        custom_msg: format!("Package {number} is not allowed here.").into(),
        custom_url: "https://help.example.com/blocked?file=%file_sha%".into(),
        ..file
    }
}

fn us(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}
