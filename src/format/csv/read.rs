//! Reads rules from CSV, a row at a time.

use std::io::BufRead;

use ::csv::{ByteRecord, ReaderBuilder};
use jiff::Timestamp;

use super::column::{Column, Layout};
use super::lines::Lines;
use super::quote::QuotedRow;
use super::scope_like::{self, UnreadScope};
use super::separator::is_separator_line;
use super::{Delimiter, HeaderError, date, identifier};
use crate::format::duplicates::{Judged, RowDuplicates};
use crate::format::rows::{BadRow, Row, RowError, RuleRows};
use crate::format::{Defaults, Spot};
use crate::rule::{
    FieldError, PolicyKind, Rule, RuleDraft, RuleError, RuleField, RuleFields, RuleType, Scope,
    Target, expiry, untyped_identifier_fault,
};

/// An error in a row. An error that concerns the whole row has no column.
struct Fault {
    column: Option<Column>,
    /// The place, if it is more exact than the line that the row begins on.
    spot: Option<Spot>,
    text: String,
}

impl Fault {
    fn at(column: Column, text: impl ToString) -> Self {
        Self { column: Some(column), spot: None, text: text.to_string() }
    }

    fn of_row(text: impl Into<String>) -> Self {
        Self { column: None, spot: None, text: text.into() }
    }
}

pub struct Reader<R> {
    input: ::csv::Reader<Lines<R>>,
    delimiter: Delimiter,
    layout: Layout,
    scope: Scope,
    source: Option<String>,
    duplicates: RowDuplicates,
    /// If the file has no rule types, the first line that is read as a binary rule. The line may be
    /// meant as a certificate rule.
    guessed: Option<u32>,
    record: ByteRecord,
    /// The number of values in each unused column.
    unused: Vec<u64>,
    failed: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// If the input cannot be read or its header is invalid; see [`HeaderError`].
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
        let is_separator = is_separator_line(&record);
        if is_separator && !input.read_byte_record(&mut record).map_err(io_error)? {
            return Err(HeaderError::Empty);
        }
        let layout = match Layout::read(&record) {
            Err(error @ (HeaderError::Missing { .. } | HeaderError::Empty)) => {
                let first = input.get_ref().line() - line_breaks(&record);
                return Err(later_header(&mut input, first).unwrap_or(error));
            }
            layout => layout?,
        };
        Ok(Self {
            input,
            delimiter,
            unused: vec![0; layout.extra().len()],
            layout,
            scope: defaults.scope.unwrap_or(Scope::Fleet),
            source: defaults.source,
            duplicates: RowDuplicates::new(defaults.duplicates),
            guessed: None,
            record,
            failed: false,
        })
    }

    /// The names of all columns in the file, without white space around them.
    pub fn columns(&self) -> &[String] {
        self.layout.names()
    }

    /// The optional rule fields that the file has columns for.
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

    /// The fields of the row that was read last, unchanged.
    pub fn record(&self) -> &ByteRecord {
        &self.record
    }

    fn rule(&mut self, line: u32) -> Result<Option<Rule>, Fault> {
        let (found, expected) = (self.record.len(), self.layout.names().len());
        if found != expected {
            let text = format!("expected {expected} fields, found {found}");
            if line_breaks(&self.record) == 0 {
                return Err(Fault::of_row(text));
            }
            let text = format!("{text}; a closing quote may be missing");
            let spot = Some(self.quoted_row(line).first_of_several_lines());
            return Err(Fault { spot, ..Fault::of_row(text) });
        }
        let rule = self.parts()?;
        if self.layout.has_no_types() && rule.target().rule_type() == RuleType::Binary {
            self.guessed.get_or_insert(line);
        }
        match self.duplicates.judge(&rule, line) {
            Judged::Kept => Ok(Some(rule)),
            Judged::LeftOut => Ok(None),
            Judged::Refused(text) => Err(Fault::of_row(text)),
        }
    }

    /// The row that was read last, which begins on a line.
    fn quoted_row(&self, line: u32) -> QuotedRow<'_> {
        QuotedRow {
            record: &self.record,
            row: self.input.get_ref().row(self.input.position().byte()),
            line,
            layout: &self.layout,
            delimiter: self.delimiter.byte(),
        }
    }

    /// Refuses a row with a missing closing quote. The parser accepts such a row.
    fn check_quotes(&self, line: u32) -> Result<(), Fault> {
        match self.quoted_row(line).fault() {
            Some((spot, text)) => Err(Fault { spot: Some(spot), ..Fault::of_row(text) }),
            None => Ok(()),
        }
    }

    /// Removes blank fields that are to the right of the last column.
    fn shorten(&mut self) {
        let width = self.layout.names().len();
        if self.record.iter().skip(width).all(|field| field.trim_ascii().is_empty()) {
            self.record.truncate(width);
        }
    }

    /// Counts the values in unused columns. Returns the first value in a column whose name looks
    /// like a scope. Ignores rows with too many or too few fields, which are refused anyway.
    fn count_unused(&mut self, line: u32) -> Option<UnreadScope> {
        if self.record.len() != self.layout.names().len() {
            return None;
        }
        let mut found = None;
        for (index, count) in self.layout.extra().iter().zip(&mut self.unused) {
            let value = self.record.get(*index).unwrap_or_default().trim_ascii();
            if value.is_empty() {
                continue;
            }
            *count += 1;
            let name = &self.layout.names()[*index];
            if let (None, Some(kind)) = (&found, scope_like::kind_of(name)) {
                found = Some((name.clone(), kind, String::from_utf8_lossy(value)));
            }
        }
        let (column, kind, value) = found?;
        let own = self.given(Column::Scope).ok().flatten().and_then(|text| text.parse().ok());
        Some(UnreadScope {
            line,
            column,
            applied: own.unwrap_or_else(|| self.scope.clone()),
            suggested: scope_like::suggested(kind, &value),
            has_scopes: self.layout.place_of(Column::Scope).is_some(),
        })
    }

    fn parts(&self) -> Result<Rule, Fault> {
        let owned = |column| self.given(column).map(|text| text.map(str::to_owned));
        let target = self.target()?;
        let kind = self.policy()?;
        let scope = match self.given(Column::Scope)? {
            None => self.scope.clone(),
            Some(scope) => scope.parse().map_err(|error| Fault::at(Column::Scope, error))?,
        };
        let draft = RuleDraft {
            cel: owned(Column::Cel)?,
            message: owned(Column::Message)?,
            url: owned(Column::Url)?,
            button_label: owned(Column::ButtonLabel)?,
            app_name: owned(Column::AppName)?,
            bundle_hash: owned(Column::BundleHash)?,
            bundle_binary_count: self.count()?,
            comment: owned(Column::Comment)?,
            ticket: owned(Column::Ticket)?,
            source: owned(Column::Source)?.or_else(|| self.source.clone()),
            expires: self.expires()?,
            ..RuleDraft::default()
        };
        draft.complete(target, scope, kind).map_err(|RuleError { field, problem }| Fault {
            column: Column::of_field(field),
            spot: None,
            text: problem.to_string(),
        })
    }

    fn target(&self) -> Result<Target, Fault> {
        let identifier = self.required(Column::Identifier)?;
        let target = if self.layout.has_whole_targets() {
            identifier.parse()
        } else if self.layout.has_no_types() {
            identifier::untyped(identifier).ok_or_else(|| {
                Fault::at(Column::Identifier, untyped_identifier_fault(identifier))
            })?
        } else {
            let rule_type = self.required(Column::RuleType)?.parse();
            let rule_type = rule_type.map_err(|error| Fault::at(Column::RuleType, error))?;
            identifier::target(rule_type, identifier)
        };
        target.map_err(|error| Fault::at(Column::Identifier, error))
    }

    fn policy(&self) -> Result<PolicyKind, Fault> {
        let policy = self.required(Column::Policy)?;
        if policy.bytes().all(|byte| byte.is_ascii_digit()) {
            let text = format!(
                "`{policy}` is a number, and its meaning differs between tools; use the name of \
                the policy"
            );
            return Err(Fault::at(Column::Policy, text));
        }
        policy.parse().map_err(|error| Fault::at(Column::Policy, error))
    }

    fn expires(&self) -> Result<Option<Timestamp>, Fault> {
        let text = self.given(Column::Expires)?.filter(|text| !text.eq_ignore_ascii_case(NEVER));
        let read = |text: &str| {
            expiry(&date::normal(text)).map_err(|_| Fault::at(Column::Expires, date::fault(text)))
        };
        text.map(read).transpose()
    }

    fn count(&self) -> Result<Option<u32>, Fault> {
        const COLUMN: Column = Column::BundleBinaryCount;
        let refused = |text: &str| {
            Fault::at(
                COLUMN,
                format!(
                    "invalid count `{text}`: expected a \
            whole number"
                ),
            )
        };
        self.given(COLUMN)?.map(|text| text.parse().map_err(|_| refused(text))).transpose()
    }

    fn required(&self, column: Column) -> Result<&str, Fault> {
        self.given(column)?.ok_or_else(|| Fault::at(column, FieldError::Missing))
    }

    /// A field without the white space around it. None if the field is blank or its column is
    /// missing.
    fn given(&self, column: Column) -> Result<Option<&str>, Fault> {
        Ok(self.field(column)?.map(str::trim).filter(|text| !text.is_empty()))
    }

    /// A field with the white space around it. None if the field is empty or its column is missing.
    fn field(&self, column: Column) -> Result<Option<&str>, Fault> {
        let bytes = self.layout.place_of(column).and_then(|index| self.record.get(index));
        let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
            return Ok(None);
        };
        let garbled = |_| Fault::at(column, "is not UTF-8");
        std::str::from_utf8(bytes).map(Some).map_err(garbled)
    }

    fn bad_row(&self, line: u32, Fault { column, spot, text }: Fault) -> RowError {
        let name = |column| self.layout.name_of(column).unwrap_or_else(|| column.name());
        let fault = match column {
            Some(column) => format!("{}: {text}", name(column)),
            None => text,
        };
        let (spot, record) = (spot.unwrap_or(Spot::Line(line)), self.record.clone());
        RowError::Bad(Box::new(BadRow { spot, fault, record }))
    }
}

impl<R: BufRead> RuleRows for Reader<R> {
    fn duplicates(&self) -> &RowDuplicates {
        &self.duplicates
    }

    fn duplicates_mut(&mut self) -> &mut RowDuplicates {
        &mut self.duplicates
    }

    fn unused_columns(&self) -> Vec<String> {
        let columns = self.layout.extra().iter().zip(&self.unused);
        columns.filter_map(|(index, values)| self.layout.unused(*index, *values)).collect()
    }

    fn notes(&self) -> Vec<(u32, String)> {
        let mut notes = self.duplicates.notes();
        notes.extend(self.guessed.map(|line| {
            let text = "identifiers of 64 hex digits are read as binary, because the file has no \
                rule_type column; certificate rules require that column";
            (line, text.to_owned())
        }));
        notes
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Row, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let start = self.input.position().byte();
            self.input.get_mut().begin_row(start);
            match self.input.read_byte_record(&mut self.record) {
                Ok(true) if is_blank(&self.record) => {}
                Ok(true) => {
                    let line = self.input.get_ref().line() - line_breaks(&self.record);
                    let line = u32::try_from(line).unwrap_or(u32::MAX);
                    if let Err(fault) = self.check_quotes(line) {
                        return Some(Err(self.bad_row(line, fault)));
                    }
                    self.shorten();
                    if let Some(refused) = self.count_unused(line) {
                        self.failed = true;
                        return Some(Err(RowError::Scope(Box::new(refused))));
                    }
                    match self.rule(line) {
                        Ok(Some(rule)) => return Some(Ok(Row { line, rule })),
                        Ok(None) => {}
                        Err(fault) => return Some(Err(self.bad_row(line, fault))),
                    }
                }
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(RowError::Read(io_error(error))));
                }
            }
        }
        None
    }
}

/// If the first line is not a header, this number of lines after it are searched for a header.
pub(super) const TITLE_LINES: usize = 5;

/// The error for a file whose header is not on its first line. None if none of the next lines is a
/// header.
fn later_header<R: BufRead>(
    input: &mut ::csv::Reader<Lines<R>>,
    first: u64,
) -> Option<HeaderError> {
    let mut record = ByteRecord::new();
    for _ in 0..TITLE_LINES {
        if !input.read_byte_record(&mut record).ok()? {
            return None;
        }
        if Layout::read(&record).is_ok() {
            let line = input.get_ref().line() - line_breaks(&record);
            return Some(HeaderError::Late { first, line });
        }
    }
    None
}

/// The value in some files for a rule that does not expire.
const NEVER: &str = "never";

/// Whether all fields of a row are blank. Spreadsheets write such rows at the end of files.
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
