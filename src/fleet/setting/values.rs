//! The values of settings: parsed from several forms, and written in one canonical form.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::fleet::parse_duration;

/// Santa's minimum (SNTSyncManager.mm).
const SHORTEST_INTERVAL: u32 = 60;
/// A host that syncs less often would get changes too late.
const LONGEST_INTERVAL: u32 = 24 * 60 * 60;
/// Larger requests may take longer than Santa's timeout of 30 s.
const LARGEST_BATCH: u32 = 1000;
/// The longest path pattern, URL or button label, in bytes.
const LONGEST_TEXT: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error("unknown setting `{0}`")]
    UnknownKey(String),
    #[error("invalid value `{value}`: expected {expected}")]
    Value { value: String, expected: &'static str },
    #[error("`{0}` is too short: Santa's minimum is 60 s")]
    IntervalTooShort(String),
    #[error("`{0}` is too long: the maximum is 24 h")]
    IntervalTooLong(String),
    #[error("can only be set for the fleet, not for {0}")]
    FleetOnly(String),
}

pub(super) fn unexpected<T>(value: &str, expected: &'static str) -> Result<T, SettingError> {
    Err(SettingError::Value { value: value.to_owned(), expected })
}

pub(super) trait SettingValue: Sized {
    /// Common values in their canonical form. If the type has only a few values, all of them.
    const COMMON: &'static [&'static str] = &[];

    fn read(text: &str) -> Result<Self, SettingError>;
    fn write(&self) -> String;
}

impl SettingValue for bool {
    const COMMON: &'static [&'static str] = &["true", "false"];

    fn read(text: &str) -> Result<Self, SettingError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => unexpected(text, "true or false"),
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for String {
    fn read(text: &str) -> Result<Self, SettingError> {
        if text.chars().any(char::is_control) || text.len() > LONGEST_TEXT {
            return unexpected(text, "at most 4096 bytes without control characters");
        }
        Ok(text.to_owned())
    }

    fn write(&self) -> String {
        self.clone()
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal $(| $alias:literal)*,)+ } $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$inner])* $variant,)+
        }

        impl $name {
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = SettingError;

            fn from_str(text: &str) -> Result<Self, SettingError> {
                match text.trim().to_ascii_lowercase().replace('_', "-").as_str() {
                    $($word $(| $alias)* => Ok(Self::$variant),)+
                    _ => unexpected(text, $expected),
                }
            }
        }

        impl SettingValue for $name {
            const COMMON: &'static [&'static str] = &[$($word),+];

            fn read(text: &str) -> Result<Self, SettingError> {
                text.parse()
            }

            fn write(&self) -> String {
                self.word().to_owned()
            }
        }
    };
}

words! {
    /// What the server does about hosts with drift.
    DriftRepair {
        /// Drift is only shown.
        Off = "off",
        /// One clean sync replaces the host's rules.
        Clean = "clean",
    }
    "off or clean"
}

words! {
    /// The reaction to a second Mac that uses a host's machine ID.
    MachineIdConflicts {
        /// The conflict is shown, and both Macs sync.
        Serve = "serve",
        /// The second Mac is refused until an administrator accepts it.
        Refuse = "refuse",
    }
    "serve or refuse"
}

words! {
    /// The paths that events and sightings keep.
    KeepPaths {
        /// Paths are kept as they were reported.
        Full = "full",
        /// The names of home folders are replaced, as in `/Users/…/Downloads`.
        HomeRedacted = "home-redacted",
    }
    "full or home-redacted"
}

words! {
    /// Santa's treatment of programs without a rule.
    ClientMode {
        /// Santa allows and reports these programs.
        Monitor = "monitor",
        /// Santa blocks these programs.
        Lockdown = "lockdown",
        /// The user can approve these programs (Santa 2024.11 and later).
        Standalone = "standalone",
    }
    "monitor, lockdown or standalone"
}

words! {
    /// Overrides Santa's file access rules.
    FileAccessOverride {
        /// The rules are not changed.
        None = "none",
        /// The rules only report accesses and deny none. Santa 2024.6 and later ignores this value.
        AuditOnly = "audit-only" | "auditonly",
        /// The rules are disabled.
        Disable = "disable",
    }
    "none, audit-only or disable"
}

words! {
    /// A mount option for a removable disk.
    RemountFlag {
        /// Read-only.
        Rdonly = "rdonly",
        Noexec = "noexec",
        /// No set-user-id.
        Nosuid = "nosuid",
        /// Hidden in the Finder.
        Nobrowse = "nobrowse",
        /// File owners are ignored.
        Noowners = "noowners",
        /// No device files.
        Nodev = "nodev",
        /// Journaled.
        Journal = "-j",
        /// Asynchronous writes.
        Async = "async",
    }
    "rdonly, noexec, nosuid, nobrowse, noowners, nodev, -j or async"
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovableMedia {
    Allow,
    Block,
    /// The disk is mounted again with these flags. The list is not empty.
    Remount(Vec<RemountFlag>),
}

impl SettingValue for RemovableMedia {
    const COMMON: &'static [&'static str] = &["allow", "block", "remount:rdonly"];

    fn read(text: &str) -> Result<Self, SettingError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "allow" => Ok(Self::Allow),
            "block" => Ok(Self::Block),
            other => match other.strip_prefix("remount:") {
                Some(flags) => {
                    let flags: Result<_, _> = flags.split(',').map(str::parse).collect();
                    flags.map(Self::Remount)
                }
                None => unexpected(
                    text,
                    "allow, block or remount:FLAG,FLAG (as in remount:rdonly,noexec)",
                ),
            },
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Allow => "allow".to_owned(),
            Self::Block => "block".to_owned(),
            Self::Remount(flags) => {
                let words: Vec<&str> = flags.iter().map(|flag| flag.word()).collect();
                format!("remount:{}", words.join(","))
            }
        }
    }
}

/// Time between two syncs: 60 s to 24 h, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(u32);

impl Interval {
    /// Santa's default: ten minutes.
    pub const DEFAULT: Self = Self(600);

    pub const fn seconds(self) -> u32 {
        self.0
    }
}

impl SettingValue for Interval {
    const COMMON: &'static [&'static str] = &["1m", "10m"];

    fn read(text: &str) -> Result<Self, SettingError> {
        let Some(duration) = parse_duration(text) else {
            return unexpected(text, "a duration such as 90s, 10m or 1h");
        };
        match u32::try_from(duration.as_secs()).unwrap_or(u32::MAX) {
            0..SHORTEST_INTERVAL => Err(SettingError::IntervalTooShort(text.to_owned())),
            seconds @ SHORTEST_INTERVAL..=LONGEST_INTERVAL => Ok(Self(seconds)),
            _ => Err(SettingError::IntervalTooLong(text.to_owned())),
        }
    }

    fn write(&self) -> String {
        match self.0 {
            seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
            seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
            seconds => format!("{seconds}s"),
        }
    }
}

/// The maximum number of events in one upload request: 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchSize(u32);

impl BatchSize {
    /// Santa's own default.
    pub const DEFAULT: Self = Self(50);

    pub const fn get(self) -> u32 {
        self.0
    }
}

impl SettingValue for BatchSize {
    fn read(text: &str) -> Result<Self, SettingError> {
        match text.trim().parse() {
            Ok(size @ 1..=LARGEST_BATCH) => Ok(Self(size)),
            _ => unexpected(text, "a number from 1 to 1000"),
        }
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// A pattern for paths in ICU's syntax, or empty for no pattern. nicelist adds a missing `^`. Santa
/// would add it only after a restart, and the pattern would then change its meaning
/// (SNTConfigurator.mm).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PathRegex(Box<str>);

impl PathRegex {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SettingValue for PathRegex {
    fn read(text: &str) -> Result<Self, SettingError> {
        let text = String::read(text)?;
        let anchored = text.is_empty() || text.starts_with('^');
        Ok(Self(if anchored { text.into() } else { format!("^{text}").into() }))
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_in_human_spelling_and_bounded() {
        let read = |text| Interval::read(text).map(|interval| interval.write());
        assert_eq!(read("600"), Ok("10m".to_owned()));
        assert_eq!(read("1h"), Ok("1h".to_owned()));
        assert_eq!(read("90s"), Ok("90s".to_owned()));
        assert_eq!(read("30s"), Err(SettingError::IntervalTooShort("30s".to_owned())));
        assert_eq!(read("2d"), Err(SettingError::IntervalTooLong("2d".to_owned())));
        assert!(read("often").is_err());
    }

    /// W10: Santa's documentation writes `AuditOnly`, and Santa ignores the case. So does nicelist.
    #[test]
    fn w10_the_override_of_file_access_is_read_as_santa_spells_it() {
        for text in ["AuditOnly", "auditonly", "AUDIT_ONLY", "audit-only"] {
            assert_eq!(text.parse(), Ok(FileAccessOverride::AuditOnly), "{text}");
        }
        assert!("audit".parse::<FileAccessOverride>().is_err());
    }

    #[test]
    fn path_patterns_are_anchored_once() {
        let read = |text| PathRegex::read(text).unwrap().write();
        assert_eq!(read("/opt/.*"), "^/opt/.*");
        assert_eq!(read("^/opt/.*"), "^/opt/.*");
        assert_eq!(read(""), "");
    }

    #[test]
    fn removable_media_reads_flags_and_refuses_unknown_ones() {
        let read = |text| RemovableMedia::read(text).map(|media| media.write());
        assert_eq!(read("Block"), Ok("block".to_owned()));
        assert_eq!(read("remount:rdonly,-j"), Ok("remount:rdonly,-j".to_owned()));
        assert!(read("remount:").is_err());
        assert!(read("remount:fast").is_err());
        assert!(read("eject").is_err());
    }
}
