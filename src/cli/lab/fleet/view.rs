//! The progress and output of `lab fleet`.

use std::time::Duration;

use crate::cli::error::CliError;
use crate::cli::lab::errors::SECRET_HINT;
use crate::cli::ui::{Cell, Group, Report, Tone};
use crate::lab::fleet::{
    Convergence, Errors, FleetPhase, FleetProgress, FleetSummary, Latencies, Latency, PhaseReport,
};

/// The shortest time for which a rate is shown.
const LEAST_MOMENT: Duration = Duration::from_millis(100);

/// With fewer hosts, the memory of the process itself dominates, so memory per host is not shown.
const MANY: u32 = 100_000;

/// The errors of a server that requires authentication.
const DENIED: [&str; 2] = ["status 401", "status 403"];

pub(super) fn phase(phase: FleetPhase) -> &'static str {
    match phase {
        FleetPhase::WarmUp => "warm-up",
        FleetPhase::Run => "run",
        FleetPhase::Check => "check",
    }
}

/// The progress in one line, with the rate since an earlier report.
pub(super) fn progress_line(before: &FleetProgress, now: &FleetProgress) -> String {
    let moment = now.elapsed.saturating_sub(before.elapsed);
    // The rate over a very short time would be random, so the rate since the start is shown
    // instead.
    let (done, time) = match moment >= LEAST_MOMENT {
        true => (now.done - before.done, moment),
        false => (now.done, now.elapsed.max(LEAST_MOMENT)),
    };
    let rate = done as f64 / time.as_secs_f64();
    let name = phase(now.phase);
    let FleetProgress { in_progress, errors, p99, .. } = now;
    let p99 = millis(p99.as_secs_f64() * 1000.0);
    format!("{name} {rate:.0}/s, {in_progress} in progress, {errors} errors, p99 {p99} ms")
}

fn millis(ms: f64) -> String {
    match ms {
        ..10.0 => format!("{ms:.2}"),
        10.0..100.0 => format!("{ms:.1}"),
        _ => format!("{ms:.0}"),
    }
}

impl Report for FleetSummary {
    fn groups(&self) -> Vec<Group> {
        let mut groups = vec![Group::titled("Fleet", fleet(self))];
        groups.extend(self.warm_up.as_ref().map(|phase| Group::titled("Warm-up", counted(phase))));
        groups.push(Group::titled("Run", counted(&self.run)));
        groups.push(Group::titled("Latency in ms", latencies(&self.latency_ms)));
        groups.extend(self.convergence.as_ref().map(|all| Group::titled("Check", checked(all))));
        groups
    }
}

fn fleet(summary: &FleetSummary) -> Vec<(&'static str, Cell)> {
    let memory = &summary.memory;
    let interrupted = summary.interrupted.then(|| Cell::toned("yes", Tone::Notice));
    let changes = summary.changes.as_ref();
    let bytes_per_host = memory.bytes_per_host.filter(|_| summary.hosts >= MANY);
    vec![
        ("hosts", Cell::text(summary.hosts)),
        ("seed", Cell::text(summary.seed)),
        ("interrupted", interrupted.unwrap_or_else(|| Cell::text(""))),
        ("syncs_per_second_asked", Cell::text(format!("{:.1}", summary.asked_per_second))),
        ("changes_made", Cell::optional(changes.map(|changes| changes.made))),
        ("changes_failed", some(changes.map_or(0, |changes| changes.failed), Tone::Bad)),
        ("peak_memory", Cell::optional(memory.peak_bytes.map(mebibytes))),
        ("bytes_per_host", Cell::optional(bytes_per_host.map(|bytes| format!("{bytes:.0}")))),
        ("rule_tables", Cell::text(memory.tables)),
    ]
}

fn counted(phase: &PhaseReport) -> Vec<(&'static str, Cell)> {
    let counts = &phase.counts;
    let errors = phase.errors.iter().map(describe);
    vec![
        ("time", Cell::text(format!("{:.1} s", phase.seconds))),
        ("cpu", Cell::optional(phase.cpu_seconds.map(|seconds| format!("{seconds:.2} s")))),
        ("syncs", Cell::text(counts.syncs)),
        ("syncs_per_second", Cell::text(format!("{:.1}", phase.syncs_per_second))),
        ("clean_syncs", some(counts.clean_syncs, Tone::Plain)),
        ("failed_syncs", some(counts.failed_syncs, Tone::Bad)),
        ("missed_syncs", some(counts.missed_syncs, Tone::Bad)),
        ("requests", Cell::text(phase.traffic.requests)),
        ("connections", Cell::text(phase.traffic.connections)),
        ("sent", Cell::text(mebibytes(phase.traffic.bytes_sent))),
        ("received", Cell::text(mebibytes(phase.traffic.bytes_received))),
        ("rules_received", some(counts.rules_received, Tone::Plain)),
        ("events_sent", some(counts.events_sent, Tone::Plain)),
        ("events_discarded", some(counts.events_discarded, Tone::Plain)),
        ("errors", Cell::toned(errors.collect::<Vec<_>>().join("; "), Tone::Bad)),
    ]
}

/// A number, or nothing if it is zero.
fn some(number: u64, tone: Tone) -> Cell {
    if number == 0 { Cell::text("") } else { Cell::toned(number, tone) }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn describe(errors: &Errors) -> String {
    let Errors { stage, reason, count } = errors;
    format!("{stage} {reason} ({count})")
}

fn latencies(all: &Latencies) -> Vec<(&'static str, Cell)> {
    let Latencies { sync, late, preflight, event_upload, rule_download, postflight } = all;
    vec![
        ("sync", latency(sync)),
        ("late", latency(late)),
        ("preflight", latency(preflight)),
        ("event_upload", latency(event_upload)),
        ("rule_download", latency(rule_download)),
        ("postflight", latency(postflight)),
    ]
}

fn latency(latency: &Latency) -> Cell {
    let Latency { count, p50, p90, p99, p999, max, .. } = *latency;
    if count == 0 {
        return Cell::text("");
    }
    let [p50, p90, p99, p999, max] = [p50, p90, p99, p999, max].map(millis);
    Cell::text(format!("p50 {p50:<6} p90 {p90:<6} p99 {p99:<6} p99.9 {p999:<6} max {max}"))
}

fn checked(all: &Convergence) -> Vec<(&'static str, Cell)> {
    vec![
        ("checked", Cell::text(all.hosts)),
        ("converged", Cell::toned(all.converged, Tone::Good)),
        ("converged_by_themselves", some(all.converged_by_themselves, Tone::Plain)),
        ("diverged", some(all.diverged, Tone::Bad)),
        ("unchecked", some(all.unchecked, Tone::Bad)),
    ]
}

/// Combines the failures of a fleet into one error.
pub(super) fn failures(summary: &FleetSummary) -> Result<(), CliError> {
    let mut faults = diverged(summary);
    let errors = summary.errors();
    let failed: u64 = errors.iter().map(|errors| errors.count).sum();
    if failed > 0 {
        let denied = errors.iter().any(|errors| DENIED.contains(&&*errors.reason));
        let causes: Vec<String> = errors.iter().map(describe).collect();
        let what = match failed {
            1 => "1 request failed".to_owned(),
            _ => format!("{failed} requests failed"),
        };
        let fault = CliError::failed(what).because(causes);
        faults.push(match denied {
            true => fault.hint(SECRET_HINT),
            false => fault,
        });
    }
    let missed = summary.run.counts.missed_syncs;
    if missed > 0 {
        let what = match missed {
            1 => "1 sync was missed".to_owned(),
            _ => format!("{missed} syncs were missed"),
        };
        faults.push(CliError::failed(what).hint("the server or this machine is too slow"));
    }
    if let Some(changes) = summary.changes.as_ref().filter(|changes| changes.failed > 0) {
        let what = match changes.failed {
            1 => "1 change failed".to_owned(),
            failed => format!("{failed} changes failed"),
        };
        faults.push(CliError::failed(what).because(changes.reason.clone()));
    }
    let mut faults = faults.into_iter();
    match faults.next() {
        None => Ok(()),
        Some(first) => Err(faults.fold(first, |first, next| {
            let hints = next.hints;
            let first = first.because([next.message]).because(next.causes);
            hints.into_iter().fold(first, CliError::hint)
        })),
    }
}

fn diverged(summary: &FleetSummary) -> Vec<CliError> {
    let Some(all) = &summary.convergence else { return Vec::new() };
    let mut faults = Vec::new();
    if all.diverged > 0 {
        let what = format!("{} of {} hosts do not have the correct rules", all.diverged, all.hosts);
        let causes = all.examples.iter().map(|host| {
            let (extra, missing) = (host.extra, host.missing);
            let (id, generation) = (&host.machine_id, &host.generation);
            format!(
                "{id} ({generation}): extra rules: {extra}, missing rules: {missing}; {}",
                host.example
            )
        });
        faults.push(CliError::failed(what).because(causes));
    }
    if all.unchecked > 0 {
        let what = format!("{} of {} hosts could not be checked", all.unchecked, all.hosts);
        faults.push(CliError::failed(what));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::fleet::{ChangesMade, Counts, Diverged};

    #[test]
    fn the_rate_is_that_of_the_last_moment() {
        let before = FleetProgress {
            done: 100,
            elapsed: Duration::from_secs(1),
            ..FleetProgress::default()
        };
        let now = FleetProgress {
            phase: FleetPhase::Run,
            done: 350,
            in_progress: 7,
            p99: Duration::from_micros(12_345),
            elapsed: Duration::from_millis(1250),
            ..before
        };
        let expected = "run 1000/s, 7 in progress, 0 errors, p99 12.3 ms";
        assert_eq!(progress_line(&before, &now), expected);
        let cut_short = FleetProgress { elapsed: Duration::from_millis(1249), ..now };
        assert!(progress_line(&cut_short, &now).starts_with("run 280/s"));
    }

    #[test]
    fn a_fleet_without_errors_succeeds() {
        assert!(failures(&FleetSummary::default()).is_ok());
    }

    #[test]
    fn all_failures_are_reported_worst_first() {
        let host = Diverged {
            machine_id: "M1".to_owned(),
            generation: "2026.7".to_owned(),
            extra: 1,
            missing: 0,
            example: "has TEAMID ABCDEFGHIJ".to_owned(),
        };
        let convergence =
            Convergence { hosts: 9, diverged: 1, examples: vec![host], ..Convergence::default() };
        let errors = vec![Errors { stage: "preflight", reason: "status 503".to_owned(), count: 2 }];
        let counts = Counts { missed_syncs: 3, ..Counts::default() };
        let reason = Some("failed with exit status: 1: no".to_owned());
        let summary = FleetSummary {
            run: PhaseReport { counts, errors, ..PhaseReport::default() },
            changes: Some(ChangesMade { made: 0, failed: 1, reason }),
            convergence: Some(convergence),
            ..FleetSummary::default()
        };
        let error = failures(&summary).unwrap_err();
        assert_eq!(error.kind.exit_code(), 1);
        assert_eq!(error.message, "1 of 9 hosts do not have the correct rules");
        let expected = [
            "M1 (2026.7): extra rules: 1, missing rules: 0; has TEAMID ABCDEFGHIJ",
            "2 requests failed",
            "preflight status 503 (2)",
            "3 syncs were missed",
            "1 change failed",
            "failed with exit status: 1: no",
        ];
        assert_eq!(error.causes, expected);
        assert_eq!(error.hints, ["the server or this machine is too slow"]);
    }
}
