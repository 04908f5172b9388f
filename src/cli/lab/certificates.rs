//! The TLS options of simulated Macs.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::pem;
use crate::config::CaFile;
use crate::lab::Certificates;
use crate::lab::fleet::Trust;
use crate::shell::argument;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "TLS")]
pub(in crate::cli) struct CertificateArgs {
    /// Trust only the CAs in this PEM file, as with ServerAuthRootsFile
    #[arg(long, value_name = "FILE")]
    ca: Option<CaFile>,
    /// Send the client certificate in this PEM file
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Private key of the client certificate: a PEM file without a password
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl CertificateArgs {
    /// The paths of the files.
    pub(in crate::cli) fn files(&self) -> Trust {
        Trust {
            ca: self.ca.as_ref().map(|ca| ca.path().to_owned()),
            identity: self.client_cert.clone().zip(self.client_key.clone()),
        }
    }

    /// The options, as in a command to paste.
    pub(super) fn options(&self) -> String {
        let files = [
            ("--ca", self.ca.as_ref().map(CaFile::path)),
            ("--client-cert", self.client_cert.as_deref()),
            ("--client-key", self.client_key.as_deref()),
        ];
        let options = files.into_iter().filter_map(|(name, path)| Some((name, path?)));
        options
            .map(|(name, path)| format!(" {name} {}", argument(&path.to_string_lossy())))
            .collect()
    }

    pub(in crate::cli) fn read(&self) -> Result<Certificates, CliError> {
        self.read_after(Certificates::default())
    }

    pub(super) fn has_ca(&self) -> bool {
        self.ca.is_some()
    }

    pub(super) fn has_client_certificate(&self) -> bool {
        self.client_cert.is_some()
    }

    /// Reads the files. They replace the given certificates.
    pub(super) fn read_after(
        &self,
        mut certificates: Certificates,
    ) -> Result<Certificates, CliError> {
        if let Some(ca) = self.ca.as_ref().map(CaFile::path) {
            let trusting = certificates.trusting(&pem::read(ca)?);
            certificates = trusting.ok_or_else(|| pem::no_certificate(ca))?;
        }
        if let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) {
            // openssl writes the certificate and the key of a PKCS#12 file into one file.
            let text = match certificate == key {
                true => pem::read(certificate)?,
                false => [pem::read(certificate)?, pem::read(key)?].join(&b'\n'),
            };
            let showing = certificates.showing(&text);
            certificates = showing.ok_or_else(|| unusable(certificate, key))?;
        }
        Ok(certificates)
    }
}

fn unusable(certificate: &Path, key: &Path) -> CliError {
    let files = format!("{} and {}", certificate.display(), key.display());
    CliError::usage(format!("{files} are not a certificate and its private key in PEM"))
        .hint("remove the password of an encrypted key first: openssl pkey -in FILE -out key.pem")
}
