//! People in the admin API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::rule::words;

/// The kind of a record about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonRecordKind {
    /// A host whose primary user is the person.
    Host,
    /// An event with the person as a user, or with a path in the person's home folder.
    Event,
    /// A sighting of a program, like an event.
    Sighting,
    /// A revision by the person, or with the person's name in its message.
    Revision,
    /// A version of a rule in the person's scope, or with the person's name in a text.
    Rule,
    /// A version of a setting in the person's scope.
    Setting,
    /// A version of a tag with the person's name in its description or membership.
    Tag,
    /// A token, revoked or not, with the person's name in its name.
    Token,
}

words! {
    PersonRecordKind {
        Host = "host",
        Event = "event",
        Sighting = "sighting",
        Revision = "revision",
        Rule = "rule",
        Setting = "setting",
        Tag = "tag",
        Token = "token",
    }
}

/// A stored record with the name of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonRecordView {
    /// The kind of the record.
    pub kind: PersonRecordKind,
    /// The record as it is stored.
    #[schema(value_type = Object)]
    pub record: Map<String, Value>,
}

/// Which page of a person's records to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct PersonQuery {
    /// Has no effect: the server chooses the number of records on a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A request to replace the name of a person with a pseudonym.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ForgetPersonRequest {
    /// Count the records, and replace nothing.
    pub dry_run: bool,
    /// The `next` of the previous response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The records in which one request replaced the name, or would replace it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgetPersonAnswer {
    /// The pseudonym; absent for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonym: Option<String>,
    /// The number of hosts whose primary user is the person. A host reports its primary user again
    /// in its next sync.
    pub hosts: u64,
    /// The number of events.
    pub events: u64,
    /// The number of sightings.
    pub sightings: u64,
    /// The number of other records: revisions, old versions of rules and tags, and revoked tokens.
    pub texts: u64,
    /// The number of stored rows that contain the name, maybe as a part of another name, but were not
    /// changed, because this version of the server cannot read them.
    #[serde(default)]
    pub unreadable: u64,
    /// The cursor for the next request; absent when all records were examined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Whether the bytes of replaced names were removed from the database. True only in the last
    /// response, and only if a name was replaced.
    #[serde(default)]
    pub erased: bool,
}
