//! Reads Moroz's files, and combines them.

use std::collections::{HashMap, HashSet};
use std::str::FromStr as _;

use super::toml_file::{self, FileContents};
use super::{ENDING, GLOBAL, SETTINGS, STALE};
use crate::document::{Node, Text, toml};
use crate::fleet::{EffectiveSettings, Setting};
use crate::format::detect::{is_for_people, toml_beginning};
use crate::format::{Defaults, File, Location, ParsedPolicy, PlacedRule, PlacedSetting, Remark};
use crate::rule::{MachineId, Policy, PolicyKind, Rule, Scope, Target};

pub fn recognises(file: &File) -> bool {
    let Ok(text) = Text::new(&file.bytes) else { return false };
    let text = text.as_str();
    let beginning = toml_beginning(text);
    is_moroz(beginning) || (beginning.len() < text.len() && is_moroz(text))
}

fn is_moroz(text: &str) -> bool {
    let (root, _) = toml::parse_recovering(&text.into());
    let is_rule =
        |row: &Node| ["rule_type", "policy"].into_iter().all(|key| row.get(key).is_some());
    let rules = root.get("rules").and_then(Node::elements).unwrap_or_default();
    let settings = SETTINGS.iter().map(|(name, _)| *name);
    let mut names = settings.chain(STALE.iter().map(|(name, _)| *name)).chain(["block_usb_mount"]);
    names.any(|name| root.get(name).is_some()) || rules.iter().any(is_rule)
}

/// Reads Moroz's files. A default scope replaces the fleet scope. For a single file, the default
/// scope applies regardless of the file's name.
pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let mut policy = ParsedPolicy::of(files);
    let alone = files.len() == 1;
    let mut parts = Vec::new();
    let mut events = 0;
    for (number, file) in (0..).zip(files) {
        let location = Location::whole(number);
        let owner = match role(&file.name, alone) {
            Role::ForPeople => continue,
            Role::Event => {
                events += 1;
                continue;
            }
            Role::Stray(text) => {
                policy.fault(location, text);
                continue;
            }
            Role::Policy { owner, note } => {
                policy.notes.extend(note.map(|text| Remark::new(location, text)));
                owner
            }
        };
        let scope = match (&owner, &defaults.scope) {
            (Owner::Machine(machine), None) => Scope::Host(machine.clone()),
            (Owner::Machine(machine), Some(_)) if !alone => Scope::Host(machine.clone()),
            (Owner::Machine(_) | Owner::AllMachines, Some(scope)) => scope.clone(),
            (Owner::AllMachines, None) => Scope::Fleet,
        };
        match Text::new(&file.bytes) {
            Ok(text) => {
                let contents = toml_file::read(number, &text, &scope, defaults, &mut policy);
                parts.push(Part { location, owner, scope, contents });
            }
            Err(fault) => policy.faults.push(Remark::of(number, fault)),
        }
    }
    if events > 0 {
        let files = match events {
            1 => "1 file contains".to_owned(),
            _ => format!("{events} files contain"),
        };
        let text = format!(
            "{files} events, which are not part of the policy; nicelist event import reads them"
        );
        policy.note(Location::whole(0), text);
    }
    refuse_second_owners(&parts, &mut policy);
    combine(parts, &mut policy);
    policy.sort_remarks();
    policy
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    /// Every host without a separate file.
    AllMachines,
    Machine(MachineId),
}

enum Role {
    Policy {
        owner: Owner,
        note: Option<String>,
    },
    /// An event that Moroz stored for a host.
    Event,
    ForPeople,
    Stray(String),
}

/// Detects the role of a file. Moroz uses only the last part of a file's path to find the hosts
/// that the file is for.
fn role(name: &str, alone: bool) -> Role {
    let base = name.rsplit('/').next().unwrap_or(name);
    if alone {
        return role_of_single(base);
    }
    if is_event(name) {
        return Role::Event;
    }
    let Some(stem) = base.strip_suffix(ENDING) else {
        return if is_for_people(name) {
            Role::ForPeople
        } else {
            Role::Stray("is not part of Moroz's policy; only .toml files are".to_owned())
        };
    };
    let nested = name.contains('/');
    let note = nested.then(|| "Moroz also reads files in subfolders".to_owned());
    match stem {
        GLOBAL => Role::Policy { owner: Owner::AllMachines, note },
        machine => match MachineId::from_str(machine) {
            Ok(machine) => Role::Policy { owner: Owner::Machine(machine), note },
            Err(error) => Role::Stray(format!("its name is not a valid machine ID: {error}")),
        },
    }
}

/// Detects the role of a single file, which may have any name. If the name is a hardware UUID, the
/// file applies only to that host. Otherwise it applies to all hosts.
fn role_of_single(base: &str) -> Role {
    let stem = base.strip_suffix(ENDING).unwrap_or(base);
    match MachineId::from_str(stem) {
        Ok(machine) if machine.is_uuid() => {
            let note = "the file of a Mac replaces global.toml; read the whole folder to include \
                global.toml";
            Role::Policy { owner: Owner::Machine(machine), note: Some(note.to_owned()) }
        }
        _ => {
            let note = (stem != GLOBAL).then(|| "is read as global.toml".to_owned());
            Role::Policy { owner: Owner::AllMachines, note }
        }
    }
}

/// Whether a path has the form `FILE-SHA256/MACHINE-ID/TIME.json`, at any depth.
fn is_event(name: &str) -> bool {
    let mut parts = name.rsplit('/');
    let (file, _, hash) = (parts.next(), parts.next(), parts.next());
    file.is_some_and(|file| file.ends_with(".json"))
        && hash.is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

struct Part {
    location: Location,
    owner: Owner,
    scope: Scope,
    contents: FileContents,
}

/// Refuses a second file for the same hosts. Moroz would use the file that it reads last.
fn refuse_second_owners(parts: &[Part], policy: &mut ParsedPolicy) {
    let mut seen: HashMap<&Owner, Location> = HashMap::new();
    for Part { location, owner, .. } in parts {
        match seen.get(owner) {
            None => drop(seen.insert(owner, *location)),
            Some(first) => {
                let first = policy.name_of(*first);
                let text = format!(
                    "applies to the same Macs as {first}, and Moroz uses the file that it reads \
                    last; move one of the two away"
                );
                policy.fault(*location, text);
            }
        }
    }
}

/// Adds the files to the policy. A host's file replaces the global file, so only the differences
/// between the two files are added for the host.
fn combine(parts: Vec<Part>, policy: &mut ParsedPolicy) {
    let global = parts.iter().find(|part| part.owner == Owner::AllMachines);
    let global = global.map(|part| part.contents.clone()).unwrap_or_default();
    for Part { location, owner, scope, contents } in parts {
        let layer = match owner {
            Owner::AllMachines => Layer { contents, ..Layer::default() },
            Owner::Machine(_) => Layer::over(&global, contents, &scope, location),
        };
        policy.notes.extend(layer.note().map(|text| Remark::new(location, text)));
        policy.rules.extend(layer.contents.rules);
        let settings = layer.contents.settings.into_iter();
        policy.settings.extend(settings.map(|(location, setting)| PlacedSetting {
            location,
            scope: scope.clone(),
            setting,
        }));
    }
}

/// The differences between a host's file and the global file. For the global file, its whole
/// content.
#[derive(Default)]
struct Layer {
    contents: FileContents,
    /// The number of global rules, except for `remove` rules, that the file lacks.
    removed: usize,
    /// The number of rules and settings that are equal in both files.
    shared: usize,
    /// The number of global settings that the file lacks and that differ from Santa's defaults.
    reset: usize,
}

impl Layer {
    fn over(global: &FileContents, own: FileContents, scope: &Scope, location: Location) -> Self {
        let mut layer = Self::default();
        let above: HashMap<&Target, &Rule> =
            global.rules.iter().map(|it| (it.rule.target(), &it.rule)).collect();
        let own_targets: HashSet<&Target> = own.rules.iter().map(|it| it.rule.target()).collect();
        let active = global.rules.iter().filter(|it| it.rule.policy().kind() != PolicyKind::Remove);
        let missing: Vec<&Target> = active
            .map(|it| it.rule.target())
            .filter(|target| !own_targets.contains(target))
            .collect();
        layer.removed = missing.len();
        for placed in own.rules {
            let said = above.get(placed.rule.target());
            if said.is_some_and(|said| is_same(said, &placed.rule)) {
                layer.shared += 1;
            } else {
                layer.contents.rules.push(placed);
            }
        }
        for target in missing {
            let rule = Rule::new(target.clone(), scope.clone(), Policy::Remove);
            layer.contents.rules.extend(rule.ok().map(|rule| PlacedRule { location, rule }));
        }
        layer.add_settings(global, own.settings, location);
        layer
    }

    fn add_settings(
        &mut self,
        global: &FileContents,
        own: Vec<(Location, Setting)>,
        location: Location,
    ) {
        let usual = EffectiveSettings::default().all();
        for (_, said) in &global.settings {
            if own.iter().any(|(_, setting)| setting.key() == said.key()) {
                continue;
            }
            let usual = usual.iter().find(|setting| setting.key() == said.key());
            if let Some(usual) = usual.filter(|usual| *usual != said) {
                self.reset += 1;
                self.contents.settings.push((location, usual.clone()));
            }
        }
        for (location, setting) in own {
            if global.settings.iter().any(|(_, said)| *said == setting) {
                self.shared += 1;
            } else {
                self.contents.settings.push((location, setting));
            }
        }
    }

    fn note(&self) -> Option<String> {
        let Self { contents: _, removed, shared, reset } = self;
        let lacks = (removed + reset > 0).then(|| {
            let rules = if *removed == 1 { "rule" } else { "rules" };
            let settings = if *reset == 1 { "setting" } else { "settings" };
            format!(
                "replaces global.toml, so this Mac gets {removed} `remove` {rules} and Santa's \
                default for {reset} {settings}"
            )
        });
        let repeats = match shared {
            0 => None,
            1 => Some("1 entry is the same as in global.toml and is left out".to_owned()),
            _ => Some(format!("{shared} entries are the same as in global.toml and are left out")),
        };
        let described: Vec<String> = lacks.into_iter().chain(repeats).collect();
        (!described.is_empty()).then(|| described.join("; "))
    }
}

/// Whether two rules for the same target have the same effect.
fn is_same(one: &Rule, other: &Rule) -> bool {
    one.policy() == other.policy() && one.notice == other.notice
}
