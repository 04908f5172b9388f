//! A Mac that syncs as a configuration profile configures it.

use super::Secured;
use super::certificates::{Authority, Valid};
use crate::shell::ENROLLMENT;

/// Writes a profile with the CA in this file, for a server with client certificates.
fn write_profile(world: &Secured, ca: &str) {
    let (url, shell) = (&world.server.url, &world.shell);
    shell.write("secret.txt", ENROLLMENT);
    let written = shell.run(&format!(
        "enroll profile --url {url}/santa/ --ca {ca} --secret-file secret.txt \
         --client-certificate issuer:macs --with-approvals -O p.mobileconfig"
    ));
    assert!(written.contains("exit code: 0"), "{written}");
}

const SYNC: &str = "lab sync --profile p.mobileconfig --no-backoff -q -o json";

#[test]
fn a_mac_syncs_with_the_url_the_secret_and_the_ca_of_its_profile() {
    let world = Secured::mutual();
    let shell = &world.shell;
    world.macs.client("mac", Valid::Now).write(shell, "mac");
    write_profile(&world, "ca.pem");
    let without = shell.run(SYNC);
    assert!(without.contains("exit code: 2"), "{without}");
    assert!(without.contains("ClientAuthCertificateIssuerCN"), "{without}");
    assert!(without.contains("--client-cert mac.pem --client-key mac.key"), "{without}");
    assert!(without.contains("--client-cert mac.pem --client-key mac.pem"), "{without}");
    let synced = shell.run(&format!("{SYNC} --client-cert mac.pem --client-key mac.key"));
    assert!(synced.contains("exit code: 0") && synced.contains("\"postflight\""), "{synced}");
    assert_eq!(shell.json("host list").as_array().unwrap().len(), 1);
}

/// One file can have the certificate and the key, as openssl writes it.
#[test]
fn a_mac_syncs_with_one_file_for_its_certificate_and_its_key() {
    let world = Secured::mutual();
    let shell = &world.shell;
    world.macs.client("mac", Valid::Now).write(shell, "mac");
    let read = |name: &str| std::fs::read_to_string(shell.path(name)).unwrap();
    shell.write("both.pem", &(read("mac.key") + &read("mac.pem")));
    write_profile(&world, "ca.pem");
    let synced = shell.run(&format!("{SYNC} --client-cert both.pem --client-key both.pem"));
    assert!(synced.contains("exit code: 0"), "{synced}");
}

#[test]
fn a_refused_mac_that_sent_a_secret_learns_the_possible_reasons() {
    let world = Secured::mutual();
    let (url, shell) = (&world.server.url, &world.shell);
    let sync = format!("lab sync {url}/santa/ --ca ca.pem --no-backoff");
    let without = shell.run(&sync);
    assert!(without.contains("hint: to send the enrollment secret: --secret SECRET"), "{without}");
    let hint = "hint: the secret may be wrong, or the server requires a client certificate; to find \
                out: nicelist doctor";
    shell.write("secret.txt", ENROLLMENT);
    let written = shell.run(&format!(
        "enroll profile --url {url}/santa/ --ca ca.pem --secret-file secret.txt -O p.mobileconfig"
    ));
    assert!(written.contains("exit code: 0"), "{written}");
    let in_url = format!("lab sync {url}/santa/{ENROLLMENT}/ --ca ca.pem --no-backoff");
    for line in ["lab sync --profile p.mobileconfig --no-backoff", &in_url] {
        let refused = shell.run(line);
        assert!(refused.contains("401") && refused.contains(hint), "{refused}");
    }
}

#[test]
fn a_profile_with_another_ca_does_not_sync() {
    let world = Secured::mutual();
    let shell = &world.shell;
    world.macs.client("mac", Valid::Now).write(shell, "mac");
    Authority::new("others").write(shell, "other.pem");
    write_profile(&world, "other.pem");
    let sync = format!("{SYNC} --client-cert mac.pem --client-key mac.key");
    let refused = shell.run(&sync);
    assert!(refused.contains("exit code: 1"), "{refused}");
    let synced = shell.run(&format!("{sync} --ca ca.pem"));
    assert!(synced.contains("exit code: 0"), "{synced}");
}
