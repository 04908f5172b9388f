//! Which argument gets which values.

use std::any::TypeId;
use std::ffi::OsStr;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, ValueCompleter};

use super::lists::List;
use super::lookup::{contexts, items};
use super::proposal::{Proposal, candidates};
use crate::cli::help::Topic;
use crate::config::ConfigKey;
use crate::fleet::{EffectiveSettings, KNOWN_DECISIONS, Setting, SettingKey};
use crate::rule::{Revision, RuleType, Scope, TagName, Target};

/// The kind of values that an argument accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    ConfigNames,
    Contexts,
    Decisions,
    Events,
    /// Topics and commands.
    Help,
    Hosts,
    /// Targets of rules, and the types of new targets.
    NewTargets,
    Programs,
    Revisions,
    Scopes,
    SettingKeys,
    /// `KEY=VALUE`
    Settings,
    Tags,
    Targets,
    Tokens,
    Users,
}

/// Adds completions to the arguments of all commands.
pub(super) fn attach(command: Command) -> Command {
    attach_below(command, "")
}

fn attach_below(command: Command, parent: &str) -> Command {
    let path = format!("{parent}{} ", command.get_name());
    let command = command.mut_args(|arg| match Source::of(&path, &arg) {
        Some(source) => arg.add(ArgValueCompleter::new(source)),
        None => arg,
    });
    command.mut_subcommands(|below| attach_below(below, &path))
}

impl Source {
    /// The source of an argument, by its type or, if it is only a text, by its command and its
    /// name.
    fn of(path: &str, arg: &Arg) -> Option<Self> {
        let parsed = arg.get_value_parser().type_id();
        let typed = [
            (TypeId::of::<Scope>(), Self::Scopes),
            (TypeId::of::<Target>(), Self::Targets),
            (TypeId::of::<Revision>(), Self::Revisions),
            (TypeId::of::<TagName>(), Self::Tags),
        ];
        if let Some((_, source)) = typed.into_iter().find(|(known, _)| parsed == *known) {
            return Some(source);
        }
        Some(match (path, arg.get_id().as_str()) {
            (path, _) if path.starts_with("nicelist lab ") => return None,
            (_, "context") => Self::Contexts,
            (_, "decisions") => Self::Decisions,
            (_, "host" | "prefix") => Self::Hosts,
            (_, "user") => Self::Users,
            (_, "program") => Self::Programs,
            ("nicelist help ", "name") => Self::Help,
            ("nicelist rule add ", "targets") | (_, "subject") => Self::NewTargets,
            (_, "targets") => Self::Targets,
            (
                "nicelist event show " | "nicelist event approve " | "nicelist event block ",
                "id",
            ) => Self::Events,
            ("nicelist settings set ", "settings") => Self::Settings,
            ("nicelist settings unset ", "keys") => Self::SettingKeys,
            ("nicelist config set " | "nicelist config unset ", "key") => Self::ConfigNames,
            ("nicelist context use ", "name") => Self::Contexts,
            ("nicelist token revoke ", "name") => Self::Tokens,
            _ => return None,
        })
    }

    fn proposals(self, current: &str) -> Vec<Proposal> {
        match self {
            Self::ConfigNames => config_names(),
            Self::Contexts => {
                let contexts = contexts().into_iter();
                contexts.map(|it| Proposal::new(&it.name, it.place().unwrap_or_default())).collect()
            }
            Self::Decisions if current.starts_with(char::is_lowercase) => {
                KNOWN_DECISIONS.map(|it| Proposal::word(it.to_lowercase())).into()
            }
            Self::Decisions => KNOWN_DECISIONS.map(Proposal::word).into(),
            Self::Events => items(List::Events),
            Self::Help => topics_and_commands(),
            Self::Hosts => items(List::Hosts(current.to_owned())),
            Self::NewTargets => new_targets(current),
            Self::Programs => items(List::Programs),
            Self::Revisions => items(List::Revisions),
            Self::Scopes => scopes(current),
            Self::SettingKeys => setting_keys("").collect(),
            Self::Settings => settings(current),
            Self::Tags => items(List::Tags),
            Self::Targets => items(List::Targets(current.to_owned())),
            Self::Tokens => items(List::Tokens),
            Self::Users => users(),
        }
    }
}

impl ValueCompleter for Source {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let Some(current) = current.to_str() else { return Vec::new() };
        candidates(self.proposals(current), current)
    }
}

fn config_names() -> Vec<Proposal> {
    let names = ConfigKey::ALL.map(|key| Proposal::word(key.as_str()));
    let in_contexts = contexts().into_iter().flat_map(|context| {
        ConfigKey::IN_CONTEXT
            .map(|key| Proposal::word(format!("contexts.{}.{}", context.name, key.as_str())))
    });
    names.into_iter().chain(in_contexts).collect()
}

fn topics_and_commands() -> Vec<Proposal> {
    let topics = Topic::ALL.map(|topic| Proposal::new(topic.name(), topic.about()));
    let root = crate::cli::command();
    let commands = root.get_subcommands().filter(|command| !command.is_hide_set()).map(|command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        Proposal::new(command.get_name(), about)
    });
    topics.into_iter().chain(commands).collect()
}

/// The targets of rules and, until a type is given, the types of targets, such as `teamid:`.
fn new_targets(current: &str) -> Vec<Proposal> {
    let known = items(List::Targets(current.to_owned()));
    if current.contains(':') {
        return known;
    }
    let types = RuleType::ALL.map(|it| Proposal::word(format!("{}:", it.word())));
    types.into_iter().chain(known).collect()
}

fn scopes(current: &str) -> Vec<Proposal> {
    match current.split_once(':') {
        Some(("host", prefix)) => {
            let hosts = items(List::Hosts(prefix.to_owned())).into_iter();
            hosts.map(|host| host.with_prefix("host:")).collect()
        }
        Some(("user" | "group", _)) => items(List::UsersAndGroups),
        Some(("tag", _)) => tags(),
        Some(_) => Vec::new(),
        None => {
            let kinds = ["group:", "user:", "host:"].map(Proposal::word);
            let fleet = [Proposal::new("fleet", "all hosts")];
            fleet.into_iter().chain(tags()).chain(kinds).collect()
        }
    }
}

fn tags() -> Vec<Proposal> {
    items(List::Tags).into_iter().map(|tag| tag.with_prefix("tag:")).collect()
}

fn users() -> Vec<Proposal> {
    let scopes = items(List::UsersAndGroups).into_iter();
    let user = |scope: Proposal| scope.value.strip_prefix("user:").map(Proposal::word);
    scopes.filter_map(user).collect()
}

fn setting_keys(end: &str) -> impl Iterator<Item = Proposal> {
    SettingKey::ALL.iter().map(move |key| Proposal::new(format!("{}{end}", key.name()), key.help()))
}

/// `KEY=` until a key is given, then `KEY=VALUE`.
fn settings(current: &str) -> Vec<Proposal> {
    let Some((key, _)) = current.split_once('=') else { return setting_keys("=").collect() };
    let Ok(known) = key.parse::<SettingKey>() else { return Vec::new() };
    values_of(known)
        .into_iter()
        .map(|value| Proposal::word(value).with_prefix(&format!("{key}=")))
        .collect()
}

/// The default of a setting, and other common values.
fn values_of(key: SettingKey) -> Vec<String> {
    let defaults = EffectiveSettings::default().all();
    let default = defaults.iter().find(|setting| setting.key() == key).map(Setting::value);
    let mut values: Vec<String> = default.into_iter().filter(|it| !it.is_empty()).collect();
    let common = key.common_values().iter().map(|value| (*value).to_owned());
    let others: Vec<String> = common.filter(|value| !values.contains(value)).collect();
    values.extend(others);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source of the argument `id` of the command `path`, such as `nicelist rule list`.
    fn source(path: &str, id: &str) -> Option<Source> {
        let mut command = crate::cli::command();
        for word in path.split(' ').skip(1) {
            command = command.find_subcommand(word).unwrap_or_else(|| panic!("{path}")).clone();
        }
        let arg = command.get_arguments().find(|arg| arg.get_id() == id);
        Source::of(&format!("{path} "), arg.unwrap_or_else(|| panic!("{path} has no {id}")))
    }

    #[test]
    fn arguments_get_the_values_that_they_accept() {
        for (path, id, expected) in [
            ("nicelist", "context", Source::Contexts),
            ("nicelist host show", "host", Source::Hosts),
            ("nicelist host list", "prefix", Source::Hosts),
            ("nicelist host list", "tag", Source::Tags),
            ("nicelist host list", "user", Source::Users),
            ("nicelist tag delete", "name", Source::Tags),
            ("nicelist rule add", "targets", Source::NewTargets),
            ("nicelist rule add", "scope", Source::Scopes),
            ("nicelist rule remove", "targets", Source::Targets),
            ("nicelist rule edit", "target", Source::Targets),
            ("nicelist rule list", "at", Source::Revisions),
            ("nicelist rule explain", "subject", Source::NewTargets),
            ("nicelist rollback", "revision", Source::Revisions),
            ("nicelist history show", "revision", Source::Revisions),
            ("nicelist event show", "id", Source::Events),
            ("nicelist event approve", "id", Source::Events),
            ("nicelist event list", "decisions", Source::Decisions),
            ("nicelist event list", "host", Source::Hosts),
            ("nicelist program show", "program", Source::Programs),
            ("nicelist settings set", "settings", Source::Settings),
            ("nicelist settings set", "scope", Source::Scopes),
            ("nicelist settings unset", "keys", Source::SettingKeys),
            ("nicelist config set", "key", Source::ConfigNames),
            ("nicelist context use", "name", Source::Contexts),
            ("nicelist token revoke", "name", Source::Tokens),
            ("nicelist help", "name", Source::Help),
        ] {
            assert_eq!(source(path, id), Some(expected), "{path} {id}");
        }
        assert_eq!(source("nicelist lab sync", "user"), None);
    }

    #[test]
    fn help_proposes_topics_and_commands() {
        let values: Vec<String> = topics_and_commands().into_iter().map(|it| it.value).collect();
        for expected in ["scopes", "formats", "exit-codes", "rule"] {
            assert!(values.iter().any(|value| value == expected), "{expected}");
        }
    }

    #[test]
    fn settings_are_completed_in_two_steps() {
        let values = |current: &str| -> Vec<String> {
            settings(current).into_iter().map(|it| it.value).collect()
        };
        assert!(values("cl").contains(&"client-mode=".to_owned()));
        assert_eq!(
            values("client-mode="),
            ["client-mode=monitor", "client-mode=lockdown", "client-mode=standalone"]
        );
        assert_eq!(values("enable-bundles="), ["enable-bundles=false", "enable-bundles=true"]);
        assert_eq!(values("event-detail-url="), Vec::<String>::new());
        assert_eq!(values("zebra="), Vec::<String>::new());
    }

    #[test]
    fn every_setting_with_fixed_values_proposes_them() {
        for key in SettingKey::ALL {
            let values = values_of(*key);
            let is_text = Setting::parse(*key, "any text").is_ok();
            assert!(is_text || !values.is_empty(), "{key}");
            assert!(values.iter().all(|value| Setting::parse(*key, value).is_ok()), "{key}");
        }
    }
}
