//! `nicelist rule`.

mod add;
mod cel;
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

use super::commands::commands;

commands! {
    /// Add, edit, remove, show and import rules
    Add => add::AddArgs,
    Edit => edit::EditArgs,
    Remove => remove::RemoveArgs,
    List => list::ListArgs,
    Show => show::ShowArgs,
    Import => import::ImportArgs,
    Export => export::ExportArgs,
    Convert => convert::ConvertArgs,
    Diff => diff::DiffArgs,
    Lint => lint::LintArgs,
    Explain => explain::ExplainArgs,
    Cel => cel::CelArgs,
}
