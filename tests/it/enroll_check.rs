//! `enroll check`, and profiles that `lab sync --profile` refuses.

use serde_json::Value;

use crate::shell::{ENROLLMENT, Shell};

const URL: &str = "https://santa.example.com/santa/";

fn profile(keys: &str, settings: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
         <key>PayloadType</key><string>Configuration</string>\
         <key>PayloadIdentifier</key><string>a</string><key>PayloadVersion</key><integer>1</integer>\
         {keys}<key>PayloadContent</key><array><dict>{settings}</dict></array></dict></plist>\n"
    )
}

const ENVELOPE: &str = "<key>PayloadUUID</key><string>7D1A3D6C-0001-4000-8000-000000000001</string>\
    <key>PayloadScope</key><string>System</string><key>PayloadRemovalDisallowed</key><true/>";
const SANTA: &str = "<key>PayloadType</key><string>com.northpolesec.santa</string>\
    <key>PayloadIdentifier</key><string>a.santa</string><key>PayloadVersion</key><integer>1</integer>\
    <key>PayloadUUID</key><string>7D1A3D6C-0002-4000-8000-000000000002</string>";
const HEADERS: &str = "<key>SyncExtraHeaders</key><dict><key>Authorization</key>\
    <string>Bearer the-secret-of-the-tests</string></dict>";

/// A profile that is correct except for the settings of Santa.
fn with_settings(settings: &str) -> String {
    profile(ENVELOPE, &format!("{SANTA}{settings}"))
}

fn with_url(url: &str) -> String {
    with_settings(&format!("<key>SyncBaseURL</key><string>{url}</string>{HEADERS}"))
}

fn with_more(settings: &str) -> String {
    let url = format!("<key>SyncBaseURL</key><string>{URL}</string>{HEADERS}");
    with_settings(&format!("{url}{settings}"))
}

/// The keys and fixes that `enroll check` finds, without those about approvals, which another
/// profile of the same Mac contains.
fn findings(shell: &Shell, text: &str) -> Vec<(String, String)> {
    shell.write("p.mobileconfig", text);
    let line = ["enroll", "check", "p.mobileconfig", "approvals.mobileconfig", "-o", "json"];
    let output = shell.command(&line).output().unwrap();
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let code = if found.is_empty() { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains(ENROLLMENT), "{output:?}");
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    found.iter().map(|finding| (text(finding, "key"), text(finding, "fix"))).collect()
}

/// A profile with the approvals and without Santa's settings.
fn approvals(shell: &Shell) -> String {
    let line = format!("enroll profile --url {URL} --with-approvals");
    let words: Vec<&str> = line.split(' ').collect();
    let text = String::from_utf8(shell.command(&words).output().unwrap().stdout).unwrap();
    text.replace(
        "<string>com.northpolesec.santa</string>\n\t\t\t<key>PayloadVersion",
        "<string>x</string>\n\t\t\t<key>PayloadVersion",
    )
}

#[test]
fn each_planted_mistake_is_found_with_its_fix() {
    let shell = Shell::new();
    shell.write("approvals.mobileconfig", &approvals(&shell));
    assert!(findings(&shell, &with_more("")).is_empty());
    let long = format!("<key>MachineID</key><string>{}</string>", "a".repeat(2000));
    let cases = [
        (with_url("http://santa.example.com/santa/"), "SyncBaseURL", "use https"),
        (with_url("https://santa.example.com/san ta/"), "SyncBaseURL", "remove the spaces"),
        (with_url("https://santa.example.com/santa/?t=1"), "SyncBaseURL", "remove the ? or #"),
        (with_url("http://127.0.0.1:8080/santa/"), "SyncBaseURL", "use the address of the server"),
        (with_url("https://santa.example.com/nicelist_abc/"), "SyncBaseURL", "move it to"),
        (with_url("santa.example.com"), "SyncBaseURL", "use an address such as https://"),
        (with_settings(HEADERS), "SyncBaseURL", "nicelist enroll profile --url URL"),
        (
            with_settings(&format!("<key>SyncBaseURL</key><string>{URL}</string>")),
            "SyncExtraHeaders",
            "add Authorization = Bearer SECRET",
        ),
        (with_more("<key>MachineID</key><string>MAC</string>"), "MachineID", "use a variable"),
        (with_more(&long), "MachineID", "hardware UUID"),
        (
            with_more("<key>MachineIDPlist</key><string>/a.plist</string>"),
            "MachineIDPlist",
            "add MachineIDKey",
        ),
        (
            with_more("<key>ClientMode</key><integer>2</integer>"),
            "ClientMode",
            "nicelist settings import FILE",
        ),
        (
            with_more("<key>SyncClientAuthCertificateFile</key><string>/a</string>"),
            "SyncClientAuthCertificateFile",
            "rename it to ClientAuthCertificateFile",
        ),
        (
            with_more("<key>ServerAuthRootsData</key><string>x</string>"),
            "ServerAuthRootsData",
            "use the type data",
        ),
        (
            with_more("<key>ServerAuthRootsData</key><data>MIIB</data>"),
            "ServerAuthRootsData",
            "openssl x509",
        ),
        (
            with_more("<key>ServerAuthRootsFile</key><string>ca.pem</string>"),
            "ServerAuthRootsFile",
            "begin the path with /",
        ),
        (
            with_more(
                "<key>ClientAuthCertificateCN</key><string>a</string>\
                 <key>ClientAuthCertificateIssuerCN</key><string>b</string>",
            ),
            "ClientAuthCertificateIssuerCN",
            "remove one of them",
        ),
        (
            with_more("<key>SyncClientContentEncoding</key><string>br</string>"),
            "SyncClientContentEncoding",
            "use deflate, gzip or none",
        ),
        (
            with_more(&format!(
                "</dict><dict>{}<key>SyncBaseURL</key><string>https://other.example/</string>\
                 {HEADERS}",
                SANTA.replace("0002", "0003")
            )),
            "SyncBaseURL",
            "remove it from one of the payloads",
        ),
        (
            with_more("").replace("<string>Bearer the", "<string>Basic the"),
            "SyncExtraHeaders.Authorization",
            "write Bearer",
        ),
        (
            with_more("").replace(ENROLLMENT, "ENROLLMENT_SECRET"),
            "SyncExtraHeaders.Authorization",
            "nicelist token create",
        ),
        (
            with_more("").replace(
                "<key>Authorization",
                "<key>Host</key><string>a</string>\
                <key>Authorization",
            ),
            "SyncExtraHeaders.Host",
            "remove it",
        ),
        (
            with_more("").replace("com.northpolesec.santa", "com.google.santa"),
            "PayloadType",
            "use com.northpolesec.santa",
        ),
        (with_more("").replace("System", "User"), "PayloadScope", "set it to System"),
        (
            with_more("").replace("<true/>", "<false/>"),
            "PayloadRemovalDisallowed",
            "set it to true",
        ),
        (
            with_more("").replace("-0002-", "-0001-").replace("00002", "00001"),
            "PayloadUUID",
            "uuidgen",
        ),
        (
            with_more("").replace("<key>PayloadIdentifier</key><string>a</string>", ""),
            "PayloadIdentifier",
            "add it",
        ),
    ];
    for (text, key, fix) in cases {
        let found = findings(&shell, &text);
        let is_found = matches!(&found[..], [(its, way)] if its == key && way.contains(fix));
        assert!(is_found, "{key}: {fix}: {found:?}");
    }
}

#[test]
fn a_certificate_without_a_secret_is_a_note_and_not_a_finding() {
    let shell = Shell::new();
    shell.write("approvals.mobileconfig", &approvals(&shell));
    let certificate = "<key>ClientAuthCertificateIssuerCN</key><string>macs</string>";
    let url = format!("<key>SyncBaseURL</key><string>{URL}</string>");
    let without = with_settings(&format!("{url}{certificate}"));
    assert!(findings(&shell, &without).is_empty());
    let note = "warning: p.mobileconfig: the profile has a client certificate but no enrollment \
                secret; only a server with --sync-auth certificate accepts it";
    let line = "enroll check p.mobileconfig approvals.mobileconfig";
    let shown = shell.run(line);
    assert!(shown.contains("exit code: 0") && shown.contains(note), "{shown}");
    assert!(findings(&shell, &with_more(certificate)).is_empty());
    let shown = shell.run(line);
    assert!(!shown.contains("--sync-auth"), "{shown}");
}

#[test]
fn a_missing_slash_is_a_note_because_santa_adds_it() {
    let shell = Shell::new();
    shell.write("approvals.mobileconfig", &approvals(&shell));
    assert!(findings(&shell, &with_url("https://santa.example.com/santa")).is_empty());
    let shown = shell.run("enroll check p.mobileconfig approvals.mobileconfig");
    let note = "p.mobileconfig: SyncBaseURL does not end with a slash; Santa adds it, but other \
                clients may replace the last part of the path";
    assert!(shown.contains("exit code: 0") && shown.contains(note), "{shown}");
}

#[test]
fn missing_approvals_are_found_and_shown_in_lines() {
    let shell = Shell::new();
    shell.write("p.mobileconfig", &with_more(""));
    insta::assert_snapshot!(shell.json_findings("p.mobileconfig"), @r"
    com.apple.system-extension-policy: no payload allows the system extension com.northpolesec.santa.daemon
    com.apple.TCC.configuration-profile-policy: no payload gives full disk access to com.northpolesec.santa.daemon of team ZMCG7MLDV9
    com.apple.TCC.configuration-profile-policy: no payload gives full disk access to com.northpolesec.santa.bundleservice of team ZMCG7MLDV9
    com.apple.servicemanagement: no payload approves Santa's background service, so users can disable it
    com.apple.notificationsettings: no payload allows Santa's notifications, so macOS asks each user
    ");
    let shown = shell.run("enroll check p.mobileconfig");
    assert!(shown.contains("exit code: 3") && shown.contains("\n5 findings\n"), "{shown}");
    let lines = shown.lines().filter(|line| line.contains("com.apple."));
    assert_eq!(lines.filter(|line| line.contains("--with-approvals")).count(), 5, "{shown}");
    assert!(!shown.contains("FILE"), "all findings are in the same file: {shown}");
    let other =
        with_more("").replace("com.northpolesec.santa", "com.apple.system-extension-policy");
    let google = "<key>AllowedSystemExtensions</key><dict><key>EQHXZ8M8AV</key><array/></dict>";
    shell.write(
        "google.mobileconfig",
        &other.replace("<key>SyncBaseURL", &format!("{google}<key>SyncBaseURL")),
    );
    let shown = shell.run("enroll check p.mobileconfig google.mobileconfig");
    assert!(shown.contains("allows only Google's Santa (team EQHXZ8M8AV)"), "{shown}");
}

#[test]
fn files_that_are_not_readable_profiles_are_refused() {
    let shell = Shell::new();
    let whole = with_more("");
    shell.write("cut.mobileconfig", &whole[..whole.len() / 2]);
    shell.write("rules.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n");
    shell.write("empty.mobileconfig", "");
    shell.write("server.pem", "-----BEGIN CERTIFICATE-----\n");
    std::fs::write(shell.path("damaged.mobileconfig"), b"bplist00\xd1\x01").unwrap();
    for (name, problem) in [
        ("cut.mobileconfig", "it may be incomplete"),
        ("damaged.mobileconfig", "is a damaged binary property list"),
        ("rules.csv", "rules.csv is not a configuration profile"),
        ("empty.mobileconfig", "empty"),
        ("server.pem", "server.pem is a certificate or a key, not a configuration profile"),
    ] {
        let refused = shell.run(&format!("enroll check {name}"));
        assert!(refused.contains("exit code: 5") && refused.contains(problem), "{refused}");
        assert!(refused.contains("\nhint: "), "{refused}");
        let refused = shell.run(&format!("lab sync --profile {name}"));
        assert!(refused.contains("exit code: 5") && refused.contains(problem), "{refused}");
    }
}

#[test]
fn a_missing_file_has_its_own_exit_code() {
    let missing = Shell::new().run("enroll check none.mobileconfig");
    assert!(missing.contains("exit code: 1") && missing.contains("none.mobileconfig"), "{missing}");
}

#[test]
fn a_signed_profile_is_read_inside() {
    let shell = Shell::new();
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/other-tools");
    std::fs::copy(folder.join("signed.mobileconfig"), shell.path("signed.mobileconfig")).unwrap();
    let shown = shell.run("enroll check signed.mobileconfig");
    assert!(shown.contains("exit code: 3"), "{shown}");
    assert!(shown.contains("the signature was not checked"), "{shown}");
    assert!(shown.contains("SyncBaseURL") && shown.contains("Santa does not sync"), "{shown}");
}

/// The simulated Mac uses only what the profile contains.
#[test]
fn a_profile_that_santa_cannot_use_does_not_sync() {
    let shell = Shell::new();
    for (text, problem) in [
        (with_url("http://santa.example.com/"), "http is allowed only to this machine"),
        (with_url("santa"), "SyncBaseURL: relative URL without a base"),
        (with_settings(""), "sets no SyncBaseURL for com.northpolesec.santa"),
        (
            with_more("").replace("com.northpolesec.santa", "com.google.santa"),
            "sets no SyncBaseURL for com.northpolesec.santa",
        ),
        (
            with_more("<key>ServerAuthRootsData</key><data>MIIB</data>"),
            "ServerAuthRootsData contains no valid certificate",
        ),
    ] {
        shell.write("p.mobileconfig", &text);
        let refused = shell.run("lab sync --profile p.mobileconfig --no-backoff");
        assert!(refused.contains("exit code: 5") && refused.contains(problem), "{refused}");
        assert!(refused.contains("nicelist enroll check p.mobileconfig"), "{refused}");
    }
    let both = shell.run("lab sync https://santa.example.com/ --profile p.mobileconfig");
    assert!(both.contains("exit code: 2"), "{both}");
}

impl Shell {
    /// The keys and problems that `enroll check` finds in a file.
    fn json_findings(&self, name: &str) -> String {
        let output = self.command(&["enroll", "check", name, "-o", "json"]).output().unwrap();
        let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        let lines = found.iter().map(|it| format!("{}: {}", text(it, "key"), text(it, "problem")));
        lines.collect::<Vec<_>>().join("\n")
    }
}
