//! Timestamps in requests.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let invalid = |_| D::Error::custom("expected a time such as 2027-01-31T18:00:00Z");
    text.map(|text| text.parse().map_err(invalid)).transpose()
}
