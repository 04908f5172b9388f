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
            Self::ClientCrl => "list of revoked certificates",
        })
    }
}

impl TlsFileKind {
    const fn holds(self) -> &'static str {
        match self {
            Self::Certificate | Self::ClientCa => "certificate",
            Self::Key => "private key",
            Self::ClientCrl => "list of revoked certificates",
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
    #[error("cannot read it: {0}")]
    Unread(io::Error),
    #[error("it is not PEM: {0}")]
    NotPem(String),
    #[error("there is no {} in it", .0.holds())]
    Empty(TlsFileKind),
    #[error("the private key is encrypted")]
    Encrypted,
    #[error("the {part} is not usable: {reason}")]
    Unusable {
        part: TlsFileKind,
        /// Why the content cannot be used.
        reason: String,
    },
    #[error("this key does not belong to the certificate in {}", certificate.display())]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
    },
}
