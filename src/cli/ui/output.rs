//! The streams of a command, and how it writes to them.

use std::borrow::Cow;
use std::cell::{Cell, RefCell, RefMut};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::rc::Rc;

use anstyle::{AnsiColor, Style};
use console::Term;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::cell::{harmless, harmless_data};
use super::entered::EnteredCommand;
use super::filter::Filter;
use super::message::{self, Label};
use super::pager::{Pager, Paging};
use super::yaml;
use crate::cli::error::{CliError, Kind};
use crate::config::{Color, Output};
use crate::fleet::Clock;
use crate::rule::in_zone;

#[derive(Clone, Debug, Default)]
pub(crate) struct OutputOptions {
    pub(crate) format: Output,
    pub(crate) color: Color,
    pub(crate) quiet: bool,
    /// Whether CSV may have cells that a spreadsheet would run as formulas.
    pub(crate) raw_cells: bool,
    /// Whether the terminal cannot move its cursor.
    pub(crate) is_dumb: bool,
    /// Whether messages are written to the log, because stderr must contain only log lines.
    pub(crate) logs_messages: bool,
    /// The pager for output that is longer than the screen.
    pub(crate) pager: Option<Pager>,
}

/// Stdout or stderr.
pub(super) struct Stream {
    pub(super) to: RefCell<Box<dyn Write>>,
    pub(super) is_terminal: bool,
    pub(super) is_colored: bool,
}

impl Stream {
    fn new(to: impl anstream::stream::RawStream + 'static, color: Color) -> Self {
        let is_terminal = to.is_terminal();
        let is_colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(&to) != anstream::ColorChoice::Never,
        };
        Self { to: RefCell::new(Box::new(BufWriter::new(to))), is_terminal, is_colored }
    }

    pub(super) fn style(&self, style: Style) -> Style {
        if self.is_colored { style } else { Style::new() }
    }
}

#[cfg(unix)]
fn stderr_file() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stderr().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn stderr_file() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    io::stderr().as_handle().try_clone_to_owned().map(File::from)
}

pub(crate) struct Ui {
    pub(super) format: Output,
    pub(super) quiet: bool,
    pub(super) raw_cells: bool,
    pub(super) is_dumb: bool,
    pub(super) logs_messages: bool,
    pub(super) filter: Option<Filter>,
    pub(super) out: Stream,
    pub(super) err: Stream,
    /// Whether stderr is a file, as with `2> errors.txt`.
    pub(super) err_is_file: bool,
    /// The columns of the terminal that stderr is.
    pub(super) err_width: Option<usize>,
    /// The columns and lines of the terminal. Only a screen that is drawn again and
    /// [`Ui::limit_width`] change them.
    pub(super) width: Cell<Option<usize>>,
    pub(super) height: Cell<Option<usize>>,
    pub(super) pager: Option<Pager>,
    /// The output while it may need a pager.
    pub(super) paging: RefCell<Option<Rc<RefCell<Paging>>>>,
    pub(super) clock: Clock,
    /// The beginning of commands that users paste: nicelist, and the options that select a server.
    pub(super) program: String,
    pub(super) entered: EnteredCommand,
    /// The progress bar on the terminal, which disappears while lines are written.
    pub(super) progress_bar: RefCell<Option<ProgressBar>>,
}

impl Ui {
    pub(crate) fn new(options: OutputOptions, clock: Clock) -> Self {
        let OutputOptions { format, color, quiet, raw_cells, is_dumb, logs_messages, pager } =
            options;
        let out = Stream::new(io::stdout(), color);
        let err = Stream::new(io::stderr(), color);
        let size = Term::stdout().size_checked().filter(|_| out.is_terminal);
        let err_size = Term::stderr().size_checked().filter(|_| err.is_terminal);
        Self {
            format,
            quiet,
            raw_cells,
            is_dumb,
            logs_messages,
            filter: None,
            out,
            err,
            err_is_file: stderr_file()
                .and_then(|file| file.metadata())
                .is_ok_and(|it| it.is_file()),
            err_width: err_size.map(|(_, columns)| usize::from(columns)),
            width: Cell::new(size.map(|(_, columns)| usize::from(columns))),
            height: Cell::new(size.map(|(lines, _)| usize::from(lines))),
            pager,
            paging: RefCell::default(),
            clock,
            program: "nicelist".to_owned(),
            entered: EnteredCommand::default(),
            progress_bar: RefCell::default(),
        }
    }

    /// Limits the width of tables and texts, also in pipes. Returns the width.
    pub(crate) fn limit_width(&self, columns: usize) -> usize {
        let width = self.width.get().map_or(columns, |width| width.min(columns));
        self.width.set(Some(width));
        width
    }

    /// Adds options to the commands that users paste, and sets the command that was entered.
    pub(crate) fn with_command(mut self, options: &str, entered: EnteredCommand) -> Self {
        self.program.push_str(options);
        Self { entered, ..self }
    }

    /// Filters all JSON output.
    pub(crate) fn filtered(self, filter: Option<Filter>) -> Self {
        Self { filter, ..self }
    }

    /// Whether `--jq` filters the JSON output.
    pub(crate) fn has_filter(&self) -> bool {
        self.filter.is_some()
    }

    /// Shows the command that undoes a change, on a terminal. Scripts do not need it.
    pub(crate) fn undo(&self, command: &str) {
        if self.shows_progress() {
            let style = self.err.style(AnsiColor::Cyan.on_default().bold());
            let command = self.command(command);
            self.write_line(&format!("{style}undo: {style:#}{}", harmless(&command)));
        }
    }

    /// A command for users to paste, with the options that select the server of this command.
    pub(crate) fn command(&self, command: &str) -> String {
        format!("{} {command}", self.program)
    }

    /// The command that the user entered with more options, to paste.
    pub(crate) fn again(&self, options: &str) -> String {
        self.entered.with(&self.program, options)
    }

    /// Writes only the secret, so that it can be piped, unless the output format is JSON or YAML.
    pub(crate) fn secret(&self, answer: &impl Serialize, secret: &str) -> Result<(), CliError> {
        match self.writes_documents() {
            true => self.document(answer),
            false => self.raw(format!("{secret}\n").as_bytes()),
        }
    }

    /// Writes data in a text format to stdout. On a terminal, control characters in it are escaped.
    pub(crate) fn data(&self, text: &[u8]) -> Result<(), CliError> {
        self.without_progress(|| {
            self.write_data(text)?;
            Ok(self.out().flush()?)
        })
    }

    pub(super) fn write_data(&self, text: &[u8]) -> Result<(), CliError> {
        let mut out = self.out();
        let written = match self.is_terminal() {
            true => out.write_all(harmless_data(&String::from_utf8_lossy(text)).as_bytes()),
            false => out.write_all(text),
        };
        Ok(written?)
    }

    /// Writes bytes to stdout as they are.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.without_progress(|| {
            let mut out = self.out();
            out.write_all(bytes)?;
            Ok(out.flush()?)
        })
    }

    /// Writes a line about progress or results to stderr, unless `--quiet` is given.
    pub(crate) fn status(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.write_message(Label::Status, text.as_ref());
        }
    }

    /// Writes a fault in the input, without a label.
    pub(crate) fn fault(&self, text: impl AsRef<str>) {
        self.write_message(Label::Unlabeled, text.as_ref());
    }

    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        self.write_message(Label::Warning, text.as_ref());
    }

    /// Writes a hint, unless `--quiet` is given.
    pub(crate) fn hint(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.write_message(Label::Hint, text.as_ref());
        }
    }

    /// Writes why a command failed.
    pub(crate) fn error(&self, error: &CliError) {
        // After Esc, a hint may show where an edited text was kept.
        if !error.kind.has_message() && error.kind != Kind::Interrupted {
            return;
        }
        if self.logs_messages {
            return self.log_error(error);
        }
        if error.kind.has_message() {
            self.write_message(Label::Error, &error.message);
        }
        for cause in &error.causes {
            self.write_message(Label::Unlabeled, &format!("  {cause}"));
        }
        for hint in &error.hints {
            self.write_message(Label::Hint, &self.completed(error.kind, hint));
        }
    }

    /// Logs why a command failed. The hints are in the line of the error, because log collectors
    /// read each line alone.
    fn log_error(&self, error: &CliError) {
        let hints = error.hints.iter().map(|hint| self.completed(error.kind, hint));
        let hints = hints.collect::<Vec<_>>().join("; ");
        let hint = (!hints.is_empty()).then(|| harmless(&hints));
        match (error.kind.has_message(), hint) {
            (true, hint) => tracing::error!(hint = hint.as_deref(), "{}", harmless(&error.message)),
            (false, Some(hint)) => tracing::info!("{hint}"),
            (false, None) => {}
        }
        for cause in &error.causes {
            tracing::error!("{}", harmless(cause));
        }
    }

    /// A hint with the whole command, if it ends with options that the command accepts. The server
    /// does not know the command, so its hints have only the options.
    fn completed<'h>(&self, kind: Kind, hint: &'h str) -> Cow<'h, str> {
        let is_refused = matches!(kind, Kind::Guarded | Kind::Denied);
        let parts = hint.rsplit_once(": ");
        let parts = parts.filter(|(_, options)| is_refused && options.starts_with("--"));
        let command = parts.and_then(|(text, options)| {
            Some(format!("{text}: {}", self.entered.accepting(&self.program, options)?))
        });
        command.map_or(Cow::Borrowed(hint), Cow::Owned)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A time in the time zone of this machine, with the zone.
    #[expect(clippy::unused_self, reason = "`Ui` decides how times look")]
    pub(crate) fn in_zone(&self, at: Timestamp) -> String {
        in_zone(at, &TimeZone::system())
    }

    /// A time in the time zone of this machine, to the minute and without the zone.
    #[expect(clippy::unused_self, reason = "`Ui` decides how times look")]
    pub(crate) fn local_minute(&self, at: Timestamp) -> String {
        at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Shows the time zone in which expiries without one are read, unless it is UTC.
    pub(crate) fn note_zone(&self) {
        let zone = TimeZone::system();
        let name = zone.iana_name().unwrap_or("local");
        if !matches!(name, "UTC" | "Etc/UTC") {
            self.status(format!("expiries without a time zone are read as {name} time"));
        }
    }

    /// Whether progress can be shown.
    pub(crate) fn shows_progress(&self) -> bool {
        self.err.is_terminal && !self.quiet
    }

    pub(crate) fn draws_tables(&self) -> bool {
        matches!(self.format, Output::Table | Output::Wide)
    }

    /// Whether the output format has all data of a response of the API.
    pub(crate) fn writes_documents(&self) -> bool {
        matches!(self.format, Output::Json | Output::Jsonl | Output::Yaml)
    }

    /// Whether stderr may have any number of faults. A terminal and a log may not.
    pub(crate) fn shows_all_faults(&self) -> bool {
        self.err_is_file
    }

    /// Whether stdout is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.out.is_terminal
    }

    /// Writes a value as YAML if that is the output format, and otherwise as JSON.
    pub(crate) fn document(&self, value: &impl Serialize) -> Result<(), CliError> {
        match self.format {
            Output::Yaml => self.data(yaml::document(value)?.as_bytes()),
            _ => self.json(value),
        }
    }

    /// Writes a value as JSON in every output format.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), CliError> {
        let text = match self.format {
            Output::Json if self.filter.is_none() => serde_json::to_vec_pretty(value),
            _ => serde_json::to_vec(value),
        };
        let mut text = text.map_err(io::Error::from)?;
        match &self.filter {
            Some(filter) => text = filter.apply(&text)?,
            None => text.push(b'\n'),
        }
        self.data(&text)
    }

    pub(super) fn delimiter(&self) -> u8 {
        if self.format == Output::Tsv { b'\t' } else { b',' }
    }

    pub(super) fn out(&self) -> RefMut<'_, Box<dyn Write>> {
        self.out.to.borrow_mut()
    }

    /// Writes a message to stderr, with a label that is colored. It has one line, unless it is
    /// wrapped on a terminal.
    fn write_message(&self, label: Label, text: &str) {
        let text = harmless(text);
        if self.logs_messages {
            return match label {
                Label::Error | Label::Unlabeled => tracing::error!("{text}"),
                Label::Warning => tracing::warn!("{text}"),
                Label::Hint | Label::Status => tracing::info!("{text}"),
            };
        }
        let text = match self.err_width {
            Some(columns) => message::fit(label, &text, columns),
            None => text.into_owned(),
        };
        let color = match label {
            Label::Error => AnsiColor::Red,
            Label::Warning => AnsiColor::Yellow,
            Label::Hint => AnsiColor::Cyan,
            Label::Unlabeled | Label::Status => return self.write_line(&text),
        };
        let style = self.err.style(color.on_default().bold());
        self.write_line(&format!("{style}{}{style:#}{text}", label.text()));
    }

    /// Writes a line to stderr. A failure is ignored, because it cannot be reported anywhere else.
    fn write_line(&self, line: &str) {
        let line = format!("{line}\n");
        if self.keeps_message(&line) {
            return;
        }
        self.without_progress(|| {
            let mut err = self.err.to.borrow_mut();
            drop(err.write_all(line.as_bytes()).and_then(|()| err.flush()));
        });
    }

    /// Writes while the progress bar is hidden.
    fn without_progress<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.progress_bar.borrow() {
            Some(bar) if !bar.is_finished() => bar.suspend(write),
            _ => write(),
        }
    }
}
