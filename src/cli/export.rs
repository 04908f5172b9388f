//! `nicelist export`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::error::CliError;
use super::files;
use super::ui::Ui;
use crate::api::{RuleQuery, SettingView, SettingsQuery};
use crate::client::Client;
use crate::fleet::{InForce, Setting, Tag};
use crate::format::{Content, Defaults, Document, File, Format, manifest};
use crate::rule::Scope;

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
    let changed = write(ui, &path, &wanted)?;
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

/// Makes the files say what is in force. Answers how many were written.
fn write(ui: &Ui, path: &Path, wanted: &InForce) -> Result<usize, CliError> {
    let is_new = !path.exists();
    let folder = match is_new {
        true => Format::of_name(&files::name_of(path)) != Some(Format::Toml),
        false => path.is_dir(),
    };
    let before = match (is_new, folder) {
        (true, true) => Vec::new(),
        (true, false) => vec![File::default()],
        (false, _) => files::read_files(path)?,
    };
    let mut read = match is_new {
        true => Document::default(),
        false => manifest::read(&before, &Defaults::default()),
    };
    if folder {
        let inside = |name: &mut String| *name = path.join(&*name).display().to_string();
        read.files.iter_mut().for_each(inside);
    }
    files::refuse_faults(ui, &read)?;
    let after = manifest::update(&before, &read, folder, wanted);
    let changed = after.iter().filter(|file| is_new || !before.contains(file));
    let mut count = 0;
    for file in changed {
        let place = if folder { path.join(&file.name) } else { path.to_owned() };
        files::write_file(&place, &file.bytes)?;
        count += 1;
    }
    Ok(count)
}

/// Everything that is in force, of one moment.
pub(crate) async fn in_force(client: &Client) -> Result<InForce, CliError> {
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

fn setting(view: SettingView) -> Result<(Scope, Setting), CliError> {
    let SettingView { scope, key, value } = view;
    let setting = Setting::parse(key, &value).map_err(|error| {
        CliError::failed(format!("cannot read {key} of {scope}"))
            .because([error.to_string()])
            .hint("the server may be newer than this nicelist")
    })?;
    Ok((scope, setting))
}
