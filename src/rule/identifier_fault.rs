//! Why a text is not a valid identifier, for error messages.

use super::RuleType;

/// Hex digits of a SHA-256.
const SHA256: usize = 64;
/// Hex digits of a cdhash.
const CDHASH: usize = 40;
/// Letters and digits of a team ID.
const TEAM_ID: usize = 10;
/// If no type is given, a text of at least this number of hex digits is reported as a hash of the
/// wrong length.
const FEWEST_OF_HASH: usize = 32;

/// What is wrong with `text`, which is not a valid identifier of this type. White space around the
/// text was already removed.
pub(super) fn reason(rule_type: RuleType, text: &str) -> String {
    if is_scientific(text) {
        return "looks like a number that a spreadsheet has changed; format the column as text"
            .to_owned();
    }
    if let Some(other) = other_type(rule_type, text) {
        return format!("looks like {other}; expected {}", rule_type.shape());
    }
    let hash = match rule_type {
        RuleType::Binary | RuleType::Certificate => hash_fault(text, SHA256),
        RuleType::CdHash => hash_fault(text, CDHASH),
        RuleType::SigningId | RuleType::TeamId => None,
    };
    hash.unwrap_or_else(|| format!("expected {}", rule_type.shape()))
}

/// The error for a text that is not a valid identifier of any type.
pub fn untyped_identifier_fault(text: &str) -> String {
    let text = text.trim();
    let digits = text.chars().count();
    let is_hash = text.bytes().all(|byte| byte.is_ascii_hexdigit()) && digits >= FEWEST_OF_HASH;
    let reason = match digits {
        _ if is_scientific(text) => reason(RuleType::Binary, text),
        SHA256 | CDHASH => {
            let kind = if digits == SHA256 { RuleType::Binary } else { RuleType::CdHash };
            reason(kind, text)
        }
        _ if is_hash => format!("has {digits} hex digits instead of {SHA256} or {CDHASH}"),
        _ => format!(
            "expected {SHA256} or {CDHASH} hex digits, {}, or {}",
            RuleType::TeamId.shape(),
            RuleType::SigningId.shape()
        ),
    };
    format!("invalid identifier `{text}`: {reason}")
}

/// The wrong number of digits, or the wrong character in a text of the right length. None if the
/// text does not resemble a hash.
fn hash_fault(text: &str, digits: usize) -> Option<String> {
    let count = text.chars().count();
    let wrong = text.chars().enumerate().find(|(_, letter)| !letter.is_ascii_hexdigit());
    match wrong {
        None if count == 1 => Some(format!("has 1 digit instead of {digits}")),
        None if count > 0 => Some(format!("has {count} digits instead of {digits}")),
        Some((at, letter)) if count == digits => {
            let position = at + 1;
            Some(match letter.is_alphabetic() {
                true => format!("has the letter {letter} at position {position}"),
                false => format!("has the character {letter:?} at position {position}"),
            })
        }
        _ => None,
    }
}

/// Whether a spreadsheet has written a text as a number, as in `1.23457E+63`. Some languages have a
/// decimal comma.
fn is_scientific(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix('+');
    number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        && number.starts_with(|first: char| first.is_ascii_digit())
        && exponent.is_some_and(is_digits)
}

/// If a text looks like an identifier of another type, what it looks like, such as `a team ID`.
fn other_type(rule_type: RuleType, text: &str) -> Option<&'static str> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_sha256 = matches!(rule_type, RuleType::Binary | RuleType::Certificate);
    if is_hex && text.len() == SHA256 && !has_sha256 {
        return Some("a SHA-256");
    }
    if is_hex && text.len() == CDHASH && rule_type != RuleType::CdHash {
        return Some("a cdhash");
    }
    if is_team_id(text) && rule_type != RuleType::TeamId {
        return Some("a team ID");
    }
    let (team, id) = text.split_once(':')?;
    let is_signing_id =
        !id.is_empty() && (is_team_id(team) || team.eq_ignore_ascii_case("platform"));
    (is_signing_id && rule_type != RuleType::SigningId).then_some("a signing ID")
}

fn is_team_id(text: &str) -> bool {
    text.len() == TEAM_ID && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_what_is_wrong_with_the_identifier() {
        let hash = "ab".repeat(32);
        let letter = format!("{}O", &hash[..63]);
        let dash = format!("-{}", &hash[..39]);
        let cases: [(RuleType, &str, &str); 15] = [
            (RuleType::Binary, &hash[..63], "has 63 digits instead of 64"),
            (RuleType::Binary, "a", "has 1 digit instead of 64"),
            (RuleType::Binary, "", "expected 64 hex digits"),
            (RuleType::Binary, "short", "expected 64 hex digits"),
            (RuleType::CdHash, &hash[..39], "has 39 digits instead of 40"),
            (RuleType::Binary, letter.as_str(), "has the letter O at position 64"),
            (RuleType::CdHash, dash.as_str(), "has the character '-' at position 1"),
            (
                RuleType::Binary,
                "1.23457E+63",
                "looks like a number that a spreadsheet has changed; format the column as text",
            ),
            (
                RuleType::TeamId,
                "1,23E+09",
                "looks like a number that a spreadsheet has changed; format the column as text",
            ),
            (RuleType::Binary, "EQHXZ8M8AV", "looks like a team ID; expected 64 hex digits"),
            (
                RuleType::CdHash,
                "EQHXZ8M8AV:com.google.Chrome",
                "looks like a signing ID; expected 40 hex digits",
            ),
            (RuleType::Certificate, &hash[..40], "looks like a cdhash; expected 64 hex digits"),
            (
                RuleType::TeamId,
                hash.as_str(),
                "looks like a SHA-256; expected 10 letters and digits",
            ),
            (RuleType::TeamId, "SHORT", "expected 10 letters and digits"),
            (
                RuleType::SigningId,
                "com.google.Chrome",
                "expected TEAMID:signing.id or platform:signing.id",
            ),
        ];
        for (rule_type, text, expected) in cases {
            assert_eq!(reason(rule_type, text), expected, "{rule_type} {text}");
        }
    }

    #[test]
    fn a_text_without_a_type_gets_a_reason_too() {
        let hash = "ab".repeat(32);
        let reason = |text: &str| {
            untyped_identifier_fault(text).split_once("`: ").map(|(_, it)| it.to_owned()).unwrap()
        };
        assert_eq!(reason(&hash[..63]), "has 63 hex digits instead of 64 or 40");
        assert_eq!(reason(&format!("{}O", &hash[..63])), "has the letter O at position 64");
        assert!(reason("1.23457E+63").starts_with("looks like a number"));
        assert_eq!(
            reason("com.google.Chrome"),
            "expected 64 or 40 hex digits, 10 letters and digits, or TEAMID:signing.id or \
             platform:signing.id"
        );
    }
}
