//! `nicelist detect explain`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde::Serialize;

use super::rule_input;
use crate::cel::{Outcome, Program, Schema, Stop, Type, Value};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::expression_parts::{Part, parts};
use crate::cli::policy_files::{STDIO, counted};
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone, Ui};
use crate::detect::check::{
    EventValues, Matching, TelemetryChecker, TelemetrySchema, compile, kinds_of,
};
use crate::detect::evaluate::MOST_COST;
use crate::detect::rule_files::{Detection, Dialect, read};
use crate::detect::spool::{Events, SpoolReader};
use crate::detect::telemetry::Kind;

/// Show why a detection matches an event or not
///
/// Evaluates the expression of a detection for the events of a file, and shows the value of each
/// part. Exceptions (unless) are shown, too. The file can be a file of Santa's spool, the output of
/// santactl printlog, or events in JSON. Events of kinds that the detection cannot match are left
/// out, and so are events after the first 20.
///
/// The process tree is not known here, so parts that depend on parent.path have no value.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect explain NL-EXEC-001 --rules detections/ --event event.json
  santactl printlog FILE \\
      | nicelist detect explain NL-EXEC-001 --rules detections/ --event -")]
pub(crate) struct ExplainArgs {
    /// ID of a detection
    #[arg(value_name = "RULE")]
    rule: String,
    /// File or folder with the detection
    #[arg(long, value_name = "PATH", default_value = ".", value_hint = ValueHint::AnyPath)]
    rules: PathBuf,
    /// File with events; - reads stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    event: PathBuf,
}

/// Maximum events that are shown.
const MOST_EVENTS: usize = 20;

#[derive(Serialize)]
struct ExplainView {
    id: String,
    title: String,
    events: Vec<EventVerdict>,
}

#[derive(Serialize)]
struct EventVerdict {
    /// The number of the event in the file, which begins at 1.
    event: usize,
    kind: &'static str,
    /// `match`, `exception`, `no-match`, `unknown` or `error`.
    verdict: &'static str,
    parts: Vec<Part>,
}

/// The expressions of a detection.
struct Compiled {
    expression: Program,
    exceptions: Vec<Program>,
    dialect: Dialect,
}

pub(super) async fn run(context: &Context, args: ExplainArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let detection = find(&args)?;
    let compiled = Compiled::of(&detection)?;
    let mut reader = SpoolReader::default();
    let (events, skipped) = match args.event == Path::new(STDIO) {
        true => compiled.verdicts(reader.read(Path::new("stdin"), io::stdin())),
        false => match reader.open(&args.event)? {
            Some(events) => compiled.verdicts(events),
            None => {
                let text = format!("cannot read {}: not found", args.event.display());
                return Err(CliError::failed(text));
            }
        },
    };
    let lost = usize::try_from(reader.health().lost.total()).unwrap_or(usize::MAX);
    if lost > 0 {
        ui.warn(format!("{} left out because they cannot be read", counted(lost, "event")));
    }
    if events.is_empty() {
        let read = counted(skipped, "event");
        let text =
            format!("{} contains no event that {} can match", args.event.display(), args.rule);
        return Err(CliError::failed(text).because([format!("{read} of other kinds")]));
    }
    let (id, title) = (detection.id.to_string(), detection.title.to_string());
    show(ui, &ExplainView { id, title, events })?;
    if skipped > 0 {
        ui.status(format!("{} not shown", counted(skipped, "event")));
    }
    Ok(())
}

/// The detection with the ID. Files without it may have errors.
fn find(args: &ExplainArgs) -> Result<Detection, CliError> {
    let files = rule_input::open(&args.rules)?;
    let read = read(&files, &TelemetryChecker);
    let found = read.valid().iter().find(|placed| placed.detection.id.as_str() == args.rule);
    found.map(|placed| placed.detection.clone()).ok_or_else(|| {
        let rules = args.rules.display();
        let text = format!("no valid detection {} in {rules}", args.rule);
        CliError::failed(text).hint(format!("find mistakes: nicelist detect validate {rules}"))
    })
}

impl Compiled {
    fn of(detection: &Detection) -> Result<Self, CliError> {
        let program = |source: &str| {
            compile(source).map_err(|error| CliError::input(format!("{}: {error}", detection.id)))
        };
        let exceptions = detection.unless.iter().map(|it| program(it.as_str()));
        Ok(Self {
            expression: program(detection.expression.as_str())?,
            exceptions: exceptions.collect::<Result<_, _>>()?,
            dialect: detection.dialect.unwrap_or(Dialect::Map),
        })
    }

    /// The verdicts for the first events of the kinds that can match, and the number of the others.
    fn verdicts(&self, mut events: Events<'_>) -> (Vec<EventVerdict>, usize) {
        let kinds = kinds_of(&self.expression);
        let can_match =
            |kind: Kind| kinds.iter().any(|it| it.kind == kind && it.matching != Matching::Never);
        let (mut found, mut number) = (Vec::new(), 0);
        while let Some(event) = events.next_event() {
            number += 1;
            if found.len() < MOST_EVENTS
                && can_match(event.kind)
                && let Ok(values) = EventValues::decode(event.kind, event.message)
            {
                found.push(self.verdict(number, &values));
            }
        }
        let skipped = number - found.len();
        (found, skipped)
    }

    fn verdict(&self, event: usize, values: &EventValues) -> EventVerdict {
        let (outcome, mut found) = self.trace(&self.expression, values);
        let mut verdict = verdict(&outcome);
        if verdict == "match" {
            for exception in &self.exceptions {
                let (outcome, more) = self.trace(exception, values);
                found.extend(more);
                if matches!(outcome, Ok(Value::Bool(true))) {
                    verdict = "exception";
                }
            }
        }
        EventVerdict { event, kind: values.kind().name(), verdict, parts: found }
    }

    fn trace(&self, program: &Program, values: &EventValues) -> (Outcome, Vec<Part>) {
        let (outcome, steps) = program.trace(values, MOST_COST);
        let schema = TelemetrySchema::of(self.dialect);
        let parts = parts(program, &steps, |part, value| enum_name(schema, program, part, value));
        (outcome, parts)
    }
}

fn verdict(outcome: &Outcome) -> &'static str {
    match outcome {
        Ok(Value::Bool(true)) => "match",
        Ok(_) => "no-match",
        Err(Stop::Unknown(_)) => "unknown",
        Err(Stop::Error { .. } | Stop::CostLimit) => "error",
    }
}

/// The name of a value, if the part is a field with values of an enum.
fn enum_name(
    schema: &TelemetrySchema,
    program: &Program,
    part: &str,
    value: &Value,
) -> Option<String> {
    let Value::Int(number) = value else { return None };
    let slot = program.slots().iter().find(|slot| *slot.name == *part)?;
    let Type::Enum(name) = slot.kind() else { return None };
    let known = schema.enums().iter().find(|it| it.name == *name)?;
    let value = known.values.iter().find(|value| value.number == *number)?;
    Some(value.name.to_owned())
}

fn show(ui: &Ui, view: &ExplainView) -> Result<(), CliError> {
    let lines: Vec<Line<'_>> =
        view.events.iter().map(|event| Line { id: &view.id, event }).collect();
    ui.outline(view, &lines, || view.events.iter().map(|event| section(view, event)).collect())
}

/// The detection and one event.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    #[serde(flatten)]
    event: &'a EventVerdict,
}

impl Row for Line<'_> {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("id", |it| Cell::text(it.id)),
            Column::new("event", |it| Cell::text(it.event.event)),
            Column::new("kind", |it| Cell::text(it.event.kind)),
            Column::new("verdict", |it| Cell::text(it.event.verdict)),
        ]
    }
}

fn section(view: &ExplainView, event: &EventVerdict) -> Section {
    let EventVerdict { event, kind, verdict, parts } = event;
    let about = match *verdict {
        "match" => "matches",
        "exception" => "is an exception",
        "no-match" => "does not match",
        "unknown" => "may match",
        _ => "does not match, because of an error",
    };
    let items = parts.iter().map(|it| Item {
        mark: ("=", Tone::Faint),
        name: it.part.clone(),
        values: vec![vec![Cell::text(&it.value)]],
    });
    let title = format!("{}: event {event} ({kind}) {about}", view.id);
    Section { title, items: items.collect(), rest: None }
}
