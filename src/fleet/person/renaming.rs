//! Finds and replaces the name of a person in users, paths and texts.

use serde_json::Value;

use super::home;
use super::{PersonName, Pseudonym};
use crate::fleet::{Event, Sighting};

/// The fields of reports that contain users. The last four are names in Santa's protocol.
const USERS: [&str; 6] =
    ["user", "users", "primary_user", "executing_user", "logged_in_users", "current_sessions"];
const FILE_URL: &str = "file://";

/// Replaces a name by another text.
#[derive(Clone, Debug)]
pub struct Renaming {
    from: PersonName,
    to: Box<str>,
}

impl Renaming {
    pub fn new(from: PersonName, to: &Pseudonym) -> Self {
        Self { from, to: to.as_str().into() }
    }

    /// A renaming that is only used to find the name.
    pub fn finder(name: PersonName) -> Self {
        Self { from: name, to: Box::default() }
    }

    pub fn name(&self) -> &PersonName {
        &self.from
    }

    pub fn replacement(&self) -> &str {
        &self.to
    }

    /// Replaces a user, or the user of a session such as `anna@console`. None if it is not the
    /// person.
    pub fn user(&self, user: &str) -> Option<String> {
        let rest = user.strip_prefix(self.from.as_str())?;
        (rest.is_empty() || rest.starts_with('@')).then(|| format!("{}{rest}", self.to))
    }

    /// Replaces the name of the home folder in a path or in a `file:` URL. None if it is not the
    /// person's folder.
    pub fn path(&self, path: &str) -> Option<String> {
        let local = path.strip_prefix(FILE_URL).unwrap_or(path);
        let before = path.len() - local.len();
        let name = home::name_of(local)?;
        let (start, end) = (before + name.start, before + name.end);
        (path[start..end] == *self.from.as_str())
            .then(|| [&path[..start], &*self.to, &path[end..]].concat())
    }

    /// Replaces the name wherever it is a whole word of a text. None if the text does not contain
    /// it. `anna` is a word of `local:anna` and `anna@example.com`, but not of `anna.smith`.
    pub fn text(&self, text: &str) -> Option<String> {
        let name = self.from.as_str();
        let (mut replaced, mut copied) = (String::new(), 0);
        for (start, _) in text.match_indices(name) {
            let end = start + name.len();
            let mut before = text[..start].chars().rev();
            let mut after = text[end..].chars();
            if is_in_word(before.next(), before.next()) || is_in_word(after.next(), after.next()) {
                continue;
            }
            replaced.push_str(&text[copied..start]);
            replaced.push_str(&self.to);
            copied = end;
        }
        (copied > 0).then(|| replaced + &text[copied..])
    }

    /// Renames the person in an event. Returns whether the event changed.
    pub fn event(&self, event: &mut Event) -> bool {
        let mut changed = change(&mut event.user, |text| self.user(text));
        for path in [&mut event.folder, &mut event.download_url] {
            changed |= change(path, |text| self.path(text));
        }
        if let Some(access) = &mut event.access {
            changed |= change(&mut access.file, |text| self.path(text));
            for ancestor in &mut access.ancestors {
                changed |= change(&mut ancestor.path, |text| self.path(text));
            }
        }
        for (key, value) in &mut event.other_fields {
            changed |= self.value(key, value);
        }
        changed
    }

    /// Renames the person in a sighting. Returns whether the sighting changed.
    pub fn sighting(&self, sighting: &mut Sighting) -> bool {
        let mut changed = change(&mut sighting.path, |text| self.path(text));
        for path in &mut sighting.paths {
            changed |= change(path, |text| self.path(text));
        }
        for user in &mut sighting.users {
            changed |= change(user, |text| self.user(text));
        }
        // Both lists are kept in byte order.
        sighting.paths.sort_unstable();
        sighting.users.sort_unstable();
        changed
    }

    /// Renames the person in JSON. Returns whether the value changed. `key` is the field with the
    /// value.
    pub fn value(&self, key: &str, value: &mut Value) -> bool {
        match value {
            Value::String(text) if USERS.contains(&key) => change(text, |text| self.user(text)),
            Value::String(text) => change(text, |text| self.path(text)),
            Value::Array(items) => {
                items.iter_mut().fold(false, |changed, item| self.value(key, item) | changed)
            }
            Value::Object(fields) => fields
                .iter_mut()
                .fold(false, |changed, (key, value)| self.value(key, value) | changed),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

fn change(text: &mut String, new: impl Fn(&str) -> Option<String>) -> bool {
    match new(text) {
        Some(new) => {
            *text = new;
            true
        }
        None => false,
    }
}

/// Whether a word continues with a letter, given the next two letters. A dot or dash continues a
/// word if a letter or digit follows.
fn is_in_word(next: Option<char>, second: Option<char>) -> bool {
    match next {
        Some('.' | '-') => second.is_some_and(char::is_alphanumeric),
        Some(letter) => letter.is_alphanumeric() || letter == '_',
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn anna() -> Renaming {
        Renaming { from: "anna".parse().unwrap(), to: "person-1".into() }
    }

    #[test]
    fn users_and_sessions_are_compared_as_a_whole() {
        let user = |text| anna().user(text);
        assert_eq!(user("anna").as_deref(), Some("person-1"));
        assert_eq!(user("anna@console").as_deref(), Some("person-1@console"));
        for other in ["", "ann", "annabel", "Anna", "joanna", "bert@anna"] {
            assert_eq!(user(other), None, "{other}");
        }
    }

    #[test]
    fn only_the_persons_home_folder_is_renamed() {
        let path = |text| anna().path(text);
        assert_eq!(path("/Users/anna/a/anna").as_deref(), Some("/Users/person-1/a/anna"));
        assert_eq!(path("file:///home/anna").as_deref(), Some("file:///home/person-1"));
        for other in ["/Users/annabel/a", "/opt/anna/a", "anna", "https://a/Users/anna/"] {
            assert_eq!(path(other), None, "{other}");
        }
    }

    #[test]
    fn whole_words_of_texts_are_replaced() {
        let text = |text| anna().text(text);
        for (before, after) in [
            ("anna", "person-1"),
            ("local:anna", "local:person-1"),
            ("for anna, not annabel, anna.", "for person-1, not annabel, person-1."),
            ("anna@example.com", "person-1@example.com"),
            ("/Users/anna/x", "/Users/person-1/x"),
        ] {
            assert_eq!(text(before).as_deref(), Some(after));
        }
        for other in ["", "joanna", "anna_b", "anna.smith", "annas-mac", "x-anna", "Anna"] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn fields_of_reports_are_renamed_by_what_they_contain() {
        let mut report = json!({
            "logged_in_users": ["bert", "anna"], "current_sessions": ["anna@ttys001"],
            "file_bundle_path": "/Users/anna/A.app", "file_bundle_name": "anna",
        });
        assert!(anna().value("", &mut report));
        assert_eq!(
            report,
            json!({
                "logged_in_users": ["bert", "person-1"], "current_sessions": ["person-1@ttys001"],
                "file_bundle_path": "/Users/person-1/A.app", "file_bundle_name": "anna",
            })
        );
        assert!(!anna().value("", &mut report), "a second time, nothing changes");
    }
}
