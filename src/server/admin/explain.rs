//! Explains which rule a host gets for a target, and predicts what Santa decides about a program.

use std::collections::HashMap;

use axum::Json;

use super::lookup;
use crate::api::{
    EvaluationRequest, EvaluationView, ExplainQuery, Explanation, HostPath, NextSync, RuleMatch,
    RulePart, StepView, Verdict,
};
use crate::fleet::{Host, SettingKey};
use crate::rule::{
    CelVerdict, Evaluation, EvaluationStage, EvaluationStep, Evidence, Execution, Rule, Scope,
    StepResult,
};
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused};
use crate::server::extract::{Body, Path, Query};
use crate::server::state::{Shared, State};
use crate::sync::{Delivery, Explained, FleetView, HostStanding};

/// Explain which rule a host gets for a target
#[utoipa::path(get, path = "/hosts/{host}/explain", operation_id = "explain_rule", tag = "hosts", params(HostPath, ExplainQuery),
    responses((status = 200, body = Explanation), (status = 404), (status = 409)))]
pub(super) async fn explain(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
    Query(ExplainQuery { target }): Query<ExplainQuery>,
) -> Answer<Explanation> {
    let host = lookup::find(&state, &name).await?;
    let fleet = state.engine.view().await?;
    let (explained, held) = fleet.explain(&host, &target).await?;
    let next_sync = next_sync(&fleet, &host, held.is_due).await?;
    let mut rules = Vec::with_capacity(explained.rules.len());
    for rule in explained.rules {
        rules.push(lookup::with_revision(&state, &rule).await?);
    }
    let (verdict, policy, needs) = match explained.delivery {
        Delivery::Sent(policy) => (Verdict::Sent, Some(policy), None),
        Delivery::Unsupported(needs) => (Verdict::Withheld, None, Some(needs)),
        Delivery::Removed => (Verdict::Removed, None, None),
        Delivery::NoRule => (Verdict::NoRule, None, None),
    };
    Ok(Json(Explanation {
        target,
        machine: host.machine,
        hostname: host.facts.hostname,
        santa_version: host.facts.santa_version,
        verdict,
        held: held.policy,
        next_sync,
        policy,
        needs,
        rules,
    }))
}

/// Predict what Santa on a host decides about a program
#[utoipa::path(post, path = "/hosts/{host}/evaluation", operation_id = "evaluate_program", tag = "hosts", params(HostPath), request_body = EvaluationRequest,
    responses((status = 200, body = EvaluationView), (status = 404), (status = 409)))]
pub(super) async fn evaluate(
    axum::extract::State(state): Shared,
    _: Viewer,
    Path(HostPath { host: name }): Path<HostPath>,
    Body(request): Body<EvaluationRequest>,
) -> Answer<EvaluationView> {
    let host = lookup::find(&state, &name).await?;
    let EvaluationRequest { program, path, no_code, no_page_zero } = request;
    let evidence = Evidence { program: &program, path: &path, no_code, no_page_zero };
    let fleet = state.engine.view().await?;
    let evaluated = fleet.evaluate(&host, evidence).await?;
    let next_sync = next_sync(&fleet, &host, evaluated.is_due).await?;
    let execution = Execution::of(&program, &path);
    let mut rules = Vec::new();
    for explained in evaluated.targets {
        rules.append(&mut matches(&state, explained, &evaluated.evaluation, &execution).await?);
    }
    let (_, origins) = fleet.settings_of(&host);
    let steps = steps(origins, &evaluated.evaluation);
    let decisive = evaluated.evaluation.decisive();
    Ok(Json(EvaluationView {
        machine: host.machine,
        hostname: host.facts.hostname,
        santa_version: host.facts.santa_version,
        mode: evaluated.mode,
        ruling: evaluated.evaluation.ruling,
        ruling_now: evaluated.ruling_now,
        next_sync,
        decided_by: decisive.map(|step| step.stage.word().to_owned()).unwrap_or_default(),
        why: decisive.map(|step| step.why.clone()).unwrap_or_default(),
        rules,
        steps,
        path,
        program,
    }))
}

/// The next sync of a host. None if `is_due` is false, which means that the next sync does not
/// change the explained result.
async fn next_sync(
    fleet: &FleetView<'_>,
    host: &Host,
    is_due: bool,
) -> Result<Option<NextSync>, Refused> {
    if !is_due {
        return Ok(None);
    }
    let last_seen = host.sync.last_seen;
    let HostStanding { due, interval, is_restored: restored, .. } = fleet.standing(host).await?;
    Ok(Some(NextSync { due, last_seen, interval, restored }))
}

fn steps(mut origins: HashMap<SettingKey, Scope>, evaluation: &Evaluation) -> Vec<StepView> {
    let view = |step: &EvaluationStep| StepView {
        stage: step.stage.word().to_owned(),
        finding: step.finding,
        ruling: step.ruling,
        why: step.why.clone(),
        scope: setting(step.stage).and_then(|key| origins.remove(&key)),
    };
    evaluation.steps.iter().map(view).collect()
}

const fn setting(stage: EvaluationStage) -> Option<SettingKey> {
    match stage {
        EvaluationStage::Transitive => Some(SettingKey::EnableTransitiveRules),
        EvaluationStage::BlockedPath => Some(SettingKey::BlockedPathRegex),
        EvaluationStage::AllowedPath => Some(SettingKey::AllowedPathRegex),
        EvaluationStage::Mode => Some(SettingKey::ClientMode),
        EvaluationStage::Protected
        | EvaluationStage::StaticRules
        | EvaluationStage::Rule(_)
        | EvaluationStage::BadSignature
        | EvaluationStage::Platform
        | EvaluationStage::PageZero
        | EvaluationStage::NoCode => None,
    }
}

/// The rules for one target of a program, each with its effect on the program.
async fn matches(
    state: &State,
    explained: Explained,
    evaluation: &Evaluation,
    execution: &Execution,
) -> Result<Vec<RuleMatch>, Refused> {
    let Explained { delivery, rules } = explained;
    let Some(first) = rules.first() else { return Ok(Vec::new()) };
    let stage = EvaluationStage::Rule(first.target().rule_type());
    let step = evaluation.steps.iter().find(|step| step.stage == stage);
    let (part, why) = match (delivery, step) {
        (Delivery::Unsupported(needs), _) => (
            RulePart::Withheld,
            format!(
                "the host's Santa does not support it; it requires \
                {needs}"
            ),
        ),
        (Delivery::Removed | Delivery::NoRule, _) => {
            (RulePart::Removes, "the host gets no rule for this target".to_owned())
        }
        (Delivery::Sent(_), Some(step)) => {
            (part(step.finding), reason(step, first, evaluation.decisive(), execution))
        }
        (Delivery::Sent(_), None) => (RulePart::NotAsked, String::new()),
    };
    let stronger = format!("{} has a rule for the same target and is stronger", first.scope());
    let mut found = Vec::with_capacity(rules.len());
    for (index, rule) in rules.iter().enumerate() {
        let rule = lookup::with_revision(state, rule).await?;
        found.push(match index {
            0 => RuleMatch { part, why: why.clone(), rule },
            _ => RuleMatch { part: RulePart::WeakerScope, why: stronger.clone(), rule },
        });
    }
    Ok(found)
}

fn reason(
    step: &EvaluationStep,
    rule: &Rule,
    decisive: Option<&EvaluationStep>,
    execution: &Execution,
) -> String {
    match (step.finding, decisive) {
        (StepResult::Outranked, Some(first)) if first.finding == StepResult::Asks => format!(
            "{} takes precedence, and Santa checks no other rule, even if the expression has no \
            result",
            first.stage.word()
        ),
        (StepResult::Outranked, Some(first)) => format!("{} takes precedence", first.stage.word()),
        (StepResult::Asks, _) => format!("{} ({})", step.why, result(rule, execution)),
        (
            StepResult::Decides
            | StepResult::Outranked
            | StepResult::NoMatch
            | StepResult::Undetermined
            | StepResult::Unseen,
            _,
        ) => step.why.clone(),
    }
}

/// The result of a rule's expression for this execution. If it depends on something that is not
/// known, the variables that the expression uses.
fn result(rule: &Rule, execution: &Execution) -> String {
    let expression = rule.policy().expression();
    let verdict = expression.and_then(|expression| CelVerdict::evaluate(expression, execution));
    match verdict {
        Some(CelVerdict::Policy(kind)) => format!("for this program, the result is {kind}"),
        Some(CelVerdict::NoRule) => "for this program, it has no result".to_owned(),
        Some(CelVerdict::Failed(reason)) => format!("for this program, it fails: {reason}"),
        Some(CelVerdict::Unknown(_)) | None => {
            let uses = expression.map_or(&[][..], |cel| cel.uses());
            // Keeps only variables. Constants are in upper case, and function names end with `()`.
            let is_variable = |name: &&String| {
                name.starts_with(|letter: char| letter.is_ascii_lowercase())
                    && !name.ends_with("()")
            };
            let variables = uses.iter().filter(is_variable);
            let variables: Vec<&str> = variables.map(String::as_str).collect();
            format!("it uses {}", variables.join(", "))
        }
    }
}

const fn part(finding: StepResult) -> RulePart {
    match finding {
        StepResult::Decides => RulePart::Decides,
        StepResult::Asks => RulePart::Asks,
        StepResult::Outranked => RulePart::Outranked,
        StepResult::NoMatch | StepResult::Undetermined | StepResult::Unseen => RulePart::NotAsked,
    }
}
