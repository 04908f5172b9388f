//! The effects of new rules, shown before the rules are confirmed.

use super::super::decide::wording::MOST_SHOWN;
use super::super::view::waiting_label;
use super::new_scope::NewScope;
use crate::api::{DecisionsAnswer, WaitingHost, WaitingView};
use crate::cli::labels::{first_names, host_label, rule_label};
use crate::cli::policy_files::counted;
use crate::cli::ui::Ui;
use crate::rule::PolicyKind;

/// Maximum hosts or users that are shown for a program.
const MOST_NAMED: usize = 5;

/// Shows the new rules, and the hosts and users that they affect.
pub(super) fn show(
    ui: &Ui,
    picked: &[&WaitingView],
    scope: &NewScope,
    planned: &DecisionsAnswer,
    policy: PolicyKind,
) {
    for rule in planned.rules.iter().take(MOST_SHOWN) {
        ui.status(format!("  {}", rule_label(rule)));
    }
    if let more @ 1.. = planned.rules.len().saturating_sub(MOST_SHOWN) {
        ui.status(format!("  and {}", counted(more, "more rule")));
    }
    let effect = if policy.allows() { "will be allowed on" } else { "will be blocked on" };
    for program in picked.iter().take(MOST_SHOWN) {
        show_program(ui, program, scope, effect);
    }
    if let more @ 1.. = picked.len().saturating_sub(MOST_SHOWN) {
        ui.status(format!("  and {}", counted(more, "more program")));
    }
}

fn show_program(ui: &Ui, program: &WaitingView, scope: &NewScope, effect: &str) {
    let (covered, others): (Vec<&WaitingHost>, Vec<&WaitingHost>) =
        program.hosts.iter().partition(|host| scope.covers(host));
    let names = |hosts: &[&WaitingHost]| {
        let names = hosts.iter().map(|host| host_label(&host.hostname, &host.machine));
        first_names(names, MOST_NAMED)
    };
    let count = format!("{} of {}", covered.len(), counted(program.hosts.len(), "Mac"));
    let mut text = format!("  {} {effect} {count} after the next sync", waiting_label(program));
    if !covered.is_empty() {
        text.push_str(&format!(": {}", names(&covered)));
    }
    ui.status(text);
    if !others.is_empty() {
        ui.status(format!("    not on {}", names(&others)));
    }
    if !program.users.is_empty() {
        let users = program.users.iter().map(String::as_str);
        ui.status(format!("    run by {}", first_names(users, MOST_NAMED)));
    }
}
