//! Which Macs a server with a client CA accepts and refuses.

use super::Secured;
use super::certificates::{Authority, Valid};

#[test]
fn a_mac_syncs_with_a_certificate_of_the_ca_and_its_secret() {
    let world = Secured::mutual();
    world.macs.client("mac", Valid::Now).write(&world.shell, "mac");
    let synced = world.sync("santa/the-secret-of-the-tests/", "mac");
    assert!(synced.contains("exit code: 0") && synced.contains("\"postflight\""), "{synced}");
    let refused = world.sync("santa/", "mac");
    assert!(
        refused.contains("exit code: 1") && refused.contains("responded with 401"),
        "{refused}"
    );
    assert_eq!(world.shell.json("host list").as_array().unwrap().len(), 1);
}

#[test]
fn a_mac_that_trusts_another_ca_shows_what_failed() {
    let world = Secured::start(&[]);
    Authority::new("others").write(&world.shell, "others.pem");
    let url = format!("{}/santa/", world.server.url);
    let failed = world.shell.run(&format!("lab sync {url} --ca others.pem --no-backoff"));
    assert!(failed.contains("exit code: 1"), "{failed}");
    let reason = "the server's certificate is not trusted: it is not signed by a trusted CA";
    assert!(failed.contains(&format!("attempt 1 of 5 failed: {reason}")), "{failed}");
    assert!(failed.contains("no secure connection to the server (attempt 5)"), "{failed}");
    assert!(!failed.contains("no response from the server"), "{failed}");
    let hint = format!("hint: to find the cause: nicelist doctor --url {url} --ca others.pem\n");
    assert!(failed.contains(&hint), "{failed}");
}

#[test]
fn a_mac_without_the_secret_is_refused_under_every_base_path() {
    let world = Secured::mutual();
    Authority::new("macs").client("mac", Valid::Now).write(&world.shell, "stranger");
    world.macs.client("mac", Valid::Past).write(&world.shell, "expired");
    world.macs.server(Valid::Now).write(&world.shell, "server-of-macs");
    for path in [
        "santa/the-secret-of-the-tests/",
        "the-secret-of-the-tests/",
        "a/b/c/the-secret-of-the-tests/d/",
        "",
    ] {
        let refused = world.sync_without(path);
        assert!(
            refused.contains("exit code: 1") && refused.contains("responded with 401"),
            "{refused}"
        );
    }
    for name in ["stranger", "expired", "server-of-macs"] {
        let refused = world.sync("santa/the-secret-of-the-tests/", name);
        assert!(
            refused.contains("exit code: 1") && !refused.contains("responded with 401"),
            "{refused}"
        );
    }
    let log = world.server.log();
    assert!(log.contains("no client certificate from the CA that this server trusts"), "{log}");
    assert_eq!(world.shell.json("host list"), serde_json::json!([]));
}

#[test]
fn a_certificate_can_be_revoked() {
    let mut signed = Vec::new();
    let flags = ["--client-ca", "macs.pem", "--client-crl", "macs.crl"];
    let world = Secured::start_after(&flags, |shell, macs| {
        signed = ["lost", "kept"].map(|name| macs.client(name, Valid::Now)).into();
        shell.write("macs.crl", &macs.revokes(&[&signed[0]]));
    });
    let (lost, kept) = (&signed[0], &signed[1]);
    let asks = |own| world.connect(&world.client(Some(own))).preflight();
    assert_eq!(asks(kept).unwrap(), 200);
    assert!(asks(lost).is_err());
    world.shell.write("macs.crl", &world.macs.revokes(&[lost, kept]));
    world.wait_until("the list is not loaded", || asks(kept).is_err());
}

#[test]
fn a_certificate_can_be_enough_to_sync() {
    let world = Secured::start(&["--client-ca", "macs.pem", "--sync-auth", "certificate"]);
    world.macs.client("mac", Valid::Now).write(&world.shell, "mac");
    let synced = world.sync("santa/", "mac");
    assert!(synced.contains("exit code: 0"), "{synced}");
    let refused = world.sync_without("santa/the-secret-of-the-tests/");
    assert!(
        refused.contains("exit code: 1") && refused.contains("responded with 401"),
        "{refused}"
    );
}

#[test]
fn optional_client_certificates_must_be_valid() {
    let world = Secured::start(&["--client-ca", "macs.pem", "--client-ca-optional"]);
    Authority::new("macs").client("mac", Valid::Now).write(&world.shell, "stranger");
    let synced = world.sync_without("santa/the-secret-of-the-tests/");
    assert!(synced.contains("exit code: 0"), "{synced}");
    let refused = world.sync_without("santa/");
    assert!(
        refused.contains("exit code: 1") && refused.contains("responded with 401"),
        "{refused}"
    );
    let refused = world.sync("santa/the-secret-of-the-tests/", "stranger");
    assert!(
        refused.contains("exit code: 1") && !refused.contains("responded with 401"),
        "{refused}"
    );
}
