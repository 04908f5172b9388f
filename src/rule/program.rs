//! A program as hosts report it, and the targets of rules that could match it.

use std::str::FromStr;

use serde::de::{self, IntoDeserializer as _};
use serde::{Deserialize, Serialize};

use super::{RuleType, Target};

/// The state of a program's signature. The state determines which rule types can match a program
/// (SNTRuleIdentifiers.mm).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SigningStatus {
    #[default]
    Unknown,
    Unsigned,
    Invalid,
    /// Signed without a certificate.
    Adhoc,
    Development,
    /// Signed for distribution.
    Production,
}

impl SigningStatus {
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Unsigned,
        Self::Invalid,
        Self::Adhoc,
        Self::Development,
        Self::Production,
    ];

    /// The word shown to users.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Unsigned => "unsigned",
            Self::Invalid => "invalid signature",
            Self::Adhoc => "ad hoc",
            Self::Development => "development",
            Self::Production => "production",
        }
    }

    /// Whether a rule of this type can match a program with this status. If the status is unknown,
    /// all types count as possible.
    pub const fn allows(self, rule_type: RuleType) -> bool {
        match (self, rule_type) {
            (_, RuleType::Binary) | (Self::Unknown | Self::Production, _) => true,
            (Self::Unsigned | Self::Invalid, _) => false,
            (Self::Adhoc, kind) => matches!(kind, RuleType::CdHash),
            (Self::Development, kind) => matches!(kind, RuleType::CdHash | RuleType::Certificate),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid signing status `{0}`: expected production, development, adhoc, unsigned, invalid or unknown"
)]
pub struct NotASigningStatus(String);

/// Parses the words of the admin API, such as `adhoc`.
impl FromStr for SigningStatus {
    type Err = NotASigningStatus;

    fn from_str(text: &str) -> Result<Self, NotASigningStatus> {
        let read = Self::deserialize(text.into_deserializer());
        read.map_err(|_: de::value::Error| NotASigningStatus(text.to_owned()))
    }
}

/// The leaf certificate that signed a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// SHA-256 of the certificate.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub common_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub organization: String,
}

/// The known facts about a program. A text is empty if the fact is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Program {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Code directory hash.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cdhash: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub team_id: String,
    /// Signing ID, with or without the team ID as its prefix.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signing_id: String,
    pub signing_status: SigningStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

/// A target for a rule that would match a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub target: Target,
    /// A description of the programs that the rule would match.
    pub covers: String,
}

impl Program {
    /// The targets that can match this program, best first: those for all versions of the program,
    /// then those for this version only, then those for many programs of a vendor.
    pub fn candidates(&self) -> Vec<Candidate> {
        let certificate = self.certificate.as_ref();
        let named = certificate.map(|leaf| leaf.common_name.as_str()).filter(|cn| !cn.is_empty());
        let covers = [
            (RuleType::SigningId, "every version of this program".to_owned()),
            (RuleType::CdHash, "this build of the program only".to_owned()),
            (RuleType::Binary, "this exact file only".to_owned()),
            (RuleType::TeamId, format!("every program of team {}", self.team_id)),
            (
                RuleType::Certificate,
                format!("every program signed with {}", named.unwrap_or("this certificate")),
            ),
        ];
        let candidates = covers.into_iter();
        candidates
            .filter_map(|(kind, covers)| Some(Candidate { target: self.target(kind)?, covers }))
            .collect()
    }

    /// The program's target of this type. None if rules of this type cannot match a program with
    /// its signing status, or if the program's identifier is unknown or invalid.
    pub fn target(&self, rule_type: RuleType) -> Option<Target> {
        let identifier = match rule_type {
            RuleType::CdHash => self.cdhash.clone(),
            RuleType::Binary => self.sha256.clone(),
            RuleType::SigningId => self.prefixed_signing_id()?,
            RuleType::Certificate => self.certificate.as_ref()?.sha256.clone(),
            RuleType::TeamId => self.team_id.clone(),
        };
        let usable = self.signing_status.allows(rule_type);
        usable.then(|| Target::new(rule_type, &identifier).ok()).flatten()
    }

    /// Whether the program may have an identifier of this type that was not reported. A report with
    /// a signing status has all of the program's identifiers, except perhaps the code directory
    /// hash.
    pub const fn may_have(&self, rule_type: RuleType) -> bool {
        match (self.signing_status, rule_type) {
            (SigningStatus::Unknown, _) | (_, RuleType::CdHash) => true,
            (
                SigningStatus::Unsigned
                | SigningStatus::Invalid
                | SigningStatus::Adhoc
                | SigningStatus::Development
                | SigningStatus::Production,
                RuleType::Binary | RuleType::SigningId | RuleType::Certificate | RuleType::TeamId,
            ) => false,
        }
    }

    /// Whether the signing ID marks the program as part of macOS.
    pub fn is_platform(&self) -> bool {
        self.target(RuleType::SigningId)
            .is_some_and(|target| target.identifier().starts_with("platform:"))
    }

    /// Whether only the hash of the file is known.
    pub fn is_hash_alone(&self) -> bool {
        let hash = Self { sha256: self.sha256.clone(), ..Self::default() };
        *self == hash
    }

    /// Explains why the best candidate has this type.
    pub fn reason(&self, chosen: RuleType) -> &'static str {
        match (chosen, self.signing_status) {
            (RuleType::SigningId, _) => {
                "a signing ID stays valid after updates and matches only \
                this program"
            }
            (RuleType::CdHash | RuleType::Binary, SigningStatus::Unsigned) => {
                "the program is unsigned, so only its hash can identify it; an update needs a new \
                rule"
            }
            (RuleType::CdHash | RuleType::Binary, SigningStatus::Invalid) => {
                "the program's signature is not valid, so only its hash can identify it"
            }
            (RuleType::CdHash | RuleType::Binary, SigningStatus::Adhoc) => {
                "the program is signed ad hoc, so only a hash can identify it; an update needs a \
                new rule"
            }
            (RuleType::CdHash | RuleType::Binary, SigningStatus::Development) => {
                "the program has a development signature; Santa does not match its signing ID"
            }
            (RuleType::CdHash | RuleType::Binary, _) => {
                "no usable signing ID was reported; an update needs a new rule"
            }
            (RuleType::TeamId, _) => "a team ID matches every program of the team",
            (RuleType::Certificate, _) => "a certificate matches every program signed with it",
        }
    }

    /// The signing ID with its prefix: the team ID or `platform`. If the client reported no prefix
    /// (before 2024), the team ID is added as the prefix if it is known.
    pub fn prefixed_signing_id(&self) -> Option<String> {
        if Target::new(RuleType::SigningId, &self.signing_id).is_ok() {
            return Some(self.signing_id.clone());
        }
        let known = !self.team_id.is_empty() && !self.signing_id.is_empty();
        known.then(|| format!("{}:{}", self.team_id, self.signing_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chrome() -> Program {
        Program {
            sha256: "ab".repeat(32),
            cdhash: "cd".repeat(20),
            team_id: "EQHXZ8M8AV".to_owned(),
            signing_id: "EQHXZ8M8AV:com.google.Chrome".to_owned(),
            signing_status: SigningStatus::Production,
            certificate: Some(Certificate { sha256: "ef".repeat(32), ..Certificate::default() }),
        }
    }

    fn kinds(program: &Program) -> Vec<RuleType> {
        program.candidates().iter().map(|candidate| candidate.target.rule_type()).collect()
    }

    #[test]
    fn a_distributed_program_is_best_named_by_its_signing_id() {
        use RuleType::{Binary, CdHash, Certificate, SigningId, TeamId};
        assert_eq!(kinds(&chrome()), [SigningId, CdHash, Binary, TeamId, Certificate]);
    }

    #[test]
    fn only_what_santa_can_match_is_proposed() {
        use RuleType::{Binary, CdHash, Certificate};
        let signed = |signing_status| Program { signing_status, ..chrome() };
        assert_eq!(kinds(&signed(SigningStatus::Development)), [CdHash, Binary, Certificate]);
        assert_eq!(kinds(&signed(SigningStatus::Adhoc)), [CdHash, Binary]);
        assert_eq!(kinds(&signed(SigningStatus::Unsigned)), [Binary]);
        assert_eq!(kinds(&signed(SigningStatus::Invalid)), [Binary]);
    }

    #[test]
    fn a_bare_signing_id_gets_its_team_and_no_guess() {
        let bare = Program { signing_id: "com.google.Chrome".to_owned(), ..chrome() };
        let best = &bare.candidates()[0];
        assert_eq!(best.target.to_string(), "signingid:EQHXZ8M8AV:com.google.Chrome");
        let teamless = Program { team_id: String::new(), ..bare };
        assert_eq!(kinds(&teamless)[0], RuleType::CdHash);
    }
}
