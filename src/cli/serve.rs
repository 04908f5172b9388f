//! `nicelist serve`.

mod backups;
mod limits;
mod tls;

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use jiff::SignedDuration;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::context::Context;
use super::error::CliError;
use super::exposure;
use super::log::LogFormat;
use super::signals::shutdown;
use super::ui::Facts;
use crate::config::{Backend, Secret};
use crate::fleet::parse_duration;
use crate::format::enrollment::SyncUrl;
use crate::server::{App, Durability, FirstStart, Options, SyncAuth, Tls};
use crate::shell::argument;
use backups::BackupArgs;
use limits::LimitArgs;
pub(super) use tls::TlsArgs;

/// Run the sync server and the admin API
///
/// The first start with a new database creates an admin token and an enrollment secret. The server
/// prints them only this one time. To choose them yourself, set NICELIST_BOOTSTRAP_TOKEN and
/// NICELIST_ENROLLMENT_SECRET. Ctrl-C or SIGTERM shuts the server down after the requests in
/// progress are completed.
///
/// --tls-cert and --tls-key enable TLS. With --client-ca, hosts must also send a client
/// certificate, in addition to the credential of --sync-auth. The admin API requires only a token,
/// not a client certificate. The server reloads changed certificate files automatically, or on
/// SIGHUP. If the new files are invalid, it keeps using the old ones.
///
/// With --backup-dir, the server backs up its SQLite database: at the start if the newest backup is
/// older than the interval, and then in each interval. A backup gets its name
/// nicelist-YYYYMMDDTHHMMSSZ.db after it is checked. If a backup fails, the server keeps running,
/// and nicelist status shows the reason.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist serve --database sqlite:/var/lib/nicelist/nicelist.db
  nicelist serve --listen 0.0.0.0:8080 --database sqlite:nicelist.db
  nicelist serve --listen 0.0.0.0:443 --tls-cert server.pem --tls-key server.key
  nicelist serve --tls-cert server.pem --tls-key server.key --client-ca ca.pem \\
      --sync-auth certificate
  nicelist serve --database postgres://nicelist@db.example.com/nicelist
  nicelist serve --backup-dir /var/lib/nicelist/backups --backup-every 6h
  nicelist serve --largest-body 64MiB
  nicelist serve --trusted-proxy 10.0.0.0/8
  nicelist serve --metrics-from 10.0.5.7 --log json
  nicelist serve --sync-auth none -o json")]
pub(crate) struct ServeArgs {
    /// Address to listen on; port 0 chooses a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Credential that hosts must send to sync
    #[arg(long, value_name = "CREDENTIAL", value_enum, default_value_t = HostsShow::Secret)]
    sync_auth: HostsShow,
    /// Maximum body size of requests from hosts, before and after decompression
    #[arg(long, value_name = "SIZE", default_value = "16MiB")]
    largest_body: Size,
    /// Failures that saved data must survive
    #[arg(long, value_name = "FAILURE", value_enum, default_value_t = Survives::Power)]
    durability: Survives,
    /// At startup, pause expiry and deletion if the database was unused for longer than this
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = duration)]
    longest_gap: SignedDuration,
    /// After a restore, spread the clean syncs of hosts over this time
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    restore_spread: SignedDuration,
    /// Interval between counts of hosts and pending programs, for metrics and for large fleets
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = limits::timeout)]
    count_hosts_every: Duration,
    /// Allow clients in this network to read /metrics without a token; can be repeated
    #[arg(long, value_name = "CIDR", value_parser = limits::network)]
    metrics_from: Vec<IpNet>,
    /// Format of the log on stderr
    #[arg(long = "log", value_name = "FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(flatten)]
    backups: BackupArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    tls: TlsArgs,
}

impl ServeArgs {
    pub(super) const fn log_format(&self) -> LogFormat {
        self.log_format
    }
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    parse_duration(text).ok_or_else(|| "expected a duration, as in 7d or 12h".to_owned())
}

/// What a completed write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Survives {
    /// Power failures: every commit waits for the disk
    Power,
    /// Only process crashes: a power failure may lose the changes of the last seconds
    Process,
}

/// A number of bytes, written as 16MiB, 512KiB or 1000000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size(usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        let parts = units.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)));
        let (number, unit) = parts.unwrap_or((text, 1));
        let bytes = number.trim().parse().ok().and_then(|number: usize| number.checked_mul(unit));
        let size = bytes.filter(|bytes| *bytes > 0).map(Self);
        size.ok_or_else(|| "expected a number of bytes, as in 16MiB, 512KiB or 1000000".to_owned())
    }
}

/// The credentials of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HostsShow {
    /// An enrollment secret, as a bearer token or in the path /santa/SECRET/
    Secret,
    /// Only a client certificate; requires --client-ca
    Certificate,
    /// Nothing: anyone who can reach the port can sync
    None,
}

pub(super) fn run(context: &Context, args: &ServeArgs) -> Result<(), CliError> {
    runtime()?.block_on(serve(context, args))
}

/// The runtime of a server. Half of the cores handle requests. The others are for the writer, for
/// long computations and for the kernel. More threads would only wake each other up.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism()?.get();
    Builder::new_multi_thread().worker_threads((cores / 2).max(1)).enable_all().build()
}

async fn serve(context: &Context, args: &ServeArgs) -> Result<(), CliError> {
    let Backend::Local { database, .. } = context.settings.backend()? else {
        return Err(CliError::usage("nicelist serve requires a database")
            .hint("choose one: --database sqlite:/var/lib/nicelist/nicelist.db"));
    };
    // Opening a new database creates secrets that are shown only once. Invalid TLS files must be
    // found before that.
    let tls = open_tls(context, args)?;
    let backups = args.backups.options(database)?;
    let options = Options { backups, ..options(context, args, database.expose()) };
    // For the same reason, the port is opened before the database.
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| CliError::failed(format!("cannot listen on {}: {error}", args.listen)))?;
    let address = listener.local_addr()?;
    let app = App::open(options).await.map_err(|error| CliError::failed(error.to_string()))?;
    exposure::warn(&context.ui, database);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let server = format!("{scheme}://{address}");
    if let Some(FirstStart { admin_token, enrollment_secret }) = app.first_start()
        && (admin_token.is_some() || enrollment_secret.is_some())
    {
        let secrets = [admin_token.as_deref(), enrollment_secret.as_deref()];
        show_secrets(context, &server, address, secrets)?;
    }
    context
        .ui
        .status(format!("nicelist {} serves {database} at {server}", env!("CARGO_PKG_VERSION")));
    if app.first_start().is_none() {
        context.ui.hint(format!(
            "lost the admin token? To create another one on this machine: \
             nicelist token create new-admin --role admin --database {}",
            argument(&database.to_string())
        ));
    }
    let is_open = args.sync_auth == HostsShow::None && !args.tls.demands_certificates();
    if is_open && !address.ip().is_loopback() {
        context.ui.warn("anyone who can reach this port can sync (--sync-auth none)");
    }
    let cut_off = app.serve(listener, tls, shutdown()?).await;
    context.ui.status(farewell(cut_off, args.limits.shutdown_timeout()));
    Ok(())
}

/// Shows the secrets of the first start. In tables, the URL has no secret, because profiles should
/// contain the secret in a header. Scripts get the URL with the secret.
fn show_secrets(
    context: &Context,
    server: &str,
    address: SocketAddr,
    [admin_token, enrollment_secret]: [Option<&str>; 2],
) -> Result<(), CliError> {
    let plain = format!("{server}/santa/");
    let sync_base_url = enrollment_secret.map(|secret| match context.ui.draws_tables() {
        true => plain.clone(),
        false => format!("{plain}{secret}/"),
    });
    context.ui.report(&Facts {
        title: "First start",
        fields: [
            ("server", json!(server)),
            ("admin_token", json!(admin_token)),
            ("enrollment_secret", json!(enrollment_secret)),
            ("sync_base_url", json!(sync_base_url)),
        ],
    })?;
    context.ui.hint("save these secrets now; they are stored as hashes and never shown again");
    if enrollment_secret.is_some() {
        let is_usable = !address.ip().is_unspecified() && plain.parse::<SyncUrl>().is_ok();
        let url = if is_usable { plain.as_str() } else { "https://santa.example.com/santa/" };
        context.ui.hint(format!(
            "to create a profile with the URL that Macs use, run this command, paste the \
             enrollment secret, and press Enter and Ctrl-D: nicelist enroll profile --url {url} \
             --secret-file - -O santa.mobileconfig"
        ));
    }
    Ok(())
}

fn options(context: &Context, args: &ServeArgs, database: String) -> Options {
    let exposed = |secret: &Option<Secret>| secret.as_ref().map(|it| it.expose().to_owned());
    Options {
        database,
        sync_auth: match args.sync_auth {
            HostsShow::Secret => SyncAuth::Secret,
            HostsShow::Certificate | HostsShow::None => SyncAuth::None,
        },
        client_certificates: args.tls.demands_certificates(),
        first_tokens: true,
        bootstrap_token: exposed(&context.env.bootstrap_token),
        enrollment_secret: exposed(&context.env.enrollment_secret),
        largest_body: Some(args.largest_body.0),
        longest_gap: Some(args.longest_gap),
        restore_spread: Some(args.restore_spread),
        count_hosts_every: Some(args.count_hosts_every),
        durability: match args.durability {
            Survives::Power => Durability::Power,
            Survives::Process => Durability::Process,
        },
        events_per_day: args.limits.events_per_day(),
        connections: args.limits.connections(),
        rates: args.limits.rates(),
        trusted_proxies: args.limits.trusted_proxies(),
        metrics_from: args.metrics_from.clone(),
        ..Options::default()
    }
}

/// The last line, with the number of requests that were not completed in time.
fn farewell(cut_off: usize, timeout: Duration) -> String {
    let drain = timeout.as_secs();
    match cut_off {
        0 => "shut down; all requests completed".to_owned(),
        1 => format!("shut down; 1 request was cut off after {drain} s"),
        several => format!("shut down; {several} requests were cut off after {drain} s"),
    }
}

fn open_tls(context: &Context, args: &ServeArgs) -> Result<Option<Tls>, CliError> {
    if args.sync_auth == HostsShow::Certificate && !args.tls.demands_certificates() {
        return Err(CliError::usage("--sync-auth certificate requires client certificates")
            .hint("require them: --client-ca FILE without --client-ca-optional"));
    }
    let tls = args.tls.open()?;
    if let Some(doubt) = tls.as_ref().and_then(Tls::doubt) {
        context.ui.warn(doubt);
    }
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l5_the_last_line_counts_requests_that_were_cut_off() {
        let farewell = |cut_off| farewell(cut_off, Duration::from_secs(30));
        assert_eq!(farewell(0), "shut down; all requests completed");
        assert_eq!(farewell(1), "shut down; 1 request was cut off after 30 s");
        assert_eq!(farewell(7), "shut down; 7 requests were cut off after 30 s");
    }

    #[test]
    fn sizes_are_read_in_bytes_and_in_their_multiples() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(size("16MiB"), Ok(16 << 20));
        assert_eq!(size("512 KiB"), Ok(512 << 10));
        assert_eq!(size("1000"), Ok(1000));
        for wrong in ["", "0", "-1", "16MB", "MiB", "99999999999GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
