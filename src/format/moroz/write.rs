//! Writes Moroz's files.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ENDING, GLOBAL};
use crate::fleet::{ClientMode, Setting};
use crate::format::loss::Losses;
use crate::format::{Content, File, Written, santa};
use crate::rule::{MachineId, PolicyKind, Rule, Scope, Target};

/// Writes `global.toml`, and a file for each host that has its own rules or settings.
pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let mut layers = Layers::default();
    layers.take(content, &mut losses);
    layers.leave_out_repetitions(&mut losses);
    losses.0.sort_by_key(|loss| loss.rule.unwrap_or(usize::MAX));
    let fleet = layers.fleet;
    let mut files = vec![file(GLOBAL, "Rules and settings of the fleet.", &fleet)];
    for (machine, own) in layers.hosts {
        let mut all = fleet.clone();
        all.rules.extend(own.rules);
        all.settings.extend(own.settings);
        let head = "All rules and settings of this Mac: the file replaces global.toml.";
        files.push(file(machine.as_str(), head, &all));
    }
    Written { files, losses: losses.0 }
}

#[derive(Clone, Default)]
struct Layer<'a> {
    rules: BTreeMap<&'a Target, (usize, &'a Rule)>,
    settings: BTreeMap<&'static str, &'a Setting>,
}

#[derive(Default)]
struct Layers<'a> {
    fleet: Layer<'a>,
    hosts: BTreeMap<&'a MachineId, Layer<'a>>,
}

impl<'a> Layers<'a> {
    fn take(&mut self, content: Content<'a>, losses: &mut Losses) {
        let mut names = FileNames::default();
        for (index, rule) in content.rules.iter().enumerate() {
            let kind = rule.policy().kind();
            let layer = match policy(kind) {
                None => Err(format!("Moroz has no policy {kind}")),
                Some(_) => self.layer(rule.scope(), &mut names),
            };
            match layer {
                Ok(layer) => {
                    layer.rules.insert(rule.target(), (index, rule));
                    losses.fields(index, rule, &KEPT);
                }
                Err(reason) => losses.rule(index, reason),
            }
        }
        for (scope, setting) in content.settings {
            let layer = match entry(setting) {
                Some(_) => self.layer(scope, &mut names),
                None => Err("Moroz has no such setting".to_owned()),
            };
            match layer {
                Ok(layer) => {
                    layer.settings.insert(setting.key().name(), setting);
                }
                Err(reason) => losses.other(setting_lost(scope, setting, &reason)),
            }
        }
    }

    fn layer(&mut self, scope: &'a Scope, names: &mut FileNames) -> Result<&mut Layer<'a>, String> {
        match scope {
            Scope::Fleet => Ok(&mut self.fleet),
            Scope::Host(machine) => {
                names.check(machine)?;
                Ok(self.hosts.entry(machine).or_default())
            }
            Scope::Group(_) | Scope::Tag(_) | Scope::User(_) => {
                Err("Moroz has no tags, groups or users".to_owned())
            }
        }
    }

    /// Leaves out rules and settings of a host that are equal to those of the fleet. The file of a
    /// host also contains the rules and settings of the fleet. A reader of the file could not
    /// distinguish equal entries of the host and of the fleet.
    fn leave_out_repetitions(&mut self, losses: &mut Losses) {
        let Self { fleet, hosts } = self;
        for (machine, own) in hosts.iter_mut() {
            own.rules.retain(|target, (index, rule)| {
                let said = fleet.rules.get(target);
                let repeats = said.is_some_and(|(_, said)| is_same(said, rule));
                if repeats {
                    let reason = "the fleet has the same rule, and Moroz cannot distinguish the \
                        two";
                    losses.0.retain(|loss| loss.rule != Some(*index));
                    losses.rule(*index, reason);
                }
                !repeats
            });
            own.settings.retain(|key, setting| {
                let repeats = fleet.settings.get(key) == Some(setting);
                if repeats {
                    let scope = Scope::Host((*machine).clone());
                    let reason = "the fleet has the same value, and Moroz cannot distinguish the \
                        two";
                    losses.other(setting_lost(&scope, setting, reason));
                }
                !repeats
            });
        }
        hosts.retain(|_, own| !own.rules.is_empty() || !own.settings.is_empty());
    }
}

/// The optional fields of a rule that Moroz supports, each with nicelist's name and Moroz's name.
const KEPT: [(&str, &str); 2] = [("message", "custom_msg"), ("url", "custom_url")];

/// The machine IDs that are used as file names, by their lower-case form.
#[derive(Default)]
struct FileNames(BTreeMap<String, String>);

impl FileNames {
    fn check(&mut self, machine: &MachineId) -> Result<(), String> {
        let name = machine.as_str();
        let folded = name.to_lowercase();
        let odd = |letter: char| matches!(letter, '/' | '\\' | ':');
        if name.contains(odd) || name.starts_with('.') || folded == GLOBAL || name.trim() != name {
            return Err(format!("`{name}` cannot be the name of a Mac's file"));
        }
        match self.0.entry(folded).or_insert_with(|| name.to_owned()) {
            first if first == name => Ok(()),
            first => Err(format!(
                "its file name would differ from {first}'s only in upper and lower case, which \
                many disks ignore"
            )),
        }
    }
}

fn policy(kind: PolicyKind) -> Option<&'static str> {
    use PolicyKind::{Allow, AllowCompiler, Block, Remove};
    santa::policy_name_among(&[Allow, AllowCompiler, Block, Remove], kind)
}

fn setting_lost(scope: &Scope, setting: &Setting, reason: &str) -> String {
    format!("{} = {} for {scope}: {reason}", setting.key(), setting.value())
}

/// Whether two rules for the same target are equal in Moroz.
fn is_same(one: &Rule, other: &Rule) -> bool {
    one.policy() == other.policy()
        && one.notice.message == other.notice.message
        && one.notice.url == other.notice.url
}

#[derive(Default, Serialize)]
struct TomlFile<'a> {
    #[serde(flatten)]
    settings: BTreeMap<&'static str, Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    rule_type: &'static str,
    policy: &'static str,
    identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_url: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Word(String),
    Number(u32),
    Flag(bool),
}

/// A setting under Moroz's name. None if Moroz does not support the setting.
fn entry(setting: &Setting) -> Option<(&'static str, Entry)> {
    Some(match setting {
        Setting::ClientMode(ClientMode::Monitor) => ("client_mode", Entry::Word("MONITOR".into())),
        Setting::ClientMode(ClientMode::Lockdown) => {
            ("client_mode", Entry::Word("LOCKDOWN".into()))
        }
        Setting::FullSyncInterval(time) => ("full_sync_interval", Entry::Number(time.seconds())),
        Setting::BatchSize(size) => ("batch_size", Entry::Number(size.get())),
        Setting::EnableBundles(on) => ("enable_bundles", Entry::Flag(*on)),
        Setting::EnableTransitiveRules(on) => ("enable_transitive_rules", Entry::Flag(*on)),
        Setting::EnableAllEventUpload(on) => ("enable_all_event_upload", Entry::Flag(*on)),
        Setting::AllowedPathRegex(it) => ("allowed_path_regex", Entry::Word(it.as_str().into())),
        Setting::BlockedPathRegex(it) => ("blocked_path_regex", Entry::Word(it.as_str().into())),
        Setting::ClientMode(ClientMode::Standalone)
        | Setting::DisableUnknownEventUpload(_)
        | Setting::RemovableMedia(_)
        | Setting::EncryptedRemovableMedia(_)
        | Setting::OverrideFileAccessAction(_)
        | Setting::EventDetailUrl(_)
        | Setting::EventDetailText(_)
        | Setting::DriftRepair(_)
        | Setting::MachineIdConflicts(_)
        | Setting::EventRetention(_)
        | Setting::SightingRetention(_)
        | Setting::EventRetentionCount(_)
        | Setting::HistoryRetention(_)
        | Setting::HostRetention(_)
        | Setting::KeepUsers(_)
        | Setting::KeepPaths(_) => return None,
    })
}

fn file(stem: &str, head: &str, layer: &Layer<'_>) -> File {
    let settings = layer.settings.values().filter_map(|setting| entry(setting)).collect();
    let mut contents = TomlFile { settings, rules: Vec::new() };
    for (target, (_, rule)) in &layer.rules {
        contents.rules.extend(policy(rule.policy().kind()).map(|policy| Row {
            rule_type: santa::type_name(target.rule_type()),
            policy,
            identifier: target.identifier(),
            custom_msg: rule.notice.message.as_deref(),
            custom_url: rule.notice.url.as_deref(),
        }));
    }
    #[expect(clippy::expect_used, reason = "texts, numbers and flags can always be written")]
    let body = ::toml::to_string(&contents).expect("texts, numbers and flags");
    let gap = if body.is_empty() { "" } else { "\n" };
    File { name: format!("{stem}{ENDING}"), bytes: format!("# {head}\n{gap}{body}").into_bytes() }
}
