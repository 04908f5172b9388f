//! `nicelist tag create`.

use clap::Args;

use crate::api::TagRequest;
use crate::cli::change;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::{HostPattern, Membership, ReportedName, Serial, TagDescription};
use crate::rule::TagName;

/// Make a tag, or change one
///
/// Among the tags of a host the one with the higher priority is the stronger.
///
/// A host has a tag if it was given it (host tag), or if it is a member: its serial number, its
/// primary user, one of that user's groups or its host name is named here. The members named
/// here take the place of all that the tag had; where none are named, those stay.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist tag create eng --description 'Engineering'
  nicelist tag create canary --priority 10
  nicelist tag create design --group design-team --hostname 'design-*'
  nicelist tag create loaners --serial C02XK0AAJG5J --serial C02XK0ABJG5J
  nicelist tag create loaners --no-members")]
pub(crate) struct CreateArgs {
    /// Its name
    name: TagName,
    /// Its strength among tags; higher is stronger
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_name = "N")]
    priority: i32,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<TagDescription>,
    #[command(flatten)]
    members: Members,
    /// Show what would happen and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The members of a tag.
#[derive(Debug, Args)]
struct Members {
    /// Have as a member the host with this serial number; may be given several times
    #[arg(long = "serial", value_name = "SERIAL")]
    serials: Vec<Serial>,
    /// Have as members the hosts of this primary user; may be given several times
    #[arg(long = "user", value_name = "NAME")]
    users: Vec<ReportedName>,
    /// Have as members the hosts that report this group; may be given several times
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<ReportedName>,
    /// Have as members the hosts with such a name, where * stands for any letters and ? for one
    #[arg(long = "hostname", value_name = "PATTERN")]
    hostnames: Vec<HostPattern>,
    /// Have no members but the hosts that were given the tag
    #[arg(long, conflicts_with_all = ["serials", "users", "groups", "hostnames"])]
    no_members: bool,
}

impl Members {
    /// The new membership, or nothing if the current one stays.
    fn membership(self) -> Option<Membership> {
        let Self { serials, users, groups, hostnames, no_members } = self;
        let membership = Membership {
            serials: serials.into_iter().collect(),
            users: users.into_iter().collect(),
            groups: groups.into_iter().collect(),
            hostnames: hostnames.into_iter().collect(),
        };
        (no_members || !membership.is_empty()).then_some(membership)
    }
}

pub(super) async fn run(context: &Context, args: CreateArgs) -> Result<(), CliError> {
    let CreateArgs { name, priority, description, members, dry_run } = args;
    let membership = members.membership();
    let request = TagRequest { name, priority, description, membership, dry_run };
    let answer = context.client_to_change(dry_run).await?.put_tag(&request).await?;
    change::show(&context.ui, &answer, [format!("tag {}", request.name)], dry_run)
}
