//! Certificates of a CA, a server and a client, for mutual TLS.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

pub(crate) struct Files {
    server: PathBuf,
    key: PathBuf,
    ca_file: PathBuf,
    /// The CA's certificate, PEM.
    pub(crate) ca: Vec<u8>,
    /// The client's certificate and key, PEM.
    pub(crate) client: Vec<u8>,
}

impl Files {
    pub(crate) fn flags(&self) -> Vec<String> {
        let pairs = [
            ("--tls-cert", &self.server),
            ("--tls-key", &self.key),
            ("--client-ca", &self.ca_file),
        ];
        pairs
            .into_iter()
            .flat_map(|(flag, path)| [flag.to_owned(), path.display().to_string()])
            .collect()
    }
}

/// Creates certificates with P-256 keys. Writes the certificates of the CA and the server, and the
/// server's key, to files.
pub(crate) fn write(folder: &Path) -> Files {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let made = |name: &str, usage| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    };
    let (certificate, private) = made("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let (client, client_key) = made("mac", ExtendedKeyUsagePurpose::ClientAuth);
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Files {
        server: file("server.pem", &certificate),
        key: file("server.key", &private),
        ca_file: file("ca.pem", &ca),
        ca: ca.into_bytes(),
        client: (client + &client_key).into_bytes(),
    }
}
