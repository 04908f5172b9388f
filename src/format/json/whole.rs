//! The array, and lines for those who want a [`Document`] of them.

use std::io::{self, Write};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{LineError, LineWriter, Lines, draft, reason};
use crate::format::duplicates::settle;
use crate::format::loss::Losses;
use crate::format::record::{Head, Keys};
use crate::format::text::{Text, narrowed};
use crate::format::{
    Content, Defaults, Document, Duplicates, File, Place, PlacedRule, Remark, Spot, Written,
};
use crate::rule::{Rule, RuleDraft};

/// Whether a file is a list of rules that have targets, bare or as a page of the API's.
#[must_use]
pub fn recognises(file: &File) -> bool {
    let head = Head::of(&file.bytes, Keys::Exact);
    let listed = head.array || head.lists("items") || head.lists("rules");
    listed && (head.empty || head.has("target"))
}

/// Whether a text is an object with a `target`.
pub(super) fn has_target(text: &str) -> bool {
    let object: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
    object.is_ok_and(|object| object.contains_key("target"))
}

/// The rules of a page of the API's, or of a bare list.
#[derive(Deserialize)]
struct Page<'t> {
    #[serde(borrow, alias = "rules")]
    items: Vec<&'t RawValue>,
    /// Where the next page begins.
    #[serde(borrow, default)]
    next: Option<&'t RawValue>,
}

impl<'t> Page<'t> {
    fn read(text: &'t str) -> Result<Self, serde_json::Error> {
        if text.trim_start().starts_with('{') {
            return serde_json::from_str(text);
        }
        serde_json::from_str(text).map(|items| Self { items, next: None })
    }
}

#[must_use]
pub fn read(files: &[File], defaults: &Defaults) -> Document {
    let names = files.iter().map(|file| file.name.clone()).collect();
    let mut document = Document { files: names, ..Document::default() };
    for (number, file) in files.iter().enumerate() {
        let text = match Text::open(number, file) {
            Ok(text) => text,
            Err(fault) => {
                document.faults.push(fault);
                continue;
            }
        };
        let Page { items, next } = match Page::read(text.as_str()) {
            Ok(page) => page,
            Err(error) => {
                document.faults.push(no_list(text.file(), &error));
                continue;
            }
        };
        if let Some(next) = next {
            let place = text.place_of(next.get());
            let text = "next: the answer has more pages, which are not here".to_owned();
            document.notes.push(Remark { place, text });
        }
        for raw in items {
            let place = text.place_of(raw.get());
            match rule(raw.get(), defaults) {
                Ok(rule) => document.rules.push(PlacedRule { place, rule }),
                Err(text) => document.faults.push(Remark { place, text }),
            }
        }
    }
    settle(&mut document, defaults.duplicates);
    document
}

fn no_list(file: u32, error: &serde_json::Error) -> Remark {
    let spot = Spot::Column(narrowed(error.line().max(1)), narrowed(error.column().max(1)));
    let text = match error.classify() {
        serde_json::error::Category::Eof => "ends too early; it may be cut off".to_owned(),
        serde_json::error::Category::Data => {
            "is not a list of rules; expected [{...}, ...], or an object that has such a list as \
             items or rules, one time"
                .to_owned()
        }
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            format!("is no JSON: {}", reason(error))
        }
    };
    Remark { place: Place { file, spot }, text }
}

fn rule(text: &str, defaults: &Defaults) -> Result<Rule, String> {
    let mut draft = draft(text).map_err(|error| reason(&error))?;
    defaults.fill(&mut draft);
    Rule::try_from(draft).map_err(|error| error.to_string())
}

/// Reads a rule a line.
#[must_use]
pub fn read_lines(files: &[File], defaults: &Defaults) -> Document {
    let names = files.iter().map(|file| file.name.clone()).collect();
    let mut document = Document { files: names, ..Document::default() };
    for (number, file) in files.iter().enumerate() {
        let number = narrowed(number);
        let mut lines = Lines::new(&*file.bytes, defaults.clone());
        if defaults.duplicates == Duplicates::Last {
            lines.keep_last(Lines::new(&*file.bytes, defaults.clone()).last_lines());
        }
        for row in &mut lines {
            match row {
                Ok((spot, rule)) => {
                    let place = Place { file: number, spot };
                    document.rules.push(PlacedRule { place, rule });
                }
                Err(LineError::Bad { spot, text }) => {
                    document.faults.push(Remark { place: Place { file: number, spot }, text });
                }
                Err(LineError::Read(error)) => {
                    let place = Place { file: number, spot: Spot::Whole };
                    document.faults.push(Remark { place, text: error.to_string() });
                }
            }
        }
        document.conflicts += lines.conflicts();
        let notes = lines.notes().into_iter().map(|(line, text)| {
            let place = Place { file: number, spot: Spot::Line(line) };
            Remark { place, text }
        });
        document.notes.extend(notes);
    }
    document
}

/// Writes an array, a rule at a time.
pub struct ArrayWriter<W: Write> {
    output: W,
    before: &'static [u8],
}

impl<W: Write> ArrayWriter<W> {
    /// Begins it.
    #[must_use]
    pub fn new(output: W) -> Self {
        Self { output, before: b"[\n" }
    }

    /// Writes a rule.
    ///
    /// # Errors
    /// What the output reports.
    pub fn write(&mut self, rule: Rule) -> io::Result<()> {
        self.output.write_all(self.before)?;
        self.before = b",\n";
        serde_json::to_writer(&mut self.output, &RuleDraft::from(rule)).map_err(io::Error::from)
    }

    /// Ends it.
    ///
    /// # Errors
    /// What the output reports.
    pub fn finish(mut self) -> io::Result<()> {
        let end: &[u8] = if self.before == b"[\n" { b"[]\n" } else { b"\n]\n" };
        self.output.write_all(end)?;
        self.output.flush()
    }
}

/// Writes an array. Nothing of a rule is lost; settings are.
#[must_use]
pub fn write(content: Content<'_>) -> Written {
    let mut bytes = Vec::new();
    let mut writer = ArrayWriter::new(&mut bytes);
    let written = content.rules.iter().try_for_each(|rule| writer.write(rule.clone()));
    done(written.and_then(|()| writer.finish()), bytes, content)
}

/// Writes a rule a line. Nothing of a rule is lost; settings are.
#[must_use]
pub fn write_lines(content: Content<'_>) -> Written {
    let mut bytes = Vec::new();
    let mut writer = LineWriter::new(&mut bytes);
    let written = content.rules.iter().try_for_each(|rule| writer.write(rule.clone()));
    done(written.and_then(|()| writer.finish()), bytes, content)
}

fn done(written: io::Result<()>, bytes: Vec<u8>, content: Content<'_>) -> Written {
    // Memory takes all that is written to it.
    debug_assert!(written.is_ok());
    Written {
        files: vec![File { name: String::new(), bytes }],
        losses: Losses::of_settings(content),
    }
}
