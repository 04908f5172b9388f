//! Imports settings from configuration profiles.

use std::path::Path;

use crate::shell::Shell;

fn profile(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\
         <key>PayloadType</key><string>Configuration</string><key>PayloadContent</key><array><dict>\
         <key>PayloadType</key><string>com.northpolesec.santa</string>\
         <key>PayloadIdentifier</key><string>x</string>{inside}</dict></array></dict></plist>\n"
    )
}

/// W15: settings of a profile become settings of the fleet, and keys that are not imported are
/// listed.
#[test]
fn w15_settings_of_a_profile_are_imported() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    shell.run("settings set client-mode=monitor enable-bundles=true");
    shell.write(
        "santa.mobileconfig",
        &profile(
            "<key>ClientMode</key><integer>2</integer>\
             <key>AllowedPathRegex</key><string>^/opt/tools/</string>\
             <key>FullSyncInterval</key><integer>900</integer>\
             <key>BlockUSBMount</key><true/>\
             <key>RemountUSBMode</key><array><string>rdonly</string></array>\
             <key>EnableBundles</key><true/>\
             <key>SyncBaseURL</key><string>https://santa.example/</string>\
             <key>StaticRules</key><array/>",
        ),
    );
    shell.write(
        "managed.mobileconfig",
        "<plist version=\"1.0\"><dict><key>PayloadContent</key><array><dict><key>PayloadType</key>\
         <string>com.apple.ManagedClient.preferences</string><key>PayloadContent</key><dict>\
         <key>com.google.santa</key><dict><key>Forced</key><array><dict>\
         <key>mcx_preference_settings</key><dict><key>BlacklistRegex</key><string>^/tmp/</string>\
         </dict></dict></array></dict></dict></dict></array></dict></plist>",
    );
    shell.write("wrong.mobileconfig", &profile("<key>ClientMode</key><integer>7</integer>"));
    shell.write("none.mobileconfig", &profile("<key>SyncBaseURL</key><string>x</string>"));
    shell.write("rules.csv", "target,policy\nteamid:AAAAAAAAAA,allow\n");
    let mut transcript = String::new();
    for line in [
        "settings import santa.mobileconfig --dry-run",
        "settings import santa.mobileconfig",
        "settings import santa.mobileconfig",
        "settings import managed.mobileconfig",
        "settings import wrong.mobileconfig",
        "settings import none.mobileconfig",
        "settings import rules.csv",
        "rule import managed.mobileconfig",
        "settings show",
    ] {
        transcript += &shell.run(line);
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @"
    $ nicelist settings import santa.mobileconfig --dry-run
    exit code: 0
    ----- stdout -----
    added  allowed-path-regex=^/opt/tools/ in fleet
    changed  client-mode=lockdown in fleet
                 value monitor → lockdown
    unchanged  enable-bundles=true in fleet
    added  full-sync-interval=15m in fleet
    added  removable-media=remount:rdonly in fleet
    ----- stderr -----
    warning: santa.mobileconfig: SyncBaseURL: is left out; a sync server does not send it, so keep it in the profile
    warning: santa.mobileconfig: StaticRules: contains rules; nicelist rule import reads them
    warning: fleet is in lockdown, but no rule for all its hosts allows a program (NL501 empty-lockdown)
    dry run: nothing was changed (revision 1)

    $ nicelist settings import santa.mobileconfig
    exit code: 0
    ----- stdout -----
    added  allowed-path-regex=^/opt/tools/ in fleet
    changed  client-mode=lockdown in fleet
                 value monitor → lockdown
    unchanged  enable-bundles=true in fleet
    added  full-sync-interval=15m in fleet
    added  removable-media=remount:rdonly in fleet
    ----- stderr -----
    warning: santa.mobileconfig: SyncBaseURL: is left out; a sync server does not send it, so keep it in the profile
    warning: santa.mobileconfig: StaticRules: contains rules; nicelist rule import reads them
    warning: fleet is in lockdown, but no rule for all its hosts allows a program (NL501 empty-lockdown)
    revision 2

    $ nicelist settings import santa.mobileconfig
    exit code: 0
    ----- stdout -----
    unchanged  allowed-path-regex=^/opt/tools/ in fleet
    unchanged  client-mode=lockdown in fleet
    unchanged  enable-bundles=true in fleet
    unchanged  full-sync-interval=15m in fleet
    unchanged  removable-media=remount:rdonly in fleet
    ----- stderr -----
    warning: santa.mobileconfig: SyncBaseURL: is left out; a sync server does not send it, so keep it in the profile
    warning: santa.mobileconfig: StaticRules: contains rules; nicelist rule import reads them
    warning: fleet is in lockdown, but no rule for all its hosts allows a program (NL501 empty-lockdown)
    no changes (revision 2)

    $ nicelist settings import managed.mobileconfig
    exit code: 0
    ----- stdout -----
    added  blocked-path-regex=^/tmp/ in fleet
    ----- stderr -----
    revision 3

    $ nicelist settings import wrong.mobileconfig
    exit code: 5
    ----- stderr -----
    wrong.mobileconfig: ClientMode: expected 1 (monitor), 2 (lockdown) or 3 (standalone)
    error: found 1 error; nothing was changed

    $ nicelist settings import none.mobileconfig
    exit code: 5
    ----- stderr -----
    warning: none.mobileconfig: SyncBaseURL: is left out; a sync server does not send it, so keep it in the profile
    error: none.mobileconfig has no settings that a sync server can send
    hint: nicelist settings set --help lists the settings that hosts can receive

    $ nicelist settings import rules.csv
    exit code: 5
    ----- stderr -----
    error: rules.csv is not a configuration profile or a property list
    hint: nicelist apply -f FILE reads the settings of a manifest or of Moroz

    $ nicelist rule import managed.mobileconfig
    exit code: 5
    ----- stderr -----
    managed.mobileconfig: has settings for Santa, but no StaticRules; nicelist settings import reads them
    error: found 1 error; nothing was changed

    $ nicelist settings show
    exit code: 0
    ----- stdout -----
    SCOPE  KEY  VALUE
    fleet  client-mode  lockdown
    fleet  full-sync-interval  15m
    fleet  enable-bundles  true
    fleet  allowed-path-regex  ^/opt/tools/
    fleet  blocked-path-regex  ^/tmp/
    fleet  removable-media  remount:rdonly
    ");
}

/// W15: a signed profile is read, with a warning that the signature was not checked. A damaged
/// profile is refused.
#[test]
fn w15_a_signed_profile_is_read_and_its_signer_is_named() {
    let mut shell = Shell::new();
    shell.set("NICELIST_DATABASE", "sqlite:a.db");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/other-tools");
    for name in ["signed.mobileconfig", "signed-in-parts.mobileconfig"] {
        std::fs::copy(samples.join(name), shell.path(name)).unwrap();
    }
    let signed = std::fs::read(shell.path("signed.mobileconfig")).unwrap();
    std::fs::write(shell.path("cut.mobileconfig"), &signed[..700]).unwrap();
    let mut transcript = String::new();
    for line in [
        "settings import signed.mobileconfig --dry-run",
        "rule import signed.mobileconfig --dry-run",
        "rule convert signed-in-parts.mobileconfig - --to jsonl",
        "plan -f signed-in-parts.mobileconfig",
        "settings import cut.mobileconfig",
        "rule lint cut.mobileconfig",
    ] {
        transcript += &shell.run(line);
        transcript += "\n";
    }
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist settings import signed.mobileconfig --dry-run
    exit code: 0
    ----- stdout -----
    added  client-mode=lockdown in fleet
    ----- stderr -----
    warning: signed.mobileconfig: is signed by `Example MDM`; the signature was not checked
    warning: signed.mobileconfig: StaticRules: contains rules; nicelist rule import reads them
    warning: fleet is in lockdown, but no rule for all its hosts allows a program (NL501 empty-lockdown)
    dry run: nothing was changed (revision 0)

    $ nicelist rule import signed.mobileconfig --dry-run
    exit code: 0
    ----- stdout -----
    Rules for fleet
      + teamid:ZMCG7MLDV9  policy allow
      + teamid:ABCDE12345  policy block  message Ask IT
    ----- stderr -----
    warning: signed.mobileconfig: is signed by `Example MDM`; the signature was not checked
    warning: signed.mobileconfig: ClientMode: is not a rule; nicelist settings import reads it
    dry run: added 2, changed 0, unchanged 0 (revision 0)

    $ nicelist rule convert signed-in-parts.mobileconfig - --to jsonl
    exit code: 0
    ----- stdout -----
    {"target":"teamid:ZMCG7MLDV9","policy":"allow","scope":"fleet"}
    {"target":"teamid:ABCDE12345","policy":"block","scope":"fleet","message":"Ask IT"}
    ----- stderr -----
    warning: signed-in-parts.mobileconfig: is signed by `Example MDM`; the signature was not checked
    warning: signed-in-parts.mobileconfig: ClientMode: is not a rule; nicelist settings import reads it

    $ nicelist plan -f signed-in-parts.mobileconfig
    exit code: 3
    ----- stdout -----
    Rules for fleet
      + teamid:ABCDE12345  block  message Ask IT
      + teamid:ZMCG7MLDV9  allow
    ----- stderr -----
    warning: signed-in-parts.mobileconfig: is signed by `Example MDM`; the signature was not checked
    warning: signed-in-parts.mobileconfig: ClientMode: is not a rule; nicelist settings import reads it
    Plan: 2 to add
    hint: to apply exactly this plan: nicelist apply -f signed-in-parts.mobileconfig --base 0 --yes

    $ nicelist settings import cut.mobileconfig
    exit code: 5
    ----- stderr -----
    cut.mobileconfig: is a damaged signed profile; it may be incomplete
    error: found 1 error; nothing was changed

    $ nicelist rule lint cut.mobileconfig
    exit code: 3
    ----- stdout -----
    Errors
      • NL001  cut.mobileconfig  is a damaged signed profile; it may be incomplete
    ----- stderr -----
    1 error
    "#);
}
