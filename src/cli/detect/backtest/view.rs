//! The results of `nicelist detect backtest`.

use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::cli::ui::{Cell, Column, Row, Tone, Ui};
use crate::detect::Signal;
use crate::detect::backtest::{Backtest, Difference, NoisyValue, RuleResult};
use crate::detect::spool::{Health, Loss};

/// The result in JSON.
#[derive(Serialize)]
struct Document<'r> {
    events: u64,
    undecodable: u64,
    rules: Vec<RuleRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signals: Option<&'r [Signal]>,
}

#[derive(Debug, Serialize)]
struct RuleRow {
    id: String,
    kind: &'static str,
    /// The number of signals.
    hits: u64,
    hosts: usize,
    ns_per_event: f64,
    #[serde(skip)]
    top_hosts: Vec<String>,
    #[serde(skip)]
    groups: Vec<String>,
    #[serde(skip)]
    noisiest: Vec<String>,
}

/// Maximum hosts of a rule that are shown by name.
const MOST_HOSTS: usize = 5;

impl RuleRow {
    fn of(result: &RuleResult) -> Self {
        let mut hosts: Vec<(&String, &u64)> = result.hosts.iter().collect();
        hosts.sort_by_key(|(_, hits)| std::cmp::Reverse(**hits));
        let with_hits = |(value, hits): (&str, u64)| format!("{value} ({hits})");
        let top_hosts = hosts.iter().take(MOST_HOSTS).map(|(host, hits)| (host.as_str(), **hits));
        let groups = result.groups.iter().map(|(group, hits)| (group.as_str(), *hits));
        let noisy = |it: &NoisyValue| format!("{}={} ({})", it.field, it.value, it.hits);
        Self {
            id: result.id.clone(),
            kind: result.kind.word(),
            hits: result.hits,
            hosts: result.hosts.len(),
            ns_per_event: (result.ns_per_event * 100.0).round() / 100.0,
            top_hosts: top_hosts.map(with_hits).collect(),
            groups: groups.map(with_hits).collect(),
            noisiest: result.noisiest.iter().map(noisy).collect(),
        }
    }
}

impl Row for RuleRow {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("id", |row: &Self| Cell::toned(&row.id, Tone::Strong)).whole(),
            Column::new("kind", |row: &Self| Cell::text(row.kind)),
            Column::new("hits", |row: &Self| Cell::text(row.hits)),
            Column::new("hosts", |row: &Self| Cell::text(row.hosts)),
            Column::new("ns_per_event", |row: &Self| Cell::text(row.ns_per_event)),
            Column::new("top_hosts", |row: &Self| Cell::list(&row.top_hosts)).rank(3),
            Column::new("groups", |row: &Self| Cell::list(&row.groups)).rank(2),
            Column::new("noisiest", |row: &Self| Cell::list(&row.noisiest)).rank(1),
        ]
    }
}

pub(super) fn backtest(ui: &Ui, result: &Backtest, with_signals: bool) -> Result<(), CliError> {
    let rules = result.rules.iter().map(RuleRow::of).collect();
    let Backtest { health, undecodable, .. } = result;
    if ui.writes_documents() {
        let signals = with_signals.then_some(&*result.signals);
        let document =
            Document { events: health.events, undecodable: *undecodable, rules, signals };
        ui.document(&document)?;
    } else {
        ui.rows(rules, "no detections")?;
        if with_signals {
            ui.rows(result.signals.iter().map(SignalRow::of).collect::<Vec<_>>(), "no signals")?;
        }
    }
    let hits: u64 = result.rules.iter().map(|rule| rule.hits).sum();
    summarize(ui, health, *undecodable, &counted_u64(hits, "signal"));
    warn_of_cost(ui, result.too_expensive);
    Ok(())
}

#[derive(Debug, Serialize)]
struct SignalRow {
    time: String,
    host: String,
    rule: String,
    severity: &'static str,
    actor: String,
    target: String,
}

impl SignalRow {
    fn of(signal: &Signal) -> Self {
        let context = |name: &str| {
            let value = signal.context.get(name).and_then(|value| value.as_str());
            value.unwrap_or_default().to_owned()
        };
        Self {
            time: signal.ts.to_string(),
            host: signal.host_id.clone(),
            rule: signal.rule_id.clone(),
            severity: signal.severity.word(),
            actor: context("actor_path"),
            target: context("target_path"),
        }
    }
}

impl Row for SignalRow {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("time", |row: &Self| Cell::text(&row.time)).whole(),
            Column::new("host", |row: &Self| Cell::text(&row.host)),
            Column::new("rule", |row: &Self| Cell::toned(&row.rule, Tone::Strong)),
            Column::new("severity", |row: &Self| Cell::text(row.severity)),
            Column::new("actor", |row: &Self| Cell::text(&row.actor)).rank(1),
            Column::new("target", |row: &Self| Cell::text(&row.target)),
        ]
    }
}

/// A rule with different signals.
#[derive(Debug, Serialize)]
struct DifferenceRow {
    id: String,
    added: u64,
    removed: u64,
    examples: Vec<ExampleRow>,
}

#[derive(Debug, Serialize)]
struct ExampleRow {
    change: &'static str,
    #[serde(flatten)]
    signal: SignalRow,
}

impl Row for DifferenceRow {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("id", |row: &Self| Cell::toned(&row.id, Tone::Strong)).whole(),
            Column::new("added", |row: &Self| Cell::text(row.added)),
            Column::new("removed", |row: &Self| Cell::text(row.removed)),
            Column::new("examples", |row: &Self| {
                Cell::list(row.examples.iter().map(|example| {
                    let ExampleRow { change, signal } = example;
                    format!("{change} {} {} {}", signal.time, signal.host, signal.target)
                }))
            })
            .rank(1),
        ]
    }
}

/// The comparison in JSON.
#[derive(Serialize)]
struct DifferenceDocument {
    events: u64,
    undecodable: u64,
    rules: Vec<DifferenceRow>,
}

pub(super) fn difference(ui: &Ui, result: &Difference) -> Result<(), CliError> {
    let rows = result.rules.iter().map(|(id, rule)| DifferenceRow {
        id: id.clone(),
        added: rule.added,
        removed: rule.removed,
        examples: rule
            .examples
            .iter()
            .map(|(is_added, signal)| ExampleRow {
                change: if *is_added { "added" } else { "removed" },
                signal: SignalRow::of(signal),
            })
            .collect(),
    });
    let rules: Vec<DifferenceRow> = rows.collect();
    let changed = counted(rules.len(), "rule");
    let Difference { health, undecodable, .. } = result;
    if ui.writes_documents() {
        let (events, undecodable) = (health.events, *undecodable);
        ui.document(&DifferenceDocument { events, undecodable, rules })?;
    } else {
        ui.rows(rules, "no differences")?;
    }
    summarize(ui, health, *undecodable, &format!("{changed} with other signals"));
    warn_of_cost(ui, result.too_expensive);
    Ok(())
}

/// Shows what was read. Events that cannot be read may hide an attack, so each reason is shown.
fn summarize(ui: &Ui, health: &Health, undecodable: u64, found: &str) {
    let events = counted_u64(health.events, "event");
    ui.status(format!("evaluated {events}: {found}"));
    if undecodable > 0 {
        let lost = health.lost.iter().map(|(loss, count): (Loss, u64)| format!("{loss} ({count})"));
        let lost: Vec<String> = lost.collect();
        let reasons =
            if lost.is_empty() { String::new() } else { format!(": {}", lost.join("; ")) };
        let what = match undecodable {
            1 => "1 event or file".to_owned(),
            count => format!("{count} events or files"),
        };
        ui.warn(format!("{what} could not be read completely{reasons}"));
    }
}

fn warn_of_cost(ui: &Ui, too_expensive: u64) {
    if too_expensive > 0 {
        let evaluations = counted_u64(too_expensive, "evaluation");
        ui.warn(format!("{evaluations} stopped early because of their cost, without a match"));
    }
}

fn counted_u64(count: u64, noun: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), noun)
}
