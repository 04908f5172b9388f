//! The names of settings.

use std::fmt;
use std::str::FromStr;

use super::error::ConfigProblem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigKey {
    Server,
    Token,
    TokenCommand,
    Ca,
    Database,
    Context,
    Output,
    Color,
}

impl ConfigKey {
    /// All keys, in the order of `config list`.
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

    pub const IN_CONTEXT: [Self; 5] =
        [Self::Server, Self::Token, Self::TokenCommand, Self::Ca, Self::Database];

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

    /// Finds `text` in `allowed`. The error contains the nearest key, if one is similar enough.
    pub(super) fn find(text: &str, allowed: &[Self]) -> Result<Self, ConfigProblem> {
        let found = allowed.iter().find(|key| key.as_str() == text).copied();
        found.ok_or_else(|| ConfigProblem::UnknownKey {
            key: text.to_owned(),
            nearest: nearest(text, allowed.iter().map(|key| key.as_str())),
        })
    }
}

pub(super) const CONTEXTS: &str = "contexts";

/// The full name of a setting in a file: `server`, or `contexts.NAME.server`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub context: Option<String>,
    pub key: ConfigKey,
}

impl FromStr for Name {
    type Err = ConfigProblem;

    fn from_str(text: &str) -> Result<Self, ConfigProblem> {
        let Some(rest) = text.strip_prefix("contexts.") else {
            return Ok(Self { context: None, key: ConfigKey::find(text, &ConfigKey::ALL)? });
        };
        match rest.rsplit_once('.') {
            Some((context, key)) if !context.is_empty() => {
                let key = ConfigKey::find(key, &ConfigKey::IN_CONTEXT)?;
                Ok(Self { context: Some(context.to_owned()), key })
            }
            _ => Err(ConfigProblem::UnknownKey {
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

/// The known name that is most similar to `name`, if one is similar enough.
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
