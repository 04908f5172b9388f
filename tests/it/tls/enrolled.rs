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
    let synced = shell.run(&format!("{SYNC} --client-cert mac.pem --client-key mac.key"));
    assert!(synced.contains("exit code: 0") && synced.contains("\"postflight\""), "{synced}");
    assert_eq!(shell.json("host list").as_array().unwrap().len(), 1);
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
