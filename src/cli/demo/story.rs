//! The steps of the demo, with real requests to its server.

use std::collections::{BTreeMap, BTreeSet};

use super::fleet::{Mac, fleet};
use crate::api::{
    DecisionRequest, EventDetail, EventQuery, HostQuery, HostTagsRequest, RuleChange, RulePatch,
    SettingsRequest, TagRequest,
};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::client::Client;
use crate::format::Defaults;
use crate::format::csv::{Delimiter, Reader};
use crate::lab::HttpTransport;
use crate::rule::{Outcome, PolicyKind, RuleDraft, Scope, TagName};

/// The rules that the demo starts with.
const RULES: &str = include_str!("../../../examples/rules.csv");
/// The Mac on which a program is blocked, and the program.
const HERO: &str = "mira-mbp.local";
const PROGRAM: &str = "Pinecone";

pub(super) struct Story<'a> {
    pub(super) ui: &'a Ui,
    pub(super) client: &'a Client,
    pub(super) server: &'a str,
    pub(super) token: &'a str,
}

impl Story<'_> {
    /// Runs all steps. `sync_base` is the SyncBaseURL of the Macs.
    pub(super) async fn run(&self, sync_base: &str) -> Result<(), CliError> {
        let transport =
            HttpTransport::new(sync_base).map_err(|error| CliError::failed(error.to_string()))?;
        let mut macs = fleet()?;
        self.say("1. Create a policy: tags, rules from a CSV file, and settings\n")?;
        self.write_policy(&macs).await?;
        self.say("\n2. Five Macs enroll and sync\n")?;
        self.enroll(&mut macs, &transport).await?;
        self.say("\n3. A program is blocked\n")?;
        let event = self.blocked(&mut macs, &transport).await?;
        self.say("\n4. The help desk approves the program\n")?;
        self.approve(&event).await?;
        self.say("\n5. The Mac gets the rule at its next sync\n")?;
        self.arrives(&mut macs, &transport).await?;
        self.next_steps(&event)
    }

    fn say(&self, text: &str) -> Result<(), CliError> {
        self.ui.raw(format!("{text}\n").as_bytes())
    }

    async fn write_policy(&self, macs: &[Mac]) -> Result<(), CliError> {
        let put = rules()?;
        let scopes = put.iter().filter_map(|rule| rule.scope.parse::<Scope>().ok());
        let of_rules = scopes.filter_map(|scope| match scope {
            Scope::Tag(tag) => Some(tag),
            Scope::Fleet | Scope::Group(_) | Scope::User(_) | Scope::Host(_) => None,
        });
        let of_macs = macs.iter().flat_map(|mac| mac.tags.iter().cloned());
        let tags: BTreeSet<TagName> = of_rules.chain(of_macs).collect();
        for name in &tags {
            let request = TagRequest {
                name: name.clone(),
                priority: 0,
                description: None,
                membership: None,
                dry_run: false,
            };
            self.client.put_tag(&request).await?;
        }
        let names: Vec<&str> = tags.iter().map(TagName::as_str).collect();
        self.say(&format!("   tags       {}", names.join(", ")))?;
        let message = "the demo's rules".parse().ok();
        let put = put.into_iter().map(RulePatch::from).collect();
        let change = RuleChange { put, message, ..RuleChange::default() };
        let answer = self.client.change_rules(&change).await?;
        let (added, revision) = (answer.count(Outcome::Added), answer.revision);
        self.say(&format!("   rules      {added} from examples/rules.csv, revision {revision}"))?;
        let set = BTreeMap::from([
            ("client-mode".to_owned(), "lockdown".to_owned()),
            ("full-sync-interval".to_owned(), "5m".to_owned()),
        ]);
        let scope = Scope::Fleet;
        let request = SettingsRequest {
            scope,
            set,
            unset: Vec::new(),
            message: None,
            base: None,
            dry_run: false,
            force: false,
        };
        self.client.change_settings(&request).await?;
        self.say("   settings   client-mode=lockdown full-sync-interval=5m for the fleet")
    }

    async fn enroll(&self, macs: &mut [Mac], transport: &HttpTransport) -> Result<(), CliError> {
        for mac in macs.iter_mut() {
            mac.sync(transport).await?;
            let machine = mac.santa.profile().machine_id.clone();
            let add = mac.tags.clone();
            let request = HostTagsRequest { add, ..HostTagsRequest::default() };
            self.client.tag_host(&machine, &request).await?;
            mac.sync(transport).await?;
        }
        self.hosts().await
    }

    async fn hosts(&self) -> Result<(), CliError> {
        self.ui.pages(self.client.hosts(&HostQuery::default()), "no hosts").await
    }

    async fn blocked(
        &self,
        macs: &mut [Mac],
        transport: &HttpTransport,
    ) -> Result<EventDetail, CliError> {
        for mac in macs.iter_mut() {
            for event in std::mem::take(&mut mac.events) {
                mac.santa.add_event(event);
            }
            mac.sync(transport).await?;
        }
        let query = EventQuery {
            host: Some(HERO.to_owned()),
            text: Some(PROGRAM.to_owned()),
            blocked: true,
            ..EventQuery::default()
        };
        let found = self.client.events(&query).first().await?;
        let found = found
            .first()
            .ok_or_else(|| CliError::failed("the blocked program was not reported"))?;
        let event = self.client.event(found.id).await?;
        let view = &event.event;
        self.say(&format!(
            "   {} ran {PROGRAM} on {}: {}",
            view.user, view.hostname, view.decision
        ))?;
        self.say(&format!("   file       {}", view.path))?;
        self.say(&format!("   signed by  {}", signer(&event)))?;
        for (place, candidate) in event.candidates.iter().enumerate() {
            let label = if place == 0 { "a rule" } else { "or" };
            // A hash has a line of its own, so that the terminal does not break it.
            self.say(&format!(
                "   {label:10} covers {}\n     {}",
                candidate.covers, candidate.target
            ))?;
        }
        Ok(event)
    }

    async fn approve(&self, event: &EventDetail) -> Result<(), CliError> {
        let request = DecisionRequest {
            policy: PolicyKind::Allow,
            rule_type: None,
            scope: None,
            expires: None,
            expires_in: None,
            comment: Some("requested in the demo".to_owned()),
            ticket: Some("IT-2001".to_owned()),
            message: None,
            dry_run: false,
        };
        self.say(&format!(
            "   $ nicelist event approve {} --ticket IT-2001 --yes",
            event.event.id
        ))?;
        let answer = self.client.decide(event.event.id, &request).await?;
        let RuleDraft { policy, target, scope, .. } = answer.rule;
        self.say(&format!("   {policy} {target}\n   in {scope}, revision {}", answer.revision))?;
        self.say(&format!("   reason: {}", event.reason))
    }

    async fn arrives(&self, macs: &mut [Mac], transport: &HttpTransport) -> Result<(), CliError> {
        for mac in macs.iter_mut() {
            let report = mac.sync(transport).await?;
            let profile = mac.santa.profile();
            let held = mac.santa.rules().len();
            let received = report.rules.received;
            self.say(&format!(
                "   {:22} rules received: {received}, on the Mac: {held}",
                profile.hostname
            ))?;
        }
        Ok(())
    }

    fn next_steps(&self, event: &EventDetail) -> Result<(), CliError> {
        let Self { server, token, .. } = self;
        self.say("\nTry it yourself, in another terminal:\n")?;
        self.say(&format!("   export NICELIST_SERVER={server}"))?;
        self.say(&format!("   export NICELIST_TOKEN={token}"))?;
        let id = event.event.id;
        for line in [
            "nicelist host list".to_owned(),
            format!("nicelist host show {HERO} --rules"),
            "nicelist rule list".to_owned(),
            "nicelist rule add block teamid:ABCDE12345 --scope tag:eng --comment 'not here'"
                .to_owned(),
            "nicelist event list --blocked".to_owned(),
            format!("nicelist event show {id}"),
        ] {
            self.say(&format!("   {line}"))?;
        }
        self.say("")
    }
}

fn signer(event: &EventDetail) -> String {
    match event.signing_chain.first() {
        Some(leaf) => leaf.common_name.clone(),
        None => format!("no one ({})", event.event.program.signing_status.word()),
    }
}

/// The rules of the examples.
fn rules() -> Result<Vec<RuleDraft>, CliError> {
    let odd =
        |error: &dyn std::fmt::Display| CliError::failed(format!("examples/rules.csv: {error}"));
    let reader = Reader::open(RULES.as_bytes(), Delimiter::Comma, Defaults::default());
    let reader = reader.map_err(|error| odd(&error))?;
    reader.map(|row| row.map(|row| row.rule.into()).map_err(|error| odd(&error))).collect()
}
