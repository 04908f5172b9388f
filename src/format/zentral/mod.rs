//! Zentral's rule sets in JSON and YAML, and the lists that its API returns.
//!
//! A rule in Zentral has lists of serial numbers, primary users and tags, each with a list of
//! exceptions. It applies to the hosts that match all nonempty lists and no exception. In nicelist,
//! a rule has one scope, and the strongest scope wins. So each entry of a list becomes a rule, and
//! an exception becomes a `remove` rule. Combinations that scopes cannot express are refused.
//! Source: zentral/contrib/santa/serializers.py.

mod read;
mod row;
mod scopes;
#[cfg(test)]
mod tests;
mod write;

pub use read::{read, recognises_json, recognises_yaml};
pub(super) use row::numbered_policy;
pub use write::{write_json, write_yaml};
