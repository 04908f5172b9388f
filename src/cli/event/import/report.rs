//! One report in a file, with its position.

use serde_json::Value;

use crate::api::HostReport;
use crate::cli::policy_files::Fault;
use crate::rule::MachineId;

/// The key of an event's machine ID, in addition to Santa's own keys. In a folder, the path
/// contains the machine ID.
pub(super) const MACHINE: &str = "machine_id";

pub(super) struct Placed {
    pub(super) place: String,
    /// The length of the report's text in bytes.
    pub(super) length: usize,
    pub(super) report: HostReport,
}

pub(super) type Read = Result<Placed, Fault>;

pub(super) fn bad(place: String, text: impl Into<String>) -> Read {
    Err(Fault::Bad { place, text: text.into(), row: None })
}

/// The report of an event. The host is in the event, or it is `machine`.
pub(super) fn report(
    place: String,
    length: usize,
    mut event: Value,
    machine: Option<&MachineId>,
) -> Read {
    let named = event.as_object_mut().and_then(|keys| keys.remove(MACHINE));
    let named = named.as_ref().map(|machine| machine.as_str().unwrap_or_default());
    let machine = match (named, machine) {
        _ if !event.is_object() => return bad(place, "is not a JSON object"),
        (Some(named), _) => named.parse::<MachineId>(),
        (None, Some(machine)) => Ok(machine.clone()),
        (None, None) => {
            let text = format!("{MACHINE}: is missing; add the ID of the host with --machine-id");
            return bad(place, text);
        }
    };
    match machine {
        Ok(machine) => checked(place, length, HostReport { machine, event }),
        Err(error) => bad(place, format!("{MACHINE}: {error}")),
    }
}

pub(super) fn checked(place: String, length: usize, report: HostReport) -> Read {
    match report.fault() {
        None => Ok(Placed { place, length, report }),
        Some(fault) => bad(place, fault),
    }
}

pub(super) fn narrowed(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
