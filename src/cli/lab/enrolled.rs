//! What a configuration profile makes a simulated Mac do.

use std::path::Path;

use super::args::on_the_wire;
use super::certificates::CertificateArgs;
use crate::cli::error::CliError;
use crate::cli::pem;
use crate::cli::policy_files;
use crate::format::enrollment::{ServerRoots, SyncProfile};
use crate::lab::{AddressError, Certificates, HttpTransport, Profile};
use crate::shell::argument;

/// A configuration profile and its file.
pub(super) struct Enrolled<'p> {
    path: &'p Path,
    profile: SyncProfile,
}

impl<'p> Enrolled<'p> {
    pub(super) fn read(path: &'p Path) -> Result<Self, CliError> {
        let file = policy_files::read_profile(path)?;
        let read = SyncProfile::read(&file);
        let profile = read.map_err(|fault| {
            let names = [file.name.clone()];
            let place = fault.location.in_files(&names);
            CliError::input(format!("{place}: {}", fault.text)).hint(check_hint(path))
        })?;
        Ok(Self { path, profile })
    }

    /// The note about the signature of the profile.
    pub(super) fn note(&self) -> Option<String> {
        let name = policy_files::name_of(self.path);
        self.profile.signature.as_ref().map(|signature| format!("{name}: {signature}"))
    }

    /// The command that finds mistakes in the profile.
    pub(super) fn hint(&self) -> String {
        check_hint(self.path)
    }

    /// Configures a Mac as the profile does.
    pub(super) fn configure(&self, mac: &mut Profile) -> Result<(), CliError> {
        let SyncProfile { headers, machine, protobuf, encoding, .. } = &self.profile;
        mac.headers = headers.iter().cloned().collect();
        if let Some(machine) = machine {
            mac.machine_id.clone_from(machine);
        }
        mac.wire = on_the_wire(if *protobuf { "protobuf" } else { "json" })?;
        mac.content_encoding = match encoding.as_deref() {
            Some(encoding @ ("gzip" | "none")) => on_the_wire(encoding)?,
            // Santa uses deflate for unknown encodings, too.
            Some(_) | None => on_the_wire("deflate")?,
        };
        Ok(())
    }

    /// The connection that the profile describes. The options replace its certificates.
    pub(super) fn transport(&self, args: &CertificateArgs) -> Result<HttpTransport, CliError> {
        if let (Some(key), false) = (self.profile.certificate, args.has_client_certificate()) {
            let text = format!("the profile sets {key}, but no client certificate was given");
            return Err(CliError::usage(text)
                .hint("pass it in PEM: --client-cert mac.pem --client-key mac.key")
                .hint("to convert it: openssl pkcs12 -in mac.p12 -out mac.pem -nodes"));
        }
        let certificates = args.read_after(match &self.profile.roots {
            Some(roots) if !args.has_ca() => self.trusting(roots)?,
            Some(_) | None => Certificates::default(),
        })?;
        // The URL may contain the enrollment secret, so errors do not show it.
        HttpTransport::with_certificates(&self.profile.url, certificates).map_err(|error| {
            let name = policy_files::name_of(self.path);
            let reason = match error {
                AddressError::Malformed { source, .. } => source.to_string(),
                AddressError::Scheme(_) => "it must begin with https://".to_owned(),
                AddressError::Insecure(_) => "http is allowed only to this machine".to_owned(),
                AddressError::Client(_) => return CliError::from(error),
            };
            CliError::input(format!("{name}: SyncBaseURL: {reason}")).hint(check_hint(self.path))
        })
    }

    fn trusting(&self, roots: &ServerRoots) -> Result<Certificates, CliError> {
        let trusting = |text: &[u8]| Certificates::default().trusting(text);
        match roots {
            ServerRoots::Pem(text) => trusting(text).ok_or_else(|| {
                let name = policy_files::name_of(self.path);
                let text = "ServerAuthRootsData contains no valid certificate";
                CliError::input(format!("{name}: {text}")).hint(check_hint(self.path))
            }),
            ServerRoots::Path(path) => {
                let path = Path::new(path);
                let text = pem::read(path)
                    .map_err(|error| error.hint("to use another file instead: --ca FILE"))?;
                trusting(&text).ok_or_else(|| pem::no_certificate(path))
            }
        }
    }
}

fn check_hint(path: &Path) -> String {
    let path = path.display().to_string();
    format!("to find all mistakes: nicelist enroll check {}", argument(&path))
}
