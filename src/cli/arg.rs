//! Shared arguments.

use std::ffi::OsStr;
use std::fmt::Display;
use std::marker::PhantomData;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, ValueHint};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::error::CliError;
use crate::api::ExpiresIn;
use crate::config::{CaFile, Color, ConfigProblem, DatabaseUrl, Flags, Output, Secret, ServerUrl};
use crate::fleet::parse_duration;
use crate::rule::{ChangeMessage, DayEdge, Revision, WrittenTime, in_zone};

/// The global options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// URL of the server (NICELIST_SERVER)
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<ServerUrl>,
    /// API token (NICELIST_TOKEN)
    #[arg(long, global = true, value_name = "TOKEN")]
    #[arg(value_parser = Confidential::<Secret>::new())]
    pub(crate) token: Option<Secret>,
    /// Trust only the CAs in this PEM file (NICELIST_CA)
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Option<CaFile>,
    /// Context of the configuration file to use (NICELIST_CONTEXT)
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME
    /// (NICELIST_DATABASE)
    #[arg(long, global = true, value_name = "URL")]
    #[arg(value_parser = Confidential::<DatabaseUrl>::new())]
    pub(crate) database: Option<DatabaseUrl>,
    /// Output format: table, wide, json, jsonl, yaml, csv, tsv or name (NICELIST_OUTPUT)
    #[arg(short, long, global = true, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(value_parser = Words::<Output>::new(Output::ALL.map(Output::as_str)))]
    pub(crate) output: Option<Output>,
    /// Filter the JSON output with a jq filter; strings are written without quotes
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) jq: Option<String>,
    /// Use colors: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    #[arg(value_parser = Words::<Color>::new(Color::ALL.map(Color::as_str)))]
    pub(crate) color: Option<Color>,
    /// Do not escape CSV and TSV cells that a spreadsheet would run as formulas
    #[arg(long, global = true)]
    pub(crate) raw: bool,
    /// Do not use a pager for output that is longer than the screen (NICELIST_PAGER, PAGER)
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
    /// Print only data, warnings and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log each request with its status and time; -vv also logs bodies, without secrets
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Globals {
    /// The options that override settings.
    pub(crate) fn flags(self) -> Flags {
        let Self {
            server,
            token,
            ca,
            context,
            database,
            output,
            color,
            jq: _,
            raw: _,
            no_pager: _,
            quiet: _,
            verbose: _,
        } = self;
        Flags { server, token, ca, database, context, output, color }
    }
}

/// The options of commands that change rules or settings.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    /// Reason for the change, kept in the history
    #[arg(short = 'm', long, value_name = "TEXT")]
    pub(crate) reason: Option<ChangeMessage>,
    /// Save the change even if lint finds errors; requires --reason
    #[arg(long, requires = "reason")]
    pub(crate) force: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Parses a value. Completions propose these words, but any other spelling that the type can parse
/// is accepted, too.
#[derive(Debug)]
pub(crate) struct Words<T> {
    words: Vec<&'static str>,
    value: PhantomData<fn() -> T>,
}

impl<T> Words<T> {
    pub(crate) fn new(words: impl IntoIterator<Item = &'static str>) -> Self {
        Self { words: words.into_iter().collect(), value: PhantomData }
    }
}

impl<T> Clone for Words<T> {
    fn clone(&self) -> Self {
        Self { words: self.words.clone(), value: PhantomData }
    }
}

impl<T> TypedValueParser for Words<T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = |text: String| text.parse::<T>().map_err(|error| error.to_string());
        StringValueParser::new().try_map(read).parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(|word| PossibleValue::new(*word))))
    }
}

/// Parses the URL of a database or a secret. Errors do not repeat the value, because a URL may
/// contain a password.
#[derive(Debug)]
pub(crate) struct Confidential<T>(PhantomData<fn() -> T>);

impl<T> Confidential<T> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Confidential<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T> TypedValueParser for Confidential<T>
where
    T: FromStr<Err = ConfigProblem> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned());
        let read =
            read.and_then(|text| text.parse().map_err(|error: ConfigProblem| error.to_string()));
        read.map_err(|reason| {
            let arg = arg.map(ToString::to_string).unwrap_or_default();
            let message = format!("invalid value for '{arg}': {reason}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

/// A number that is not zero.
pub(crate) fn positive<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => "the number is too large".to_owned(),
        _ => "expected a whole number of at least 1".to_owned(),
    })
}

/// An expiry: a duration or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// This duration from now.
    After(SignedDuration),
    /// At this time, or on this day.
    At(WrittenTime),
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = || text.parse().ok().map(Self::At);
        let expiry = parse_duration(text).map(Self::After).or_else(at);
        expiry.ok_or_else(|| {
            "expected a duration such as 24h or 7d, tomorrow, a date such as 2027-01-31, \
             or a time such as 2027-01-31T18:00 or 2027-01-31T18:00:00Z"
                .to_owned()
        })
    }
}

impl Expiry {
    /// The time. For a day, the end of that day.
    pub(crate) fn resolve(self, now: Timestamp) -> Result<Timestamp, CliError> {
        self.at_edge(now, DayEdge::End)
    }

    /// The time. For a day, the start of that day.
    pub(crate) fn resolve_start(self, now: Timestamp) -> Result<Timestamp, CliError> {
        self.at_edge(now, DayEdge::Start)
    }

    fn at_edge(self, now: Timestamp, edge: DayEdge) -> Result<Timestamp, CliError> {
        let zone = TimeZone::system();
        let at = match self {
            Self::At(written) => written.resolve(now, &zone, edge),
            Self::After(duration) => now.checked_add(duration).ok(),
        };
        match at {
            Some(at) if at > now => Ok(at),
            Some(at) => {
                let at = in_zone(at, &zone);
                Err(CliError::usage(format!("the expiry {at} is in the past")))
            }
            None => Err(CliError::usage("the expiry is too far in the future")),
        }
    }

    /// The expiry for a request. A duration is not converted to a time, so that the server
    /// recognizes a repeated command.
    pub(crate) fn to_send(
        self,
        now: Timestamp,
    ) -> Result<(Option<Timestamp>, Option<ExpiresIn>), CliError> {
        let at = self.resolve(now)?;
        Ok(match self {
            Self::At(_) => (Some(at), None),
            Self::After(duration) => (None, Some(ExpiresIn(duration))),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleExpiry {
    Never,
    Until(Expiry),
}

impl FromStr for RuleExpiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "never" => Ok(Self::Never),
            text => text.parse().map(Self::Until),
        }
    }
}

/// The start of a period: a duration before now, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// This duration before now.
    Before(SignedDuration),
    /// At this time, or on this day.
    At(WrittenTime),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = || text.parse().ok().map(Self::At);
        parse_duration(text).map(Self::Before).or_else(at).ok_or_else(|| {
            "expected a duration such as 24h or 7d, yesterday, a date such as 2026-11-20, \
             or a time such as 2026-11-20T18:00 or 2026-11-20T18:00:00Z"
                .to_owned()
        })
    }
}

impl Since {
    /// The time. For a day, the start of that day.
    pub(crate) fn resolve(self, now: Timestamp) -> Timestamp {
        self.at_edge(now, DayEdge::Start)
    }

    /// The time. For a day, the end of that day.
    pub(crate) fn resolve_end(self, now: Timestamp) -> Timestamp {
        self.at_edge(now, DayEdge::End)
    }

    /// If the time is out of range, returns the earliest possible time.
    fn at_edge(self, now: Timestamp, edge: DayEdge) -> Timestamp {
        let at = match self {
            Self::At(written) => written.resolve(now, &TimeZone::system(), edge),
            Self::Before(duration) => now.checked_sub(duration).ok(),
        };
        at.unwrap_or(Timestamp::MIN)
    }
}

pub(crate) fn revision(text: &str) -> Result<Revision, String> {
    let number = text.trim().parse();
    number.map(Revision).map_err(|_| "expected a revision number such as 41".to_owned())
}

pub(crate) fn duration(text: &str) -> Result<SignedDuration, String> {
    parse_duration(text).ok_or_else(|| "expected a duration such as 90s, 15m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_duration_or_a_time_in_the_future() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let read = |text: &str| text.parse::<Expiry>().unwrap().resolve(now);
        assert_eq!(read("7d").unwrap().to_string(), "2026-11-27T12:00:00Z");
        assert_eq!(read("2027-01-31T00:00:00+01:00").unwrap().to_string(), "2027-01-30T23:00:00Z");
        assert!(read("2020-01-01T00:00:00Z").unwrap_err().message.contains("is in the past"));
        assert!(read("0s").is_err());
        assert!(read("tomorrow").is_ok());
        assert!("soon".parse::<Expiry>().is_err());
    }

    #[test]
    fn a_number_that_must_not_be_zero_has_a_plain_error() {
        let read = positive::<std::num::NonZeroU32>;
        assert_eq!(read("7").map(std::num::NonZeroU32::get), Ok(7));
        for wrong in ["0", "-1", "", "many"] {
            assert_eq!(read(wrong), Err("expected a whole number of at least 1".to_owned()));
        }
        assert_eq!(read("99999999999"), Err("the number is too large".to_owned()));
    }

    #[test]
    fn since_is_a_duration_or_a_time() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let read = |text: &str| text.parse::<Since>().unwrap().resolve(now).to_string();
        assert_eq!(read("24h"), "2026-11-19T12:00:00Z");
        assert_eq!(read("2026-11-01T00:00:00Z"), "2026-11-01T00:00:00Z");
        assert!("lately".parse::<Since>().is_err());
    }
}
