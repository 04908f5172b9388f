//! Files that are read as a whole: their format, their content, and their faults.

use std::io;
use std::path::Path;

use super::bounded::Bounded;
use super::fault_list::FaultList;
use super::input::counted;
use super::path::{STDIO, name_of, read_file, read_folder, unreadable};
use super::read_args::ReadArgs;
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::format::profile;
use crate::format::{Defaults, File, Format, NonRuleFile, NonRuleFileKind, ParsedPolicy, Remark};
use crate::rule::Scope;

/// Reads the settings of a configuration profile, `-` for stdin.
///
/// # Errors
/// If it cannot be read, or is not a profile.
pub(crate) fn read_settings(path: &Path, scope: &Scope) -> Result<ParsedPolicy, CliError> {
    const OTHERS: &str = "nicelist apply -f FILE reads the settings of a manifest or of Moroz";
    Ok(profile::read_settings(&read_plist(path, OTHERS)?, scope))
}

/// Reads a configuration profile that enrolls Macs, `-` for stdin.
///
/// # Errors
/// If it cannot be read, or is not a profile.
pub(crate) fn read_profile(path: &Path) -> Result<File, CliError> {
    read_plist(path, "to create a profile: nicelist enroll profile --url URL")
}

/// Reads a property list. `others` is the hint about files of other kinds.
fn read_plist(path: &Path, others: &str) -> Result<File, CliError> {
    let file = read_one(path)?;
    let non_rule_file =
        NonRuleFile::of_bytes(&file).map(|non_rule_file| match non_rule_file.kind {
            NonRuleFileKind::Profile => non_rule_file,
            NonRuleFileKind::Other => {
                let what = non_rule_file.what.replace("a file of rules", "a configuration profile");
                NonRuleFile { what, hint: Some(others.to_owned()), ..non_rule_file }
            }
        });
    refuse_non_rule_file(non_rule_file, &file.name)?;
    if !profile::recognises(&file) {
        let text = format!("{} is not a configuration profile or a property list", file.name);
        return Err(CliError::input(text).hint(others));
    }
    Ok(file)
}

fn read_one(path: &Path) -> Result<File, CliError> {
    let read = match path == Path::new(STDIO) {
        true => Bounded::rules(io::stdin()).read_all(),
        false => read_file(path),
    };
    let bytes = read.map_err(|error| unreadable(path, &error))?;
    Ok(File { name: name_of(path), bytes })
}

/// Maximum notes that are shown.
const SHOWN_NOTES: usize = 50;

/// Warns about parts of the files that their author may not expect.
pub(crate) fn warn_of_notes(ui: &Ui, policy: &ParsedPolicy) {
    for note in policy.notes.iter().take(SHOWN_NOTES) {
        ui.warn(format!("{}: {}", policy.name_of(note.location), note.text));
    }
    if let more @ 1.. = policy.notes.len().saturating_sub(SHOWN_NOTES) {
        ui.warn(format!("and {}", counted(more, "more note")));
    }
}

/// Refuses `--configuration` for a format without configurations.
pub(crate) fn refuse_configuration(
    configuration: Option<&str>,
    format: Format,
    name: &str,
) -> Result<(), CliError> {
    match (configuration, format.has_configurations()) {
        (Some(_), false) => Err(CliError::usage(format!(
            "--configuration is only for Zentral's formats, but the format of {name} is {format}"
        ))),
        (Some(_) | None, _) => Ok(()),
    }
}

/// Reads a path as a whole, `-` for stdin. Faults in it are part of the result.
///
/// # Errors
/// For example, if it cannot be read, or its format is unknown.
pub(crate) fn read_whole(path: &Path, args: &ReadArgs) -> Result<(Format, ParsedPolicy), CliError> {
    let defaults = args.defaults();
    if path != Path::new(STDIO) && path.is_dir() {
        return folder(path, args.from, &defaults);
    }
    let file = read_one(path)?;
    let format = detect(args.from, &file)?;
    Ok((format, format.read(&[file], &defaults)))
}

/// Shows the first faults, and the number of the others.
///
/// # Errors
/// If there are any.
pub(crate) fn refuse_faults(ui: &Ui, policy: &ParsedPolicy) -> Result<(), CliError> {
    let mut faults = FaultList::new(ui, false);
    for Remark { location, text } in &policy.faults {
        faults.add(format!("{}: {text}", policy.name_of(*location)));
    }
    faults.count_hidden();
    match policy.faults.len() {
        0 => Ok(()),
        count => {
            Err(CliError::input(format!("found {}; nothing was changed", counted(count, "error"))))
        }
    }
}

/// The format of a file: the given one, or else the detected one.
pub(super) fn detect(format: Option<Format>, file: &File) -> Result<Format, CliError> {
    refuse_non_rule_file(NonRuleFile::of_bytes(file), &file.name)?;
    let found = match format {
        Some(format) => format.recognises(file).then_some(format),
        None => Format::of_content(file),
    };
    if found.is_none() {
        refuse_non_rule_file(NonRuleFile::of_content(file), &file.name)?;
    }
    let named = || Format::of_name(&file.name);
    format.or(found).or_else(named).ok_or_else(|| unknown(&file.name))
}

pub(super) fn refuse_non_rule_file(
    non_rule_file: Option<NonRuleFile>,
    name: &str,
) -> Result<(), CliError> {
    match non_rule_file {
        None => Ok(()),
        Some(NonRuleFile { what, hint, kind: _ }) => {
            let error = CliError::input(format!("{name} {what}"));
            Err(hint.into_iter().fold(error, CliError::hint))
        }
    }
}

pub(super) fn folder(
    path: &Path,
    format: Option<Format>,
    defaults: &Defaults,
) -> Result<(Format, ParsedPolicy), CliError> {
    let name = name_of(path);
    let files = read_folder(path)?;
    let mut found = files.iter().filter_map(Format::of_content);
    // Used if the content of no file shows the format, for example for a manifest with a fault or
    // for a folder that contains only CSV files.
    let named = files.iter().filter_map(|file| Format::of_name(&file.name));
    let named = named
        .filter(|it| matches!(it, Format::Toml | Format::Csv | Format::Tsv))
        .map(|_| Format::Toml)
        .next();
    let format = match format {
        Some(format) => format,
        None => found.find(|it| it.has_folders()).or(named).ok_or_else(|| unknown(&name))?,
    };
    if !format.has_folders() {
        return Err(CliError::usage(format!(
            "{name} is a folder, but the format {format} is a \
            single file"
        )));
    }
    let mut policy = format.read(&files, defaults);
    let base = name.trim_end_matches('/');
    policy.files.iter_mut().for_each(|file| *file = format!("{base}/{file}"));
    Ok((format, policy))
}

fn unknown(name: &str) -> CliError {
    let words: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
    CliError::input(format!("cannot detect the format of {name}"))
        .hint(format!("choose one with --from: {}", words.join(", ")))
}
