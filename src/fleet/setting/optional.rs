//! Settings that hosts get only where an administrator set them.

use serde::{Deserialize, Serialize};

use super::SettingKey;

/// A set of settings that a host gets only if they are set, because the server does not know the
/// default of its profile or of Santa.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionalSettings(u8);

/// The settings that can be in the set. Databases store the set as bits in this order, so append
/// new settings.
const OPTIONAL: [SettingKey; 4] = [
    SettingKey::RemovableMedia,
    SettingKey::EncryptedRemovableMedia,
    SettingKey::EventDetailUrl,
    SettingKey::EventDetailText,
];

impl OptionalSettings {
    pub const NONE: Self = Self(0);
    /// All of them.
    pub const ALL: Self = Self((1 << OPTIONAL.len()) - 1);

    /// A host that synced before the set was recorded may have all of them.
    pub const fn all() -> Self {
        Self::ALL
    }

    fn bit(key: SettingKey) -> u8 {
        OPTIONAL.iter().position(|known| *known == key).map_or(0, |place| 1 << place)
    }

    /// Whether a setting is in the set. Settings that every host gets never are.
    pub fn contains(self, key: SettingKey) -> bool {
        self.0 & Self::bit(key) != 0
    }

    /// The set with a setting, unless every host gets that.
    pub fn with(self, key: SettingKey) -> Self {
        Self(self.0 | Self::bit(key))
    }

    /// The set without a setting.
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
