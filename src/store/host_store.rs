//! Hosts and their sets of scopes.

use async_trait::async_trait;

use super::{
    HostCount, HostFilter, HostGroup, ListPart, NamedHost, PersonalNames, ScopeId, SharedSerial,
    StoreResult, StoredHost,
};
use crate::fleet::{Actor, Host, ScopeSetId};
use crate::rule::{MachineId, Scope, TagName};

/// Methods that write use one transaction. The writes are committed when the method returns.
#[async_trait]
pub trait HostStore: Send + Sync + 'static {
    async fn host(&self, machine: &MachineId) -> StoreResult<Option<StoredHost>>;

    /// At most `limit` hosts after `after`, sorted by machine ID. If the rows are large, returns
    /// fewer hosts, but at least one if any match.
    async fn hosts(
        &self,
        filter: &HostFilter,
        after: Option<&MachineId>,
        limit: usize,
    ) -> StoreResult<ListPart<Host>>;

    /// The host names of these hosts. Hosts that do not exist or whose names are too long are left
    /// out.
    async fn hostnames(&self, machines: &[MachineId]) -> StoreResult<Vec<(MachineId, String)>>;

    /// The versions of Santa that the hosts of a scope report, and how many hosts report each
    /// version. The query reads all hosts, unless the scope is a host or a user.
    async fn santa_versions(&self, scope: &Scope) -> StoreResult<Vec<(String, u64)>>;

    /// For each of these tags, the number of hosts to which administrators assigned it. Members of
    /// the tags are not counted. The query reads all hosts once.
    async fn tagged_hosts(&self, tags: &[TagName]) -> StoreResult<Vec<u64>>;

    /// The first `limit` serial numbers that several hosts report, in order. If `serial` is given,
    /// only that serial number is checked. Otherwise, the query reads all hosts.
    async fn shared_serials(
        &self,
        serial: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<SharedSerial>>;

    /// Counts all hosts by group, and finds the hosts with one of these names, in one snapshot.
    async fn count_hosts(
        &self,
        names: &PersonalNames,
    ) -> StoreResult<(Vec<HostCount>, Vec<NamedHost>)>;

    /// At most `limit` groups that have hosts, and at most `limit` hosts with one of these names.
    /// The time that this takes depends only on the number of groups and hosts that are returned,
    /// unless the names include patterns for host names. Then the query reads all hosts.
    async fn host_groups(
        &self,
        names: &PersonalNames,
        limit: usize,
    ) -> StoreResult<(Vec<HostGroup>, Vec<NamedHost>)>;

    /// Any host of a group. None if the group has no host now.
    async fn host_of_group(&self, group: HostGroup) -> StoreResult<Option<Host>>;

    /// At most `limit` hosts of these groups, in no particular order. With `only_syncing`, only
    /// hosts that count as syncing in [`HostCount::is_syncing`].
    async fn machines_in_groups(
        &self,
        groups: &[HostGroup],
        only_syncing: bool,
        limit: usize,
    ) -> StoreResult<Vec<MachineId>>;

    /// Writes a host whose row is still at `version`, which is 0 for a new host. Returns false, and
    /// changes nothing, if the host was written or forgotten in the meantime. Tags are not written.
    /// Edits such as [`Edit::TagHost`](super::Edit::TagHost) change them.
    async fn save_host(&self, host: &Host, version: u64) -> StoreResult<bool>;

    /// Deletes a host's row. The host's events and the rules in its scope are kept. Returns false
    /// if the host does not exist.
    async fn forget_host(&self, actor: &Actor, machine: &MachineId) -> StoreResult<bool>;

    /// Returns the ID of an ordered list of scopes. Creates the ID if the list has none.
    async fn intern_scope_set(&self, members: &[ScopeId]) -> StoreResult<ScopeSetId>;

    async fn scope_set(&self, id: ScopeSetId) -> StoreResult<Option<Vec<ScopeId>>>;
}
