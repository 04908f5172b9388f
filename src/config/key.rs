//! The names of settings.

use std::fmt;
use std::str::FromStr;

use super::error::Problem;

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The server that commands talk to.
    Server,
    /// The token that they show to it.
    Token,
    /// A command that prints the token.
    TokenCommand,
    /// The authorities that the server's certificate may be from.
    Ca,
    /// The local database that commands work on without a server.
    Database,
    /// The context in use.
    Context,
    /// How data is written.
    Output,
    /// When colours are used.
    Color,
}

impl Key {
    /// Every setting, in the order that they are listed.
    pub const ALL: [Self; 8] = [
        Self::Context,
        Self::Server,
        Self::Token,
        Self::TokenCommand,
        Self::Ca,
        Self::Database,
        Self::Output,
        Self::Color,
    ];

    /// The settings that a context may hold.
    pub const IN_CONTEXT: [Self; 5] =
        [Self::Server, Self::Token, Self::TokenCommand, Self::Ca, Self::Database];

    /// As it is written in a file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Token => "token",
            Self::TokenCommand => "token_command",
            Self::Ca => "ca",
            Self::Database => "database",
            Self::Context => "context",
            Self::Output => "output",
            Self::Color => "color",
        }
    }

    /// Finds `text` among `allowed`, or names the nearest.
    pub(super) fn find(text: &str, allowed: &[Self]) -> Result<Self, Problem> {
        let found = allowed.iter().find(|key| key.as_str() == text).copied();
        found.ok_or_else(|| Problem::UnknownKey {
            key: text.to_owned(),
            nearest: nearest(text, allowed.iter().map(|key| key.as_str())),
        })
    }
}

/// The table of a file that holds the contexts.
pub(super) const CONTEXTS: &str = "contexts";

/// The full name of a setting in a file: `server`, or `contexts.NAME.server`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The context that the setting is in, if it is in one.
    pub context: Option<String>,
    /// The setting.
    pub key: Key,
}

impl FromStr for Name {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let Some(rest) = text.strip_prefix("contexts.") else {
            return Ok(Self { context: None, key: Key::find(text, &Key::ALL)? });
        };
        match rest.rsplit_once('.') {
            Some((context, key)) if !context.is_empty() => {
                let key = Key::find(key, &Key::IN_CONTEXT)?;
                Ok(Self { context: Some(context.to_owned()), key })
            }
            _ => Err(Problem::UnknownKey {
                key: text.to_owned(),
                nearest: Some("contexts.NAME.server".to_owned()),
            }),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            Some(context) => write!(f, "{CONTEXTS}.{context}.{}", self.key.as_str()),
            None => f.write_str(self.key.as_str()),
        }
    }
}

/// The known name most like `name`, if one is like it at all.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in ["server", "color", "contexts.prod.token", "contexts.a.b.server"] {
            assert_eq!(text.parse::<Name>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let error = |text: &str| text.parse::<Name>().unwrap_err().to_string();
        assert_eq!(error("sever"), "unknown key `sever`, did you mean `server`?");
        assert_eq!(error("zebra"), "unknown key `zebra`");
        assert_eq!(error("contexts.a.tokn"), "unknown key `tokn`, did you mean `token`?");
        assert_eq!(error("contexts.a.output"), "unknown key `output`");
        assert!(error("contexts.a").contains("contexts.NAME.server"));
    }
}
