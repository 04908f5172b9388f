//! `nicelist rule cel`.

mod execution;
mod verdict;

use clap::Args;

use crate::cel::{CelError, Expression};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::expression_parts::with_excerpt;
use crate::rule::cel_schema;

/// Check and evaluate a CEL expression
///
/// Reports all mistakes with their positions. For a valid expression, shows which Santa version it
/// requires, and whether Santa keeps the result for later executions of the same program.
///
/// With --event, also evaluates the expression and shows the value of each part. Events that hosts
/// uploaded contain no arguments, environment, user or working directory, so the result may be
/// unknown. A file with a JSON object can contain them:
/// {"path": "/bin/sh", "args": ["sh", "-c"], "envs": {"HOME": "/var/root"}, "euid": 0, "cwd": "/",
/// "target": {"team_id": "", "signing_id": "platform:com.apple.sh", "is_platform_binary": true,
/// "signing_time": "2026-01-31T12:00:00Z"}}
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule cel 'euid == 0 ? BLOCKLIST : ALLOWLIST'
  nicelist rule cel \"target.team_id == 'EQHXZ8M8AV'\" --event 1204
  nicelist rule cel \"args.exists(arg, arg == '-c')\" --event execution.json
  santactl fileinfo --json /bin/sh | nicelist rule cel \\
      'target.is_platform_binary' --event -")]
pub(crate) struct CelArgs {
    /// CEL expression
    #[arg(value_name = "EXPRESSION")]
    expression: String,
    /// Evaluate the expression for this execution: event ID, or file with a JSON object or the
    /// output of santactl fileinfo --json (- for stdin)
    #[arg(long, value_name = "EVENT|FILE")]
    event: Option<String>,
}

pub(super) async fn run(context: &Context, args: CelArgs) -> Result<(), CliError> {
    let source = args.expression.trim();
    let expression =
        Expression::parse(source, cel_schema()).map_err(|error| invalid(source, &error))?;
    let executions = match &args.event {
        Some(event) => execution::read(context, event).await?,
        None => Vec::new(),
    };
    let program = expression.compile(cel_schema()).map_err(|error| invalid(source, &error))?;
    let view = verdict::CelView::of(&expression, &program, &executions);
    verdict::show(&context.ui, &view)
}

/// All faults of an expression, each with the line that it is in.
fn invalid(source: &str, error: &CelError) -> CliError {
    let faults = error.faults();
    if faults.is_empty() {
        return CliError::input(format!("invalid CEL expression: {error}"));
    }
    let count = match faults.len() {
        1 => "1 mistake".to_owned(),
        several => format!("{several} mistakes"),
    };
    let causes = faults.iter().flat_map(|fault| {
        let line = source.lines().nth(fault.at.line - 1).unwrap_or_default();
        with_excerpt(fault.to_string(), line, fault.at.column, fault.width(source))
    });
    CliError::input(format!("invalid CEL expression: {count}")).because(causes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_listed_with_its_line() {
        let source = "uid == 0 &&\nargs[0] + 1 == 'x'";
        let error = Expression::parse(source, cel_schema()).unwrap_err();
        let error = invalid(source, &error);
        assert_eq!(error.message, "invalid CEL expression: 2 mistakes");
        assert_eq!(
            error.causes,
            [
                "unknown variable `uid` (line 1, column 1), did you mean `euid`?",
                "  uid == 0 &&",
                "  ^^^",
                "`+` does not support string and int: expected string (line 2, column 11)",
                "  args[0] + 1 == 'x'",
                "            ^",
            ]
        );
    }
}
