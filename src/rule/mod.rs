//! Vocabulary of rules: what a rule is about, what it does, whom it is for.
//!
//! Everything here is parsed once, at the edge, into a form that Santa would accept and obey:
//! a [`Rule`] that a client would take and then ignore cannot be built. No I/O, no wire.

mod draft;
mod evaluation;
mod merge;
mod notice;
mod policy;
mod program;
mod revision;
mod santa_cel;
mod scope;
mod target;
mod written_time;

pub use draft::{ExpiryError, FieldError, RuleDraft, RuleError, RuleRef, given_scope};
pub use evaluation::{
    Conditions, Evaluation, Evidence, Finding, HeldRules, PlatformCheck, Ruling, Stage, Step,
    Unmatched, evaluate,
};
pub use merge::{FieldChange, RuleField, RuleFields, RuleMerge};
pub use notice::{Bundle, Notice, NoticeError, Provenance};
pub use policy::{Policy, PolicyError, PolicyKind};
pub use program::{Candidate, Certificate, Program, SigningStatus};
pub use revision::{
    ChangeMessage, Counts, MessageTooLong, Outcome, Revision, RevisionCounts, RevisionRecord,
};
pub use santa_cel::{first_version as first_version_of_cel, schema as cel_schema};
pub use scope::{MachineId, Scope, ScopeError, TagName};
pub use target::{RuleType, Target, TargetError, TargetKey};
pub use written_time::{DayEdge, WrittenTime, WrittenTimeError, expiry, in_zone, optional_expiry};

use jiff::Timestamp;
use serde::Deserialize;

/// One policy for one target in one scope.
///
/// The pair of target and policy is checked when the rule is made, so it has no setters; what
/// accompanies it is free.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RuleDraft")]
pub struct Rule {
    target: Target,
    scope: Scope,
    policy: Policy,
    /// What the person at the Mac sees when the rule decides.
    pub notice: Notice,
    /// Why the rule is here and where it came from.
    pub provenance: Provenance,
    /// When the rule ends by itself.
    pub expires: Option<Timestamp>,
}

impl Rule {
    /// Makes a rule without message, comment or expiry.
    ///
    /// # Errors
    /// [`PolicyError::CompilerTarget`] for `allow-compiler` on a certificate or team id: Santa
    /// stores such a rule, matches nothing with it, and lets it hide the weaker rules
    /// (SNTPolicyProcessor).
    pub fn new(target: Target, scope: Scope, policy: Policy) -> Result<Self, PolicyError> {
        policy.check_target(target.rule_type())?;
        let (notice, provenance) = (Notice::default(), Provenance::default());
        Ok(Self { target, scope, policy, notice, provenance, expires: None })
    }

    /// What the rule is about.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The same rule in another scope.
    #[must_use]
    pub fn in_scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Whom the rule is for.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What happens when the rule matches.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
