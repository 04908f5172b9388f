//! The columns of rule files: their names in nicelist and in other tools, and their positions in
//! one file.

use ::csv::ByteRecord;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Column {
    RuleType,
    Identifier,
    Policy,
    Scope,
    Cel,
    Message,
    Url,
    ButtonLabel,
    AppName,
    BundleHash,
    BundleBinaryCount,
    Comment,
    Ticket,
    Source,
    Expires,
}

/// The columns in the order of nicelist's own files. Each entry contains nicelist's name and the
/// other accepted names. The other names are folded by [`fold`].
const COLUMNS: [(Column, &str, &[&str]); 15] = [
    (Column::RuleType, "rule_type", &["type", "targettype"]),
    (Column::Identifier, "identifier", &["sha256", "target", "targetidentifier"]),
    (Column::Policy, "policy", &[]),
    (Column::Scope, "scope", &[]),
    (Column::Cel, "cel", &["celexpr"]),
    (Column::Message, "message", &["custommsg", "custommessage"]),
    (Column::Url, "url", &["customurl"]),
    (Column::ButtonLabel, "button_label", &["eventdetailbuttonlabel"]),
    (Column::AppName, "app_name", &["notificationappname"]),
    (Column::BundleHash, "bundle_hash", &["filebundlehash"]),
    (Column::BundleBinaryCount, "bundle_binary_count", &["filebundlebinarycount"]),
    (Column::Comment, "comment", &["description", "comments", "note", "notes"]),
    (Column::Ticket, "ticket", &[]),
    (Column::Source, "source", &[]),
    (
        Column::Expires,
        "expires",
        &[
            "expiry",
            "expiration",
            "expirationdate",
            "expireson",
            "expiresat",
            "expire",
            "validuntil",
        ],
    ),
];

impl Column {
    pub(super) const ALL: [Self; COLUMNS.len()] = {
        let mut all = [Self::RuleType; COLUMNS.len()];
        let mut index = 0;
        while index < all.len() {
            all[index] = COLUMNS[index].0;
            index += 1;
        }
        all
    };

    /// The column's name in nicelist's own files.
    pub(in crate::format) const fn name(self) -> &'static str {
        COLUMNS[self as usize].1
    }

    /// The column with this folded name.
    fn from_folded(folded: &str) -> Option<Self> {
        let is_it = |(_, name, others): &&(_, &str, &[&str])| {
            others.contains(&folded) || fold(name) == folded
        };
        COLUMNS.iter().find(is_it).map(|(column, ..)| *column)
    }

    /// The column of a draft's field.
    pub(in crate::format) fn of_field(field: &str) -> Option<Self> {
        match field {
            "target" => Some(Self::Identifier),
            field => Self::ALL.into_iter().find(|column| column.name() == field),
        }
    }
}

/// The columns that [`Rejects`](super::Rejects) adds. They are ignored, so that the rejected rows
/// can be fixed and imported.
pub(super) const REJECTION: [&str; 2] = ["nicelist_line", "nicelist_reason"];

/// Whether a column of a file is one that [`Rejects`](super::Rejects) adds.
pub(super) fn is_rejection(name: &str) -> bool {
    let folded = fold(name);
    REJECTION.iter().any(|own| fold(own) == folded)
}

#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    #[error("is empty; the first line must contain the column names")]
    Empty,
    #[error("is UTF-16; save it as UTF-8")]
    Utf16,
    #[error("has a header that is not UTF-8")]
    Encoding,
    #[error(
        "has no header: its first line has more than {MOST_COLUMNS} columns, or a column name of \
        more than {LONGEST_NAME} bytes"
    )]
    TooLong,
    #[error("has two {column} columns: `{first}` and `{second}`")]
    Duplicate {
        /// nicelist's name for the column.
        column: &'static str,
        /// The name of the first of the two columns, as it is written in the file.
        first: String,
        second: String,
    },
    #[error("has no {missing} column; {}{}", known_columns(known), renamed_columns(old))]
    Missing {
        /// nicelist's name for the column.
        missing: &'static str,
        /// The columns of the file. Empty if none of them is a field of a rule, because the first
        /// line of a file without rules may contain a secret.
        known: Vec<String>,
        /// Names in the header that nicelist does not read, each with the name to write instead.
        old: Vec<(&'static str, &'static str)>,
    },
    #[error("line {first} is not a header; the column names seem to be on line {line}")]
    Late {
        /// The first line that is not empty.
        first: u64,
        line: u64,
    },
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

fn known_columns(known: &[String]) -> String {
    match known {
        [] => "its first line must contain the column names, as in: target,policy,scope".to_owned(),
        known => match known.len().saturating_sub(MAX_LISTED) {
            0 => format!("it has: {}", known.join(", ")),
            more => format!("it has: {} and {more} more", known[..MAX_LISTED].join(", ")),
        },
    }
}

fn renamed_columns(old: &[(&'static str, &'static str)]) -> String {
    old.iter().map(|(old, new)| format!("; rename {old} to {new}")).collect()
}

/// Names that nicelist does not read, each with the required column that is probably meant. If a
/// required column is missing, the error lists a replacement for each of these names in the file.
const OLD: [(&str, &str); 3] = [("state", "policy"), ("action", "policy"), ("hash", "identifier")];

/// Maximum columns that a message lists.
const MAX_LISTED: usize = 30;
/// Maximum columns of a file. The name of a column has at most [`LONGEST_NAME`] bytes.
const MOST_COLUMNS: usize = 10_000;
const LONGEST_NAME: usize = 1_000;

#[derive(Debug)]
pub(super) struct Layout {
    names: Vec<String>,
    places: [Option<usize>; Column::ALL.len()],
    /// The indexes of the columns that are neither fields of a rule nor in [`REJECTION`].
    extra: Vec<usize>,
}

impl Layout {
    pub(super) fn read(header: &ByteRecord) -> Result<Self, HeaderError> {
        if header.iter().next().is_some_and(|first| {
            first.starts_with(&[0xFF, 0xFE]) || first.starts_with(&[0xFE, 0xFF])
        }) {
            return Err(HeaderError::Utf16);
        }
        if header.len() > MOST_COLUMNS || header.iter().any(|name| name.len() > LONGEST_NAME) {
            return Err(HeaderError::TooLong);
        }
        let names: Vec<String> = header
            .iter()
            .map(|name| std::str::from_utf8(name).map(|name| name.trim().to_owned()))
            .collect::<Result<_, _>>()
            .map_err(|_| HeaderError::Encoding)?;
        if names.iter().all(String::is_empty) {
            return Err(HeaderError::Empty);
        }
        let mut layout = Self { names, places: [None; Column::ALL.len()], extra: Vec::new() };
        for index in 0..layout.names.len() {
            layout.place(index)?;
        }
        layout.require(Column::Identifier)?;
        layout.require(Column::Policy)?;
        Ok(layout)
    }

    /// Whether any column in the header is a field of a rule.
    pub(super) fn knows_any(header: &ByteRecord) -> bool {
        let known = |name: &[u8]| {
            let name = std::str::from_utf8(name).map(fold).unwrap_or_default();
            Column::from_folded(&name).is_some()
        };
        header.iter().any(known)
    }

    fn place(&mut self, index: usize) -> Result<(), HeaderError> {
        let name = &self.names[index];
        let folded = fold(name);
        let Some(column) = Column::from_folded(&folded) else {
            if !is_rejection(name) {
                self.extra.push(index);
            }
            return Ok(());
        };
        match self.places[column as usize].replace(index) {
            None => Ok(()),
            Some(first) => Err(HeaderError::Duplicate {
                column: column.name(),
                first: self.names[first].clone(),
                second: name.clone(),
            }),
        }
    }

    fn require(&self, column: Column) -> Result<(), HeaderError> {
        self.place_of(column).map(|_| ()).ok_or_else(|| self.missing(column))
    }

    fn missing(&self, column: Column) -> HeaderError {
        let has_any = self.places.iter().any(Option::is_some);
        let named = self.names.iter().filter(|name| has_any && !name.is_empty());
        let known = named.cloned().collect();
        let has = |old: &str| self.names.iter().any(|name| fold(name) == old);
        let old = OLD.into_iter().filter(|(old, _)| has(old)).collect();
        HeaderError::Missing { missing: column.name(), known, old }
    }

    /// Whether the file has complete targets, such as `teamid:EQHXZ8M8AV`, in a column called
    /// `target`, and no column with rule types.
    pub(super) fn has_whole_targets(&self) -> bool {
        let target = |index: usize| fold(&self.names[index]) == "target";
        self.place_of(Column::RuleType).is_none()
            && self.place_of(Column::Identifier).is_some_and(target)
    }

    /// Whether the file has no rule types, so that they must be detected from the identifiers.
    pub(super) fn has_no_types(&self) -> bool {
        self.place_of(Column::RuleType).is_none() && !self.has_whole_targets()
    }

    /// The index of a column in the file. None if the file does not have the column.
    pub(super) fn place_of(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// A column's name as it is written in the file.
    pub(super) fn name_of(&self, column: Column) -> Option<&str> {
        self.place_of(column).map(|index| self.names[index].as_str())
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The indexes of the columns that are neither fields of a rule nor in [`REJECTION`].
    pub(super) fn extra(&self) -> &[usize] {
        &self.extra
    }

    /// The message for an unused column with this number of values. A column without a name is
    /// listed by its number, counted from 1, and only if it has values.
    pub(super) fn unused(&self, index: usize, values: u64) -> Option<String> {
        let name = match (self.names[index].as_str(), values) {
            ("", 0) => return None,
            ("", _) => (index + 1).to_string(),
            (name, _) => name.to_owned(),
        };
        Some(match values {
            0 => format!("column {name} is not used"),
            1 => format!("column {name} is not used; 1 value is ignored"),
            values => format!("column {name} is not used; {values} values are ignored"),
        })
    }
}

/// The letters and digits of a name, in lower case.
pub(super) fn fold(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(names: &[&str]) -> Result<Layout, String> {
        Layout::read(&ByteRecord::from(names.to_vec())).map_err(|error| error.to_string())
    }

    #[test]
    fn our_own_names_are_read() {
        let own: Vec<&str> = Column::ALL.iter().map(|column| column.name()).collect();
        let layout = layout(&own).unwrap();
        for (index, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(layout.place_of(column), Some(index));
        }
        assert!(layout.extra().is_empty());
    }

    #[test]
    fn names_of_other_tools_are_read_in_any_case_and_order() {
        let layout = layout(&[
            "Description",
            "Custom-Msg",
            "custom url",
            "cel_expr",
            "SHA256",
            "TYPE",
            "Policy",
            "event_detail_button_label",
            "notificationAppName",
            "file_bundle_hash",
            "file_bundle_binary_count",
        ])
        .unwrap();
        assert!(layout.extra().is_empty());
        assert_eq!(layout.name_of(Column::Identifier), Some("SHA256"));
        assert_eq!(layout.place_of(Column::Comment), Some(0));
    }

    #[test]
    fn what_no_rule_has_is_named_and_a_rejects_own_columns_are_not() {
        let names = ["target", "policy", "Owner", "nicelist_line", "Nicelist Reason", "Reason", ""];
        let layout = layout(&names).unwrap();
        assert_eq!(layout.extra(), [2, 5, 6]);
        assert_eq!(layout.unused(5, 1).unwrap(), "column Reason is not used; 1 value is ignored");
        assert_eq!(layout.unused(6, 2).unwrap(), "column 7 is not used; 2 values are ignored");
        assert_eq!(layout.unused(6, 0), None);
    }

    #[test]
    fn a_missing_column_is_named_with_those_that_are_there() {
        assert_eq!(
            layout(&["sha256", "type", "state"]).unwrap_err(),
            "has no policy column; it has: sha256, type, state; rename state to policy"
        );
        assert!(layout(&["target", "note"]).unwrap_err().starts_with("has no policy column"));
        assert!(layout(&["type", "policy"]).unwrap_err().starts_with("has no identifier column"));
        assert!(layout(&[""]).unwrap_err().starts_with("is empty"));
    }

    #[test]
    fn w12_a_first_line_that_is_too_long_for_names_is_refused_before_it_is_compared() {
        let long = "a".repeat(LONGEST_NAME + 1);
        let refused = layout(&["target", "policy", &long]).unwrap_err();
        assert!(
            refused.starts_with("has no header: its first line has more than 10000"),
            "{refused}"
        );
        assert!(!refused.contains("aaa"), "{refused}");
        assert!(layout(&vec![""; MOST_COLUMNS + 1]).unwrap_err().starts_with("has no header"));
    }

    #[test]
    fn two_names_for_one_thing_are_refused() {
        assert_eq!(
            layout(&["target", "policy", "comment", "Description"]).unwrap_err(),
            "has two comment columns: `comment` and `Description`"
        );
        assert!(layout(&["target", "identifier", "type", "policy"]).is_err());
    }

    #[test]
    fn other_names_for_expiry_and_comment_are_read() {
        for name in [
            "Expiry",
            "Expiration",
            "Expiration Date",
            "Expires On",
            "Expires At",
            "Expire",
            "Valid Until",
        ] {
            let layout = layout(&["target", "policy", name]).unwrap();
            assert_eq!(layout.place_of(Column::Expires), Some(2), "{name}");
        }
        for name in ["Comments", "Note", "Notes"] {
            let layout = layout(&["target", "policy", name]).unwrap();
            assert_eq!(layout.place_of(Column::Comment), Some(2), "{name}");
        }
        assert_eq!(
            layout(&["target", "policy", "expires", "Expiry"]).unwrap_err(),
            "has two expires columns: `expires` and `Expiry`"
        );
    }

    #[test]
    fn a_target_column_next_to_types_contains_identifiers() {
        assert!(layout(&["target", "policy"]).unwrap().has_whole_targets());
        assert!(!layout(&["target", "type", "policy"]).unwrap().has_whole_targets());
    }
}
