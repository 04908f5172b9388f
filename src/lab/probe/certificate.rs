//! The certificates of a server.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// The longest validity of a server's certificate that macOS accepts, also from a private CA
/// (<https://support.apple.com/en-us/103769>).
pub const LONGEST_VALIDITY_DAYS: i64 = 825;

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// The parts of a certificate that decide whether a Mac accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    pub subject: String,
    pub issuer: String,
    /// The host names and addresses that the certificate is for.
    pub names: Vec<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Whether the extended key usage lists server authentication, as macOS requires.
    pub is_for_servers: bool,
}

impl ServerCertificate {
    /// None if the certificate cannot be parsed.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(der).ok()?;
        let time = |seconds| Timestamp::from_second(seconds).ok();
        let usage = parsed.extended_key_usage().ok().flatten();
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map(|names| names.value.general_names.iter().filter_map(name).collect());
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            names: names.unwrap_or_default(),
            not_before: time(parsed.validity().not_before.timestamp())?,
            not_after: time(parsed.validity().not_after.timestamp())?,
            is_for_servers: usage.is_some_and(|usage| usage.value.server_auth),
        })
    }

    pub fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// The validity in days.
    pub fn validity_days(&self) -> i64 {
        (self.not_after.as_second() - self.not_before.as_second()) / SECONDS_OF_A_DAY
    }
}

/// The certificates in a PEM text that can be parsed.
pub fn certificates_in(pem: &[u8]) -> Vec<ServerCertificate> {
    let sections = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    sections.filter_map(|der| ServerCertificate::of(&der)).collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).to_string())
}
