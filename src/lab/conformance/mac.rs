//! A client that sends the same requests as its Santa version, and stores rules as Santa does.

use serde_json::{Value, json};

use super::request::{JSON, Request};
use super::response::Object;
use super::rule::{self, Rule, RuleTarget, TestRule, Version};
use super::server::Server;
use super::stop::Stop;

/// Pages after which a download counts as endless.
pub(super) const MAX_PAGES: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    /// Deletes all rules first.
    Clean,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) rules: Vec<Value>,
    pub(super) cursor: Option<String>,
}

#[derive(Debug)]
pub(super) struct Synced {
    pub(super) kind: Kind,
    pub(super) rules: Vec<Value>,
}

/// A simulated host.
#[derive(Debug)]
pub(super) struct Mac<'t> {
    server: &'t Server,
    /// The machine ID, which is sent in the path without percent-encoding.
    pub(super) id: String,
    pub(super) client: Version,
    /// Whether the Mac requests a clean sync, as clients do until their first clean sync.
    pub(super) asks_clean: bool,
    /// The rules, in the order in which they were last written.
    rules: Vec<Rule>,
}

impl<'t> Mac<'t> {
    pub(super) fn new(server: &'t Server, id: String, client: Version) -> Self {
        Self { server, id, client, asks_clean: true, rules: Vec::new() }
    }

    pub(super) fn preflight_request(&self) -> Value {
        let count =
            |rule_type| self.rules.iter().filter(|rule| rule.key.rule_type == rule_type).count();
        let compilers = self.rules.iter().filter(|rule| rule.policy == "ALLOWLIST_COMPILER");
        let mut request = json!({
            "serial_num": self.id,
            "hostname": format!("{}.local", self.id),
            "os_version": "15.6",
            "os_build": "24G84",
            "model_identifier": "Mac15,7",
            "santa_version": self.client.text,
            "primary_user": "conformance",
            "client_mode": "MONITOR",
        });
        let counts = [
            ("binary_rule_count", count("BINARY")),
            ("certificate_rule_count", count("CERTIFICATE")),
            ("compiler_rule_count", compilers.count()),
            ("teamid_rule_count", count("TEAMID")),
            ("signingid_rule_count", count("SIGNINGID")),
            ("cdhash_rule_count", count("CDHASH")),
        ];
        for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            request[key] = count.into();
        }
        if self.asks_clean {
            request["request_clean_sync"] = true.into();
        }
        if self.client.number >= 202_406 {
            request["machine_id"] = self.id.clone().into();
        }
        if self.client.number >= 202_507 {
            request["rulesHash"] = rule::rules_hash(&self.rules).into();
        }
        request
    }

    pub(super) async fn preflight(&self) -> Result<Object, Stop> {
        self.ask("preflight", &self.preflight_request()).await
    }

    /// A request with this body and without a content type.
    pub(super) fn request(&self, stage: &'static str, body: Vec<u8>) -> Request {
        let agent = format!("santactl-sync/{}", self.client.text);
        Request { stage, machine: self.id.clone(), agent, body, ..Request::default() }
    }

    pub(super) fn json(&self, stage: &'static str, body: &Value) -> Request {
        self.request(stage, body.to_string().into_bytes()).typed(Some(JSON))
    }

    pub(super) async fn ask(&self, stage: &'static str, body: &Value) -> Result<Object, Stop> {
        self.server.post(self.json(stage, body)).await?.object()
    }

    pub(super) fn kind(&self, settings: &Object) -> Kind {
        let requested = settings.get("clean_sync").and_then(Value::as_bool).unwrap_or_default();
        let clean = match settings.get("sync_type").and_then(Value::as_str) {
            Some(kind) if self.client.number >= 202_401 => is_clean(kind),
            _ => requested,
        };
        if clean { Kind::Clean } else { Kind::Normal }
    }

    /// Requests a page of rules. As in the newest client, a missing list of rules or a missing
    /// cursor counts as empty.
    pub(super) async fn page(&self, cursor: Option<&str>) -> Result<Page, Stop> {
        let mut answer = self.ask("ruledownload", &self.download_request(cursor)).await?;
        let rules = match answer.remove("rules") {
            Some(Value::Array(rules)) => rules,
            Some(Value::Null) | None => Vec::new(),
            Some(_) => return Err(Stop::fails("ruledownload: `rules` is not a list")),
        };
        let cursor = match answer.remove("cursor") {
            Some(Value::String(cursor)) => Some(cursor).filter(|cursor| !cursor.is_empty()),
            Some(Value::Null) | None => None,
            Some(_) => return Err(Stop::fails("ruledownload: `cursor` is not a string")),
        };
        Ok(Page { rules, cursor })
    }

    pub(super) fn download_request(&self, cursor: Option<&str>) -> Value {
        let mut request = json!({});
        if self.client.number >= 202_406 {
            request["machine_id"] = self.id.clone().into();
        }
        if let Some(cursor) = cursor {
            request["cursor"] = cursor.into();
        }
        request
    }

    pub(super) async fn pages(&self, first: Option<&str>) -> Result<Vec<Page>, Stop> {
        let mut pages: Vec<Page> = Vec::new();
        let mut cursor = first.map(str::to_owned);
        loop {
            let page = self.page(cursor.as_deref()).await?;
            cursor.clone_from(&page.cursor);
            let again = cursor.is_some() && pages.iter().any(|seen| seen.cursor == cursor);
            pages.push(page);
            if cursor.is_none() {
                return Ok(pages);
            }
            if again || pages.len() >= MAX_PAGES {
                let how = if again { "and the cursor repeats" } else { "and there are more" };
                return Err(Stop::fails(format!("ruledownload: {} pages, {how}", pages.len())));
            }
        }
    }

    pub(super) async fn download(&self) -> Result<Vec<Value>, Stop> {
        let pages = self.pages(None).await?;
        Ok(pages.into_iter().flat_map(|page| page.rules).collect())
    }

    /// Applies downloaded rules. Returns the number of rules that the client understood.
    pub(super) fn apply(&mut self, kind: Kind, rules: &[Value]) -> usize {
        let known = |value| rule::read(value, self.client).ok();
        let read: Vec<Rule> = rules.iter().filter_map(known).collect();
        // Clients delete nothing if they understand no rule.
        if kind == Kind::Clean && !read.is_empty() {
            self.rules.clear();
        }
        for rule in &read {
            self.rules.retain(|held| held.key != rule.key);
            if rule.policy != "REMOVE" {
                self.rules.push(rule.clone());
            }
        }
        read.len()
    }

    /// The body of a postflight, with the keys that the client's version sends. Clients before
    /// 2023.8 send an empty body, so this returns no keys for them.
    pub(super) fn postflight_request(
        &self,
        kind: Kind,
        received: usize,
        processed: usize,
    ) -> Value {
        let mut request = json!({});
        if self.client.number >= 202_308 {
            let counts = [("rules_received", received), ("rules_processed", processed)];
            for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
                request[key] = count.into();
            }
        }
        if self.client.number >= 202_406 {
            request["machine_id"] = self.id.clone().into();
        }
        if self.client.number >= 202_501 {
            request["syncType"] = if kind == Kind::Clean { "CLEAN" } else { "NORMAL" }.into();
        }
        if self.client.number >= 202_507 {
            request["rulesHash"] = rule::rules_hash(&self.rules).into();
        }
        request
    }

    pub(super) fn postflight(&self, kind: Kind, received: usize, processed: usize) -> Request {
        let body = self.postflight_request(kind, received, processed);
        let request = self.json("postflight", &body);
        if self.client.number >= 202_308 { request } else { request.with("") }
    }

    /// Syncs and applies the rules, but sends no postflight. Also returns the number of processed
    /// rules.
    pub(super) async fn sync_without_postflight(&mut self) -> Result<(Synced, usize), Stop> {
        let settings = self.preflight().await?;
        let kind = self.kind(&settings);
        let rules = self.download().await?;
        let processed = self.apply(kind, &rules);
        if kind == Kind::Clean {
            self.asks_clean = false;
        }
        Ok((Synced { kind, rules }, processed))
    }

    pub(super) async fn sync(&mut self) -> Result<Synced, Stop> {
        let (synced, processed) = self.sync_without_postflight().await?;
        let request = self.postflight(synced.kind, synced.rules.len(), processed);
        self.server.post(request).await?.ok()?;
        Ok(synced)
    }

    pub(super) fn policy(&self, key: &RuleTarget) -> Option<&'static str> {
        self.rules.iter().find(|rule| rule.key == *key).map(|rule| rule.policy)
    }

    pub(super) fn has_rule(&self, rule: &TestRule) -> Result<(), Stop> {
        match self.policy(&rule.key) {
            Some(policy) if policy == rule.policy => Ok(()),
            Some(policy) => {
                Err(Stop::fails(format!("the host has {policy}, but {} is active", rule.policy)))
            }
            None => Err(Stop::fails(format!("the host has no rule for {}", rule.target()))),
        }
    }

    pub(super) fn has_no_rule(&self, rule: &TestRule) -> Result<(), Stop> {
        match self.policy(&rule.key) {
            Some(policy) => {
                Err(Stop::fails(format!("the host still has {policy} for {}", rule.target())))
            }
            None => Ok(()),
        }
    }
}

/// Whether clients read this `sync_type` as a clean sync.
pub(super) fn is_clean(kind: &str) -> bool {
    matches!(kind, "CLEAN" | "CLEAN_ALL" | "clean" | "clean_all")
}
