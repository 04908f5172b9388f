//! Certificate authorities that are created for a test, and the certificates that they sign.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::shell::Shell;

/// A certificate and its key, in PEM.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
    serial: SerialNumber,
}

impl Signed {
    /// Writes the certificate and its key into the shell's home, as `NAME.pem` and `NAME.key`.
    pub(crate) fn write(&self, shell: &Shell, name: &str) -> (PathBuf, PathBuf) {
        shell.write(&format!("{name}.pem"), &self.certificate);
        shell.write(&format!("{name}.key"), &self.key);
        (shell.path(&format!("{name}.pem")), shell.path(&format!("{name}.key")))
    }
}

/// The end of a certificate's validity.
#[derive(Clone, Copy)]
pub(crate) enum Valid {
    /// Until tomorrow.
    Now,
    /// Until a day ago.
    Past,
    /// Until now plus this duration.
    For(Duration),
}

pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn write(&self, shell: &Shell, name: &str) {
        shell.write(name, &self.pem);
    }

    /// A CA whose certificate this CA signs.
    pub(crate) fn intermediate(&self, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn server(&self, valid: Valid) -> Signed {
        self.server_for(&["127.0.0.1", "localhost"], valid)
    }

    /// A certificate for these host names and addresses.
    pub(crate) fn server_for(&self, names: &[&str], valid: Valid) -> Signed {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).unwrap();
        self.sign(params, ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    pub(crate) fn client(&self, name: &str, valid: Valid) -> Signed {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        self.sign(params, ExtendedKeyUsagePurpose::ClientAuth, valid)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        usage: ExtendedKeyUsagePurpose,
        valid: Valid,
    ) -> Signed {
        let day = Duration::from_secs(24 * 60 * 60);
        let now = now();
        let (from, to) = match valid {
            Valid::Now => (now - day, now + day),
            Valid::Past => (now - 2 * day, now - day),
            Valid::For(time) => (now - day, now + time),
        };
        let epoch = date_time_ymd(1970, 1, 1);
        (params.not_before, params.not_after) = (epoch + from, epoch + to);
        params.extended_key_usages = vec![usage];
        let serial = SerialNumber::from_slice(&rand::random::<[u8; 8]>().map(|byte| byte & 0x7f));
        params.serial_number = Some(serial.clone());
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Signed { certificate, key: key.serialize_pem(), serial }
    }

    /// A certificate revocation list with these certificates, in PEM.
    pub(crate) fn revokes(&self, revoked: &[&Signed]) -> String {
        let (epoch, day) = (date_time_ymd(1970, 1, 1), Duration::from_secs(24 * 60 * 60));
        let revoked = revoked.iter().map(|signed| RevokedCertParams {
            serial_number: signed.serial.clone(),
            revocation_time: epoch + now(),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: epoch + now() - day,
            next_update: epoch + now() + day,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "certificates are judged by the machine's clock")]
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}
