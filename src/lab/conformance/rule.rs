//! Rules, as each version of the client reads and stores them.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) text: &'static str,
    /// Year and number: 202407 is 2024.7.
    pub(super) number: u32,
}

const fn version(text: &'static str, number: u32) -> Version {
    Version { text, number }
}

pub(super) const V2026_7: Version = version("2026.7", 202_607);
/// The last version without SILENT_GUI_BLOCKLIST and SILENT_TTY_BLOCKLIST.
pub(super) const V2026_5: Version = version("2026.5", 202_605);
/// The last version from Google.
pub(super) const V2024_9: Version = version("2024.9.674285143", 202_409);
/// A version without CEL.
pub(super) const V2024_8: Version = version("2024.8.660188326", 202_408);
/// The first version with messages defined in protobuf. This version sends the wrong content type.
pub(super) const V2024_6: Version = version("2024.6.655965194", 202_406);
/// A version without `sync_type` or CDHASH.
pub(super) const V2023_9: Version = version("2023.9", 202_309);
/// A version without SIGNINGID, counts in postflight, or a choice of content encodings.
pub(super) const V2022_4: Version = version("2022.4", 202_204);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RuleTarget {
    pub(super) rule_type: String,
    pub(super) identifier: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) key: RuleTarget,
    pub(super) policy: &'static str,
    pub(super) cel: String,
}

/// The rule types, their numbers in the client's database, and the first versions that support
/// them.
const TYPES: [(&str, i32, u32); 5] = [
    ("CDHASH", 500, 202_403),
    ("BINARY", 1000, 0),
    ("SIGNINGID", 2000, 202_305),
    ("CERTIFICATE", 3000, 0),
    ("TEAMID", 4000, 202_108),
];

/// The policies, their old names, their numbers in the database, and the first versions that
/// support them.
const POLICIES: [(&str, &str, i32, u32); 8] = [
    ("ALLOWLIST", "WHITELIST", 1, 0),
    ("BLOCKLIST", "BLACKLIST", 2, 0),
    ("SILENT_BLOCKLIST", "SILENT_BLACKLIST", 3, 0),
    ("REMOVE", "REMOVE", 4, 0),
    ("ALLOWLIST_COMPILER", "WHITELIST_COMPILER", 5, 0),
    ("CEL", "CEL", 9, 202_506),
    ("SILENT_GUI_BLOCKLIST", "SILENT_GUI_BLOCKLIST", 12, 202_606),
    ("SILENT_TTY_BLOCKLIST", "SILENT_TTY_BLOCKLIST", 13, 202_606),
];

/// The rule as a client of this version stores it, or the reason why the client ignores the rule.
pub(super) fn read(value: &Value, client: Version) -> Result<Rule, String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let identifier = match text("identifier") {
        "" => text("sha256"),
        identifier => identifier,
    };
    let (rule_type, policy) = (text("rule_type"), text("policy"));
    let dropped = |what: &str| format!("{rule_type} {identifier} {policy}: {what}");
    let known = |since: &u32| *since <= client.number;
    if !TYPES.iter().any(|(name, _, since)| *name == rule_type && known(since)) {
        return Err(dropped("unknown rule type"));
    }
    let named = |(name, old, _, since): &&(&str, &str, i32, u32)| {
        (*name == policy || *old == policy) && known(since)
    };
    let Some((policy, ..)) = POLICIES.iter().find(named) else {
        return Err(dropped("unknown policy"));
    };
    let Some(identifier) = kept(rule_type, identifier) else {
        return Err(dropped("invalid identifier"));
    };
    if (*policy == "CEL") == text("cel_expr").is_empty() {
        return Err(dropped(
            "an expression is required for the policy CEL and not allowed for \
            others",
        ));
    }
    let key = RuleTarget { rule_type: rule_type.to_owned(), identifier };
    Ok(Rule { key, policy, cel: text("cel_expr").to_owned() })
}

/// The form in which a client stores an identifier, or `None` if the identifier is invalid.
fn kept(rule_type: &str, identifier: &str) -> Option<String> {
    let hex = |digits: usize| {
        let is_hex =
            identifier.len() == digits && identifier.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex.then(|| identifier.to_ascii_lowercase())
    };
    let team = |text: &str| {
        let is_team = text.len() == 10 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        is_team.then(|| text.to_ascii_uppercase())
    };
    match rule_type {
        "CDHASH" => hex(40),
        "TEAMID" => team(identifier),
        "SIGNINGID" => {
            let (owner, rest) = identifier.split_once(':')?;
            let platform = owner.eq_ignore_ascii_case("platform");
            let owner = if platform { "platform".to_owned() } else { team(owner)? };
            (!rest.is_empty()).then(|| format!("{owner}:{rest}"))
        }
        _ => hex(64),
    }
}

/// The hash that clients report since 2025.7. The hash depends on the order of the rules.
pub(super) fn rules_hash(rules: &[Rule]) -> String {
    let mut hash = Xxh3::new();
    for Rule { key, policy, cel } in rules {
        let state = POLICIES.iter().find(|(name, ..)| name == policy).map_or(0, |row| row.2);
        let kind = TYPES.iter().find(|(name, ..)| *name == key.rule_type).map_or(0, |row| row.1);
        hash.update(key.identifier.as_bytes());
        hash.update(cel.as_bytes());
        hash.update(&state.to_le_bytes());
        hash.update(&kind.to_le_bytes());
    }
    format!("{:032x}", hash.digest128())
}

/// A rule for a program that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TestRule {
    pub(super) key: RuleTarget,
    pub(super) policy: &'static str,
    pub(super) cel: &'static str,
}

impl TestRule {
    pub(super) fn binary(policy: &'static str) -> Self {
        Self::new("BINARY", random_sha256(), policy)
    }

    pub(super) fn cdhash(policy: &'static str) -> Self {
        Self::new("CDHASH", HEXLOWER.encode(&rand::random::<[u8; 20]>()), policy)
    }

    pub(super) fn signing_id(policy: &'static str) -> Self {
        let team = BASE32_NOPAD.encode(&rand::random::<[u8; 7]>());
        Self::new("SIGNINGID", format!("{}:com.example.conformance", &team[..10]), policy)
    }

    pub(super) fn with_cel(self, cel: &'static str) -> Self {
        Self { policy: "CEL", cel, ..self }
    }

    fn new(rule_type: &str, identifier: String, policy: &'static str) -> Self {
        let key = RuleTarget { rule_type: rule_type.to_owned(), identifier };
        Self { key, policy, cel: "" }
    }

    /// The target in nicelist's form, such as `binary:<64 hex>`.
    pub(super) fn target(&self) -> String {
        format!("{}:{}", self.key.rule_type.to_lowercase(), self.key.identifier)
    }
}

pub(super) fn random_sha256() -> String {
    HEXLOWER.encode(&rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(rule_type: &str, identifier: &str, policy: &'static str) -> Rule {
        let key = RuleTarget { rule_type: rule_type.to_owned(), identifier: identifier.to_owned() };
        Rule { key, policy, cel: String::new() }
    }

    /// The values are from Santa's own tests (SNTRuleTableTest.mm).
    #[test]
    fn the_hash_is_the_clients() {
        let rules = [
            rule(
                "CERTIFICATE",
                "7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258",
                "ALLOWLIST",
            ),
            rule(
                "BINARY",
                "b7c1e3fd640c5f211c89b02c2c6122f78ce322aa5c56eb0bb54bc422a8f8b670",
                "BLOCKLIST",
            ),
            rule("TEAMID", "ABCDEFGHIJ", "BLOCKLIST"),
            rule("SIGNINGID", "ABCDEFGHIJ:signingID", "BLOCKLIST"),
        ];
        assert_eq!(rules_hash(&rules), "a6cb5171bbb8895820d61e395592b293");
        assert_eq!(rules_hash(&[]), "99aa06d3014798d86001c324468d497f");
    }

    #[test]
    fn a_client_ignores_rules_that_its_version_does_not_support() {
        let cdhash =
            json!({"identifier": "AB".repeat(20), "rule_type": "CDHASH", "policy": "BLACKLIST"});
        let kept = read(&cdhash, V2026_7).unwrap();
        assert_eq!(kept, rule("CDHASH", &"ab".repeat(20), "BLOCKLIST"));
        assert!(read(&cdhash, V2023_9).unwrap_err().ends_with(": unknown rule type"));
        let half = json!({"identifier": "ab".repeat(32), "rule_type": "BINARY", "policy": "SILENT_GUI_BLOCKLIST"});
        assert!(read(&half, V2026_7).is_ok());
        assert!(read(&half, V2026_5).unwrap_err().ends_with(": unknown policy"));
        let old = json!({"sha256": "ab".repeat(32), "rule_type": "BINARY", "policy": "CEL"});
        assert!(read(&old, V2026_7).unwrap_err().contains("an expression is required"));
        let short = json!({"identifier": "ab", "rule_type": "BINARY", "policy": "ALLOWLIST"});
        assert!(read(&short, V2026_7).unwrap_err().ends_with(": invalid identifier"));
    }
}
