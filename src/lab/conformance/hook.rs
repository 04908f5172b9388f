//! Commands from the user for actions that only an administrator can perform.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::stop::Stop;
use crate::lab::shell::{ShellError, shell};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// Adds or changes a rule.
    AddRule,
    RemoveRule,
    TagHost,
    UntagHost,
    OrderCleanSync,
    SetMode,
    /// Enables the hashing of bundles for a host.
    EnableBundles,
}

impl Hook {
    pub const ALL: [Self; 7] = [
        Self::AddRule,
        Self::RemoveRule,
        Self::TagHost,
        Self::UntagHost,
        Self::OrderCleanSync,
        Self::SetMode,
        Self::EnableBundles,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// What the command must do, for the published list.
    pub const fn about(self) -> &'static str {
        self.row().1
    }

    pub const fn variables(self) -> &'static [Variable] {
        self.row().2
    }

    const fn row(self) -> (&'static str, &'static str, &'static [Variable]) {
        use Variable::{Cel, Identifier, Machine, Mode, Policy, RuleType, Tag, Target};
        match self {
            Self::AddRule => (
                "add-rule",
                "Add the rule for hosts with the tag `NICELIST_TAG`. If that is empty, add it for \
                the host `NICELIST_MACHINE`. If the server does not support rules for single \
                hosts, add it for all hosts.",
                &[Machine, Target, RuleType, Identifier, Policy, Cel, Tag],
            ),
            Self::RemoveRule => {
                ("remove-rule", "Remove that rule.", &[Machine, Target, RuleType, Identifier, Tag])
            }
            Self::TagHost => (
                "tag-host",
                "Assign the tag, or label, `NICELIST_TAG` to the host `NICELIST_MACHINE`. Create \
                the tag first if necessary.",
                &[Machine, Tag],
            ),
            Self::UntagHost => ("untag-host", "Remove the tag from the host.", &[Machine, Tag]),
            Self::OrderCleanSync => (
                "order-clean-sync",
                "Make the next sync of the host `NICELIST_MACHINE` a clean one.",
                &[Machine],
            ),
            Self::SetMode => (
                "set-mode",
                "Set the mode of the host `NICELIST_MACHINE`, or of all hosts, to `NICELIST_MODE`.",
                &[Machine, Mode],
            ),
            Self::EnableBundles => (
                "enable-bundles",
                "Enable bundles for the host `NICELIST_MACHINE`, or for all hosts.",
                &[Machine],
            ),
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An environment variable for the command of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    Machine,
    /// The target of a rule, such as `binary:<64 hex>`.
    Target,
    RuleType,
    Identifier,
    Policy,
    Cel,
    Tag,
    Mode,
}

impl Variable {
    pub const ALL: [Self; 8] = [
        Self::Machine,
        Self::Target,
        Self::RuleType,
        Self::Identifier,
        Self::Policy,
        Self::Cel,
        Self::Tag,
        Self::Mode,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "NICELIST_MACHINE",
            Self::Target => "NICELIST_TARGET",
            Self::RuleType => "NICELIST_RULE_TYPE",
            Self::Identifier => "NICELIST_IDENTIFIER",
            Self::Policy => "NICELIST_POLICY",
            Self::Cel => "NICELIST_CEL",
            Self::Tag => "NICELIST_TAG",
            Self::Mode => "NICELIST_MODE",
        }
    }

    /// A description for the published list.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Machine => "The machine ID of the simulated host.",
            Self::Target => {
                "The rule's target, as nicelist writes it: `binary:<64 hex>`, `cdhash:<40 hex>`."
            }
            Self::RuleType => "The rule's type as Santa writes it: `BINARY`, `CDHASH`.",
            Self::Identifier => "The rule's identifier, generated for this run.",
            Self::Policy => {
                "The rule's policy as Santa writes it: `BLOCKLIST`, `ALLOWLIST`, `CEL`, \
                 `SILENT_GUI_BLOCKLIST`."
            }
            Self::Cel => "The expression of a CEL rule; otherwise empty.",
            Self::Tag => "A tag, generated for this run; empty if the rule is not for a tag.",
            Self::Mode => "`MONITOR`, `LOCKDOWN` or `STANDALONE`.",
        }
    }
}

/// A hook with its command, as in `add-rule=CMD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookCommand {
    hook: Hook,
    command: String,
}

#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error("not NAME=CMD")]
    NoCommand,
    #[error("unknown hook `{name}`: expected {known}")]
    Unknown { name: String, known: String },
}

impl FromStr for HookCommand {
    type Err = HookError;

    fn from_str(text: &str) -> Result<Self, HookError> {
        let (name, command) = text.split_once('=').ok_or(HookError::NoCommand)?;
        if command.trim().is_empty() {
            return Err(HookError::NoCommand);
        }
        let Some(hook) = Hook::ALL.into_iter().find(|hook| hook.name() == name) else {
            let known = Hook::ALL.map(Hook::name).join(", ");
            return Err(HookError::Unknown { name: name.to_owned(), known });
        };
        Ok(Self { hook, command: command.to_owned() })
    }
}

#[derive(Clone, Debug, Default)]
pub struct Hooks(BTreeMap<Hook, String>);

impl FromIterator<HookCommand> for Hooks {
    fn from_iter<I: IntoIterator<Item = HookCommand>>(commands: I) -> Self {
        Self(commands.into_iter().map(|HookCommand { hook, command }| (hook, command)).collect())
    }
}

impl Hooks {
    pub(super) fn missing(&self, needed: &[Hook]) -> Vec<Hook> {
        needed.iter().copied().filter(|hook| !self.0.contains_key(hook)).collect()
    }

    pub(super) async fn run(&self, hook: Hook, values: &[(Variable, &str)]) -> Result<(), Stop> {
        let Some(command) = self.0.get(&hook) else {
            return Err(Stop::not_applicable(format!("requires --hook {hook}=CMD")));
        };
        let value = |variable: &Variable| {
            let given = values.iter().find(|(known, _)| known == variable);
            (variable.name(), given.map_or("", |(_, value)| *value))
        };
        let values = hook.variables().iter().map(value);
        shell(command, values, PATIENCE).await.map_err(|error| match error {
            ShellError::NotSupported(why) => {
                Stop::not_applicable(format!("not supported by the server ({hook}: {why})"))
            }
            ShellError::Failed(what) => Stop::fails(format!("the hook {hook} {what}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_is_a_name_and_a_command() {
        let hook: HookCommand = "add-rule=x --a=b".parse().unwrap();
        assert_eq!(hook, HookCommand { hook: Hook::AddRule, command: "x --a=b".to_owned() });
        assert!(matches!("add-rule= ".parse::<HookCommand>(), Err(HookError::NoCommand)));
        assert!(matches!("add-rule".parse::<HookCommand>(), Err(HookError::NoCommand)));
        let error = "add=x".parse::<HookCommand>().unwrap_err().to_string();
        assert!(error.starts_with("unknown hook `add`: expected add-rule,"), "{error}");
    }

    #[tokio::test]
    async fn a_failed_hook_reports_its_error() {
        let hooks: Hooks =
            ["tag-host=echo first; echo no >&2; echo \"not $NICELIST_TAG\" >&2; exit 3"]
                .into_iter()
                .map(|text| text.parse::<HookCommand>().unwrap())
                .collect();
        let values = [(Variable::Machine, "M1"), (Variable::Tag, "eng")];
        let stop = hooks.run(Hook::TagHost, &values).await.unwrap_err();
        let Stop::Fails(did) = stop else { panic!("{stop:?}") };
        assert_eq!(did, "the hook tag-host failed with exit status: 3: not eng");
        assert_eq!(hooks.missing(&[Hook::TagHost, Hook::SetMode]), [Hook::SetMode]);
    }

    #[tokio::test]
    async fn w8_a_hook_can_report_that_the_server_does_not_support_it() {
        let hook: HookCommand = "tag-host=echo no tags >&2; exit 77".parse().unwrap();
        let hooks: Hooks = [hook].into_iter().collect();
        let stop = hooks.run(Hook::TagHost, &[]).await.unwrap_err();
        let Stop::NotApplicable(why) = stop else { panic!("{stop:?}") };
        assert_eq!(why, "not supported by the server (tag-host: no tags)");
    }
}
