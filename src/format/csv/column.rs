//! The columns of a file of rules: their names, everybody's names for them, and where they
//! stand in one file.

use ::csv::ByteRecord;

/// What a column is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
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

impl Column {
    /// All columns, in the order of nicelist's own files.
    pub(super) const ALL: [Self; 15] = [
        Self::RuleType,
        Self::Identifier,
        Self::Policy,
        Self::Scope,
        Self::Cel,
        Self::Message,
        Self::Url,
        Self::ButtonLabel,
        Self::AppName,
        Self::BundleHash,
        Self::BundleBinaryCount,
        Self::Comment,
        Self::Ticket,
        Self::Source,
        Self::Expires,
    ];

    /// The column's name in nicelist's own files.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RuleType => "rule_type",
            Self::Identifier => "identifier",
            Self::Policy => "policy",
            Self::Scope => "scope",
            Self::Cel => "cel",
            Self::Message => "message",
            Self::Url => "url",
            Self::ButtonLabel => "button_label",
            Self::AppName => "app_name",
            Self::BundleHash => "bundle_hash",
            Self::BundleBinaryCount => "bundle_binary_count",
            Self::Comment => "comment",
            Self::Ticket => "ticket",
            Self::Source => "source",
            Self::Expires => "expires",
        }
    }

    /// The column whose name, ours or another tool's, folds to this.
    fn from_folded(folded: &str) -> Option<Self> {
        Some(match folded {
            "type" | "ruletype" | "targettype" => Self::RuleType,
            "identifier" | "sha256" | "target" | "targetidentifier" => Self::Identifier,
            "policy" => Self::Policy,
            "scope" => Self::Scope,
            "cel" | "celexpr" => Self::Cel,
            "message" | "custommsg" | "custommessage" => Self::Message,
            "url" | "customurl" => Self::Url,
            "buttonlabel" | "eventdetailbuttonlabel" => Self::ButtonLabel,
            "appname" | "notificationappname" => Self::AppName,
            "bundlehash" | "filebundlehash" => Self::BundleHash,
            "bundlebinarycount" | "filebundlebinarycount" => Self::BundleBinaryCount,
            "comment" | "description" => Self::Comment,
            "ticket" => Self::Ticket,
            "source" => Self::Source,
            "expires" => Self::Expires,
            _ => return None,
        })
    }

    /// The column that a refused field of a draft stands in.
    pub(super) fn of_field(field: &str) -> Option<Self> {
        match field {
            "target" => Some(Self::Identifier),
            field => Self::ALL.into_iter().find(|column| column.name() == field),
        }
    }
}

/// The columns that [`Rejects`](super::Rejects) adds. They are passed over, so that a file of
/// rejects can be mended and read again as it is.
pub(super) const REJECTION: [&str; 2] = ["line", "reason"];

/// Why a header was refused.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// Nothing to read.
    #[error("is empty; the first line must name the columns")]
    Empty,
    /// Text in another encoding.
    #[error("is UTF-16; save it as UTF-8")]
    Utf16,
    /// Bytes that are no text.
    #[error("has a header that is not UTF-8")]
    Encoding,
    /// A first line that cannot name columns.
    #[error(
        "has no header: its first line has more than {MOST_COLUMNS} columns, or a name of more than \
         {LONGEST_NAME} bytes"
    )]
    TooLong,
    /// Two columns that mean the same.
    #[error("has two columns for the {column}: `{first}` and `{second}`")]
    Duplicate {
        /// Our name for it.
        column: &'static str,
        /// The first of the two, as spelled in the file.
        first: String,
        second: String,
    },
    /// A column that no rule can do without.
    #[error("has no {missing} column; {}{}", known_columns(known), renamed_columns(old))]
    Missing {
        /// Our name for it.
        missing: &'static str,
        /// The columns of the file that rules have. The others are not shown: if the file is not a
        /// file of rules, its first line may be a secret.
        known: Vec<String>,
        /// Old names of columns in the file, and the names to write instead.
        old: Vec<(&'static str, &'static str)>,
    },
    /// The reader failed.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

fn known_columns(known: &[String]) -> String {
    match known {
        [] => "its first line must name the columns, as in: target,policy,scope".to_owned(),
        known => format!("it has: {}", known.join(", ")),
    }
}

fn renamed_columns(old: &[(&'static str, &'static str)]) -> String {
    old.iter().map(|(old, new)| format!("; write {new} in place of {old}")).collect()
}

/// Names of columns that other meanings are too likely for, so that they are not read.
const OLD: [(&str, &str); 3] = [("state", "policy"), ("action", "policy"), ("hash", "identifier")];

/// Maximum columns of a file, and bytes of a column's name.
const MOST_COLUMNS: usize = 10_000;
const LONGEST_NAME: usize = 1_000;

/// Where the columns stand in one file.
#[derive(Debug)]
pub(super) struct Layout {
    names: Vec<String>,
    places: [Option<usize>; Column::ALL.len()],
    extra: Vec<String>,
}

impl Layout {
    /// Understands a header.
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

    /// Whether any of these names is one that rules have.
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
            if name.is_empty() {
                self.extra.push((index + 1).to_string());
            } else if !REJECTION.contains(&folded.as_str()) {
                self.extra.push(name.clone());
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
        let places = self.places.iter().flatten();
        let known = places.map(|place| self.names[*place].clone()).collect();
        let has = |old: &str| self.names.iter().any(|name| fold(name) == old);
        let old = OLD.into_iter().filter(|(old, _)| has(old)).collect();
        HeaderError::Missing { missing: column.name(), known, old }
    }

    /// Whether the file writes targets in one piece, `teamid:EQHXZ8M8AV`: it has no column of
    /// types, and calls the other one `target`.
    pub(super) fn has_whole_targets(&self) -> bool {
        let target = |index: usize| fold(&self.names[index]) == "target";
        self.place_of(Column::RuleType).is_none()
            && self.place_of(Column::Identifier).is_some_and(target)
    }

    /// Whether the types of identifiers follow from the identifiers alone.
    pub(super) fn has_no_types(&self) -> bool {
        self.place_of(Column::RuleType).is_none() && !self.has_whole_targets()
    }

    /// Where a column stands, from 0.
    pub(super) fn place_of(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }

    /// A column's name as the file spells it.
    pub(super) fn name_of(&self, column: Column) -> Option<&str> {
        self.place_of(column).map(|index| self.names[index].as_str())
    }

    /// The names of all columns, as the file spells them.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of the columns that no rule has; a number, from 1, where there is no name.
    pub(super) fn extra(&self) -> &[String] {
        &self.extra
    }
}

/// Case, spaces, dashes and underscores do not tell two names apart.
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
        let layout = layout(&["target", "policy", "Notes", "line", "reason", ""]).unwrap();
        assert_eq!(layout.extra(), ["Notes", "6"]);
    }

    #[test]
    fn a_missing_column_is_named_with_those_that_are_there() {
        assert_eq!(
            layout(&["sha256", "type", "state"]).unwrap_err(),
            "has no policy column; it has: type, sha256; write policy in place of state"
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
            "has two columns for the comment: `comment` and `Description`"
        );
        assert!(layout(&["target", "identifier", "type", "policy"]).is_err());
    }

    #[test]
    fn a_target_column_beside_types_holds_identifiers() {
        assert!(layout(&["target", "policy"]).unwrap().has_whole_targets());
        assert!(!layout(&["target", "type", "policy"]).unwrap().has_whole_targets());
    }
}
