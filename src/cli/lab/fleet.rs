//! `nicelist lab fleet`.

mod view;

use std::str::FromStr;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use tokio::sync::watch;

use super::args::{on_the_wire, seconds};
use super::certificates::CertificateArgs;
use crate::cli::arg;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Progress, Ui};
use crate::lab::fleet::{
    Arrivals, ChangeHook, FleetOptions, FleetPhase, FleetProgress, MOST_HOSTS, Share, Verify,
    run_fleet,
};
use crate::lab::{Generation, Profile};

/// Load-test a sync server with a simulated fleet
///
/// Works with any Santa sync server. By default, syncs are spread evenly over the interval. The
/// schedule does not slow down if the server is slow. At most --connections hosts sync at the same
/// time. The others wait, and their waiting time is included in the results. With --warm-up, all
/// hosts enroll first, as fast as possible, and the results list these syncs separately. Without
/// --warm-up, the first sync of each host during the test is a clean sync, like that of a new Mac.
///
/// At the end, nicelist checks hosts: each host syncs again, and must then have the same rules as a
/// new host, or the rules that it gets when it enrolls again. For this check, nicelist enrolls one
/// more host per generation. The exit code is 1 if a request failed, a sync was missed, or a host
/// has different rules.
///
/// The same --seed generates the same hosts. Each host needs less than 200 bytes of memory if all
/// hosts have the same rules. Ctrl-C ends the test early, without the check.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist lab fleet http://127.0.0.1:8080/santa/ --hosts 10000 --warm-up
  nicelist lab fleet https://santa.example.com/santa/SECRET/ --hosts 1000000 \\
      --interval 10m --for 2m
  nicelist lab fleet http://127.0.0.1:8080/santa/ --arrivals phase \\
      --no-keep-alive --events 0.1
  nicelist lab fleet http://127.0.0.1:8080/santa/ \\
      --generation 2026.7=80,2025.1=20 --clean 1%
  nicelist lab fleet https://localhost:8443/ --ca ca.pem \\
      --client-cert mac.pem --client-key mac.key
  nicelist lab fleet http://127.0.0.1:8080/santa/ --for 5m --verify all \\
      -o json --change-every 30s \\
    --change-hook 'nicelist rule add block signingid:platform:a$NICELIST_CHANGE'")]
pub(crate) struct FleetArgs {
    /// URL of the server, as in SyncBaseURL of a profile
    #[arg(value_name = "URL")]
    url: String,
    /// Number of Macs
    #[arg(long, value_name = "N", default_value = "1000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_HOSTS)))]
    hosts: u32,
    /// Sync interval of each Mac
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = interval)]
    interval: SignedDuration,
    /// Duration of the test
    #[arg(long = "for", value_name = "DURATION", default_value = "1m", value_parser = arg::duration)]
    time: SignedDuration,
    /// Distribution of syncs over the interval
    #[arg(long, value_name = "HOW", default_value = "spread")]
    arrivals: ArrivalsArg,
    /// Sync every Mac one time before the test, as fast as possible
    #[arg(long)]
    warm_up: bool,
    /// Maximum number of Macs that sync at the same time, each on one connection
    #[arg(long, value_name = "N", default_value = "64")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// Open a new connection for each sync, as Macs do, instead of sharing connections
    #[arg(long)]
    no_keep_alive: bool,
    /// Timeout of each request in seconds; Santa's timeout is 30
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    timeout: Duration,
    #[command(flatten)]
    macs: Macs,
    #[command(flatten)]
    certificates: CertificateArgs,
    #[command(flatten)]
    changes: Changes,
    #[command(flatten)]
    check: Check,
}

/// The Macs and what they do.
#[derive(Debug, Args)]
#[command(next_help_heading = "Macs")]
struct Macs {
    /// Santa versions and their shares, such as 2026.7=80,2025.1=20
    #[arg(long = "generation", value_name = "VERSION[=SHARE]", value_delimiter = ',')]
    generations: Vec<ShareArg>,
    /// Message format; Santa supports protobuf since 2024.6
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    #[arg(value_parser = PossibleValuesParser::new(["json", "protobuf"]))]
    wire: String,
    /// Compression of requests; Santa before 2023.4 always uses deflate
    #[arg(long, default_value = "deflate")]
    #[arg(value_parser = PossibleValuesParser::new(["deflate", "gzip", "none"]))]
    encoding: String,
    /// Send this secret as Authorization: Bearer
    #[arg(long)]
    secret: Option<String>,
    /// Share of syncs that request a clean sync, such as 1%
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    clean: f64,
    /// Average number of events per sync
    #[arg(long, value_name = "N", default_value = "0", value_parser = events)]
    events: f64,
    /// Maximum events per request if the server does not set a batch size
    #[arg(long, value_name = "N", default_value = "50")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// Seed for generating the Macs
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
}

/// Changes during the test.
#[derive(Debug, Args)]
#[command(next_help_heading = "Changes")]
struct Changes {
    /// Run this command regularly; NICELIST_CHANGE is the number of the change
    #[arg(long, value_name = "CMD")]
    change_hook: Option<String>,
    /// Interval of --change-hook
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = interval)]
    change_every: SignedDuration,
}

/// The check at the end.
#[derive(Debug, Args)]
#[command(next_help_heading = "Check")]
struct Check {
    /// Macs to check at the end; Macs that never synced are not checked
    #[arg(long, value_name = "WHICH", default_value = "sample")]
    verify: VerifyArg,
    /// Number of Macs in a sample
    #[arg(long, value_name = "N", default_value = "1000")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    sample: u32,
}

/// The times at which Macs sync.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ArrivalsArg {
    /// Evenly over the interval
    Spread,
    /// All at the same time, every interval
    Phase,
}

/// The Macs that are checked.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum VerifyArg {
    /// Only a sample of Macs; --sample sets its size
    Sample,
    /// All Macs
    All,
    /// No Macs
    None,
}

/// A share as it is written in the argument.
#[derive(Debug, Clone, Copy)]
struct ShareArg(Share);

impl FromStr for ShareArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (generation, weight) = text.split_once('=').unwrap_or((text, "1"));
        let generation: Generation =
            generation.trim().parse().map_err(|error| format!("{error}"))?;
        let weight = weight.trim().trim_end_matches('%').parse();
        let weight = weight
            .map_err(|_| "expected a whole number as the share, as in 2026.7=80".to_owned())?;
        Ok(Self(Share { generation, weight }))
    }
}

/// An interval of at least a second.
fn interval(text: &str) -> Result<SignedDuration, String> {
    let duration = arg::duration(text)?;
    if duration < SignedDuration::from_secs(1) {
        return Err("expected at least 1 second".to_owned());
    }
    Ok(duration)
}

/// A share, as in 1% or 0.01.
fn share(text: &str) -> Result<f64, String> {
    let (number, of) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().ok().map(|number| number / of);
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a share, such as 1% or 0.01".to_owned())
}

fn events(text: &str) -> Result<f64, String> {
    const MOST: f64 = 1000.0;
    let number = text.trim().parse::<f64>().ok();
    number
        .filter(|number| (0.0..=MOST).contains(number))
        .ok_or_else(|| format!("expected a number up to {MOST}"))
}

pub(super) async fn run(context: &Context, args: FleetArgs) -> Result<(), CliError> {
    let (progress, mut seen) = watch::channel(FleetProgress::default());
    let (stop, stopped) = watch::channel(false);
    let options = options(args, context.ui.now().as_millisecond() as f64 / 1000.0)?;
    let mut fleet = std::pin::pin!(run_fleet(options, progress, stopped));
    let mut watched = Watched::new(&context.ui);
    let summary = loop {
        tokio::select! {
            summary = &mut fleet => break summary,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                stop.send_replace(true);
            }
            Ok(()) = seen.changed() => watched.show(*seen.borrow_and_update()),
        }
    };
    drop(watched);
    let summary = summary?;
    context.ui.report(&summary)?;
    view::failures(&summary)?;
    if summary.interrupted {
        context.ui.status("interrupted");
    }
    Ok(())
}

fn options(args: FleetArgs, now: f64) -> Result<FleetOptions, CliError> {
    let FleetArgs { url, hosts, interval, time, arrivals, warm_up, .. } = args;
    let Macs { generations, wire, encoding, secret, clean, events, batch, seed } = args.macs;
    let mut profile = Profile { wire: on_the_wire(&wire)?, ..Profile::default() };
    profile.content_encoding = on_the_wire(&encoding)?;
    if let Some(secret) = secret {
        profile.headers.insert("Authorization".to_owned(), format!("Bearer {secret}"));
    }
    let mut shares: Vec<Share> = generations.into_iter().map(|ShareArg(share)| share).collect();
    if shares.is_empty() {
        shares.push(Share { generation: Generation::NEWEST, weight: 1 });
    }
    let Changes { change_hook, change_every } = args.changes;
    let every = change_every.unsigned_abs();
    Ok(FleetOptions {
        url,
        hosts,
        seed,
        shares,
        profile,
        warm_up,
        interval: interval.unsigned_abs(),
        time: time.unsigned_abs(),
        arrivals: match arrivals {
            ArrivalsArg::Spread => Arrivals::Spread,
            ArrivalsArg::Phase => Arrivals::Phase,
        },
        clean,
        events,
        batch,
        connections: args.connections.into(),
        keep_alive: !args.no_keep_alive,
        timeout: args.timeout,
        trust: args.certificates.files(),
        change: change_hook.map(|command| ChangeHook { command, every }),
        verify: match args.check.verify {
            VerifyArg::Sample => Verify::Sample(args.check.sample),
            VerifyArg::All => Verify::All,
            VerifyArg::None => Verify::None,
        },
        now,
    })
}

/// The progress on a terminal.
struct Watched<'a> {
    ui: &'a Ui,
    bar: Option<(FleetPhase, u64, Progress)>,
    last: FleetProgress,
}

impl<'a> Watched<'a> {
    fn new(ui: &'a Ui) -> Self {
        Self { ui, bar: None, last: FleetProgress::default() }
    }

    fn show(&mut self, now: FleetProgress) {
        let is_same = |(phase, total, _): &(FleetPhase, u64, Progress)| {
            *phase == now.phase && *total == now.total && self.last.done <= now.done
        };
        if !self.bar.as_ref().is_some_and(is_same) {
            self.bar = None;
            let progress = self.ui.progress(Some(now.total), view::phase(now.phase));
            self.bar = Some((now.phase, now.total, progress));
            self.last = FleetProgress::default();
        }
        if let Some((_, _, bar)) = &self.bar {
            bar.advance(now.done - self.last.done);
            bar.set_text(view::progress_line(&self.last, &now));
        }
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_percentage_or_a_number_up_to_one() {
        assert_eq!((share("1%"), share("0.25"), share("100 %")), (Ok(0.01), Ok(0.25), Ok(1.0)));
        assert!(["2", "101%", "-1%", "x", "NaN", ""].iter().all(|text| share(text).is_err()));
        assert!(events("0.1").is_ok() && events("-1").is_err() && events("inf").is_err());
    }

    #[test]
    fn a_generation_may_have_a_share() {
        let read = |text: &str| text.parse::<ShareArg>().map(|ShareArg(share)| share);
        let share = read("2025.1=20").unwrap();
        assert_eq!((share.generation.to_string().as_str(), share.weight), ("2025.1", 20));
        assert_eq!(read("2026.7").unwrap().weight, 1);
        assert_eq!(read("2026.7=80%").unwrap().weight, 80);
        assert!(read("2026.7=x").is_err() && read("soon=1").is_err());
    }

    #[test]
    fn intervals_are_at_least_a_second() {
        assert!(interval("1s").is_ok() && interval("0s").is_err());
    }
}
