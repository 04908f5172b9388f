//! Policies: the effects of rules.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{RuleType, cel_schema, words};
use crate::cel::{CelError, Expression};

/// A policy without its CEL expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    Allow,
    /// Allows the program and, if transitive rules are enabled, the programs that it creates.
    AllowCompiler,
    Block,
    /// Blocks without a window and without a message on the terminal.
    SilentBlock,
    /// Blocks without a window, but with a message on the terminal.
    SilentBlockGui,
    /// Blocks with a window, but without a message on the terminal.
    SilentBlockTty,
    /// An expression decides about each execution.
    Cel,
    /// A host in the scope gets no rule for the target, unless a stronger scope has one.
    Remove,
}

words! {
    PolicyKind {
        Allow = "allow",
        AllowCompiler = "allow-compiler",
        Block = "block",
        SilentBlock = "silent-block",
        SilentBlockGui = "silent-block-gui",
        SilentBlockTty = "silent-block-tty",
        Cel = "cel",
        Remove = "remove",
    }
}

impl PolicyKind {
    /// Whether the policy always allows matching programs.
    pub const fn allows(self) -> bool {
        matches!(self, Self::Allow | Self::AllowCompiler)
    }
}

/// The words for each policy, in the form that [`fold`] returns: nicelist's words, Santa's names
/// and aliases, and words from other tools. `docs/FORMATS.md` lists them.
const WORDS: [(PolicyKind, &[&str]); 8] = [
    (
        PolicyKind::Allow,
        &["allow", "allowed", "allowlist", "allowlisted", "whitelist", "whitelisted"],
    ),
    (
        PolicyKind::AllowCompiler,
        &["allowcompiler", "allowlistcompiler", "whitelistcompiler", "compiler"],
    ),
    (
        PolicyKind::Block,
        &[
            "block",
            "blocked",
            "blocklist",
            "blocklisted",
            "blacklist",
            "blacklisted",
            "deny",
            "denied",
            "denylist",
            "denylisted",
        ],
    ),
    (
        PolicyKind::SilentBlock,
        &["silentblock", "silentblocked", "silentblocklist", "silentblacklist"],
    ),
    (PolicyKind::SilentBlockGui, &["silentblockgui", "silentguiblocklist"]),
    (PolicyKind::SilentBlockTty, &["silentblocktty", "silentttyblocklist"]),
    (PolicyKind::Cel, &["cel"]),
    (PolicyKind::Remove, &["remove", "removed"]),
];

/// A word in lower case, without spaces, dashes and underscores.
fn fold(text: &str) -> String {
    let letters = text.chars().filter(|it| !it.is_whitespace() && !matches!(it, '-' | '_'));
    letters.map(|it| it.to_ascii_lowercase()).collect()
}

/// Longer texts are not compared with the words for policies.
const LONGEST_COMPARED: usize = 32;

/// The most similar policy, as the end of a message. The shorter the word for a policy is, the fewer
/// differences are allowed, because many other words differ from a short word in only a few letters.
fn suggestion(text: &str) -> String {
    if text.len() > LONGEST_COMPARED {
        return String::new();
    }
    let folded = fold(text);
    let words = WORDS.iter().flat_map(|(kind, words)| words.iter().map(move |word| (kind, *word)));
    let distances = words.map(|(kind, word)| {
        let distance = strsim::damerau_levenshtein(&folded, word);
        (distance, (word.len() / 4).min(2), kind)
    });
    let similar = distances.filter(|(distance, most, _)| distance <= most);
    let nearest = similar.min_by_key(|(distance, ..)| *distance);
    nearest.map(|(_, _, kind)| format!("; did you mean {kind}?")).unwrap_or_default()
}

impl FromStr for PolicyKind {
    type Err = PolicyError;

    /// Accepts `WORDS` in upper or lower case, with any spaces, dashes and underscores.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        if let Some(kind) = Self::from_word(text) {
            return Ok(kind);
        }
        let folded = fold(text);
        let found = WORDS.iter().find(|(_, words)| words.contains(&folded.as_str()));
        found.map(|(kind, _)| *kind).ok_or_else(|| PolicyError::Unknown(text.to_owned()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error(
        "invalid policy `{0}`: expected allow, allow-compiler, block, silent-block, \
        silent-block-gui, silent-block-tty, cel or remove{nearest}",
        nearest = suggestion(.0)
    )]
    Unknown(String),
    #[error("policy cel requires an expression")]
    ExpressionMissing,
    /// Santa would store the expression and never evaluate it.
    #[error("policy {0} does not support an expression; only cel does")]
    ExpressionUnexpected(PolicyKind),
    #[error("invalid CEL expression: {0}")]
    Expression(#[from] CelError),
    #[error(
        "allow-compiler works only in binary, signingid and cdhash rules; Santa ignores it in \
        a {0} rule"
    )]
    CompilerTarget(RuleType),
}

/// A policy. The expression of `Cel` was checked when the rule was created, possibly by another
/// version of nicelist.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    Allow,
    AllowCompiler,
    Block,
    SilentBlock,
    SilentBlockGui,
    SilentBlockTty,
    Cel(Expression),
    Remove,
}

impl Policy {
    /// Combines a kind with its expression.
    ///
    /// # Errors
    /// `cel` without an expression, another kind with an expression, or an invalid expression.
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

    /// Like [`Self::new`], for a policy from the database. Its expression was checked by the
    /// version of nicelist that stored the policy, and is accepted even if this version would
    /// refuse it.
    ///
    /// # Errors
    /// `cel` without an expression, or another kind with an expression.
    pub fn stored(kind: PolicyKind, expression: Option<&str>) -> Result<Self, PolicyError> {
        match (kind, expression) {
            (PolicyKind::Cel, Some(source)) => {
                Ok(Self::Cel(Expression::stored(source, cel_schema())))
            }
            _ => Self::new(kind, expression),
        }
    }

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
    fn words_of_spreadsheets_are_read_and_unknown_words_have_a_suggestion() {
        for (text, kind) in [
            ("Allowed", PolicyKind::Allow),
            ("Allow list", PolicyKind::Allow),
            ("allow-listed", PolicyKind::Allow),
            ("Denied", PolicyKind::Block),
            ("denylist", PolicyKind::Block),
            ("BLOCK_LISTED", PolicyKind::Block),
            ("SilentBlocklist", PolicyKind::SilentBlock),
            ("silent block", PolicyKind::SilentBlock),
            ("Removed", PolicyKind::Remove),
        ] {
            assert_eq!(text.parse(), Ok(kind), "{text}");
        }
        let error = |text: &str| text.parse::<PolicyKind>().unwrap_err().to_string();
        assert!(error("blokc").ends_with("; did you mean block?"), "{}", error("blokc"));
        for text in ["yes", "silent", "disallow", "unblock", "ALLOWLIST_TRANSITIVE", "list"] {
            assert!(error(text).ends_with("cel or remove"), "{}", error(text));
        }
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
