//! Rows and reports of revisions.

use crate::cli::ui::{Cell, Column, Group, Report, Row};
use crate::rule::{Counts, RevisionCounts, RevisionSummary};

impl Row for RevisionSummary {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("revision", |view| Cell::text(view.record.revision)),
            Column::new("at", |view| Cell::Time(Some(view.record.at))),
            Column::new("author", |view| Cell::text(&view.record.author)),
            Column::new("changes", |view| Cell::text(changes(&view.counts))),
            Column::new("message", |view| Cell::optional(view.record.message.as_ref())),
            Column::csv("rules_added", |view| Cell::text(view.counts.rules.added)),
            Column::csv("rules_changed", |view| Cell::text(view.counts.rules.changed)),
            Column::csv("rules_removed", |view| Cell::text(view.counts.rules.removed)),
            Column::csv("settings_added", |view| Cell::text(view.counts.settings.added)),
            Column::csv("settings_changed", |view| Cell::text(view.counts.settings.changed)),
            Column::csv("settings_removed", |view| Cell::text(view.counts.settings.removed)),
            Column::csv("tags_added", |view| Cell::text(view.counts.tags.added)),
            Column::csv("tags_changed", |view| Cell::text(view.counts.tags.changed)),
            Column::csv("tags_removed", |view| Cell::text(view.counts.tags.removed)),
            Column::csv("hosts", |view| Cell::text(view.counts.hosts)),
        ]
    }
}

impl Report for RevisionSummary {
    fn groups(&self) -> Vec<Group> {
        let Self { record, counts } = self;
        let fields = [
            ("at", Cell::Time(Some(record.at))),
            ("author", Cell::text(&record.author)),
            ("message", Cell::optional(record.message.as_ref())),
            ("changes", Cell::text(changes(counts))),
        ];
        vec![Group::titled(format!("Revision {}", record.revision), fields)]
    }

    fn identifier(&self) -> Option<String> {
        Some(self.record.revision.to_string())
    }
}

/// What a revision changed: `rules +3 ~1, tags -1, tags of 2 hosts changed`.
fn changes(counts: &RevisionCounts) -> String {
    let RevisionCounts { rules, settings, tags, hosts } = counts;
    let mut parts = Vec::new();
    for (name, counts) in [("rules", rules), ("settings", settings), ("tags", tags)] {
        let Counts { added, changed, removed } = *counts;
        let marked = [("+", added), ("~", changed), ("-", removed)];
        let marked = marked.into_iter().filter(|(_, count)| *count > 0);
        let marked: String = marked.map(|(mark, count)| format!(" {mark}{count}")).collect();
        if !marked.is_empty() {
            parts.push(format!("{name}{marked}"));
        }
    }
    match hosts {
        0 => {}
        1 => parts.push("tags of 1 host changed".to_owned()),
        hosts => parts.push(format!("tags of {hosts} hosts changed")),
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted_by_kind() {
        let none = RevisionCounts::default();
        assert_eq!(changes(&none), "");
        let rules = Counts { added: 3, changed: 1, removed: 0 };
        let tags = Counts { removed: 1, ..Counts::default() };
        assert_eq!(
            changes(&RevisionCounts { rules, tags, hosts: 2, ..none }),
            "rules +3 ~1, tags -1, tags of 2 hosts changed"
        );
    }
}
