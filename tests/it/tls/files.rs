//! Certificate files are reloaded when they change, and errors contain the file's name.

use std::io::Write;

use tokio_rustls::rustls::version::TLS13;

use super::certificates::{Authority, Signed, Valid};
use super::{Secured, client};
use crate::shell::{Server, Shell};

#[test]
fn a_new_certificate_is_loaded_and_an_invalid_one_is_not() {
    let world = Secured::start(&[]);
    let old = world.client(None);
    let mut open = world.connect(&old);
    assert_eq!(open.get("/healthz").unwrap(), 200);
    let successors = Authority::new("successors");
    let new = client(&successors, None, &[&TLS13]);
    assert!(world.connect(&new).get("/healthz").is_err());

    world.shell.write("server.pem", "nothing");
    world.wait_until("nobody says that the file is broken", || {
        world.server.log().contains("server.pem: the file contains no certificate")
    });
    assert_eq!(world.connect(&world.client(None)).get("/healthz").unwrap(), 200);

    successors.server(Valid::Now).write(&world.shell, "server");
    world.wait_until("the certificate is not loaded", || {
        world.connect(&new).get("/healthz").is_ok()
    });
    assert!(world.connect(&world.client(None)).get("/healthz").is_err());
    assert_eq!(open.get("/healthz").unwrap(), 200, "connections outlive their certificate");
}

#[test]
fn sighup_reloads_files_that_look_unchanged() {
    let world = Secured::start(&[]);
    let successors = Authority::new("successors");
    let replace = |name: &str, text: &str| {
        let path = world.shell.path(name);
        let (length, written) = std::fs::metadata(&path)
            .map(|metadata| (metadata.len(), metadata.modified().unwrap()))
            .unwrap();
        let room = usize::try_from(length).unwrap() - text.len();
        let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all(format!("{text}{}", "\n".repeat(room)).as_bytes()).unwrap();
        file.set_modified(written).unwrap();
    };
    // Certificates differ in length by a few bytes. The first certificate is padded, so that
    // `replace` can pad the next certificate to the same length.
    let mut long = world.servers.server(Valid::Now);
    long.certificate += &"\n".repeat(8);
    long.write(&world.shell, "server");
    world.wait_until("the first is not loaded", || world.server.log().contains("reloaded"));
    let Signed { certificate, key, .. } = successors.server(Valid::Now);
    replace("server.pem", &certificate);
    replace("server.key", &key);
    world.server.signal("HUP");
    let new = client(&successors, None, &[&TLS13]);
    world.wait_until("the certificate is not loaded", || {
        world.connect(&new).get("/healthz").is_ok()
    });
}

#[test]
fn removing_a_ca_closes_connections_and_ends_sessions() {
    let world = Secured::mutual();
    let mac = world.macs.client("mac", Valid::Now);
    let config = world.client(Some(&mac));
    let mut open = world.connect(&config);
    assert_eq!(open.preflight().unwrap(), 200);
    Authority::new("macs of next year").write(&world.shell, "macs.pem");
    world.wait_until("the CA is not loaded", || world.server.log().contains("reloaded"));
    assert_eq!(open.preflight().unwrap(), 401);
    assert!(world.connect(&config).preflight().is_err());
}

#[test]
fn an_expired_server_certificate_is_a_warning() {
    let shell = Shell::new();
    let authority = Authority::new("servers");
    authority.server(Valid::Past).write(&shell, "server");
    let tls = ["--tls-cert", "server.pem", "--tls-key", "server.key"];
    let server = Server::start_with(&shell, &tls);
    let log = server.log();
    assert!(
        log.contains("warning: clients will reject server.pem: the certificate has expired\n"),
        "{log}"
    );
}

#[test]
fn unusable_files_are_reported_by_name() {
    let shell = Shell::new();
    let (servers, others) = (Authority::new("servers"), Authority::new("others"));
    servers.server(Valid::Now).write(&shell, "server");
    others.server(Valid::Now).write(&shell, "other");
    servers.write(&shell, "ca.pem");
    shell.write("empty.pem", "");
    shell.write("broken.pem", "-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n");
    shell.write("odd.pem", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
    shell.write(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let mut transcript = String::new();
    for flags in [
        "--tls-cert server.pem",
        "--client-ca ca.pem",
        "--sync-auth certificate",
        "--tls-cert none.pem --tls-key server.key",
        "--tls-cert empty.pem --tls-key server.key",
        "--tls-cert broken.pem --tls-key server.key",
        "--tls-cert odd.pem --tls-key server.key",
        "--tls-cert server.pem --tls-key none.key",
        "--tls-cert server.pem --tls-key server.pem",
        "--tls-cert server.pem --tls-key locked.key",
        "--tls-cert server.pem --tls-key other.key",
        "--tls-cert server.pem --tls-key server.key --client-ca server.key",
        "--tls-cert server.pem --tls-key server.key --client-ca odd.pem",
        "--tls-cert server.pem --tls-key server.key --client-ca ca.pem --client-crl ca.pem",
        "--tls-cert server.pem --tls-key server.key --client-ca ca.pem --client-ca-optional \
         --sync-auth certificate",
    ] {
        transcript += &shell.run(&format!("serve --database sqlite:x.db {flags}"));
    }
    assert!(!shell.path("x.db").exists(), "a start that fails leaves no database");
    insta::assert_snapshot!(transcript, @"
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem
    exit code: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      --tls-key <FILE>

    Usage: nicelist serve --tls-cert <FILE> --tls-key <FILE> --database <URL>

    For more information, try '--help'.
    $ nicelist serve --database sqlite:x.db --client-ca ca.pem
    exit code: 2
    ----- stderr -----
    error: the following required arguments were not provided:
      --tls-key <FILE>
      --tls-cert <FILE>

    Usage: nicelist serve --tls-key <FILE> --tls-cert <FILE> --database <URL> --client-ca <FILE>

    For more information, try '--help'.
    $ nicelist serve --database sqlite:x.db --sync-auth certificate
    exit code: 2
    ----- stderr -----
    error: --sync-auth certificate requires client certificates
    hint: require them: --client-ca FILE without --client-ca-optional
    $ nicelist serve --database sqlite:x.db --tls-cert none.pem --tls-key server.key
    exit code: 2
    ----- stderr -----
    error: none.pem: cannot read the file: No such file or directory (os error 2)
    hint: the file does not exist; check the path of the certificate
    $ nicelist serve --database sqlite:x.db --tls-cert empty.pem --tls-key server.key
    exit code: 2
    ----- stderr -----
    error: empty.pem: the file contains no certificate
    hint: a PEM file has a line -----BEGIN CERTIFICATE-----
    $ nicelist serve --database sqlite:x.db --tls-cert broken.pem --tls-key server.key
    exit code: 2
    ----- stderr -----
    error: broken.pem: the file is not valid PEM: base64 decode error: InvalidCharacter(42)
    hint: a PEM file has a line -----BEGIN CERTIFICATE-----
    $ nicelist serve --database sqlite:x.db --tls-cert odd.pem --tls-key server.key
    exit code: 2
    ----- stderr -----
    error: odd.pem: invalid certificate: BadEncoding
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key none.key
    exit code: 2
    ----- stderr -----
    error: none.key: cannot read the file: No such file or directory (os error 2)
    hint: the file does not exist; check the path of the private key
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key server.pem
    exit code: 2
    ----- stderr -----
    error: server.pem: the file contains no private key
    hint: a PEM file has a line -----BEGIN PRIVATE KEY-----
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key locked.key
    exit code: 2
    ----- stderr -----
    error: locked.key: the private key is encrypted
    hint: remove the password: openssl pkey -in locked.key -out key.pem
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key other.key
    exit code: 2
    ----- stderr -----
    error: other.key: the key does not match the certificate in server.pem
    hint: use the private key of this certificate; the server's own certificate must be the first in its file, followed by its chain
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key server.key --client-ca server.key
    exit code: 2
    ----- stderr -----
    error: server.key: the file contains no certificate
    hint: a PEM file has a line -----BEGIN CERTIFICATE-----
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key server.key --client-ca odd.pem
    exit code: 2
    ----- stderr -----
    error: odd.pem: invalid client CA: BadEncoding
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key server.key --client-ca ca.pem --client-crl ca.pem
    exit code: 2
    ----- stderr -----
    error: ca.pem: the file contains no certificate revocation list
    hint: a PEM file has a line -----BEGIN X509 CRL-----
    $ nicelist serve --database sqlite:x.db --tls-cert server.pem --tls-key server.key --client-ca ca.pem --client-ca-optional --sync-auth certificate
    exit code: 2
    ----- stderr -----
    error: --sync-auth certificate requires client certificates
    hint: require them: --client-ca FILE without --client-ca-optional
    ");
}
