//! The command line: arguments, output, exit codes.
//!
//! A command is a file with its arguments and one function, below the folder of its noun; it
//! hands values to `ui`, which alone prints. A noun is registered in `Command`: a variant
//! and an arm.

mod apply;
mod arg;
pub mod artifacts;
mod change;
mod completions;
mod config;
mod context;
mod database;
mod demo;
mod difference;
mod error;
mod event;
mod export;
mod exposure;
mod history;
mod host;
mod lab;
mod local;
mod log;
mod man;
mod manifest;
mod pem;
mod plan;
mod policy_files;
mod rollback;
mod rule;
mod serve;
mod settings;
mod status;
mod tag;
mod token;
mod ui;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::fleet::Clock;
use arg::Globals;
use context::Context;
use error::CliError;
use ui::{Manner, Ui};

/// Manage which programs a fleet of Macs may run with Santa
#[derive(Debug, Parser)]
#[command(
    name = "nicelist",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    help_template = "{about}\n{usage-heading} {usage}\n\n{subcommands}{after-help}",
    after_help = GLOBALS,
    subcommand_value_name = "COMMAND"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    globals: Globals,
}

/// The global options in two lines, so that the first page fits on a screen. The pages of the
/// commands have them in full.
const GLOBALS: &str = "\
Options: --server URL  --token TOKEN  --ca FILE  --context NAME  --database URL
  --output FORMAT  --color WHEN  --raw  --quiet  --verbose  --help  --version";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Status(status::StatusArgs),
    Demo(demo::DemoArgs),
    #[command(subcommand)]
    Rule(rule::Command),
    #[command(subcommand)]
    Host(host::Command),
    #[command(subcommand)]
    Event(event::Command),
    #[command(subcommand)]
    Tag(tag::Command),
    #[command(subcommand)]
    Settings(settings::Command),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Export(export::ExportArgs),
    History(history::HistoryArgs),
    Rollback(rollback::RollbackArgs),
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    Database(database::Command),
    #[command(subcommand)]
    Lab(lab::Command),
    #[command(subcommand)]
    Config(config::Command),
    Completions(completions::CompletionsArgs),
    #[command(hide = true)]
    Man(man::ManArgs),
}

impl Command {
    /// What is logged when nobody says how much: a server tells what it refuses, everything else
    /// only what fails, but for certificates that are not trusted: the command says so itself.
    const fn usual_log(&self) -> &'static str {
        match self {
            Self::Serve(_) => "info",
            _ => "error,rustls_platform_verifier=off",
        }
    }

    /// Whether the command must run although a configuration file is invalid: it may be the one
    /// that repairs the file, or it does not need any.
    const fn repairs_configuration(&self) -> bool {
        matches!(self, Self::Config(_) | Self::Completions(_) | Self::Man(_))
    }

    fn run(self, context: &Context) -> Result<(), CliError> {
        match self {
            Self::Serve(args) => serve::run(context, &args),
            Self::Status(args) => context.block_on(status::run(context, args)),
            Self::Demo(args) => demo::run(context, &args),
            Self::Rule(command) => context.block_on(rule::run(context, command)),
            Self::Host(command) => context.block_on(host::run(context, command)),
            Self::Event(command) => context.block_on(event::run(context, command)),
            Self::Tag(command) => context.block_on(tag::run(context, command)),
            Self::Settings(command) => context.block_on(settings::run(context, command)),
            Self::Plan(args) => context.block_on(plan::run(context, args)),
            Self::Apply(args) => context.block_on(apply::run(context, args)),
            Self::Export(args) => context.block_on(export::run(context, args)),
            Self::History(args) => context.block_on(history::run(context, args)),
            Self::Rollback(args) => context.block_on(rollback::run(context, args)),
            Self::Token(command) => context.block_on(token::run(context, command)),
            Self::Database(command) => context.block_on(database::run(context, command)),
            Self::Lab(command) => context.block_on(lab::run(context, command)),
            Self::Config(command) => config::run(context, command),
            Self::Completions(args) => completions::run(context, &args),
            Self::Man(args) => man::run(&args),
        }
    }
}

/// Runs the command that this process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(error) => ExitCode::from(CliError::from(error).kind.exit_code()),
            };
        }
    };
    let Cli { command, globals } = cli;
    let early = Manner { color: globals.color.unwrap_or_default(), ..Manner::default() };
    match Context::open(globals, command.usual_log(), command.repairs_configuration()) {
        Ok(context) => ended(&context.ui, command.run(&context)),
        Err(error) => ended(&Ui::new(early, Clock::System), Err(error)),
    }
}

fn ended(ui: &Ui, result: Result<(), CliError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// The whole grammar, for completions, manual pages and tests.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn the_first_page_fits_on_a_screen() {
        let help = command().term_width(80).render_long_help().to_string();
        assert!(help.lines().count() <= 24, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }

    #[test]
    fn the_first_page_has_every_global_option() {
        for option in command().get_arguments().filter_map(clap::Arg::get_long) {
            assert!(GLOBALS.contains(&format!("--{option}")), "{option}");
        }
    }

    #[test]
    fn every_command_has_examples() {
        fn check(command: &clap::Command, path: &str) {
            let name = format!("{path} {}", command.get_name());
            let mut below = command.get_subcommands().peekable();
            if below.peek().is_none() {
                let help = command.get_after_long_help().map(ToString::to_string);
                let help = help.unwrap_or_default();
                assert!(help.starts_with("Examples:\n"), "{name} shows no examples");
            }
            below.for_each(|command| check(command, &name));
        }
        check(&command(), "");
    }

    #[test]
    fn help_is_imperative_without_a_period() {
        fn check(command: &clap::Command) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }
}
