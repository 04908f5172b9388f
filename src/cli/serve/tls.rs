//! The TLS options, and hints about invalid TLS files.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::error::CliError;
use crate::server::{Tls, TlsError, TlsFileKind, TlsFiles, TlsProblem};
use crate::shell::argument;

/// The TLS options.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "TLS")]
pub(in crate::cli) struct TlsArgs {
    /// Use TLS with the certificate chain in this PEM file, server certificate first
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate: a PEM file without a password
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Require a client certificate from hosts, signed by a CA in this PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,
    /// Reject client certificates that a CRL in this PEM file revokes
    #[arg(long, value_name = "FILE", requires = "client_ca")]
    client_crl: Option<PathBuf>,
    /// Also accept hosts without a client certificate, for example during a rollout
    #[arg(long, requires = "client_ca")]
    client_ca_optional: bool,
}

impl TlsArgs {
    /// Whether hosts must have a certificate.
    pub(super) fn demands_certificates(&self) -> bool {
        self.client_ca.is_some() && !self.client_ca_optional
    }

    /// The file with the server's certificate.
    pub(in crate::cli) fn certificate(&self) -> Option<&Path> {
        self.tls_cert.as_deref()
    }

    /// Reads the files, if TLS is used.
    pub(in crate::cli) fn open(&self) -> Result<Option<Tls>, CliError> {
        let (Some(certificate), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) else {
            return Ok(None);
        };
        let (client_ca, client_crl) = (self.client_ca.clone(), self.client_crl.clone());
        Ok(Some(Tls::open(TlsFiles { certificate, key, client_ca, client_crl })?))
    }
}

impl From<TlsError> for CliError {
    fn from(error: TlsError) -> Self {
        let invalid = Self::usage(error.to_string());
        let path = error.path.display();
        match error.problem {
            TlsProblem::Unread(reason) if reason.kind() == io::ErrorKind::NotFound => invalid
                .hint(format!("the file does not exist; check the path of the {}", error.part)),
            TlsProblem::Unread(_) => invalid
                .hint(format!("this user must be able to read the file with the {}", error.part)),
            TlsProblem::NotPem(_) | TlsProblem::Empty(_) => {
                invalid.hint(format!("a PEM file has a line -----BEGIN {}-----", mark(error.part)))
            }
            TlsProblem::Encrypted => invalid.hint(format!(
                "remove the password: openssl pkey -in {} -out key.pem",
                argument(&path.to_string())
            )),
            TlsProblem::Mismatch { .. } => invalid.hint(
                "use the private key of this certificate; the server's own certificate must be the \
                 first in its file, followed by its chain",
            ),
            TlsProblem::Unusable { .. } => invalid,
        }
    }
}

/// The text after `BEGIN` and `END` in a PEM file.
const fn mark(part: TlsFileKind) -> &'static str {
    match part {
        TlsFileKind::Certificate | TlsFileKind::ClientCa => "CERTIFICATE",
        TlsFileKind::Key => "PRIVATE KEY",
        TlsFileKind::ClientCrl => "X509 CRL",
    }
}
