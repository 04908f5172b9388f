//! Merges a change of a tag with the current tag.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Display;

use super::{Membership, Tag};
use crate::rule::{FieldChange, TagName};

/// The tag to store. A field that is not set keeps the value of the current tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagMerge {
    pub name: TagName,
    pub priority: Option<i32>,
    /// An empty description removes the current one.
    pub description: Option<String>,
    pub membership: Option<Membership>,
}

impl TagMerge {
    /// The tag to store. `current` is the current tag, if any.
    pub fn onto(&self, current: Option<&Tag>) -> Tag {
        let Self { name, priority, description, membership } = self;
        let mut tag = current.cloned().unwrap_or_else(|| Tag::new(name.clone()));
        if let Some(priority) = priority {
            tag.priority = *priority;
        }
        if let Some(description) = description {
            tag.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(membership) = membership {
            tag.membership.clone_from(membership);
        }
        tag
    }
}

/// Longer lists of members are only counted in a difference.
const MOST_LISTED: usize = 20;

impl Tag {
    /// The fields in which two versions of a tag differ.
    pub fn differences(&self, after: &Self) -> Vec<FieldChange> {
        let (was, is) = (&self.membership, &after.membership);
        let text = |tag: &Self| tag.description.as_deref().map(Box::from);
        let number = |tag: &Self| Some(tag.priority.to_string().into_boxed_str());
        let fields = [
            (self.priority != after.priority, "priority", number(self), number(after)),
            (self.description != after.description, "description", text(self), text(after)),
            (was.serials != is.serials, "serials", listed(&was.serials), listed(&is.serials)),
            (was.users != is.users, "users", listed(&was.users), listed(&is.users)),
            (was.groups != is.groups, "groups", listed(&was.groups), listed(&is.groups)),
            (
                was.hostnames != is.hostnames,
                "hostnames",
                listed(&was.hostnames),
                listed(&is.hostnames),
            ),
        ];
        let differing = fields.into_iter().filter(|(differs, ..)| *differs);
        differing
            .map(|(_, field, before, after)| FieldChange {
                field: Cow::Borrowed(field),
                before,
                after,
            })
            .collect()
    }
}

/// The entries, or how many there are. None if there are none.
fn listed<T: Display>(entries: &BTreeSet<T>) -> Option<Box<str>> {
    match entries.len() {
        0 => None,
        1..=MOST_LISTED => {
            let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
            Some(entries.join(", ").into_boxed_str())
        }
        count => Some(format!("{count} entries").into_boxed_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(priority: Option<i32>, description: Option<&str>) -> TagMerge {
        let description = description.map(str::to_owned);
        TagMerge { name: "eng".parse().unwrap(), priority, description, membership: None }
    }

    fn described() -> Tag {
        let membership = serde_json::from_str(r#"{"users": ["anna"]}"#).unwrap();
        let description = Some("Engineers".to_owned());
        Tag { priority: 8, description, membership, ..Tag::new("eng".parse().unwrap()) }
    }

    #[test]
    fn fields_that_are_not_set_keep_their_values() {
        let current = described();
        assert_eq!(merge(None, None).onto(Some(&current)), current);
        let changed = merge(Some(0), None).onto(Some(&current));
        assert_eq!(changed, Tag { priority: 0, ..current.clone() });
        let changed = merge(None, Some("")).onto(Some(&current));
        assert_eq!(changed, Tag { description: None, ..current });
        assert_eq!(merge(None, None).onto(None), Tag::new("eng".parse().unwrap()));
    }

    #[test]
    fn differences_are_listed_field_by_field() {
        let after = Tag::new("eng".parse().unwrap());
        let differences = described().differences(&after);
        let differences: Vec<_> = differences
            .iter()
            .map(|it| (&*it.field, it.before.as_deref(), it.after.as_deref()))
            .collect();
        let expected = [
            ("priority", Some("8"), Some("0")),
            ("description", Some("Engineers"), None),
            ("users", Some("anna"), None),
        ];
        assert_eq!(differences, expected);
        assert!(after.differences(&after).is_empty());
    }
}
