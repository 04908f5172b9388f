//! Reads the TLS files.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs::{self, Ticketer};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, UnixTime,
};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, CertificateError, InconsistentKeys, RootCertStore, ServerConfig};

use super::error::{TlsError, TlsFileKind, TlsProblem};

/// The PEM files of a TLS server.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, followed by the intermediate certificates.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// The certificates of the CAs that sign client certificates.
    pub client_ca: Option<PathBuf>,
    /// The certificate revocation lists (CRLs) of the client CAs.
    pub client_crl: Option<PathBuf>,
}

/// What was loaded from the files.
pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    /// Verifies client certificates. None without a client CA.
    pub(super) authority: Option<Arc<dyn ClientCertVerifier>>,
    /// Why clients will refuse the server's certificate; None if no reason is known.
    pub(super) doubt: Option<String>,
}

/// Maximum bytes per file, because a wrong path may be an endless device such as `/dev/zero`.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Texts that mark an encrypted private key in PEM: in PKCS #8, and in OpenSSL's old format.
const ENCRYPTED: [&str; 2] = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];

/// A file's modification time, length and inode (0 on Windows). None if they cannot be read.
type Stamp = Option<(Option<SystemTime>, u64, u64)>;

/// The stamps of all files. They are compared to detect changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamps(Vec<Stamp>);

impl Stamps {
    pub(super) fn of(files: &TlsFiles) -> Self {
        let TlsFiles { certificate, key, client_ca, client_crl } = files;
        let all = [Some(certificate), Some(key), client_ca.as_ref(), client_crl.as_ref()];
        Self(all.into_iter().flatten().map(|path| stamp(path)).collect())
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.len(), inode(&metadata)))
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

pub(super) fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let own = own(files, &provider)?;
    let authority = match &files.client_ca {
        Some(path) => Some(authority(path, files.client_crl.as_deref(), &provider)?),
        None => None,
    };
    let doubt = doubt(&own, &provider)
        .map(|doubt| format!("clients will reject {}: {doubt}", files.certificate.display()));
    let config = config(own, authority.clone(), provider)
        .map_err(|error| unusable(&files.certificate, TlsFileKind::Certificate, &error))?;
    Ok(Loaded { config: Arc::new(config), authority, doubt })
}

fn config(
    own: CertifiedKey,
    authority: Option<Arc<dyn ClientCertVerifier>>,
    provider: Arc<CryptoProvider>,
) -> Result<ServerConfig, rustls::Error> {
    let config =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = match authority {
        Some(authority) => config.with_client_cert_verifier(authority),
        None => config.with_no_client_auth(),
    };
    let mut config = config.with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // New ticket keys are created whenever the files are read, so that a change of the CA makes old
    // tickets invalid.
    config.ticketer = Ticketer::new()?;
    // A client with one connection at a time needs only one ticket.
    config.send_tls13_tickets = 1;
    Ok(config)
}

fn own(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(&files.certificate, TlsFileKind::Certificate)?;
    let key = key(&files.key)?;
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| unusable(&files.key, TlsFileKind::Key, &error))?;
    let own = CertifiedKey::new(chain, key);
    match own.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(own),
        Err(rustls::Error::InconsistentKeys(_)) => {
            let problem = TlsProblem::Mismatch { certificate: files.certificate.clone() };
            Err(TlsError { path: files.key.clone(), part: TlsFileKind::Key, problem })
        }
        Err(error) => Err(unusable(&files.certificate, TlsFileKind::Certificate, &error)),
    }
}

fn authority(
    path: &Path,
    crl: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, TlsFileKind::ClientCa)? {
        roots.add(certificate).map_err(|error| unusable(path, TlsFileKind::ClientCa, &error))?;
    }
    let (roots, provider) = (Arc::new(roots), Arc::clone(provider));
    let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
    if let Some(crl) = crl {
        // Only the client's own certificate is checked for revocation, not the intermediate
        // certificates. A client is refused if the issuer of its certificate has no CRL.
        builder = builder.with_crls(revoked(crl)?).only_check_end_entity_revocation();
    }
    let broken = crl.map_or((path, TlsFileKind::ClientCa), |crl| (crl, TlsFileKind::ClientCrl));
    let built = builder.allow_unauthenticated().build();
    built.map_err(|error| unusable(broken.0, broken.1, &error))
}

/// Why clients will refuse the certificate, regardless of the CAs that they trust.
fn doubt(own: &CertifiedKey, provider: &CryptoProvider) -> Option<String> {
    let certificate = ParsedCertificate::try_from(own.cert.first()?).ok()?;
    // This checks the certificate's validity and purpose, then fails because no CA is trusted.
    let judged = rustls::client::verify_server_cert_signed_by_trust_anchor(
        &certificate,
        &RootCertStore::empty(),
        &[],
        UnixTime::now(),
        provider.signature_verification_algorithms.all,
    );
    match judged.err()? {
        rustls::Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Some("the certificate has expired".to_owned())
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Some("the certificate is not valid yet".to_owned())
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Some("the certificate is not for servers (extended key usage)".to_owned())
            }
            _ => None,
        },
        _ => None,
    }
}

fn certificates(path: &Path, part: TlsFileKind) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    sections(path, part, &read(path, part)?)
}

fn revoked(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    sections(path, TlsFileKind::ClientCrl, &read(path, TlsFileKind::ClientCrl)?)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path, TlsFileKind::Key)?;
    let problem = match PrivateKeyDer::from_pem_slice(&text) {
        Ok(key) => return Ok(key),
        Err(_) if is_encrypted(&text) => TlsProblem::Encrypted,
        Err(pem::Error::NoItemsFound) => TlsProblem::Empty(TlsFileKind::Key),
        Err(error) => TlsProblem::NotPem(error.to_string()),
    };
    Err(TlsError { path: path.to_owned(), part: TlsFileKind::Key, problem })
}

fn is_encrypted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    ENCRYPTED.iter().any(|mark| text.contains(mark))
}

/// All PEM sections of type `T`. Fails if the file has none.
fn sections<T: PemObject>(path: &Path, part: TlsFileKind, text: &[u8]) -> Result<Vec<T>, TlsError> {
    let wrong = |problem| TlsError { path: path.to_owned(), part, problem };
    let found: Result<Vec<T>, pem::Error> = T::pem_slice_iter(text).collect();
    let found = found.map_err(|error| wrong(TlsProblem::NotPem(error.to_string())))?;
    if found.is_empty() {
        return Err(wrong(TlsProblem::Empty(part)));
    }
    Ok(found)
}

fn read(path: &Path, part: TlsFileKind) -> Result<Vec<u8>, TlsError> {
    let unread =
        |error| TlsError { path: path.to_owned(), part, problem: TlsProblem::Unread(error) };
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(unread)?;
    if bytes.len() as u64 > LARGEST {
        return Err(unread(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the file is larger than 16 MiB",
        )));
    }
    Ok(bytes)
}

fn unusable(path: &Path, part: TlsFileKind, error: &dyn std::error::Error) -> TlsError {
    // rustls writes "invalid peer certificate", although no peer sent this certificate.
    let reason = error.to_string().replace("invalid peer certificate: ", "");
    TlsError { path: path.to_owned(), part, problem: TlsProblem::Unusable { part, reason } }
}
