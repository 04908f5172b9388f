//! The rule that a host gets for a target, and the reasons.

use crate::api::{Explanation, NextSync, Verdict};
use crate::cli::labels::host_label;
use crate::cli::ui::{Cell, Group, Report, Tone};

impl Report for Explanation {
    fn groups(&self) -> Vec<Group> {
        let name = host_label(&self.hostname, &self.machine);
        let title = format!("{} on {name}", self.target);
        let mut groups = vec![Group::titled(
            title,
            [
                ("outcome", outcome(self)),
                ("until_sync", until_sync(self)),
                ("last_seen", Cell::Time(self.next_sync.as_ref().and_then(|next| next.last_seen))),
                ("santa_version", Cell::text(&self.santa_version)),
            ],
        )];
        groups.extend(self.rules.iter().enumerate().map(|(place, rule)| {
            let part = if place == 0 { "decides" } else { "outranked" };
            Group::titled(
                format!("{} in {}", rule.rule.policy, rule.rule.scope),
                [
                    ("part", Cell::text(part)),
                    ("comment", Cell::optional(rule.rule.comment.as_ref())),
                    ("ticket", Cell::optional(rule.rule.ticket.as_ref())),
                    ("expires", Cell::Time(rule.rule.expires)),
                    ("author", Cell::text(&rule.author)),
                    ("since", Cell::Time(Some(rule.since))),
                    ("revision", Cell::text(rule.revision)),
                ],
            )
        }));
        groups
    }
}

/// After a restore, the rules of a host are not known until its clean sync.
pub(super) const UNKNOWN_UNTIL_SYNC: &str = "unknown, because the database was restored";

/// The policy for the target on the host until its next sync, if that sync changes it.
fn until_sync(explanation: &Explanation) -> Cell {
    match (&explanation.next_sync, explanation.held) {
        (None, _) => Cell::text(""),
        (Some(NextSync { restored: true, .. }), _) => Cell::toned(UNKNOWN_UNTIL_SYNC, Tone::Notice),
        (Some(_), Some(policy)) => Cell::toned(policy, Tone::Notice),
        (Some(_), None) => Cell::toned("no rule", Tone::Notice),
    }
}

fn outcome(explanation: &Explanation) -> Cell {
    let policy = explanation.rules.first().map_or("", |rule| rule.rule.policy.as_str());
    match explanation.verdict {
        Verdict::Sent => match explanation.policy {
            Some(sent) if sent.word() != policy => Cell::toned(
                format!("{sent}, because its Santa does not support {policy}"),
                Tone::Notice,
            ),
            Some(_) | None => Cell::toned(policy, Tone::Good),
        },
        Verdict::Withheld => {
            let needs = explanation.needs.as_deref().unwrap_or("another version");
            Cell::toned(format!("no rule: {policy} requires Santa {needs}"), Tone::Bad)
        }
        Verdict::Removed => {
            Cell::toned("no rule: the strongest rule is a remove rule", Tone::Notice)
        }
        Verdict::NoRule => {
            Cell::toned("no rule: no scope of the host has a rule for this target", Tone::Notice)
        }
    }
}
