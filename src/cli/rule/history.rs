//! `nicelist rule show --history`: a target through time.

use std::collections::BTreeMap;

use crate::api::{RevisionMark, RuleVersionView};
use crate::cli::context::Context;
use crate::cli::difference::{mark, rule_values};
use crate::cli::error::CliError;
use crate::cli::history::deleted_before;
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone};
use crate::client::Client;
use crate::rule::{Outcome, Revision, Scope, Target};

pub(super) async fn show(
    context: &Context,
    client: &Client,
    target: &Target,
) -> Result<(), CliError> {
    let mut pages = client.rule_history(target);
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await? {
        versions.extend(page);
    }
    let start = client.status().await?.history_start;
    if versions.is_empty() {
        let missing = match &start {
            None => format!("no scope ever had a rule for {target}"),
            Some(start) => {
                format!("no scope has had a rule for {target} since revision {}", start.revision)
            }
        };
        return Err(CliError::failed(missing)
            .hint("nicelist rule list --text TEXT searches identifiers, comments and tickets"));
    }
    context.ui.outline(&versions, &versions, || sections(target, &versions))?;
    if let Some(start) = start {
        context.ui.hint(deleted_before(&start));
    }
    Ok(())
}

/// A section for each scope; in it what happened, newest first.
fn sections(target: &Target, versions: &[RuleVersionView]) -> Vec<Section> {
    let mut scopes: BTreeMap<Scope, Vec<&RuleVersionView>> = BTreeMap::new();
    for version in versions {
        // What the server says is read the same way as what people write.
        let scope = version.rule.scope.parse().unwrap_or(Scope::Fleet);
        scopes.entry(scope).or_default().push(version);
    }
    let section = |(scope, versions): (Scope, Vec<&RuleVersionView>)| Section {
        title: format!("{target} in {scope}"),
        items: items(&versions),
        rest: None,
    };
    scopes.into_iter().map(section).collect()
}

/// What happened to the rule of one scope, whose versions come newest first.
fn items(versions: &[&RuleVersionView]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut successor: Option<Revision> = None;
    for (place, version) in versions.iter().enumerate() {
        let after = &version.rule;
        if let Some(ended) = version.ended.as_ref()
            && Some(ended.revision) != successor
        {
            items.push(item(Outcome::Removed, ended, Vec::new()));
        }
        let made = &version.made;
        let older = versions.get(place + 1);
        let replaced = older.filter(|older| {
            older.ended.as_ref().is_some_and(|ended| ended.revision == made.revision)
        });
        items.push(match replaced {
            Some(older) => {
                item(Outcome::Changed, made, rule_values(Some(&older.rule), Some(after)))
            }
            None => item(Outcome::Added, made, rule_values(None, Some(after))),
        });
        successor = Some(made.revision);
    }
    items
}

fn item(outcome: Outcome, at: &RevisionMark, values: Vec<Vec<Cell>>) -> Item {
    let mut all = vec![vec![Cell::Time(Some(at.at))], vec![Cell::text(&at.author)]];
    all.extend(values);
    let message = at.message.as_ref();
    all.extend(message.map(|text| vec![Cell::toned(format!("({text})"), Tone::Faint)]));
    Item { mark: mark(outcome), name: format!("revision {}", at.revision), values: all }
}

impl Row for RuleVersionView {
    const COLUMNS: &'static [Column] = &[
        Column::new("target"),
        Column::new("policy"),
        Column::new("scope"),
        Column::new("cel"),
        Column::new("message"),
        Column::new("url"),
        Column::new("button_label"),
        Column::new("app_name"),
        Column::new("bundle_hash"),
        Column::new("bundle_binary_count"),
        Column::new("comment"),
        Column::new("ticket"),
        Column::new("source"),
        Column::new("expires"),
        Column::new("made_revision"),
        Column::new("made_at"),
        Column::new("made_by"),
        Column::new("made_why"),
        Column::new("ended_revision"),
        Column::new("ended_at"),
        Column::new("ended_by"),
        Column::new("ended_why"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let Self { rule, made, ended } = self;
        let mut cells = vec![
            Cell::text(&rule.target),
            Cell::text(&rule.policy),
            Cell::text(&rule.scope),
            Cell::optional(rule.cel.as_ref()),
            Cell::optional(rule.message.as_ref()),
            Cell::optional(rule.url.as_ref()),
            Cell::optional(rule.button_label.as_ref()),
            Cell::optional(rule.app_name.as_ref()),
            Cell::optional(rule.bundle_hash.as_ref()),
            Cell::optional(rule.bundle_binary_count),
            Cell::optional(rule.comment.as_ref()),
            Cell::optional(rule.ticket.as_ref()),
            Cell::optional(rule.source.as_ref()),
            Cell::optional(rule.expires),
        ];
        cells.extend(marked(Some(made)));
        cells.extend(marked(ended.as_ref()));
        cells
    }
}

fn marked(at: Option<&RevisionMark>) -> [Cell; 4] {
    [
        Cell::optional(at.map(|at| at.revision)),
        Cell::optional(at.map(|at| at.at)),
        Cell::optional(at.map(|at| &at.author)),
        Cell::optional(at.and_then(|at| at.message.as_ref())),
    ]
}
