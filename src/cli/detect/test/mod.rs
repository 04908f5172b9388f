//! `nicelist detect test`.

mod formats;
mod trial;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

use super::diagnostic::{diagnostics, report};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{counted, name_of, unreadable};
use crate::cli::ui::{Cell, Column, Row, Tone, Ui};
use crate::detect::check::{TelemetryChecker, event_fault};
use crate::detect::rule_files::{
    Detection, Fixture, FixtureFile, FixtureTest, Level, Remark, open_fixtures, read,
};
use crate::document::{Fault, Position};

/// Run the tests of detections
///
/// The file NAME.test.yaml tests the detections of NAME.yaml in the same folder. It contains events,
/// and the signals that they must create. Each test begins without any state. docs/DETECTIONS.md
/// describes the files.
///
/// The exit code is 1 if a test fails, and 5 if a file is not valid.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect test detections/
  nicelist detect test detections/persistence.yaml
  nicelist detect test detections/ --format junit > junit.xml
  nicelist detect test detections/ --format tap")]
pub(crate) struct TestArgs {
    /// Rule file, file with tests, or folder
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
    /// Format for the tools of CI systems, instead of -o
    #[arg(long, value_name = "FORMAT")]
    format: Option<TestFormat>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TestFormat {
    Junit,
    Tap,
}

/// The detections of a file, with their tests.
struct Suite {
    /// The name of the file with tests.
    file: String,
    detections: Vec<Detection>,
    tests: Vec<FixtureTest>,
}

#[derive(Debug, Serialize)]
struct TestResult {
    result: &'static str,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    name: String,
    /// Why the test failed. Empty if it did not.
    problems: Vec<String>,
}

impl TestResult {
    fn is_failure(&self) -> bool {
        !self.problems.is_empty()
    }
}

impl Row for TestResult {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("result", |it| match it.is_failure() {
                true => Cell::toned(it.result, Tone::Bad),
                false => Cell::text(it.result),
            }),
            Column::new("file", |it| Cell::text(&it.file)),
            Column::new("line", |it| Cell::optional(it.line)),
            Column::new("name", |it| Cell::text(&it.name)),
            Column::new("problems", |it| Cell::list(&it.problems)),
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

pub(super) async fn run(context: &Context, args: TestArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let TestArgs { path, format } = args;
    let suites = suites(ui, &path)?;
    let results: Vec<TestResult> = suites.iter().flat_map(results).collect();
    let failed = results.iter().filter(|it| it.is_failure()).count();
    let count = counted(results.len(), "test");
    match format {
        Some(TestFormat::Junit) => ui.raw(formats::junit(&results).as_bytes())?,
        Some(TestFormat::Tap) => ui.raw(formats::tap(&results).as_bytes())?,
        None => ui.rows(results, "")?,
    }
    match failed {
        0 => {
            ui.status(format!("{count} passed"));
            Ok(())
        }
        _ => Err(CliError::failed(format!("{failed} of {count} failed"))),
    }
}

/// The suites of a path. All mistakes of all files are reported.
fn suites(ui: &Ui, path: &Path) -> Result<Vec<Suite>, CliError> {
    let files = open_fixtures(path).map_err(|error| unreadable(path, &error))?;
    if files.is_empty() {
        return Err(CliError::input(format!("{} has no tests", name_of(path)))
            .hint("write tests for NAME.yaml into NAME.test.yaml, next to it"));
    }
    let mut found = Vec::new();
    let mut invalid = 0;
    for file in &files {
        let suite = suite(ui, file);
        invalid += usize::from(suite.is_none());
        found.extend(suite);
    }
    match invalid {
        0 => Ok(found),
        _ => Err(CliError::input(format!("{} not valid", counted(invalid, "suite")))),
    }
}

/// The suite of a file. None if the file or its rule file is not valid, which is reported.
fn suite(ui: &Ui, file: &FixtureFile) -> Option<Suite> {
    let FixtureFile { tests, rules } = file;
    let rules = std::slice::from_ref(rules);
    let read = read(rules, &TelemetryChecker);
    let is_error = |remark: &&Remark| remark.level == Level::Error;
    let errors: Vec<Remark> = read.remarks().iter().filter(is_error).cloned().collect();
    report(ui, &diagnostics(&errors, &read, rules));
    let faults = match &tests.content {
        Ok(bytes) => match Fixture::read(bytes) {
            Ok(fixture) => {
                let faults = event_faults(&tests.name, &fixture);
                if faults.is_empty() && errors.is_empty() {
                    let detections = read.valid().iter().map(|it| it.detection.clone()).collect();
                    let (file, tests) = (tests.name.clone(), fixture.tests);
                    return Some(Suite { file, detections, tests });
                }
                faults
            }
            Err(faults) => faults.into_iter().map(|fault| placed(&tests.name, &fault)).collect(),
        },
        Err(reason) => vec![format!("{}: {reason}", tests.name)],
    };
    faults.iter().for_each(|fault| ui.fault(fault));
    None
}

fn placed(file: &str, fault: &Fault) -> String {
    match fault.position {
        Some(Position { line, column }) => format!("{file}:{line}:{column}: {}", fault.message),
        None => format!("{file}: {}", fault.message),
    }
}

/// The mistakes in the events of a file.
fn event_faults(file: &str, fixture: &Fixture) -> Vec<String> {
    let mut faults = Vec::new();
    for test in &fixture.tests {
        let line = test.position.map(|at| format!(":{}", at.line)).unwrap_or_default();
        for (number, event) in (1..).zip(&test.events) {
            if let Some(fault) = event_fault(&event.message) {
                let name = &test.name;
                faults.push(format!("{file}{line}: test \"{name}\": event {number}: {fault}"));
            }
        }
    }
    faults
}

fn results(suite: &Suite) -> Vec<TestResult> {
    let result = |test: &FixtureTest| {
        let problems = trial::problems(&suite.detections, test);
        TestResult {
            result: if problems.is_empty() { "passed" } else { "failed" },
            file: suite.file.clone(),
            line: test.position.map(|at| at.line),
            name: test.name.clone(),
            problems,
        }
    };
    suite.tests.iter().map(result).collect()
}
