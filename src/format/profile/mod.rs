//! Santa's `StaticRules` in a configuration profile or a property list, XML or binary.
//!
//! Rules are in a list called `StaticRules`, at any depth: for example at the top of a property
//! list, in a payload of Santa's own type, or in the forced settings of
//! `com.apple.ManagedClient.preferences`. Both vendors of Santa are supported. If a profile is
//! signed, a note reports that the signature was not checked. nicelist writes whole profiles. Their
//! UUIDs depend only on the rules, so the same rules result in the same profile.

mod envelope;
mod read;
mod settings;
#[cfg(test)]
mod tests;
mod write;

pub(super) use read::{Profile, enveloped, parse, signed_text};
pub use read::{read, recognises};
pub use settings::read_settings;
pub(super) use settings::{is_setting, santa_payloads};
pub(super) use write::uuid;
pub use write::write;

/// The key of the list of rules.
const RULES: &str = "StaticRules";
/// The preference domains of North Pole Security's Santa and of Google's Santa.
pub(super) const DOMAINS: [&str; 2] = ["com.northpolesec.santa", "com.google.santa"];
