//! Rows and reports of programs.

use crate::api::{
    DecisionView, ProgramDetail, ProgramView, RuleVersionView, RuleView, SightingView,
};
use crate::cli::labels::{first_names, host_label, publisher, rule_label};
use crate::cli::ui::{Cell, Column, Group, Report, Row};
use crate::rule::RevisionRecord;

/// Maximum items of each list in a report: hosts, versions, rules and decisions.
const MOST_SHOWN: usize = 10;
/// Maximum users of a host that are shown.
const MOST_USERS: usize = 3;

impl Row for ProgramView {
    const FROM_HOSTS: bool = true;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("id", |it| Cell::text(it.id)),
            Column::new("first_seen", |it| Cell::Time(Some(it.first_seen))),
            Column::new("last_seen", |it| Cell::Time(Some(it.last_seen))),
            Column::new("name", |it| Cell::text(&it.name)),
            Column::new("publisher", |it| Cell::text(publisher(&it.program))),
            Column::new("signed", |it| Cell::text(it.program.signing_status.word())),
            Column::new("hosts", |it| Cell::text(it.hosts)),
            Column::csv("sha256", |it| Cell::text(&it.program.sha256)),
            Column::csv("cdhash", |it| Cell::text(&it.program.cdhash)),
            Column::csv("signing_id", |it| Cell::text(&it.program.signing_id)),
            Column::csv("team_id", |it| Cell::text(&it.program.team_id)),
        ]
    }
}

impl Report for ProgramDetail {
    fn groups(&self) -> Vec<Group> {
        let Self { program, sightings, versions, rules, decisions, candidates, reason } = self;
        let targets = candidates.iter().map(|candidate| {
            let target = &candidate.target;
            let text = format!("{}  {}", target.identifier(), candidate.covers);
            (target.rule_type().word(), Cell::text(text))
        });
        let why = [("why_the_first", Cell::text(reason))];
        vec![
            identity(program),
            rows("Rules that match", "rule", rules, rule),
            decision_group(decisions),
            rows("Hosts", "host", sightings, sighting),
            rows("Other versions", "version", versions, version),
            Group::titled("Possible rules, best first", targets),
            Group { title: None, fields: why.into() },
        ]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.program.id.to_string())
    }
}

fn identity(view: &ProgramView) -> Group {
    let program = &view.program;
    Group::titled(
        format!("Program {}", view.id),
        [
            ("name", Cell::text(&view.name)),
            ("bundle", Cell::text(&view.bundle_name)),
            ("publisher", Cell::text(publisher(program))),
            ("signed", Cell::text(program.signing_status.word())),
            ("signing_id", Cell::text(&program.signing_id)),
            ("team_id", Cell::text(&program.team_id)),
            ("cdhash", Cell::text(&program.cdhash)),
            ("sha256", Cell::text(&program.sha256)),
            ("first_seen", Cell::Time(Some(view.first_seen))),
            ("last_seen", Cell::Time(Some(view.last_seen))),
            ("hosts", Cell::text(view.hosts)),
        ],
    )
}

/// The first items, and how many more there are.
fn rows<T>(title: &str, name: &'static str, items: &[T], show: fn(&T) -> String) -> Group {
    let mut fields: Vec<(&'static str, Cell)> =
        items.iter().take(MOST_SHOWN).map(|item| (name, Cell::text(show(item)))).collect();
    fields.extend(more(items));
    Group::titled(title, fields)
}

/// How many items are not shown, if any.
fn more<T>(items: &[T]) -> Option<(&'static str, Cell)> {
    let more = items.len().saturating_sub(MOST_SHOWN);
    (more > 0).then(|| ("", Cell::text(format!("and {more} more"))))
}

fn decision_group(decisions: &[DecisionView]) -> Group {
    let in_revision = |at: &RevisionRecord| format!("revision {} by {}", at.revision, at.author);
    let mut fields = Vec::new();
    for DecisionView { version, undone } in decisions.iter().take(MOST_SHOWN) {
        let RuleVersionView { rule, made, ended } = version;
        let text = format!("{}  ({})", rule_label(rule), in_revision(made));
        fields.push(("decision", Cell::text(text)));
        fields.push(("at", Cell::Time(Some(made.at))));
        if let Some(ended) = ended {
            let is_next = |next: &RuleVersionView| {
                next.made.revision == ended.revision
                    && (&next.rule.target, &next.rule.scope) == (&rule.target, &rule.scope)
            };
            let how = if *undone {
                "undone_in"
            } else if decisions.iter().any(|next| is_next(&next.version)) {
                "changed_in"
            } else {
                "removed_in"
            };
            fields.push((how, Cell::text(in_revision(ended))));
        }
    }
    fields.extend(more(decisions));
    Group::titled("Decisions", fields)
}

fn rule(view: &RuleView) -> String {
    format!("{}  (revision {} by {})", rule_label(&view.rule), view.revision, view.author)
}

fn sighting(view: &SightingView) -> String {
    let users = first_names(view.users.iter().map(String::as_str), MOST_USERS);
    let by = if users.is_empty() { String::new() } else { format!("  by {users}") };
    let host = host_label(&view.hostname, &view.machine);
    format!("{host}  {}  {}{by}", view.decision, view.path)
}

fn version(view: &ProgramView) -> String {
    let hash = view.program.sha256.get(..12).unwrap_or(&view.program.sha256);
    format!("{} {}  {hash}…  hosts: {}", view.id, view.name, view.hosts)
}
