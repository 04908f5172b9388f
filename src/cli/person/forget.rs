//! `nicelist person forget`.

use clap::Args;

use crate::api::{ForgetPersonAnswer, ForgetPersonRequest};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::counted;
use crate::client::Client;
use crate::fleet::PersonName;

/// Replace the name of a person with a pseudonym
///
/// Replaces the name in events, sightings, hosts, the history and old versions of rules and tags,
/// and removes its bytes from the database. Records with the same pseudonym still belong together.
/// An interrupted run continues when you run the command again.
///
/// The command is refused while an active rule, setting, tag or token names the person.
///
/// Backups keep the name, and so do logs and exported files. PostgreSQL's write-ahead log and
/// replicas keep the name until they reuse the space. A Mac of the person that still syncs reports
/// the name again.
#[derive(Debug, Args)]
#[command(visible_aliases = ["rm", "delete"])]
#[command(after_long_help = "\
Examples:
  nicelist person forget anna --dry-run
  nicelist person forget anna
  nicelist person forget anna --yes")]
pub(crate) struct ForgetArgs {
    /// Name of the person's account, as Macs report it
    #[arg(value_name = "NAME")]
    name: PersonName,
    /// Show the number of records with the name, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: ForgetArgs) -> Result<(), CliError> {
    let ForgetArgs { name, dry_run, yes } = args;
    let client = context.client_to_change(dry_run).await?;
    let found = forget(&client, &name, true).await?;
    warn_of_unreadable(context, &name, &found);
    let is_named = has_records(&found);
    if dry_run {
        context.ui.status(match is_named {
            true => format!("would replace {name} in {}", records(&found)),
            false => format!("nothing to do: no record names {name}"),
        });
        return Ok(());
    }
    if is_named {
        let question = format!("Permanently replace {name} in {}?", records(&found));
        context.ui.confirm(&question, yes)?;
    }
    // An earlier run may have been interrupted before it removed the bytes of the name.
    let replaced = forget(&client, &name, false).await?;
    let pseudonym = replaced.pseudonym.as_deref().unwrap_or_default();
    if !has_records(&replaced) && !replaced.erased {
        context.ui.status(format!("nothing to do: no record names {name}"));
        return Ok(());
    }
    context.ui.status(match has_records(&replaced) {
        true => format!("replaced {name} with {pseudonym} in {}", records(&replaced)),
        false => format!("removed the bytes of {name} from the database"),
    });
    context
        .ui
        .hint("backups and logs keep the name, and so does the WAL of PostgreSQL for a while");
    if replaced.hosts > 0 {
        context.ui.hint("hosts of this person report the name again when they sync");
    }
    Ok(())
}

/// Warns of rows that keep the name.
fn warn_of_unreadable(context: &Context, name: &PersonName, answer: &ForgetPersonAnswer) {
    let rows = usize::try_from(answer.unreadable).unwrap_or(usize::MAX);
    if rows > 0 {
        let rows = counted(rows, "row");
        context.ui.warn(format!(
            "{rows} of the database cannot be read and may contain {name}; forgetting the person \
             does not change them"
        ));
        context.ui.hint("use the version of nicelist that wrote them, or the newest version");
    }
}

/// Repeats the request until the whole database is covered. Returns the sums.
async fn forget(
    client: &Client,
    name: &PersonName,
    dry_run: bool,
) -> Result<ForgetPersonAnswer, CliError> {
    let mut total = ForgetPersonAnswer::default();
    let mut request = ForgetPersonRequest { dry_run, cursor: None };
    loop {
        let answer = client.forget_person(name, &request).await?;
        total = ForgetPersonAnswer {
            pseudonym: answer.pseudonym,
            hosts: total.hosts + answer.hosts,
            events: total.events + answer.events,
            sightings: total.sightings + answer.sightings,
            texts: total.texts + answer.texts,
            unreadable: total.unreadable + answer.unreadable,
            next: None,
            erased: answer.erased,
        };
        request.cursor = answer.next;
        if request.cursor.is_none() {
            return Ok(total);
        }
    }
}

fn has_records(answer: &ForgetPersonAnswer) -> bool {
    let ForgetPersonAnswer { hosts, events, sightings, texts, .. } = answer;
    hosts + events + sightings + texts > 0
}

fn records(answer: &ForgetPersonAnswer) -> String {
    let ForgetPersonAnswer { hosts, events, sightings, texts, .. } = answer;
    let counts = [
        (*events, "event"),
        (*sightings, "sighting"),
        (*hosts, "host"),
        (*texts, "record of the history"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, what)| match what {
        "record of the history" if count > 1 => format!("{count} records of the history"),
        what => counted(usize::try_from(count).unwrap_or(usize::MAX), what),
    });
    counts.collect::<Vec<_>>().join(", ")
}
