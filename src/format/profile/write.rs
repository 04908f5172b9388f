//! Writes a profile.

use ::plist::{Dictionary, Value};
use sha2::{Digest, Sha256};

use super::{DOMAINS, RULES};
use crate::format::loss::Losses;
use crate::format::{Content, Written, santa};

/// The `PayloadIdentifier` of the profile.
const IDENTIFIER: &str = "nicelist.static-rules";

/// Writes a profile for North Pole Security's Santa. The rules work without a server.
pub fn write(content: Content<'_>) -> Written {
    let mut losses = Losses::default();
    let rules = content.rules.iter().enumerate();
    let rules = rules.filter_map(|(index, rule)| santa::entries(index, rule, &mut losses));
    let rules: Vec<Value> =
        rules.map(|entries| dictionary(entries.into_iter().map(text))).collect();
    losses.settings(content);
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let written = profile(rules).to_writer_xml(&mut bytes);
    debug_assert!(written.is_ok());
    bytes.push(b'\n');
    Written::file(bytes, losses.0)
}

fn text((key, text): (&'static str, String)) -> (&'static str, Value) {
    (key, Value::String(text))
}

fn dictionary(entries: impl Iterator<Item = (&'static str, Value)>) -> Value {
    let entries = entries.map(|(key, value)| (key.to_owned(), value));
    Value::Dictionary(entries.collect::<Dictionary>())
}

fn profile(rules: Vec<Value>) -> Value {
    let seed = format!("{rules:?}");
    let [domain, _] = DOMAINS;
    let settings = dictionary([(RULES, Value::Array(rules))].into_iter());
    let forced = dictionary([("mcx_preference_settings", settings)].into_iter());
    let preferences = dictionary([("Forced", Value::Array(vec![forced]))].into_iter());
    let mut content = Dictionary::new();
    content.insert(domain.to_owned(), preferences);
    let payload = dictionary(
        [
            ("PayloadType", Value::from("com.apple.ManagedClient.preferences")),
            ("PayloadVersion", Value::from(1)),
            ("PayloadIdentifier", Value::from(format!("{IDENTIFIER}.preferences"))),
            ("PayloadUUID", Value::from(uuid(&seed, "payload"))),
            ("PayloadDisplayName", Value::from("Santa rules")),
            ("PayloadContent", Value::Dictionary(content)),
        ]
        .into_iter(),
    );
    dictionary(
        [
            ("PayloadType", Value::from("Configuration")),
            ("PayloadVersion", Value::from(1)),
            ("PayloadIdentifier", Value::from(IDENTIFIER)),
            ("PayloadUUID", Value::from(uuid(&seed, "profile"))),
            ("PayloadDisplayName", Value::from("Santa rules")),
            ("PayloadDescription", Value::from("Rules that Santa applies without a server.")),
            ("PayloadScope", Value::from("System")),
            ("PayloadRemovalDisallowed", Value::from(true)),
            ("PayloadContent", Value::Array(vec![payload])),
        ]
        .into_iter(),
    )
}

/// A UUID of version 8 that is computed from `seed` and `part`.
pub(in crate::format) fn uuid(seed: &str, part: &str) -> String {
    let hash = Sha256::digest(format!("{part}\0{seed}"));
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02X}")).collect();
    format!("{}-{}-8{}-A{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
