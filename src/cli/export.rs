//! `nicelist export`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::error::CliError;
use super::files;
use crate::api::{RuleQuery, SettingView, SettingsQuery};
use crate::client::Client;
use crate::fleet::{InForce, Setting, Tag};
use crate::format::{Content, Defaults, File, Format, manifest};

/// How often everything is read anew because others changed something meanwhile.
const ATTEMPTS: usize = 5;

/// Write the whole policy as a manifest, which then plans to nothing
///
/// Written are tags, settings and rules: to one file if PATH ends in .toml, to a folder otherwise.
/// A manifest that is there keeps its comments, its order and its files: only what differs is
/// changed in it. Nothing is written into a folder that has other files in it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist export -f policy/
  nicelist export -f policy.toml
  nicelist export -f - | less")]
pub(crate) struct ExportArgs {
    /// The file or folder; - writes one file to stdout
    #[arg(short, long, value_name = "PATH")]
    file: PathBuf,
}

pub(super) async fn run(context: &Context, args: ExportArgs) -> Result<(), CliError> {
    let ui = &context.ui;
    let ExportArgs { file: path } = args;
    let client = context.client().await?;
    let progress = ui.progress(None, format!("reading from {}", client.place()));
    let wanted = in_force(&client).await?;
    drop(progress);
    if path == Path::new(files::STDIO) {
        let InForce { tags, settings, rules } = &wanted;
        let written = manifest::write(Content { rules, settings, tags });
        return written.files.iter().try_for_each(|file| ui.raw(&file.bytes));
    }
    let folder =
        path.is_dir() || (!path.exists() && Format::of_name(&files::name_of(&path)).is_none());
    let before = match (path.exists(), folder) {
        (false, true) => Vec::new(),
        (false, false) => vec![File::default()],
        (true, _) => files::read_files(&path)?,
    };
    let is_new = before.iter().all(|file| file.bytes.is_empty());
    let read =
        if is_new { Default::default() } else { manifest::read(&before, &Defaults::default()) };
    files::refuse_faults(ui, &read)?;
    let after = manifest::update(&before, &read, folder, &wanted);
    let mut changed = 0;
    for file in &after {
        if before.contains(file) && path.exists() {
            continue;
        }
        changed += 1;
        let place = if folder { path.join(&file.name) } else { path.clone() };
        files::write_file(&place, &file.bytes)?;
    }
    let InForce { tags, settings, rules } = &wanted;
    let told = [
        files::counted(tags.len(), "tag"),
        files::counted(settings.len(), "setting"),
        files::counted(rules.len(), "rule"),
    ];
    let written = match changed {
        0 => "nothing to change in".to_owned(),
        count => format!("wrote {} of", files::counted(count, "file")),
    };
    ui.status(format!("{written} {}: {}", path.display(), told.join(", ")));
    Ok(())
}

/// Everything that is in force, of one moment.
async fn in_force(client: &Client) -> Result<InForce, CliError> {
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let before = client.status().await?.revision;
        let settings = client.settings(&SettingsQuery::default()).await?;
        let settings: Result<Vec<_>, CliError> = settings.into_iter().map(setting).collect();
        let found = InForce {
            tags: client.tags().await?.into_iter().map(Tag::from).collect(),
            settings: settings?,
            rules: super::rule::all(client, &RuleQuery::default()).await?,
        };
        if client.status().await?.revision == before {
            return Ok(found);
        }
        if left == 0 {
            return Err(CliError::failed("others keep changing the policy; try again"));
        }
    }
}

fn setting(view: SettingView) -> Result<(crate::rule::Scope, Setting), CliError> {
    let SettingView { scope, key, value } = view;
    let setting = Setting::parse(key, &value).map_err(|error| {
        CliError::failed(format!("cannot read {key} of {scope}"))
            .because([error.to_string()])
            .hint("the server may be newer than this nicelist")
    })?;
    Ok((scope, setting))
}
