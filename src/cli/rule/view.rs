//! Rows and reports of rules.

use crate::api::{RuleQuery, RuleVersionView, RuleView};
use crate::cli::error::CliError;
use crate::cli::labels::policy_cell;
use crate::cli::ui::{Cell, Column, Group, Report, Row, Tone};
use crate::client::Client;
use crate::rule::{Rule, RuleDraft};

/// A value with all fields of a rule, for the columns that lists of rules share.
pub(super) trait HasRule {
    fn rule(&self) -> &RuleDraft;

    /// The name of the host in the scope, if it is known.
    fn hostname(&self) -> Option<&str>;
}

impl HasRule for RuleView {
    fn rule(&self) -> &RuleDraft {
        &self.rule
    }

    fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }
}

impl HasRule for RuleVersionView {
    fn rule(&self) -> &RuleDraft {
        &self.rule
    }

    fn hostname(&self) -> Option<&str> {
        None
    }
}

pub(super) fn rule_columns<R: HasRule>() -> Vec<Column<R>> {
    vec![
        Column::new("target", |it| Cell::text(&it.rule().target)),
        Column::new("policy", |it| policy_cell(&it.rule().policy)),
        Column::new("scope", scope),
        Column::csv("cel", |it| Cell::optional(it.rule().cel.as_ref())),
        Column::csv("message", |it| Cell::optional(it.rule().message.as_ref())),
        Column::csv("url", |it| Cell::optional(it.rule().url.as_ref())),
        Column::csv("button_label", |it| Cell::optional(it.rule().button_label.as_ref())),
        Column::csv("app_name", |it| Cell::optional(it.rule().app_name.as_ref())),
        Column::csv("bundle_hash", |it| Cell::optional(it.rule().bundle_hash.as_ref())),
        Column::csv("bundle_binary_count", |it| Cell::optional(it.rule().bundle_binary_count)),
        Column::new("comment", |it| Cell::optional(it.rule().comment.as_ref())),
        Column::csv("ticket", |it| Cell::optional(it.rule().ticket.as_ref())),
        Column::csv("source", |it| Cell::optional(it.rule().source.as_ref())),
        Column::new("expires", |it| expires(it.rule())),
    ]
}

impl Row for RuleView {
    fn columns() -> Vec<Column<Self>> {
        let mut columns = rule_columns();
        columns.extend([
            Column::csv("revision", |view: &Self| Cell::text(view.revision)),
            Column::csv("author", |view| Cell::text(&view.author)),
            Column::new("since", |view| Cell::Time(Some(view.since))),
            Column::new("withheld", withheld),
        ]);
        columns
    }
}

impl Report for RuleView {
    fn groups(&self) -> Vec<Group> {
        let title = format!("{} in {}", self.rule.target, self.rule.scope);
        let fields = Self::columns().into_iter().map(|column| (column.name, (column.cell)(self)));
        vec![Group::titled(title, fields)]
    }
}

/// The scope. A table has the name of a host instead of its machine ID, which would be shortened.
fn scope<R: HasRule>(it: &R) -> Cell {
    let data = it.rule().scope.clone();
    match it.hostname() {
        Some(name) => Cell::Shown { data, shown: format!("host:{name}"), tone: Tone::Plain },
        None => Cell::text(data),
    }
}

/// The expiry. It is empty for rules without one, which are most rules.
fn expires(rule: &RuleDraft) -> Cell {
    rule.expires.map_or(Cell::text(""), |at| Cell::Time(Some(at)))
}

/// The number of hosts whose Santa does not support the rule, and the version they need.
fn withheld(view: &RuleView) -> Cell {
    match (view.withheld, &view.needs) {
        (0, _) | (_, None) => Cell::text(""),
        (1, Some(needs)) => Cell::toned(format!("1 host (requires Santa {needs})"), Tone::Notice),
        (hosts, Some(needs)) => {
            Cell::toned(format!("{hosts} hosts (require Santa {needs})"), Tone::Notice)
        }
    }
}

/// Converts a rule from the server, and checks it.
pub(super) fn rule(view: RuleView) -> Result<Rule, CliError> {
    let target = view.rule.target.clone();
    Rule::try_from(view.rule).map_err(|error| {
        CliError::failed(format!("cannot read the rule for {target}"))
            .because([error.to_string()])
            .hint("the server may be newer than this nicelist")
    })
}

pub(super) async fn all(client: &Client, query: &RuleQuery) -> Result<Vec<Rule>, CliError> {
    client.rules(query).all().await?.into_iter().map(rule).collect()
}
