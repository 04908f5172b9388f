//! Settings that a change edits.

use std::collections::BTreeMap;

use deadpool_postgres::GenericClient;

use super::slots::{Slot, Slots};
use super::{Version, transition};
use crate::fleet::SettingKey;
use crate::rule::Outcome;
use crate::store::checksum::RowHasher;
use crate::store::postgres::{codes, query, rows};
use crate::store::{Edit, StoreResult};

/// One setting in one scope: as it is in the database, and as it shall be.
#[derive(Default)]
struct Edited {
    stored: Option<(Version, String)>,
    wanted: Option<String>,
}

/// The settings in the scopes that a change speaks of.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<(Slot, SettingKey), Edited>);

impl Settings {
    /// Reads the settings in force in the scopes of those edits that are of settings.
    pub(super) async fn load<'e>(
        on: &impl GenericClient,
        scopes: &mut Slots<'e>,
        edits: &'e [Edit],
    ) -> StoreResult<Self> {
        let mut slots = BTreeMap::new();
        for edit in edits {
            if let Edit::Set { scope, .. } | Edit::Unset { scope, .. } = edit {
                let slot = scopes.slot(scope);
                slots.extend(scopes.id(slot).map(|id| (id, slot)));
            }
        }
        let mut settings = Self::default();
        if slots.is_empty() {
            return Ok(settings);
        }
        let ids: Vec<i64> = slots.keys().copied().collect();
        let sql = "SELECT scope, key, id, made, value FROM setting
                   WHERE scope = ANY ($1) AND ended IS NULL";
        for row in query(on, sql, &[&ids]).await? {
            let scope: i64 = row.try_get(0)?;
            let key: &str = row.try_get(1)?;
            let key = key.parse().map_err(|error| codes::corrupt("setting", &error))?;
            let Some(slot) = slots.get(&scope) else { continue };
            let value: String = row.try_get(4)?;
            let version = Version { id: row.try_get(2)?, made: row.try_get(3)? };
            let entry = Edited { stored: Some((version, value.clone())), wanted: Some(value) };
            settings.0.insert((*slot, key), entry);
        }
        Ok(settings)
    }

    /// Sets or, without a value, unsets.
    pub(super) fn edit(&mut self, slot: Slot, key: SettingKey, value: Option<String>) -> Outcome {
        let entry = self.0.entry((slot, key)).or_default();
        let outcome = transition(entry.wanted.as_ref(), value.as_ref());
        entry.wanted = value;
        outcome
    }

    /// Takes note that all settings of a scope were ended.
    pub(super) fn forget(&mut self, scopes: &Slots<'_>, scope: Option<i64>) {
        self.0.retain(|(slot, _), _| scope.is_none() || scopes.id(*slot) != scope);
    }

    /// Writes what differs from the database, and says by how many rows the revision grew.
    pub(super) async fn write(
        &mut self,
        on: &impl GenericClient,
        scopes: &mut Slots<'_>,
        revision: i64,
    ) -> StoreResult<i64> {
        let (mut altered, mut hasher) = (0, RowHasher::default());
        for ((slot, key), Edited { stored, wanted }) in &mut self.0 {
            if stored.as_ref().map(|(_, value)| value) == wanted.as_ref() {
                continue;
            }
            if let Some((row, _)) = stored.take() {
                altered += row.end(on, "setting", revision).await?;
            }
            if let Some(value) = wanted {
                let scope = scopes.intern(on, *slot).await?;
                let named = scopes.scope(*slot);
                let checksum = rows::setting_checksum(&mut hasher, named, *key, value, revision);
                let sql = "INSERT INTO setting (scope, key, value, made, checksum)
                           VALUES ($1, $2, $3, $4, $5) RETURNING id";
                let values: crate::store::postgres::Values<'_> =
                    &[&scope, &key.name(), value, &revision, &checksum];
                let row = query(on, sql, values).await?;
                let row = row.first().ok_or_else(|| codes::corrupt("setting", key))?;
                *stored = Some((Version { id: row.try_get(0)?, made: revision }, value.clone()));
                altered += 1;
            }
        }
        Ok(altered)
    }
}
