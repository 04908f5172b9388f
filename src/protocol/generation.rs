//! Client generations, and the capabilities of each generation.
//!
//! Versions of Santa with the same capabilities are one generation. The number of a generation is
//! its first version (`2025.6` is 202506, `1.14` is 114), or 0 for versions before 1.14. An update
//! that adds no capability does not change a client's generation. A new row in the table does not
//! change the numbers of existing generations. pedro has its own generations.

pub mod pedro;

/// A feature that not all clients support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The words ALLOWLIST and BLOCKLIST, and settings such as `allowed_path_regex`.
    AllowAndBlockWords,
    /// Rules for team IDs, and the key `identifier` of rules.
    TeamIdRules,
    SigningIdRules,
    /// The counts in postflight. Older clients send an empty body.
    PostflightCounts,
    /// `sync_type` in the response to preflight. Older clients read only `clean_sync`.
    SyncTypes,
    CdHashRules,
    /// Messages defined in protobuf, with the new names of push settings.
    DefinedMessages,
    StandaloneMode,
    /// Rules with a CEL expression.
    CelRules,
    /// The hash of the client's rules in preflight and postflight.
    RulesHash,
    /// The string functions of expressions, such as `join` and `lowerAscii`.
    CelStrings,
    /// `euid` and `cwd` in expressions.
    CelProcess,
    /// `target.signing_id` in expressions.
    CelSigningId,
    /// `path`, `target.team_id` and `target.is_platform_binary` in expressions.
    CelPath,
    /// The policies SILENT_GUI_BLOCKLIST and SILENT_TTY_BLOCKLIST, in rules and in expressions.
    HalfSilentPolicies,
}

/// The first version with each capability, oldest first (from Santa's tags 1.14 to 2026.7).
const TABLE: [(u32, Capability); 15] = [
    (114, Capability::AllowAndBlockWords),
    (202_108, Capability::TeamIdRules),
    (202_305, Capability::SigningIdRules),
    (202_308, Capability::PostflightCounts),
    (202_401, Capability::SyncTypes),
    (202_403, Capability::CdHashRules),
    (202_406, Capability::DefinedMessages),
    (202_411, Capability::StandaloneMode),
    (202_506, Capability::CelRules),
    (202_507, Capability::RulesHash),
    (202_508, Capability::CelStrings),
    (202_512, Capability::CelProcess),
    (202_602, Capability::CelSigningId),
    (202_603, Capability::CelPath),
    (202_606, Capability::HalfSilentPolicies),
];

/// Clients on Linux that use the library rednose, such as pedro before January 2026. They replace
/// all rules in every sync, request only one page, report no rule counts, and reject a whole
/// response that contains an unknown word.
pub const REDNOSE: u32 = 1;

/// pedro since January 2026, which contains a copy of rednose's code and reports `(pedro` instead
/// of `(rednose` in its version. Newer releases of pedro differ from [`REDNOSE`] only in how they
/// count the bytes of a response.
pub const PEDRO: u32 = 2;

/// Whether a client limits the size of a response before or after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// The limit applies to the bytes as sent (ureq up to 3.3).
    BeforeDecompression,
    /// The limit applies to the decompressed bytes (ureq 3.5).
    AfterDecompression,
}

/// How a generation of pedro counts the bytes of a response. `None` for all other clients. Some
/// early releases of [`PEDRO`] count before decompression, but cannot be recognized by the version
/// that they report.
pub const fn counting(generation: u32) -> Option<Counting> {
    match generation {
        REDNOSE => Some(Counting::BeforeDecompression),
        PEDRO => Some(Counting::AfterDecompression),
        _ => None,
    }
}

pub const fn is_pedro(generation: u32) -> bool {
    matches!(generation, REDNOSE | PEDRO)
}

/// The generation assumed for a client whose version cannot be read. Clients of this and later
/// generations ignore unknown fields and words.
const UNREADABLE: u32 = 202_406;

/// The generation of a client that reports this version, such as `2025.6.1`, `pedro-1.1.0 (rednose
/// 0.1.0)` or `pedro-1.2.0 (pedro 1.2.0)`.
pub fn step_of(version: &str) -> u32 {
    if version.contains("(rednose ") {
        return REDNOSE;
    }
    if version.contains("(pedro ") {
        return PEDRO;
    }
    let reached = reached(version);
    let steps = TABLE.iter().map(|(first, _)| *first);
    steps.filter(|first| *first <= reached).max().unwrap_or(0)
}

/// Whether a client that reports this version uses a flag to recognize programs that are part of
/// macOS. Clients before 2026.5 compare a program's certificate with launchd's instead.
pub fn knows_platform_by_flag(version: &str) -> bool {
    reached(version) >= 202_605
}

/// Whether a client that reports this version stores the settings for the target and label of the
/// block dialog's button.
pub fn keeps_event_details(version: &str) -> bool {
    reached(version) >= 202_512
}

pub fn keeps_removable_media(version: &str) -> bool {
    reached(version) >= 202_201
}

/// Whether a client that reports this version has a separate policy for encrypted media.
pub fn keeps_encrypted_media(version: &str) -> bool {
    reached(version) >= 202_603
}

/// Whether a client that reports this version deletes all settings before it applies the settings
/// of a clean sync.
pub fn resets_settings_when_clean(version: &str) -> bool {
    reached(version) >= 202_604
}

fn reached(version: &str) -> u32 {
    let mut parts = version.split('.').map(|part| part.trim().parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major @ (0..=99 | 2000..=9999)), Some(minor @ 0..=99)) => major * 100 + minor,
        _ => UNREADABLE,
    }
}

pub fn has(generation: u32, capability: Capability) -> bool {
    match generation {
        REDNOSE | PEDRO => matches!(
            capability,
            Capability::AllowAndBlockWords
                | Capability::TeamIdRules
                | Capability::SigningIdRules
                | Capability::SyncTypes
                | Capability::CdHashRules
                | Capability::DefinedMessages
        ),
        _ => first_with(capability) <= generation,
    }
}

pub fn first_with(capability: Capability) -> u32 {
    let steps = TABLE.iter().filter(|(_, each)| *each == capability);
    steps.map(|(first, _)| *first).next().unwrap_or(u32::MAX)
}

/// The first version of a generation of Santa, such as `2025.6`.
pub fn version_of(generation: u32) -> String {
    format!("{}.{}", generation / 100, generation % 100)
}

/// The capability that a name in an expression requires in addition to [`Capability::CelRules`], if
/// any.
pub fn cel_name(name: &str) -> Option<Capability> {
    match name {
        "euid" | "cwd" => Some(Capability::CelProcess),
        "target.signing_id" => Some(Capability::CelSigningId),
        "path" | "target.team_id" | "target.is_platform_binary" => Some(Capability::CelPath),
        "SILENT_GUI_BLOCKLIST" | "SILENT_TTY_BLOCKLIST" => Some(Capability::HalfSilentPolicies),
        "join()" | "split()" | "lowerAscii()" | "upperAscii()" | "replace()" | "indexOf()"
        | "lastIndexOf()" | "substring()" | "charAt()" | "trim()" | "reverse()" | "format()"
        | "strings.quote()" => Some(Capability::CelStrings),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_newest_generation_that_it_reached() {
        let cases = [
            ("0.9.33", 0),
            ("1.13", 0),
            ("1.14", 114),
            ("2020.2", 114),
            ("2021.8", 202_108),
            ("2024.6.655965194", 202_406),
            ("2024.8", 202_406),
            ("2025.6.655965194", 202_506),
            ("2025.9", 202_508),
            ("2026.1", 202_512),
            ("2027.1", 202_606),
        ];
        for (version, step) in cases {
            assert_eq!(step_of(version), step, "{version}");
        }
    }

    #[test]
    fn unknown_versions_have_the_generation_of_the_first_protobuf_clients() {
        for version in ["", "next", "2024", "-1.-1", "1000.1"] {
            assert_eq!(step_of(version), 202_406, "{version}");
        }
    }

    #[test]
    fn w3_pedro_is_known_by_either_name() {
        let pedros = ["pedro-1.1.0 (rednose 0.1.0)", "pedro-1.2.0 (pedro 1.2.0)"].map(step_of);
        assert_eq!(pedros, [REDNOSE, PEDRO]);
        for pedro in pedros {
            assert!(is_pedro(pedro) && counting(pedro).is_some());
            assert!(has(pedro, Capability::CdHashRules));
            assert!(!has(pedro, Capability::CelRules) && !has(pedro, Capability::PostflightCounts));
        }
    }

    #[test]
    fn the_table_is_in_order_without_duplicates() {
        assert!(TABLE.is_sorted());
        for (first, capability) in TABLE {
            assert_eq!(first_with(capability), first);
            assert!(has(first, capability) && !has(first - 1, capability));
        }
        assert_eq!(version_of(202_506), "2025.6");
        assert_eq!(version_of(114), "1.14");
    }
}
