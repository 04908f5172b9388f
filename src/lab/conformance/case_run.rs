//! The hosts, requests and hooks that the code of a case uses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::hook::{Hook, Hooks, Variable};
use super::mac::Mac;
use super::request::{BodyEncoding, Request};
use super::response::ServerResponse;
use super::rule::{TestRule, V2026_7, Version};
use super::server::Server;
use super::stop::Stop;

#[derive(Debug)]
pub(super) struct CaseRun<'j> {
    server: &'j Server,
    hooks: &'j Hooks,
    /// The beginning of the machine IDs in this case.
    prefix: String,
    macs: AtomicUsize,
    /// Rules that were added and not yet removed.
    added: Mutex<Vec<Added>>,
}

#[derive(Debug)]
struct Added {
    machine: String,
    tag: String,
    rule: TestRule,
}

impl<'j> CaseRun<'j> {
    pub(super) fn new(server: &'j Server, hooks: &'j Hooks, prefix: String) -> Self {
        let (macs, added) = (AtomicUsize::new(0), Mutex::default());
        Self { server, hooks, prefix, macs, added }
    }

    /// A Mac that the server has never seen.
    pub(super) fn mac(&self, client: Version) -> Mac<'_> {
        let number = self.macs.fetch_add(1, Ordering::Relaxed) + 1;
        Mac::new(self.server, format!("{}-{number}", self.prefix), client)
    }

    /// A Mac that has synced once.
    pub(super) async fn known_mac(&self) -> Result<Mac<'_>, Stop> {
        let mut mac = self.mac(V2026_7);
        mac.sync().await?;
        Ok(mac)
    }

    /// The encoding of bodies in requests that do not choose an encoding.
    pub(super) fn encoding(&self) -> BodyEncoding {
        self.server.encoding()
    }

    pub(super) async fn post(&self, request: Request) -> Result<ServerResponse, Stop> {
        self.server.post(request).await
    }

    /// Runs a hook that adds a rule for one host, or for all hosts with a tag.
    pub(super) async fn add_rule(
        &self,
        mac: &Mac<'_>,
        rule: &TestRule,
        tag: Option<&str>,
    ) -> Result<(), Stop> {
        let tag = tag.unwrap_or_default();
        let target = rule.target();
        let values = [
            (Variable::Machine, mac.id.as_str()),
            (Variable::Target, target.as_str()),
            (Variable::RuleType, rule.key.rule_type.as_str()),
            (Variable::Identifier, rule.key.identifier.as_str()),
            (Variable::Policy, rule.policy),
            (Variable::Cel, rule.cel),
            (Variable::Tag, tag),
        ];
        self.hooks.run(Hook::AddRule, &values).await?;
        let added = Added { machine: mac.id.clone(), tag: tag.to_owned(), rule: rule.clone() };
        self.added().push(added);
        Ok(())
    }

    /// Runs a hook that removes a rule. Does nothing if this case did not add the rule.
    pub(super) async fn remove_rule(&self, rule: &TestRule) -> Result<(), Stop> {
        let added = {
            let mut all = self.added();
            let place = all.iter().position(|added| added.rule == *rule);
            place.map(|place| all.swap_remove(place))
        };
        match added {
            Some(added) => self.delete_rule(&added).await,
            None => Ok(()),
        }
    }

    /// Runs a hook that changes a host instead of a rule.
    pub(super) async fn administer(
        &self,
        hook: Hook,
        mac: &Mac<'_>,
        value: Option<(Variable, &str)>,
    ) -> Result<(), Stop> {
        let values = [(Variable::Machine, mac.id.as_str())];
        let values: Vec<_> = values.into_iter().chain(value).collect();
        self.hooks.run(hook, &values).await
    }

    async fn delete_rule(&self, added: &Added) -> Result<(), Stop> {
        let Added { machine, tag, rule } = added;
        let target = rule.target();
        let values = [
            (Variable::Machine, machine.as_str()),
            (Variable::Target, target.as_str()),
            (Variable::RuleType, rule.key.rule_type.as_str()),
            (Variable::Identifier, rule.key.identifier.as_str()),
            (Variable::Tag, tag.as_str()),
        ];
        self.hooks.run(Hook::RemoveRule, &values).await
    }

    /// Removes the rules that were added and not yet removed. Errors are ignored, because the rules
    /// are for programs that do not exist.
    pub(super) async fn delete_rules(&self) {
        let left = std::mem::take(&mut *self.added());
        for added in &left {
            drop(self.delete_rule(added).await);
        }
    }

    fn added(&self) -> std::sync::MutexGuard<'_, Vec<Added>> {
        self.added.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
