//! Mistakes in Santa's settings about its server.

use super::check::Findings;
use super::values::{EnrollmentSecret, SyncUrl, ValueError};
use super::{AUTHORIZATION, PEM_CERTIFICATE, key};
use crate::document::{Entry, Node};
use crate::format::profile::is_setting;
use crate::rule::MachineId;

/// Headers that Santa removes from `SyncExtraHeaders` (SNTSyncManager.mm), and the one that it
/// replaces.
const REMOVED_HEADERS: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "proxy-authenticate",
    "proxy-authorization",
    "user-agent",
    "www-authenticate",
];
/// The beginning of each secret that a server creates.
const CREATED_SECRET: &str = "nicelist_";
/// Values that documentation has in place of a secret.
const PLACEHOLDERS: [&str; 3] = ["ENROLLMENT_SECRET", "SECRET", "TOKEN"];
/// Signs of a variable, which an MDM server replaces for each Mac.
const VARIABLES: [char; 3] = ['$', '%', '{'];
const ENCODINGS: [&str; 3] = ["deflate", "gzip", "none"];

/// Checks one payload.
pub(super) fn check(payload: &Node, findings: &mut Findings) {
    names(payload, findings);
    let url = payload.get(key::URL).and_then(|node| url(node, findings));
    headers(payload, findings);
    if let Some(url) = url {
        secret(&url, payload, findings);
    }
    roots(payload, findings);
    certificate(payload, findings);
    machine(payload, findings);
    wire(payload, findings);
}

/// Finds keys that Santa does not know, and settings that the server replaces.
fn names(payload: &Node, findings: &mut Findings) {
    for Entry { key, .. } in payload.entries().unwrap_or_default() {
        if is_setting(key) {
            findings.add(
                key,
                "the server's value replaces this one at the first sync",
                "set it on the server: nicelist settings import FILE",
            );
        } else if let Some(known) = misspelled(key) {
            let problem = "Santa has no such key and ignores it";
            findings.add(key, problem, format!("rename it to {known}"));
        }
    }
}

/// The known key that a key probably means, if it is not known itself.
fn misspelled(key: &str) -> Option<&'static str> {
    let plain = |key: &str| {
        let lower = key.to_ascii_lowercase();
        lower.strip_prefix("sync").unwrap_or(&lower).to_owned()
    };
    let known = key::ALL.into_iter().find(|known| plain(known) == plain(key))?;
    (known != key).then_some(known)
}

/// Finds a text of the wrong type.
fn text<'n>(name: &str, node: &'n Node, findings: &mut Findings) -> Option<&'n str> {
    if node.as_str().is_none() {
        findings.add(name, node.expected("a string"), "use a string");
    }
    node.as_str()
}

fn url(node: &Node, findings: &mut Findings) -> Option<SyncUrl> {
    let given = text(key::URL, node, findings)?;
    let (problem, fix) = match given.parse::<SyncUrl>() {
        Ok(url) => {
            if !given.ends_with('/') {
                findings.note(
                    "SyncBaseURL does not end with a slash; Santa adds it, but other clients may \
                     replace the last part of the path",
                );
            }
            if url.is_loopback() {
                let problem = "is the address of the Mac itself, so other Macs cannot sync";
                findings.add(key::URL, problem, "use the address of the server");
            }
            return Some(url);
        }
        Err(error) => (error.to_string(), fix_of(&error)),
    };
    findings.add(key::URL, problem, fix);
    None
}

fn fix_of(error: &ValueError) -> &'static str {
    match error {
        ValueError::UrlInsecure => "use https, with TLS in nicelist or in a proxy in front of it",
        ValueError::UrlSpaces => "remove the spaces and line breaks",
        ValueError::UrlQuery => "remove the ? or # and everything after it",
        ValueError::UrlCredentials => "send the enrollment secret in SyncExtraHeaders",
        _ => "use an address such as https://santa.example.com/santa/",
    }
}

fn headers(payload: &Node, findings: &mut Findings) {
    let Some(node) = payload.get(key::HEADERS) else { return };
    let Some(entries) = node.entries() else {
        return findings.add(key::HEADERS, node.expected("a dictionary"), "use a dictionary");
    };
    for Entry { key: name, node, .. } in entries {
        let place = format!("{}.{name}", key::HEADERS);
        if REMOVED_HEADERS.iter().any(|removed| name.eq_ignore_ascii_case(removed)) {
            findings.add(place, "Santa does not send this header", "remove it");
            continue;
        }
        let Some(value) = text(&place, node, findings) else { continue };
        if value.chars().any(char::is_control) || value.trim() != value || value.is_empty() {
            let problem = "is empty, or contains a line break or spaces around the value";
            findings.add(place, problem, "remove the spaces and line breaks");
        } else if name.eq_ignore_ascii_case(AUTHORIZATION) {
            authorization(place, value, findings);
        }
    }
}

/// Checks the header with the enrollment secret. The secret is not shown.
fn authorization(place: String, value: &str, findings: &mut Findings) {
    let secret = match value.split_once(' ') {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => secret.trim(),
        _ => {
            let problem = "nicelist accepts the enrollment secret only as a bearer token";
            return findings.add(place, problem, "write Bearer and a space before the secret");
        }
    };
    if PLACEHOLDERS.contains(&secret) {
        let fix = "use a secret: nicelist token create macs --role enrollment";
        findings.add(place, format!("{secret} is a placeholder, not a secret"), fix);
    } else if !secret.contains(VARIABLES) && secret.parse::<EnrollmentSecret>().is_err() {
        let problem = "the secret is invalid: expected 16 to 200 letters, digits and -_.~";
        findings.add(place, problem, "copy the secret again");
    }
}

/// Finds a secret in the URL, and a missing secret.
fn secret(url: &SyncUrl, payload: &Node, findings: &mut Findings) {
    if url.parts().any(|part| part.starts_with(CREATED_SECRET)) {
        findings.add(
            key::URL,
            "contains the enrollment secret, which proxy logs and santactl status then show",
            "move it to SyncExtraHeaders: Authorization = Bearer SECRET",
        );
        return;
    }
    let headers = payload.get(key::HEADERS).and_then(Node::entries).unwrap_or_default();
    let has_header = headers.iter().any(|it| it.key.eq_ignore_ascii_case(AUTHORIZATION));
    let has_certificate = key::CERTIFICATES.iter().any(|key| payload.get(key).is_some());
    match has_certificate {
        _ if has_header || url.may_have_secret() => {}
        true => findings.note(
            "the profile has a client certificate but no enrollment secret; only a server with \
             --sync-auth certificate accepts it",
        ),
        false => findings.add(
            key::HEADERS,
            "has no enrollment secret, so the server refuses the Mac",
            "add Authorization = Bearer SECRET: nicelist enroll profile --secret NAME",
        ),
    }
}

fn roots(payload: &Node, findings: &mut Findings) {
    if let Some(node) = payload.get(key::ROOTS) {
        let marker = PEM_CERTIFICATE.as_bytes();
        match node.as_data() {
            None => findings.add(key::ROOTS, node.expected("data"), "use the type data"),
            Some(bytes) if memchr::memmem::find(bytes, marker).is_none() => findings.add(
                key::ROOTS,
                "contains no certificate in PEM",
                "convert the certificate: openssl x509 -inform der -in ca.der -out ca.pem",
            ),
            Some(_) => {}
        }
        if payload.get(key::ROOTS_FILE).is_some() {
            let problem = format!("is set in addition to {}", key::ROOTS);
            findings.add(key::ROOTS_FILE, problem, "remove one of them");
        }
    }
    path(key::ROOTS_FILE, payload, findings);
}

/// Checks a path on the Mac.
fn path(name: &'static str, payload: &Node, findings: &mut Findings) {
    let Some(path) = payload.get(name).and_then(|node| text(name, node, findings)) else { return };
    if !path.starts_with('/') {
        findings.add(name, "is not a full path on the Mac", "begin the path with /");
    }
}

fn certificate(payload: &Node, findings: &mut Findings) {
    path(key::CERTIFICATE_FILE, payload, findings);
    let mut set = key::CERTIFICATES.into_iter().filter(|key| payload.get(key).is_some());
    if let Some(used) = set.next() {
        for ignored in set {
            let problem = format!("has no effect, because Santa uses {used}");
            findings.add(ignored, problem, "remove one of them");
        }
    }
    let has_password = payload.get(key::CERTIFICATE_PASSWORD).is_some();
    if has_password && payload.get(key::CERTIFICATE_FILE).is_none() {
        let problem = format!("has no effect without {}", key::CERTIFICATE_FILE);
        findings.add(key::CERTIFICATE_PASSWORD, problem, "add the file, or remove the password");
    }
}

fn machine(payload: &Node, findings: &mut Findings) {
    if let Some(id) = payload.get(key::MACHINE).and_then(|it| text(key::MACHINE, it, findings)) {
        let has_variable = id.contains(VARIABLES);
        if id.parse::<MachineId>().is_err() {
            let problem = "is empty, too long or has control characters, so the server refuses it";
            findings.add(key::MACHINE, problem, "remove it; Santa then uses the hardware UUID");
        } else if !has_variable {
            let problem =
                "is the same on each Mac with this profile, so the server sees them as one host";
            let fix =
                "remove the key, or use a variable of the MDM server, such as the serial number";
            findings.add(key::MACHINE, problem, fix);
        }
        if payload.get(key::MACHINE_FILE).is_some() {
            let problem = format!("has no effect, because {} is set", key::MACHINE);
            findings.add(key::MACHINE_FILE, problem, "remove one of them");
        }
    }
    path(key::MACHINE_FILE, payload, findings);
    let pair = [(key::MACHINE_FILE, key::MACHINE_KEY), (key::MACHINE_KEY, key::MACHINE_FILE)];
    for (one, other) in pair {
        if payload.get(one).is_some() && payload.get(other).is_none() {
            let problem = format!("has no effect without {other}");
            findings.add(one, problem, format!("add {other}, or remove this key"));
        }
    }
}

fn wire(payload: &Node, findings: &mut Findings) {
    if let Some(node) = payload.get(key::PROTOBUF)
        && node.as_bool().is_none()
    {
        findings.add(key::PROTOBUF, node.expected("true or false"), "use true or false");
    }
    let encoding = payload.get(key::ENCODING);
    let encoding = encoding.and_then(|node| text(key::ENCODING, node, findings));
    if encoding.is_some_and(|encoding| !ENCODINGS.contains(&encoding)) {
        let problem = "is not a known encoding, so Santa uses deflate";
        findings.add(key::ENCODING, problem, "use deflate, gzip or none");
    }
}
