//! Rows and reports of revisions.

use crate::api::RevisionView;
use crate::cli::ui::{Cell, Column, Group, Report, Row};
use crate::rule::Counts;

impl Row for RevisionView {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("revision", |view| Cell::text(view.mark.revision)),
            Column::new("at", |view| Cell::Time(Some(view.mark.at))),
            Column::new("author", |view| Cell::text(&view.mark.author)),
            Column::new("changes", |view| Cell::text(changes(view))),
            Column::new("message", |view| Cell::optional(view.mark.message.as_ref())),
            Column::csv("rules_added", |view| Cell::text(view.rules.added)),
            Column::csv("rules_changed", |view| Cell::text(view.rules.changed)),
            Column::csv("rules_removed", |view| Cell::text(view.rules.removed)),
            Column::csv("settings_added", |view| Cell::text(view.settings.added)),
            Column::csv("settings_changed", |view| Cell::text(view.settings.changed)),
            Column::csv("settings_removed", |view| Cell::text(view.settings.removed)),
            Column::csv("tags_added", |view| Cell::text(view.tags.added)),
            Column::csv("tags_changed", |view| Cell::text(view.tags.changed)),
            Column::csv("tags_removed", |view| Cell::text(view.tags.removed)),
            Column::csv("hosts", |view| Cell::text(view.hosts)),
        ]
    }
}

impl Report for RevisionView {
    fn groups(&self) -> Vec<Group> {
        let Self { mark, .. } = self;
        let fields = [
            ("at", Cell::Time(Some(mark.at))),
            ("author", Cell::text(&mark.author)),
            ("message", Cell::optional(mark.message.as_ref())),
            ("changes", Cell::text(changes(self))),
        ];
        vec![Group::titled(format!("Revision {}", mark.revision), fields)]
    }
}

/// What a revision changed: `rules +3 ~1, tags -1, 2 hosts tagged`.
fn changes(view: &RevisionView) -> String {
    let RevisionView { mark: _, rules, settings, tags, hosts } = view;
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
        1 => parts.push("1 host retagged".to_owned()),
        hosts => parts.push(format!("{hosts} hosts retagged")),
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RevisionMark;
    use crate::rule::Revision;

    #[test]
    fn changes_are_counted_by_kind() {
        let mark = RevisionMark {
            revision: Revision(1),
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            author: "anna".to_owned(),
            message: None,
        };
        let none = Counts::default();
        let view = RevisionView { mark, rules: none, settings: none, tags: none, hosts: 0 };
        assert_eq!(changes(&view), "");
        let rules = Counts { added: 3, changed: 1, removed: 0 };
        let tags = Counts { removed: 1, ..none };
        let view = RevisionView { rules, tags, hosts: 2, ..view };
        assert_eq!(changes(&view), "rules +3 ~1, tags -1, 2 hosts retagged");
    }
}
