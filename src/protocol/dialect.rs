//! Pages of rules for old Santa clients and pedro. For some policies or rule types, these clients
//! use different words from current Santa.

use serde::Serialize;

use super::generation::pedro;
use super::json;
use super::{MessageError, PolicyName, Rule, RuleDownloadResponse, RuleType, Word, is_zero};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Clients before 1.14, which use WHITELIST and BLACKLIST in the names of policies.
    Whitelist,
    /// pedro, which uses the words in [`pedro`], for example CD_HASH for CDHASH.
    Pedro,
}

#[derive(Serialize)]
struct Page<'a> {
    rules: Vec<SpelledRule<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct SpelledRule<'a> {
    identifier: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    sha256: &'a str,
    policy: Option<&'static str>,
    rule_type: Option<&'static str>,
    #[serde(skip_serializing_if = "is_zero")]
    custom_msg: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    custom_url: &'a str,
}

/// Writes a page as JSON, because none of these clients supports protobuf.
///
/// # Errors
///
/// Never, because a page can always be written.
pub fn write_page(
    dialect: Dialect,
    page: &RuleDownloadResponse<'_>,
) -> Result<Vec<u8>, MessageError> {
    let rules = page.rules.iter().map(|rule| spelled(dialect, rule)).collect();
    Ok(json::write(&Page { rules, cursor: page.cursor.as_deref() })?)
}

fn spelled<'a>(dialect: Dialect, rule: &'a Rule<'_>) -> SpelledRule<'a> {
    SpelledRule {
        identifier: &rule.identifier,
        sha256: &rule.sha256,
        policy: rule.policy.map(|policy| dialect.policy(policy)),
        rule_type: rule.rule_type.map(|rule_type| dialect.rule_type(rule_type)),
        custom_msg: &rule.custom_msg,
        custom_url: &rule.custom_url,
    }
}

impl Dialect {
    fn policy(self, policy: PolicyName) -> &'static str {
        match (self, policy) {
            (Self::Whitelist, PolicyName::Allowlist) => "WHITELIST",
            (Self::Whitelist, PolicyName::AllowlistCompiler) => "WHITELIST_COMPILER",
            (Self::Whitelist, PolicyName::Blocklist) => "BLACKLIST",
            (Self::Whitelist, PolicyName::SilentBlocklist) => "SILENT_BLACKLIST",
            (Self::Whitelist, known) => known.name(),
            (Self::Pedro, policy) => pedro::policy(policy).unwrap_or(policy.name()),
        }
    }

    fn rule_type(self, rule_type: RuleType) -> &'static str {
        match self {
            Self::Whitelist => rule_type.name(),
            Self::Pedro => pedro::rule_type(rule_type).unwrap_or(rule_type.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(policy: PolicyName, rule_type: RuleType) -> RuleDownloadResponse<'static> {
        let rule = Rule {
            identifier: "ab".into(),
            sha256: "ab".into(),
            policy: Some(policy),
            rule_type: Some(rule_type),
            ..Rule::default()
        };
        RuleDownloadResponse { rules: vec![rule], cursor: None }
    }

    fn written(dialect: Dialect, page: &RuleDownloadResponse<'_>) -> String {
        String::from_utf8(write_page(dialect, page).unwrap()).unwrap()
    }

    #[test]
    fn clients_before_1_14_get_whitelist_and_blacklist() {
        let page = page(PolicyName::SilentBlocklist, RuleType::Binary);
        assert_eq!(
            written(Dialect::Whitelist, &page),
            r#"{"rules":[{"identifier":"ab","sha256":"ab","policy":"SILENT_BLACKLIST","rule_type":"BINARY"}]}"#
        );
    }

    #[test]
    fn pedro_gets_cd_hash() {
        let mut page = page(PolicyName::Allowlist, RuleType::CdHash);
        page.rules[0].sha256 = "".into();
        page.cursor = Some("c".to_owned());
        assert_eq!(
            written(Dialect::Pedro, &page),
            r#"{"rules":[{"identifier":"ab","policy":"ALLOWLIST","rule_type":"CD_HASH"}],"cursor":"c"}"#
        );
    }
}
