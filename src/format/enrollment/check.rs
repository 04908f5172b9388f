//! Finds mistakes in profiles.

use std::collections::HashSet;

use super::read::settings_of;
use super::{approvals, key, server_settings};
use crate::document::Node;
use crate::format::profile::{DOMAINS, Profile, parse};
use crate::format::{File, Location, Remark};

/// A mistake in a profile, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFinding {
    /// The index of the file. None if the mistake is that no file contains something.
    pub file: Option<usize>,
    /// The key of the profile, or the type of a payload.
    pub key: String,
    pub problem: String,
    pub fix: String,
}

/// The result of [`check()`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileCheck {
    /// Files that cannot be read, and why. Their content is not checked.
    pub faults: Vec<Remark>,
    /// Signatures, which are not checked, and what only some servers accept.
    pub notes: Vec<Remark>,
    pub findings: Vec<ProfileFinding>,
}

/// The findings in one file after the other.
#[derive(Default)]
pub(super) struct Findings {
    file: Option<usize>,
    found: Vec<ProfileFinding>,
    notes: Vec<Remark>,
}

impl Findings {
    pub(super) fn add(
        &mut self,
        key: impl Into<String>,
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let (key, problem, fix) = (key.into(), problem.into(), fix.into());
        self.found.push(ProfileFinding { file: self.file, key, problem, fix });
    }

    /// Adds a note about the current file, which may be correct.
    pub(super) fn note(&mut self, text: &str) {
        let file = self.file.and_then(|file| u32::try_from(file).ok()).unwrap_or_default();
        self.notes.push(Remark::new(Location::whole(file), text));
    }
}

/// Checks all profiles of a Mac together, because some administrators use one profile for Santa's
/// settings and another one for approvals.
pub fn check(files: &[File]) -> ProfileCheck {
    let mut check = ProfileCheck::default();
    let mut roots = Vec::new();
    for (number, file) in (0..).zip(files) {
        match parse(number, file) {
            Err(fault) => check.faults.push(fault),
            Ok(Profile { root, signature }) => {
                let note = |text| Remark::new(Location::whole(number), text);
                check.notes.extend(signature.map(note));
                roots.push(root);
            }
        }
    }
    if !check.faults.is_empty() {
        return check;
    }
    let mut findings = Findings::default();
    let mut servers = Vec::new();
    for (file, root) in roots.iter().enumerate() {
        findings.file = Some(file);
        envelope(root, &mut findings);
        for (domain, settings) in settings_of(root) {
            if domain != DOMAINS[0] {
                findings.add(
                    "PayloadType",
                    format!("{domain} is for Google's Santa, which is no longer developed"),
                    format!("use {} for the Santa of North Pole Security", DOMAINS[0]),
                );
            }
            server_settings::check(settings, &mut findings);
            servers.extend(settings.get(key::URL).map(|url| (file, url)));
        }
    }
    several_servers(&servers, &mut findings);
    findings.file = None;
    if servers.is_empty() {
        findings.add(
            key::URL,
            "is not set, so Santa does not sync",
            "create a profile: nicelist enroll profile --url URL",
        );
    }
    let payloads: Vec<&Node> = roots.iter().flat_map(payloads).collect();
    approvals::check(&payloads, &mut findings);
    check.findings = findings.found;
    check.notes.extend(findings.notes);
    check
}

/// Santa reads one URL. If several payloads set it, macOS chooses one of them.
fn several_servers(servers: &[(usize, &Node)], findings: &mut Findings) {
    let [(_, first), others @ ..] = servers else { return };
    for (file, url) in others {
        findings.file = Some(*file);
        let problem = match url.value == first.value {
            true => "is set in two payloads",
            false => "is set in two payloads to different values; macOS uses one of them",
        };
        findings.add(key::URL, problem, "remove it from one of the payloads");
    }
}

/// The keys that Apple requires in a profile and in each of its payloads.
const REQUIRED: [&str; 4] = ["PayloadType", "PayloadIdentifier", "PayloadUUID", "PayloadVersion"];

/// The payloads of a profile.
fn payloads(root: &Node) -> &[Node] {
    root.get("PayloadContent").and_then(Node::elements).unwrap_or_default()
}

/// Checks the profile without the meaning of its payloads.
fn envelope(root: &Node, findings: &mut Findings) {
    if root.get("PayloadContent").and_then(Node::elements).is_none() {
        let problem = "is missing: the file has preferences, but MDM servers need a profile";
        let fix = "create a profile: nicelist enroll profile --url URL";
        return findings.add("PayloadContent", problem, fix);
    }
    if root.get("PayloadType").and_then(Node::as_str) != Some("Configuration") {
        findings.add("PayloadType", "the type of the profile is wrong", "set it to Configuration");
    }
    match root.get("PayloadScope").map(Node::as_str) {
        Some(Some("System")) => {}
        None => findings.add(
            "PayloadScope",
            "is missing, so the profile applies only to one user",
            "set it to System",
        ),
        Some(_) => findings.add(
            "PayloadScope",
            "is not System, so the profile applies only to one user",
            "set it to System",
        ),
    }
    if root.get("PayloadRemovalDisallowed").and_then(Node::as_bool) != Some(true) {
        let problem = "is not true, so an administrator of the Mac can remove the profile";
        findings.add("PayloadRemovalDisallowed", problem, "set it to true");
    }
    required("the profile", root, findings);
    let own = root.get("PayloadUUID").and_then(Node::as_str);
    let mut seen: HashSet<&str> = own.into_iter().collect();
    for (number, payload) in (1..).zip(payloads(root)) {
        required(&format!("payload {number}"), payload, findings);
        let unique = payload.get("PayloadUUID").and_then(Node::as_str);
        if unique.is_some_and(|unique| !seen.insert(unique)) {
            let problem = format!("payload {number} has the UUID of another payload");
            findings.add("PayloadUUID", problem, "give it its own UUID: uuidgen");
        }
    }
}

fn required(part: &str, node: &Node, findings: &mut Findings) {
    for name in REQUIRED.into_iter().filter(|name| node.get(name).is_none_or(Node::is_blank)) {
        let fix = match name {
            "PayloadUUID" => "add one: uuidgen",
            "PayloadVersion" => "set it to 1",
            _ => "add it",
        };
        let problem = format!("is missing from {part}, so macOS does not install the profile");
        findings.add(name, problem, fix);
    }
}
