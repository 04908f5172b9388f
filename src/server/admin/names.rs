//! Resolves the names in host scopes, and finds unknown and ambiguous names.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;

use super::lookup::{MOST_EXAMINED, named};
use crate::api::{ChangeWarning, Code, HostNames, HostNamesRequest, HostsOfName, Problem};
use crate::fleet::{Host, HostFacts};
use crate::lint;
use crate::rule::{MachineId, Scope};
use crate::server::access::Viewer;
use crate::server::answer::{Answer, Refused};
use crate::server::extract::Body;
use crate::server::state::{Shared, State};
use crate::store::{HostFilter, SharedSerial};

const MOST_NAMES: usize = 20_000;
/// Maximum shared serial numbers in one response.
const MOST_SHARED: usize = 100;

/// Check names from host scopes
///
/// Returns the names that are host names. A scope with a host name matches no host, because a host
/// scope needs a machine ID or a serial number. Also returns serial numbers that several hosts
/// report.
#[utoipa::path(post, path = "/hosts/names", operation_id = "check_host_names", tag = "hosts",
    request_body = HostNamesRequest, responses((status = 200, body = HostNames), (status = 413)))]
pub(super) async fn check(
    axum::extract::State(state): Shared,
    _: Viewer,
    Body(HostNamesRequest { names }): Body<HostNamesRequest>,
) -> Answer<HostNames> {
    if names.len() > MOST_NAMES {
        let message = format!("one request can check at most {MOST_NAMES} names");
        return Err(Problem::new(Code::TooLarge, message).into());
    }
    let (mut host_names, mut known) = (Vec::new(), KnownNames::default());
    for name in names.iter().filter(|name| !name.is_uuid()) {
        host_names.extend(as_host_name(&state, name, &mut known).await?);
    }
    let shared = state.store.shared_serials(None, MOST_SHARED).await?;
    let shared = shared.into_iter().filter(|shared| is_serial(&shared.serial));
    let shared_serials = shared.map(|SharedSerial { serial, hosts, machines }| HostsOfName {
        name: serial,
        hosts,
        machines,
    });
    Ok(Json(HostNames { host_names, shared_serials: shared_serials.collect() }))
}

/// The hosts with this host name. None if no host has this name, or if the name is also a machine
/// ID or a serial number.
async fn as_host_name(
    state: &State,
    name: &MachineId,
    known: &mut KnownNames,
) -> Result<Option<HostsOfName>, Refused> {
    if state.store.host(name).await?.is_some() {
        return Ok(None);
    }
    let found = known.hosts(state, name).await?;
    if found.machines.is_empty() || found.serial.is_some() {
        return Ok(None);
    }
    let hosts = u64::try_from(found.machines.len()).unwrap_or(u64::MAX);
    let machines = found.machines.iter().take(10).cloned().collect();
    Ok(Some(HostsOfName { name: name.to_string(), hosts, machines }))
}

/// The hosts with the same serial number or host name, in any letter case.
pub(super) struct Namesakes {
    /// If the name is a serial number, it has the letter case that the first host reported.
    serial: Option<MachineId>,
    /// The machine IDs of the hosts. At most about [`MOST_EXAMINED`] are read.
    machines: Vec<MachineId>,
}

/// The host names and serial numbers that a request has looked up, in lower case. A request may
/// contain the same name in many letter cases, and many hosts may have that name.
#[derive(Default)]
pub(super) struct KnownNames(HashMap<String, Arc<Namesakes>>);

impl KnownNames {
    async fn hosts(&mut self, state: &State, name: &MachineId) -> Result<Arc<Namesakes>, Refused> {
        let name = name.as_str().to_ascii_lowercase();
        if let Some(known) = self.0.get(&name) {
            return Ok(Arc::clone(known));
        }
        let mut hosts = named(state, &name, MOST_EXAMINED).await?;
        // PostgreSQL may also ignore the letter case of characters that are not ASCII.
        hosts.retain(|Host { facts, .. }| {
            [&facts.serial, &facts.hostname].iter().any(|known| known.eq_ignore_ascii_case(&name))
        });
        let is_name = |serial: &MachineId| serial.as_str().eq_ignore_ascii_case(&name);
        let serial = hosts.iter().find_map(|host| host.serial().filter(is_name));
        let machines = hosts.into_iter().map(|host| host.machine).collect();
        let found = Arc::new(Namesakes { serial, machines });
        self.0.insert(name, Arc::clone(&found));
        Ok(found)
    }
}

/// The result of looking up the name in a host scope.
pub(super) enum Resolved {
    /// The scope to store, with a machine ID instead of a host name.
    Stored(Scope),
    /// No host has this name as its machine ID, serial number or host name. The name is stored
    /// unchanged, because a host with this name may be enrolled later.
    Unknown(MachineId),
    /// Several hosts have this host name.
    Shared { name: MachineId, hosts: Arc<Namesakes> },
}

/// Looks up the name in a host scope, and replaces a host name with the machine ID. A machine ID is
/// not changed. A serial number gets the letter case that the host reported.
pub(super) async fn resolve(
    state: &State,
    scope: Scope,
    known: &mut KnownNames,
) -> Result<Resolved, Refused> {
    let Scope::Host(name) = &scope else { return Ok(Resolved::Stored(scope)) };
    if name.is_uuid() || state.store.host(name).await?.is_some() {
        return Ok(Resolved::Stored(scope));
    }
    let hosts = known.hosts(state, name).await?;
    if let Some(serial) = &hosts.serial {
        return Ok(Resolved::Stored(Scope::Host(serial.clone())));
    }
    Ok(match hosts.machines.as_slice() {
        [] => Resolved::Unknown(name.clone()),
        [machine] => Resolved::Stored(Scope::Host(machine.clone())),
        _ => Resolved::Shared { name: name.clone(), hosts },
    })
}

/// Maximum names that a message lists.
const MOST_NAMED: usize = 3;
/// Maximum hosts that a search for a serial number examines.
const MOST_LOOKED_AT: usize = 100;

pub(super) fn shared(name: &MachineId, Namesakes { machines, .. }: &Namesakes) -> String {
    let listed = some_of(machines.iter().map(MachineId::as_str));
    format!("`{name}` matches {} hosts: {listed}", machines.len())
}

/// The warning that no host has the given names. None if no names are given or there are no hosts
/// yet.
pub(super) async fn unknown(
    state: &State,
    names: &[MachineId],
) -> Result<Option<ChangeWarning>, Refused> {
    if names.is_empty() || state.store.hosts(&HostFilter::default(), None, 1).await?.is_empty() {
        return Ok(None);
    }
    let taken = match names.len() {
        1 => "using it as a machine ID or serial number",
        _ => "using them as machine IDs or serial numbers",
    };
    let names = some_of(names.iter().map(MachineId::as_str));
    let message = format!("no known host matches {names}; {taken}");
    Ok(Some(ChangeWarning { code: None, message }))
}

/// Lists at most [`MOST_NAMED`] names, and says how many more there are.
fn some_of<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(MOST_NAMED);
    let named: Vec<String> = names.take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// Some of the other hosts that report the same serial number as a host.
pub(super) async fn same_serial(state: &State, host: &Host) -> Result<Vec<MachineId>, Refused> {
    let Some(serial) = host.serial() else { return Ok(Vec::new()) };
    let shared = state.store.shared_serials(Some(serial.as_str()), 1).await?.pop();
    let machines = shared.into_iter().flat_map(|shared| shared.machines);
    Ok(machines.filter(|machine| *machine != host.machine).collect())
}

/// A warning if the name in a scope is the serial number of several hosts, or the machine ID of one
/// host and the serial number of another.
pub(super) async fn warning(
    state: &State,
    scope: &Scope,
) -> Result<Option<ChangeWarning>, Refused> {
    let Scope::Host(name) = scope else { return Ok(None) };
    if name.is_uuid() || !is_serial(name.as_str()) {
        return Ok(None);
    }
    if let Some(other) = other_with_serial(state, name).await? {
        let message = format!(
            "`{name}` is the machine ID of one host and the serial number of another, `{other}`; \
            {scope} matches both"
        );
        return Ok(Some(ChangeWarning { code: None, message }));
    }
    let shared = state.store.shared_serials(Some(name.as_str()), 1).await?.pop();
    Ok(shared.map(|SharedSerial { serial, hosts, machines }| {
        let machines: Vec<&str> = machines.iter().map(MachineId::as_str).collect();
        let machines = machines.join(", ");
        let message = format!(
            "{hosts} hosts have the serial number {serial}, and {scope} matches all of them: \
            {machines}"
        );
        ChangeWarning { code: Some(lint::LintCode::SharedSerial.id().to_owned()), message }
    }))
}

/// Another host whose serial number equals this machine ID. None if no host has this machine ID.
async fn other_with_serial(
    state: &State,
    machine: &MachineId,
) -> Result<Option<MachineId>, Refused> {
    if state.store.host(machine).await?.is_none() {
        return Ok(None);
    }
    let filter = HostFilter { name: Some(machine.to_string()), ..HostFilter::default() };
    let named = state.store.hosts(&filter, None, MOST_LOOKED_AT).await?;
    let hosts = named.into_iter().filter(|host| host.machine != *machine);
    let mut others = hosts.filter(|host| host.serial().as_ref() == Some(machine));
    Ok(others.next().map(|host| host.machine))
}

fn is_serial(text: &str) -> bool {
    HostFacts { serial: text.to_owned(), ..HostFacts::default() }.serial_number().is_some()
}
