//! Rules: their targets, policies and scopes, and how Santa evaluates them.
//!
//! Most values are checked when they are created. For example, a [`Rule`] with a policy that Santa
//! ignores for its target cannot be created.

mod cel_verdict;
mod draft;
mod evaluation;
mod identifier_fault;
mod macros;
mod merge;
mod notice;
mod policy;
mod program;
mod revision;
mod santa_cel;
mod scope;
mod target;
mod written_time;

pub use cel_verdict::CelVerdict;
pub use draft::{ExpiryError, FieldError, RuleDraft, RuleError, RuleRef, given_scope};
pub use evaluation::{
    Conditions, Evaluation, EvaluationStage, EvaluationStep, Evidence, HeldRules, PathCheck,
    PlatformCheck, Ruling, StepResult, Unmatched, evaluate, is_program_decisive,
};
pub use identifier_fault::untyped_identifier_fault;
pub(crate) use macros::{checked_text, serde_as_text, words};
pub use merge::{FieldChange, RuleField, RuleFields, RuleMerge};
pub use notice::{Bundle, Notice, NoticeError, Provenance};
pub use policy::{Policy, PolicyError, PolicyKind};
pub use program::{Candidate, Certificate, Program, SigningStatus};
pub use revision::{
    ChangeMessage, Counts, MessageTooLong, Outcome, Revision, RevisionCounts, RevisionRecord,
    RevisionSummary, RuleDifference,
};
pub use santa_cel::{
    Execution, first_version as first_version_of_cel, is_cacheable as is_cel_cacheable,
    schema as cel_schema,
};
pub use scope::{MachineId, Scope, ScopeError, TagName};
pub use target::{RuleType, Target, TargetError, TargetKey};
pub use written_time::{DayEdge, WrittenTime, WrittenTimeError, expiry, in_zone, optional_expiry};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The key of a rule. A target has at most one active rule in a scope. Keys are sorted by rule type
/// (as in [`RuleType`]), identifier and scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleKey {
    pub target: Target,
    pub scope: Scope,
}

/// One policy for one target in one scope.
///
/// Policy and target have no setters, because not every policy works with every target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RuleDraft")]
pub struct Rule {
    key: RuleKey,
    policy: Policy,
    pub notice: Notice,
    pub provenance: Provenance,
    pub expires: Option<Timestamp>,
}

impl Rule {
    /// Creates a rule without texts, bundle or expiry.
    ///
    /// # Errors
    /// [`PolicyError::CompilerTarget`] for `allow-compiler` on a certificate or team ID. Santa
    /// stores such a rule, but its only effect is to hide rules of weaker types
    /// (SNTPolicyProcessor).
    pub fn new(target: Target, scope: Scope, policy: Policy) -> Result<Self, PolicyError> {
        policy.check_target(target.rule_type())?;
        let (notice, provenance) = (Notice::default(), Provenance::default());
        Ok(Self { key: RuleKey { target, scope }, policy, notice, provenance, expires: None })
    }

    pub fn key(&self) -> &RuleKey {
        &self.key
    }

    pub fn target(&self) -> &Target {
        &self.key.target
    }

    pub fn in_scope(self, scope: Scope) -> Self {
        Self { key: RuleKey { scope, ..self.key }, ..self }
    }

    pub fn scope(&self) -> &Scope {
        &self.key.scope
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
