//! Finds programs that neither a rule nor a path pattern allows or blocks, for lists of many
//! programs and hosts.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::active_rules::{ActiveRules, RulesOfHost};
use super::fleet_view::{platform_check, targets};
use super::generation;
use super::policy::HostSettings;
use crate::fleet::{Generation, Host, ProgramId};
use crate::rule::{
    HeldRules, PathCheck, PlatformCheck, PolicyKind, Program, Scope, Target, is_program_decisive,
};

/// Maximum compiled path checks. Hosts with the same settings share a check. Compiled checks are
/// kept, and each may need a few megabytes.
const MOST_CHECKS: usize = 32;

/// Hosts with the same rules and settings, and with clients that evaluate programs alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostClass(usize);

struct Class<'v, R> {
    rules: RulesOfHost<'v, R>,
    settings: Arc<HostSettings>,
    platform: PlatformCheck,
}

/// Evaluates each program only once for all classes of hosts with the same policies for it, and
/// remembers compiled path patterns.
pub struct UndecidedPrograms<'v, R> {
    rules: &'v R,
    classes: Vec<Class<'v, R>>,
    numbers: HashMap<(Vec<Scope>, Generation, PlatformCheck), HostClass>,
    checks: HashMap<u64, PathCheck>,
    targets: HashMap<ProgramId, Vec<Target>>,
    /// Whether a rule decides about a program, or the program is a part of macOS or Santa. Path
    /// patterns are not considered. The key contains the policies of the rules for the program's
    /// targets.
    is_decided: HashMap<(ProgramId, PlatformCheck, Vec<Option<PolicyKind>>), bool>,
}

impl<'v, R: ActiveRules> UndecidedPrograms<'v, R> {
    pub(super) fn new(rules: &'v R) -> Self {
        Self {
            rules,
            classes: Vec::new(),
            numbers: HashMap::new(),
            checks: HashMap::new(),
            targets: HashMap::new(),
            is_decided: HashMap::new(),
        }
    }

    /// The class of a host. `scopes` are the host's scopes, weakest first.
    pub fn class_of(&mut self, host: &Host, scopes: &[Scope]) -> HostClass {
        let version = &host.facts.santa_version;
        let generation = generation::of(version);
        let platform = platform_check(version);
        let used: Vec<Scope> =
            scopes.iter().filter(|scope| self.rules.is_used(scope)).cloned().collect();
        let key = (used, generation, platform);
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        let settings = self.rules.settings(&key.0);
        let rules = RulesOfHost { rules: self.rules, scopes: key.0.clone(), generation };
        let class = HostClass(self.classes.len());
        self.classes.push(Class { rules, settings, platform });
        self.numbers.insert(key, class);
        class
    }

    /// Whether only the mode of a host of this class decides about a program: no rule and no path
    /// pattern matches it, and it is not a part of macOS or Santa. Unknown facts about the program
    /// are ignored. None if a path check is needed that is not compiled, and the maximum number of
    /// path checks is already compiled.
    pub fn is_undecided(
        &mut self,
        class: HostClass,
        (id, program): (ProgramId, &Program),
        path: &str,
    ) -> Option<bool> {
        let Some(Class { rules, settings, platform }) = self.classes.get(class.0) else {
            return Some(false);
        };
        let targets = self.targets.entry(id).or_insert_with(|| targets(program).collect());
        let policies = targets.iter().map(|target| rules.policy(target)).collect();
        let key = (id, *platform, policies);
        let is_decided = self.is_decided.entry(key).or_insert_with_key(|(_, _, policies)| {
            let held = targets.iter().zip(policies);
            let held = held.filter_map(|(target, policy)| Some((target.clone(), (*policy)?)));
            let rules = HeldRules { policies: held.collect(), types: HashSet::new() };
            is_program_decisive(program, &rules, *platform)
        });
        if *is_decided {
            return Some(false);
        }
        let blocked = settings.settings.blocked_path_regex.as_str();
        let allowed = settings.settings.allowed_path_regex.as_str();
        if blocked.is_empty() && allowed.is_empty() {
            return Some(true);
        }
        let compiled = self.checks.len();
        let check = match self.checks.entry(settings.digest) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if compiled >= MOST_CHECKS => return None,
            Entry::Vacant(new) => new.insert(PathCheck::new(blocked, allowed)),
        };
        Some(!check.is_decisive(path))
    }
}
