//! `nicelist host diagnose`.
//!
//! - `mac_status`: the output of `santactl status --json`
//! - `server_side`: what the server alone knows about a host
//! - `comparison`: what the Mac and the server know, compared

mod comparison;
mod mac_status;
mod server_side;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::api::{Code, HostQuery, HostView};
use crate::cli::context::Context;
use crate::cli::doctor::{CheckResult, CheckSection, conclude};
use crate::cli::error::CliError;
use crate::cli::policy_files::{Bounded, STDIO, name_of, unreadable};
use crate::client::{Client, ClientError};
use crate::config::Backend;
use crate::shell::argument;
use comparison::Known;
use mac_status::MacStatus;

/// Maximum bytes of a status file. Real ones have a few KiB.
const LARGEST_STATUS: u64 = 1 << 20;

/// Maximum hosts whose names are compared with an unknown name.
const MOST_COMPARED: usize = 1000;
/// A name is suggested only if its similarity to the unknown name, from 0 to 1, is at least this.
const ALIKE: f64 = 0.7;

/// Find out why a host is not in sync, and how to fix it
///
/// Shows what the server knows about the host: its contact, its state, its last sync, refusals,
/// drift, and rules that its Santa does not support. With --status, also compares the output of
/// `santactl status --json` on the Mac with the server. Each result is one line, and most problems
/// have a fix. The exit code is 1 if there is a problem.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host diagnose annas-mac
  nicelist host diagnose annas-mac --status status.json
  ssh annas-mac santactl status --json | nicelist host diagnose annas-mac \\
      --status -")]
pub(crate) struct DiagnoseArgs {
    /// Machine ID, serial number or host name, or a unique prefix of one
    host: String,
    /// File with the output of `santactl status --json`; - reads stdin
    #[arg(long, value_name = "FILE")]
    status: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, args: DiagnoseArgs) -> Result<(), CliError> {
    let DiagnoseArgs { host: name, status } = args;
    let status = status.as_deref().map(read).transpose()?;
    let client = context.client().await?;
    let host = find(&client, &name).await?;
    let now = context.ui.now();
    let results = match &host {
        Some(host) => server_side::checks(host, now),
        None => {
            let similar = similar(&client, &name).await?;
            vec![server_side::unknown(&name, similar.as_deref())]
        }
    };
    // The name may be a prefix.
    let title = match &host {
        Some(host) if !host.hostname.is_empty() => {
            format!("Server: {} ({})", host.hostname, host.machine)
        }
        Some(host) => format!("Server: {}", host.machine),
        None => format!("Server: {name}"),
    };
    let mut sections = vec![CheckSection { title, results }];
    match &status {
        Some(status) => {
            let server = match context.settings.backend()? {
                Backend::Server { url, .. } => Some(url.as_url()),
                Backend::Local { .. } => None,
            };
            let known = Known { status, host: host.as_ref(), server, now };
            let results = comparison::checks(&known);
            sections.push(CheckSection { title: "Mac: santactl status".to_owned(), results });
        }
        None => {
            let quoted = argument(&name);
            let found = "no --status file was given, so the Mac itself was not checked";
            let missing = CheckResult::skipped("status", found).fix(format!(
                "on the Mac: santactl status --json > status.json; then here: nicelist host \
                 diagnose {quoted} --status status.json"
            ));
            sections[0].results.push(missing);
        }
    }
    conclude(&context.ui, sections)
}

/// The host. None if the server has never seen it.
async fn find(client: &Client, name: &str) -> Result<Option<HostView>, CliError> {
    match client.host(name).await {
        Ok(host) => Ok(Some(host)),
        Err(ClientError::Problem(problem)) if problem.code == Code::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The host name or machine ID that is most similar to an unknown name, among the first hosts.
async fn similar(client: &Client, name: &str) -> Result<Option<String>, CliError> {
    let query = HostQuery { limit: Some(MOST_COMPARED), ..HostQuery::default() };
    let hosts = client.hosts(&query).next().await?.unwrap_or_default();
    let name = name.to_lowercase();
    let names = hosts.into_iter().flat_map(|host| [host.hostname, host.machine.to_string()]);
    let names = names
        .map(|known| (strsim::normalized_damerau_levenshtein(&known.to_lowercase(), &name), known));
    let nearest = names.max_by(|(a, _), (b, _)| a.total_cmp(b));
    Ok(nearest.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, known)| known))
}

fn read(path: &Path) -> Result<MacStatus, CliError> {
    let input: Box<dyn io::Read> = match path == Path::new(STDIO) {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(path).map_err(|error| unreadable(path, &error))?),
    };
    let text = Bounded::new(input, LARGEST_STATUS).read_all();
    let text = text.map_err(|error| unreadable(path, &error))?;
    MacStatus::parse(&text).map_err(|reason| {
        CliError::input(format!("{}: {reason}", name_of(path)))
            .hint("write the file again on the Mac: santactl status --json > status.json")
    })
}
