//! Limits the rules that the role helpdesk may create.

use super::lookup::stored_rule;
use crate::api::{Code, Problem};
use crate::fleet::Role;
use crate::rule::{RuleMerge, RuleType, Scope};
use crate::server::access::Operator;
use crate::server::answer::Refused;
use crate::server::state::State;

/// Refuses rules that the role helpdesk may not create: rules for the whole fleet, rules for a team
/// or a certificate, and rules that change someone else's rule. Editors and admins may create all
/// of these.
pub(super) async fn check(
    state: &State,
    operator: &Operator,
    merges: &[RuleMerge],
) -> Result<(), Refused> {
    match operator.role {
        Role::Editor | Role::Admin => return Ok(()),
        Role::Helpdesk | Role::Viewer | Role::Enrollment => {}
    }
    for merge in merges {
        let (target, scope) = (merge.rule.target(), merge.rule.scope());
        if *scope == Scope::Fleet {
            let message = "role helpdesk cannot create rules for the whole fleet";
            return Err(refusal(
                message,
                "choose a host, user, group or tag, for example: --scope \
                host:NAME",
            ));
        }
        match target.rule_type() {
            RuleType::TeamId | RuleType::Certificate => {
                let message =
                    format!("role helpdesk cannot create {} rules", target.rule_type().word());
                return Err(refusal(&message, "choose a narrower rule type: --as signingid"));
            }
            RuleType::Binary | RuleType::SigningId | RuleType::CdHash => {}
        }
        if let Some(current) = stored_rule(state, target, scope, None).await?
            && current.made.author != operator.name
            && *merge.onto(Some(&current.rule)) != current.rule
        {
            let author = current.made.author;
            let message = format!("{author} created the rule for {target} in {scope}");
            return Err(refusal(&message, "role helpdesk can change only its own rules"));
        }
    }
    Ok(())
}

fn refusal(message: &str, hint: &str) -> Refused {
    Problem::new(Code::Forbidden, message).hint(hint).into()
}
