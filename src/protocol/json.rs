//! Messages as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::strict::Object;

/// Prefixes that some servers add so that browsers do not run a response as a script.
const XSSI_PREFIXES: [&[u8]; 2] = [b")]}'\n", b"])}"];

pub(super) fn without_prefix(answer: &[u8]) -> &[u8] {
    XSSI_PREFIXES.iter().find_map(|prefix| answer.strip_prefix(*prefix)).unwrap_or(answer)
}

/// An empty body, or a body that contains only white space, is an empty message.
pub(super) fn read<T: DeserializeOwned + Default>(body: &[u8]) -> serde_json::Result<T> {
    if body.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    let Object(message) = serde_json::from_slice(body)?;
    Ok(message)
}

pub(super) fn write(message: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(message)
}
