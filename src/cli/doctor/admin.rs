//! Checks the admin API of the configured server: the token and the version.

use super::CheckResult;
use crate::api::{Code, Status};
use crate::cli::context::Context;
use crate::client::{Client, ClientError};
use crate::lab::probe::MACHINE;
use crate::rule::MachineId;

const TOKEN: &str = "token";
const VERSION: &str = "version";
const BACKUPS: &str = "backups";
const CLEANUP: &str = "cleanup";

/// Runs the checks. Also forgets the simulated Mac, if one with this machine ID was synced.
pub(super) async fn checks(context: &Context, synced: Option<&str>) -> Vec<CheckResult> {
    let client = match context.client().await {
        Ok(client) => client,
        Err(error) => return vec![CheckResult::failed(TOKEN, error)],
    };
    let status = match client.status().await {
        Ok(status) => status,
        Err(error) => return vec![CheckResult::failed(TOKEN, error.into())],
    };
    let found = format!("the token `{}` has the role {}", status.token, status.role);
    let mut results = vec![CheckResult::ok(TOKEN, found), version(&status)];
    results.extend(status.backups.and_then(|backups| backups.failure).map(|why| {
        CheckResult::warning(BACKUPS, format!("the latest scheduled backup failed: {why}"))
            .fix("fix its folder or disk; to show the next try: nicelist status")
    }));
    match synced {
        Some(MACHINE) => results.push(cleanup(&client).await),
        Some(other) => results.push(host_is_kept(
            other,
            format!("the host {other} is not forgotten, because it can be a real Mac"),
        )),
        None => {}
    }
    results
}

fn version(status: &Status) -> CheckResult {
    let (server, client) = (&status.version, env!("CARGO_PKG_VERSION"));
    if server == client {
        return CheckResult::ok(VERSION, format!("the server runs the same version, {server}"));
    }
    let found = format!("the server runs nicelist {server}, but this is nicelist {client}");
    CheckResult::warning(VERSION, found).fix("install the same version here as on the server")
}

/// The host of the simulated Mac stays in the list of hosts. A machine ID from a profile can be that
/// of a real Mac, so there is no command to forget it.
pub(super) fn host_is_kept(machine: &str, found: impl Into<String>) -> CheckResult {
    let kept = CheckResult::skipped(CLEANUP, found);
    if machine != MACHINE {
        return kept;
    }
    kept.fix(format!("nicelist host forget {MACHINE} --events --yes"))
}

async fn cleanup(client: &Client) -> CheckResult {
    let Ok(machine) = MACHINE.parse::<MachineId>() else {
        return host_is_kept(MACHINE, format!("the host {MACHINE} was not forgotten"));
    };
    match client.forget_host(&machine, true).await {
        Ok(()) => CheckResult::ok(CLEANUP, format!("forgot the host {MACHINE}")),
        Err(ClientError::Problem(problem)) if problem.code == Code::NotFound => {
            CheckResult::ok(CLEANUP, "no host to forget")
        }
        Err(error) => host_is_kept(MACHINE, format!("cannot forget the host {MACHINE}: {error}")),
    }
}
