//! `nicelist host accept`.

use clap::Args;

use super::view::{full_label, mac_label};
use crate::api::{AcceptMacRequest, HostView};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::client::exactly;
use crate::fleet::Fingerprint;

/// Accept a Mac as the only one with its machine ID
///
/// Ends a conflict between several Macs with the same machine ID, and allows a Mac that was refused
/// because of the setting machine-id-conflicts=refuse. Without --serial, accepts the Mac that was
/// refused last. If none was refused, accepts the Mac that synced last. If another Mac with the
/// machine ID syncs afterwards, there is a new conflict immediately.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist host show annas-mac
  nicelist host accept annas-mac
  nicelist host accept annas-mac --serial C02XK0ABCD --yes
  nicelist host accept annas-mac --dry-run")]
pub(crate) struct AcceptArgs {
    /// Machine ID, serial number or host name, or a unique prefix of one
    host: String,
    /// Accept the Mac with this serial number
    #[arg(long)]
    serial: Option<String>,
    /// Skip confirmation
    #[arg(short, long)]
    yes: bool,
    /// Show which Mac would be accepted, but change nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: AcceptArgs) -> Result<(), CliError> {
    let AcceptArgs { host, serial, yes, dry_run } = args;
    let client = context.client_to_change(dry_run).await?;
    let host = client.host(&host).await?;
    let mac = match &serial {
        Some(serial) => serial.clone(),
        None => mac_label(&last_mac(&host)),
    };
    if dry_run {
        context.ui.status(format!("would accept {mac} for {} (dry run)", full_label(&host)));
        return Ok(());
    }
    let question = format!("Accept {mac} as the only Mac that may sync as {}?", full_label(&host));
    context.ui.confirm(&question, yes)?;
    let accepted = client.accept_mac(&exactly(&host.machine), &AcceptMacRequest { serial }).await?;
    context.ui.row(&accepted)?;
    let mac = accepted.accepted.as_ref().map_or(mac, mac_label);
    context.ui.status(format!("accepted {mac} for {}", accepted.machine));
    Ok(())
}

/// The Mac that was refused last, or else the one that synced last.
fn last_mac(host: &HostView) -> Fingerprint {
    match &host.refused {
        Some(refused) => refused.mac.clone(),
        None => Fingerprint { serial: host.serial.clone(), model: host.model.clone() },
    }
}
