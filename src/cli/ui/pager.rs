//! The pager for lists and reports that are longer than the screen.

use std::cell::RefCell;
use std::io::{self, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::thread;

use super::layout::width_of;
use super::output::Ui;
use crate::cli::error::CliError;
use crate::cli::signals::interrupt;
use crate::config::{Environment, Output};
use crate::shell;

/// The options of `less`: exit if the text fits on the screen, show colors, keep the text.
const LESS: &str = "FRX";
/// The exit code of a shell that does not find a command.
const NOT_FOUND: i32 = 127;

/// The command that shows a long text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pager {
    Less,
    /// A command line of the user.
    Line {
        line: String,
        /// Whether the user chose options of `less` with a variable.
        has_less_options: bool,
    },
}

impl Pager {
    /// The pager of the environment. `None` if the terminal is too simple for one.
    pub(crate) fn of(env: &Environment) -> Option<Self> {
        if env.term.as_deref() == Some("dumb") {
            return None;
        }
        Some(match &env.pager {
            Some(line) => Self::Line { line: line.clone(), has_less_options: env.has_less_options },
            None => Self::Less,
        })
    }

    fn command(&self) -> Command {
        match self {
            Self::Less => {
                let mut command = Command::new("less");
                command.arg(format!("-{LESS}"));
                command
            }
            Self::Line { line, has_less_options } => {
                let mut command = shell::command(line);
                if !has_less_options {
                    command.env("LESS", LESS);
                }
                command
            }
        }
    }
}

/// The output of a command that may need a pager.
pub(super) struct Paging {
    pager: Pager,
    /// The lines and columns of the terminal.
    screen: (usize, usize),
    terminal: Box<dyn Write>,
    state: State,
    /// Messages for stderr, which are written after the text.
    messages: String,
}

enum State {
    /// The text fits on the screen so far.
    Kept(KeptText),
    Paged(Child),
    /// The pager could not be started, or has ended.
    Direct,
}

/// A text, and the lines that it needs on the screen. Each line is measured only once, when it
/// ends.
#[derive(Default)]
struct KeptText {
    bytes: Vec<u8>,
    /// The lines that the complete lines of the text need on the screen.
    lines: usize,
    /// The start of the last line if it is incomplete, otherwise the end of the text.
    unended: usize,
}

impl KeptText {
    fn push(&mut self, bytes: &[u8], columns: usize) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        if let Some(end) = memchr::memrchr(b'\n', bytes) {
            let end = start + end + 1;
            self.lines += screen_lines(&self.bytes[self.unended..end], columns);
            self.unended = end;
        }
    }

    /// The lines that the text needs on the screen. An incomplete last line counts as one.
    fn lines(&self) -> usize {
        self.lines + usize::from(self.unended < self.bytes.len())
    }
}

impl Paging {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.state {
            State::Kept(text) => {
                text.push(bytes, self.screen.1);
                if text.lines() < self.screen.0 {
                    return Ok(());
                }
                let text = std::mem::take(text);
                self.state = start(&self.pager);
                self.write(&text.bytes)
            }
            State::Paged(child) => match &mut child.stdin {
                Some(input) => input.write_all(bytes),
                None => Ok(()),
            },
            State::Direct => self.terminal.write_all(bytes),
        }
    }

    /// Writes the rest of the text, and waits for the user to leave the pager.
    fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        match std::mem::replace(&mut self.state, State::Direct) {
            State::Kept(text) => self.terminal.write_all(&text.bytes)?,
            State::Paged(mut child) => {
                drop(child.stdin.take());
                return child.wait().map(Some);
            }
            State::Direct => {}
        }
        self.terminal.flush().map(|()| None)
    }
}

fn start(pager: &Pager) -> State {
    match pager.command().stdin(Stdio::piped()).spawn() {
        Ok(child) => {
            leave_interrupts_to_the_pager();
            State::Paged(child)
        }
        Err(_) => State::Direct,
    }
}

/// From now on, Ctrl-C no longer ends this process. `less` uses it to stop a search, and would
/// leave the terminal in a bad state if its input ended.
fn leave_interrupts_to_the_pager() {
    let listen = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        // The signal handler remains installed after the future is dropped.
        runtime.block_on(async { interrupt().map(drop) })
    };
    // This thread may already run a runtime. Tokio does not allow a second runtime in one thread.
    drop(thread::spawn(listen).join());
}

/// The lines that a text needs on a terminal.
fn screen_lines(text: &[u8], columns: usize) -> usize {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|line| width_of(line).div_ceil(columns).max(1)).sum()
}

/// The output of a command that is kept in memory. When it is dropped, the terminal is used again.
pub(super) struct Capture<'u>(&'u Ui);

impl Capture<'_> {
    /// The output, and the messages after it.
    pub(super) fn end(self) -> String {
        let Some(paging) = self.0.paging.take() else { return String::new() };
        self.0.restore(&paging);
        let mut paging = paging.borrow_mut();
        let text = match &paging.state {
            State::Kept(text) => String::from_utf8_lossy(&text.bytes).into_owned(),
            State::Paged(_) | State::Direct => String::new(),
        };
        text + &std::mem::take(&mut paging.messages)
    }
}

impl Drop for Capture<'_> {
    fn drop(&mut self) {
        if let Some(paging) = self.0.paging.take() {
            self.0.restore(&paging);
        }
    }
}

/// Stdout of a command that may need a pager.
struct Paged(Rc<RefCell<Paging>>);

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Ui {
    /// Uses a pager for the rest of the output, if it is a table that is longer than the screen.
    pub(crate) fn page(&self) {
        if let (Some(pager), Some(lines), Some(columns)) =
            (&self.pager, self.height.get(), self.width.get())
            && matches!(self.format, Output::Table | Output::Wide)
        {
            self.keep(pager.clone(), (lines, columns));
        }
    }

    /// Keeps the output until it is longer than the screen.
    fn keep(&self, pager: Pager, screen: (usize, usize)) {
        let paging = Rc::new(RefCell::new(Paging {
            pager,
            screen,
            terminal: Box::new(io::sink()),
            state: State::Kept(KeptText::default()),
            messages: String::new(),
        }));
        let terminal = self.out.to.replace(Box::new(Paged(Rc::clone(&paging))));
        paging.borrow_mut().terminal = terminal;
        self.paging.replace(Some(paging));
    }

    /// Keeps all output, of any length, until the capture ends.
    pub(super) fn capture(&self) -> Capture<'_> {
        self.keep(Pager::Less, (usize::MAX, usize::MAX));
        Capture(self)
    }

    /// Writes the rest of the output, or waits until the user leaves the pager. Then writes the
    /// messages for stderr.
    pub(crate) fn end_page(&self) -> Result<(), CliError> {
        let Some(paging) = self.paging.take() else { return Ok(()) };
        let ended = paging.borrow_mut().end();
        self.restore(&paging);
        let messages = std::mem::take(&mut paging.borrow_mut().messages);
        let mut err = self.err.to.borrow_mut();
        drop(err.write_all(messages.as_bytes()).and_then(|()| err.flush()));
        let status = ended?;
        match &self.pager {
            Some(Pager::Line { line, .. })
                if status.and_then(|it| it.code()) == Some(NOT_FOUND) =>
            {
                Err(CliError::failed(format!("cannot run the pager `{line}`"))
                    .hint("set NICELIST_PAGER to another command, or use --no-pager"))
            }
            _ => Ok(()),
        }
    }

    /// Writes to the terminal again.
    fn restore(&self, paging: &RefCell<Paging>) {
        let terminal = std::mem::replace(&mut paging.borrow_mut().terminal, Box::new(io::sink()));
        self.out.to.replace(terminal);
    }

    /// Keeps a message for stderr while there may be a pager. Returns whether it was kept.
    pub(super) fn keeps_message(&self, message: &str) -> bool {
        match &*self.paging.borrow() {
            Some(paging) => {
                paging.borrow_mut().messages.push_str(message);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_wider_than_the_terminal_needs_several_lines() {
        assert_eq!(screen_lines(b"", 10), 0);
        assert_eq!(screen_lines(b"one\n\nthree\n", 10), 3);
        assert_eq!(screen_lines("\u{1b}[1m0123456789\u{1b}[0m\n01234567890\n".as_bytes(), 10), 3);
    }

    #[test]
    fn each_line_of_a_kept_text_is_measured_when_it_ends() {
        let mut kept = KeptText::default();
        let mut lines = |text: &str| {
            kept.push(text.as_bytes(), 10);
            (kept.lines(), kept.unended)
        };
        assert_eq!(lines(""), (0, 0));
        assert_eq!(lines("01234"), (1, 0));
        assert_eq!(lines("567890"), (1, 0));
        assert_eq!(lines("\n\ntwo"), (3 + 1, 13));
        assert_eq!(lines("\n"), (4, 17));
    }

    #[test]
    fn a_dumb_terminal_has_no_pager() {
        let env =
            |term: &str| Environment { term: Some(term.to_owned()), ..Environment::default() };
        assert_eq!(Pager::of(&env("dumb")), None);
        assert_eq!(Pager::of(&env("xterm")), Some(Pager::Less));
    }
}
