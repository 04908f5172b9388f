//! One Mac's client, from one sync to the next.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::request::XsrfToken;
use super::writing::Introduction;
use super::{Database, Generation, HeldRule, Profile, Settings, SyncKind};
use crate::protocol::{ClientMode, Event, RuleType};

/// Why a file can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file can't be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file can't be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file doesn't hold what it should.
    #[error("{path} is not {expected}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// Where it differs.
        source: serde_json::Error,
    },
}

/// One Mac's client: who it is, what it holds, and what it still has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Santa {
    pub(super) profile: Profile,
    pub(super) settings: Settings,
    pub(super) database: Database,
    pub(super) events: Vec<Event>,
    pub(super) required: SyncKind,
    /// Where pedro will go on in its next sync. Santa forgets it when the sync is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cursor: Option<String>,
    #[serde(skip)]
    pub(super) token: XsrfToken,
}

impl Santa {
    /// A client that has never synced, and therefore wants to be cleaned of everything.
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

    /// Reads a client from a file that [`save`](Self::save) wrote.
    pub fn load(path: &Path) -> Result<Self, StateError> {
        read_json(path, "the state of a lab client")
    }

    /// Writes the whole client to a file, in one step, so that no half of it is ever read.
    ///
    /// Only the user may read the file, because the profile's headers may hold a token.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        let failed = |source| StateError::Write { path: path.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).map_err(io::Error::from).map_err(failed)?;
        let mut beside = path.to_owned().into_os_string();
        beside.push(".new");
        create_private(Path::new(&beside))
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&beside, path))
            .map_err(failed)
    }

    /// Who the client is.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Who the client is, to be changed between syncs as an administrator would.
    pub fn profile_mut(&mut self) -> &mut Profile {
        &mut self.profile
    }

    /// What servers have set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The mode in effect.
    pub fn client_mode(&self) -> ClientMode {
        self.settings.client_mode.unwrap_or(self.profile.client_mode)
    }

    /// The rules that the client holds.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The rules that the client holds, by type and identifier.
    pub fn rules(&self) -> Vec<&HeldRule> {
        let mut rules: Vec<_> = self.database.rules().collect();
        rules.sort_by(|a, b| (a.rule_type, &a.identifier).cmp(&(b.rule_type, &b.identifier)));
        rules
    }

    /// The kind of sync that the client wants next.
    pub fn required(&self) -> SyncKind {
        self.required
    }

    /// Makes the client want at least this, as `santactl sync --clean` does.
    pub fn require(&mut self, kind: SyncKind) {
        self.required = self.required.max(kind);
    }

    /// Forgets what its server set, as after a change of `SyncBaseURL`, and requires a clean sync.
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

    /// Gives the client rules that a compiler made on the Mac.
    pub fn add_transitive_rules(&mut self, count: u32) {
        self.database.add_transitive(count);
    }

    /// Deletes a rule past every server, as somebody with root rights can. Does nothing if there
    /// is none.
    pub fn delete_rule(&mut self, rule_type: RuleType, identifier: &str) {
        self.database.delete(rule_type, identifier);
    }

    /// The events that wait for a sync.
    pub fn pending_events(&self) -> &[Event] {
        &self.events
    }

    /// Makes an event wait for the next sync.
    pub fn add_event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Makes the events in a file, a JSON list of them as on the wire, wait for the next
    /// sync. Returns how many they are.
    pub fn add_events_from(&mut self, path: &Path) -> Result<usize, StateError> {
        let events = events_in(path)?;
        let count = events.len();
        self.events.extend(events);
        Ok(count)
    }

    /// What the client says of itself.
    pub(super) fn introduction<'a>(&'a self, rules_hash: Option<&'a str>) -> Introduction<'a> {
        Introduction {
            profile: &self.profile,
            mode: self.client_mode(),
            wants_cleaning: self.required != SyncKind::Normal,
            counts: self.database.counts(),
            rules_hash,
        }
    }
}

/// The events in a file: a JSON list of them, as on the wire.
///
/// # Errors
/// When the file can't be read or holds something else.
pub fn events_in(path: &Path) -> Result<Vec<Event>, StateError> {
    read_json(path, "a list of events")
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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
    fn a_client_is_the_same_after_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mac.json");
        let santa = busy();
        santa.save(&path).unwrap();
        assert_eq!(Santa::load(&path).unwrap(), santa);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_for_its_user_only() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mac.json");
        busy().save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_missing_or_something_else_is_named() {
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
    fn a_mode_that_a_server_set_overrides_the_profile() {
        let mut santa = busy();
        assert_eq!(santa.client_mode(), ClientMode::Monitor);
        santa.settings.client_mode = Some(ClientMode::Lockdown);
        assert_eq!(santa.client_mode(), ClientMode::Lockdown);
    }

    #[test]
    fn a_wish_is_never_weakened_by_another() {
        let mut santa = busy();
        santa.require(SyncKind::Clean);
        assert_eq!(santa.required(), SyncKind::CleanAll);
    }
}
