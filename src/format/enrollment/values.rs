//! The values in an enrollment profile, which are checked when they are parsed.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::PEM_CERTIFICATE;
use crate::rule::checked_text;

/// Maximum characters of a URL.
const LONGEST_URL: usize = 2000;
/// Maximum characters of a name, a path or an identifier.
const LONGEST_TEXT: usize = 255;
/// Maximum bytes of the root certificates. MDM servers limit the size of a profile.
const LARGEST_ROOTS: usize = 256 * 1024;
/// The lengths that the server accepts for an enrollment secret.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 16..=200;

/// Why a value cannot be used in a profile. The text follows the name of the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("it must not contain spaces or control characters")]
    UrlSpaces,
    #[error("it is longer than {LONGEST_URL} characters")]
    UrlLength,
    #[error("it is not a valid URL: {0}")]
    UrlSyntax(url::ParseError),
    #[error("it must begin with https://")]
    UrlScheme,
    #[error("it uses http, which Santa 2026.4 and later refuse except to the Mac itself")]
    UrlInsecure,
    #[error("it must not have a query or a fragment, because Santa does not send them")]
    UrlQuery,
    #[error("it must not contain a user name or a password")]
    UrlCredentials,
    #[error("expected 16 to 200 letters, digits and -_.~")]
    Secret,
    #[error("expected 1 to {LONGEST_TEXT} letters, digits and ._-")]
    Identifier,
    #[error("expected 1 to {LONGEST_TEXT} characters without control characters")]
    Text,
    #[error("expected file:PATH, cn:NAME or issuer:NAME")]
    CertificateKind,
    #[error("the path must begin with /, because it is a path on the Macs")]
    CertificatePath,
    #[error("it contains a private key, which must not be sent to Macs")]
    PrivateKey,
    #[error("it contains no certificate in PEM")]
    NoCertificate,
    #[error("it is larger than 256 KiB")]
    RootsSize,
}

/// The address of a sync server, which ends with a slash. It uses https, except for a server on the
/// Mac itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncUrl(Url);

impl SyncUrl {
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether only the Mac itself can reach the server.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// Whether a part of the path can be an enrollment secret, also one that an administrator chose.
    pub fn may_have_secret(&self) -> bool {
        self.parts().any(|part| part != "santa")
    }

    /// The parts of the path, without empty ones.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.path().split('/').filter(|part| !part.is_empty())
    }
}

impl FromStr for SyncUrl {
    type Err = ValueError;

    /// Adds the slash at the end if it is missing.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(ValueError::UrlSpaces);
        }
        if text.chars().nth(LONGEST_URL).is_some() {
            return Err(ValueError::UrlLength);
        }
        let mut url = Url::parse(text).map_err(ValueError::UrlSyntax)?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(ValueError::UrlScheme);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ValueError::UrlQuery);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ValueError::UrlCredentials);
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let url = Self(url);
        if url.0.scheme() == "http" && !url.is_loopback() {
            return Err(ValueError::UrlInsecure);
        }
        Ok(url)
    }
}

/// An enrollment secret that the server accepts in a header and in a path. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrollmentSecret(Box<str>);

impl EnrollmentSecret {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for EnrollmentSecret {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        match SECRET_LENGTHS.contains(&text.len()) && text.bytes().all(is_safe) {
            true => Ok(Self(text.into())),
            false => Err(ValueError::Secret),
        }
    }
}

impl fmt::Debug for EnrollmentSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The password of a PKCS#12 file. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificatePassword(Box<str>);

impl CertificatePassword {
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for CertificatePassword {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        checked(text).map(Self)
    }
}

impl fmt::Debug for CertificatePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

checked_text!(
    /// The identifier of a profile, such as `com.example.santa`. A profile replaces an installed one
    /// with the same identifier.
    ProfileIdentifier,
    ValueError,
    |text| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        match (1..=LONGEST_TEXT).contains(&text.len()) && text.chars().all(is_known) {
            true => Ok(text.into()),
            false => Err(ValueError::Identifier),
        }
    }
);

checked_text!(
    /// The organization that System Settings shows for a profile.
    Organization,
    ValueError,
    checked
);

fn checked(text: &str) -> Result<Box<str>, ValueError> {
    let is_long = text.chars().nth(LONGEST_TEXT).is_some();
    match text.trim().is_empty() || is_long || text.chars().any(char::is_control) {
        true => Err(ValueError::Text),
        false => Ok(text.into()),
    }
}

/// How Santa finds its client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientCertificate {
    /// A PKCS#12 file on the Mac.
    File { path: Box<str>, password: Option<CertificatePassword> },
    /// The certificate in the system keychain with this common name.
    CommonName(Box<str>),
    /// A certificate in the system keychain whose issuer has this common name.
    Issuer(Box<str>),
}

impl FromStr for ClientCertificate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (kind, value) = text.split_once(':').ok_or(ValueError::CertificateKind)?;
        let value = checked(value);
        match kind {
            "file" => match value? {
                path if path.starts_with('/') => Ok(Self::File { path, password: None }),
                _ => Err(ValueError::CertificatePath),
            },
            "cn" => value.map(Self::CommonName),
            "issuer" => value.map(Self::Issuer),
            _ => Err(ValueError::CertificateKind),
        }
    }
}

/// The CAs that Macs trust for the server, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootCertificates(Vec<u8>);

impl RootCertificates {
    /// # Errors
    /// If the text has no certificate, has a private key, or is too large.
    pub fn of_pem(text: &[u8]) -> Result<Self, ValueError> {
        let contains = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
        if text.len() > LARGEST_ROOTS {
            return Err(ValueError::RootsSize);
        }
        if contains("PRIVATE KEY-----") {
            return Err(ValueError::PrivateKey);
        }
        match contains(PEM_CERTIFICATE) {
            true => Ok(Self(text.to_owned())),
            false => Err(ValueError::NoCertificate),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
