//! A draft of edits shows administrators what a commit of the same edits does.

use std::fmt::Debug;
use std::sync::Arc;

use jiff::Timestamp;
use nicelist::fleet::{Actor, Clock, Host, ProgramId, Setting, SettingKey, Tag};
use nicelist::protocol::PreflightRequest;
use nicelist::rule::{
    EvaluationStage, Evidence, MachineId, Policy, Program, Rule, RuleKey, Scope, TagName, Target,
};
use nicelist::store::{self, Change, Durability, Edit, StoreError};
use nicelist::sync::{ActiveRules, Engine, FleetView, RULES_A_PAGE};

const TARGETS: [&str; 3] =
    ["teamid:EQHXZ8M8AV", "signingid:EQHXZ8M8AV:com.google.Chrome", "teamid:AAAAAAAAAA"];
const SCOPES: [&str; 5] = ["fleet", "tag:eng", "tag:ops", "user:ana", "host:M1"];

fn random(seed: &mut u64, limit: u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed % limit).unwrap()
}

fn edit(seed: &mut u64) -> Edit {
    let target: Target = TARGETS[random(seed, 3)].parse().unwrap();
    let scope: Scope = SCOPES[random(seed, 5)].parse().unwrap();
    let tag: TagName = ["eng", "ops"][random(seed, 2)].parse().unwrap();
    let machine: MachineId = "M1".parse().unwrap();
    match random(seed, 10) {
        0..4 => {
            let policies = [Policy::Allow, Policy::Block, Policy::SilentBlockGui, Policy::Remove];
            let policy = policies[random(seed, 4)].clone();
            Edit::PutRule(Box::new(Rule::new(target, scope, policy).unwrap()))
        }
        4 => Edit::DropRule(RuleKey { target, scope }),
        5 => {
            let mode = ["monitor", "lockdown"][random(seed, 2)];
            let setting = Setting::parse_named("client-mode", mode).unwrap();
            Edit::Set { scope, setting }
        }
        6 => Edit::Unset { scope, key: SettingKey::ClientMode },
        7 => Edit::PutTag(Tag { priority: i32::from(random(seed, 2) == 0), ..Tag::new(tag) }),
        8 if random(seed, 4) == 0 => Edit::DropTag { name: tag, force: true },
        8 => Edit::TagHost { machine, tag },
        _ => Edit::UntagHost { machine, tag },
    }
}

/// A view's data about a host: scopes, mode, and decisions about targets and programs.
async fn shown<R: ActiveRules>(view: &FleetView<'_, R>, host: &Host) -> Vec<String> {
    let text = |value: &dyn Debug| format!("{value:?}");
    let (settings, mut origins) = view.settings_of(host);
    let origin = origins.remove(&SettingKey::ClientMode);
    let mut all = vec![text(&view.scopes_of(host)), text(&settings.client_mode), text(&origin)];
    for target in TARGETS {
        all.push(text(&view.explain(host, &target.parse().unwrap()).await.unwrap()));
    }
    let mut undecided = view.undecided_programs();
    let class = undecided.class_of(host, &view.scopes_of(host));
    for (id, program) in [
        Program { team_id: "EQHXZ8M8AV".to_owned(), ..Program::default() },
        Program { signing_id: "EQHXZ8M8AV:com.google.Chrome".to_owned(), ..Program::default() },
    ]
    .into_iter()
    .enumerate()
    {
        let (id, path) = (ProgramId(id.try_into().unwrap()), "/Applications/Chrome.app");
        let evidence = Evidence::new(&program, path);
        let evaluated = view.evaluate(host, evidence).await.unwrap();
        let decisive = evaluated.evaluation.decisive().map(|step| step.stage);
        let is_undecided = undecided.is_undecided(class, (id, &program), path);
        let expected = Some(decisive == Some(EvaluationStage::Mode));
        assert_eq!(is_undecided, expected, "{program:?}");
        all.push(text(&is_undecided));
        all.push(text(&evaluated));
    }
    all
}

#[tokio::test]
async fn a_draft_shows_what_a_commit_of_its_edits_does() {
    let store = store::open("sqlite::memory:", Durability::Power).await.unwrap();
    let engine =
        Engine::open(Arc::clone(&store), [0; 32], Clock::System, RULES_A_PAGE).await.unwrap();
    let machine: MachineId = "M1".parse().unwrap();
    let report = PreflightRequest {
        primary_user: "ana".to_owned(),
        santa_version: "2023.9".to_owned(),
        ..PreflightRequest::default()
    };
    engine.preflight(&machine, &report, &|| true).await.unwrap();
    let host = async || store.host(&machine).await.unwrap().unwrap().host;
    let (mut seed, mut committed, mut changed) = (7, 0, 0);
    for _ in 0..120 {
        let edits: Vec<Edit> = (0..=random(&mut seed, 4)).map(|_| edit(&mut seed)).collect();
        let view = engine.view().await.unwrap();
        let before = shown(&view, &host().await).await;
        let drafted = shown(&view.with_draft(&edits), &host().await).await;
        let actor = Actor::new("ana", Timestamp::UNIX_EPOCH);
        let change = Change { actor, base: None, dry_run: false, edits: edits.clone() };
        match engine.commit(change).await {
            Ok(_) => {}
            // Some edits are refused, for example because a tag does not exist.
            Err(StoreError::Refused(_)) => continue,
            Err(error) => panic!("{error}"),
        }
        let now = shown(&engine.view().await.unwrap(), &host().await).await;
        assert_eq!(drafted, now, "{edits:#?}");
        committed += 1;
        changed += usize::from(before != now);
    }
    assert!(committed > 20 && changed > 8, "{committed} {changed}");
}
