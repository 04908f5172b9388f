//! Reads profiles and property lists.

use super::RULES;
use super::envelope::{self, Signed};
use super::settings::{has_settings, is_setting};
use crate::document::{Node, plist, without_mark};
use crate::format::builder::Builder;
use crate::format::record::Record;
use crate::format::{Defaults, File, Location, NonRuleFile, ParsedPolicy, Remark, Spot, santa};

/// Whether a file looks like a property list, or is signed data, which may contain one.
pub fn recognises(file: &File) -> bool {
    is_signed(&file.bytes) || is_plist(&file.bytes)
}

fn is_plist(bytes: &[u8]) -> bool {
    let bytes = without_mark(bytes).trim_ascii_start();
    let head = &bytes[..bytes.len().min(512)];
    bytes.starts_with(b"bplist")
        || bytes.starts_with(b"<plist")
        || bytes.starts_with(b"<!DOCTYPE plist")
        || (bytes.starts_with(b"<?xml") && contains(head, b"plist"))
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// The identifiers of signed and of encrypted CMS data. CMS data is a sequence that starts with an
/// identifier of its kind.
const SIGNED: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02";
const ENCRYPTED: &[u8] = b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x03";
/// The identifier is expected within this number of bytes from the start of CMS data.
const CMS_START: usize = 32;

/// Whether a file is signed CMS data, like a signed profile.
fn is_signed(bytes: &[u8]) -> bool {
    is_der(bytes) && contains(&bytes[..bytes.len().min(CMS_START)], SIGNED)
}

fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, 0x80..=0x84, ..])
}

/// Identifies encrypted profiles, and certificates and keys in DER.
pub(in crate::format) fn enveloped(file: &File) -> Option<NonRuleFile> {
    if !is_der(&file.bytes) || is_signed(&file.bytes) {
        return None;
    }
    let start = &file.bytes[..file.bytes.len().min(CMS_START)];
    Some(match contains(start, ENCRYPTED) {
        true => NonRuleFile::profile(
            "is an encrypted profile; only the Mac it was encrypted for can read it",
        ),
        false => NonRuleFile::new("is a certificate or a key, not a file of rules"),
    })
}

pub(in crate::format) fn signed_text(name: &str) -> NonRuleFile {
    NonRuleFile::profile("is a signed profile in PEM; convert it to DER first").hint(format!(
        "openssl cms -cmsout -inform pem -in {name} -outform der -out profile.mobileconfig"
    ))
}

pub fn read(files: &[File], defaults: &Defaults) -> ParsedPolicy {
    let mut builder = Builder::new(files, defaults);
    for (number, file) in (0..).zip(files) {
        let location = Location::whole(number);
        let Profile { root, signature } = match parse(number, file) {
            Ok(profile) => profile,
            Err(fault) => {
                builder.policy.faults.push(fault);
                continue;
            }
        };
        builder.policy.notes.extend(signature.map(|text| Remark::new(location, text)));
        let mut search = RuleSearch { location, lists: 0, rules: 0, builder: &mut builder };
        search.node(&root);
        if search.lists == 0 {
            let text = match has_settings(&root) {
                true => format!(
                    "has settings for Santa, but no {RULES}; nicelist settings import reads them"
                ),
                false => format!("contains no {RULES}"),
            };
            builder.policy.fault(location, text);
        }
    }
    builder.finish()
}

/// A property list. If the file was signed, `signature` is the text of a note about the signature.
pub(in crate::format) struct Profile {
    pub(in crate::format) root: Node,
    pub(in crate::format) signature: Option<String>,
}

pub(in crate::format) fn parse(number: u32, file: &File) -> Result<Profile, Remark> {
    let refused = |text: &str| Remark::new(Location::whole(number), text);
    let parse = |bytes: &[u8]| plist::parse(bytes).map_err(|fault| Remark::of(number, fault));
    if !is_signed(&file.bytes) {
        return Ok(Profile { root: parse(&file.bytes)?, signature: None });
    }
    let Signed { content, signer } = envelope::open(&file.bytes).map_err(refused)?;
    if !is_plist(&content) {
        return Err(refused("is signed, but it is not a profile"));
    }
    let signer = signer.map_or(String::new(), |signer| format!(" by `{signer}`"));
    let signature = Some(format!("is signed{signer}; the signature was not checked"));
    Ok(Profile { root: parse(&content)?, signature })
}

struct RuleSearch<'b, 'd> {
    location: Location,
    lists: usize,
    rules: u32,
    builder: &'b mut Builder<'d>,
}

impl RuleSearch<'_, '_> {
    fn node(&mut self, node: &Node) {
        if let Some(nodes) = node.elements() {
            nodes.iter().for_each(|node| self.node(node));
        }
        let entries = node.entries().unwrap_or_default();
        let has_rules = entries.iter().any(|entry| entry.key == RULES);
        for entry in entries {
            match entry.key.as_str() {
                RULES => self.list(&entry.node),
                // Keys that begin with `Payload` describe a payload to MDM servers.
                key if has_rules && !key.starts_with("Payload") => self.note_setting(key),
                _ => self.node(&entry.node),
            }
        }
    }

    fn note_setting(&mut self, key: &str) {
        let text = match is_setting(key) {
            true => format!("{key}: is not a rule; nicelist settings import reads it"),
            false => format!("{key}: is not a rule and is left out"),
        };
        self.builder.note_once(Remark::new(self.location, text));
    }

    fn list(&mut self, list: &Node) {
        self.lists += 1;
        let Some(rules) = list.elements() else {
            let text = format!("{RULES}: {}", list.expected("a list of rules"));
            return self.builder.policy.fault(self.location, text);
        };
        for rule in rules {
            self.rules += 1;
            let location = Location { spot: Spot::Rule(self.rules), ..self.location };
            let record = Record::new(location, santa::KEYS, rule);
            self.builder.add(record, |record| Ok(vec![santa::draft(record)?]));
        }
    }
}
