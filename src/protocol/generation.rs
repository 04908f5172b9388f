//! Client generations: what each version of Santa was the first to understand.
//!
//! A generation is named by the first version that has it, as a number (`2025.6` is 202506):
//! the newest step of the table that a client's version has reached. So a client that is
//! updated within a step stays in its generation, and a step added later changes no other.

/// Something that not every client understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// Rules for code directory hashes.
    CdHashRules,
    /// The client mode STANDALONE.
    StandaloneMode,
    /// Rules with an expression, and `target.signing_time` and its kind in it.
    CelRules,
    /// `euid` and `cwd` in expressions.
    CelProcess,
    /// `target.signing_id` in expressions.
    CelSigningId,
    /// `path`, `target.team_id` and `target.is_platform_binary` in expressions.
    CelPath,
    /// The policies SILENT_GUI_BLOCKLIST and SILENT_TTY_BLOCKLIST, on rules and in expressions.
    HalfSilentPolicies,
}

/// The first version that has each capability, as a number; oldest first.
const TABLE: [(u32, Capability); 7] = [
    (202_403, Capability::CdHashRules),
    (202_411, Capability::StandaloneMode),
    (202_506, Capability::CelRules),
    (202_512, Capability::CelProcess),
    (202_602, Capability::CelSigningId),
    (202_603, Capability::CelPath),
    (202_606, Capability::HalfSilentPolicies),
];

/// The generation of a client with this version (`2025.6.1`), by its leading year and number.
/// A version that cannot be read is taken for the oldest: what it gets, every client takes.
#[must_use]
pub fn step_of(version: &str) -> u32 {
    let mut parts = version.split('.').map(|part| part.trim().parse::<u32>().ok());
    let reached = match (parts.next().flatten(), parts.next().flatten()) {
        (Some(year @ 2000..=9999), Some(number @ 0..=99)) => year * 100 + number,
        _ => 0,
    };
    let steps = TABLE.iter().map(|(first, _)| *first);
    steps.filter(|first| *first <= reached).max().unwrap_or(0)
}

/// Whether clients of a generation have a capability.
#[must_use]
pub fn has(generation: u32, capability: Capability) -> bool {
    TABLE.iter().any(|(first, each)| *each == capability && *first <= generation)
}

/// The capability that a name in an expression asks for beyond [`Capability::CelRules`].
#[must_use]
pub fn cel_name(name: &str) -> Option<Capability> {
    match name {
        "euid" | "cwd" => Some(Capability::CelProcess),
        "target.signing_id" => Some(Capability::CelSigningId),
        "path" | "target.team_id" | "target.is_platform_binary" => Some(Capability::CelPath),
        "SILENT_GUI_BLOCKLIST" | "SILENT_TTY_BLOCKLIST" => Some(Capability::HalfSilentPolicies),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_belongs_to_the_newest_step_it_has_reached() {
        assert_eq!(step_of("2024.8"), 202_403);
        assert_eq!(step_of("2025.6.655965194"), 202_506);
        assert_eq!(step_of("2026.1"), 202_512);
        assert_eq!(step_of("2027.1"), 202_606);
    }

    #[test]
    fn a_version_that_cannot_be_read_gets_what_every_client_takes() {
        for version in ["", "next", "2024", "1.14", "-1.-1"] {
            assert_eq!(step_of(version), 0, "{version}");
        }
        assert!(!has(0, Capability::CdHashRules));
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(TABLE.is_sorted());
    }
}
