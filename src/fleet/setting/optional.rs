//! Settings whose defaults are not sent to every host.

use serde::{Deserialize, Serialize};

use super::SettingKey;

/// A set of optional settings. The default of an optional setting is sent only to replace an
/// earlier value, because the host's profile or Santa may have another default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionalSettings(u8);

/// The settings that can be in the set. Databases store the set as bits in this order, so add new
/// settings at the end.
const OPTIONAL: [SettingKey; 4] = [
    SettingKey::RemovableMedia,
    SettingKey::EncryptedRemovableMedia,
    SettingKey::EventDetailUrl,
    SettingKey::EventDetailText,
];

impl OptionalSettings {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self((1 << OPTIONAL.len()) - 1);

    /// The default for rows without a stored set. A host with such a row may have any of the
    /// optional settings.
    pub const fn all() -> Self {
        Self::ALL
    }

    fn bit(key: SettingKey) -> u8 {
        OPTIONAL.iter().position(|known| *known == key).map_or(0, |place| 1 << place)
    }

    /// Whether a setting is in the set. Settings that every host gets are never in the set.
    pub fn contains(self, key: SettingKey) -> bool {
        self.0 & Self::bit(key) != 0
    }

    /// Adds a setting to the set. Settings that every host gets are ignored.
    pub fn with(self, key: SettingKey) -> Self {
        Self(self.0 | Self::bit(key))
    }

    pub fn without(self, key: SettingKey) -> Self {
        Self(self.0 & !Self::bit(key))
    }

    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_contains_what_was_added_and_not_removed() {
        let key = SettingKey::EventDetailText;
        let set = OptionalSettings::NONE.with(key).with(SettingKey::BatchSize);
        assert!(set.contains(key) && !set.contains(SettingKey::BatchSize));
        assert_eq!(set.without(key), OptionalSettings::NONE);
        assert_eq!(OptionalSettings::ALL.intersection(set), set);
        assert!(OPTIONAL.iter().all(|key| OptionalSettings::ALL.contains(*key)));
        assert_eq!(serde_json::to_string(&set).unwrap(), "8", "databases contain it");
    }
}
