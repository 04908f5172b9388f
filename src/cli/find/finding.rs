//! The possible meanings of a text, as rows and in full.

use std::collections::HashMap;

use serde::Serialize;

use crate::api::{EventView, RuleView};
use crate::cli::labels::{capital, host_label, rule_label};
use crate::cli::ui::{Cell, Column, Group, Report, Row};
use crate::rule::RuleDraft;

/// Maximum rules of a program that are shown in full.
const MOST_RULES: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Event,
    Program,
    Host,
    User,
    Rule,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Program => "program",
            Self::Host => "host",
            Self::User => "user",
            Self::Rule => "rule",
        }
    }
}

/// One meaning of the text.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// The name in commands.
    pub(super) name: String,
    /// A description in one line.
    pub(super) about: String,
    /// The rules that match the program, in any scope.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rules: Vec<RuleView>,
    /// The number of hosts that reported the program, or that the user has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hosts: Option<u64>,
    /// The newest block on the host, for the user or of the program. For a program, only the newest
    /// reports of at most 100 hosts are searched. For an event, the event itself if it is a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_block: Option<EventView>,
    /// Why Santa blocked the program, if the last block shows it.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) why: &'static str,
    /// A command to paste.
    pub(super) next: String,
    /// The title for people, if it is not the name.
    #[serde(skip)]
    pub(super) title: Option<String>,
    /// The host names in the scopes of rules, by machine ID.
    #[serde(skip)]
    pub(super) hostnames: HashMap<String, String>,
}

impl Finding {
    /// A finding without rules, hosts and blocks.
    pub(super) fn new(kind: Kind, name: String, about: String, next: String) -> Self {
        Self {
            kind,
            name,
            about,
            rules: Vec::new(),
            hosts: None,
            last_block: None,
            why: "",
            next,
            title: None,
            hostnames: HashMap::new(),
        }
    }

    /// A rule in one line, with the name of the host instead of its machine ID.
    fn rule_line(&self, rule: &RuleDraft) -> String {
        let hostname = rule.scope.strip_prefix("host:").and_then(|id| self.hostnames.get(id));
        match hostname {
            Some(hostname) => format!("{} {} in host:{hostname}", rule.policy, rule.target),
            None => rule_label(rule),
        }
    }
}

impl Row for Finding {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("kind", |it| Cell::text(it.kind.word())),
            Column::new("name", |it| Cell::text(&it.name)),
            Column::new("about", |it| Cell::text(&it.about)),
            Column::new("rules", |it| {
                Cell::list(it.rules.iter().map(|view| rule_label(&view.rule)))
            }),
            Column::new("hosts", |it| Cell::optional(it.hosts)),
            Column::new("last_block", |it| match &it.last_block {
                Some(event) => Cell::Time(Some(event.happened())),
                None => Cell::text(""),
            }),
            Column::new("next", |it| Cell::text(&it.next)),
            Column::csv("why", |it| Cell::text(it.why)),
        ]
    }
}

impl Report for Finding {
    fn groups(&self) -> Vec<Group> {
        let Self { kind, name, about, rules, hosts, last_block, why, next, title, .. } = self;
        let mut fields = vec![("about", Cell::text(about)), ("hosts", Cell::optional(*hosts))];
        let shown = rules.iter().take(MOST_RULES);
        fields.extend(shown.map(|view| ("rule", Cell::text(self.rule_line(&view.rule)))));
        if let more @ 1.. = rules.len().saturating_sub(MOST_RULES) {
            fields.push(("", Cell::text(format!("and {more} more"))));
        }
        if *kind == Kind::Program && rules.is_empty() {
            fields.push(("rule", Cell::text("none")));
        }
        if let Some(event) = last_block {
            fields.push(("last_block", Cell::Time(Some(event.happened()))));
            fields.push(("blocked", Cell::text(blocked(event))));
        } else if matches!(kind, Kind::Program | Kind::Host | Kind::User) {
            fields.push(("last_block", Cell::text("none")));
        }
        fields.push(("why", Cell::text(why)));
        fields.push(("next", Cell::text(next)));
        let title = title.as_ref().unwrap_or(name);
        vec![Group::titled(format!("{} {title}", capital(kind.word())), fields)]
    }
}

/// What was blocked, where and for which user.
fn blocked(event: &EventView) -> String {
    let EventView { id, path, hostname, machine, user, .. } = event;
    let user = if user.is_empty() { String::new() } else { format!(" for {user}") };
    format!("{path} on {}{user} (event {id})", host_label(hostname, machine))
}
