//! `nicelist tag create`.

use clap::Args;

use crate::api::TagRequest;
use crate::cli::change::{self, Edit};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::fleet::{HostPattern, Membership, ReportedName, Serial, TagDescription};
use crate::rule::TagName;

/// Create or change a tag
///
/// If a host has several tags, the tag with the highest priority wins.
///
/// A host has a tag if you assigned the tag with `nicelist host tag`, or if the host is a member of
/// the tag. A host is a member if the tag lists its serial number, its primary user, one of the
/// user's groups or its host name. If you give any members, they replace all members of the tag.
///
/// If the tag exists, the priority, the description and the members do not change unless you give
/// them.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist tag create eng --description 'Engineering'
  nicelist tag create canary --priority 10
  nicelist tag create design --group design-team --hostname 'design-*'
  nicelist tag create loaners --serial C02XK0AAJG5J --serial C02XK0ABJG5J
  nicelist tag create loaners --no-members")]
pub(crate) struct CreateArgs {
    /// Name of the tag
    name: TagName,
    /// Priority [default: 0 for a new tag]; the tag with the highest priority wins
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    priority: Option<i32>,
    /// Description of the tag; an empty text removes the description
    #[arg(long, value_name = "TEXT")]
    description: Option<TagDescription>,
    #[command(flatten)]
    members: Members,
    /// Show what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
}

/// The members of a tag.
#[derive(Debug, Args)]
struct Members {
    /// The host with this serial number is a member; can be repeated
    #[arg(long = "serial", value_name = "SERIAL")]
    serials: Vec<Serial>,
    /// Hosts of this primary user are members; can be repeated
    #[arg(long = "user", value_name = "NAME")]
    users: Vec<ReportedName>,
    /// Hosts that report this group are members; can be repeated
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<ReportedName>,
    /// Hosts with this name are members; * matches any text, ? one character; can be repeated
    #[arg(long = "hostname", value_name = "PATTERN")]
    hostnames: Vec<HostPattern>,
    /// Remove all members; hosts that got the tag with nicelist host tag keep it
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
    let name = request.name.to_string();
    let edit = Edit { label: format!("tag {name}"), name };
    change::show(&context.ui, &answer, [edit], dry_run)
}
