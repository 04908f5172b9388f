//! What a configuration profile makes a simulated Mac do.

use std::path::{Path, PathBuf};

use super::args::on_the_wire;
use super::certificates::CertificateArgs;
use crate::cli::error::CliError;
use crate::cli::pem;
use crate::cli::policy_files;
use crate::format::enrollment::{ServerRoots, SyncProfile};
use crate::lab::{AddressError, Certificates, HttpTransport, Profile};
use crate::shell::argument;

/// A configuration profile and its file.
pub(in crate::cli) struct Enrolled<'p> {
    path: &'p Path,
    profile: SyncProfile,
}

impl<'p> Enrolled<'p> {
    pub(in crate::cli) fn read(path: &'p Path) -> Result<Self, CliError> {
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
    pub(in crate::cli) fn note(&self) -> Option<String> {
        let name = policy_files::name_of(self.path);
        self.profile.signature.as_ref().map(|signature| format!("{name}: {signature}"))
    }

    /// The command that finds mistakes in the profile.
    pub(super) fn hint(&self) -> String {
        check_hint(self.path)
    }

    /// Configures a Mac as the profile does.
    pub(in crate::cli) fn configure(&self, mac: &mut Profile) -> Result<(), CliError> {
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

    /// `SyncBaseURL`, which may contain the enrollment secret.
    pub(in crate::cli) fn url(&self) -> &str {
        &self.profile.url
    }

    /// The certificates of the profile. The options replace them.
    pub(in crate::cli) fn certificates(
        &self,
        args: &CertificateArgs,
    ) -> Result<Certificates, CliError> {
        if let (Some(key), false) = (self.profile.certificate, args.has_client_certificate()) {
            let text = format!("the profile sets {key}, but no client certificate was given");
            return Err(CliError::usage(text)
                .hint("pass it in PEM: --client-cert mac.pem --client-key mac.key")
                .hint(
                    "to convert a PKCS#12 file: openssl pkcs12 -in mac.p12 -out mac.pem -nodes; \
                     then pass it twice: --client-cert mac.pem --client-key mac.pem",
                ));
        }
        args.read_after(if args.has_ca() { Certificates::default() } else { self.trusting()? })
    }

    /// The connection that the profile describes. The options replace its certificates.
    pub(super) fn transport(&self, args: &CertificateArgs) -> Result<HttpTransport, CliError> {
        let certificates = self.certificates(args)?;
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

    /// The CAs of the profile in PEM, and the file that contains them. None if it has no CAs.
    pub(in crate::cli) fn roots(&self) -> Result<Option<(PathBuf, Vec<u8>)>, CliError> {
        match &self.profile.roots {
            Some(ServerRoots::Pem(text)) => Ok(Some((self.path.to_owned(), text.clone()))),
            Some(ServerRoots::Path(path)) => {
                let path = PathBuf::from(path);
                let text = pem::read(&path)
                    .map_err(|error| error.hint("to use another file instead: --ca FILE"))?;
                Ok(Some((path, text)))
            }
            None => Ok(None),
        }
    }

    fn trusting(&self) -> Result<Certificates, CliError> {
        let Some((file, text)) = self.roots()? else { return Ok(Certificates::default()) };
        Certificates::default().trusting(&text).ok_or_else(|| match &self.profile.roots {
            Some(ServerRoots::Pem(_)) => {
                let name = policy_files::name_of(self.path);
                let text = "ServerAuthRootsData contains no valid certificate";
                CliError::input(format!("{name}: {text}")).hint(check_hint(self.path))
            }
            Some(ServerRoots::Path(_)) | None => pem::no_certificate(&file),
        })
    }
}

fn check_hint(path: &Path) -> String {
    let path = path.display().to_string();
    format!("to find all mistakes: nicelist enroll check {}", argument(&path))
}
