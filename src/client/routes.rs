//! The admin API's routes, one method each.
//!
//! Every method fails with [`ClientError`] and nothing else.

use ::http::Method;
use bytes::Bytes;
use serde::de::IgnoredAny;
use url::form_urlencoded::byte_serialize;

use super::pages::{Pages, Query};
use super::{Client, ClientError};
use crate::api::{
    AcceptMacRequest, BundleAnswer, BundleApproval, ChangeAnswer, CleanSyncRequest, DecisionAnswer,
    DecisionRequest, DecisionsAnswer, DecisionsRequest, EvaluationRequest, EvaluationView,
    EventDetail, EventImport, EventImportAnswer, EventQuery, EventStatQuery, EventStatView,
    EventView, ExplainQuery, Explanation, ForgetHostsAnswer, ForgetHostsRequest, HostCount,
    HostCountQuery, HostNames, HostNamesRequest, HostQuery, HostSetting, HostTagsRequest, HostView,
    NewToken, PolicyAnswer, PolicyChange, PolicyRequest, RevisionQuery, RevisionView,
    RollbackRequest, RuleChange, RuleHistoryQuery, RuleQuery, RuleVersionView, RuleView,
    SettingView, SettingsQuery, SettingsRequest, Status, StatusQuery, TagQuery, TagRequest,
    TagView, TokenRequest, TokenView, UndoAnswer, UndoRequest, WaitingQuery, WaitingView,
};
use crate::fleet::EventId;
use crate::rule::{MachineId, Revision, TagName, Target};

type Answer<T> = Result<T, ClientError>;

/// Hosts that one request counts. The server compares each with its rules.
const HOSTS_COUNTED: usize = 200;

/// For requests without a body.
const NOTHING: Option<&()> = None;

#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Client {
    /// What the server is, and who asks.
    pub async fn status(&self) -> Answer<Status> {
        self.ask(Method::GET, "/status", NOTHING).await
    }

    /// The same with all rows that cannot be read.
    pub async fn status_with_unreadable_rows(&self) -> Answer<Status> {
        let query = StatusQuery { read_rules: true };
        self.ask(Method::GET, &Query::of(&query).behind("/status"), NOTHING).await
    }

    /// Rules, by type, identifier and scope.
    #[must_use]
    pub fn rules(&self, query: &RuleQuery) -> Pages<'_, RuleView> {
        Pages::new(self, "/rules".to_owned(), query)
    }

    /// Puts and drops rules.
    pub async fn change_rules(&self, change: &RuleChange) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/rules", Some(change)).await
    }

    /// As [`Client::change_rules`], for the JSON of a [`RuleChange`] that is written already.
    pub async fn change_rules_as_written(&self, json: Bytes) -> Answer<ChangeAnswer> {
        self.ask_as_written(Method::POST, "/rules", Some(json)).await
    }

    /// Makes tags, settings and rules as they are named, or says what would change.
    pub async fn change_policy(&self, request: &PolicyRequest) -> Answer<PolicyAnswer> {
        self.ask(Method::POST, "/policy", Some(request)).await
    }

    /// The rules that a target has and had, the newest first.
    #[must_use]
    pub fn rule_history(&self, target: &Target) -> Pages<'_, RuleVersionView> {
        let query = RuleHistoryQuery { target: target.clone(), limit: None, cursor: None };
        Pages::new(self, "/rules/history".to_owned(), &query)
    }

    /// Revisions, newest first.
    #[must_use]
    pub fn revisions(&self, query: &RevisionQuery) -> Pages<'_, RevisionView> {
        Pages::new(self, "/revisions".to_owned(), query)
    }

    pub async fn revision(&self, revision: Revision) -> Answer<RevisionView> {
        self.ask(Method::GET, &format!("/revisions/{revision}"), NOTHING).await
    }

    /// What one revision did: to tags, to settings, to rules.
    #[must_use]
    pub fn revision_changes(&self, revision: Revision) -> Pages<'_, PolicyChange> {
        Pages::new(self, format!("/revisions/{revision}/changes"), &())
    }

    /// Takes rules, settings and tags back to how they were at a revision, or says what would
    /// change.
    pub async fn rollback(
        &self,
        revision: Revision,
        request: &RollbackRequest,
    ) -> Answer<PolicyAnswer> {
        let path = format!("/revisions/{revision}/rollback");
        self.ask(Method::POST, &path, Some(request)).await
    }

    /// Hosts, by machine id.
    #[must_use]
    pub fn hosts(&self, query: &HostQuery) -> Pages<'_, HostView> {
        Pages::new(self, "/hosts".to_owned(), query)
    }

    /// Counts of hosts by state. The counts of all pages must be added up.
    #[must_use]
    pub fn host_counts(&self) -> Pages<'_, HostCount> {
        let query = HostCountQuery { limit: Some(HOSTS_COUNTED), cursor: None };
        Pages::new(self, "/host-counts".to_owned(), &query)
    }

    /// One host, by machine id, serial number, host name or a unique prefix of one.
    pub async fn host(&self, host: &str) -> Answer<HostView> {
        self.ask(Method::GET, &host_path(host, ""), NOTHING).await
    }

    /// Forgets a host, given its whole machine ID; with `events`, deletes its events, too.
    pub async fn forget_host(&self, machine: &MachineId, events: bool) -> Answer<()> {
        let path = host_path(&exactly(machine), "");
        let query = Query::of(&serde_json::json!({ "events": events }));
        self.delete(&query.behind(&path)).await
    }

    /// Forgets hosts that match, in a part of the fleet.
    pub async fn forget_hosts(&self, request: &ForgetHostsRequest) -> Answer<ForgetHostsAnswer> {
        self.ask(Method::POST, "/forget-hosts", Some(request)).await
    }

    /// The settings that a host gets, each with where it comes from.
    pub async fn host_settings(&self, host: &str) -> Answer<Vec<HostSetting>> {
        self.ask(Method::GET, &host_path(host, "/settings"), NOTHING).await
    }

    /// The rules in force for a host.
    #[must_use]
    pub fn host_rules(&self, host: &str) -> Pages<'_, RuleView> {
        Pages::new(self, host_path(host, "/rules"), &())
    }

    /// Gives and takes tags of a host.
    pub async fn tag_host(&self, host: &str, request: &HostTagsRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, &host_path(host, "/tags"), Some(request)).await
    }

    /// Orders a clean sync of a host.
    pub async fn clean_sync(&self, host: &str, request: CleanSyncRequest) -> Answer<HostView> {
        self.ask(Method::POST, &host_path(host, "/clean-sync"), Some(&request)).await
    }

    /// Takes back the order for a clean sync of a host.
    pub async fn cancel_clean_sync(&self, host: &str) -> Answer<HostView> {
        self.ask(Method::DELETE, &host_path(host, "/clean-sync"), NOTHING).await
    }

    /// Accepts a Mac as the one whose machine ID this is.
    pub async fn accept_mac(&self, host: &str, request: &AcceptMacRequest) -> Answer<HostView> {
        self.ask(Method::POST, &host_path(host, "/accept"), Some(request)).await
    }

    /// Names of hosts that do not mean one host.
    pub async fn check_host_names(&self, request: &HostNamesRequest) -> Answer<HostNames> {
        self.ask(Method::POST, "/hosts/names", Some(request)).await
    }

    /// Why a host has the rule that it has for a target.
    pub async fn explain(&self, host: &str, query: &ExplainQuery) -> Answer<Explanation> {
        let path = Query::of(query).behind(&host_path(host, "/explain"));
        self.ask(Method::GET, &path, NOTHING).await
    }

    /// What a host's client makes of a program.
    pub async fn evaluate(
        &self,
        host: &str,
        request: &EvaluationRequest,
    ) -> Answer<EvaluationView> {
        self.ask(Method::POST, &host_path(host, "/evaluation"), Some(request)).await
    }

    /// Tags, by name.
    #[must_use]
    pub fn tags(&self) -> Pages<'_, TagView> {
        Pages::new(self, "/tags".to_owned(), &TagQuery::default())
    }

    /// Makes or changes a tag.
    pub async fn put_tag(&self, request: &TagRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/tags", Some(request)).await
    }

    /// Deletes a tag; with `force` even one in use.
    pub async fn delete_tag(
        &self,
        name: &TagName,
        force: bool,
        dry_run: bool,
    ) -> Answer<ChangeAnswer> {
        let path = format!("/tags/{}", segment(name.as_str()));
        let query = Query::of(&serde_json::json!({ "force": force, "dry_run": dry_run }));
        self.ask(Method::DELETE, &query.behind(&path), NOTHING).await
    }

    /// Settings, scope by scope.
    pub async fn settings(&self, query: &SettingsQuery) -> Answer<Vec<SettingView>> {
        self.ask(Method::GET, &Query::of(query).behind("/settings"), NOTHING).await
    }

    /// Sets and unsets settings of a scope.
    pub async fn change_settings(&self, request: &SettingsRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/settings", Some(request)).await
    }

    /// Events, newest first; after one of them, oldest first.
    #[must_use]
    pub fn events(&self, query: &EventQuery) -> Pages<'_, EventView> {
        Pages::new(self, "/events".to_owned(), query)
    }

    /// Keeps what hosts reported to another server.
    pub async fn import_events(&self, request: &EventImport) -> Answer<EventImportAnswer> {
        self.ask(Method::POST, "/events", Some(request)).await
    }

    /// How often programs were reported.
    pub async fn event_stats(&self, query: &EventStatQuery) -> Answer<Vec<EventStatView>> {
        self.ask(Method::GET, &Query::of(query).behind("/events/stats"), NOTHING).await
    }

    /// One event, with everything that helps to decide about it.
    pub async fn event(&self, id: EventId) -> Answer<EventDetail> {
        self.ask(Method::GET, &format!("/events/{id}"), NOTHING).await
    }

    /// Makes a rule of an event.
    pub async fn decide(&self, id: EventId, request: &DecisionRequest) -> Answer<DecisionAnswer> {
        self.ask(Method::POST, &format!("/events/{id}/decision"), Some(request)).await
    }

    /// Programs that wait for a decision, newest first.
    #[must_use]
    pub fn waiting(&self, query: &WaitingQuery) -> Pages<'_, WaitingView> {
        Pages::new(self, "/events/waiting".to_owned(), query)
    }

    /// Makes rules of several events, in one revision.
    pub async fn decide_all(&self, request: &DecisionsRequest) -> Answer<DecisionsAnswer> {
        self.ask(Method::POST, "/events/decisions", Some(request)).await
    }

    /// Takes back the operator's own newest decision.
    pub async fn undo(&self, request: UndoRequest) -> Answer<UndoAnswer> {
        self.ask(Method::POST, "/events/undo", Some(&request)).await
    }

    /// Makes a rule of each program of an event's bundle.
    pub async fn approve_bundle(
        &self,
        id: EventId,
        request: &BundleApproval,
    ) -> Answer<BundleAnswer> {
        self.ask(Method::POST, &format!("/events/{id}/bundle-approval"), Some(request)).await
    }

    /// All tokens, without their secrets.
    pub async fn tokens(&self) -> Answer<Vec<TokenView>> {
        self.ask(Method::GET, "/tokens", NOTHING).await
    }

    /// Makes a token.
    pub async fn create_token(&self, request: &TokenRequest) -> Answer<NewToken> {
        self.ask(Method::POST, "/tokens", Some(request)).await
    }

    pub async fn revoke_token(&self, name: &str) -> Answer<()> {
        self.delete(&format!("/tokens/{}", segment(name))).await
    }

    /// Confirms the server's clock after a jump.
    pub async fn accept_clock(&self) -> Answer<()> {
        let IgnoredAny = self.ask(Method::POST, "/clock/accept", NOTHING).await?;
        Ok(())
    }

    /// Begins a new epoch of the database.
    pub async fn begin_epoch(&self) -> Answer<()> {
        let IgnoredAny = self.ask(Method::POST, "/epoch", NOTHING).await?;
        Ok(())
    }

    async fn delete(&self, path: &str) -> Answer<()> {
        let IgnoredAny = self.ask(Method::DELETE, path, NOTHING).await?;
        Ok(())
    }
}

/// The name of a host that no other host can have.
pub(crate) fn exactly(machine: &MachineId) -> String {
    format!("id:{machine}")
}

fn host_path(host: &str, below: &str) -> String {
    // URLs resolve these two, however they are encoded. Only a machine ID can be one.
    let exactly = matches!(host, "." | "..").then(|| format!("id:{host}"));
    let host = exactly.as_deref().unwrap_or(host);
    format!("/hosts/{}{below}", segment(host))
}

/// A text as one part of a path.
fn segment(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_slashes_and_spaces_is_one_part_of_a_path() {
        assert_eq!(host_path("a/b c+d?é", "/rules"), "/hosts/a%2Fb%20c%2Bd%3F%C3%A9/rules");
    }

    #[test]
    fn a4_a_machine_id_of_dots_is_not_resolved() {
        let base = url::Url::parse("https://a/api/v1/").unwrap();
        for (id, path) in
            [(".", "/api/v1/hosts/id%3A./rules"), ("..", "/api/v1/hosts/id%3A../rules")]
        {
            let url = base.join(host_path(id, "/rules").trim_start_matches('/')).unwrap();
            assert_eq!(url.path(), path);
        }
    }
}
