//! The enums of the wire format, with their spellings.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An enum of the wire format.
pub trait Word: Copy + Eq + 'static {
    /// The spelling of current clients.
    fn name(self) -> &'static str;

    /// The number in protobuf, which is never negative.
    fn number(self) -> i64;

    /// Finds a value by its name or a documented alias. Case-sensitive, as in clients.
    fn from_name(name: &str) -> Option<Self>;

    fn from_number(number: i64) -> Option<Self>;
}

/// Declares an enum with the number, spelling and aliases of each value.
macro_rules! words {
    (
        $(#[$outer:meta])*
        $vis:vis enum $type:ident {
            $( $(#[$inner:meta])* $variant:ident = $number:literal $name:literal $(| $alias:literal)*, )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $type { $( $(#[$inner])* $variant, )+ }

        impl $type {
            /// All values, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl Word for $type {
            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            fn number(self) -> i64 {
                match self { $(Self::$variant => $number,)+ }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name { $($name $(| $alias)* => Some(Self::$variant),)+ _ => None }
            }

            fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = Cow::<str>::deserialize(deserializer)?;
                Self::from_name(&name)
                    .ok_or_else(|| de::Error::unknown_variant(&name, &[$($name),+]))
            }
        }
    };
}

words! {
    /// How a client handles unknown programs.
    pub enum ClientMode {
        /// Allows unknown programs.
        Monitor = 1 "MONITOR",
        /// Blocks unknown programs.
        Lockdown = 2 "LOCKDOWN",
        /// Blocks unknown programs until the user approves them (2024.11 and later).
        Standalone = 3 "STANDALONE",
    }
}

words! {
    /// The effect of a sync on the rules of a client.
    pub enum SyncType {
        /// Keeps all rules.
        Normal = 1 "NORMAL" | "normal",
        /// Deletes all but the transitive rules.
        Clean = 2 "CLEAN" | "clean",
        /// Deletes all rules.
        CleanAll = 3 "CLEAN_ALL" | "clean_all",
        /// Part of the protocol, but clients treat it as `Normal`.
        CleanStandalone = 4 "CLEAN_STANDALONE" | "clean_standalone",
        /// Part of the protocol, but clients treat it as `Normal`.
        CleanRules = 5 "CLEAN_RULES" | "clean_rules",
        /// Part of the protocol, but clients treat it as `Normal`.
        CleanFileAccessRules = 6 "CLEAN_FILE_ACCESS_RULES" | "clean_file_access_rules",
    }
}

words! {
    pub enum PolicyName {
        Allowlist = 1 "ALLOWLIST" | "WHITELIST",
        /// Allows the program and, if transitive rules are enabled, the programs that it creates.
        AllowlistCompiler = 2 "ALLOWLIST_COMPILER" | "WHITELIST_COMPILER",
        /// Blocks with a dialog and a message on the terminal.
        Blocklist = 3 "BLOCKLIST" | "BLACKLIST",
        /// Blocks without a dialog and without a message on the terminal.
        SilentBlocklist = 4 "SILENT_BLOCKLIST" | "SILENT_BLACKLIST",
        /// Deletes the client's rule with the same type and identifier.
        Remove = 5 "REMOVE",
        /// The result of the expression decides (2025.6 and later).
        Cel = 6 "CEL",
        /// Blocks without a dialog (2026.6 and later).
        SilentGuiBlocklist = 8 "SILENT_GUI_BLOCKLIST",
        /// Blocks without a message on the terminal (2026.6 and later).
        SilentTtyBlocklist = 9 "SILENT_TTY_BLOCKLIST",
    }
}

words! {
    pub enum RuleType {
        /// One file, by SHA-256.
        Binary = 1 "BINARY",
        /// A leaf certificate, by SHA-256.
        Certificate = 2 "CERTIFICATE",
        /// A developer team.
        TeamId = 3 "TEAMID",
        /// A signing ID with its team ID or `platform`.
        SigningId = 4 "SIGNINGID",
        /// A code directory hash.
        CdHash = 5 "CDHASH",
    }
}

words! {
    /// How the server overrides the client's file access policies.
    pub enum FileAccessAction {
        /// The policies apply unchanged.
        None = 1 "NONE" | "None" | "none",
        /// Accesses are logged instead of denied.
        AuditOnly = 2 "AUDIT_ONLY" | "AuditOnly" | "auditonly",
        /// The policies are ignored.
        Disable = 3 "DISABLE" | "Disable" | "disable",
    }
}

words! {
    /// A decision about an execution, with its reason.
    #[derive(Default)]
    pub enum Decision {
        #[default]
        Unknown = 0 "DECISION_UNKNOWN" | "UNKNOWN",
        /// The client mode allows unknown programs.
        AllowUnknown = 1 "ALLOW_UNKNOWN",
        AllowBinary = 2 "ALLOW_BINARY",
        AllowCertificate = 3 "ALLOW_CERTIFICATE",
        /// Allowed because of the path, or because Santa does not check this kind of file.
        AllowScope = 4 "ALLOW_SCOPE",
        AllowTeamId = 5 "ALLOW_TEAMID",
        AllowSigningId = 6 "ALLOW_SIGNINGID",
        AllowCdHash = 7 "ALLOW_CDHASH",
        /// The client mode blocks unknown programs.
        BlockUnknown = 8 "BLOCK_UNKNOWN",
        BlockBinary = 9 "BLOCK_BINARY",
        BlockCertificate = 10 "BLOCK_CERTIFICATE",
        /// Blocked because of the path or the kind of the file.
        BlockScope = 11 "BLOCK_SCOPE",
        BlockTeamId = 12 "BLOCK_TEAMID",
        BlockSigningId = 13 "BLOCK_SIGNINGID",
        BlockCdHash = 14 "BLOCK_CDHASH",
        /// Not an execution: a program from an inventory (`santactl inventory`), or from a bundle
        /// whose programs the server requested.
        BundleBinary = 15 "BUNDLE_BINARY",
        /// Blocked because the file on disk does not match the executed program.
        BlockBinaryMismatch = 18 "BLOCK_BINARY_MISMATCH",
        AllowPlatform = 19 "ALLOW_PLATFORM",
    }
}

words! {
    /// A decision about an access to a watched file.
    #[derive(Default)]
    pub enum FileAccessDecision {
        #[default]
        Unknown = 0 "FILE_ACCESS_DECISION_UNKNOWN",
        Denied = 1 "FILE_ACCESS_DECISION_DENIED",
        /// The accessing program has an invalid signature.
        DeniedInvalidSignature = 2 "FILE_ACCESS_DECISION_DENIED_INVALID_SIGNATURE",
        /// The access was only logged.
        AuditOnly = 3 "FILE_ACCESS_DECISION_AUDIT_ONLY",
    }
}

words! {
    #[derive(Default)]
    pub enum SigningStatus {
        #[default]
        Unspecified = 0 "SIGNING_STATUS_UNSPECIFIED",
        Unsigned = 1 "SIGNING_STATUS_UNSIGNED",
        Invalid = 2 "SIGNING_STATUS_INVALID",
        Adhoc = 3 "SIGNING_STATUS_ADHOC",
        Development = 4 "SIGNING_STATUS_DEVELOPMENT",
        Production = 5 "SIGNING_STATUS_PRODUCTION",
    }
}

/// A known or unknown word from a client.
///
/// Newer clients may send unknown words, which must also be stored and shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Open<W> {
    Known(W),
    /// An unknown name or number, as received.
    Other(String),
}

impl<W: Word> Open<W> {
    pub fn read(said: Cow<'_, str>) -> Self {
        match parse(&said) {
            Some(word) => Self::Known(word),
            None => Self::Other(said.into_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(word) => word.name(),
            Self::Other(said) => said,
        }
    }
}

impl<W: Word> fmt::Display for Open<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<W: Word> From<W> for Open<W> {
    fn from(word: W) -> Self {
        Self::Known(word)
    }
}

impl<W: Word> Serialize for Open<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<W: Word + Default> Default for Open<W> {
    fn default() -> Self {
        Self::Known(W::default())
    }
}

/// Reads a word by its name, or by its number as text.
pub(super) fn parse<W: Word>(said: &str) -> Option<W> {
    W::from_name(said).or_else(|| W::from_number(said.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_are_read_back<W: Word + fmt::Debug>(all: &[W]) {
        for &word in all {
            assert_eq!(W::from_name(word.name()), Some(word));
            assert_eq!(W::from_number(word.number()), Some(word));
            assert_eq!(
                W::from_name(&word.name().replace('_', "-")).is_some(),
                !word.name().contains('_')
            );
        }
    }

    #[test]
    fn every_word_is_read_back_from_its_name() {
        names_are_read_back(ClientMode::ALL);
        names_are_read_back(SyncType::ALL);
        names_are_read_back(PolicyName::ALL);
        names_are_read_back(RuleType::ALL);
        names_are_read_back(FileAccessAction::ALL);
        names_are_read_back(Decision::ALL);
        names_are_read_back(FileAccessDecision::ALL);
        names_are_read_back(SigningStatus::ALL);
    }

    #[test]
    fn documented_aliases_are_read_and_other_cases_are_not() {
        assert_eq!(PolicyName::from_name("WHITELIST"), Some(PolicyName::Allowlist));
        assert_eq!(PolicyName::from_name("SILENT_BLACKLIST"), Some(PolicyName::SilentBlocklist));
        assert_eq!(SyncType::from_name("clean_all"), Some(SyncType::CleanAll));
        assert_eq!(FileAccessAction::from_name("AuditOnly"), Some(FileAccessAction::AuditOnly));
        assert_eq!(PolicyName::from_name("allowlist"), None);
        assert_eq!(ClientMode::from_name("lockdown"), None);
    }

    #[test]
    fn numbers_stand_for_words() {
        assert_eq!(parse::<ClientMode>("2"), Some(ClientMode::Lockdown));
        assert_eq!(PolicyName::from_number(9), Some(PolicyName::SilentTtyBlocklist));
        assert_eq!(PolicyName::from_number(7), None);
        assert_eq!(Decision::from_number(19), Some(Decision::AllowPlatform));
    }

    #[test]
    fn an_unknown_word_is_kept_as_it_came() {
        let decision = Open::<Decision>::read("BLOCK_MOONLIGHT".into());
        assert_eq!(decision, Open::Other("BLOCK_MOONLIGHT".to_owned()));
        assert_eq!(decision.to_string(), "BLOCK_MOONLIGHT");
        assert_eq!(Open::<Decision>::read("16".into()), Open::Other("16".to_owned()));
        assert_eq!(Open::<Decision>::read("8".into()), Decision::BlockUnknown.into());
    }
}
