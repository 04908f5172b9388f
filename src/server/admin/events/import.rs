//! Imports events that hosts reported to another server.

use axum::Json;

use crate::api::{Code, Detail, EventImport, EventImportAnswer, HostReport, Problem};
use crate::fleet::Role;
use crate::protocol;
use crate::rule::MachineId;
use crate::server::access::Viewer;
use crate::server::answer::Answer;
use crate::server::extract::Body;
use crate::server::state::Shared;

/// Maximum reports in one request. All of them are stored in one transaction, and other writes wait
/// for it.
const MOST: usize = 10_000;

/// Import events that hosts reported to another server
///
/// Known events are not changed, so the same request can be sent again.
#[utoipa::path(post, path = "/events", operation_id = "import_events", tag = "events", request_body = EventImport,
    responses((status = 200, body = EventImportAnswer), (status = 422)))]
pub(in crate::server::admin) async fn import(
    axum::extract::State(state): Shared,
    Viewer(operator): Viewer,
    Body(request): Body<EventImport>,
) -> Answer<EventImportAnswer> {
    let EventImport { reports, dry_run } = request;
    operator.may_change(Role::Editor, dry_run)?;
    if reports.len() > MOST {
        let message = format!("the request has {} reports", reports.len());
        return Err(Problem::new(Code::TooLarge, message)
            .hint(format!("send at most {MOST} reports in one request"))
            .into());
    }
    let total = reports.len();
    let mut events = Vec::with_capacity(total);
    let mut details = Vec::new();
    for (index, report) in reports.into_iter().enumerate() {
        match execution(report) {
            Ok(event) => events.push(event),
            Err(message) => {
                let field = Some("event".to_owned());
                details.push(Detail { index: Some(index), field, message });
            }
        }
    }
    if !details.is_empty() {
        let message = match details.as_slice() {
            [only] => format!("invalid event: {}", only.message),
            several => {
                format!("{} events are invalid; nothing was imported", several.len())
            }
        };
        return Err(Problem::new(Code::Invalid, message).details(details).into());
    }
    let new = state.engine.events().import(&events, dry_run).await?;
    Ok(Json(EventImportAnswer { new, known: total - new }))
}

fn execution(report: HostReport) -> Result<(MachineId, protocol::Event), String> {
    if let Some(fault) = report.fault() {
        return Err(fault);
    }
    let HostReport { machine, event } = report;
    let event = serde_json::from_value(event).map_err(|error| error.to_string())?;
    Ok((machine, event))
}
