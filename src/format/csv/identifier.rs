//! Identifiers as people copy them from other programs.

use crate::rule::{RuleType, Target, TargetError};

/// Prefixes that other programs put before a hash.
const PREFIXES: [&str; 3] = ["sha256", "sha-256", "cdhash"];
/// Characters that other programs put before or between the digits of a hash.
const SEPARATORS: [char; 6] = [' ', '\u{a0}', '\t', ':', '-', '='];
/// Hex digits of a SHA-256.
const SHA256: usize = 64;
/// Hex digits of a cdhash.
const CDHASH: usize = 40;
/// Letters and digits of a team ID.
const TEAM: usize = 10;

/// The target for an identifier whose type is known.
pub(super) fn target(rule_type: RuleType, text: &str) -> Result<Target, TargetError> {
    match rule_type {
        RuleType::Binary | RuleType::Certificate | RuleType::CdHash => {
            let digits = hash(text);
            Target::new(rule_type, digits.as_deref().unwrap_or(text))
        }
        RuleType::SigningId | RuleType::TeamId => Target::new(rule_type, text),
    }
}

/// The target for an identifier without a type. None if its type cannot be detected.
pub(super) fn untyped(text: &str) -> Option<Result<Target, TargetError>> {
    if let Some(digits) = hash(text) {
        let rule_type = if digits.len() == SHA256 { RuleType::Binary } else { RuleType::CdHash };
        return Some(Target::new(rule_type, &digits));
    }
    let is_team =
        |text: &str| text.len() == TEAM && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_team(text) {
        return Some(Target::new(RuleType::TeamId, text));
    }
    let (before, _) = text.split_once(':')?;
    if is_team(before) || before.eq_ignore_ascii_case("platform") {
        return Some(Target::new(RuleType::SigningId, text));
    }
    before.parse::<RuleType>().is_ok().then(|| text.parse())
}

/// The digits of a SHA-256 or a cdhash, without the prefixes and separators of other programs. None
/// if the text is neither.
fn hash(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let bare = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text);
    let digits: String = bare.chars().filter(|letter| !SEPARATORS.contains(letter)).collect();
    let is_hash = [SHA256, CDHASH].contains(&digits.len());
    (is_hash && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_found_in_what_other_programs_print() {
        let digits = "ab".repeat(32);
        for text in [
            format!("SHA256:{}", digits.to_uppercase()),
            format!("SHA-256 = {digits}"),
            ["AB"; 32].join(":"),
            ["abababab"; 8].join(" "),
            format!(" {digits}\t"),
        ] {
            assert_eq!(hash(&text).as_deref(), Some(digits.as_str()), "{text}");
        }
        assert_eq!(hash("abcd"), None);
        assert_eq!(hash(&"zz".repeat(32)), None);
    }

    #[test]
    fn an_identifier_without_a_type_has_the_only_one_that_is_possible() {
        let read = |text: &str| untyped(text).map(|target| target.unwrap().to_string());
        assert_eq!(read("EQHXZ8M8AV").unwrap(), "teamid:EQHXZ8M8AV");
        assert_eq!(
            read("EQHXZ8M8AV:com.google.Chrome").unwrap(),
            "signingid:EQHXZ8M8AV:com.google.Chrome"
        );
        assert_eq!(read("platform:com.apple.say").unwrap(), "signingid:platform:com.apple.say");
        assert_eq!(read("teamid:EQHXZ8M8AV").unwrap(), "teamid:EQHXZ8M8AV");
        assert!(read(&"cd".repeat(20)).unwrap().starts_with("cdhash:cd"));
        assert!(read(&"cd".repeat(32)).unwrap().starts_with("binary:cd"));
        assert_eq!(read("com.google.Chrome"), None);
        assert_eq!(read("SHORT"), None);
    }
}
