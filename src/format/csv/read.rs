//! Reads rules from CSV, a row at a time.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::BufRead;

use ::csv::{ByteRecord, ReaderBuilder};
use jiff::Timestamp;

use super::column::{Column, Layout};
use super::identifier;
use super::lines::Lines;
use super::{Delimiter, HeaderError};
use crate::format::Defaults;
use crate::format::duplicates::{InLines, Judged, LastLines};
use crate::rule::{
    FieldError, PolicyKind, Rule, RuleDraft, RuleError, RuleField, RuleFields, RuleType, Scope,
    Target, WrittenTimeError, expiry,
};

/// A rule and the line that its row begins on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line, from 1.
    pub line: u64,
    pub rule: Rule,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A row of another width than the header.
    #[error("the row has {found} fields and the header {expected}{}", open_quote(*.spans_lines))]
    Width {
        /// Fields of the row.
        found: usize,
        /// Fields of the header.
        expected: usize,
        /// Whether the row has line breaks in it, as rows with a forgotten quote have.
        spans_lines: bool,
    },
    /// The rest of the file stands in one field.
    #[error(
        "a quote is left open up to the end of the file, and the lines after this one are in it"
    )]
    OpenQuote,
    /// Bytes that are no text.
    #[error("is not UTF-8")]
    Encoding,
    /// A policy by number.
    #[error("`{0}` is a number, and tools number the policies differently; write its name")]
    NumberedPolicy(String),
    /// No point in time.
    #[error("`{0}` is not a valid time; {WrittenTimeError}")]
    Expires(String),
    /// No count.
    #[error("`{0}` is no count")]
    Count(String),
    /// An identifier that may be of several types.
    #[error("may be of several rule types; add a rule_type column")]
    Untyped,
    /// A row before this one has the same target and scope, and says something else.
    #[error("{0}")]
    Conflict(String),
    /// A field that no rule takes.
    #[error(transparent)]
    Field(#[from] FieldError),
}

fn open_quote(spans_lines: bool) -> &'static str {
    if spans_lines { "; a quote may be left open" } else { "" }
}

/// A row that is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The line that the row begins on, from 1.
    pub line: u64,
    /// The column, as the file spells it; absent where the row as a whole is wrong.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
    /// The fields as they came.
    pub record: ByteRecord,
}

impl BadRow {
    /// `COLUMN: REASON`, or the reason alone.
    #[must_use]
    pub fn fault(&self) -> String {
        match &self.column {
            Some(column) => format!("{column}: {}", self.reason),
            None => self.reason.to_string(),
        }
    }
}

impl std::fmt::Display for BadRow {
    /// `LINE: COLUMN: REASON`, for a file's name in front.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.line, self.fault())
    }
}

/// Why there is no rule to hand out.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// This row is no rule; the ones after it may be.
    #[error("{0}")]
    Bad(Box<BadRow>),
    /// The reader failed, and nothing comes after it.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
}

/// Reads rules, a row at a time, in memory that does not grow with the length of the rows.
pub struct Reader<R> {
    input: ::csv::Reader<Lines<R>>,
    layout: Layout,
    scope: Scope,
    source: Option<String>,
    duplicates: InLines,
    /// The first line whose hash was read as that of a program without saying so.
    guessed: Option<u32>,
    record: ByteRecord,
    failed: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When the header lacks a column that rules need, or has one twice.
    pub fn open(input: R, delimiter: Delimiter, defaults: Defaults) -> Result<Self, HeaderError> {
        let mut input = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter.byte())
            .from_reader(Lines::new(input));
        let mut record = ByteRecord::new();
        if !input.read_byte_record(&mut record).map_err(io_error)? {
            return Err(HeaderError::Empty);
        }
        Ok(Self {
            input,
            layout: Layout::read(&record)?,
            scope: defaults.scope.unwrap_or(Scope::Fleet),
            source: defaults.source,
            duplicates: InLines::new(defaults.duplicates),
            guessed: None,
            record,
            failed: false,
        })
    }

    /// The names of the columns, as the file spells them.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        self.layout.names()
    }

    /// The fields that the file has columns for. An empty cell means that a rule has no value.
    #[must_use]
    pub fn fields(&self) -> RuleFields {
        let has = |field: &RuleField| {
            let columns: &[Column] = match field {
                RuleField::Message => &[Column::Message],
                RuleField::Url => &[Column::Url],
                RuleField::ButtonLabel => &[Column::ButtonLabel],
                RuleField::AppName => &[Column::AppName],
                RuleField::Bundle => &[Column::BundleHash, Column::BundleBinaryCount],
                RuleField::Comment => &[Column::Comment],
                RuleField::Ticket => &[Column::Ticket],
                RuleField::Source => &[Column::Source],
                RuleField::Expires => &[Column::Expires],
            };
            columns.iter().any(|column| self.layout.place_of(*column).is_some())
        };
        RuleField::ALL.into_iter().filter(has).collect()
    }

    /// The names of columns that mean nothing here and are passed over; the number, from 1, of
    /// one without a name.
    #[must_use]
    pub fn extra_columns(&self) -> &[String] {
        self.layout.extra()
    }

    /// The fields of the row that was handed out last, as they came.
    #[must_use]
    pub fn record(&self) -> &ByteRecord {
        &self.record
    }

    /// Hands out every row, duplicates too.
    pub(super) fn keep_all(&mut self) {
        self.duplicates.keep_all();
    }

    /// Reads only the last of several rows for the same target and scope.
    pub fn keep_last(&mut self, lines: LastLines) {
        self.duplicates.keep_last(lines);
    }

    /// Reads to the end to find the last rows of all targets and scopes.
    #[must_use]
    pub fn last_lines(self) -> LastLines {
        LastLines::of(self.filter_map(Result::ok).map(|Row { line, rule }| (short(line), rule)))
    }

    /// How many rows were refused because they are in conflict with others.
    #[must_use]
    pub fn conflicts(&self) -> usize {
        self.duplicates.conflicts()
    }

    /// The lines of rows that were handed out before a row that is in conflict with them was
    /// read, each with the line of that row.
    #[must_use]
    pub fn contradicted(&self) -> &BTreeMap<u32, u32> {
        self.duplicates.contradicted()
    }

    /// How many rows were left out.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.duplicates.left_out()
    }

    /// What to say about rows that were left out or that may mean something else, each with its
    /// line.
    #[must_use]
    pub fn notes(&self) -> Vec<(u32, String)> {
        let mut notes = self.duplicates.notes();
        notes.extend(self.guessed.map(|line| {
            let text = "64 hex digits are read as the hash of a program (binary), because there is \
                        no rule_type column; certificates need one";
            (line, text.to_owned())
        }));
        notes
    }

    fn rule(&mut self, line: u64) -> Result<Option<Rule>, Fault> {
        let (found, expected) = (self.record.len(), self.layout.names().len());
        if found != expected {
            let spans_lines = line_breaks(&self.record) > 0;
            return Err(Fault::of_row(Reason::Width { found, expected, spans_lines }));
        }
        if self.ends_in_a_quote() {
            return Err(Fault::of_row(Reason::OpenQuote));
        }
        let rule = self.parts()?;
        if self.layout.has_no_types() && rule.target().rule_type() == RuleType::Binary {
            self.guessed.get_or_insert(short(line));
        }
        match self.duplicates.judge(&rule, short(line)) {
            Judged::Kept => Ok(Some(rule)),
            Judged::LeftOut => Ok(None),
            Judged::Refused(text) => Err(Fault::of_row(Reason::Conflict(text))),
        }
    }

    /// Whether the row's last field has swallowed the lines up to the end of the file, which the
    /// parser takes for what was meant: the field has several lines, and no quote ends them.
    fn ends_in_a_quote(&self) -> bool {
        let last = self.record.len().checked_sub(1).and_then(|index| self.record.get(index));
        last.is_some_and(|last| memchr::memchr(b'\n', last).is_some())
            && self.input.get_ref().last() != b'"'
    }

    fn parts(&self) -> Result<Rule, Fault> {
        let at = |column, problem| Fault { column: Some(column), reason: Reason::Field(problem) };
        let owned = |column| self.field(column).map(|text| text.map(str::to_owned));
        let target = self.target()?;
        let kind = self.policy()?;
        let scope = match self.field(Column::Scope)?.map(str::trim) {
            None | Some("") => self.scope.clone(),
            Some(scope) => {
                scope.parse().map_err(|error| at(Column::Scope, FieldError::Scope(error)))?
            }
        };
        let draft = RuleDraft {
            cel: owned(Column::Cel)?,
            message: owned(Column::Message)?,
            url: owned(Column::Url)?,
            button_label: owned(Column::ButtonLabel)?,
            app_name: owned(Column::AppName)?,
            bundle_hash: owned(Column::BundleHash)?,
            bundle_binary_count: self.parsed(Column::BundleBinaryCount, Reason::Count)?,
            comment: owned(Column::Comment)?,
            ticket: owned(Column::Ticket)?,
            source: owned(Column::Source)?.or_else(|| self.source.clone()),
            expires: self.expires()?,
            ..RuleDraft::default()
        };
        draft.complete(target, scope, kind).map_err(|RuleError { field, problem }| Fault {
            column: Column::of_field(field),
            reason: problem.into(),
        })
    }

    fn target(&self) -> Result<Target, Fault> {
        let at = |column| {
            move |error| Fault { column: Some(column), reason: FieldError::Target(error).into() }
        };
        let identifier = self.required(Column::Identifier)?;
        if self.layout.has_whole_targets() {
            return identifier.parse().map_err(at(Column::Identifier));
        }
        if self.layout.has_no_types() {
            let target = identifier::untyped(identifier)
                .ok_or(Fault { column: Some(Column::Identifier), reason: Reason::Untyped })?;
            return target.map_err(at(Column::Identifier));
        }
        let rule_type: RuleType =
            self.required(Column::RuleType)?.parse().map_err(at(Column::RuleType))?;
        identifier::target(rule_type, identifier).map_err(at(Column::Identifier))
    }

    fn policy(&self) -> Result<PolicyKind, Fault> {
        let fault = |reason| Fault { column: Some(Column::Policy), reason };
        let policy = self.required(Column::Policy)?;
        if policy.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(fault(Reason::NumberedPolicy(policy.to_owned())));
        }
        policy.parse().map_err(|error| fault(FieldError::Policy(error).into()))
    }

    fn required(&self, column: Column) -> Result<&str, Fault> {
        let missing = || Fault { column: Some(column), reason: FieldError::Missing.into() };
        self.field(column)?.map(str::trim).filter(|text| !text.is_empty()).ok_or_else(missing)
    }

    fn expires(&self) -> Result<Option<Timestamp>, Fault> {
        let text = self.field(Column::Expires)?.map(str::trim);
        let text = text.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case(NEVER));
        let refused = |text: &str| Fault {
            column: Some(Column::Expires),
            reason: Reason::Expires(text.to_owned()),
        };
        text.map(|text| expiry(&with_dashes(text)).map_err(|_| refused(text))).transpose()
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        column: Column,
        reason: fn(String) -> Reason,
    ) -> Result<Option<T>, Fault> {
        let Some(text) = self.field(column)?.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let refused = |_| Fault { column: Some(column), reason: reason(text.to_owned()) };
        text.parse().map(Some).map_err(refused)
    }

    /// A field as it stands in the file; an empty one is none.
    fn field(&self, column: Column) -> Result<Option<&str>, Fault> {
        let bytes = self.layout.place_of(column).and_then(|index| self.record.get(index));
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
            return Ok(None);
        };
        let garbled = |_| Fault { column: Some(column), reason: Reason::Encoding };
        std::str::from_utf8(bytes).map(Some).map_err(garbled)
    }

    fn bad_row(&self, line: u64, fault: Fault) -> ReadError {
        let column = fault
            .column
            .map(|column| self.layout.name_of(column).unwrap_or_else(|| column.name()).to_owned());
        let record = self.record.clone();
        ReadError::Bad(Box::new(BadRow { line, column, reason: fault.reason, record }))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.input.read_byte_record(&mut self.record) {
                Ok(true) if is_blank(&self.record) => {}
                Ok(true) => {
                    let line = self.input.get_ref().line() - line_breaks(&self.record);
                    let rule = self.rule(line);
                    match rule {
                        Ok(Some(rule)) => return Some(Ok(Row { line, rule })),
                        Ok(None) => {}
                        Err(fault) => return Some(Err(self.bad_row(line, fault))),
                    }
                }
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(ReadError::Read(io_error(error))));
                }
            }
        }
        None
    }
}

/// What some files write where a rule does not expire.
const NEVER: &str = "never";

/// A date with slashes after the year, or with dots after the day, as nicelist writes it. Other dates
/// with slashes may begin with the day or with the month.
fn with_dashes(text: &str) -> Cow<'_, str> {
    let is_number =
        |text: &str, digits| text.len() == digits && text.bytes().all(|it| it.is_ascii_digit());
    let parts = |sign| text.split(sign).collect::<Vec<_>>();
    match (parts('/').as_slice(), parts('.').as_slice()) {
        ([year, month, day], _) | (_, [day, month, year])
            if is_number(year, 4) && is_number(month, 2) && is_number(day, 2) =>
        {
            Cow::Owned(format!("{year}-{month}-{day}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// What is wrong, and in which column.
struct Fault {
    column: Option<Column>,
    reason: Reason,
}

impl Fault {
    fn of_row(reason: Reason) -> Self {
        Self { column: None, reason }
    }
}

/// A line as duplicates are compared by.
fn short(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// Spreadsheets end their files with rows of nothing.
fn is_blank(record: &ByteRecord) -> bool {
    record.iter().all(|field| field.trim_ascii().is_empty())
}

fn line_breaks(record: &ByteRecord) -> u64 {
    let count = memchr::memchr_iter(b'\n', record.as_slice()).count();
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn io_error(error: ::csv::Error) -> std::io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        kind => std::io::Error::other(format!("{kind:?}")),
    }
}
