//! Santa's `StaticRules` in a configuration profile or a property list, XML or binary.
//!
//! Rules stand below `StaticRules`, wherever that is nested: at the top of a property list, in a
//! payload of Santa's own type, or in the forced settings of `com.apple.ManagedClient.preferences`;
//! of either vendor. The profile may be signed; the signature is not checked, which is noted. A
//! complete profile is written. Its identifiers depend on the rules alone, so the same rules are the
//! same profile.

mod envelope;
mod read;
mod settings;
#[cfg(test)]
mod tests;
mod write;

pub(super) use read::{enveloped, signed_text};
pub use read::{read, recognises};
pub use settings::read_settings;
pub use write::write;

/// The key that rules stand below.
const RULES: &str = "StaticRules";
/// The preferences of Santa, by North Pole Security and by Google.
const DOMAINS: [&str; 2] = ["com.northpolesec.santa", "com.google.santa"];
