//! The errors of `lab` as errors of the command line.

use std::error::Error;
use std::iter;

use crate::cli::error::CliError;
use crate::lab::conformance::Unreachable;
use crate::lab::fleet::FleetError;
use crate::lab::{
    AddressError, ProfileError, RequestError, StageOutcome, StateError, SyncError, SyncReport,
};

pub(super) const SECRET_HINT: &str = "to send the enrollment secret: --secret SECRET";
const WRONG_SECRET_HINT: &str = "the secret may be wrong, or the server requires a client \
                                 certificate; to find out: nicelist doctor --url URL --secret-file FILE";

fn failed(error: &dyn Error) -> CliError {
    CliError::failed(error.to_string()).because(causes(error))
}

fn usage(error: &dyn Error) -> CliError {
    CliError::usage(error.to_string()).because(causes(error))
}

fn causes(error: &dyn Error) -> impl Iterator<Item = String> + '_ {
    iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string)
}

/// The error of a sync, with a hint about a refusal, or with `diagnosis` if the server did not
/// respond.
pub(super) fn sync_failed(
    error: &SyncError,
    sends_secret: bool,
    diagnosis: impl FnOnce() -> String,
) -> CliError {
    let failed = failed(error);
    match error {
        SyncError::Preflight(RequestError::Refused { status: 401 | 403, .. }) => {
            if sends_secret {
                failed.hint(WRONG_SECRET_HINT)
            } else {
                failed.hint(SECRET_HINT)
            }
        }
        SyncError::Preflight(RequestError::Unanswered { .. })
        | SyncError::RuleDownload(RequestError::Unanswered { .. })
        | SyncError::Postflight(RequestError::Unanswered { .. }) => failed.hint(diagnosis()),
        SyncError::Preflight(_)
        | SyncError::RuleDownload(_)
        | SyncError::Postflight(_)
        | SyncError::EndlessRules { .. }
        | SyncError::NoRuleSync(_) => failed,
    }
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        failed(&error)
    }
}

impl From<ProfileError> for CliError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NoHeaders(_) => {
                usage(&error).hint("put the secret into the server's address instead")
            }
            _ => usage(&error),
        }
    }
}

impl From<AddressError> for CliError {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Insecure(_) => {
                usage(&error).hint("use https; Santa also refuses http, except to the same machine")
            }
            _ => usage(&error),
        }
    }
}

impl From<Unreachable> for CliError {
    fn from(error: Unreachable) -> Self {
        let failed = failed(&error);
        match error {
            Unreachable::Silent { .. } => failed,
            Unreachable::Denied { .. } => {
                failed.hint("to authenticate: --secret SECRET or --header 'Name: value'")
            }
            Unreachable::Elsewhere { .. } => {
                failed.hint("use the same address as SyncBaseURL in the profiles of hosts")
            }
        }
    }
}

impl From<FleetError> for CliError {
    fn from(error: FleetError) -> Self {
        match error {
            FleetError::Address(error) => error.into(),
            FleetError::Profile(error) => error.into(),
            FleetError::Unreachable { .. } | FleetError::Broken(_) => failed(&error),
            _ => usage(&error),
        }
    }
}

/// An error for the first stage that failed without stopping the sync.
pub(in crate::cli) fn failed_stage(report: &SyncReport) -> Result<(), CliError> {
    let stages = [
        ("preflight", &report.preflight),
        ("event upload", &report.event_upload),
        ("rule download", &report.rule_download),
        ("postflight", &report.postflight),
    ];
    for (stage, outcome) in stages {
        if let StageOutcome::Failed { reason } = outcome {
            return Err(CliError::failed(format!("{stage} failed")).because([reason.clone()]));
        }
    }
    Ok(())
}
