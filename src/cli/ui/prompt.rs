//! Questions, which need a terminal.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, mpsc};
use std::time::Duration;
use std::{process, thread};

use console::Term;
use dialoguer::{Confirm, Password, Select};

use super::cell::harmless;
use super::layout::{shortened, width_of, wrap};
use super::line_editor;
use super::output::Ui;
use super::picker::{self, Choices};
use crate::cli::error::{CliError, Kind};
use crate::cli::signals::interrupt;

/// How long an interrupted question may take to restore the terminal.
const GRACE: Duration = Duration::from_millis(100);

/// Shown after Esc at any question.
const CANCELED: &str = "nothing selected; nothing was changed";
/// Shown after Ctrl-C at any question.
const INTERRUPTED: &str = "nothing was changed";

/// Written before the items of a list.
const MARK: &str = "> ";
/// Written after a question for y or n.
const YES_OR_NO: &str = " [y/N] ";

/// Whether a question is open. After the last question, a change may be in progress, so an
/// interrupt must not claim that nothing was changed.
static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// An item to choose: a name, such as a target or a scope, and its explanation, which
/// may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) name: String,
    pub(crate) explanation: String,
}

impl Offer {
    pub(crate) fn new(name: impl ToString, explanation: impl ToString) -> Self {
        Self { name: name.to_string(), explanation: explanation.to_string() }
    }

    /// The item in one line. If it is too wide, the name is shortened in the middle, at most to half
    /// of the line. Then the explanation is shortened at its end.
    fn line(&self, width: usize) -> String {
        let (name, explanation) = (harmless(&self.name), harmless(&self.explanation));
        if explanation.is_empty() {
            return shortened(&name, width).into_owned();
        }
        let rest = width.saturating_sub(width_of(&explanation) + 2);
        let name = shortened(&name, rest.max(width / 2));
        let rest = width.saturating_sub(width_of(&name) + 2);
        format!("{name}  {}", console::truncate_str(&explanation, rest, "…"))
    }
}

impl Ui {
    /// Whether the user can be prompted.
    pub(crate) fn can_ask(&self) -> bool {
        self.err.is_terminal && io::stdin().is_terminal()
    }

    /// Asks the user to choose one item. The first is the default. Each item is one line, because
    /// dialoguer does not count the lines that a terminal wraps.
    pub(crate) fn select(&self, question: &str, offers: &[Offer]) -> Result<usize, CliError> {
        let width = width_of_terminal().saturating_sub(MARK.len());
        let items: Vec<_> = offers.iter().map(|offer| offer.line(width)).collect();
        let asked = Select::new().with_prompt(question).items(&items).default(0);
        self.ask_on(|term| Ok(asked.interact_on_opt(term)?))
    }

    /// Whether the user can be shown a list that fills the terminal.
    pub(crate) fn can_pick(&self) -> bool {
        self.can_ask() && !self.is_dumb
    }

    /// Shows a list that fills the terminal. Returns the places of the selected rows, in order.
    pub(crate) fn pick(&self, choices: &Choices<'_>) -> Result<Vec<usize>, CliError> {
        watch_interrupts();
        IS_OPEN.store(true, Ordering::SeqCst);
        let picked = picker::select(choices);
        let was_open = IS_OPEN.swap(false, Ordering::SeqCst);
        match picked {
            Ok(picked) => picked.ok_or_else(|| self.canceled()),
            Err(error) => {
                if error.kind == Kind::Interrupted && was_open {
                    self.status(INTERRUPTED);
                }
                Err(error)
            }
        }
    }

    /// Asks for a text. Enter accepts the default, which may be empty.
    pub(crate) fn ask_text(
        &self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, CliError> {
        self.ask_on(|term| line_editor::ask(term, question, default, check))
    }

    /// Reads a secret without showing it.
    pub(crate) fn ask_secret(&self, question: &str) -> Result<String, CliError> {
        let asked = Password::new().with_prompt(question);
        self.ask_on(|term| Ok(Some(asked.interact_on(term)?)))
    }

    /// Fails unless the user agrees, now or with `--yes`.
    pub(crate) fn confirm(&self, question: &str, yes: bool) -> Result<(), CliError> {
        if yes {
            return Ok(());
        }
        if !self.can_ask() {
            return Err(CliError::usage(format!("not confirmed: {question}"))
                .hint(format!("to confirm without a prompt: {}", self.again("--yes"))));
        }
        // The line with the cursor must not be wrapped by the terminal, because it is redrawn.
        let mut lines = wrap(question, width_of_terminal().saturating_sub(YES_OR_NO.len()));
        let last = lines.pop().unwrap_or_default();
        for line in lines {
            self.fault(line);
        }
        let asked = Confirm::new().with_prompt(last).default(false);
        if self.ask_on(|term| Ok(asked.interact_on_opt(term)?))? {
            Ok(())
        } else {
            Err(CliError::failed("not confirmed; nothing was changed"))
        }
    }

    /// Asks a question. Fails if the user cancels or interrupts it, and then shows the cursor again.
    fn ask_on<T>(&self, ask: impl FnOnce(&Term) -> io::Result<Option<T>>) -> Result<T, CliError> {
        watch_interrupts();
        let term = Term::stderr();
        IS_OPEN.store(true, Ordering::SeqCst);
        let answered = ask(&term);
        let was_open = IS_OPEN.swap(false, Ordering::SeqCst);
        match answered {
            Ok(answer) => answer.ok_or_else(|| self.canceled()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                term.show_cursor()?;
                if was_open {
                    term.write_line("")?;
                    self.status(INTERRUPTED);
                }
                Err(CliError::new(Kind::Interrupted, "interrupted"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The error after Esc. It has an exit code only, so the message is shown here.
    fn canceled(&self) -> CliError {
        self.status(CANCELED);
        CliError::new(Kind::Interrupted, "canceled")
    }
}

/// The columns of a line on the terminal, except for the last: some terminals wrap a line that
/// fills it.
fn width_of_terminal() -> usize {
    usize::from(Term::stderr().size().1).saturating_sub(1)
}

fn watch_interrupts() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(end_when_interrupted);
}

/// From now on, an interrupt restores the terminal and exits. A second thread waits for it, because
/// a question blocks its own thread and misses an interrupt between two keys.
#[expect(clippy::exit, reason = "the thread that asks may never return")]
fn end_when_interrupted() {
    let (watching, is_watching) = mpsc::channel::<()>();
    thread::spawn(move || {
        if interrupted(watching).is_ok() {
            thread::sleep(GRACE);
            picker::restore();
            let term = Term::stderr();
            drop(term.show_cursor());
            if IS_OPEN.swap(false, Ordering::SeqCst) {
                drop(term.write_line(&format!("\n{INTERRUPTED}")));
            }
            process::exit(Kind::Interrupted.exit_code().into());
        }
    });
    // Nothing is sent. `recv` returns as soon as the sender is dropped.
    let _ = is_watching.recv();
}

/// Waits for an interrupt. Drops `watching` as soon as no interrupt can be missed any more.
fn interrupted(watching: mpsc::Sender<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let interrupt = interrupt()?;
        drop(watching);
        interrupt.await;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_one_line_of_the_width_of_the_terminal() {
        let cdhash = "cdhash:06c81a1a793afd13fe42b90bb59d41674379a1ed";
        let offer = Offer::new(cdhash, "this build of the program only");
        assert_eq!(offer.line(79), format!("{cdhash}  this build of the program only"));
        assert_eq!(
            offer.line(77),
            "cdhash:06c81a1a793afd1…42b90bb59d41674379a1ed  this build of the program only"
        );
        let long = Offer::new("binary:".to_owned() + &"ab".repeat(32), "x".repeat(90));
        let line = long.line(77);
        assert_eq!(width_of(&line), 77);
        assert!(line.starts_with("binary:abab") && line.ends_with("xx…"), "{line}");
        assert_eq!(Offer::new("this Mac (mira.local)", "").line(40), "this Mac (mira.local)");
        assert_eq!(width_of(&Offer::new("a".repeat(90), "").line(40)), 40);
    }
}
