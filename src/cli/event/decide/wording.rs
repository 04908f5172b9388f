//! Scopes and results of decisions in the words of the help desk.

use jiff::{SignedDuration, Timestamp};

use crate::cli::error::CliError;
use crate::cli::labels::rule_label;
use crate::cli::policy_files::counted;
use crate::cli::ui::{Offer, Ui, harmless};
use crate::client::Client;
use crate::rule::{FieldChange, MachineId, Outcome, PolicyKind, RuleDifference, RuleDraft, Scope};

/// Maximum rules that are shown. The others are only counted.
pub(in crate::cli::event) const MOST_SHOWN: usize = 5;

/// The number of Macs in the fleet, if it is known.
pub(in crate::cli::event) async fn fleet_size(client: &Client) -> Option<u64> {
    let counts = client.host_counts().await.ok()?;
    Some(counts.items.iter().map(|count| count.hosts).sum::<u64>() + counts.uncounted)
}

/// How many Macs of a scope reported the programs.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::event) struct Reported {
    pub(in crate::cli::event) macs: usize,
    pub(in crate::cli::event) programs: usize,
}

/// This Mac only, as an item of the list of scopes.
pub(in crate::cli::event) fn this_mac(hostname: &str) -> Offer {
    Offer::new(format!("this Mac ({hostname})"), "")
}

/// A scope with several Macs, as an item of the list of scopes.
pub(in crate::cli::event) fn offer(
    scope: &Scope,
    fleet: Option<u64>,
    reported: Option<Reported>,
) -> Offer {
    let macs = match scope {
        Scope::Fleet => match fleet {
            Some(count @ 2..) => format!("all {count} Macs"),
            Some(_) | None => "all Macs".to_owned(),
        },
        Scope::Tag(_) => "all Macs with this tag".to_owned(),
        Scope::User(name) => format!("all Macs of {name}"),
        Scope::Group(_) => "all Macs of users in this group".to_owned(),
        Scope::Host(_) => "one Mac".to_owned(),
    };
    let reported = reported.map(|Reported { macs, programs }| {
        let programs = if programs == 1 { "the program" } else { "the programs" };
        format!("; {macs} of them reported {programs}")
    });
    Offer::new(scope, macs + &reported.unwrap_or_default())
}

/// Where a rule applies, after the word "on".
pub(in crate::cli::event) fn place(
    scope: &Scope,
    hostname: impl FnOnce(&MachineId) -> String,
) -> String {
    match scope {
        Scope::Fleet => "all Macs".to_owned(),
        Scope::Tag(tag) => format!("all Macs with the tag {tag}"),
        Scope::User(name) => format!("all Macs of {name}"),
        Scope::Group(name) => format!("all Macs of users in the group {name}"),
        Scope::Host(machine) => hostname(machine),
    }
}

/// The rules of a decision, and how to name their programs and hosts.
pub(in crate::cli::event) struct Results<'a> {
    pub(in crate::cli::event) rules: &'a [RuleDraft],
    pub(in crate::cli::event) outcomes: &'a [Outcome],
    pub(in crate::cli::event) differences: &'a [RuleDifference],
    pub(in crate::cli::event) program: &'a dyn Fn(&RuleDraft) -> String,
    pub(in crate::cli::event) hostname: &'a dyn Fn(&MachineId) -> String,
}

impl Results<'_> {
    /// Shows what was allowed or blocked, each with its rule on a second line.
    pub(in crate::cli::event) fn show(&self, ui: &Ui) -> Result<(), CliError> {
        let lines = self.lines(ui.now(), |at| ui.local_minute(at));
        // The name of a file may contain line breaks.
        let lines: Vec<_> = lines.iter().map(|line| harmless(line)).collect();
        ui.data((lines.join("\n") + "\n").as_bytes())
    }

    fn lines(&self, now: Timestamp, written: impl Fn(Timestamp) -> String) -> Vec<String> {
        let Self { rules, outcomes, differences, .. } = self;
        let mut lines = Vec::new();
        if rules.len() > MOST_SHOWN {
            lines.push(format!("{}; the first {MOST_SHOWN}:", counted(rules.len(), "rule")));
        }
        for (place, (rule, outcome)) in rules.iter().zip(*outcomes).enumerate().take(MOST_SHOWN) {
            lines.push(self.sentence(rule, *outcome, now, &written));
            lines.push(format!("  {}", rule_label(rule)));
            let changed = differences.iter().filter(|difference| difference.edit == place);
            let fields = changed.flat_map(|difference| &difference.fields);
            lines.extend(fields.map(|field| field_line(field, &written)));
        }
        lines
    }

    /// As in `allowed Zoom on mira-mbp.local until 2026-12-01 16:45 (24h)`.
    fn sentence(
        &self,
        rule: &RuleDraft,
        outcome: Outcome,
        now: Timestamp,
        written: impl Fn(Timestamp) -> String,
    ) -> String {
        let allows = rule.policy.parse::<PolicyKind>().is_ok_and(PolicyKind::allows);
        let verb = if allows { "allowed" } else { "blocked" };
        let already = if outcome == Outcome::Unchanged { "already " } else { "" };
        let scope = if rule.scope.is_empty() { Ok(Scope::Fleet) } else { rule.scope.parse() };
        let place = scope.map_or_else(|_| rule.scope.clone(), |it| place(&it, self.hostname));
        let until = rule
            .expires
            .map(|at| format!(" until {} ({})", written(at), rounded(at.duration_since(now))));
        let program = (self.program)(rule);
        format!("{already}{verb} {program} on {place}{}", until.unwrap_or_default())
    }
}

fn field_line(
    FieldChange { field, before, after }: &FieldChange,
    written: impl Fn(Timestamp) -> String,
) -> String {
    let value = |value: &Option<Box<str>>| match value.as_deref() {
        None => "none".to_owned(),
        Some(text) => match text.parse::<Timestamp>() {
            Ok(at) if &**field == "expires" => written(at),
            _ => text.to_owned(),
        },
    };
    format!("    {} {} → {}", field.replace('_', " "), value(before), value(after))
}

/// A duration in its nearest unit. A rule for 24h was created a moment ago, and still shows 24h.
fn rounded(duration: SignedDuration) -> String {
    let minutes = (duration.as_secs() + 30) / 60;
    let hours = (minutes + 30) / 60;
    match hours {
        _ if minutes < 60 => format!("{minutes}m"),
        ..=48 => format!("{hours}h"),
        hours => format!("{}d", (hours + 12) / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-30T16:45:02Z";

    fn rule(scope: &str, expires: Option<&str>) -> RuleDraft {
        let mut json = serde_json::json!({
            "target": "teamid:EQHXZ8M8AV", "policy": "allow", "scope": scope,
        });
        if let Some(expires) = expires {
            json["expires"] = expires.into();
        }
        serde_json::from_value(json).unwrap()
    }

    fn lines(rules: &[RuleDraft], outcome: Outcome, fields: &[FieldChange]) -> Vec<String> {
        let outcomes = vec![outcome; rules.len()];
        let differences = [RuleDifference { edit: 0, fields: fields.to_vec() }];
        let results = Results {
            rules,
            outcomes: &outcomes,
            differences: &differences,
            program: &|_: &RuleDraft| "Zoom Workplace Helper".to_owned(),
            hostname: &|machine: &MachineId| format!("{}.local", machine.as_str()),
        };
        let written = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        results.lines(NOW.parse().unwrap(), written)
    }

    #[test]
    fn a_result_names_the_program_the_mac_and_the_expiry() {
        let rules = [rule("host:mira-mbp", Some("2026-12-01T16:45:00Z"))];
        assert_eq!(
            lines(&rules, Outcome::Added, &[]),
            [
                "allowed Zoom Workplace Helper on mira-mbp.local until 2026-12-01 16:45 (24h)",
                "  allow teamid:EQHXZ8M8AV in host:mira-mbp",
            ]
        );
        let unchanged = lines(&[rule("tag:eng", None)], Outcome::Unchanged, &[]);
        assert_eq!(
            unchanged[0],
            "already allowed Zoom Workplace Helper on all Macs with the tag eng"
        );
        let field = FieldChange {
            field: "expires".into(),
            before: Some("2026-12-01T16:45:00Z".into()),
            after: None,
        };
        let changed = lines(&[rule("fleet", None)], Outcome::Changed, &[field]);
        assert_eq!(changed[2], "    expires 2026-12-01 16:45 → none");
    }

    #[test]
    fn many_rules_are_counted_and_the_first_are_shown() {
        let rules = vec![rule("user:mira", None); 7];
        let shown = lines(&rules, Outcome::Added, &[]);
        assert_eq!((shown[0].as_str(), shown.len()), ("7 rules; the first 5:", 11));
    }

    #[test]
    fn a_scope_is_described_by_its_macs() {
        let described = |scope: &str, fleet, reported| {
            let Offer { name, explanation } = offer(&scope.parse().unwrap(), fleet, reported);
            format!("{name}  {explanation}")
        };
        let reported = |macs, programs| Some(Reported { macs, programs });
        assert_eq!(
            described("tag:eng", None, reported(1, 1)),
            "tag:eng  all Macs with this tag; 1 of them reported the program"
        );
        assert_eq!(
            described("fleet", Some(5), reported(2, 3)),
            "fleet  all 5 Macs; 2 of them reported the programs"
        );
        assert_eq!(described("user:mira", Some(5), None), "user:mira  all Macs of mira");
        assert_eq!(described("fleet", None, None), "fleet  all Macs");
    }

    #[test]
    fn a_duration_is_rounded() {
        let shown = |seconds| rounded(SignedDuration::from_secs(seconds));
        assert_eq!(shown(24 * 3600 - 3), "24h");
        assert_eq!(shown(7 * 86_400 - 3), "7d");
        assert_eq!(shown(1800), "30m");
    }
}
