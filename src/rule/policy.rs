//! What happens when a rule matches.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{RuleType, cel_schema};
use crate::cel::{CelError, Expression};

/// The names of the policies, without what they carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    /// Let it run.
    Allow,
    /// Let it run, and let run what it writes (Santa's transitive rules).
    AllowCompiler,
    /// Stop it and tell the person.
    Block,
    /// Stop it and tell nobody.
    SilentBlock,
    /// Stop it without a window, telling a terminal.
    SilentBlockGui,
    /// Stop it with a window, telling no terminal.
    SilentBlockTty,
    /// Ask an expression, execution by execution.
    Cel,
    /// Hosts of this scope have no rule for the target, whatever weaker scopes say.
    Remove,
}

impl PolicyKind {
    /// All kinds, in the order that help texts list them.
    pub const ALL: [Self; 8] = [
        Self::Allow,
        Self::AllowCompiler,
        Self::Block,
        Self::SilentBlock,
        Self::SilentBlockGui,
        Self::SilentBlockTty,
        Self::Cel,
        Self::Remove,
    ];

    /// Whether programs that match run without further conditions.
    #[must_use]
    pub const fn allows(self) -> bool {
        matches!(self, Self::Allow | Self::AllowCompiler)
    }

    /// The word for the policy, as on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::AllowCompiler => "allow-compiler",
            Self::Block => "block",
            Self::SilentBlock => "silent-block",
            Self::SilentBlockGui => "silent-block-gui",
            Self::SilentBlockTty => "silent-block-tty",
            Self::Cel => "cel",
            Self::Remove => "remove",
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for PolicyKind {
    type Err = PolicyError;

    /// Reads our words, Santa's own names with their aliases, and peers' short forms.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        // Nearly all are spelled as we write them.
        if let Some(kind) = Self::ALL.into_iter().find(|kind| kind.word() == text) {
            return Ok(kind);
        }
        let folded = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        match folded.as_str() {
            "allow" | "allowlist" | "whitelist" => Ok(Self::Allow),
            "allow-compiler" | "allowlist-compiler" | "whitelist-compiler" | "compiler" => {
                Ok(Self::AllowCompiler)
            }
            "block" | "blocklist" | "blacklist" | "deny" => Ok(Self::Block),
            "silent-block" | "silent-blocklist" | "silent-blacklist" => Ok(Self::SilentBlock),
            "silent-block-gui" | "silent-gui-blocklist" => Ok(Self::SilentBlockGui),
            "silent-block-tty" | "silent-tty-blocklist" => Ok(Self::SilentBlockTty),
            "cel" => Ok(Self::Cel),
            "remove" => Ok(Self::Remove),
            _ => Err(PolicyError::Unknown(text.to_owned())),
        }
    }
}

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No such policy.
    #[error(
        "`{0}` is no policy; expected allow, allow-compiler, block, silent-block, silent-block-gui, silent-block-tty, cel or remove"
    )]
    Unknown(String),
    /// `cel` without an expression.
    #[error("policy cel needs an expression")]
    ExpressionMissing,
    /// An expression beside another policy: Santa would store it and never ask it.
    #[error("policy {0} takes no expression; only cel does")]
    ExpressionUnexpected(PolicyKind),
    /// The expression does not compile, or names what Santa does not know.
    #[error("cel expression: {0}")]
    Expression(#[from] CelError),
    /// `allow-compiler` where Santa would match nothing with it.
    #[error("allow-compiler works on a binary, signingid or cdhash; Santa ignores it on a {0}")]
    CompilerTarget(RuleType),
}

/// What happens when a rule matches; `Cel` carries its checked expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// See [`PolicyKind::Allow`].
    Allow,
    /// See [`PolicyKind::AllowCompiler`].
    AllowCompiler,
    /// See [`PolicyKind::Block`].
    Block,
    /// See [`PolicyKind::SilentBlock`].
    SilentBlock,
    /// See [`PolicyKind::SilentBlockGui`].
    SilentBlockGui,
    /// See [`PolicyKind::SilentBlockTty`].
    SilentBlockTty,
    /// See [`PolicyKind::Cel`].
    Cel(Expression),
    /// See [`PolicyKind::Remove`].
    Remove,
}

impl Policy {
    /// Joins a kind and the expression that came with it.
    ///
    /// # Errors
    /// When exactly one of "is `cel`" and "has an expression" holds, or the expression is bad.
    pub fn new(kind: PolicyKind, expression: Option<&str>) -> Result<Self, PolicyError> {
        let plain = match kind {
            PolicyKind::Cel => {
                let source = expression.ok_or(PolicyError::ExpressionMissing)?;
                return Ok(Self::Cel(Expression::parse(source, cel_schema())?));
            }
            PolicyKind::Allow => Self::Allow,
            PolicyKind::AllowCompiler => Self::AllowCompiler,
            PolicyKind::Block => Self::Block,
            PolicyKind::SilentBlock => Self::SilentBlock,
            PolicyKind::SilentBlockGui => Self::SilentBlockGui,
            PolicyKind::SilentBlockTty => Self::SilentBlockTty,
            PolicyKind::Remove => Self::Remove,
        };
        match expression {
            None => Ok(plain),
            Some(_) => Err(PolicyError::ExpressionUnexpected(kind)),
        }
    }

    /// The same for a policy that a database has stored: its expression was checked by the version
    /// that wrote it, and is used even if this one would refuse it.
    ///
    /// # Errors
    /// When exactly one of "is `cel`" and "has an expression" holds.
    pub fn stored(kind: PolicyKind, expression: Option<&str>) -> Result<Self, PolicyError> {
        match (kind, expression) {
            (PolicyKind::Cel, Some(source)) => {
                Ok(Self::Cel(Expression::stored(source, cel_schema())))
            }
            _ => Self::new(kind, expression),
        }
    }

    /// The policy's name.
    #[must_use]
    pub fn kind(&self) -> PolicyKind {
        match self {
            Self::Allow => PolicyKind::Allow,
            Self::AllowCompiler => PolicyKind::AllowCompiler,
            Self::Block => PolicyKind::Block,
            Self::SilentBlock => PolicyKind::SilentBlock,
            Self::SilentBlockGui => PolicyKind::SilentBlockGui,
            Self::SilentBlockTty => PolicyKind::SilentBlockTty,
            Self::Cel(_) => PolicyKind::Cel,
            Self::Remove => PolicyKind::Remove,
        }
    }

    /// The expression of a `cel` policy.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Cel(expression) => Some(expression),
            _ => None,
        }
    }

    pub(super) fn check_target(&self, rule_type: RuleType) -> Result<(), PolicyError> {
        match (self, rule_type) {
            (Self::AllowCompiler, RuleType::Certificate | RuleType::TeamId) => {
                Err(PolicyError::CompilerTarget(rule_type))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_santas_own_spelling_are_read() {
        for kind in PolicyKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert_eq!(kind.word().to_uppercase().replace('-', "_").parse(), Ok(kind));
        }
        assert_eq!("WHITELIST".parse(), Ok(PolicyKind::Allow));
        assert_eq!("SILENT_TTY_BLOCKLIST".parse(), Ok(PolicyKind::SilentBlockTty));
        assert!("maybe".parse::<PolicyKind>().is_err());
    }

    #[test]
    fn an_expression_belongs_to_cel_and_to_nothing_else() {
        assert_eq!(Policy::new(PolicyKind::Cel, None), Err(PolicyError::ExpressionMissing));
        assert_eq!(
            Policy::new(PolicyKind::Block, Some("true")),
            Err(PolicyError::ExpressionUnexpected(PolicyKind::Block))
        );
        assert!(Policy::new(PolicyKind::Cel, Some("euid == 0")).is_ok());
        assert!(Policy::new(PolicyKind::Cel, Some("uid == 0")).is_err());
    }
}
