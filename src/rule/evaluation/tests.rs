use super::*;
use crate::rule::Certificate;

const MONITOR: Conditions<'static> = Conditions {
    unmatched: Unmatched::Allowed,
    blocked_path: "",
    allowed_path: "",
    platform: PlatformCheck::Flag,
    transitive: false,
};
const LOCKDOWN: Conditions<'static> = Conditions { unmatched: Unmatched::Blocked, ..MONITOR };
const PATH: &str = "/Applications/Pinecone.app/Contents/MacOS/Pinecone";

fn pinecone() -> Program {
    Program {
        sha256: "ab".repeat(32),
        cdhash: "cd".repeat(20),
        team_id: "H3ZC9YV6RK".to_owned(),
        signing_id: "H3ZC9YV6RK:example.pinecone".to_owned(),
        signing_status: SigningStatus::Production,
        certificate: Some(Certificate { sha256: "ef".repeat(32), ..Certificate::default() }),
    }
}

fn apples() -> Program {
    Program {
        team_id: String::new(),
        signing_id: "platform:com.apple.osascript".to_owned(),
        certificate: Some(Certificate {
            sha256: "ef".repeat(32),
            common_name: APPLES_LEAF.to_owned(),
            ..Certificate::default()
        }),
        ..pinecone()
    }
}

/// Rules of these types and policies for a program's targets.
fn held(program: &Program, rules: &[(RuleType, PolicyKind)]) -> HeldRules {
    let all = Program { signing_status: SigningStatus::Unknown, ..program.clone() };
    HeldRules {
        policies: rules
            .iter()
            .filter_map(|(rule_type, policy)| Some((all.target(*rule_type)?, *policy)))
            .collect(),
        types: rules.iter().map(|(rule_type, _)| *rule_type).collect(),
    }
}

fn judged(
    program: &Program,
    rules: &[(RuleType, PolicyKind)],
    conditions: &Conditions<'_>,
) -> Evaluation {
    evaluate(Evidence::new(program, PATH), &held(program, rules), conditions)
}

fn decision(evaluation: &Evaluation) -> (Ruling, &'static str) {
    let decides = |step: &&EvaluationStep| step.finding == StepResult::Decides;
    (evaluation.ruling, evaluation.steps.iter().find(decides).unwrap().stage.word())
}

fn finding(evaluation: &Evaluation, stage: EvaluationStage) -> StepResult {
    evaluation.steps.iter().find(|step| step.stage == stage).unwrap().finding
}

#[test]
fn the_strongest_type_decides_and_the_others_are_outranked() {
    let types = [
        RuleType::CdHash,
        RuleType::Binary,
        RuleType::SigningId,
        RuleType::Certificate,
        RuleType::TeamId,
    ];
    for (place, strongest) in types.iter().enumerate() {
        let rules: Vec<_> = types[place..]
            .iter()
            .map(|each| {
                (*each, if each == strongest { PolicyKind::Block } else { PolicyKind::Allow })
            })
            .collect();
        let evaluation = judged(&pinecone(), &rules, &MONITOR);
        assert_eq!(decision(&evaluation), (Ruling::Block, strongest.word()));
        for weaker in &types[place + 1..] {
            assert_eq!(
                finding(&evaluation, EvaluationStage::Rule(*weaker)),
                StepResult::Outranked,
                "{weaker}"
            );
        }
        assert_eq!(finding(&evaluation, EvaluationStage::Mode), StepResult::Outranked);
    }
}

#[test]
fn every_kind_of_policy_has_its_outcome() {
    for (policy, ruling) in [
        (PolicyKind::Allow, Ruling::Allow),
        (PolicyKind::AllowCompiler, Ruling::Allow),
        (PolicyKind::Block, Ruling::Block),
        (PolicyKind::SilentBlock, Ruling::Block),
        (PolicyKind::SilentBlockGui, Ruling::Block),
        (PolicyKind::SilentBlockTty, Ruling::Block),
    ] {
        let evaluation = judged(&pinecone(), &[(RuleType::Binary, policy)], &LOCKDOWN);
        assert_eq!(decision(&evaluation), (ruling, "binary"), "{policy}");
    }
    let removed = judged(&pinecone(), &[(RuleType::Binary, PolicyKind::Remove)], &LOCKDOWN);
    assert_eq!(decision(&removed), (Ruling::Block, "client-mode"));
}

#[test]
fn a_rule_that_no_identifier_of_the_program_can_match_is_skipped() {
    let all = RuleType::ALL.map(|rule_type| (rule_type, PolicyKind::Allow));
    let matching = |signing_status| {
        let program = Program { signing_status, ..pinecone() };
        let evaluation = judged(&program, &all, &LOCKDOWN);
        let matching = RuleType::ALL.into_iter().filter(|rule_type| {
            finding(&evaluation, EvaluationStage::Rule(*rule_type)) != StepResult::NoMatch
        });
        matching.collect::<Vec<_>>()
    };
    use RuleType::{Binary, CdHash, Certificate};
    assert_eq!(matching(SigningStatus::Production), RuleType::ALL);
    assert_eq!(matching(SigningStatus::Development), [CdHash, Binary, Certificate]);
    assert_eq!(matching(SigningStatus::Adhoc), [CdHash, Binary]);
    assert_eq!(matching(SigningStatus::Unsigned), [Binary]);
    assert_eq!(matching(SigningStatus::Invalid), [Binary]);
}

#[test]
fn an_expression_that_gives_no_answer_leaves_the_weaker_rules_untried() {
    let rules = [(RuleType::SigningId, PolicyKind::Cel), (RuleType::TeamId, PolicyKind::Allow)];
    let evaluation = judged(&pinecone(), &rules, &LOCKDOWN);
    assert_eq!(evaluation.ruling, Ruling::Unknown);
    assert_eq!(finding(&evaluation, EvaluationStage::Rule(RuleType::SigningId)), StepResult::Asks);
    assert_eq!(
        finding(&evaluation, EvaluationStage::Rule(RuleType::TeamId)),
        StepResult::Outranked
    );
    assert_eq!(finding(&evaluation, EvaluationStage::Mode), StepResult::Decides);
    let stronger = [(RuleType::Binary, PolicyKind::Block), (RuleType::SigningId, PolicyKind::Cel)];
    let evaluation = judged(&pinecone(), &stronger, &MONITOR);
    assert_eq!(decision(&evaluation), (Ruling::Block, "binary"));
    assert_eq!(
        finding(&evaluation, EvaluationStage::Rule(RuleType::SigningId)),
        StepResult::Outranked
    );
}

#[test]
fn an_expression_about_a_program_of_the_system_gives_way_to_the_system() {
    let rules = [(RuleType::SigningId, PolicyKind::Cel)];
    let evaluation = judged(&apples(), &rules, &LOCKDOWN);
    assert_eq!(evaluation.ruling, Ruling::Unknown);
    assert_eq!(finding(&evaluation, EvaluationStage::Platform), StepResult::Decides);
}

#[test]
fn what_comes_with_the_system_runs_unless_a_rule_stops_it() {
    let old = Conditions { platform: PlatformCheck::Certificate, ..LOCKDOWN };
    for conditions in [LOCKDOWN, old] {
        assert_eq!(decision(&judged(&apples(), &[], &conditions)), (Ruling::Allow, "platform"));
        let rules = [(RuleType::SigningId, PolicyKind::Block)];
        let blocked = judged(&apples(), &rules, &conditions);
        assert_eq!(decision(&blocked), (Ruling::Block, "signingid"));
        assert_eq!(finding(&blocked, EvaluationStage::Protected), StepResult::Unseen);
        let fenced = Conditions { blocked_path: "^/Applications/", ..conditions };
        assert_eq!(decision(&judged(&apples(), &[], &fenced)), (Ruling::Allow, "platform"));
    }
    let mut otherwise = apples();
    otherwise.certificate.as_mut().unwrap().common_name = "Apple Mac OS Application Signing".into();
    assert_eq!(decision(&judged(&otherwise, &[], &LOCKDOWN)), (Ruling::Allow, "platform"));
    assert_eq!(decision(&judged(&otherwise, &[], &old)), (Ruling::Block, "client-mode"));
    let fenced = Conditions { blocked_path: "^/Applications/", ..old };
    assert_eq!(decision(&judged(&otherwise, &[], &fenced)), (Ruling::Block, "blocked-path-regex"));
}

#[test]
fn santa_itself_cannot_be_stopped() {
    let santa = Program {
        team_id: "ZMCG7MLDV9".to_owned(),
        signing_id: "ZMCG7MLDV9:com.northpolesec.santa.daemon".to_owned(),
        ..pinecone()
    };
    let rules = [(RuleType::Binary, PolicyKind::Block)];
    assert_eq!(decision(&judged(&santa, &rules, &LOCKDOWN)), (Ruling::Allow, "protected"));
    let forged = Program { signing_status: SigningStatus::Invalid, ..santa };
    assert_eq!(decision(&judged(&forged, &rules, &LOCKDOWN)), (Ruling::Block, "binary"));
}

#[test]
fn paths_are_asked_after_the_rules_and_the_blocked_ones_first() {
    let both = Conditions { blocked_path: "Pine", allowed_path: "^/Applications/.*", ..LOCKDOWN };
    let evaluation = judged(&pinecone(), &[], &both);
    assert_eq!(decision(&evaluation), (Ruling::Block, "blocked-path-regex"));
    assert_eq!(finding(&evaluation, EvaluationStage::AllowedPath), StepResult::Outranked);
    let allowed = Conditions { blocked_path: "", ..both };
    assert_eq!(
        decision(&judged(&pinecone(), &[], &allowed)),
        (Ruling::Allow, "allowed-path-regex")
    );
    let elsewhere = Conditions { allowed_path: "^/opt/", ..allowed };
    assert_eq!(decision(&judged(&pinecone(), &[], &elsewhere)), (Ruling::Block, "client-mode"));
    let rules = [(RuleType::TeamId, PolicyKind::Allow)];
    assert_eq!(decision(&judged(&pinecone(), &rules, &both)), (Ruling::Allow, "teamid"));
}

#[test]
fn a_pattern_that_means_something_else_here_is_not_guessed_at() {
    let with = |allowed_path| Conditions { allowed_path, ..LOCKDOWN };
    for pattern in
        ["^/(?!opt)", r"^/(\w+)/\1", "^/a++", "^/a*+b", "(?x)/ opt", r"\<opt", "[unclosed"]
    {
        let evaluation = judged(&pinecone(), &[], &with(pattern));
        assert_eq!(
            finding(&evaluation, EvaluationStage::AllowedPath),
            StepResult::Undetermined,
            "{pattern}"
        );
        assert_eq!(evaluation.ruling, Ruling::Unknown, "{pattern}");
        let monitor = Conditions { unmatched: Unmatched::Allowed, ..with(pattern) };
        let same = judged(&pinecone(), &[], &monitor);
        assert_eq!(same.ruling, Ruling::Allow, "it runs either way: {pattern}");
    }
    for pattern in ["^/Applications/.*", "(?i)^/applications/", r"Pinecone\z", "^/[A-Z].{2,}$"] {
        let evaluation = judged(&pinecone(), &[], &with(pattern));
        assert_eq!(decision(&evaluation), (Ruling::Allow, "allowed-path-regex"), "{pattern}");
    }
    let nowhere = evaluate(Evidence::new(&pinecone(), ""), &HeldRules::default(), &with("^/opt/"));
    assert_eq!(finding(&nowhere, EvaluationStage::AllowedPath), StepResult::Undetermined);
    assert_eq!(nowhere.ruling, Ruling::Unknown);
}

#[test]
fn the_mode_decides_about_everything_else() {
    let evaluation = |unmatched| judged(&pinecone(), &[], &Conditions { unmatched, ..MONITOR });
    assert_eq!(decision(&evaluation(Unmatched::Allowed)), (Ruling::Allow, "client-mode"));
    assert_eq!(decision(&evaluation(Unmatched::Blocked)), (Ruling::Block, "client-mode"));
    let asked = evaluation(Unmatched::Asked);
    assert_eq!(decision(&asked), (Ruling::Block, "client-mode"));
    assert!(asked.steps.last().unwrap().why.contains("unless the user of the Mac approves them"));
}

#[test]
fn a_hash_alone_is_enough_if_the_host_has_no_other_rules() {
    let hash = Program { sha256: "ab".repeat(32), ..Program::default() };
    let none = evaluate(Evidence::new(&hash, ""), &HeldRules::default(), &LOCKDOWN);
    assert_eq!(decision(&none), (Ruling::Block, "client-mode"));
    let mut rules = held(&hash, &[(RuleType::Binary, PolicyKind::Allow)]);
    rules.types.insert(RuleType::TeamId);
    let by_hash = evaluate(Evidence::new(&hash, ""), &rules, &LOCKDOWN);
    assert_eq!(decision(&by_hash), (Ruling::Allow, "binary"), "a team id is weaker");
    rules.types.insert(RuleType::CdHash);
    let unsure = evaluate(Evidence::new(&hash, ""), &rules, &LOCKDOWN);
    assert_eq!(unsure.ruling, Ruling::Unknown, "a cdhash is stronger");
    assert_eq!(finding(&unsure, EvaluationStage::Rule(RuleType::CdHash)), StepResult::Undetermined);
}

#[test]
fn what_the_mac_keeps_to_itself_is_said_where_it_matters() {
    let seen = |program: &Program, conditions: &Conditions<'_>| {
        let unseen = |step: &&EvaluationStep| step.finding == StepResult::Unseen;
        let steps = judged(program, &[], conditions).steps;
        steps.iter().filter(unseen).map(|step| step.stage).collect::<Vec<_>>()
    };
    assert_eq!(seen(&pinecone(), &MONITOR), [EvaluationStage::StaticRules]);
    let transitive = Conditions { transitive: true, ..MONITOR };
    assert_eq!(
        seen(&pinecone(), &transitive),
        [EvaluationStage::StaticRules, EvaluationStage::Transitive]
    );
    let broken = Program { signing_status: SigningStatus::Invalid, ..pinecone() };
    assert_eq!(
        seen(&broken, &MONITOR),
        [EvaluationStage::StaticRules, EvaluationStage::BadSignature]
    );
}

#[test]
fn a_file_that_is_no_program_runs_where_nothing_stops_it_before() {
    let program = pinecone();
    let script = Evidence { no_code: true, ..Evidence::new(&program, PATH) };
    let decided = |conditions: &Conditions<'_>| {
        let evaluation = evaluate(script, &HeldRules::default(), conditions);
        (evaluation.ruling, evaluation.decisive().unwrap().stage.word())
    };
    assert_eq!(decided(&LOCKDOWN), (Ruling::Allow, "no-code"));
    let fenced = Conditions { blocked_path: "Pine", ..LOCKDOWN };
    assert_eq!(decided(&fenced), (Ruling::Block, "blocked-path-regex"));
}

#[test]
fn a_program_without_a_zero_page_may_be_stopped_before_its_path_allows_it() {
    let program = pinecone();
    let old = Evidence { no_page_zero: true, ..Evidence::new(&program, PATH) };
    let allowed = Conditions { allowed_path: "^/Applications/", ..LOCKDOWN };
    let evaluation = evaluate(old, &HeldRules::default(), &allowed);
    assert_eq!(finding(&evaluation, EvaluationStage::PageZero), StepResult::Undetermined);
    assert_eq!(evaluation.ruling, Ruling::Unknown);
    let stopped = evaluate(old, &HeldRules::default(), &LOCKDOWN);
    assert_eq!(stopped.ruling, Ruling::Block, "either way");
    let rules = held(&program, &[(RuleType::TeamId, PolicyKind::Allow)]);
    assert_eq!(evaluate(old, &rules, &LOCKDOWN).ruling, Ruling::Allow, "rules come first");
}
