//! `nicelist lab conformance`.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::args::seconds;
use super::certificates::CertificateArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Row, Tone};
use crate::lab::conformance::{
    BodyEncoding, Case, CaseReport, Demand, Header, HookCommand, Judge, Server, Status, all,
};

/// Check a sync server against the Santa protocol
///
/// Simulates clients of many Santa versions. Each test case creates its own hosts and shows what
/// the server did. The commands that you give with --hook do the tasks of an administrator, such as
/// adding a rule or tagging a host. A hook gets its parameters in environment variables such as
/// NICELIST_MACHINE, NICELIST_TARGET and NICELIST_POLICY. docs/CONFORMANCE.md lists all cases and
/// hooks. The exit code is 1 if the server fails a required case.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist lab conformance http://127.0.0.1:8080/santa/
  nicelist lab conformance https://santa.example.com/ \\
      --header 'X-Fleet: test' -o json
  nicelist lab conformance https://santa.example.com/ --secret SECRET \\
      --only wire --only rules
  nicelist lab conformance http://127.0.0.1:8080/santa/ \\
    --hook add-rule='sh examples/conformance.sh add-rule' \\
    --hook remove-rule='sh examples/conformance.sh remove-rule'
  nicelist lab conformance --list")]
pub(crate) struct ConformanceArgs {
    /// URL of the server, as in SyncBaseURL of a profile
    #[arg(value_name = "URL", required_unless_present = "list")]
    url: Option<String>,
    /// Command for a task of the administrator; can be repeated
    #[arg(long = "hook", value_name = "NAME=CMD")]
    hooks: Vec<HookCommand>,
    /// Run only cases whose name contains this text; can be repeated
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// List the cases, without a server
    #[arg(long, conflicts_with = "url")]
    list: bool,
    /// Encoding of request bodies: deflate, gzip or none [default: the first that the server
    /// accepts]
    #[arg(long, value_name = "ENCODING")]
    encoding: Option<BodyEncoding>,
    /// Send this header with every request; can be repeated
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<Header>,
    /// Send this secret as Authorization: Bearer
    #[arg(long)]
    secret: Option<String>,
    /// Timeout of each request in seconds; Santa's timeout is 30
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
    /// Prefix of the machine IDs of the test hosts [default: random]
    #[arg(long, value_name = "TEXT", value_parser = prefix)]
    prefix: Option<String>,
    #[command(flatten)]
    certificates: CertificateArgs,
}

pub(super) async fn run(context: &Context, args: ConformanceArgs) -> Result<(), CliError> {
    let cases = chosen(&args.only)?;
    let Some(url) = args.url else {
        return context.ui.rows(cases.into_iter().map(Listed::from), "no cases");
    };
    let mut headers = args.headers;
    if let Some(secret) = args.secret {
        let header = format!("Authorization: Bearer {secret}").parse();
        headers.push(header.map_err(|_| {
            CliError::usage(
                "--secret: contains characters that a \
            header cannot contain",
            )
        })?);
    }
    let server = Server::new(&url, &headers, args.certificates.read()?, args.timeout)?;
    let mut judge = Judge::new(server, args.hooks.into_iter().collect(), args.prefix);
    let encoding = judge.reach(args.encoding).await?;
    if encoding != BodyEncoding::Deflate {
        context.ui.status(format!("testing with the request encoding {encoding}"));
    }
    let progress = context.ui.progress(Some(cases.len() as u64), "testing");
    let mut reports = Vec::with_capacity(cases.len());
    for case in cases {
        progress.set_text(case.id);
        reports.push(judge.judge(case).await);
        progress.advance(1);
    }
    drop(progress);
    let summary = summary(&reports);
    let failed = reports.iter().any(|report| report.status == Status::Fail);
    context.ui.rows(reports, "no cases")?;
    if failed {
        return Err(CliError::failed(summary));
    }
    context.ui.status(summary);
    Ok(())
}

/// The cases with any of these texts in their name, in the order of the list. Without a text, all
/// cases.
fn chosen(only: &[String]) -> Result<Vec<&'static Case>, CliError> {
    let has = |text: &String| all().any(|case| case.id.contains(text.as_str()));
    if let Some(text) = only.iter().find(|text| !has(text)) {
        return Err(CliError::usage(format!("--only {text}: no case has this text in its name"))
            .hint("nicelist lab conformance --list lists all cases"));
    }
    let wanted = |case: &&Case| only.iter().any(|text| case.id.contains(text.as_str()));
    Ok(all().filter(|case| only.is_empty() || wanted(case)).collect())
}

/// The number of cases with each result.
fn summary(reports: &[CaseReport]) -> String {
    let count = |status| reports.iter().filter(|report| report.status == status).count();
    let (failed, passed) = (count(Status::Fail), count(Status::Pass));
    let (warnings, silent) = (count(Status::Warning), count(Status::NotApplicable));
    let mut counts = vec![format!("{passed} passed")];
    if failed > 0 {
        counts.insert(0, format!("{failed} failed"));
    }
    if warnings > 0 {
        counts.push(format!("{warnings} {}", if warnings == 1 { "warning" } else { "warnings" }));
    }
    if silent > 0 {
        counts.push(format!("{silent} not applicable"));
    }
    counts.join(", ")
}

/// A prefix of machine IDs that needs no escaping in a path.
fn prefix(text: &str) -> Result<String, String> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("expected letters, digits, hyphens, dots and underscores".to_owned()),
    }
}

impl Row for CaseReport {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("result", |verdict| {
                let (word, tone, _) = shown(verdict.status);
                Cell::toned(word, tone)
            }),
            Column::new("case", |verdict| Cell::text(verdict.case)),
            Column::csv("stage", |verdict| Cell::text(verdict.stage.word())),
            Column::csv("demand", |verdict| Cell::text(verdict.demand)),
            Column::new("asks", |verdict| Cell::text(verdict.asks)),
            Column::new("did", |verdict| Cell::toned(&verdict.did, shown(verdict.status).2)),
            Column::csv("why", |verdict| Cell::text(verdict.why)),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.case.to_string())
    }
}

/// The word for a status, its color, and the color of what the server did.
const fn shown(status: Status) -> (&'static str, Tone, Tone) {
    match status {
        Status::Pass => ("pass", Tone::Good, Tone::Plain),
        Status::Warning => ("warning", Tone::Notice, Tone::Notice),
        Status::Fail => ("FAIL", Tone::Bad, Tone::Bad),
        Status::NotApplicable => ("n/a", Tone::Faint, Tone::Faint),
    }
}

/// A case as `--list` shows it.
#[derive(Debug, Serialize)]
struct Listed {
    case: &'static str,
    stage: &'static str,
    demand: Demand,
    asks: &'static str,
    why: &'static str,
    needs: Vec<&'static str>,
}

impl From<&'static Case> for Listed {
    fn from(case: &'static Case) -> Self {
        let Case { id, demand, asks, why, needs, .. } = *case;
        let needs = needs.iter().map(|hook| hook.name()).collect();
        Self { case: id, stage: case.stage().word(), demand, asks, why, needs }
    }
}

impl Row for Listed {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("case", |listed| Cell::text(listed.case)),
            Column::csv("stage", |listed| Cell::text(listed.stage)),
            Column::new("demand", |listed| {
                Cell::toned(
                    listed.demand,
                    if listed.demand == Demand::Must { Tone::Plain } else { Tone::Faint },
                )
            }),
            Column::new("asks", |listed| Cell::text(listed.asks)),
            Column::csv("why", |listed| Cell::text(listed.why)),
            Column::new("hooks", |listed| Cell::list(&listed.needs)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_chosen_by_a_part_of_their_name() {
        let ids = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(|text| (*text).to_owned()).collect();
            chosen(&only).unwrap().iter().map(|case| case.id).collect()
        };
        assert_eq!(ids(&["postflight-e", "wire-status"]), ["wire-status", "postflight-empty"]);
        assert_eq!(ids(&[]).len(), all().count());
        assert_eq!(chosen(&["wires".to_owned()]).unwrap_err().kind.exit_code(), 2);
    }

    #[test]
    fn a_prefix_needs_no_encoding_in_a_path() {
        assert!(prefix("ci-42.b_1").is_ok());
        assert!(prefix("").is_err() && prefix("a/b").is_err() && prefix("a%20").is_err());
    }
}
