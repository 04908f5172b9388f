//! Reads rule files: the checks that concern all files together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::detection::{Detection, Dialect};
use super::dialect::dialect;
use super::expression::{Checker, ExpressionText, Finding, Role};
use super::folder::SourceFile;
use super::remark::{Level, Remark};
use super::values::{DetectionId, FieldPath};
use super::{terraform, yaml};
use crate::document::{Position, Text};

/// Maximum detections of all files together.
const MOST_DETECTIONS: usize = 10_000;
/// Maximum remarks that are kept.
const MOST_REMARKS: usize = 10_000;

/// The code of remarks about fields in lists such as `group_by`.
const UNKNOWN_FIELD: &str = "unknown-field";

/// A detection and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedDetection {
    /// The index of the file in the list of all files.
    pub file: usize,
    pub position: Option<Position>,
    pub detection: Detection,
}

/// The content of rule files.
#[derive(Clone, Debug, Default)]
pub struct RuleFiles {
    names: Vec<String>,
    detections: Vec<PlacedDetection>,
    remarks: Vec<Remark>,
    errors: usize,
}

impl RuleFiles {
    /// All remarks, sorted by file and position.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The number of errors, including those that are too many to be kept.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// The detections without errors, for tools that also use files with errors.
    pub fn valid(&self) -> &[PlacedDetection] {
        &self.detections
    }

    /// The detections.
    ///
    /// # Errors
    /// A file has an error. Then no detection may be used, because a missing one would not be
    /// noticed.
    pub fn detections(self) -> Result<Vec<PlacedDetection>, Self> {
        if self.errors == 0 { Ok(self.detections) } else { Err(self) }
    }

    pub fn file_name(&self, file: usize) -> &str {
        self.names.get(file).map_or("", String::as_str)
    }

    /// A place as `FILE:LINE:COLUMN`.
    pub fn place(&self, file: usize, position: Option<Position>) -> String {
        let name = self.file_name(file);
        match position {
            Some(Position { line, column }) => format!("{name}:{line}:{column}"),
            None => name.to_owned(),
        }
    }

    fn remark(&mut self, remark: Remark) {
        self.errors += usize::from(remark.level == Level::Error);
        if self.remarks.len() < MOST_REMARKS {
            self.remarks.push(remark);
        }
    }
}

/// Reads files. Files whose names end with `.tf` are Terraform files, and all others are YAML.
pub fn read(files: &[SourceFile], checker: &dyn Checker) -> RuleFiles {
    let names = files.iter().map(|file| file.name.clone()).collect();
    let found = RuleFiles { names, ..RuleFiles::default() };
    let mut reader = Reader { found, ids: HashMap::new(), checker };
    for (number, file) in files.iter().enumerate() {
        let bytes = match &file.content {
            Ok(bytes) => bytes,
            Err(reason) => {
                reader.found.remark(Remark::error(number, None, reason.clone()));
                continue;
            }
        };
        match Text::new(bytes) {
            Ok(text) => {
                let mut reader = FileReader::new(&mut reader, number, &text);
                match file.name.ends_with(".tf") {
                    true => terraform::read(&mut reader, &text),
                    false => yaml::read(&mut reader, &text),
                }
                reader.finish();
            }
            Err(fault) => reader.found.remark(Remark::of_fault(number, fault)),
        }
    }
    reader.found.remarks.sort_by_key(|remark| (remark.file, remark.position));
    reader.found
}

struct Reader<'c> {
    found: RuleFiles,
    ids: HashMap<DetectionId, (usize, Option<Position>)>,
    checker: &'c dyn Checker,
}

/// Collects the detections and remarks of one file.
pub(super) struct FileReader<'r, 'c, 't> {
    reader: &'r mut Reader<'c>,
    file: usize,
    lines: Vec<&'t str>,
    /// Where the first detection without the key `enabled` is, its ID, and the number of them.
    enabled_by_default: Option<(Option<Position>, String, usize)>,
}

impl<'r, 'c, 't> FileReader<'r, 'c, 't> {
    fn new(reader: &'r mut Reader<'c>, file: usize, text: &Text<'t>) -> Self {
        let lines = text.as_str().lines().collect();
        Self { reader, file, lines, enabled_by_default: None }
    }

    /// The lines of the file.
    pub(super) fn lines(&self) -> &[&'t str] {
        &self.lines
    }

    /// The number of errors in all files so far.
    pub(super) fn errors(&self) -> usize {
        self.reader.found.errors
    }

    pub(super) fn error(&mut self, position: Option<Position>, message: impl Into<String>) {
        self.reader.found.remark(Remark::error(self.file, position, message));
    }

    pub(super) fn warn(&mut self, position: Option<Position>, message: impl Into<String>) {
        self.remark(Level::Warning, position, message.into());
    }

    fn remark(&mut self, level: Level, position: Option<Position>, message: String) {
        self.reader.found.remark(Remark::new(level, self.file, position, message));
    }

    /// Refuses an ID that another detection of any file has.
    pub(super) fn check_id(&mut self, position: Option<Position>, id: &DetectionId) {
        let place = (self.file, position);
        match self.reader.ids.entry(id.clone()) {
            Entry::Vacant(slot) => {
                slot.insert(place);
            }
            Entry::Occupied(slot) => {
                let (file, first) = *slot.get();
                let found = &self.reader.found;
                let message = match (file == self.file, first.zip(position)) {
                    (true, Some((first, second))) => {
                        let name = found.file_name(file);
                        let lines = (first.line, second.line);
                        format!("found on lines {} and {} of {name}", lines.0, lines.1)
                    }
                    (true, None) | (false, _) => {
                        let names = [file, self.file].map(|file| found.file_name(file));
                        format!("found in both {} and {}", names[0], names[1])
                    }
                };
                self.error(position, format!("duplicate rule ID {id}: {message}"));
            }
        }
    }

    /// Checks an expression, and returns its dialect.
    pub(super) fn check_expression(
        &mut self,
        expression: &ExpressionText,
        role: Role,
    ) -> Option<Dialect> {
        for finding in self.reader.checker.check_expression(expression.as_str(), role) {
            let Finding { line, column, width, code, message, is_warning } = finding;
            let position = Some(expression.position(line, column));
            let level = if is_warning { Level::Warning } else { Level::Error };
            let file = self.file;
            self.reader.found.remark(Remark { level, file, position, width, code, message });
        }
        dialect(expression.as_str()).unwrap_or_else(|error| {
            self.error(Some(expression.start()), error.to_string());
            None
        })
    }

    pub(super) fn check_path(&mut self, position: Option<Position>, path: &FieldPath) {
        if let Some(message) = self.reader.checker.check_path(path.as_str()) {
            let width = u32::try_from(path.as_str().chars().count()).unwrap_or(1);
            let remark = Remark::error(self.file, position, message);
            self.reader.found.remark(Remark { width, code: UNKNOWN_FIELD, ..remark });
        }
    }

    /// Counts a detection that is enabled because its file does not set `enabled`.
    pub(super) fn enabled_by_default(&mut self, position: Option<Position>, id: &DetectionId) {
        let first = || (position, id.to_string(), 0);
        self.enabled_by_default.get_or_insert_with(first).2 += 1;
    }

    pub(super) fn add(&mut self, position: Option<Position>, detection: Detection) {
        let found = &mut self.reader.found;
        match found.detections.len() {
            MOST_DETECTIONS => {
                let more = "this detection and all after it are left out: the maximum is ";
                // Only the first of these errors is useful.
                if !found.remarks.iter().any(|remark| remark.message.starts_with(more)) {
                    self.error(position, format!("{more}{MOST_DETECTIONS} detections"));
                }
            }
            _ => found.detections.push(PlacedDetection { file: self.file, position, detection }),
        }
    }

    fn finish(mut self) {
        if let Some((position, id, count)) = self.enabled_by_default.take() {
            let others = match count - 1 {
                0 => String::new(),
                1 => " and 1 more detection".to_owned(),
                more => format!(" and {more} more detections"),
            };
            let message = format!("enabled is not set, which means true: {id}{others}");
            self.remark(Level::Note, position, message);
        }
    }
}
