//! `nicelist program show`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::api::{ProgramQuery, ProgramView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::client::Client;
use crate::fleet::ProgramId;

/// Show a program, its hosts, versions, rules and decisions
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist program show 17
  nicelist program show EQHXZ8M8AV:com.google.Chrome
  nicelist program show \\
      6827af7009f9731422fd44b264a238abdca45c6030e6882606b95f6830392206 \\
      -o json")]
pub(crate) struct ShowArgs {
    /// Number, SHA-256 or signing ID of the program, or a part of its name that no other program
    /// has
    #[arg(value_name = "PROGRAM", value_parser = NonEmptyStringValueParser::new())]
    program: String,
}

pub(super) async fn run(context: &Context, ShowArgs { program }: ShowArgs) -> Result<(), CliError> {
    let client = context.client().await?;
    let id = match program.parse() {
        Ok(number) => ProgramId(number),
        Err(_) => find(&client, &program).await?,
    };
    context.ui.report(&client.program(id).await?)
}

/// Maximum programs that an error lists.
const MOST_LISTED: usize = 10;

async fn find(client: &Client, wanted: &str) -> Result<ProgramId, CliError> {
    let text = || Some(wanted.to_owned());
    let mut query = ProgramQuery { limit: Some(MOST_LISTED + 1), ..ProgramQuery::default() };
    if wanted.len() == 64 && wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        query.sha256 = text();
    } else if wanted.contains(':') {
        query.signing_id = text();
    } else {
        query.text = text();
    }
    let mut pages = client.programs(&query);
    let mut found: Vec<ProgramView> = Vec::new();
    while found.len() <= MOST_LISTED
        && let Some(page) = pages.next().await?
    {
        found.extend(page);
    }
    match found.as_slice() {
        [only] => Ok(only.id),
        [] => Err(CliError::failed(format!("program `{wanted}` not found"))
            .hint("nicelist program list -n 20 lists the newest programs")),
        several => Err(ambiguous(wanted, several)),
    }
}

fn ambiguous(wanted: &str, several: &[ProgramView]) -> CliError {
    let more = if several.len() > MOST_LISTED { "more than " } else { "" };
    let count = several.len().min(MOST_LISTED);
    let error = CliError::usage(format!("`{wanted}` matches {more}{count} programs"));
    several.iter().take(MOST_LISTED).fold(error, |error, program| {
        let ProgramView { id, name, hosts, .. } = program;
        let on = crate::cli::policy_files::counted(
            usize::try_from(*hosts).unwrap_or(usize::MAX),
            "host",
        );
        error.hint(format!("nicelist program show {id}   ({name}, {on})"))
    })
}
