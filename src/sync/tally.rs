//! Counts the rules of a destination.

use super::compute::{Stopped, Wanted};
use super::destination::{Destination, Winner};
use super::ledger::{Ledger, RuleContent};
use crate::fleet::RuleCounts;
use crate::rule::{PolicyKind, RuleType};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) rules: u64,
    /// The sent rules, counted as clients count their rules.
    pub(super) counts: RuleCounts,
    /// Active rules that the host's client does not support.
    pub(super) withheld: u64,
}

impl Tally {
    /// Counts the rules at a destination. Costs time in proportion to the rule versions of its
    /// scopes.
    pub(super) fn of(ledger: &Ledger, to: &Destination, wanted: &Wanted) -> Result<Self, Stopped> {
        let mut tally = Self::default();
        for outcome in to.outcomes(ledger, wanted)? {
            tally.add(ledger, outcome?, 1);
        }
        Ok(tally)
    }

    /// The tally of a destination, computed from the tally of its weakest scope. Costs time in
    /// proportion to the rule versions of the other scopes.
    pub(super) fn with_stronger(
        mut self,
        ledger: &Ledger,
        weakest: &Destination,
        to: &Destination,
        wanted: &Wanted,
    ) -> Result<Self, Stopped> {
        for (about, outcome) in to.overrides(ledger, wanted)? {
            self.add(ledger, weakest.outcome(ledger, ledger.target(about)), -1);
            self.add(ledger, outcome, 1);
        }
        Ok(self)
    }

    fn add(&mut self, ledger: &Ledger, outcome: Winner, sign: i32) {
        match outcome {
            Winner::Sent(rule) => {
                self.rules = self.rules.saturating_add_signed(sign.into());
                count(&mut self.counts, ledger.content(rule), sign);
            }
            Winner::Unsupported(..) => {
                self.withheld = self.withheld.saturating_add_signed(sign.into());
            }
            Winner::None => {}
        }
    }
}

/// Adds a rule to the counts, or subtracts it if `sign` is -1.
fn count(counts: &mut RuleCounts, rule: RuleContent<'_>, sign: i32) {
    let of_its_type = match rule.target.rule_type() {
        RuleType::Binary => &mut counts.binary,
        RuleType::Certificate => &mut counts.certificate,
        RuleType::TeamId => &mut counts.teamid,
        RuleType::SigningId => &mut counts.signingid,
        RuleType::CdHash => &mut counts.cdhash,
    };
    *of_its_type = of_its_type.saturating_add_signed(sign);
    if rule.policy.kind() == PolicyKind::AllowCompiler {
        counts.compiler = counts.compiler.saturating_add_signed(sign);
    }
}
