//! `nicelist rule lint`.

mod names;
mod sarif;
mod view;

use std::path::PathBuf;

use clap::Args;

use crate::api::{HostNames, Status, UnreadableRow};
use crate::cli::arg::Words;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::policy_files::{self, FileNames, ReadArgs};
use crate::client::Client;
use crate::fleet::PolicyState;
use crate::format::{Location, ParsedPolicy};
use crate::lint::{self, About, Finding, LintCode, Severity};
use view::LocatedFinding;

/// Find mistakes in rules and settings
///
/// Checks a file or folder in any format, without a server. Without PATH, checks the active policy
/// of the server. Each finding has a code, a severity and usually a suggested fix. docs/LINT.md
/// explains the codes. The exit code is 3 if any finding has at least the severity of --deny, and 0
/// otherwise.
#[derive(Debug, Args)]
#[command(mut_arg("from", |arg| arg.requires("path")))]
#[command(mut_arg("configuration", |arg| arg.requires("path")))]
#[command(after_long_help = "\
Examples:
  nicelist rule lint
  nicelist rule lint policy/
  nicelist rule lint rules.csv --deny error --ignore NL104
  nicelist rule lint policy/ --sarif > nicelist.sarif
  nicelist rule lint -o jsonl | jq -r .code | sort | uniq -c")]
pub(crate) struct LintArgs {
    /// File or folder to check; - reads stdin
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    #[command(flatten)]
    read: ReadArgs,
    /// Minimum severity for exit code 3: note, warning or error
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    #[arg(value_parser = Words::<Severity>::new(Severity::ALL.map(Severity::word)))]
    deny: Severity,
    /// Do not report findings with this code; can be repeated
    #[arg(long, value_name = "CODE")]
    ignore: Vec<LintCode>,
    /// Show all findings, not only the first 20 of each severity
    #[arg(long)]
    full: bool,
    /// Write SARIF, for code review tools
    #[arg(long)]
    sarif: bool,
    /// Change the scope of rules and settings from the name of a host to its machine ID (NL601)
    #[arg(long, conflicts_with_all = ["path", "sarif"])]
    fix: bool,
    /// Skip confirmation
    #[arg(short, long, requires = "fix")]
    yes: bool,
}

/// A policy, and the places of its parts.
struct LintedPolicy {
    policy: PolicyState,
    /// Invalid entries of the files.
    faults: Vec<(Location, String)>,
    /// What the server or this program cannot read, and why.
    unreadable: Vec<String>,
    /// Host names in scopes, and serial numbers that several hosts report.
    names: HostNames,
    places: Option<Places>,
}

/// The places of the parts in files.
struct Places {
    names: FileNames,
    settings: Vec<Location>,
    rules: Vec<Location>,
}

pub(super) async fn run(context: &Context, args: LintArgs) -> Result<(), CliError> {
    let LintArgs { path, read, deny, ignore, full, sarif, fix, yes } = args;
    let ui = &context.ui;
    if fix {
        let client = context.client_to_change(false).await?;
        let source = LintedPolicy::of_server(&client).await?;
        if source.names.host_names.is_empty() {
            ui.status("no changes: no scope uses a host name");
        }
        return names::fix(context, &client, &source.names, &source.policy, yes).await;
    }
    let source = match &path {
        None => LintedPolicy::of_server(&context.client().await?).await?,
        Some(path) => {
            let (format, parsed) = policy_files::read_whole(path, &read)?;
            policy_files::refuse_configuration(
                read.configuration.as_deref(),
                format,
                &policy_files::name_of(path),
            )?;
            policy_files::warn_of_notes(ui, &parsed);
            LintedPolicy::of(parsed)
        }
    };
    let mut findings = source.findings(ui.now());
    findings.retain(|finding| !ignore.contains(&finding.code));
    if sarif {
        ui.json(&sarif::log(&findings))?;
    } else {
        view::show(ui, &findings, full)?;
    }
    ui.status(view::summary(&findings));
    match findings.iter().any(|finding| finding.code.severity() >= deny) {
        true => Err(CliError::new(Kind::Differences, "there are findings")),
        false => Ok(()),
    }
}

impl LintedPolicy {
    async fn of_server(client: &Client) -> Result<Self, CliError> {
        let (policy, mut unreadable) = crate::cli::export::readable(client).await?;
        unreadable.extend(rows_unreadable(client.status_with_unreadable_rows().await?));
        let names = names::check(client, &policy).await?;
        Ok(Self { policy, faults: Vec::new(), unreadable, names, places: None })
    }

    fn of(parsed: ParsedPolicy) -> Self {
        let names = FileNames::of(&parsed);
        let ParsedPolicy { files: _, rules, settings, tags, faults, conflicts: _, notes: _ } =
            parsed;
        let places = Places {
            names,
            settings: settings.iter().map(|placed| placed.location).collect(),
            rules: rules.iter().map(|placed| placed.location).collect(),
        };
        let policy = PolicyState {
            tags: tags.into_iter().map(|placed| placed.tag).collect(),
            settings: settings.into_iter().map(|it| (it.scope, it.setting)).collect(),
            rules: rules.into_iter().map(|placed| placed.rule).collect(),
        };
        let faults = faults.into_iter().map(|fault| (fault.location, fault.text)).collect();
        let names = HostNames::default();
        Self { policy, faults, unreadable: Vec::new(), names, places: Some(places) }
    }

    /// All findings, sorted by place.
    fn findings(&self, now: jiff::Timestamp) -> Vec<LocatedFinding> {
        let mut found: Vec<(Option<Location>, LocatedFinding)> = Vec::new();
        if let Some(places) = &self.places {
            found.extend(self.faults.iter().map(|(place, text)| {
                (
                    Some(*place),
                    LocatedFinding::of(LintCode::NotTaken, text.clone()).at(&places.names, *place),
                )
            }));
        }
        let unreadable = self.unreadable.iter();
        found.extend(
            unreadable.map(|text| (None, LocatedFinding::of(LintCode::Unreadable, text.clone()))),
        );
        found.extend(names::findings(&self.names, &self.policy).into_iter().map(|it| (None, it)));
        found.extend(lint::findings(&self.policy, now).into_iter().map(|it| self.locate(it)));
        found.sort_by_key(|(place, finding)| (*place, finding.code));
        found.into_iter().map(|(_, finding)| finding).collect()
    }

    fn locate(&self, finding: Finding) -> (Option<Location>, LocatedFinding) {
        let Finding { code, about, other, message } = finding;
        let place = |about| match (&self.places, about) {
            (None, _) | (_, About::Policy) => None,
            (Some(places), About::Setting(nth)) => places.settings.get(nth).copied(),
            (Some(places), About::Rule(nth)) => places.rules.get(nth).copied(),
        };
        let mut located = LocatedFinding::of(code, message);
        if let About::Rule(nth) = about {
            located = located.about(&self.policy.rules[nth]);
        }
        let here = place(about);
        if let (Some(places), Some(here)) = (&self.places, here) {
            located = located.at(&places.names, here);
        }
        if let (Some(places), Some(there)) =
            (&self.places, other.and_then(|it| place(About::Rule(it))))
        {
            located = located.see(&places.names, there);
        }
        (here, located)
    }
}

fn rows_unreadable(status: Status) -> Vec<String> {
    let Status { unreadable, unreadable_rows, .. } = status;
    let more = unreadable.saturating_sub(unreadable_rows.len());
    let mut texts: Vec<String> = unreadable_rows
        .into_iter()
        .map(|UnreadableRow { table, id, about, reason }| {
            format!("{table} {id} ({about}) cannot be read and is not served: {reason}")
        })
        .collect();
    if more > 0 {
        texts.push(match more {
            1 => "1 more row cannot be read and is not served".to_owned(),
            more => format!("{more} more rows cannot be read and are not served"),
        });
    }
    texts
}
