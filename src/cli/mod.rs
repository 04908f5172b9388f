//! The command line: arguments, output, exit codes.
//!
//! Each command is a module with its arguments and a function `run`. The commands of a noun are in
//! the folder of the noun. `run` passes values to `ui`, which prints them. A new noun needs a
//! variant of `Command` and an arm in `Command::run`.

mod apply;
mod arg;
mod arrival;
pub mod artifacts;
mod change;
mod commands;
mod completion;
mod completions;
mod config;
mod context;
mod contexts;
mod database;
mod demo;
mod detect;
mod doctor;
mod enroll;
mod error;
mod event;
mod export;
mod exposure;
mod expression_parts;
mod find;
mod help;
mod history;
mod host;
mod lab;
mod labels;
mod local;
mod log;
mod man;
mod manifest;
mod pem;
mod person;
mod plan;
mod planned_change;
mod policy_changes;
mod policy_files;
mod program;
mod rollback;
mod rule;
mod sarif;
mod secret_file;
mod serve;
mod settings;
mod signals;
mod status;
mod tag;
mod token;
mod ui;
mod usage;
mod version;

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use console::Term;

use crate::fleet::Clock;
use arg::Globals;
use context::Context;
use error::{CliError, Kind};
use log::{LogDefaults, LogFormat};
use ui::{OutputOptions, Ui, fit_usage};

/// Manage which programs a fleet of Macs may run with Santa
#[derive(Debug, Parser)]
#[command(
    name = "nicelist",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    help_template = first_page(),
    subcommand_value_name = "COMMAND"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    globals: Globals,
}

/// The hidden commands and the global options, in few lines, so that the list of commands fits on a
/// screen. The help of each command explains them.
const MORE: &str = "\
More: config  context  export  lab  person  completions  version
Options: --server  --token  --ca  --context  --database  --output  --jq
  --color  --raw  --no-pager  --quiet  --verbose  --help  --version";

/// The template of the first page. The topics are in the line of the usage, because the page fills
/// a screen.
fn first_page() -> String {
    let usage = format!("{{usage}}, or nicelist help {}", help::Topic::names("|"));
    format!("{{about}}\n{{usage-heading}} {usage}\n{{subcommands}}\n{MORE}")
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Box<serve::ServeArgs>),
    Status(status::StatusArgs),
    Doctor(Box<doctor::DoctorArgs>),
    Find(find::FindArgs),
    Demo(demo::DemoArgs),
    #[command(subcommand)]
    Rule(rule::Command),
    #[command(subcommand)]
    Host(host::Command),
    #[command(subcommand)]
    Event(event::Command),
    #[command(subcommand)]
    Program(program::Command),
    #[command(subcommand)]
    Tag(tag::Command),
    #[command(subcommand)]
    Settings(settings::Command),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    History(history::HistoryArgs),
    Rollback(rollback::RollbackArgs),
    #[command(subcommand)]
    Detect(detect::Command),
    #[command(subcommand)]
    Token(token::Command),
    #[command(subcommand)]
    Enroll(enroll::Command),
    #[command(subcommand)]
    Database(database::Command),
    // The commands below are hidden, so that the list of commands fits on a screen. The line `More`
    // names them. The options `--version` and `--help` are visible.
    #[command(subcommand, hide = true)]
    Config(config::Command),
    #[command(subcommand, hide = true)]
    Context(contexts::Command),
    #[command(hide = true)]
    Export(export::ExportArgs),
    #[command(subcommand, hide = true)]
    Lab(lab::Command),
    #[command(subcommand, hide = true)]
    Person(person::Command),
    #[command(hide = true)]
    Version(version::VersionArgs),
    #[command(hide = true)]
    Completions(completions::CompletionsArgs),
    #[command(hide = true)]
    Help(help::HelpArgs),
    #[command(hide = true)]
    Man(man::ManArgs),
}

impl Command {
    /// The default log. `serve` also logs messages of the level info, such as refused requests.
    /// Other commands log only errors, and not those of the certificate verifier, because commands
    /// report untrusted certificates.
    fn default_log(&self) -> LogDefaults {
        match self {
            Self::Serve(args) => LogDefaults { filter: "info", format: args.log_format() },
            _ => LogDefaults {
                filter: "error,rustls_platform_verifier=off",
                format: LogFormat::Text,
            },
        }
    }

    /// Whether the command runs even if a configuration file is invalid, because it repairs the
    /// file or does not need it.
    const fn repairs_configuration(&self) -> bool {
        matches!(
            self,
            Self::Config(_)
                | Self::Completions(_)
                | Self::Version(_)
                | Self::Help(_)
                | Self::Man(_)
        )
    }

    /// Whether a pager shows the output if it is long. Such a command shows a list or a report, and
    /// asks no questions.
    const fn is_for_reading(&self) -> bool {
        match self {
            Self::Status(_)
            | Self::Doctor(_)
            | Self::Find(_)
            | Self::History(_)
            | Self::Plan(_)
            | Self::Help(_) => true,
            Self::Rule(command) => matches!(
                command,
                rule::Command::List(_)
                    | rule::Command::Show(_)
                    | rule::Command::Diff(_)
                    | rule::Command::Explain(_)
            ),
            Self::Host(command) => {
                matches!(
                    command,
                    host::Command::List(_) | host::Command::Show(_) | host::Command::Diagnose(_)
                )
            }
            Self::Event(command) => matches!(
                command,
                event::Command::List(_) | event::Command::Show(_) | event::Command::Stats(_)
            ),
            Self::Detect(detect::Command::Fields(_))
            | Self::Program(program::Command::List(_) | program::Command::Show(_))
            | Self::Tag(tag::Command::List(_))
            | Self::Token(token::Command::List(_))
            | Self::Settings(settings::Command::Show(_))
            | Self::Config(config::Command::List(_)) => true,
            _ => false,
        }
    }

    fn run(self, context: &Context) -> Result<(), CliError> {
        if self.is_for_reading() {
            context.ui.page();
        }
        match self {
            Self::Serve(args) => serve::run(context, &args),
            Self::Status(args) => context.block_on(status::run(context, args)),
            Self::Find(args) => context.block_on(find::run(context, args)),
            Self::Demo(args) => demo::run(context, &args),
            Self::Doctor(args) => context.block_on(doctor::run(context, *args)),
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
            Self::Program(command) => context.block_on(program::run(context, command)),
            Self::Person(command) => context.block_on(person::run(context, command)),
            Self::Token(command) => context.block_on(token::run(context, command)),
            Self::Enroll(command) => context.block_on(enroll::run(context, command)),
            Self::Database(command) => context.block_on(database::run(context, command)),
            Self::Lab(command) => context.block_on(lab::run(context, command)),
            Self::Detect(command) => context.block_on(detect::run(context, command)),
            Self::Config(command) => config::run(context, command),
            Self::Context(command) => contexts::run(context, command),
            Self::Completions(args) => completions::run(context, &args),
            Self::Version(args) => context.block_on(version::run(context, args)),
            Self::Help(args) => help::run(context, &args, &command()),
            Self::Man(args) => man::run(&args, command()),
        }
    }
}

/// Parses the arguments of this process. `help COMMAND` becomes `COMMAND --help`, but `help TOPIC`
/// stays. Errors have tips.
fn parse() -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse().map_err(usage::with_tips)?;
    let help = match &cli.command {
        Command::Help(args) => args.command_line(&command()),
        _ => None,
    };
    help.map_or(Ok(cli), Cli::try_parse_from)
}

/// Runs the command of this process.
pub fn run() -> ExitCode {
    if let Some(code) = completion::respond() {
        return code;
    }
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            return match print_usage(&error) {
                Ok(()) => ExitCode::from(code),
                Err(error) => ExitCode::from(CliError::from(error).kind.exit_code()),
            };
        }
    };
    let Cli { command, globals } = cli;
    let defaults =
        OutputOptions { color: globals.color.unwrap_or_default(), ..OutputOptions::default() };
    match Context::open(globals, command.default_log(), command.repairs_configuration()) {
        Ok(context) => {
            let result = command.run(&context);
            let result = match (result, context.ui.end_page()) {
                // The pager did not read the output because the pager could not be run.
                (Err(error), Err(pager)) if error.kind == Kind::BrokenPipe => Err(pager),
                (result, paged) => result.and(paged),
            };
            exit_code(&context.ui, result)
        }
        Err(error) => exit_code(&Ui::new(defaults, Clock::System), Err(error)),
    }
}

/// Writes an error about the command line, or a help page. Errors are wrapped on a terminal.
fn print_usage(error: &clap::Error) -> io::Result<()> {
    let columns = Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
    match columns.filter(|_| error.use_stderr() && io::stderr().is_terminal()) {
        Some(columns) => {
            let text = error.render().ansi().to_string();
            anstream::stderr().write_all(fit_usage(&text, columns).as_bytes())
        }
        None => error.print(),
    }
}

fn exit_code(ui: &Ui, result: Result<(), CliError>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// All commands, for completions, manual pages and tests.
pub fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_valid() {
        command().debug_assert();
    }

    #[test]
    fn the_first_page_fits_on_a_screen() {
        let help = command().term_width(80).render_long_help().to_string();
        assert!(help.lines().count() <= 24, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        for topic in help::Topic::ALL {
            assert!(help.contains(topic.name()), "{help}");
        }
    }

    #[test]
    fn the_first_page_has_every_global_option() {
        for option in command().get_arguments().filter_map(clap::Arg::get_long) {
            assert!(MORE.contains(&format!("--{option}")), "{option}");
        }
    }

    #[test]
    fn the_first_page_has_every_command() {
        let help = command().render_long_help().to_string();
        let words: Vec<&str> = help.split_whitespace().collect();
        // `--help` shows `help`. Only the build uses `man`.
        for command in
            command().get_subcommands().filter(|it| !["help", "man"].contains(&it.get_name()))
        {
            assert!(words.contains(&command.get_name()), "{}", command.get_name());
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
    fn examples_fit_into_80_columns_and_are_not_wrapped() {
        fn check(command: &clap::Command, path: &str) {
            let name = format!("{path} {}", command.get_name());
            if let Some(examples) = command.get_after_long_help().map(ToString::to_string) {
                for line in examples.lines() {
                    assert!(line.chars().count() <= 80, "{name}: {line}");
                }
                let shown = command.clone().term_width(80).render_long_help().to_string();
                assert!(shown.contains(examples.trim_end()), "{name}: {shown}");
            }
            command.get_subcommands().for_each(|command| check(command, &name));
        }
        check(&command(), "");
    }

    #[test]
    fn help_is_imperative_without_a_period() {
        fn check(command: &clap::Command) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: {about}", command.get_name());
            assert!(about.chars().count() < 60, "{}: {about}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }

    #[test]
    fn commands_have_the_usual_aliases() {
        fn check(command: &clap::Command) {
            let expected: &[&str] = match command.get_name() {
                "list" => &["ls"],
                "remove" | "forget" | "revoke" => &["rm", "delete"],
                "delete" => &["rm"],
                _ => &[],
            };
            let aliases: Vec<&str> = command.get_visible_aliases().collect();
            assert_eq!(aliases, expected, "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }

    #[test]
    fn help_of_a_command_is_the_same_as_its_option() {
        let help = |line: &[&str]| Cli::try_parse_from(line).unwrap_err().to_string();
        let words = ["nicelist", "help", "rule", "rm"];
        let Command::Help(args) = Cli::try_parse_from(words).unwrap().command else {
            panic!("another command")
        };
        let line = args.command_line(&command()).unwrap();
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        assert_eq!(help(&line), help(&["nicelist", "rule", "remove", "--help"]));
    }
}
