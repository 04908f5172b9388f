//! What an expression decides, and the values of its parts.

use serde::Serialize;

use super::execution::NamedExecution;
use crate::cel::{self, Expression, Outcome, Program};
use crate::cli::error::CliError;
use crate::cli::expression_parts::{Part, parts};
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone, Ui};
use crate::rule::{CelVerdict, first_version_of_cel, is_cel_cacheable};

/// The first version of Santa with CEL rules.
const FIRST_SANTA: cel::Version = (2025, 6);

#[derive(Serialize)]
pub(super) struct CelView {
    expression: String,
    /// The type of the result.
    result: String,
    /// The first version of Santa that supports the expression.
    santa: String,
    /// Whether Santa keeps the result for later executions of the same program.
    cacheable: bool,
    uses: Vec<String>,
    executions: Vec<ExecutionVerdict>,
}

#[derive(Serialize)]
struct ExecutionVerdict {
    name: String,
    /// A policy, `none`, `unknown` or `error`.
    verdict: String,
    why: String,
    parts: Vec<Part>,
}

impl CelView {
    pub(super) fn of(
        expression: &Expression,
        program: &Program,
        executions: &[NamedExecution],
    ) -> Self {
        let (year, number) = first_version_of_cel(expression).unwrap_or(FIRST_SANTA);
        Self {
            expression: expression.as_str().to_owned(),
            result: program.result().to_string(),
            santa: format!("{year}.{number}"),
            cacheable: is_cel_cacheable(expression),
            uses: expression.uses().to_vec(),
            executions: executions.iter().map(|it| ExecutionVerdict::of(program, it)).collect(),
        }
    }
}

impl ExecutionVerdict {
    fn of(program: &Program, named: &NamedExecution) -> Self {
        let (outcome, steps) = program.trace(&named.execution, cel::DEFAULT_COST);
        let (verdict, why) = verdict(&outcome);
        Self { name: named.name.clone(), verdict, why, parts: parts(program, &steps, |_, _| None) }
    }
}

/// The verdict and its reason.
fn verdict(outcome: &Outcome) -> (String, String) {
    let no_rule = "Santa continues as if no rule matched";
    let (verdict, why) = match (CelVerdict::of(outcome), outcome) {
        (CelVerdict::Policy(kind), Ok(value)) => (kind.word(), format!("the result is {value}")),
        (CelVerdict::Policy(kind), Err(_)) => (kind.word(), String::new()),
        (CelVerdict::NoRule, _) => ("none", no_rule.to_owned()),
        (CelVerdict::Unknown(names), _) => {
            ("unknown", format!("the event does not contain {}", names.join(", ")))
        }
        (CelVerdict::Failed(reason), _) => ("error", format!("{reason}; {no_rule}")),
    };
    (verdict.to_owned(), why)
}

pub(super) fn show(ui: &Ui, view: &CelView) -> Result<(), CliError> {
    let lines: Vec<Line<'_>> = match view.executions.as_slice() {
        [] => vec![Line { view, execution: None }],
        executions => executions.iter().map(|it| Line { view, execution: Some(it) }).collect(),
    };
    ui.outline(view, &lines, || sections(view))
}

/// The expression and one execution.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    view: &'a CelView,
    #[serde(flatten)]
    execution: Option<&'a ExecutionVerdict>,
}

impl Row for Line<'_> {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("expression", |it| Cell::text(&it.view.expression)),
            Column::new("result", |it| Cell::text(&it.view.result)),
            Column::new("santa", |it| Cell::text(&it.view.santa)),
            Column::new("cacheable", |it| Cell::text(it.view.cacheable)),
            Column::new("name", |it| Cell::optional(it.execution.map(|it| &it.name))),
            Column::new("verdict", |it| Cell::optional(it.execution.map(|it| &it.verdict))),
            Column::new("why", |it| Cell::optional(it.execution.map(|it| &it.why))),
        ]
    }
}

fn sections(view: &CelView) -> Vec<Section> {
    let cached = match view.cacheable {
        true => "yes, for each program",
        false => "no, Santa evaluates the expression at each execution",
    };
    let facts = [
        ("result", view.result.clone()),
        ("cached", cached.to_owned()),
        ("santa", format!("{} or newer", view.santa)),
        ("uses", view.uses.join(", ")),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let items = known.map(|(name, value)| item(" ", name.to_owned(), value)).collect();
    let title = "The expression is valid".to_owned();
    let mut sections = vec![Section { title, items, rest: None }];
    for execution in &view.executions {
        let ExecutionVerdict { name, verdict, why, parts } = execution;
        let title = format!("{name}: {verdict} ({why})");
        let items = parts.iter().map(|it| item("=", it.part.clone(), it.value.clone())).collect();
        sections.push(Section { title, items, rest: None });
    }
    sections
}

fn item(mark: &'static str, name: String, value: String) -> Item {
    Item { mark: (mark, Tone::Faint), name, values: vec![vec![Cell::text(value)]] }
}
