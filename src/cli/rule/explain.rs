//! `nicelist rule explain`.

mod evaluation;
mod target;

use std::path::Path;

use clap::Args;

use super::evidence;
use crate::api::{EvaluationRequest, EventQuery, ExplainQuery};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::client::Client;
use crate::fleet::{EventId, EventKind};
use crate::rule::{Program, Target};
use crate::shell::argument;

/// Maximum events that are searched for a hash.
const MOST_EVENTS: usize = 100;

/// Explain what a host does with a program or target, and why
///
/// For a target, shows which rule the host gets. For a program, checks the rules, path patterns and
/// mode in the same order as Santa, and shows whether the program runs. To choose a program, give a
/// file with the output of santactl fileinfo --json, an event ID, or the SHA-256 of a program in
/// any event.
///
/// Also shows which rules do not apply and why, and what the host does not support. The server does
/// not know the static rules in the Mac's profile or the files that compilers wrote. The output
/// mentions them if they could change the result.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule explain teamid:EQHXZ8M8AV --host annas-mac
  nicelist rule explain 1204 --host annas-mac
  nicelist rule explain \\
      7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258 \\
      --host C02XK0
  santactl fileinfo --json /Applications/Zoom.app | nicelist rule explain - \\
      --host annas-mac
  nicelist rule explain zoom.json --host C02XK0 -o json")]
pub(crate) struct ExplainArgs {
    /// Target such as teamid:EQHXZ8M8AV, file from santactl fileinfo --json (- for stdin), SHA-256,
    /// or event ID
    #[arg(value_name = "TARGET|FILEINFO|SHA256|EVENT")]
    subject: String,
    /// Host: machine ID, serial number or host name, or a unique prefix of one
    #[arg(long, value_name = "HOST")]
    host: String,
}

pub(super) async fn run(context: &Context, args: ExplainArgs) -> Result<(), CliError> {
    let ExplainArgs { subject, host } = args;
    let subject = Subject::read(&subject)?;
    let client = context.client().await?;
    let programs = match subject {
        Subject::Target(target) => {
            let explanation = client.explain(&host, &ExplainQuery { target }).await?;
            return context.ui.report(&explanation);
        }
        Subject::Programs(programs) => programs,
        Subject::Event(id) => {
            let event = client.event(id).await?.event;
            vec![request(event.program, event.path)]
        }
        Subject::Hash(sha256) => {
            let request = find_program(&client, &host, &sha256).await?;
            if request.program.is_hash_alone() {
                context.ui.warn(format!(
                    "no event contains the program {sha256}; only its hash is known"
                ));
            }
            vec![request]
        }
    };
    let mut views = Vec::with_capacity(programs.len());
    for program in &programs {
        views.push(client.evaluate(&host, program).await?);
    }
    evaluation::show(&context.ui, &views)
}

/// A request for a program whose Mach-O header is not known.
fn request(program: Program, path: String) -> EvaluationRequest {
    EvaluationRequest { program, path, no_code: false, no_page_zero: false }
}

enum Subject {
    Target(Target),
    Programs(Vec<EvaluationRequest>),
    Event(EventId),
    Hash(String),
}

impl Subject {
    /// Reads an argument. If it is a file, reads the file.
    fn read(text: &str) -> Result<Self, CliError> {
        let not_a_target = match text.parse() {
            Ok(target) => return Ok(Self::Target(target)),
            Err(error) => error,
        };
        let hash = text.strip_prefix("sha256:").unwrap_or(text);
        if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self::Hash(hash.to_ascii_lowercase()));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Event(EventId(id)));
        }
        // A text with a colon is probably a target with a typo, so it is reported as an invalid
        // target unless a file has that name.
        if text.contains(':') && !Path::new(text).exists() {
            return Err(CliError::usage(not_a_target.to_string()));
        }
        let files = evidence::programs(text).map_err(|error| {
            match text == "-" || Path::new(text).exists() {
                true => error,
                false => error.hint(format!("nicelist find {}", argument(text))),
            }
        })?;
        let programs = files.into_iter().map(|file| EvaluationRequest {
            program: file.program,
            path: file.path,
            no_code: file.no_code,
            no_page_zero: file.no_page_zero,
        });
        Ok(Self::Programs(programs.collect()))
    }
}

/// Finds a program in events: in those of the host if possible, otherwise in those of any host.
/// Prefers executions to other events. If no event contains it, only its hash is known.
async fn find_program(
    client: &Client,
    host: &str,
    sha256: &str,
) -> Result<EvaluationRequest, CliError> {
    for host in [Some(host.to_owned()), None] {
        let query = EventQuery {
            host,
            text: Some(sha256.to_owned()),
            limit: Some(MOST_EVENTS),
            ..EventQuery::default()
        };
        let events = client.events(&query).first().await?;
        let about = events.into_iter().filter(|event| event.program.sha256 == sha256);
        if let Some(event) = about.min_by_key(|event| event.kind != EventKind::Execution) {
            return Ok(request(event.program, event.path));
        }
    }
    let program = Program { sha256: sha256.to_owned(), ..Program::default() };
    Ok(request(program, String::new()))
}
