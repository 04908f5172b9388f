//! Configuration profiles that make Santa sync with a server.
//!
//! [`Enrollment::profile`] writes such a profile, [`SyncProfile::read`] reads what a Mac would sync
//! with, and [`check()`] finds the mistakes in profiles. The UUIDs of a written profile depend only on
//! its content, so the same options result in the same bytes.

mod approvals;
mod check;
mod read;
mod server_settings;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use check::{ProfileCheck, ProfileFinding, check};
pub use read::{ServerRoots, SyncProfile};
pub use values::{
    CertificatePassword, ClientCertificate, EnrollmentSecret, Organization, ProfileIdentifier,
    RootCertificates, SyncUrl, ValueError,
};
pub use write::{Enrollment, SecretPlace};

/// The keys of Santa's settings that concern the connection to the server.
mod key {
    pub(super) const URL: &str = "SyncBaseURL";
    pub(super) const HEADERS: &str = "SyncExtraHeaders";
    pub(super) const PROTOBUF: &str = "SyncEnableProtoTransfer";
    pub(super) const ENCODING: &str = "SyncClientContentEncoding";
    pub(super) const ROOTS: &str = "ServerAuthRootsData";
    pub(super) const ROOTS_FILE: &str = "ServerAuthRootsFile";
    pub(super) const CERTIFICATE_FILE: &str = "ClientAuthCertificateFile";
    pub(super) const CERTIFICATE_PASSWORD: &str = "ClientAuthCertificatePassword";
    pub(super) const CERTIFICATE_NAME: &str = "ClientAuthCertificateCN";
    pub(super) const CERTIFICATE_ISSUER: &str = "ClientAuthCertificateIssuerCN";
    pub(super) const MACHINE: &str = "MachineID";
    pub(super) const MACHINE_FILE: &str = "MachineIDPlist";
    pub(super) const MACHINE_KEY: &str = "MachineIDKey";

    pub(super) const ALL: [&str; 13] = [
        URL,
        HEADERS,
        PROTOBUF,
        ENCODING,
        ROOTS,
        ROOTS_FILE,
        CERTIFICATE_FILE,
        CERTIFICATE_PASSWORD,
        CERTIFICATE_NAME,
        CERTIFICATE_ISSUER,
        MACHINE,
        MACHINE_FILE,
        MACHINE_KEY,
    ];

    /// The ways to choose a client certificate. Santa uses the first one that is set.
    pub(super) const CERTIFICATES: [&str; 3] =
        [CERTIFICATE_FILE, CERTIFICATE_NAME, CERTIFICATE_ISSUER];
}

/// The header that contains the enrollment secret.
const AUTHORIZATION: &str = "Authorization";
/// A certificate in PEM begins with this line.
const PEM_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
