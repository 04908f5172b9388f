//! Actions of administrators, on the server and in the reference model.

use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::history::Act;
use super::reference::{
    Entry, HOSTS, Kept, MEMBERS, MESSAGE, MODES, POLICIES, Reference, SCOPES, TAGS, TARGETS,
};
use crate::world::World;

fn rule((target, scope): (usize, usize), entry: Entry) -> Value {
    let (policy, expression, _) = POLICIES[entry.policy];
    let mut rule = json!({
        "target": name(target), "policy": policy, "scope": SCOPES[scope],
    });
    if !expression.is_empty() {
        rule["cel"] = json!(expression);
    }
    if entry.message {
        rule["message"] = json!(MESSAGE);
    }
    rule
}

fn name(target: usize) -> String {
    let (rule_type, identifier, _) = TARGETS[target];
    format!("{}:{identifier}", rule_type.to_string().to_lowercase())
}

pub(super) async fn administer(world: &World, reference: &mut Reference, act: Act) {
    let forced = |host: usize| format!("/hosts/{}", HOSTS[host]);
    match act {
        Act::Put { policy, target, scope, message } => {
            let entry = Entry { policy, message, until: None };
            put(world, rule((target, scope), entry)).await;
            reference.rules.insert((target, scope), entry);
        }
        Act::PutForAnHour { policy, target, scope } => {
            let entry = Entry { policy, message: false, until: Some(reference.hour + 1) };
            let mut rule = rule((target, scope), entry);
            rule["expires"] = json!((world.now() + SignedDuration::from_mins(59)).to_string());
            put(world, rule).await;
            reference.rules.insert((target, scope), entry);
        }
        Act::Drop { target, scope } => {
            world.drop_rule(&name(target), SCOPES[scope]).await;
            reference.rules.remove(&(target, scope));
        }
        Act::Keep => reference.kept = keep(world, reference).await,
        Act::RollBack => roll_back(world, reference).await,
        Act::Only { scope } => only(world, reference, scope).await,
        Act::Mode { scope, mode } => {
            let change = match mode {
                Some(mode) => json!({"scope": SCOPES[scope], "set": {"client-mode": MODES[mode]}}),
                None => json!({"scope": SCOPES[scope], "unset": ["client-mode"]}),
            };
            world.post("/settings", change).await;
            match mode {
                Some(mode) => reference.modes.insert(scope, mode),
                None => reference.modes.remove(&scope),
            };
        }
        Act::Prefer { tag } => {
            for (other, name) in TAGS.iter().enumerate() {
                let priority = i32::from(other == tag);
                world.post("/tags", json!({"name": name, "priority": priority})).await;
            }
            reference.preferred = tag;
        }
        Act::Tag { host, tag } => {
            world.post(&format!("{}/tags", forced(host)), json!({"add": [TAGS[tag]]})).await;
            reference.tags.insert((host, tag));
        }
        Act::Untag { host, tag } => {
            world.post(&format!("{}/tags", forced(host)), json!({"remove": [TAGS[tag]]})).await;
            reference.tags.remove(&(host, tag));
        }
        Act::Members { tag, members } => {
            let membership: Value = serde_json::from_str(MEMBERS[members]).unwrap();
            let priority = i32::from(reference.preferred == tag);
            let tag_with =
                json!({"name": TAGS[tag], "priority": priority, "membership": membership});
            world.post("/tags", tag_with).await;
            reference.members.insert(tag, members);
        }
        Act::OrderClean { host, all } => {
            let kind = if all { "clean-all" } else { "clean" };
            world.post(&format!("{}/clean-sync", forced(host)), json!({"kind": kind})).await;
        }
        Act::CancelClean { host } => {
            world.delete(&format!("{}/clean-sync", forced(host))).await;
        }
    }
}

/// Adds or replaces a rule. A replaced rule's message and expiry are not kept.
async fn put(world: &World, rule: Value) {
    let reset = ["message", "expires"];
    world.post("/rules", json!({"put": [rule], "reset": reset})).await;
}

/// Returns the current revision and state, for a later rollback.
pub(super) async fn keep(world: &World, reference: &Reference) -> Kept {
    let revision = world.get("/status").await["revision"].as_u64().unwrap();
    let Reference { rules, modes, members, preferred, .. } = reference.clone();
    Kept { revision, rules, modes, members, preferred }
}

/// Rolls back to the saved revision. The server must refuse the rollback if the history of this
/// revision was deleted.
async fn roll_back(world: &World, reference: &mut Reference) {
    let Kept { revision, rules, modes, members, preferred } = reference.kept.clone();
    let start = world.get("/status").await["history_start"]["revision"].as_u64();
    if start.is_some_and(|start| revision < start) {
        let path = format!("/revisions/{revision}/rollback");
        let (status, refused) = world.ask(Method::POST, &path, json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{refused}");
        return;
    }
    world.post(&format!("/revisions/{revision}/rollback"), json!({})).await;
    (reference.rules, reference.modes, reference.members) = (rules, modes, members);
    reference.preferred = preferred;
}

/// Applies a policy with `prune`, so that only the rules of one scope remain. Tags and settings do
/// not change.
async fn only(world: &World, reference: &mut Reference, scope: usize) {
    let page = world.get(&format!("/rules?scope={}&limit=5000", SCOPES[scope])).await;
    let mut rules = page["items"].clone();
    for rule in rules.as_array_mut().unwrap() {
        let rule = rule.as_object_mut().unwrap();
        let of_lists = ["revision", "author", "since", "needs", "withheld", "hostname"];
        rule.retain(|field, _| !of_lists.contains(&field.as_str()));
    }
    let (tags, settings) =
        (world.get("/tags").await["items"].clone(), world.get("/settings").await);
    let policy = json!({"prune": true, "tags": tags, "settings": settings, "rules": rules});
    world.post("/policy", policy).await;
    reference.rules.retain(|(_, of), _| *of == scope);
}
