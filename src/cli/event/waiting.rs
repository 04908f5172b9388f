//! The programs that are pending approval.

use std::collections::HashMap;

use crate::api::{WaitingQuery, WaitingView};
use crate::cli::error::CliError;
use crate::cli::labels::INCOMPLETE;
use crate::cli::ui::Ui;
use crate::client::Client;
use crate::fleet::ProgramId;

/// The newest programs, at most `limit`. Each page of the server covers a range of sightings, so
/// several pages may contain the same program. These entries are merged.
pub(super) async fn waiting_programs(
    ui: &Ui,
    client: &Client,
    query: &WaitingQuery,
    limit: usize,
) -> Result<Vec<WaitingView>, CliError> {
    let mut programs: Vec<WaitingView> = Vec::new();
    let mut places: HashMap<ProgramId, usize> = HashMap::new();
    let mut pages = client.waiting(query);
    while programs.len() < limit {
        let Some(page) = pages.next().await? else { break };
        for program in page {
            match places.get(&program.id).and_then(|at| programs.get_mut(*at)) {
                Some(known) => merge(known, program),
                None => {
                    places.insert(program.id, programs.len());
                    programs.push(program);
                }
            }
        }
    }
    if pages.is_incomplete() {
        ui.warn(INCOMPLETE);
    }
    programs.truncate(limit);
    Ok(programs)
}

/// Adds the events, hosts and users of older sightings.
fn merge(known: &mut WaitingView, older: WaitingView) {
    known.events += older.events;
    for host in older.hosts {
        if !known.hosts.iter().any(|other| other.machine == host.machine) {
            known.hosts.push(host);
        }
    }
    for user in older.users {
        if !known.users.contains(&user) {
            known.users.push(user);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::cli::event) fn program(
        hosts: &[&str],
        users: &[&str],
        events: u64,
    ) -> WaitingView {
        let host = |name: &&str| {
            serde_json::json!({
                "machine": name, "hostname": format!("{name}.local"), "event": 7,
                "scopes": ["fleet", format!("host:{name}")],
            })
        };
        let json = serde_json::json!({
            "id": 3, "latest": 7, "decision": "BLOCK_UNKNOWN", "path": "/opt/pine", "events": events,
            "program": {"sha256": "ab".repeat(32), "signing_status": "unsigned"},
            "hosts": hosts.iter().map(host).collect::<Vec<_>>(), "users": users,
            "last_received": "2026-11-20T11:58:00Z", "candidates": [], "reason": "",
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_parts_of_a_program_are_merged() {
        let mut known = program(&["M1", "M2"], &["mira"], 3);
        merge(&mut known, program(&["M2", "M3"], &["joe", "mira"], 2));
        let machines: Vec<&str> = known.hosts.iter().map(|host| host.machine.as_str()).collect();
        assert_eq!((machines, known.events), (vec!["M1", "M2", "M3"], 5));
        assert_eq!(known.users, ["mira", "joe"]);
    }
}
