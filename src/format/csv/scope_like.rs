//! Columns whose names look like scopes. If such a column were ignored, the rules would apply to
//! more hosts than their author wants.

use super::column::fold;
use crate::rule::Scope;

/// The folded names of such columns, each with the kind of scope that is suggested.
const NAMES: [(&str, &[&str]); 3] = [
    (
        "tag",
        &[
            "tag",
            "tags",
            "label",
            "labels",
            "group",
            "groups",
            "targetgroup",
            "targetgroups",
            "department",
            "departments",
            "scopes",
        ],
    ),
    (
        "host",
        &[
            "host",
            "hosts",
            "hostname",
            "hostnames",
            "machine",
            "machines",
            "machineid",
            "machineids",
            "serial",
            "serials",
            "serialnumber",
            "serialnumbers",
        ],
    ),
    ("user", &["user", "users", "username", "usernames"]),
];

/// The kind of scope that a column with this name probably contains.
pub(super) fn kind_of(name: &str) -> Option<&'static str> {
    let folded = fold(name);
    let found = NAMES.iter().find(|(_, names)| names.contains(&folded.as_str()));
    found.map(|(kind, _)| *kind)
}

/// The scope that a cell probably means. If that is unclear, an example.
pub(super) fn suggested(kind: &str, cell: &str) -> String {
    let as_scope = |text: &str| text.parse::<Scope>().ok().map(|scope| scope.to_string());
    as_scope(cell)
        .or_else(|| as_scope(&format!("{kind}:{cell}")))
        .unwrap_or_else(|| "tag:canary".to_owned())
}

/// A value in a column that looks like a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "column {column} looks like a scope, but scopes are read only from a column called scope; the \
    rules would apply to {}",
    described(.applied)
)]
pub struct UnreadScope {
    pub line: u32,
    pub(super) column: String,
    /// The scope that the row would have.
    pub(super) applied: Scope,
    pub(super) suggested: String,
    /// Whether the file also has a scope column.
    pub(super) has_scopes: bool,
}

impl UnreadScope {
    /// How the author can fix the file.
    pub fn hint(&self) -> String {
        let Self { column, suggested, has_scopes, .. } = self;
        if *has_scopes {
            return format!(
                "write {suggested} in the scope column, and delete the column {column}"
            );
        }
        format!("rename the column to scope and write {suggested}, or delete the column {column}")
    }
}

fn described(scope: &Scope) -> String {
    match scope {
        Scope::Fleet => "the whole fleet".to_owned(),
        scope => scope.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_folded() {
        for name in ["Tag", "TAGS", "Target Group", "target_group", "Label", "Department", "scopes"]
        {
            assert_eq!(kind_of(name), Some("tag"), "{name}");
        }
        for name in ["Host", "Hostname", "Machine ID", "machine-id", "Serial"] {
            assert_eq!(kind_of(name), Some("host"), "{name}");
        }
        assert_eq!(kind_of("User"), Some("user"));
        for name in ["scope", "Owner", "Button Label", "Target", "Since"] {
            assert_eq!(kind_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_valid_scope_is_suggested() {
        assert_eq!(suggested("tag", "Canary"), "tag:canary");
        assert_eq!(suggested("tag", "group:eng"), "group:eng");
        assert_eq!(suggested("user", "ana"), "user:ana");
        assert_eq!(suggested("tag", "All Macs"), "tag:canary");
    }
}
