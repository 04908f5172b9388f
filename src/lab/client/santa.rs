//! The state of one client between syncs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::request::XsrfToken;
use super::request_formats::PreflightFields;
use super::{Database, Generation, HeldRule, Profile, Settings, SyncKind};
use crate::protocol::{ClientMode, Event, RuleType};

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} is not {expected}")]
    Malformed { path: PathBuf, expected: &'static str, source: serde_json::Error },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Santa {
    pub(super) profile: Profile,
    pub(super) settings: Settings,
    pub(super) database: Database,
    pub(super) events: Vec<Event>,
    pub(super) required: SyncKind,
    /// The cursor for pedro's next sync. Santa forgets the cursor after a sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<String>,
    #[serde(skip)]
    pub(super) token: XsrfToken,
}

impl Santa {
    /// A client that has never synced, and therefore requires a clean sync.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            settings: Settings::default(),
            database: Database::default(),
            events: Vec::new(),
            required: SyncKind::CleanAll,
            cursor: None,
            token: XsrfToken::default(),
        }
    }

    pub fn load(path: &Path) -> Result<Self, StateError> {
        read_json(path, "the state of a lab client")
    }

    /// Replaces the file atomically.
    ///
    /// On Unix, only the owner can read it, because the profile's headers may contain a token.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        let failed = |source| StateError::Write { path: path.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from).map_err(failed)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The profile, for changes that an administrator applies between syncs.
    pub fn profile_mut(&mut self) -> &mut Profile {
        &mut self.profile
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The server's mode, or the profile's mode if the server did not set one.
    pub fn client_mode(&self) -> ClientMode {
        self.settings.client_mode.unwrap_or(self.profile.client_mode)
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The rules without transitive rules, sorted by type and identifier.
    pub fn rules(&self) -> Vec<&HeldRule> {
        let mut rules: Vec<_> = self.database.rules().collect();
        rules.sort_by(|a, b| (a.rule_type, &a.identifier).cmp(&(b.rule_type, &b.identifier)));
        rules
    }

    pub fn required(&self) -> SyncKind {
        self.required
    }

    /// Requires at least this kind of sync, like `santactl sync --clean`.
    pub fn require(&mut self, kind: SyncKind) {
        self.required = self.required.max(kind);
    }

    /// Simulates a change of `SyncBaseURL`: deletes the old server's settings, and requires a clean
    /// sync. Some clients also delete the rules.
    pub fn change_server(&mut self) {
        self.settings = Settings::default();
        self.require(SyncKind::CleanAll);
        let forgets_rules = match self.profile.generation {
            Generation::Santa(version) => version.forgets_rules_of_another_server(),
            Generation::Pedro | Generation::Rednose => true,
        };
        if forgets_rules {
            self.database = Database::default();
        }
    }

    /// Adds transitive rules, which a Mac creates for the files that a compiler writes.
    pub fn add_transitive_rules(&mut self, count: u32) {
        self.database.add_transitive(count);
    }

    /// Deletes a rule without a sync, as root can. Does nothing if the rule does not exist.
    pub fn delete_rule(&mut self, rule_type: RuleType, identifier: &str) {
        self.database.delete(rule_type, identifier);
    }

    pub fn pending_events(&self) -> &[Event] {
        &self.events
    }

    pub fn add_event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Adds the events in a file, which contains a JSON list in the format of the protocol. Returns
    /// the number of events.
    pub fn add_events_from(&mut self, path: &Path) -> Result<usize, StateError> {
        let events = events_in(path)?;
        let count = events.len();
        self.events.extend(events);
        Ok(count)
    }

    pub(super) fn preflight_fields<'a>(
        &'a self,
        rules_hash: Option<&'a str>,
    ) -> PreflightFields<'a> {
        PreflightFields {
            profile: &self.profile,
            mode: self.client_mode(),
            wants_cleaning: self.required != SyncKind::Normal,
            counts: self.database.counts(),
            rules_hash,
        }
    }
}

/// Reads a JSON list of events in the format of the protocol.
///
/// # Errors
/// When the file cannot be read or does not contain a JSON list of events.
pub fn events_in(path: &Path) -> Result<Vec<Event>, StateError> {
    read_json(path, "a list of events")
}

fn read_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    expected: &'static str,
) -> Result<T, StateError> {
    let read = |source| StateError::Read { path: path.to_owned(), source };
    let text = fs::read(path).map_err(read)?;
    serde_json::from_slice(&text).map_err(|source| StateError::Malformed {
        path: path.to_owned(),
        expected,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Decision, Open};

    fn busy() -> Santa {
        let mut santa = Santa::new(Profile::default());
        santa.settings.allowed_path_regex = Some("^/opt/".to_owned());
        santa.add_transitive_rules(2);
        santa.add_event(Event {
            file_name: "yes".to_owned(),
            decision: Open::Other("BLOCK_LATER".to_owned()),
            ..Event::default()
        });
        santa
    }

    #[test]
    fn a_client_can_be_saved_and_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mac.json");
        let santa = busy();
        santa.save(&path).unwrap();
        assert_eq!(Santa::load(&path).unwrap(), santa);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_a_saved_client() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mac.json");
        busy().save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn errors_contain_the_name_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mac.json");
        assert!(matches!(Santa::load(&path), Err(StateError::Read { .. })));
        fs::write(&path, "[]").unwrap();
        let error = Santa::load(&path).unwrap_err();
        assert!(error.to_string().ends_with("mac.json is not the state of a lab client"));
        let nowhere = directory.path().join("no/mac.json");
        assert!(matches!(busy().save(&nowhere), Err(StateError::Write { .. })));
    }

    #[test]
    fn events_are_read_from_a_list_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.json");
        fs::write(&path, r#"[{"file_name":"yes","decision":"BLOCK_UNKNOWN"},{"pid":7}]"#).unwrap();
        let mut santa = busy();
        assert_eq!(santa.add_events_from(&path).unwrap(), 2);
        assert_eq!(santa.pending_events().len(), 3);
        assert_eq!(santa.pending_events()[1].decision, Decision::BlockUnknown.into());
    }

    #[test]
    fn the_server_s_mode_overrides_the_profile() {
        let mut santa = busy();
        assert_eq!(santa.client_mode(), ClientMode::Monitor);
        santa.settings.client_mode = Some(ClientMode::Lockdown);
        assert_eq!(santa.client_mode(), ClientMode::Lockdown);
    }

    #[test]
    fn requiring_a_milder_sync_changes_nothing() {
        let mut santa = busy();
        santa.require(SyncKind::Clean);
        assert_eq!(santa.required(), SyncKind::CleanAll);
    }
}
