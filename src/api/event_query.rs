//! Queries for events and for programs that are pending approval. Both kinds of queries have mostly
//! the same filters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::instant;
use crate::fleet::{EventId, EventKind, PathPattern};

/// Reads and writes a list of words as one parameter, with commas between the words.
mod words {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<T: Display, S: Serializer>(
        words: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let words: Vec<String> = words.iter().map(T::to_string).collect();
        serializer.serialize_str(&words.join(","))
    }

    pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(deserializer)?;
        let words = text.split(',').map(str::trim);
        words.map(str::parse).collect::<Result<_, T::Err>>().map_err(de::Error::custom)
    }
}

/// Defines a query with the shared filters and its own parameters.
macro_rules! event_query {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
        #[into_params(parameter_in = Query)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// Only events of this host. Accepts a machine ID, serial number or host name, a unique
            /// prefix of any of these, or `id:` followed by a whole machine ID.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub host: Option<String>,
            /// Only executions by this user. Santa does not report the users of file accesses.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub user: Option<String>,
            /// Only blocked programs and denied file accesses.
            pub blocked: bool,
            /// Only events received at or after this time.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "instant::optional")]
            pub since: Option<Timestamp>,
            /// Only events received before this time.
            #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "instant::optional")]
            pub until: Option<Timestamp>,
            /// Only events whose program or accessed file has a path that begins with this text. A
            /// text with `*` (any text, including slashes) or `?` (one character) is a pattern for
            /// the whole path. The first character must be `/`, `*` or `?`.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[param(value_type = Option<String>, pattern = "^[/*?][^\\x00]*$")]
            pub path: Option<PathPattern>,
            /// Only programs with this signer: team ID, signing ID with or without its team ID,
            /// SHA-256 of the leaf certificate, or a part of the certificate's name.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub signer: Option<String>,
            /// Only events with this text in the path, SHA-256, signing ID or team ID, or in the
            /// rule or file of a file access.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub text: Option<String>,
            $($own)*
        }
    };
}

event_query! {
    /// Which events to list.
    EventQuery {
        /// Only events of these kinds, separated by commas.
        #[serde(with = "words", skip_serializing_if = "Vec::is_empty")]
        #[param(value_type = Option<Vec<EventKind>>, style = Form, explode = false, min_items = 1)]
        pub kind: Vec<EventKind>,
        /// Only events with these decisions, such as BLOCK_UNKNOWN, in upper or lower case,
        /// separated by commas.
        #[serde(with = "words", skip_serializing_if = "Vec::is_empty")]
        #[param(value_type = Option<Vec<String>>, style = Form, explode = false, min_items = 1)]
        pub decision: Vec<String>,
        /// Only events that are newer than the event with this ID, oldest first.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[param(value_type = Option<i64>)]
        pub after: Option<EventId>,
        /// Maximum items on the page: 500 by default, at most 5,000.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<usize>,
        /// The `next` of the previous page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
    }
}

event_query! {
    /// Which events to count.
    EventStatQuery {
        /// Only events of these kinds, separated by commas.
        #[serde(with = "words", skip_serializing_if = "Vec::is_empty")]
        #[param(value_type = Option<Vec<EventKind>>, style = Form, explode = false, min_items = 1)]
        pub kind: Vec<EventKind>,
        /// Only events with these decisions, such as BLOCK_UNKNOWN, in upper or lower case,
        /// separated by commas.
        #[serde(with = "words", skip_serializing_if = "Vec::is_empty")]
        #[param(value_type = Option<Vec<String>>, style = Form, explode = false, min_items = 1)]
        pub decision: Vec<String>,
        /// Maximum programs: 20 by default, at most 5,000.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<usize>,
    }
}

event_query! {
    /// Which pending programs to list. `since`, `until`, `path`, `text` and `blocked` apply to the
    /// newest report of a program from each host.
    WaitingQuery {
        /// Maximum items on the page: 500 by default, at most 5,000.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<usize>,
        /// The `next` of the previous page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
    }
}

/// Implements conversions between queries. The listed fields are kept.
macro_rules! convert {
    ($($from:ident => $to:ident: $($field:ident)+;)+) => {
        $(
            impl From<$from> for $to {
                fn from(query: $from) -> Self {
                    let mut converted = Self::default();
                    $(converted.$field = query.$field;)+
                    converted
                }
            }
        )+
    };
}

convert! {
    EventQuery => EventStatQuery: host user blocked since until path signer text kind decision limit;
    EventStatQuery => EventQuery: host user blocked since until path signer text kind decision limit;
    EventQuery => WaitingQuery: host user blocked since until path signer text limit cursor;
    WaitingQuery => EventQuery: host user blocked since until path signer text limit cursor;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_words_are_one_parameter_with_commas() {
        let read = |json: &str| serde_json::from_str::<EventQuery>(json);
        let query = read(r#"{"decision":"BLOCK_UNKNOWN, 16","kind":"file-access"}"#).unwrap();
        assert_eq!(query.decision, ["BLOCK_UNKNOWN", "16"]);
        let json = serde_json::to_string(&query).unwrap();
        assert!(json.contains(r#""decision":"BLOCK_UNKNOWN,16""#), "{json}");
        let refused = read(r#"{"kind":"usb"}"#).unwrap_err().to_string();
        assert!(refused.contains("invalid event kind `usb`"), "{refused}");
        let refused = read(r#"{"path":"Downloads"}"#).unwrap_err().to_string();
        assert!(refused.contains("a pattern that begins with /"), "{refused}");
    }
}
