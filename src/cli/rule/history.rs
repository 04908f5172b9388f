//! `nicelist rule show --history`: all versions of a target's rules.

use std::collections::BTreeMap;

use super::view::rule_columns;
use crate::api::RuleVersionView;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::history::deleted::deleted_before;
use crate::cli::labels::outcome_mark;
use crate::cli::policy_changes::rule_values;
use crate::cli::ui::{Cell, Column, Item, Row, Section, Tone};
use crate::client::Client;
use crate::rule::{Outcome, Revision, RevisionRecord, Scope, Target};

pub(super) async fn show(
    context: &Context,
    client: &Client,
    target: &Target,
) -> Result<(), CliError> {
    let versions = client.rule_history(target).all().await?;
    let start = client.status().await?.history_start;
    if versions.is_empty() {
        let missing = match &start {
            None => format!("no scope has ever had a rule for {target}"),
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

/// A section for each scope, with the changes newest first.
fn sections(target: &Target, versions: &[RuleVersionView]) -> Vec<Section> {
    let mut scopes: BTreeMap<Scope, Vec<&RuleVersionView>> = BTreeMap::new();
    for version in versions {
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

/// The changes of the rule of one scope. The versions are sorted, newest first.
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

fn item(outcome: Outcome, at: &RevisionRecord, values: Vec<Vec<Cell>>) -> Item {
    let mut all = vec![vec![Cell::Time(Some(at.at))], vec![Cell::text(&at.author)]];
    all.extend(values);
    let message = at.message.as_ref();
    all.extend(message.map(|text| vec![Cell::toned(format!("({text})"), Tone::Faint)]));
    Item { mark: outcome_mark(outcome), name: format!("revision {}", at.revision), values: all }
}

impl Row for RuleVersionView {
    fn columns() -> Vec<Column<Self>> {
        let mut columns = rule_columns();
        columns.extend([
            Column::new("made_revision", |version: &Self| Cell::text(version.made.revision)),
            Column::new("made_at", |version| Cell::text(version.made.at)),
            Column::new("made_by", |version| Cell::text(&version.made.author)),
            Column::new("made_why", |version| Cell::optional(version.made.message.as_ref())),
            Column::new("ended_revision", |version| ended(version, |mark| Some(mark.revision))),
            Column::new("ended_at", |version| ended(version, |mark| Some(mark.at))),
            Column::new("ended_by", |version| ended(version, |mark| Some(mark.author.clone()))),
            Column::new("ended_why", |version| ended(version, |mark| mark.message.clone())),
        ]);
        columns
    }

    fn identifier(&self) -> Option<String> {
        Some(self.made.revision.to_string())
    }
}

/// A value of the revision that replaced or removed a version, if there is one.
fn ended<T: ToString>(version: &RuleVersionView, of: fn(&RevisionRecord) -> Option<T>) -> Cell {
    Cell::optional(version.ended.as_ref().and_then(of))
}
