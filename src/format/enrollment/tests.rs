//! Tests of profiles that enroll Macs.

use super::*;
use crate::format::File;

fn enrollment(url: &str) -> Enrollment {
    Enrollment {
        url: url.parse().unwrap(),
        secret: Some("the-secret-of-the-tests".parse().unwrap()),
        secret_place: SecretPlace::Header,
        roots: Some(RootCertificates::of_pem(PEM_CERTIFICATE.as_bytes()).unwrap()),
        certificate: Some("issuer:Santa Macs CA".parse().unwrap()),
        identifier: "com.example.santa".parse().unwrap(),
        organization: Some("Example Inc.".parse().unwrap()),
        with_approvals: true,
    }
}

fn file(enrollment: &Enrollment) -> File {
    File { name: "f".to_owned(), bytes: enrollment.profile() }
}

#[test]
fn a_url_is_checked_and_gets_its_slash() {
    let parsed = |text: &str| {
        let url = text.parse::<SyncUrl>();
        url.map_or_else(|error| error.to_string(), |url| url.as_str().to_owned())
    };
    assert_eq!(parsed("https://santa.example.com"), "https://santa.example.com/");
    assert_eq!(parsed("https://santa.example.com/santa"), "https://santa.example.com/santa/");
    assert_eq!(parsed("http://localhost:8080/santa/"), "http://localhost:8080/santa/");
    assert_eq!(parsed("http://[::1]:8080/"), "http://[::1]:8080/");
    for (text, problem) in [
        ("http://santa.example.com/", "it uses http"),
        ("ftp://santa.example.com/", "it must begin with https://"),
        ("santa.example.com/santa/", "it is not a valid URL"),
        ("https://santa.example.com/san ta/", "it must not contain spaces"),
        ("https://santa.example.com/\n", "it must not contain spaces"),
        ("https://santa.example.com/?team=1", "it must not have a query"),
        ("https://anna:pw@santa.example.com/", "it must not contain a user name"),
    ] {
        assert!(parsed(text).starts_with(problem), "{text}: {}", parsed(text));
    }
    let long = format!("https://santa.example.com/{}", "a".repeat(2000));
    assert!(parsed(&long).starts_with("it is longer than"));
}

#[test]
fn values_that_the_server_or_santa_would_refuse_cannot_be_built() {
    assert!("short".parse::<EnrollmentSecret>().is_err());
    assert!("with spaces in the middle".parse::<EnrollmentSecret>().is_err());
    assert!("com.example.santa/1".parse::<ProfileIdentifier>().is_err());
    assert!("a\nb".parse::<Organization>().is_err());
    for (text, problem) in [
        ("mac.p12", ValueError::CertificateKind),
        ("p12:/mac.p12", ValueError::CertificateKind),
        ("file:mac.p12", ValueError::CertificatePath),
        ("cn:", ValueError::Text),
    ] {
        assert_eq!(text.parse::<ClientCertificate>(), Err(problem), "{text}");
    }
    let key = b"-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n";
    assert_eq!(RootCertificates::of_pem(key), Err(ValueError::PrivateKey));
    assert_eq!(RootCertificates::of_pem(b"\x30\x82"), Err(ValueError::NoCertificate));
}

#[test]
fn debug_output_has_no_secret() {
    let mut enrollment = enrollment("https://santa.example.com/");
    let password = Some("the-password".parse().unwrap());
    enrollment.certificate = Some(ClientCertificate::File { path: "/mac.p12".into(), password });
    let shown = format!("{enrollment:?}");
    assert!(!shown.contains("the-secret") && !shown.contains("the-password"), "{shown}");
}

#[test]
fn a_written_profile_has_no_mistakes_and_syncs_as_intended() {
    let file = file(&enrollment("https://santa.example.com/santa/"));
    assert_eq!(check(std::slice::from_ref(&file)), ProfileCheck::default());
    let expected = SyncProfile {
        url: "https://santa.example.com/santa/".to_owned(),
        headers: vec![("Authorization".to_owned(), "Bearer the-secret-of-the-tests".to_owned())],
        roots: Some(ServerRoots::Pem(PEM_CERTIFICATE.as_bytes().to_owned())),
        certificate: Some("ClientAuthCertificateIssuerCN"),
        machine: None,
        protobuf: false,
        encoding: None,
        signature: None,
    };
    assert_eq!(SyncProfile::read(&file), Ok(expected));
}

#[test]
fn old_clients_get_the_secret_in_the_url() {
    let mut enrollment = enrollment("https://santa.example.com/santa");
    enrollment.secret_place = SecretPlace::Url;
    let profile = SyncProfile::read(&file(&enrollment)).unwrap();
    assert_eq!(profile.url, "https://santa.example.com/santa/the-secret-of-the-tests/");
    assert!(profile.headers.is_empty());
}

#[test]
fn the_bytes_depend_only_on_the_values() {
    let one = enrollment("https://santa.example.com/");
    assert_eq!(one.profile(), one.clone().profile());
    let other = Enrollment { identifier: "com.example.other".parse().unwrap(), ..one.clone() };
    let unique = |enrollment: &Enrollment| {
        let text = String::from_utf8(enrollment.profile()).unwrap();
        let lines = text.lines().skip_while(|line| !line.contains("PayloadUUID"));
        lines.skip(1).take(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(unique(&one), unique(&other));
}
