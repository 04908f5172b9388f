//! A host's decision about a program, and the reasons.

use jiff::{SignedDuration, Timestamp};

use super::target::UNKNOWN_UNTIL_SYNC;
use crate::api::{EvaluationView, NextSync, RuleMatch, RulePart, StepView};
use crate::cli::error::CliError;
use crate::cli::labels::{host_label, joined, policy_cell, program_label};
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone, Ui, relative, rough};
use crate::rule::{RuleDraft, RuleType, Ruling, StepResult};

pub(super) fn show(ui: &Ui, views: &[EvaluationView]) -> Result<(), CliError> {
    let rows: Vec<Matched<'_>> = views.iter().flat_map(matched).collect();
    ui.outline(&views, &rows, || views.iter().flat_map(|view| sections(view, ui.now())).collect())
}

/// A program and a rule that matches it, if there is one.
#[derive(serde::Serialize)]
struct Matched<'a> {
    path: &'a str,
    sha256: &'a str,
    machine: &'a str,
    ruling: Ruling,
    decided_by: &'a str,
    #[serde(flatten)]
    rule: Option<&'a RuleMatch>,
}

/// A text of the rule, if there is one.
fn draft(line: &Matched<'_>, text: fn(&RuleDraft) -> &String) -> Cell {
    Cell::optional(line.rule.map(|matched| text(&matched.rule.rule)))
}

/// The rules that match, or one line without a rule.
fn matched(view: &EvaluationView) -> Vec<Matched<'_>> {
    let line = |rule| Matched {
        path: &view.path,
        sha256: &view.program.sha256,
        machine: view.machine.as_str(),
        ruling: view.ruling,
        decided_by: &view.decided_by,
        rule,
    };
    match view.rules.as_slice() {
        [] => vec![line(None)],
        rules => rules.iter().map(|rule| line(Some(rule))).collect(),
    }
}

impl Row for Matched<'_> {
    const FROM_HOSTS: bool = true;

    /// The target of a rule that matches.
    fn identifier(&self) -> Option<String> {
        self.rule.map(|matched| matched.rule.rule.target.to_string())
    }

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("path", |it| Cell::text(it.path)),
            Column::new("sha256", |it| Cell::text(it.sha256)),
            Column::new("machine", |it| Cell::text(it.machine)),
            Column::new("ruling", |it| Cell::text(it.ruling.word())),
            Column::new("decided_by", |it| Cell::text(it.decided_by)),
            Column::new("part", |it| Cell::optional(it.rule.map(|matched| part(matched.part).0))),
            Column::new("policy", |it| draft(it, |rule| &rule.policy)),
            Column::new("target", |it| draft(it, |rule| &rule.target)),
            Column::new("scope", |it| draft(it, |rule| &rule.scope)),
            Column::new("why", |it| Cell::optional(it.rule.map(|matched| &matched.why))),
        ]
    }
}

/// The decision in one line, the rules, and the other steps.
fn sections(view: &EvaluationView, now: Timestamp) -> Vec<Section> {
    let decision = Section { title: decision(view), items: facts(view, now), rest: None };
    let mut sections = vec![decision];
    if !view.rules.is_empty() {
        let items = view.rules.iter().map(rule_item).collect();
        sections.push(Section { title: "Rules for the program".to_owned(), items, rest: None });
    }
    let is_shown_step = |step: &&StepView| {
        let is_rule = step.stage.parse::<RuleType>().is_ok();
        let is_shown = view.rules.iter().any(|rule| is_about(rule, &step.stage));
        !is_rule || (step.finding != StepResult::NoMatch && !is_shown)
    };
    let items: Vec<Item> = view.steps.iter().filter(is_shown_step).map(step_item).collect();
    sections.push(Section {
        title: "Other checks, in Santa's order".to_owned(),
        items,
        rest: None,
    });
    sections
}

fn is_about(matched: &RuleMatch, stage: &str) -> bool {
    matched.rule.rule.target.split(':').next() == Some(stage)
}

/// The decision and its reason, in one line.
fn decision(view: &EvaluationView) -> String {
    let host = host_label(&view.hostname, &view.machine);
    let name = program_label(&view.path, &view.program.sha256);
    let rule = |wanted| view.rules.iter().find(|rule| rule.part == wanted);
    let reason = match (rule(RulePart::Decides), rule(RulePart::Asks)) {
        (_, Some(asked)) => {
            let draft = &asked.rule.rule;
            format!(
                "the CEL expression of {} in {} decides each time the program starts",
                draft.target, draft.scope
            )
        }
        (Some(decides), None) => {
            let draft = &decides.rule.rule;
            format!("{} {} in {}", draft.policy, draft.target, draft.scope)
        }
        (None, None) => {
            match view.steps.iter().find(|step| step.finding == StepResult::Undetermined) {
                Some(doubt) if view.ruling == Ruling::Unknown => {
                    format!("{}: {}", doubt.stage, doubt.why)
                }
                Some(_) | None => format!("{}: {}", view.decided_by, view.why),
            }
        }
    };
    match (view.ruling, &view.next_sync) {
        (Ruling::Allow, None) => format!("{name} is allowed on {host}: {reason}"),
        (Ruling::Block, None) => format!("{name} is blocked on {host}: {reason}"),
        (Ruling::Allow, Some(_)) => format!(
            "{name} will be allowed on {host} after its next \
            sync: {reason}"
        ),
        (Ruling::Block, Some(_)) => {
            format!("{name} will be blocked on {host} after its next sync: {reason}")
        }
        (Ruling::Unknown, _) => format!(
            "it is unknown whether {name} is allowed on {host}: \
            {reason}"
        ),
    }
}

/// The number of pending rules of a host, when it was last seen, and how often it syncs.
fn outlook(next: &NextSync, now: Timestamp) -> String {
    let due = match next.due {
        0 => "no pending rules".to_owned(),
        1 => "1 pending rule".to_owned(),
        several => format!("{several} pending rules"),
    };
    let seen = next
        .last_seen
        .map_or("never seen".to_owned(), |seen| format!("last seen {}", relative(seen, now)));
    let every = rough(SignedDuration::from_secs(i64::from(next.interval)));
    format!("{due}; {seen}, syncs every {every}")
}

fn facts(view: &EvaluationView, now: Timestamp) -> Vec<Item> {
    let next = view.next_sync.as_ref();
    let until_then = match view.ruling_now {
        _ if next.is_some_and(|next| next.restored) => UNKNOWN_UNTIL_SYNC,
        Ruling::Allow => "it is allowed",
        Ruling::Block => "it is blocked",
        Ruling::Unknown => "unknown",
    };
    let program = &view.program;
    let signed = program.signing_status.word().to_owned();
    let leaf = program.certificate.as_ref().map(|leaf| leaf.common_name.clone());
    let facts = [
        ("until then", next.map(|_| until_then.to_owned()).unwrap_or_default()),
        ("sync", next.map(|next| outlook(next, now)).unwrap_or_default()),
        ("file", view.path.clone()),
        ("signed", [Some(signed), leaf].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ("signing ID", program.signing_id.clone()),
        ("mode", view.mode.to_string()),
        ("santa", view.santa_version.clone()),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let item = |(name, value): (&str, String)| Item {
        mark: (" ", Tone::Plain),
        name: name.to_owned(),
        values: vec![vec![Cell::text(value)]],
    };
    known.map(item).collect()
}

/// The word and the mark for the effect of a rule.
const fn part(part: RulePart) -> (&'static str, (&'static str, Tone)) {
    match part {
        RulePart::Decides => ("decides", (">", Tone::Strong)),
        RulePart::Asks => ("asks", ("?", Tone::Notice)),
        RulePart::Outranked => ("outranked", ("-", Tone::Faint)),
        RulePart::WeakerScope => ("weaker-scope", ("-", Tone::Faint)),
        RulePart::Withheld => ("withheld", ("!", Tone::Bad)),
        RulePart::Removes => ("removes", ("-", Tone::Faint)),
        RulePart::NotAsked => ("not-asked", ("-", Tone::Faint)),
    }
}

fn rule_item(matched: &RuleMatch) -> Item {
    let draft = &matched.rule.rule;
    let policy = match (draft.policy.as_str(), &draft.cel) {
        ("cel", Some(expression)) => Cell::toned(expression, Tone::Notice),
        (policy, _) => policy_cell(policy),
    };
    let (word, mark) = part(matched.part);
    // For the rule that decides, the mark and the policy already show the reason.
    let why = if matched.part == RulePart::Decides { "" } else { matched.why.as_str() };
    Item {
        mark,
        name: draft.target.clone(),
        values: vec![
            vec![policy],
            vec![Cell::text(&draft.scope)],
            vec![Cell::toned(joined([word, why], ": "), Tone::Faint)],
        ],
    }
}

fn step_item(step: &StepView) -> Item {
    let (mark, tone) = match step.finding {
        StepResult::Decides => (">", Tone::Strong),
        StepResult::Asks | StepResult::Undetermined | StepResult::Unseen => ("?", Tone::Notice),
        StepResult::Outranked | StepResult::NoMatch => ("-", Tone::Faint),
    };
    let ruling = step.ruling.map(|ruling| match ruling {
        Ruling::Allow => Cell::toned(ruling.word(), Tone::Good),
        Ruling::Block => Cell::toned(ruling.word(), Tone::Bad),
        Ruling::Unknown => Cell::toned(ruling.word(), Tone::Notice),
    });
    let scope = step.scope.as_ref().map(|scope| Cell::toned(format!("({scope})"), Tone::Faint));
    let values = [ruling, Some(Cell::text(&step.why)), scope];
    Item {
        mark: (mark, tone),
        name: step.stage.clone(),
        values: values.into_iter().flatten().map(|cell| vec![cell]).collect(),
    }
}
