//! Finds programs that only the mode of hosts decides about, for lists of many programs and hosts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::active_rules::{ActiveRules, RulesOfHost};
use super::fleet_view::{conditions, rules_for};
use super::{generation, translate};
use crate::fleet::{Generation, Host, ProgramId};
use crate::rule::{ModeCheck, PlatformCheck, Program, Scope};

/// Maximum compiled checks of path patterns that are remembered for new classes. Each check needs
/// up to a few megabytes.
const MOST_CHECKS: usize = 8;

/// Hosts with the same rules and settings, and with clients that evaluate programs alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostClass(usize);

/// The rules and the check that all hosts of a class share.
struct Class<'v, R> {
    rules: RulesOfHost<'v, R>,
    check: Arc<ModeCheck>,
}

/// Evaluates each program once for each class of hosts. Compiles the path patterns at most once for
/// each class.
pub struct UndecidedPrograms<'v, R> {
    rules: &'v R,
    classes: Vec<Class<'v, R>>,
    numbers: HashMap<(Vec<Scope>, Generation, PlatformCheck), HostClass>,
    /// Checks by the digest of the settings and by the platform check.
    checks: HashMap<(u64, PlatformCheck), Arc<ModeCheck>>,
    is_decided: HashMap<(HostClass, ProgramId), bool>,
}

impl<'v, R: ActiveRules> UndecidedPrograms<'v, R> {
    pub(super) fn new(rules: &'v R) -> Self {
        Self {
            rules,
            classes: Vec::new(),
            numbers: HashMap::new(),
            checks: HashMap::new(),
            is_decided: HashMap::new(),
        }
    }

    /// The class of a host with these scopes, weakest first.
    pub fn class_of(&mut self, host: &Host, scopes: &[Scope]) -> HostClass {
        let version = &host.facts.santa_version;
        let generation = generation::of(version);
        let used: Vec<Scope> =
            scopes.iter().filter(|scope| self.rules.is_used(scope)).cloned().collect();
        let settings = self.rules.settings(&used);
        let mode = translate::mode_for(settings.settings.client_mode, generation);
        let conditions = conditions(&settings.settings, mode, version);
        let key = (used, generation, conditions.platform);
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        let check_key = (settings.digest, conditions.platform);
        if self.checks.len() >= MOST_CHECKS && !self.checks.contains_key(&check_key) {
            self.checks.clear();
        }
        let check =
            self.checks.entry(check_key).or_insert_with(|| Arc::new(ModeCheck::new(&conditions)));
        let rules = RulesOfHost { rules: self.rules, scopes: key.0.clone(), generation };
        let class = HostClass(self.classes.len());
        self.classes.push(Class { rules, check: Arc::clone(check) });
        self.numbers.insert(key, class);
        class
    }

    /// Whether only the mode of a host of this class decides about a program: no rule and no path
    /// pattern matches it, and it is part of neither macOS nor Santa. Unknown facts about the
    /// program are ignored.
    pub fn is_undecided(
        &mut self,
        class: HostClass,
        (id, program): (ProgramId, &Program),
        path: &str,
    ) -> bool {
        let Some(Class { rules, check }) = self.classes.get(class.0) else { return false };
        let is_decided = self.is_decided.entry((class, id)).or_insert_with(|| {
            check.is_program_decisive(program, &rules_for(rules, program, HashSet::new()))
        });
        !*is_decided && !check.is_path_decisive(path)
    }
}
