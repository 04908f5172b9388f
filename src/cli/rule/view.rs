//! How rules look.

use crate::api::{RuleQuery, RuleView};
use crate::cli::difference::policy_cell;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone};
use crate::client::Client;
use crate::rule::{Rule, RuleDraft};

impl Row for RuleView {
    const COLUMNS: &'static [Column] = &[
        Column::new("target"),
        Column::new("policy"),
        Column::new("scope"),
        Column::machine("cel"),
        Column::machine("message"),
        Column::machine("url"),
        Column::machine("button_label"),
        Column::machine("app_name"),
        Column::machine("bundle_hash"),
        Column::machine("bundle_binary_count"),
        Column::new("comment"),
        Column::machine("ticket"),
        Column::machine("source"),
        Column::new("expires"),
        Column::machine("revision"),
        Column::machine("author"),
        Column::new("since"),
        Column::new("withheld"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let rule = &self.rule;
        vec![
            Cell::text(&rule.target),
            policy_cell(&rule.policy),
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
            expires(rule),
            Cell::text(self.revision),
            Cell::text(&self.author),
            Cell::Time(Some(self.since)),
            withheld(self),
        ]
    }
}

impl Report for RuleView {
    fn groups(&self) -> Vec<Group> {
        let title = format!("{} in {}", self.rule.target, self.rule.scope);
        let names = Self::COLUMNS.iter().map(|column| column.name);
        vec![Group::titled(title, names.zip(self.cells()))]
    }
}

/// An expiry; most rules have none, which is not worth a word.
fn expires(rule: &RuleDraft) -> Cell {
    rule.expires.map_or(Cell::text(""), |at| Cell::Time(Some(at)))
}

/// From how many hosts the rule is withheld, and why; most are withheld from none.
fn withheld(view: &RuleView) -> Cell {
    match (view.withheld, &view.needs) {
        (0, _) | (_, None) => Cell::text(""),
        (1, Some(needs)) => Cell::toned(format!("1 host (needs Santa {needs})"), Tone::Notice),
        (hosts, Some(needs)) => {
            Cell::toned(format!("{hosts} hosts (needs Santa {needs})"), Tone::Notice)
        }
    }
}

/// The rule of a view, checked.
pub(super) fn rule(view: RuleView) -> Result<Rule, CliError> {
    let target = view.rule.target.clone();
    Rule::try_from(view.rule).map_err(|error| {
        CliError::failed(format!("cannot read the rule for {target}"))
            .because([error.to_string()])
            .hint("the server may be newer than this nicelist")
    })
}

/// All rules that a query finds, checked.
pub(super) async fn all(client: &Client, query: &RuleQuery) -> Result<Vec<Rule>, CliError> {
    let mut pages = client.rules(query);
    let mut rules = Vec::new();
    while let Some(page) = pages.next().await? {
        for view in page {
            rules.push(rule(view)?);
        }
    }
    Ok(rules)
}
