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

use clap::Args;

use super::arg::Confidential;
use super::context::Context;
use super::error::CliError;
use super::lab::CertificateArgs;
use super::pem;
use super::serve::TlsArgs;
use crate::config::{Backend, CaFile, Secret};
use crate::lab::Certificates;
use mac::{MacArgs, SyncCheck};

/// Find out why hosts cannot sync, and how to fix it
///
/// With --database, checks the server's machine: the configuration, the TLS files, the clock, the
/// database, its disk and the limit on file descriptors. Run it as the user of the server.
///
/// With --url, checks the server as a Mac sees it: the host name, the connection, the certificate,
/// the clock, the enrollment secret, proxies that change requests, and a whole sync. The sync
/// creates the host nicelist-doctor. With --server and a token of the role editor, the host is
/// forgotten afterward.
///
/// With --server, also checks the token and the version of the server. Each result is one line,
/// and most problems have a fix. The exit code is 1 if there is a problem.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist doctor --url https://santa.example.com/santa/ --secret SECRET
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
    #[command(flatten)]
    certificates: CertificateArgs,
    #[command(flatten)]
    tls: TlsArgs,
}

pub(super) async fn run(context: &Context, args: DoctorArgs) -> Result<(), CliError> {
    let DoctorArgs { url, secret, certificates, tls } = args;
    let backend = context.settings.backend()?;
    let progress = context.ui.progress(None, "checking");
    let mut sections = Vec::new();
    if let Backend::Local { database, is_chosen } = backend
        && (*is_chosen || url.is_none())
    {
        let results = machine::checks(context, database, &tls).await;
        sections.push(CheckSection { title: "This machine".to_owned(), results });
    }
    let mac = match (&url, backend) {
        (Some(url), _) => Some(with_url(url.clone(), secret, &certificates)?),
        (None, Backend::Server { url, ca, .. }) => {
            Some(without_secret(url.to_string(), ca.as_ref())?)
        }
        (None, Backend::Local { .. }) => None,
    };
    if let Some(mac) = mac {
        let (title, now) = (mac.title(), context.ui.now());
        let mut results = mac::checks(mac, now).await;
        if url.is_some() && matches!(backend, Backend::Local { .. }) {
            results.push(admin::host_is_kept(
                "without --server, the host nicelist-doctor stays in the list of hosts",
            ));
        }
        sections.push(CheckSection { title, results });
    }
    if let Backend::Server { .. } = backend {
        let results = admin::checks(context, url.is_some()).await;
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
    let secret = secret.map(|secret| secret.expose().to_owned());
    Ok(MacArgs {
        url,
        secret,
        ca,
        roots,
        certificates: certificates.read()?,
        sync: SyncCheck::Whole,
    })
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
    Ok(MacArgs { url, secret: None, ca, roots, certificates, sync: SyncCheck::None })
}
