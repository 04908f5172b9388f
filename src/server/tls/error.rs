//! Errors in TLS files.

use std::fmt;
use std::io;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFileKind {
    /// The server's certificate, followed by the intermediate certificates.
    Certificate,
    Key,
    /// The certificates of the CAs that sign client certificates.
    ClientCa,
    /// The lists of revoked client certificates.
    ClientCrl,
}

impl fmt::Display for TlsFileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
            Self::ClientCa => "client CA",
            Self::ClientCrl => "certificate revocation list",
        })
    }
}

impl TlsFileKind {
    const fn holds(self) -> &'static str {
        match self {
            Self::Certificate | Self::ClientCa => "certificate",
            Self::Key => "private key",
            Self::ClientCrl => "certificate revocation list",
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct TlsError {
    pub path: PathBuf,
    pub part: TlsFileKind,
    pub problem: TlsProblem,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    #[error("cannot read the file: {0}")]
    Unread(io::Error),
    #[error("the file is not valid PEM: {0}")]
    NotPem(String),
    #[error("the file contains no {}", .0.holds())]
    Empty(TlsFileKind),
    #[error("the private key is encrypted")]
    Encrypted,
    #[error("invalid {part}: {reason}")]
    Unusable {
        part: TlsFileKind,
        /// Why the content cannot be used.
        reason: String,
    },
    #[error("the key does not match the certificate in {}", certificate.display())]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
    },
}
