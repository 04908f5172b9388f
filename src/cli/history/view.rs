//! How revisions look.

use crate::api::RevisionView;
use crate::cli::ui::{Cell, Column, Group, Report, Row};
use crate::rule::Counts;

impl Row for RevisionView {
    const COLUMNS: &'static [Column] = &[
        Column::new("revision"),
        Column::new("at"),
        Column::new("author"),
        Column::new("changes"),
        Column::new("message"),
        Column::machine("rules_added"),
        Column::machine("rules_changed"),
        Column::machine("rules_removed"),
        Column::machine("settings_added"),
        Column::machine("settings_changed"),
        Column::machine("settings_removed"),
        Column::machine("tags_added"),
        Column::machine("tags_changed"),
        Column::machine("tags_removed"),
        Column::machine("hosts"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let Self { mark, rules, settings, tags, hosts } = self;
        let mut cells = vec![
            Cell::text(mark.revision),
            Cell::Time(Some(mark.at)),
            Cell::text(&mark.author),
            Cell::text(changes(self)),
            Cell::optional(mark.message.as_ref()),
        ];
        for Counts { added, changed, removed } in [rules, settings, tags] {
            cells.extend([added, changed, removed].map(Cell::text));
        }
        cells.push(Cell::text(hosts));
        cells
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

/// How much a revision did: `rules +3 ~1, tags -1, 2 hosts tagged`.
fn changes(view: &RevisionView) -> String {
    let RevisionView { mark: _, rules, settings, tags, hosts } = view;
    let mut told = Vec::new();
    for (name, counts) in [("rules", rules), ("settings", settings), ("tags", tags)] {
        let Counts { added, changed, removed } = *counts;
        let marked = [("+", added), ("~", changed), ("-", removed)];
        let marked = marked.into_iter().filter(|(_, count)| *count > 0);
        let marked: String = marked.map(|(mark, count)| format!(" {mark}{count}")).collect();
        if !marked.is_empty() {
            told.push(format!("{name}{marked}"));
        }
    }
    match hosts {
        0 => {}
        1 => told.push("1 host retagged".to_owned()),
        hosts => told.push(format!("{hosts} hosts retagged")),
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RevisionMark;
    use crate::rule::Revision;

    #[test]
    fn what_a_revision_did_is_told_in_few_words() {
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
