//! Profiles that enroll Macs: `enroll profile` and `lab sync --profile`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::shell::{ENROLLMENT, Server, Shell};
use crate::terminal::Terminal;

const URL: &str = "https://santa.example.com/santa/";
/// Prints a property list as JSON. Binary data becomes a text.
const READER: &str = "import json, plistlib, sys
print(json.dumps(plistlib.loads(sys.stdin.buffer.read()), default=bytes.decode))";

/// The profile as Python reads it, so that nicelist is not compared with its own reader.
fn read_back(profile: &[u8]) -> Value {
    let mut python = Command::new("python3");
    python.args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().expect("python3 is installed");
    python.stdin.take().unwrap().write_all(profile).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A shell with a file that contains the enrollment secret.
fn shell() -> Shell {
    let shell = Shell::new();
    shell.write("secret.txt", &format!("{ENROLLMENT}\n"));
    shell
}

fn stdout(shell: &Shell, line: &str) -> Vec<u8> {
    let words: Vec<&str> = line.split(' ').collect();
    let output = shell.command(&words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// Removes the UUIDs, which must all be different.
fn without_uuids(profile: &mut Value) -> usize {
    let mut seen = std::collections::HashSet::new();
    let mut remove = |payload: &mut Value| {
        let unique = payload.as_object_mut().unwrap().remove("PayloadUUID").unwrap();
        let unique = unique.as_str().unwrap().to_owned();
        let lengths: Vec<usize> = unique.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{unique}");
        assert!(seen.insert(unique), "two payloads have the same UUID");
    };
    remove(profile);
    profile["PayloadContent"].as_array_mut().unwrap().iter_mut().for_each(&mut remove);
    seen.len()
}

fn requirement(identifier: &str) -> String {
    format!(
        "identifier \"{identifier}\" and anchor apple generic and certificate \
         1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate \
         leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate \
         leaf[subject.OU] = ZMCG7MLDV9"
    )
}

/// The keys that every payload of these tests has.
fn payload(kind: &str, name: &str, content: Value) -> Value {
    let mut payload = json!({
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": format!("com.example.santa.{kind}"),
        "PayloadDisplayName": name,
        "PayloadOrganization": "Example",
    });
    let content = content.as_object().unwrap().clone();
    payload.as_object_mut().unwrap().extend(content);
    payload
}

fn access(identifier: &str) -> Value {
    json!({
        "Identifier": identifier,
        "IdentifierType": "bundleID",
        "CodeRequirement": requirement(identifier),
        "Allowed": true,
        "StaticCode": false,
    })
}

#[test]
fn a_profile_has_what_santa_and_macos_need() {
    let shell = shell();
    let line = format!(
        "enroll profile --url {URL} --secret-file secret.txt --client-certificate issuer:macs \
         --identifier com.example.santa --organization Example --with-approvals"
    );
    let profile = stdout(&shell, &line);
    assert_eq!(profile, stdout(&shell, &line), "the same options, the same bytes");
    let mut read = read_back(&profile);
    assert_eq!(without_uuids(&mut read), 6);
    let settings = json!({
        "SyncBaseURL": URL,
        "SyncExtraHeaders": {"Authorization": format!("Bearer {ENROLLMENT}")},
        "ClientAuthCertificateIssuerCN": "macs",
    });
    let daemon = json!({"ZMCG7MLDV9": ["com.northpolesec.santa.daemon"]});
    let extensions = json!({
        "AllowedSystemExtensions": daemon,
        "AllowedSystemExtensionTypes": {"ZMCG7MLDV9": ["EndpointSecurityExtension"]},
        "NonRemovableSystemExtensions": daemon,
    });
    let readers =
        [access("com.northpolesec.santa.daemon"), access("com.northpolesec.santa.bundleservice")];
    let notifications = json!({
        "BundleIdentifier": "com.northpolesec.santa",
        "NotificationsEnabled": true,
        "AlertType": 1,
        "ShowInNotificationCenter": true,
        "ShowInLockScreen": true,
        "CriticalAlertEnabled": true,
        "SoundsEnabled": false,
    });
    let background = json!([{"RuleType": "TeamIdentifier", "RuleValue": "ZMCG7MLDV9"}]);
    let payloads = [
        payload("com.northpolesec.santa", "Santa", settings),
        payload("com.apple.system-extension-policy", "Santa: system extension", extensions),
        payload(
            "com.apple.TCC.configuration-profile-policy",
            "Santa: full disk access",
            json!({"Services": {"SystemPolicyAllFiles": readers}}),
        ),
        payload(
            "com.apple.servicemanagement",
            "Santa: background service",
            json!({"Rules": background}),
        ),
        payload(
            "com.apple.notificationsettings",
            "Santa: notifications",
            json!({"NotificationSettings": [notifications]}),
        ),
    ];
    let expected = json!({
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": "com.example.santa",
        "PayloadDisplayName": "Santa",
        "PayloadDescription": "Connects Santa to its sync server.",
        "PayloadOrganization": "Example",
        "PayloadScope": "System",
        "PayloadRemovalDisallowed": true,
        "PayloadContent": payloads,
    });
    assert_eq!(read, expected);
}

#[test]
fn a_certificate_file_and_its_password_are_included() {
    let shell = shell();
    shell.write("password.txt", "pass word\n");
    let line = format!(
        "enroll profile --url {URL} --secret-file secret.txt --secret-in-url \
         --client-certificate file:/etc/santa/mac.p12 --certificate-password-file password.txt"
    );
    let read = read_back(&stdout(&shell, &line));
    let settings = &read["PayloadContent"][0];
    assert_eq!(settings["SyncBaseURL"], format!("{URL}{ENROLLMENT}/"));
    assert_eq!(settings.get("SyncExtraHeaders"), None);
    assert_eq!(settings["ClientAuthCertificateFile"], "/etc/santa/mac.p12");
    assert_eq!(settings["ClientAuthCertificatePassword"], "pass word");
    assert_eq!(read["PayloadContent"].as_array().unwrap().len(), 1);
}

#[test]
fn options_that_cannot_work_are_refused() {
    let shell = shell();
    shell.write("key.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n");
    shell.write("short.txt", "short\n");
    for (options, problem) in [
        ("--url http://santa.example.com/", "it uses http"),
        ("--url https://santa.example.com/?a=b", "it must not have a query"),
        ("--url https://santa.example.com/ --ca key.pem", "it contains a private key"),
        ("--url https://santa.example.com/ --ca absent.pem", "cannot read the file"),
        ("--url https://santa.example.com/ --secret-file short.txt", "expected 16 to 200"),
        ("--url https://santa.example.com/ --secret-in-url", "--secret"),
        ("--url https://santa.example.com/ --client-certificate file:a.p12", "must begin with /"),
        ("--url https://santa.example.com/ --identifier a/b", "letters, digits"),
    ] {
        let refused = shell.run(&format!("enroll profile {options} -O p.mobileconfig"));
        assert!(refused.contains(problem), "{refused}");
        assert!(!refused.contains("exit code: 0"), "{refused}");
        assert!(!shell.path("p.mobileconfig").exists(), "{options}");
    }
}

#[test]
fn an_existing_profile_is_replaced_only_on_request_and_no_secret_is_created() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.write("p.mobileconfig", "the only copy\n");
    let line = format!("enroll profile --url {URL} --secret macs -O p.mobileconfig");
    let refused = shell.run(&line);
    assert!(refused.contains("exit code: 1"), "{refused}");
    assert!(refused.contains("p.mobileconfig already exists"), "{refused}");
    assert_eq!(std::fs::read(shell.path("p.mobileconfig")).unwrap(), b"the only copy\n");
    assert!(!shell.run("token list").contains("macs"));
    let replaced = shell.run(&format!("{line} --force"));
    assert!(replaced.contains("wrote the profile to p.mobileconfig"), "{replaced}");
    assert!(std::fs::read(shell.path("p.mobileconfig")).unwrap().starts_with(b"<?xml"));
}

#[test]
fn a_profile_that_only_an_open_server_accepts_has_a_warning() {
    let shell = shell();
    let warning = "warning: the profile has neither an enrollment secret nor a client certificate";
    for (options, is_open) in [
        ("", true),
        (" --secret-file secret.txt", false),
        (" --client-certificate issuer:macs", false),
    ] {
        let written = shell.run(&format!("enroll profile --url {URL}{options} -O - -q"));
        assert!(written.contains("exit code: 0"), "{written}");
        assert_eq!(written.contains(warning), is_open, "{options}: {written}");
    }
}

#[test]
fn a_secret_is_shown_on_a_terminal_only_on_request() {
    let shell = shell();
    let line = format!("enroll profile --url {URL} --secret-file secret.txt");
    let refused = Terminal::open(&shell, &line).end();
    assert_eq!(refused.code, 2);
    assert!(refused.seen.contains("-O santa.mobileconfig"), "{}", refused.seen);
    assert!(!refused.seen.contains(ENROLLMENT), "{}", refused.seen);
    let shown = Terminal::open(&shell, &format!("{line} -O -")).end();
    assert_eq!(shown.code, 0);
    assert!(shown.seen.contains(ENROLLMENT), "{}", shown.seen);
}

#[test]
fn a_new_secret_goes_from_the_server_into_the_file_and_a_mac_syncs_with_it() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    let hint = shell.run("host list");
    let start = format!("nicelist enroll profile --url {}/santa/ --secret macs", server.url);
    assert!(hint.contains("no hosts") && hint.contains(&start), "{hint}");
    let line =
        format!("enroll profile --url {}/santa/ --secret macs -O p.mobileconfig", server.url);
    let written = shell.run(&line);
    assert!(written.contains("wrote the profile to p.mobileconfig"), "{written}");
    assert!(written.contains("nicelist lab sync --profile p.mobileconfig"), "{written}");
    assert!(!written.contains("[SECRET]") && !written.contains("nicelist_"), "{written}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = std::fs::metadata(shell.path("p.mobileconfig")).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    let before = std::fs::read(shell.path("p.mobileconfig")).unwrap();
    let again = shell.run(&line);
    assert!(again.contains("exit code: 1"), "{again}");
    assert!(again.contains("error: p.mobileconfig already exists\n"), "{again}");
    assert!(
        again.contains("hint: to replace it: nicelist ") && again.contains("--force"),
        "{again}"
    );
    let same_name = shell.run(&format!("{line} --force"));
    assert!(same_name.contains("exit code: 6"), "{same_name}");
    assert!(same_name.contains("--secret-file FILE"), "{same_name}");
    assert_eq!(std::fs::read(shell.path("p.mobileconfig")).unwrap(), before);
    let synced = shell.run("lab sync --profile p.mobileconfig --no-backoff --machine-id M-1");
    assert!(synced.contains("exit code: 0"), "{synced}");
    assert!(!synced.contains("nicelist_"), "{synced}");
    assert_eq!(shell.json("host list").as_array().unwrap().len(), 1);
    assert!(!shell.run("host list").contains("nicelist enroll"));
    // The profile's secret is used, not one of the options of the command line.
    shell.run("token revoke macs --yes");
    let refused = shell.run("lab sync --profile p.mobileconfig --no-backoff");
    assert!(refused.contains("exit code: 1") && refused.contains("401"), "{refused}");
}
