//! `nicelist rule`.

mod add;
mod convert;
mod diff;
mod edit;
mod evidence;
mod explain;
mod export;
mod history;
mod import;
mod lint;
mod list;
mod remove;
mod show;
mod targets;
mod view;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;

/// Add, edit, remove and show rules
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Add(Box<add::AddArgs>),
    Edit(edit::EditArgs),
    Remove(remove::RemoveArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Convert(convert::ConvertArgs),
    Diff(diff::DiffArgs),
    Lint(lint::LintArgs),
    Explain(explain::ExplainArgs),
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), CliError> {
    match command {
        Command::Add(args) => add::run(context, *args).await,
        Command::Edit(args) => edit::run(context, args).await,
        Command::Remove(args) => remove::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Show(args) => show::run(context, args).await,
        Command::Import(args) => import::run(context, args).await,
        Command::Export(args) => export::run(context, args).await,
        Command::Convert(args) => convert::run(context, args),
        Command::Lint(args) => lint::run(context, args).await,
        Command::Diff(args) => diff::run(context, args).await,
        Command::Explain(args) => explain::run(context, args).await,
    }
}
