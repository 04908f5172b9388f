//! Tests of reading and writing profiles.

use super::*;
use crate::format::Format::StaticRules;
use crate::format::tests::{describe, drafts, written_of};
use crate::format::{Content, File};

const RULE: &str = "<dict><key>Identifier</key><string>ZMCG7MLDV9</string>\
    <key>POLICY</key><string>allowlist</string><key>rule_type</key><string>TeamID</string></dict>";

fn plist(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">{inside}</plist>\n"
    )
}

fn list(rules: &str) -> String {
    format!("<key>StaticRules</key><array>{rules}</array>")
}

#[test]
fn rules_are_found_wherever_a_vendor_or_an_mdm_server_nests_them() {
    let bare = plist(&format!("<dict>{}</dict>", list(RULE)));
    let expected = r#"f: rule 1  {"target":"teamid:ZMCG7MLDV9","policy":"allow","scope":"fleet"}"#;
    assert_eq!(describe(StaticRules, bare.as_str()), expected);
    for domain in DOMAINS {
        let forced = format!(
            "<dict><key>PayloadContent</key><array><dict><key>PayloadType</key>\
             <string>com.apple.ManagedClient.preferences</string><key>PayloadContent</key><dict>\
             <key>{domain}</key><dict><key>Forced</key><array><dict><key>mcx_preference_settings</key>\
             <dict>{}</dict></dict></array></dict></dict></dict></array></dict>",
            list(RULE)
        );
        assert_eq!(describe(StaticRules, plist(&forced)), expected);
        let own = format!(
            "<dict><key>PayloadContent</key><array><dict><key>PayloadType</key><string>{domain}\
             </string>{}</dict></array></dict>",
            list(RULE)
        );
        assert_eq!(describe(StaticRules, plist(&own)), expected);
    }
}

#[test]
fn binary_and_xml_are_the_same() {
    let xml = plist(&format!("<dict>{}</dict>", list(RULE)));
    let value = ::plist::Value::from_reader_xml(xml.as_bytes()).unwrap();
    let mut binary = Vec::new();
    value.to_writer_binary(&mut binary).unwrap();
    assert!(recognises(&File { name: "f".into(), bytes: binary.clone() }));
    assert_eq!(describe(StaticRules, binary), describe(StaticRules, xml));
}

#[test]
fn other_profiles_are_reported_as_what_they_are() {
    let whole = plist(&format!("<dict>{}</dict>", list(RULE)));
    insta::assert_snapshot!(describe(StaticRules, &whole.as_bytes()[..whole.len() / 2]), @"f:3:43  fault: ends unexpectedly; it may be incomplete");
    insta::assert_snapshot!(describe(StaticRules, &b"bplist00\xd1\x01"[..]), @"f  fault: is a damaged binary property list; it may be incomplete");
    insta::assert_snapshot!(describe(StaticRules, plist("<dict><key>ClientMode</key><integer>2</integer></dict>")), @"f  fault: has settings for Santa, but no StaticRules; nicelist settings import reads them");
    insta::assert_snapshot!(describe(StaticRules, &[0x30, 0x82, 0x1f, 0x00, 0x06][..]), @"f  fault: is not a valid property list");
    insta::assert_snapshot!(describe(StaticRules, ""), @"f  fault: is empty");
}

#[test]
fn each_rule_is_reported_by_its_number() {
    let odd = "<dict><key>identifier</key><string>SHORT</string><key>policy</key><string>BLOCKLIST</string>\
        <key>rule_type</key><string>TEAMID</string></dict><string>x</string>\
        <dict><key>identifier</key><string>A</string><key>policy</key><integer>2</integer>\
        <key>rule_type</key><string>TEAMID</string></dict>";
    let rules = format!("{RULE}{odd}{RULE}");
    insta::assert_snapshot!(describe(StaticRules, plist(&format!("<dict>{}</dict>", list(&rules)))), @r#"
    f: rule 1  {"target":"teamid:ZMCG7MLDV9","policy":"allow","scope":"fleet"}
    f: rule 2  fault: identifier: invalid teamid identifier `SHORT`: expected 10 letters and digits
    f: rule 3  fault: expected an object for each rule, found a string
    f: rule 4  fault: policy: `2` is a number, and its meaning differs between tools; use the name
    f: rule 5  note: repeats an earlier entry and is ignored
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a profile is long")]
fn a_profile_is_complete_and_the_same_for_the_same_rules() {
    insta::assert_snapshot!(written_of(StaticRules, &drafts()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
    <plist version="1.0">
    <dict>
    	<key>PayloadType</key>
    	<string>Configuration</string>
    	<key>PayloadVersion</key>
    	<integer>1</integer>
    	<key>PayloadIdentifier</key>
    	<string>nicelist.static-rules</string>
    	<key>PayloadUUID</key>
    	<string>5F439188-E1CB-83BE-A608-A2E2926D7A86</string>
    	<key>PayloadDisplayName</key>
    	<string>Santa rules</string>
    	<key>PayloadDescription</key>
    	<string>Rules that Santa applies without a server.</string>
    	<key>PayloadScope</key>
    	<string>System</string>
    	<key>PayloadRemovalDisallowed</key>
    	<true/>
    	<key>PayloadContent</key>
    	<array>
    		<dict>
    			<key>PayloadType</key>
    			<string>com.apple.ManagedClient.preferences</string>
    			<key>PayloadVersion</key>
    			<integer>1</integer>
    			<key>PayloadIdentifier</key>
    			<string>nicelist.static-rules.preferences</string>
    			<key>PayloadUUID</key>
    			<string>B03476F8-56A2-8510-A753-34A3900EA367</string>
    			<key>PayloadDisplayName</key>
    			<string>Santa rules</string>
    			<key>PayloadContent</key>
    			<dict>
    				<key>com.northpolesec.santa</key>
    				<dict>
    					<key>Forced</key>
    					<array>
    						<dict>
    							<key>mcx_preference_settings</key>
    							<dict>
    								<key>StaticRules</key>
    								<array>
    									<dict>
    										<key>rule_type</key>
    										<string>TEAMID</string>
    										<key>policy</key>
    										<string>BLOCKLIST</string>
    										<key>identifier</key>
    										<string>EQHXZ8M8AV</string>
    										<key>custom_msg</key>
    										<string>Ask &quot;IT&quot; &lt;now&gt;
    ${or} later</string>
    										<key>custom_url</key>
    										<string>https://it.example/why</string>
    										<key>event_detail_button_label</key>
    										<string>Why?</string>
    										<key>comment</key>
    										<string>Chrome, all of it</string>
    									</dict>
    									<dict>
    										<key>rule_type</key>
    										<string>CDHASH</string>
    										<key>policy</key>
    										<string>ALLOWLIST</string>
    										<key>identifier</key>
    										<string>abababababababababababababababababababab</string>
    									</dict>
    									<dict>
    										<key>rule_type</key>
    										<string>SIGNINGID</string>
    										<key>policy</key>
    										<string>CEL</string>
    										<key>identifier</key>
    										<string>platform:com.apple.say</string>
    										<key>cel_expr</key>
    										<string>euid != 0</string>
    									</dict>
    									<dict>
    										<key>rule_type</key>
    										<string>TEAMID</string>
    										<key>policy</key>
    										<string>SILENT_GUI_BLOCKLIST</string>
    										<key>identifier</key>
    										<string>AAAAAAAAAA</string>
    									</dict>
    								</array>
    							</dict>
    						</dict>
    					</array>
    				</dict>
    			</dict>
    		</dict>
    	</array>
    </dict>
    </plist>

    lost: 0: ticket
    lost: 0: expires
    lost: 4: rules in Santa's own formats have no scope
    lost: 5: rules in Santa's own formats have no scope
    lost: 6: rules in Santa's own formats have no scope
    lost: 7: rules in Santa's own formats have no scope
    "#);
    assert_eq!(written_of(StaticRules, &drafts()), written_of(StaticRules, &drafts()));
    let identifiers = |content: Content<'_>| {
        let text = String::from_utf8(write(content).files[0].bytes.clone()).unwrap();
        let lines = text.lines().skip_while(|line| !line.contains("PayloadUUID"));
        lines.skip(1).take(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let rule = drafts().remove(0).try_into().unwrap();
    let one = identifiers(Content { rules: &[rule], ..Content::default() });
    assert_ne!(one, identifiers(Content::default()));
}

#[test]
fn nesting_without_end_is_refused() {
    for (open, close) in [("<array>", "</array>"), ("<dict><key>a</key>", "</dict>")] {
        let deep = format!("{}<true/>{}", open.repeat(500_000), close.repeat(500_000));
        assert_eq!(describe(StaticRules, plist(&deep)), "f  fault: is nested too deeply");
        assert_eq!(
            describe(StaticRules, plist(&open.repeat(500_000))),
            "f  fault: is nested too deeply"
        );
    }
}

/// A text in nested lists, as a binary property list. Each list contains the next inner list or the
/// text 14 times.
fn grown(levels: u8, text: &[u8]) -> Vec<u8> {
    let mut bytes = b"bplist00".to_vec();
    let mut starts = vec![bytes.len()];
    bytes.extend([0x5f, 0x12]);
    bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend(text);
    for level in 0..levels {
        starts.push(bytes.len());
        bytes.push(0xae);
        bytes.extend([level; 14]);
    }
    let table = u64::try_from(bytes.len()).unwrap();
    for start in starts {
        bytes.extend(u32::try_from(start).unwrap().to_be_bytes());
    }
    bytes.extend([0, 0, 0, 0, 0, 0, 4, 1]);
    for number in [u64::from(levels) + 1, u64::from(levels), table] {
        bytes.extend(number.to_be_bytes());
    }
    bytes
}

#[test]
fn parts_that_are_used_again_and_again_are_refused() {
    let described = |bytes| describe(StaticRules, bytes);
    assert_eq!(described(grown(1, b"x")), "f  fault: contains no StaticRules");
    assert_eq!(
        described(grown(12, b"x")),
        "f  fault: grows without limit when its references are expanded"
    );
    let long = [b'x'; 100_000];
    assert_eq!(
        described(grown(3, &long)),
        "f  fault: grows without limit when its references are expanded"
    );
}

fn settings_of(inside: &str) -> String {
    let file = File { name: "f".to_owned(), bytes: plist(inside).into_bytes() };
    let document = read_settings(&file, &crate::rule::Scope::Fleet);
    let settings =
        document.settings.iter().map(|it| format!("{}={}", it.setting.key(), it.setting.value()));
    let notes = document.notes.iter().map(|it| format!("note: {}", it.text));
    let faults = document.faults.iter().map(|it| format!("fault: {}", it.text));
    settings.chain(notes).chain(faults).collect::<Vec<_>>().join("\n")
}

/// W15: the new keys of Santa 2026.3 for removable disks are read as settings. Keys without effect
/// and invalid values are reported.
#[test]
fn w15_keys_of_new_versions_for_removable_disks_are_settings() {
    insta::assert_snapshot!(settings_of("<dict><key>RemovableMediaAction</key><string>Remount</string>\
        <key>RemovableMediaRemountFlags</key><array><string>rdonly</string><string>noexec</string></array>\
        <key>EncryptedRemovableMediaAction</key><string>Block</string>\
        <key>BlockUSBMount</key><false/></dict>"), @"
    removable-media=remount:rdonly,noexec
    encrypted-removable-media=block
    note: BlockUSBMount: is left out; RemovableMediaAction replaces it
    ");
    insta::assert_snapshot!(settings_of("<dict><key>RemovableMediaAction</key><string>Allow</string>\
        <key>RemovableMediaRemountFlags</key><array><string>rdonly</string></array>\
        <key>EncryptedRemovableMediaRemountFlags</key><array><string>rdonly</string></array></dict>"), @"
    removable-media=allow
    note: RemovableMediaRemountFlags: is left out; RemovableMediaAction is not Remount
    note: EncryptedRemovableMediaRemountFlags: is left out; it has no effect without EncryptedRemovableMediaAction
    ");
    insta::assert_snapshot!(settings_of("<dict><key>RemovableMediaAction</key><string>Remount</string>\
        <key>EncryptedRemovableMediaAction</key><true/></dict>"), @"
    fault: RemovableMediaAction: Remount requires at least one flag in RemovableMediaRemountFlags
    fault: EncryptedRemovableMediaAction: expected Allow, Block or Remount
    ");
    insta::assert_snapshot!(describe(StaticRules, plist("<dict><key>RemovableMediaAction</key><string>Block</string></dict>")), @"f  fault: has settings for Santa, but no StaticRules; nicelist settings import reads them");
}

/// W15: `AuditOnly`, the spelling in Santa's documentation, is read.
#[test]
fn w15_audit_only_is_read_as_santa_spells_it() {
    assert_eq!(
        settings_of("<dict><key>OverrideFileAccessAction</key><string>AuditOnly</string></dict>"),
        "override-file-access-action=audit-only"
    );
}

#[test]
fn settings_next_to_rules_are_reported() {
    let both = format!(
        "<dict><key>ClientMode</key><integer>2</integer>{}<key>SyncBaseURL</key><string>x</string></dict>",
        list(RULE)
    );
    insta::assert_snapshot!(describe(StaticRules, plist(&both)), @r#"
    f  note: ClientMode: is not a rule; nicelist settings import reads it
    f  note: SyncBaseURL: is not a rule and is left out
    f: rule 1  {"target":"teamid:ZMCG7MLDV9","policy":"allow","scope":"fleet"}
    "#);
    let odd = plist("<dict><key>StaticRules</key><string>x</string></dict>");
    assert_eq!(
        describe(StaticRules, odd),
        "f  fault: StaticRules: expected a list of rules, found a string"
    );
}
