//! The payloads that approve Santa's parts, so that macOS does not ask users. The identifiers are
//! those of Santa's deployment guide (docs/docs/deployment in Santa's repository).

use ::plist::{Dictionary, Value};

use super::check::Findings;
use super::write::dictionary;
use crate::document::Node;
use crate::format::profile::DOMAINS;

/// The team that signs Santa.
const TEAM: &str = "ZMCG7MLDV9";
/// The team that signed Google's Santa.
const GOOGLE_TEAM: &str = "EQHXZ8M8AV";
const DAEMON: &str = "com.northpolesec.santa.daemon";
/// The parts of Santa that read files anywhere on the disk.
const READERS: [&str; 2] = [DAEMON, "com.northpolesec.santa.bundleservice"];

const EXTENSIONS: &str = "com.apple.system-extension-policy";
const DISK_ACCESS: &str = "com.apple.TCC.configuration-profile-policy";
const BACKGROUND: &str = "com.apple.servicemanagement";
const NOTIFICATIONS: &str = "com.apple.notificationsettings";

const FIX: &str = "add the payloads: nicelist enroll profile --url URL --with-approvals";

/// A type of payload, its name for people, and its content.
type ApprovalPayload = (&'static str, &'static str, Dictionary);

/// The payloads, in the order of a profile.
pub(super) fn payloads() -> [ApprovalPayload; 4] {
    [
        (EXTENSIONS, "Santa: system extension", system_extension()),
        (DISK_ACCESS, "Santa: full disk access", disk_access()),
        (BACKGROUND, "Santa: background service", background()),
        (NOTIFICATIONS, "Santa: notifications", notifications()),
    ]
}

fn system_extension() -> Dictionary {
    let of_team =
        |value: &str| Value::from(dictionary([(TEAM, Value::from(vec![Value::from(value)]))]));
    dictionary([
        ("AllowedSystemExtensions", of_team(DAEMON)),
        ("AllowedSystemExtensionTypes", of_team("EndpointSecurityExtension")),
        ("NonRemovableSystemExtensions", of_team(DAEMON)),
    ])
}

fn disk_access() -> Dictionary {
    let entry = |identifier: &str| {
        Value::from(dictionary([
            ("Identifier", identifier.into()),
            ("IdentifierType", "bundleID".into()),
            ("CodeRequirement", requirement(identifier).into()),
            ("Allowed", true.into()),
            ("StaticCode", false.into()),
        ]))
    };
    let entries: Vec<Value> = READERS.into_iter().map(entry).collect();
    let services = dictionary([("SystemPolicyAllFiles", entries.into())]);
    dictionary([("Services", services.into())])
}

/// The designated requirement of a program that Santa's team signed with a Developer ID.
fn requirement(identifier: &str) -> String {
    format!(
        "identifier \"{identifier}\" and anchor apple generic \
         and certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ \
         and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ \
         and certificate leaf[subject.OU] = {TEAM}"
    )
}

fn background() -> Dictionary {
    let rule = dictionary([("RuleType", "TeamIdentifier".into()), ("RuleValue", TEAM.into())]);
    dictionary([("Rules", vec![Value::from(rule)].into())])
}

fn notifications() -> Dictionary {
    let [santa, _] = DOMAINS;
    let settings = dictionary([
        ("BundleIdentifier", santa.into()),
        ("NotificationsEnabled", true.into()),
        ("AlertType", Value::from(1)),
        ("ShowInNotificationCenter", true.into()),
        ("ShowInLockScreen", true.into()),
        ("CriticalAlertEnabled", true.into()),
        ("SoundsEnabled", false.into()),
    ]);
    dictionary([("NotificationSettings", vec![Value::from(settings)].into())])
}

/// Finds approvals that no payload contains. `payloads` are those of all profiles of a Mac.
pub(super) fn check(payloads: &[&Node], findings: &mut Findings) {
    let of_type = |kind: &'static str| {
        let is_of_type =
            move |node: &&&Node| node.get("PayloadType").and_then(Node::as_str) == Some(kind);
        payloads.iter().filter(is_of_type).copied()
    };
    if !of_type(EXTENSIONS).any(allows_extension) {
        let problem = match of_type(EXTENSIONS).any(is_of_google) {
            true => format!("allows only Google's Santa (team {GOOGLE_TEAM}), not {DAEMON}"),
            false => format!("no payload allows the system extension {DAEMON}"),
        };
        findings.add(EXTENSIONS, problem, FIX);
    }
    for reader in READERS {
        if !of_type(DISK_ACCESS).any(|node| gives_access(node, reader)) {
            let problem = format!("no payload gives full disk access to {reader} of team {TEAM}");
            findings.add(DISK_ACCESS, problem, FIX);
        }
    }
    if !of_type(BACKGROUND).any(|node| list(node, "Rules").any(is_for_santa)) {
        let problem = "no payload approves Santa's background service, so users can disable it";
        findings.add(BACKGROUND, problem, FIX);
    }
    let [santa, _] = DOMAINS;
    let notifies = |node: &Node| text(node, "BundleIdentifier") == Some(santa);
    if !of_type(NOTIFICATIONS).any(|node| list(node, "NotificationSettings").any(notifies)) {
        let problem = "no payload allows Santa's notifications, so macOS asks each user";
        findings.add(NOTIFICATIONS, problem, FIX);
    }
}

fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.get(key).and_then(Node::as_str)
}

fn list<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    node.get(key).and_then(Node::elements).unwrap_or_default().iter()
}

fn allows_extension(node: &Node) -> bool {
    let of_team = node.get("AllowedSystemExtensions").and_then(|allowed| allowed.get(TEAM));
    let named = of_team.and_then(Node::elements).unwrap_or_default().iter();
    named
        .chain(list(node, "AllowedTeamIdentifiers"))
        .any(|allowed| allowed.as_str().is_some_and(|text| text == DAEMON || text == TEAM))
}

fn is_of_google(node: &Node) -> bool {
    node.get("AllowedSystemExtensions").is_some_and(|allowed| allowed.get(GOOGLE_TEAM).is_some())
}

fn gives_access(node: &Node, reader: &str) -> bool {
    let Some(services) = node.get("Services") else { return false };
    list(services, "SystemPolicyAllFiles").any(|entry| {
        let is_allowed = entry.get("Allowed").and_then(Node::as_bool) == Some(true)
            || text(entry, "Authorization") == Some("Allow");
        let is_signed = text(entry, "CodeRequirement").is_some_and(|text| text.contains(TEAM));
        is_allowed && is_signed && text(entry, "Identifier") == Some(reader)
    })
}

fn is_for_santa(rule: &Node) -> bool {
    let [santa, _] = DOMAINS;
    text(rule, "RuleValue").is_some_and(|value| value == TEAM || value.starts_with(santa))
}
