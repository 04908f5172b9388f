//! The identifiers that a client accepts, and the form in which it stores them.

use crate::protocol::RuleType;

const SHA256_DIGITS: usize = 64;
const CDHASH_DIGITS: usize = 40;
const TEAM_ID_LENGTH: usize = 10;

/// The form in which a client stores an identifier, or `None` if the identifier is invalid.
pub(super) fn stored_form(rule_type: RuleType, identifier: &str) -> Option<String> {
    match rule_type {
        RuleType::Binary | RuleType::Certificate => hex(identifier, SHA256_DIGITS),
        RuleType::CdHash => hex(identifier, CDHASH_DIGITS),
        RuleType::TeamId => team_id(identifier),
        RuleType::SigningId => {
            let (team, rest) = identifier.split_once(':')?;
            let team = if team.eq_ignore_ascii_case("platform") {
                "platform".to_owned()
            } else {
                team_id(team)?
            };
            (!rest.is_empty()).then(|| format!("{team}:{rest}"))
        }
    }
}

fn hex(identifier: &str, digits: usize) -> Option<String> {
    let is_hex = identifier.len() == digits && identifier.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex.then(|| identifier.to_ascii_lowercase())
}

fn team_id(identifier: &str) -> Option<String> {
    let is_team_id = identifier.len() == TEAM_ID_LENGTH
        && identifier.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_team_id.then(|| identifier.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_stored_in_one_form() {
        let cases = [
            (RuleType::Binary, "AB".repeat(32), "ab".repeat(32)),
            (RuleType::Certificate, "0F".repeat(32), "0f".repeat(32)),
            (RuleType::CdHash, "AB".repeat(20), "ab".repeat(20)),
            (RuleType::TeamId, "eqhxz8m8av".into(), "EQHXZ8M8AV".into()),
            (RuleType::SigningId, "eqhxz8m8av:com.Yes:x".into(), "EQHXZ8M8AV:com.Yes:x".into()),
            (RuleType::SigningId, "PlatForm:com.apple.ls".into(), "platform:com.apple.ls".into()),
        ];
        for (rule_type, given, stored) in cases {
            assert_eq!(stored_form(rule_type, &given), Some(stored), "{rule_type} {given}");
        }
    }

    #[test]
    fn malformed_identifiers_are_refused() {
        let cases = [
            (RuleType::Binary, "ab".repeat(31)),
            (RuleType::Binary, format!("{} ", "ab".repeat(32))),
            (RuleType::Certificate, "zz".repeat(32)),
            (RuleType::CdHash, "ab".repeat(32)),
            (RuleType::TeamId, "EQHXZ8M8A".into()),
            (RuleType::TeamId, "EQHXZ8M8A-".into()),
            (RuleType::TeamId, "platform".into()),
            (RuleType::SigningId, "com.example.yes".into()),
            (RuleType::SigningId, "EQHXZ8M8AV:".into()),
            (RuleType::SigningId, "EQHXZ8M8:com.example".into()),
        ];
        for (rule_type, given) in cases {
            assert_eq!(stored_form(rule_type, &given), None, "{rule_type} {given}");
        }
    }
}
