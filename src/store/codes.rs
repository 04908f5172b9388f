//! The numbers that databases store instead of the values of enums. The numbers have the same order
//! as the values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fleet::{Epoch, EpochId, EventKind};
use crate::rule::{PolicyKind, Revision, RuleType, Scope, SigningStatus};
use crate::store::{StoreError, StoreResult};

pub(super) const fn rule_type(rule_type: RuleType) -> i64 {
    match rule_type {
        RuleType::CdHash => 0,
        RuleType::Binary => 1,
        RuleType::SigningId => 2,
        RuleType::Certificate => 3,
        RuleType::TeamId => 4,
    }
}

pub(super) fn to_rule_type(code: i64) -> StoreResult<RuleType> {
    let known = RuleType::ALL.into_iter().find(|known| rule_type(*known) == code);
    known.ok_or_else(|| unknown("rule type", code))
}

pub(super) const fn policy(kind: PolicyKind) -> i64 {
    match kind {
        PolicyKind::Allow => 0,
        PolicyKind::AllowCompiler => 1,
        PolicyKind::Block => 2,
        PolicyKind::SilentBlock => 3,
        PolicyKind::SilentBlockGui => 4,
        PolicyKind::SilentBlockTty => 5,
        PolicyKind::Cel => 6,
        PolicyKind::Remove => 7,
    }
}

pub(super) fn to_policy(code: i64) -> StoreResult<PolicyKind> {
    let known = PolicyKind::ALL.into_iter().find(|known| policy(*known) == code);
    known.ok_or_else(|| unknown("policy", code))
}

pub(super) const fn scope_kind(scope: &Scope) -> i64 {
    match scope {
        Scope::Fleet => 0,
        Scope::Group(_) => 1,
        Scope::Tag(_) => 2,
        Scope::User(_) => 3,
        Scope::Host(_) => 4,
    }
}

pub(super) fn to_scope(kind: i64, name: &str) -> StoreResult<Scope> {
    let scope = match kind {
        0 => Ok(Scope::Fleet),
        1 => Scope::group(name),
        2 => name.parse().map(Scope::Tag),
        3 => Scope::user(name),
        4 => name.parse().map(Scope::Host),
        _ => return Err(unknown("scope kind", kind)),
    };
    scope.map_err(|error| corrupt("scope", &error))
}

pub(super) const fn event_kind(kind: EventKind) -> i64 {
    match kind {
        EventKind::Execution => 0,
        EventKind::BundleMember => 1,
        EventKind::FileAccess => 2,
    }
}

pub(super) fn to_event_kind(code: i64) -> StoreResult<EventKind> {
    let known = EventKind::ALL.into_iter().find(|known| event_kind(*known) == code);
    known.ok_or_else(|| unknown("kind of event", code))
}

pub(super) const fn signing_status(status: SigningStatus) -> i64 {
    match status {
        SigningStatus::Unknown => 0,
        SigningStatus::Unsigned => 1,
        SigningStatus::Invalid => 2,
        SigningStatus::Adhoc => 3,
        SigningStatus::Development => 4,
        SigningStatus::Production => 5,
    }
}

pub(super) fn to_signing_status(code: i64) -> StoreResult<SigningStatus> {
    let known = SigningStatus::ALL.into_iter().find(|known| signing_status(*known) == code);
    known.ok_or_else(|| unknown("signing status", code))
}

/// The number of a decision that Santa made because no rule matched; 0 for any other decision.
pub(super) fn undecided(decision: &str) -> i64 {
    match decision {
        "BLOCK_UNKNOWN" => BLOCKED_UNDECIDED,
        "ALLOW_UNKNOWN" => ALLOWED_UNDECIDED,
        _ => 0,
    }
}

pub(super) const BLOCKED_UNDECIDED: i64 = 1;
pub(super) const ALLOWED_UNDECIDED: i64 = 2;

pub(super) fn revision(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

pub(super) fn to_revision(number: i64) -> StoreResult<Revision> {
    u64::try_from(number).map(Revision).map_err(|_| corrupt("revision", &number))
}

pub(super) fn to_time(millisecond: i64) -> StoreResult<Timestamp> {
    Timestamp::from_millisecond(millisecond).map_err(|error| corrupt("time", &error))
}

pub(super) fn to_epoch(id: i64, began: Option<i64>) -> StoreResult<Epoch> {
    let id = u64::try_from(id).map_err(|error| corrupt("epoch", &error))?;
    Ok(Epoch { id: EpochId(id), began: began.map(to_time).transpose()? })
}

pub(super) fn limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

pub(super) fn json(value: &impl Serialize) -> StoreResult<String> {
    serde_json::to_string(value).map_err(|error| corrupt("value", &error))
}

pub(super) fn to_value<'a, T: Deserialize<'a>>(json: &'a str) -> StoreResult<T> {
    serde_json::from_str(json).map_err(|error| corrupt("JSON", &error))
}

/// The error for a row that this version of nicelist cannot read.
pub(super) fn corrupt(what: &str, found: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable(format!("{what}: {found}"))
}

/// The error for the number of a value that this version of nicelist does not know.
fn unknown(what: &str, code: i64) -> StoreError {
    corrupt(what, &format_args!("unknown number {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pinned_in_the_order_of_the_words() {
        for (place, kind) in (0..).zip(RuleType::ALL) {
            assert_eq!(rule_type(kind), place);
            assert_eq!(to_rule_type(place).unwrap(), kind);
        }
        assert!(RuleType::ALL.is_sorted());
        for (place, kind) in (0..).zip(PolicyKind::ALL) {
            assert_eq!(policy(kind), place);
            assert_eq!(to_policy(place).unwrap(), kind);
        }
        for (place, kind) in (0..).zip(EventKind::ALL) {
            assert_eq!(event_kind(kind), place);
            assert_eq!(to_event_kind(place).unwrap(), kind);
        }
        for (place, status) in (0..).zip(SigningStatus::ALL) {
            assert_eq!(signing_status(status), place);
            assert_eq!(to_signing_status(place).unwrap(), status);
        }
        assert!(to_rule_type(5).is_err() && to_policy(8).is_err() && to_event_kind(3).is_err());
    }

    #[test]
    fn scopes_survive_the_road_and_keep_their_order() {
        let scopes = ["fleet", "group:g", "tag:t", "user:u", "host:h"];
        for (place, text) in (0..).zip(scopes) {
            let scope: Scope = text.parse().unwrap();
            assert_eq!(scope_kind(&scope), place);
            assert_eq!(to_scope(place, scope.name()).unwrap(), scope);
        }
    }
}
