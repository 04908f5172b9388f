//! `nicelist detect import`.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

use super::rule_input;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::{FaultList, STDIO, counted, write_file};
use crate::cli::ui::{Cell, Column, Row, Ui};
use crate::detect::rule_files::SourceFile;
use crate::detect::sigma::{self, Conversion, Report};

/// Convert detections from another format
///
/// Reads Sigma rules for macOS from a file or a folder, and writes them as detections. The
/// categories process_creation and file_event are supported. The ID, level, tags, references,
/// license and author of each rule are kept.
///
/// Rules that cannot be converted are listed with their reasons, and the others are written. With
/// --strict, nothing is written if a rule cannot be converted. If nothing was written, the exit code
/// is 5.
///
/// With -O, each rule is written to a file of its own, with the name of its Sigma file. Existing
/// files are not overwritten, unless --force is given.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist detect import --from sigma rules/macos -O detections
  nicelist detect import --from sigma rule.yml > detection.yaml
  nicelist detect import --from sigma rules/macos --strict -O detections --force")]
pub(crate) struct ImportArgs {
    /// Format of the detections
    #[arg(long, value_name = "FORMAT")]
    from: Origin,
    /// File or folder to read; - reads stdin
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    path: PathBuf,
    /// Folder to write to; - writes to stdout
    #[arg(short = 'O', long = "out", value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
    /// Write nothing if a rule cannot be converted
    #[arg(long)]
    strict: bool,
    /// Overwrite existing files
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Origin {
    Sigma,
}

pub(super) async fn run(context: &Context, args: ImportArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let ImportArgs { from, path, out, strict, force } = args;
    let files = rule_input::open(&path)?;
    let conversion = match from {
        Origin::Sigma => sigma::convert(&files),
    };
    report(ui, &files, &conversion);
    let refused = conversion.refused();
    if conversion.rules.is_empty() || strict && refused > 0 {
        let text = format!("{} cannot be converted; nothing was written", counted(refused, "rule"));
        return Err(CliError::input(text));
    }
    let Some(folder) = out.filter(|folder| folder != Path::new(STDIO)) else {
        return ui.raw(sigma::document(&conversion.rules).as_bytes());
    };
    write(&folder, &files, &conversion, force)?;
    let summary = Summary { converted: conversion.rules.len(), refused };
    ui.row(&summary)?;
    let done = counted(summary.converted, "rule");
    let left_out = match refused {
        0 => String::new(),
        count => format!(", left out {count}"),
    };
    ui.status(format!("wrote {done} to {}{left_out}", folder.display()));
    Ok(())
}

/// Lists the rules that cannot be converted, and warns about the others.
fn report(ui: &Ui, files: &[SourceFile], conversion: &Conversion) {
    let mut faults = FaultList::new(ui, true);
    for report in &conversion.reports {
        let Report { file, position, rule, reason, is_refusal } = report;
        let name = files.get(*file).map_or("", |file| &*file.name);
        let place = match position {
            Some(at) => format!("{name}:{}:{}", at.line, at.column),
            None => name.to_owned(),
        };
        let rule = rule.as_ref().map(|rule| format!("{rule}: ")).unwrap_or_default();
        let text = format!("{place}: {rule}{reason}");
        match is_refusal {
            true => faults.add(text),
            false => ui.warn(text),
        }
    }
}

fn write(
    folder: &Path,
    files: &[SourceFile],
    conversion: &Conversion,
    force: bool,
) -> Result<(), CliError> {
    let mut names = HashSet::new();
    let mut paths = Vec::new();
    for rule in &conversion.rules {
        let name = files.get(rule.file).map_or("", |file| &*file.name);
        let stem = Path::new(name).file_stem().map(|it| it.to_string_lossy().into_owned());
        // Files of different folders may have the same name.
        let stem = stem.filter(|stem| names.insert(stem.clone()));
        let name = format!("{}.yaml", stem.unwrap_or_else(|| rule.id.as_str().replace(':', "_")));
        let path = folder.join(name);
        if !force && fs::exists(&path).is_ok_and(|exists| exists) {
            let text = format!("{} already exists; nothing was written", path.display());
            return Err(CliError::usage(text).hint("to overwrite existing files: --force"));
        }
        paths.push(path);
    }
    for (path, rule) in paths.iter().zip(&conversion.rules) {
        write_file(path, sigma::document([rule]).as_bytes())?;
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct Summary {
    converted: usize,
    refused: usize,
}

/// A table has no columns, because the line on stderr has the same numbers.
impl Row for Summary {
    const HEADED: bool = false;

    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::csv("converted", |it| Cell::text(it.converted)),
            Column::csv("refused", |it| Cell::text(it.refused)),
        ]
    }
}
