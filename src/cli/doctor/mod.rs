//! `nicelist doctor`, which checks a server from its own machine and as a Mac sees it.
//!
//! Each check is a function that returns a [`CheckResult`]. To add a check, call its function in
//! `machine::checks` (the server's machine), `mac::checks` (as a Mac) or `admin::checks` (as an
//! administrator).

mod address;
mod admin;
mod certificate;
mod check;
mod connection;
mod descriptors;
mod mac;
mod machine;
mod sync;
mod web;

pub(super) use check::{CheckResult, CheckSection, conclude};

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

use super::arg::Confidential;
use super::context::Context;
use super::error::CliError;
use super::lab::{CertificateArgs, Enrolled};
use super::serve::TlsArgs;
use super::{pem, secret_file};
use crate::config::{Backend, CaFile, Secret};
use crate::lab::Certificates;
use mac::{MacArgs, SyncCheck, doctors_mac};

/// Find out why hosts cannot sync, and how to fix it
///
/// With --database, checks the server's machine: the configuration, the TLS files, the clock, the
/// database, its disk and the limit on file descriptors. Run it as the user of the server.
///
/// With --url, checks the server as a Mac sees it: the host name, the connection, the certificate,
/// the clock, the enrollment secret, proxies that change requests, and a whole sync. The sync
/// creates the host nicelist-doctor. With --server and a token of the role editor, the host is
/// forgotten afterward. --profile FILE does the same with the URL, headers, machine ID and CAs of a
/// configuration profile. If the profile sets a machine ID, the sync uses it instead of
/// nicelist-doctor, and this host is not forgotten. Other users of this machine can see the
/// arguments of a command, so a file is safer than --secret.
///
/// With --server, also checks the token and the version of the server. Each result is one line,
/// and most problems have a fix. The exit code is 1 if there is a problem.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist doctor --url https://santa.example.com/santa/ \\
      --secret-file secret.txt
  nicelist doctor --profile santa.mobileconfig --client-cert mac.pem \\
      --client-key mac.key
  nicelist doctor --url https://santa.example.com/santa/SECRET/ --ca ca.pem
  nicelist doctor --database sqlite:/var/lib/nicelist/nicelist.db \\
      --tls-cert server.pem --tls-key server.key
  nicelist doctor --server https://santa.example.com -o json")]
pub(crate) struct DoctorArgs {
    /// URL of the sync server, as in SyncBaseURL of a profile
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Send this enrollment secret as Authorization: Bearer
    #[arg(long, requires = "url", value_parser = Confidential::<Secret>::new())]
    secret: Option<Secret>,
    /// Send the enrollment secret in this file; - reads stdin
    #[arg(long, value_name = "FILE", requires = "url", conflicts_with = "secret")]
    #[arg(value_hint = ValueHint::FilePath)]
    secret_file: Option<PathBuf>,
    /// Configuration profile of the Mac, instead of a URL and a secret
    #[arg(long, value_name = "FILE", conflicts_with = "url", value_hint = ValueHint::FilePath)]
    profile: Option<PathBuf>,
    #[command(flatten)]
    certificates: CertificateArgs,
    #[command(flatten)]
    tls: TlsArgs,
}

pub(super) async fn run(context: &Context, args: DoctorArgs) -> Result<(), CliError> {
    let DoctorArgs { url, secret, secret_file, profile, certificates, tls } = args;
    let backend = context.settings.backend()?;
    let progress = context.ui.progress(None, "checking");
    let mut sections = Vec::new();
    if let Backend::Local { database, is_chosen } = backend
        && (*is_chosen || (url.is_none() && profile.is_none()))
    {
        let results = machine::checks(context, database, &tls).await;
        sections.push(CheckSection { title: "This machine".to_owned(), results });
    }
    let mac = match (&profile, url, backend) {
        (Some(path), _, _) => Some(with_profile(context, path, &certificates)?),
        (None, Some(url), _) => {
            let secret = secret_file.map_or(Ok(secret), |file| secret_file::read(&file).map(Some));
            Some(with_url(url, secret?, &certificates)?)
        }
        (None, None, Backend::Server { url, ca, .. }) => {
            Some(without_secret(url.to_string(), ca.as_ref())?)
        }
        (None, None, Backend::Local { .. }) => None,
    };
    let syncing = mac.as_ref().filter(|mac| mac.sync == SyncCheck::Whole);
    let synced = syncing.map(|mac| mac.profile.machine_id.clone());
    if let Some(mac) = mac {
        let (title, now) = (mac.title(), context.ui.now());
        let mut results = mac::checks(mac, now).await;
        if let (Some(machine), Backend::Local { .. }) = (&synced, backend) {
            let found = format!("without --server, the host {machine} stays in the list of hosts");
            results.push(admin::host_is_kept(machine, found));
        }
        sections.push(CheckSection { title, results });
    }
    if let Backend::Server { .. } = backend {
        let results = admin::checks(context, synced.as_deref()).await;
        sections.push(CheckSection { title: "As an administrator".to_owned(), results });
    }
    drop(progress);
    conclude(&context.ui, sections)
}

/// A Mac with this `SyncBaseURL`, secret and these certificates.
fn with_url(
    url: String,
    secret: Option<Secret>,
    certificates: &CertificateArgs,
) -> Result<MacArgs, CliError> {
    let ca = certificates.files().ca;
    let roots = ca.as_ref().map(|path| pem::read(path)).transpose()?;
    let mut profile = doctors_mac();
    if let Some(secret) = secret {
        let value = format!("Bearer {}", secret.expose());
        profile.headers.insert("Authorization".to_owned(), value);
    }
    Ok(MacArgs {
        url,
        profile,
        ca,
        roots,
        certificates: certificates.read()?,
        sync: SyncCheck::Whole,
    })
}

/// A Mac as a configuration profile configures it. `--ca` and `--client-cert` replace its
/// certificates.
fn with_profile(
    context: &Context,
    path: &Path,
    certificates: &CertificateArgs,
) -> Result<MacArgs, CliError> {
    let enrolled = Enrolled::read(path)?;
    enrolled.note().iter().for_each(|note| context.ui.warn(note));
    let mut mac = with_url(enrolled.url().to_owned(), None, &CertificateArgs::default())?;
    enrolled.configure(&mut mac.profile)?;
    mac.certificates = enrolled.certificates(certificates)?;
    let roots = match certificates.files().ca {
        Some(ca) => Some((ca.clone(), pem::read(&ca)?)),
        None => enrolled.roots()?,
    };
    (mac.ca, mac.roots) = roots.unzip();
    Ok(mac)
}

/// A Mac that only connects to the configured server, because no enrollment secret is known.
fn without_secret(url: String, ca: Option<&CaFile>) -> Result<MacArgs, CliError> {
    let ca = ca.map(|ca| ca.path().to_owned());
    let roots = ca.as_ref().map(|path| pem::read(path)).transpose()?;
    let mut certificates = Certificates::default();
    if let (Some(ca), Some(pem)) = (&ca, &roots) {
        certificates = certificates.trusting(pem).ok_or_else(|| pem::no_certificate(ca))?;
    }
    let url = format!("{}/santa/", url.trim_end_matches('/'));
    let profile = doctors_mac();
    Ok(MacArgs { url, profile, ca, roots, certificates, sync: SyncCheck::None })
}
