//! Removes the names of users from the reports of events, as the settings `keep-users` and
//! `keep-paths` say. Every report passes here before it is stored, so that neither events nor
//! sightings contain the names.

use std::borrow::Cow;

use crate::fleet::{EffectiveSettings, KeepPaths, redact_home};
use crate::protocol::{Event, FileAccessEvent};

/// The personal data that events keep.
#[derive(Clone, Copy, Debug)]
pub(in crate::sync) struct PersonalData {
    users: bool,
    paths: KeepPaths,
}

impl PersonalData {
    pub(in crate::sync) const fn of(settings: &EffectiveSettings) -> Self {
        Self { users: settings.keep_users, paths: settings.keep_paths }
    }

    pub(super) fn apply_to_event(self, report: &mut Event) {
        if !self.users {
            report.executing_user.clear();
            report.logged_in_users.clear();
            report.current_sessions.clear();
        }
        self.apply_to_path(&mut report.file_path);
        self.apply_to_path(&mut report.file_bundle_path);
    }

    /// A report of a file access contains no users.
    pub(super) fn apply_to_file_access(self, report: &mut FileAccessEvent) {
        self.apply_to_path(&mut report.target);
        for process in &mut report.process_chain {
            self.apply_to_path(&mut process.file_path);
        }
    }

    fn apply_to_path(self, path: &mut String) {
        match self.paths {
            KeepPaths::Full => {}
            KeepPaths::HomeRedacted => {
                if let Cow::Owned(redacted) = redact_home(path) {
                    *path = redacted;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Process;

    #[test]
    fn events_keep_only_the_allowed_personal_data() {
        let settings = EffectiveSettings {
            keep_users: false,
            keep_paths: KeepPaths::HomeRedacted,
            ..EffectiveSettings::default()
        };
        let mut event = Event {
            executing_user: "anna".to_owned(),
            logged_in_users: vec!["anna".to_owned()],
            current_sessions: vec!["anna@console".to_owned()],
            file_path: "/Users/anna/bin".to_owned(),
            file_bundle_path: "/Users/anna/A.app".to_owned(),
            quarantine_data_url: "https://example.com/Users/anna/a".to_owned(),
            ..Event::default()
        };
        let reported = event.clone();
        PersonalData::of(&EffectiveSettings::default()).apply_to_event(&mut event);
        assert_eq!(event, reported, "by default, everything is kept");
        PersonalData::of(&settings).apply_to_event(&mut event);
        let expected = Event {
            file_path: "/Users/…/bin".to_owned(),
            file_bundle_path: "/Users/…/A.app".to_owned(),
            quarantine_data_url: reported.quarantine_data_url,
            ..Event::default()
        };
        assert_eq!(event, expected);

        let process = Process { file_path: "/Users/anna/tool".to_owned(), ..Process::default() };
        let mut access = FileAccessEvent {
            target: "/Users/anna/.ssh/id".to_owned(),
            process_chain: vec![process.clone(), process],
            ..FileAccessEvent::default()
        };
        PersonalData::of(&settings).apply_to_file_access(&mut access);
        assert_eq!(access.target, "/Users/…/.ssh/id");
        assert!(access.process_chain.iter().all(|it| it.file_path == "/Users/…/tool"));
    }
}
