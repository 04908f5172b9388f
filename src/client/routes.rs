//! The routes of the admin API, as methods.

use ::http::Method;
use bytes::Bytes;
use serde::de::IgnoredAny;
use url::form_urlencoded::byte_serialize;

use super::pages::{Pages, Query};
use super::{Client, ClientError};
use crate::api::{
    AcceptMacRequest, BundleAnswer, BundleApproval, ChangeAnswer, CleanSyncRequest, DecisionAnswer,
    DecisionRequest, DecisionsAnswer, DecisionsRequest, EvaluationRequest, EvaluationView,
    EventDetail, EventImport, EventImportAnswer, EventQuery, EventStatQuery, EventView,
    ExplainQuery, Explanation, ForgetHostsAnswer, ForgetHostsRequest, ForgetPersonAnswer,
    ForgetPersonRequest, HostCounts, HostNames, HostNamesRequest, HostQuery, HostSetting,
    HostTagsRequest, HostView, NewToken, PersonQuery, PersonRecordView, PolicyAnswer, PolicyChange,
    PolicyRequest, ProgramDetail, ProgramQuery, ProgramView, RevisionQuery, RollbackRequest,
    RuleChange, RuleHistoryQuery, RuleQuery, RuleVersionView, RuleView, SettingView, SettingsQuery,
    SettingsRequest, Status, StatusQuery, TagHostsRequest, TagQuery, TagRequest, TokenRequest,
    TokenView, UndoAnswer, UndoRequest, WaitingQuery, WaitingView,
};
use crate::fleet::{EventId, EventStat, PersonName, ProgramId, Tag};
use crate::rule::{MachineId, Revision, RevisionSummary, TagName, Target};

type Answer<T> = Result<T, ClientError>;

/// The `body` argument for requests that have no body.
const NOTHING: Option<&()> = None;

#[expect(clippy::missing_errors_doc, reason = "documented once, above")]
impl Client {
    pub async fn status(&self) -> Answer<Status> {
        self.ask(Method::GET, "/status", NOTHING).await
    }

    /// The status, including the unreadable rules. The server reads all rules to find them.
    pub async fn status_with_unreadable_rows(&self) -> Answer<Status> {
        let query = StatusQuery { read_rules: true };
        self.ask(Method::GET, &Query::of(&query).behind("/status"), NOTHING).await
    }

    pub fn rules(&self, query: &RuleQuery) -> Pages<'_, RuleView> {
        Pages::new(self, "/rules".to_owned(), query)
    }

    pub async fn change_rules(&self, change: &RuleChange) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/rules", Some(change)).await
    }

    /// [`Client::change_rules`] with a [`RuleChange`] that is already JSON.
    pub async fn change_rules_as_written(&self, json: Bytes) -> Answer<ChangeAnswer> {
        self.ask_as_written(Method::POST, "/rules", Some(json)).await
    }

    pub async fn change_policy(&self, request: &PolicyRequest) -> Answer<PolicyAnswer> {
        self.ask(Method::POST, "/policy", Some(request)).await
    }

    /// All versions of a target's rules, newest first.
    pub fn rule_history(&self, target: &Target) -> Pages<'_, RuleVersionView> {
        let query = RuleHistoryQuery { target: target.clone(), limit: None, cursor: None };
        Pages::new(self, "/rules/history".to_owned(), &query)
    }

    /// The matching revisions, newest first.
    pub fn revisions(&self, query: &RevisionQuery) -> Pages<'_, RevisionSummary> {
        Pages::new(self, "/revisions".to_owned(), query)
    }

    pub async fn revision(&self, revision: Revision) -> Answer<RevisionSummary> {
        self.ask(Method::GET, &format!("/revisions/{revision}"), NOTHING).await
    }

    pub fn revision_changes(&self, revision: Revision) -> Pages<'_, PolicyChange> {
        Pages::new(self, format!("/revisions/{revision}/changes"), &())
    }

    pub async fn rollback(
        &self,
        revision: Revision,
        request: &RollbackRequest,
    ) -> Answer<PolicyAnswer> {
        let path = format!("/revisions/{revision}/rollback");
        self.ask(Method::POST, &path, Some(request)).await
    }

    pub fn hosts(&self, query: &HostQuery) -> Pages<'_, HostView> {
        Pages::new(self, "/hosts".to_owned(), query)
    }

    /// The numbers of hosts in each state.
    pub async fn host_counts(&self) -> Answer<HostCounts> {
        self.ask(Method::GET, "/host-counts", NOTHING).await
    }

    /// Finds a host by machine ID, serial number, host name or a unique prefix of one of these.
    pub async fn host(&self, host: &str) -> Answer<HostView> {
        self.ask(Method::GET, &host_path(host, ""), NOTHING).await
    }

    /// Forgets the host with exactly this machine ID. With `events`, also deletes the host's
    /// events.
    pub async fn forget_host(&self, machine: &MachineId, events: bool) -> Answer<()> {
        let path = host_path(&exactly(machine), "");
        let query = Query::of(&serde_json::json!({ "events": events }));
        self.delete(&query.behind(&path)).await
    }

    /// Forgets the matching hosts. Each request covers one page of the list of hosts.
    pub async fn forget_hosts(&self, request: &ForgetHostsRequest) -> Answer<ForgetHostsAnswer> {
        self.ask(Method::POST, "/forget-hosts", Some(request)).await
    }

    pub async fn host_settings(&self, host: &str) -> Answer<Vec<HostSetting>> {
        self.ask(Method::GET, &host_path(host, "/settings"), NOTHING).await
    }

    pub fn host_rules(&self, host: &str) -> Pages<'_, RuleView> {
        Pages::new(self, host_path(host, "/rules"), &())
    }

    pub async fn tag_host(&self, host: &str, request: &HostTagsRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, &host_path(host, "/tags"), Some(request)).await
    }

    /// Changes the tags of several hosts, in one revision.
    pub async fn tag_hosts(&self, request: &TagHostsRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/host-tags", Some(request)).await
    }

    pub async fn clean_sync(&self, host: &str, request: CleanSyncRequest) -> Answer<HostView> {
        self.ask(Method::POST, &host_path(host, "/clean-sync"), Some(&request)).await
    }

    pub async fn cancel_clean_sync(&self, host: &str) -> Answer<HostView> {
        self.ask(Method::DELETE, &host_path(host, "/clean-sync"), NOTHING).await
    }

    pub async fn accept_mac(&self, host: &str, request: &AcceptMacRequest) -> Answer<HostView> {
        self.ask(Method::POST, &host_path(host, "/accept"), Some(request)).await
    }

    /// Returns the given names that are host names, and neither machine IDs nor serial numbers.
    /// Also returns serial numbers that several hosts report.
    pub async fn check_host_names(&self, request: &HostNamesRequest) -> Answer<HostNames> {
        self.ask(Method::POST, "/hosts/names", Some(request)).await
    }

    pub async fn explain(&self, host: &str, query: &ExplainQuery) -> Answer<Explanation> {
        let path = Query::of(query).behind(&host_path(host, "/explain"));
        self.ask(Method::GET, &path, NOTHING).await
    }

    pub async fn evaluate(
        &self,
        host: &str,
        request: &EvaluationRequest,
    ) -> Answer<EvaluationView> {
        self.ask(Method::POST, &host_path(host, "/evaluation"), Some(request)).await
    }

    pub fn tags(&self) -> Pages<'_, Tag> {
        Pages::new(self, "/tags".to_owned(), &TagQuery::default())
    }

    pub async fn put_tag(&self, request: &TagRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/tags", Some(request)).await
    }

    /// With `force`, also deletes a tag that is in use.
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

    pub async fn settings(&self, query: &SettingsQuery) -> Answer<Vec<SettingView>> {
        self.ask(Method::GET, &Query::of(query).behind("/settings"), NOTHING).await
    }

    pub async fn change_settings(&self, request: &SettingsRequest) -> Answer<ChangeAnswer> {
        self.ask(Method::POST, "/settings", Some(request)).await
    }

    /// The matching events, newest first. With `after`, oldest first.
    pub fn events(&self, query: &EventQuery) -> Pages<'_, EventView> {
        Pages::new(self, "/events".to_owned(), query)
    }

    pub async fn import_events(&self, request: &EventImport) -> Answer<EventImportAnswer> {
        self.ask(Method::POST, "/events", Some(request)).await
    }

    pub async fn event_stats(&self, query: &EventStatQuery) -> Answer<Vec<EventStat>> {
        self.ask(Method::GET, &Query::of(query).behind("/events/stats"), NOTHING).await
    }

    pub async fn event(&self, id: EventId) -> Answer<EventDetail> {
        self.ask(Method::GET, &format!("/events/{id}"), NOTHING).await
    }

    pub async fn decide(&self, id: EventId, request: &DecisionRequest) -> Answer<DecisionAnswer> {
        self.ask(Method::POST, &format!("/events/{id}/decision"), Some(request)).await
    }

    /// Programs that hosts reported, newest first.
    pub fn programs(&self, query: &ProgramQuery) -> Pages<'_, ProgramView> {
        Pages::new(self, "/programs".to_owned(), query)
    }

    pub async fn program(&self, id: ProgramId) -> Answer<ProgramDetail> {
        self.ask(Method::GET, &format!("/programs/{id}"), NOTHING).await
    }

    /// Everything that is stored about a person.
    pub fn person_records(&self, name: &PersonName) -> Pages<'_, PersonRecordView> {
        Pages::new(self, person_path(name, ""), &PersonQuery::default())
    }

    /// Replaces the name of a person with a pseudonym. Each request covers a part of the database.
    pub async fn forget_person(
        &self,
        name: &PersonName,
        request: &ForgetPersonRequest,
    ) -> Answer<ForgetPersonAnswer> {
        self.ask(Method::POST, &person_path(name, "/forget"), Some(request)).await
    }

    /// Programs that are pending approval, newest first.
    pub fn waiting(&self, query: &WaitingQuery) -> Pages<'_, WaitingView> {
        Pages::new(self, "/events/waiting".to_owned(), query)
    }

    pub async fn decide_all(&self, request: &DecisionsRequest) -> Answer<DecisionsAnswer> {
        self.ask(Method::POST, "/events/decisions", Some(request)).await
    }

    pub async fn undo(&self, request: UndoRequest) -> Answer<UndoAnswer> {
        self.ask(Method::POST, "/events/undo", Some(&request)).await
    }

    /// Creates a rule for each program of an event's bundle.
    pub async fn approve_bundle(
        &self,
        id: EventId,
        request: &BundleApproval,
    ) -> Answer<BundleAnswer> {
        self.ask(Method::POST, &format!("/events/{id}/bundle-approval"), Some(request)).await
    }

    pub async fn tokens(&self) -> Answer<Vec<TokenView>> {
        self.ask(Method::GET, "/tokens", NOTHING).await
    }

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

    pub async fn begin_epoch(&self) -> Answer<()> {
        let IgnoredAny = self.ask(Method::POST, "/epoch", NOTHING).await?;
        Ok(())
    }

    async fn delete(&self, path: &str) -> Answer<()> {
        let IgnoredAny = self.ask(Method::DELETE, path, NOTHING).await?;
        Ok(())
    }
}

/// A text that matches only the host with this machine ID.
pub(crate) fn exactly(machine: &MachineId) -> String {
    format!("id:{machine}")
}

fn host_path(host: &str, below: &str) -> String {
    // URL parsers remove the segments `.` and `..` even if they are encoded. With the prefix `id:`,
    // the segment remains.
    let exactly = matches!(host, "." | "..").then(|| format!("id:{host}"));
    let host = exactly.as_deref().unwrap_or(host);
    format!("/hosts/{}{below}", segment(host))
}

fn person_path(name: &PersonName, below: &str) -> String {
    format!("/people/{}{below}", segment(name.as_str()))
}

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
