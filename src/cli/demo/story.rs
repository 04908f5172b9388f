//! The steps of the demo, with real requests to its server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time;

use super::fleet::{Fleet, Mac};
use crate::api::{
    DecisionRequest, EventDetail, EventQuery, HostQuery, HostTagsRequest, RuleChange, RulePatch,
    SettingsRequest, TagRequest,
};
use crate::cli::error::CliError;
use crate::cli::ui::{Ui, wrap};
use crate::client::Client;
use crate::format::Defaults;
use crate::format::csv::{Delimiter, Reader};
use crate::lab::HttpTransport;
use crate::rule::{Outcome, PolicyKind, RuleDraft, Scope, TagName};

/// The rules that the demo starts with.
const RULES: &str = include_str!("../../../examples/rules.csv");
/// The Mac on which [`PROGRAM`] is blocked.
const HERO: &str = "mira-mbp.local";
const PROGRAM: &str = "Pinecone";
/// The columns of the list of hosts. They fit in 80 columns, and no text is shortened.
const COLUMNS: [&str; 5] = ["hostname", "state", "mode", "user", "tags"];
/// The pause between two steps on a terminal, so that users can read the first one.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Story<'a> {
    pub(super) ui: &'a Ui,
    /// Longer lines are wrapped.
    pub(super) width: usize,
    pub(super) client: &'a Client,
    pub(super) server: &'a str,
    pub(super) token: &'a str,
}

impl Story<'_> {
    /// Runs all steps.
    pub(super) async fn run(&self, fleet: &mut Fleet) -> Result<(), CliError> {
        let Fleet { macs, transport } = fleet;
        self.say("1. Create a policy: tags, rules from a CSV file, and settings\n")?;
        self.write_policy(macs).await?;
        self.step("2. Five Macs enroll and sync").await?;
        self.enroll(macs, transport).await?;
        self.step("3. A program is blocked").await?;
        let event = self.blocked(macs, transport).await?;
        self.step("4. The help desk approves the program").await?;
        self.approve(&event).await?;
        self.step("5. The Mac gets the rule at its next sync").await?;
        self.arrives(macs, transport).await
    }

    async fn step(&self, title: &str) -> Result<(), CliError> {
        if self.ui.is_terminal() {
            time::sleep(PAUSE).await;
        }
        self.say(&format!("\n{title}\n"))
    }

    /// Writes lines. Those that are wrapped keep their indent.
    fn say(&self, text: &str) -> Result<(), CliError> {
        let mut written = String::new();
        for line in text.split('\n') {
            let (indent, words) = line.split_at(line.len() - line.trim_start().len());
            for part in wrap(words, self.width.saturating_sub(indent.len())) {
                written.push_str(&format!("{indent}{part}\n"));
            }
        }
        self.ui.data(written.as_bytes())
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
                priority: None,
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
        let list = self.ui.list("no hosts").with_columns(&COLUMNS);
        list.pages(self.client.hosts(&HostQuery::default())).await
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
                "   {label:10} covers {}\n    {}",
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

    /// What to do while the server runs.
    pub(super) fn suggest_an_approval(&self) -> Result<(), CliError> {
        let Self { server, token, .. } = self;
        self.say("\nOther programs are pending approval. To approve one, in another terminal:\n")?;
        // Long commands are not broken here. The terminal wraps them, so they can still be copied.
        let commands = format!(
            "   export NICELIST_SERVER={server}\n   export NICELIST_TOKEN={token}\n   nicelist event \
             approve\n"
        );
        self.ui.data(commands.as_bytes())
    }

    /// What to do after the server has stopped.
    pub(super) fn suggest_to_stay(&self) -> Result<(), CliError> {
        self.say("\nTo try the commands on a server that keeps running:\n")?;
        self.say("   nicelist demo")
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
