//! Targets: a rule type and an identifier, in the form that Santa stores.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{identifier_fault, serde_as_text, words};

/// The types of Santa's rules, in the order of Santa's evaluation, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleType {
    /// The code directory hash of one signed binary (40 hex digits).
    CdHash,
    /// The SHA-256 of one executable file (64 hex digits).
    Binary,
    /// A signing ID with its team ID as prefix, such as `EQHXZ8M8AV:com.google.Chrome`, or with the
    /// prefix `platform:` for programs that are part of macOS.
    SigningId,
    /// The SHA-256 of the leaf certificate that signed a program (64 hex digits).
    Certificate,
    /// The team ID of a developer (10 letters and digits).
    TeamId,
}

words! {
    RuleType {
        CdHash = "cdhash",
        Binary = "binary",
        SigningId = "signingid",
        Certificate = "certificate",
        TeamId = "teamid",
    }
}

impl RuleType {
    /// A description of identifiers of this type, for error messages.
    pub const fn shape(self) -> &'static str {
        match self {
            Self::CdHash => "40 hex digits",
            Self::Binary | Self::Certificate => "64 hex digits",
            Self::SigningId => "TEAMID:signing.id or platform:signing.id",
            Self::TeamId => "10 letters and digits",
        }
    }
}

impl FromStr for RuleType {
    type Err = TargetError;

    /// Accepts nicelist's words, Santa's names, and words from other tools, such as `cert`.
    fn from_str(text: &str) -> Result<Self, TargetError> {
        if let Some(rule_type) = Self::from_word(text) {
            return Ok(rule_type);
        }
        let folded: String =
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        match folded.as_str() {
            "cdhash" => Ok(Self::CdHash),
            "binary" | "bin" | "sha256" => Ok(Self::Binary),
            "signingid" | "signing" => Ok(Self::SigningId),
            "certificate" | "cert" => Ok(Self::Certificate),
            "teamid" | "team" => Ok(Self::TeamId),
            _ => Err(TargetError::UnknownType(text.to_owned())),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("invalid rule type `{0}`: expected binary, certificate, teamid, signingid or cdhash")]
    UnknownType(String),
    /// The text was copied from a table that shortens identifiers.
    #[error("`{0}` was shortened by a table; -o wide shows the whole target")]
    Shortened(String),
    /// The text has no colon.
    #[error("`{0}` has no rule type: write TYPE:IDENTIFIER, as in teamid:EQHXZ8M8AV")]
    NoType(String),
    #[error(
        "invalid {rule_type} identifier `{identifier}`: {}",
        identifier_fault::reason(*rule_type, identifier)
    )]
    Shape { rule_type: RuleType, identifier: String },
    /// The identifier of a binary has 40 hex digits instead of 64.
    #[error(
        "`{0}` has 40 hex digits, like a cdhash or a SHA-1; a binary rule needs the SHA-256 \
        (64 hex digits)"
    )]
    Sha1(String),
}

/// A rule type and an identifier, normalized as in Santa (SNTRule.mm): hex digits and `platform` in
/// lower case, team IDs in upper case, all other parts of a signing ID unchanged.
///
/// ```text
/// teamid:EQHXZ8M8AV  signingid:platform:com.apple.yes  binary:<64 hex>  cdhash:<40 hex>
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    rule_type: RuleType,
    identifier: Box<str>,
}

/// A target's type and the first bytes of its identifier. Keys that differ have the same order as
/// their targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetKey(RuleType, u64);

impl Target {
    /// A short key that makes sorting many targets fast.
    pub fn sort_key(&self) -> TargetKey {
        let mut start = [0; 8];
        let bytes = self.identifier.as_bytes();
        let length = bytes.len().min(start.len());
        start[..length].copy_from_slice(&bytes[..length]);
        TargetKey(self.rule_type, u64::from_be_bytes(start))
    }

    /// Checks and normalizes an identifier. White space around the identifier is removed, because a
    /// rule with this white space would never match.
    ///
    /// # Errors
    /// [`TargetError::Shape`] or [`TargetError::Sha1`].
    pub fn new(rule_type: RuleType, identifier: &str) -> Result<Self, TargetError> {
        let text = identifier.trim();
        let normal = match rule_type {
            RuleType::Binary | RuleType::Certificate => hex(text, 64),
            RuleType::CdHash => hex(text, 40),
            RuleType::TeamId => team_id(text),
            RuleType::SigningId => signing_id(text),
        };
        match normal {
            Some(identifier) => Ok(Self { rule_type, identifier: identifier.into() }),
            None if rule_type == RuleType::Binary && hex(text, 40).is_some() => {
                Err(TargetError::Sha1(text.to_owned()))
            }
            None => Err(TargetError::Shape { rule_type, identifier: text.to_owned() }),
        }
    }

    pub fn rule_type(&self) -> RuleType {
        self.rule_type
    }

    /// The identifier as Santa stores it.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }
}

fn hex(text: &str, digits: usize) -> Option<String> {
    // Checks all digits without an early exit, so that the compiler can vectorize the loop.
    let are_digits = || text.bytes().fold(true, |all, byte| all & byte.is_ascii_hexdigit());
    let fits = text.len() == digits && are_digits();
    fits.then(|| text.to_ascii_lowercase())
}

fn team_id(text: &str) -> Option<String> {
    let fits = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| text.to_ascii_uppercase())
}

fn signing_id(text: &str) -> Option<String> {
    let (team, id) = text.split_once(':')?;
    let team =
        if team.eq_ignore_ascii_case("platform") { "platform".to_owned() } else { team_id(team)? };
    let printable = !id.is_empty() && !id.chars().any(char::is_control);
    printable.then(|| format!("{team}:{id}"))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.rule_type.word(), self.identifier)
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        if text.contains('…') {
            return Err(TargetError::Shortened(text.to_owned()));
        }
        let Some((kind, identifier)) = text.split_once(':') else {
            return Err(TargetError::NoType(text.to_owned()));
        };
        Self::new(kind.parse()?, identifier)
    }
}

serde_as_text!(Target);

#[cfg(test)]
mod tests {
    use super::*;

    const HEX64: &str = "7AE80B9AB38AF0C63A9A81765F434D9A7CD8F720EB6037EF303DE39D779BC258";

    fn normal(text: &str) -> String {
        text.parse::<Target>().unwrap().to_string()
    }

    #[test]
    fn a_shortened_target_is_refused_with_the_reason() {
        for text in ["binary:7ae8…9bc258", "signingid:EQHXZ8M8AV:com.goo…hrome"] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains("-o wide shows the whole target"), "{error}");
        }
    }

    #[test]
    fn identifiers_are_normalised_as_santa_stores_them() {
        assert_eq!(normal("teamid:eqhxz8m8av"), "teamid:EQHXZ8M8AV");
        assert_eq!(normal("TEAMID:EQHXZ8M8AV"), "teamid:EQHXZ8M8AV");
        assert_eq!(normal("signingid:PLATFORM:com.Apple.yes"), "signingid:platform:com.Apple.yes");
        assert_eq!(normal("signingid:eqhxz8m8av:a:b c"), "signingid:EQHXZ8M8AV:a:b c");
        assert_eq!(normal(&format!("binary:{HEX64}")), format!("binary:{}", HEX64.to_lowercase()));
        assert_eq!(normal(&format!("sha256: {HEX64} ")), normal(&format!("binary:{HEX64}")));
        assert_eq!(normal(&format!("cdhash:{}", &HEX64[..40])).len(), 47);
    }

    #[test]
    fn what_no_client_would_take_is_refused() {
        for text in [
            "teamid:SHORT",
            "teamid:EQHXZ8M8A-",
            "signingid:com.google.Chrome",
            "signingid:EQHXZ8M8AV:",
            "signingid:EQHXZ8M8AV:a\nb",
            "certificate:abc",
            "cdhash:",
            "bundle:x",
            "EQHXZ8M8AV",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_sha1_for_a_binary_is_named_as_such() {
        let error = Target::new(RuleType::Binary, &HEX64[..40]).unwrap_err();
        assert!(matches!(error, TargetError::Sha1(_)));
    }
}
