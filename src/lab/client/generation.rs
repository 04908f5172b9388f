//! The clients of the protocol, and the features and behavior of each version.
//!
//! Facts about Santa are from the source code of its releases (google/santa up to 2024.9,
//! northpolesec/santa after). Facts about pedro are from the source code of pedro and of rednose,
//! the library that pedro used until January 2026.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::protocol::{ClientMode, PolicyName, RuleType};

/// The `santa_version` of pedro, in the form that pedro has used since January 2026.
const PEDRO: &str = "pedro-1.2.0 (pedro 1.2.0)";

/// The `santa_version` of pedro with the library rednose, in the form used until January 2026.
const REDNOSE: &str = "pedro-1.1.0 (rednose 0.1.0)";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Generation {
    Santa(Version),
    /// pedro since January 2026. pedro is a client for Linux.
    Pedro,
    /// pedro until January 2026.
    Rednose,
}

/// A version of Santa, such as `2026.7.1`, or `2024.6.655965194` with a build number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    year: u16,
    number: u16,
    patch: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a Santa version since 2021.1, such as 2026.7, or pedro, or rednose for an old pedro"
)]
pub struct GenerationError;

impl Generation {
    pub const NEWEST: Self = Self::Santa(Version { year: 2026, number: 7, patch: None });

    /// The client's name in messages.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Santa(version) => format!("Santa {version}"),
            Self::Pedro => "pedro".to_owned(),
            Self::Rednose => "pedro with rednose".to_owned(),
        }
    }

    /// The `santa_version` that the client reports in preflight, unless its profile sets another.
    pub fn says(self) -> String {
        match self {
            Self::Santa(version) => version.to_string(),
            Self::Pedro => PEDRO.to_owned(),
            Self::Rednose => REDNOSE.to_owned(),
        }
    }
}

impl Default for Generation {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Santa(version) => version.fmt(f),
            Self::Pedro => f.write_str("pedro"),
            Self::Rednose => f.write_str("rednose"),
        }
    }
}

impl FromStr for Generation {
    type Err = GenerationError;

    fn from_str(text: &str) -> Result<Self, GenerationError> {
        match text {
            "pedro" => Ok(Self::Pedro),
            "rednose" => Ok(Self::Rednose),
            _ => Version::read(text).map(Self::Santa).ok_or(GenerationError),
        }
    }
}

impl From<Generation> for String {
    fn from(generation: Generation) -> Self {
        generation.to_string()
    }
}

impl TryFrom<String> for Generation {
    type Error = GenerationError;

    fn try_from(text: String) -> Result<Self, GenerationError> {
        text.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.year, self.number)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (year, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let patch = match parts.next() {
            Some(patch) => Some(patch.parse().ok()?),
            None => None,
        };
        let is_one = (2021..=2099).contains(&year) && (1..=99).contains(&number);
        (is_one && parts.next().is_none()).then_some(Self { year, number, patch })
    }

    fn since(self, year: u16, number: u16) -> bool {
        (self.year, self.number) >= (year, number)
    }

    /// Whether the version sends `application/octet-stream` for all bodies, and writes some counts
    /// in JSON as strings.
    pub(crate) fn mislabels(self) -> bool {
        self.since(2024, 6) && !self.since(2024, 8)
    }

    /// Whether the version uses protobuf field names as JSON keys: `serial_number` instead of
    /// `serial_num`.
    pub(crate) fn writes_field_names(self) -> bool {
        self.since(2024, 6) && !self.since(2024, 7)
    }

    /// Whether a response with status 200 whose body is cut off counts as an empty body (Santa's
    /// issue 1137, fixed after 2026.7).
    pub(crate) fn accepts_cut_bodies(self) -> bool {
        !self.since(2026, 8)
    }

    pub(crate) fn knows_mode(self, mode: ClientMode) -> bool {
        match mode {
            ClientMode::Monitor | ClientMode::Lockdown => true,
            ClientMode::Standalone => self.since(2024, 11),
        }
    }

    pub(crate) fn knows_type(self, rule_type: RuleType) -> bool {
        match rule_type {
            RuleType::Binary | RuleType::Certificate => true,
            RuleType::TeamId => self.since(2021, 8),
            RuleType::SigningId => self.since(2023, 5),
            RuleType::CdHash => self.since(2024, 3),
        }
    }

    pub(crate) fn knows_policy(self, policy: PolicyName) -> bool {
        match policy {
            PolicyName::Allowlist
            | PolicyName::AllowlistCompiler
            | PolicyName::Blocklist
            | PolicyName::SilentBlocklist
            | PolicyName::Remove => true,
            PolicyName::Cel => self.since(2025, 6),
            PolicyName::SilentGuiBlocklist | PolicyName::SilentTtyBlocklist => self.since(2026, 6),
        }
    }

    /// Whether expressions may use this variable, field or constant.
    pub(crate) fn knows_cel_name(self, name: &str) -> bool {
        match name {
            "target" | "args" | "envs" | "target.signing_time" | "target.secure_signing_time" => {
                true
            }
            "ALLOWLIST" | "ALLOWLIST_COMPILER" | "BLOCKLIST" | "SILENT_BLOCKLIST"
            | "UNSPECIFIED" => true,
            // The namespace of `strings.quote`.
            "strings" => self.since(2025, 8),
            "euid" | "cwd" => self.since(2025, 12),
            "target.signing_id" => self.since(2026, 2),
            "path" | "target.team_id" | "target.is_platform_binary" => self.since(2026, 3),
            "SILENT_GUI_BLOCKLIST" | "SILENT_TTY_BLOCKLIST" => self.since(2026, 6),
            _ => false,
        }
    }

    /// Whether expressions may call this function. A function that is not listed here is accepted,
    /// because it may be a standard function of CEL.
    pub(crate) fn knows_cel_function(self, name: &str) -> bool {
        match name {
            "join" | "split" | "lowerAscii" | "upperAscii" | "replace" | "indexOf"
            | "lastIndexOf" | "substring" | "charAt" | "trim" | "reverse" | "format" | "quote" => {
                self.since(2025, 8)
            }
            _ => true,
        }
    }

    /// Maximum attempts per request.
    pub(crate) fn attempts(self) -> u32 {
        if self.since(2021, 2) { 5 } else { 2 }
    }

    /// Seconds that the client waits after this number of attempts before the next attempt.
    pub(crate) fn seconds_after(self, attempts: u32) -> u32 {
        if self.since(2023, 4) { 2_u32.pow(attempts + 1) } else { 2 * (attempts + 1) }
    }
}

/// Declares a function for each behavior. The function returns true for the given version and all
/// later versions.
macro_rules! since {
    ($($(#[$doc:meta])* $name:ident: $year:literal, $number:literal;)+) => {
        impl Version {
            $(
                $(#[$doc])*
                pub(crate) fn $name(self) -> bool {
                    self.since($year, $number)
                }
            )+
        }
    };
}

since! {
    /// Rules have an `identifier`. In earlier versions, rules have a `sha256`.
    knows_identifier: 2021, 8;
    knows_usb: 2022, 1;
    sends_model: 2022, 3;
    knows_all_event_upload: 2022, 5;
    knows_unknown_event_upload: 2022, 7;
    /// Absent settings for bundles and transitive rules keep their values. In earlier versions,
    /// such settings are turned off if they are absent.
    keeps_bundle_settings: 2023, 1;
    /// A server may choose the header for its XSRF token.
    renames_xsrf_header: 2023, 3;
    /// Bodies are encoded as the profile specifies. Earlier versions always compress bodies with
    /// deflate.
    chooses_encoding: 2023, 4;
    /// Identifiers are checked, and normalized.
    checks_identifiers: 2023, 5;
    sends_extra_headers: 2023, 7;
    knows_custom_url: 2023, 7;
    counts_in_postflight: 2023, 8;
    knows_file_access: 2023, 8;
    knows_sync_types: 2024, 1;
    /// Messages are defined in protobuf. In earlier versions, messages are dictionaries, whose keys
    /// depend on the version.
    has_messages: 2024, 6;
    /// `AUDIT_ONLY` in a response has no effect, because the code that applies the setting accepts
    /// only the spelling `auditonly`.
    loses_audit_only: 2024, 6;
    sends_sync_type: 2025, 1;
    /// Events have entitlements, code signing flags and a signing status.
    sends_entitlements: 2025, 1;
    /// Events have signing times, and preflight has the primary user's groups.
    sends_signing_times: 2025, 6;
    sends_rules_hash: 2025, 7;
    /// An interval below the minimum becomes the minimum. In earlier versions, such an interval
    /// becomes the default.
    clamps_intervals: 2025, 10;
    /// A server may set the target and label of the block dialog's button.
    knows_event_detail: 2025, 12;
    sends_static_rule: 2026, 2;
    knows_media_policies: 2026, 3;
    gives_up_at_client_errors: 2026, 4;
    forgets_settings_when_clean: 2026, 4;
    knows_button_label: 2026, 7;
    /// A change of `SyncBaseURL` deletes the rules of the old server in addition to its settings
    /// (Santa's change 1151, after 2026.7).
    forgets_rules_of_another_server: 2026, 8;
}

/// How long clients wait for a response, including its body.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
impl Version {
    pub(crate) fn named(text: &str) -> Self {
        Self::read(text).unwrap_or_else(|| panic!("{text} is not a valid Santa version"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_read_back_from_its_name() {
        for name in ["2021.1", "2022.4", "2024.6.655965194", "2026.7.1", "pedro", "rednose"] {
            let generation: Generation = name.parse().unwrap();
            assert_eq!(generation.to_string(), name);
            let text = serde_json::to_string(&generation).unwrap();
            assert_eq!(serde_json::from_str::<Generation>(&text).unwrap(), generation);
        }
    }

    #[test]
    fn unknown_clients_are_refused() {
        for name in ["", "2024", "2020.1", "1.14", "2024.0", "2024.6.1.2", "2024.x", "Pedro"] {
            assert_eq!(name.parse::<Generation>(), Err(GenerationError), "{name}");
        }
    }

    #[test]
    fn a_patch_has_the_capabilities_of_its_version() {
        assert!(Version::named("2026.4.1").gives_up_at_client_errors());
        assert!(!Version::named("2026.3.9").gives_up_at_client_errors());
        assert!(Version::named("2026.7").knows_policy(PolicyName::SilentGuiBlocklist));
        assert!(!Version::named("2026.5").knows_policy(PolicyName::SilentGuiBlocklist));
    }

    #[test]
    fn rule_types_are_supported_since_their_versions() {
        let known = |text: &str| {
            let types = RuleType::ALL.iter().filter(|&&each| Version::named(text).knows_type(each));
            types.count()
        };
        let versions = ["2021.7", "2021.8", "2023.4", "2023.5", "2024.2", "2024.3"];
        assert_eq!(versions.map(known), [2, 3, 3, 4, 4, 5]);
    }

    #[test]
    fn clients_wait_longer_each_time_and_old_ones_less_so() {
        let waits = |text: &str| [1, 2, 3, 4].map(|n| Version::named(text).seconds_after(n));
        assert_eq!(waits("2026.7"), [4, 8, 16, 32]);
        assert_eq!(waits("2023.4"), [4, 8, 16, 32]);
        assert_eq!(waits("2023.3"), [4, 6, 8, 10]);
        assert_eq!(
            (Version::named("2021.1").attempts(), Version::named("2021.2").attempts()),
            (2, 5)
        );
    }
}
