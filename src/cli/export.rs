//! `nicelist export`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arg::revision;
use super::context::Context;
use super::error::CliError;
use super::policy_files;
use super::ui::Ui;
use crate::api::{PolicyAnswer, PolicyChange, PolicyRequest, RollbackRequest, Subject};
use crate::client::Client;
use crate::fleet::{PolicyState, Setting, SettingKey, Tag};
use crate::format::{Content, Defaults, File, Format, ParsedPolicy, manifest};
use crate::rule::{Revision, Rule, RuleKey, Scope, TagName};

/// Export the whole policy as a manifest
///
/// Exports tags, settings and rules, to one file if PATH ends in .toml and to a folder otherwise.
/// An existing manifest keeps its comments, its order and its files: only the differences are
/// written. A file that is not a manifest is never overwritten.
///
/// --at exports the policy that a rollback to that revision would restore.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist export -f policy/
  nicelist export -f policy.toml
  nicelist export -f before/ --at 41
  nicelist export -f - | less")]
pub(crate) struct ExportArgs {
    /// File or folder to write; - writes one file to stdout
    #[arg(short, long, value_name = "PATH")]
    file: PathBuf,
    /// Export the policy of this revision
    #[arg(long, value_name = "REVISION", value_parser = revision)]
    at: Option<Revision>,
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    if ui.has_filter() {
        let message = "--jq requires JSON output, but export writes TOML";
        return Err(CliError::usage(message).hint("nicelist rule list --jq FILTER filters rules"));
    }
    let ExportArgs { file: path, at } = args;
    let folder = is_folder(&path)?;
    let client = context.client().await?;
    let progress = ui.progress(None, format!("reading from {}", client.address()));
    let wanted = in_force(&client, at).await?;
    drop(progress);
    if path == Path::new(policy_files::STDIO) {
        let PolicyState { tags, settings, rules } = &wanted;
        let written = manifest::write(Content { rules, settings, tags });
        return written.files.iter().try_for_each(|file| ui.data(&file.bytes));
    }
    let before = match (path.exists(), folder) {
        (false, true) => Vec::new(),
        (false, false) => vec![File::default()],
        (true, _) => policy_files::read_files(&path)?,
    };
    let read = read(ui, &path, folder, &before)?;
    let after = manifest::update(&before, &read, folder, &wanted);
    let mut changed = 0;
    for file in after.iter().filter(|file| !path.exists() || !before.contains(file)) {
        changed += 1;
        let place = if folder { path.join(&file.name) } else { path.clone() };
        policy_files::write_file(&place, &file.bytes)?;
    }
    let PolicyState { tags, settings, rules } = &wanted;
    let counts = [
        policy_files::counted(tags.len(), "tag"),
        policy_files::counted(settings.len(), "setting"),
        policy_files::counted(rules.len(), "rule"),
    ];
    let written = match changed {
        0 => "no changes to".to_owned(),
        count => format!("wrote {} of", policy_files::counted(count, "file")),
    };
    ui.status(format!("{written} {}: {}", path.display(), counts.join(", ")));
    Ok(())
}

/// Whether a path is a folder, or will be one.
fn is_folder(path: &Path) -> Result<bool, CliError> {
    if path.is_dir() || path == Path::new(policy_files::STDIO) {
        return Ok(path.is_dir());
    }
    match Format::of_name(&policy_files::name_of(path)) {
        Some(Format::Toml) => Ok(false),
        None if !path.exists() => Ok(true),
        Some(_) | None => {
            let text = format!("{} is not a manifest; nothing was written", path.display());
            Err(CliError::usage(text)
                .hint("use a .toml file or a folder; nicelist rule export writes other formats"))
        }
    }
}

/// The content of the existing files.
fn read(ui: &Ui, path: &Path, folder: bool, before: &[File]) -> Result<ParsedPolicy, CliError> {
    if before.iter().all(|file| file.bytes.is_empty()) {
        return Ok(ParsedPolicy::default());
    }
    let mut read = manifest::read(before, &Defaults::default());
    if folder {
        let base = policy_files::name_of(path);
        let base = base.trim_end_matches('/');
        read.files.iter_mut().for_each(|name| *name = format!("{base}/{name}"));
    }
    policy_files::refuse_faults(ui, &read).map_err(|error| {
        error.hint("fix the manifest first; export updates only valid manifests")
    })?;
    Ok(read)
}

/// The active policy, or the policy that a rollback to `at` would restore.
pub(crate) async fn in_force(
    client: &Client,
    at: Option<Revision>,
) -> Result<PolicyState, CliError> {
    let PolicyAnswer { revision, changes, .. } = all_of(client).await?;
    let mut found = Collected::default();
    changes.into_iter().try_for_each(|change| found.take(change, Side::Before))?;
    if let Some(at) = at {
        let request =
            RollbackRequest { dry_run: true, base: Some(revision), ..RollbackRequest::default() };
        let PolicyAnswer { changes, .. } = client.rollback(at, &request).await?;
        changes.into_iter().try_for_each(|change| found.take(change, Side::After))?;
    }
    Ok(found.into())
}

/// The part of the active policy that this program can read, and why it cannot read the rest.
pub(crate) async fn readable(client: &Client) -> Result<(PolicyState, Vec<String>), CliError> {
    let (mut found, mut unreadable) = (Collected::default(), Vec::new());
    for change in all_of(client).await?.changes {
        if let Err(error) = found.take(change, Side::Before) {
            unreadable.push(format!("{}: {}", error.message, error.causes.join("; ")));
        }
    }
    Ok((found.into(), unreadable))
}

/// A plan that would remove everything. It contains the whole active policy.
async fn all_of(client: &Client) -> Result<PolicyAnswer, CliError> {
    let nothing = PolicyRequest { dry_run: true, prune: true, ..PolicyRequest::default() };
    Ok(client.change_policy(&nothing).await?)
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

impl Side {
    fn of<T>(self, before: Option<T>, after: Option<T>) -> Option<T> {
        match self {
            Self::Before => before,
            Self::After => after,
        }
    }
}

#[derive(Default)]
struct Collected {
    tags: BTreeMap<TagName, Tag>,
    settings: BTreeMap<(Scope, SettingKey), Setting>,
    rules: BTreeMap<RuleKey, Rule>,
}

impl From<Collected> for PolicyState {
    fn from(Collected { tags, settings, rules }: Collected) -> Self {
        Self {
            tags: tags.into_values().collect(),
            settings: settings.into_iter().map(|((scope, _), setting)| (scope, setting)).collect(),
            rules: rules.into_values().collect(),
        }
    }
}

impl Collected {
    /// Stores an item as it is before or after a difference. If it does not exist then, removes it.
    fn take(&mut self, change: PolicyChange, side: Side) -> Result<(), CliError> {
        match change.subject {
            Subject::Tag { name, before, after, .. } => {
                let tag = side.of(before, after).map(|tag| *tag);
                replace(&mut self.tags, name, tag);
            }
            Subject::Setting { scope, key, before, after } => {
                let setting = side.of(before, after).map(|value| Setting::parse(key, &value));
                let setting = setting.transpose().map_err(|error| newer(&key, &error))?;
                replace(&mut self.settings, (scope, key), setting);
            }
            Subject::Rule { target, scope, before, after } => {
                let key = RuleKey { target, scope };
                let rule = side.of(before, after).map(|draft| Rule::try_from(*draft));
                let rule = rule.transpose().map_err(|error| newer(&key.target, &error))?;
                replace(&mut self.rules, key, rule);
            }
        }
        Ok(())
    }
}

fn replace<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

fn newer(what: &impl Display, error: &impl Display) -> CliError {
    CliError::failed(format!("cannot read {what}"))
        .because([error.to_string()])
        .hint("the server may be newer than this nicelist")
}
