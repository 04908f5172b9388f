//! Host names in scopes, and serial numbers that several hosts report.

use std::collections::{BTreeMap, BTreeSet};

use super::view::LocatedFinding;
use crate::api::{
    HostNames, HostNamesRequest, HostsOfName, RuleChange, RulePatch, SettingsRequest,
};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::client::Client;
use crate::fleet::{PolicyState, Setting, SettingKey};
use crate::lint::LintCode;
use crate::rule::{MachineId, Rule, RuleDraft, Scope, Target};

/// Maximum names per request.
const MOST_NAMES: usize = 10_000;
/// The reason in the history.
const REASON: &str = "move rules and settings from a host name to the machine ID";

/// Sends the names in host scopes to the server, which returns the hosts that have them.
pub(super) async fn check(client: &Client, policy: &PolicyState) -> Result<HostNames, CliError> {
    let of_rules = policy.rules.iter().map(Rule::scope);
    let of_settings = policy.settings.iter().map(|(scope, _)| scope);
    let names: BTreeSet<&MachineId> = of_rules
        .chain(of_settings)
        .filter_map(|scope| match scope {
            Scope::Host(name) => Some(name),
            Scope::Fleet | Scope::Group(_) | Scope::Tag(_) | Scope::User(_) => None,
        })
        .collect();
    let names: Vec<MachineId> = names.into_iter().cloned().collect();
    // The response also contains shared serial numbers, so one request is sent even without names.
    let mut found = HostNames::default();
    let mut parts = names.chunks(MOST_NAMES).map(<[MachineId]>::to_vec).collect::<Vec<_>>();
    if parts.is_empty() {
        parts.push(Vec::new());
    }
    for names in parts {
        let part = client.check_host_names(&HostNamesRequest { names }).await?;
        found.host_names.extend(part.host_names);
        found.shared_serials = part.shared_serials;
    }
    Ok(found)
}

pub(super) fn findings(names: &HostNames, policy: &PolicyState) -> Vec<LocatedFinding> {
    let of_name = names.host_names.iter().map(|of_name| {
        let content = content(of_name, policy);
        let HostsOfName { name, hosts, machines } = of_name;
        let message = match &machines[..] {
            [machine] => format!(
                "host:{name} matches no host, because {name} is only the host name of {machine}; \
                this leaves {content} without effect"
            ),
            _ => format!(
                "host:{name} matches no host, because {name} is only the host name of {hosts} \
                hosts; this leaves {content} without effect"
            ),
        };
        LocatedFinding::of(LintCode::HostName, message).in_scope(format!("host:{name}"))
    });
    let of_serial = names.shared_serials.iter().map(|HostsOfName { name, hosts, machines }| {
        let machines: Vec<&str> = machines.iter().map(MachineId::as_str).collect();
        let machines = machines.join(", ");
        let message = format!("{hosts} hosts report the serial number {name}: {machines}");
        LocatedFinding::of(LintCode::SharedSerial, message).in_scope(format!("host:{name}"))
    });
    of_name.chain(of_serial).collect()
}

/// The number of rules and settings in the scope of a name.
fn content(name: &HostsOfName, policy: &PolicyState) -> String {
    let rules = policy.rules.iter().filter(|rule| is_of(rule.scope(), name)).count();
    let settings = policy.settings.iter().filter(|(scope, _)| is_of(scope, name)).count();
    let (of_rules, of_settings) = (counted(rules, "rule"), counted(settings, "setting"));
    match (rules, settings) {
        (_, 0) => of_rules,
        (0, _) => of_settings,
        (_, _) => format!("{of_rules} and {of_settings}"),
    }
}

fn is_of(scope: &Scope, name: &HostsOfName) -> bool {
    matches!(scope, Scope::Host(host) if host.as_str() == name.name)
}

/// Moves rules and settings from the name of a host to its machine ID. If the machine ID already
/// has such a rule or setting, the one of the name is only removed. If several hosts have the name,
/// only warns.
pub(super) async fn fix(
    context: &Context,
    client: &Client,
    names: &HostNames,
    policy: &PolicyState,
    yes: bool,
) -> Result<(), CliError> {
    for name in &names.host_names {
        let [machine] = &name.machines[..] else {
            context.ui.warn(format!(
                "{} hosts have the name {}; add the rules and settings again with a machine ID",
                name.hosts, name.name
            ));
            continue;
        };
        let content = content(name, policy);
        let to = Scope::Host(machine.clone());
        context.ui.confirm(&format!("Move {content} from host:{} to {to}?", name.name), yes)?;
        move_rules(client, name, &to, policy).await?;
        move_settings(client, name, &to, policy).await?;
        context.ui.status(format!("moved {content} from host:{} to {to}", name.name));
    }
    Ok(())
}

async fn move_rules(
    client: &Client,
    name: &HostsOfName,
    to: &Scope,
    policy: &PolicyState,
) -> Result<(), CliError> {
    let of_machine = policy.rules.iter().filter(|rule| rule.scope() == to);
    let has: BTreeSet<&Target> = of_machine.map(Rule::target).collect();
    let (mut put, mut drop) = (Vec::new(), Vec::new());
    for rule in policy.rules.iter().filter(|rule| is_of(rule.scope(), name)) {
        if !has.contains(rule.target()) {
            let moved = RuleDraft { scope: to.to_string(), ..rule.clone().into() };
            put.push(RulePatch::from(moved));
        }
        drop.push(rule.key().clone());
    }
    if !drop.is_empty() {
        let message = REASON.parse().ok();
        client.change_rules(&RuleChange { message, put, drop, ..RuleChange::default() }).await?;
    }
    Ok(())
}

async fn move_settings(
    client: &Client,
    name: &HostsOfName,
    to: &Scope,
    policy: &PolicyState,
) -> Result<(), CliError> {
    let of_machine = policy.settings.iter().filter(|(scope, _)| scope == to);
    let has: BTreeSet<SettingKey> = of_machine.map(|(_, setting)| setting.key()).collect();
    let stored: Vec<&(Scope, Setting)> =
        policy.settings.iter().filter(|(scope, _)| is_of(scope, name)).collect();
    let Some((from, _)) = stored.first() else { return Ok(()) };
    let settings = stored.iter().map(|(_, setting)| setting);
    let set: BTreeMap<String, String> = settings
        .clone()
        .filter(|setting| !has.contains(&setting.key()))
        .map(|setting| (setting.key().to_string(), setting.value()))
        .collect();
    let unset: Vec<String> = settings.map(|setting| setting.key().to_string()).collect();
    let request = |scope: &Scope, set, unset| SettingsRequest {
        scope: scope.clone(),
        set,
        unset,
        message: REASON.parse().ok(),
        base: None,
        dry_run: false,
        force: false,
    };
    if !set.is_empty() {
        client.change_settings(&request(to, set, Vec::new())).await?;
    }
    client.change_settings(&request(from, BTreeMap::new(), unset)).await?;
    Ok(())
}
