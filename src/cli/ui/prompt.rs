//! Questions, which need a terminal.

use std::io::{self, IsTerminal};
use std::sync::{Once, mpsc};
use std::time::Duration;
use std::{process, thread};

use console::Term;
use dialoguer::{Confirm, Input, Password, Select};

use super::cell::harmless;
use super::output::Ui;
use super::picker::{self, Choices};
use crate::cli::error::{CliError, Kind};
use crate::cli::signals::interrupt;

/// How long an interrupted question may take to restore the terminal.
const GRACE: Duration = Duration::from_millis(100);

impl Ui {
    /// Whether the user can be prompted.
    pub(crate) fn can_ask(&self) -> bool {
        self.err.is_terminal && io::stdin().is_terminal()
    }

    /// Asks the user to choose one item. The first is the default.
    pub(crate) fn select(&self, question: &str, items: &[String]) -> Result<usize, CliError> {
        let items: Vec<_> = items.iter().map(|item| harmless(item)).collect();
        let asked = Select::new().with_prompt(question).items(&items).default(0);
        answer(|term| asked.interact_on_opt(term))?
            .ok_or_else(|| CliError::failed("nothing was selected; nothing was changed"))
    }

    /// Whether the user can be shown a list that fills the terminal.
    pub(crate) fn can_pick(&self) -> bool {
        self.can_ask() && !self.is_dumb
    }

    /// Shows a list that fills the terminal. Returns the places of the selected rows, in order.
    pub(crate) fn pick(&self, choices: &Choices<'_>) -> Result<Vec<usize>, CliError> {
        watch_interrupts();
        picker::select(choices)?.ok_or_else(|| {
            self.status("nothing selected; nothing was changed");
            CliError::new(Kind::Interrupted, "nothing selected")
        })
    }

    /// Asks for a text. Enter accepts the default, which may be empty.
    pub(crate) fn ask_text(
        &self,
        question: &str,
        default: &str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Result<String, CliError> {
        let asked = Input::<String>::new()
            .with_prompt(question)
            .default(default.to_owned())
            .show_default(!default.is_empty())
            .allow_empty(true)
            .validate_with(|text: &String| check(text));
        answer(|term| asked.interact_text_on(term))
    }

    /// Reads a secret without showing it.
    pub(crate) fn ask_secret(&self, question: &str) -> Result<String, CliError> {
        let asked = Password::new().with_prompt(question);
        answer(|term| asked.interact_on(term))
    }

    /// Fails unless the user agrees, now or with `--yes`.
    pub(crate) fn confirm(&self, question: &str, yes: bool) -> Result<(), CliError> {
        if yes {
            return Ok(());
        }
        if !self.can_ask() {
            return Err(CliError::usage(format!("not confirmed: {question}"))
                .hint("to confirm without a prompt: --yes"));
        }
        let asked = Confirm::new().with_prompt(question).default(false);
        if answer(|term| asked.interact_on(term))? {
            Ok(())
        } else {
            Err(CliError::failed("not confirmed; nothing was changed"))
        }
    }
}

/// Asks a question, and shows the cursor again if the question is interrupted.
fn answer<T>(ask: impl FnOnce(&Term) -> dialoguer::Result<T>) -> Result<T, CliError> {
    watch_interrupts();
    let term = Term::stderr();
    ask(&term).or_else(|dialoguer::Error::IO(error)| {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error.into());
        }
        term.show_cursor()?;
        Err(CliError::new(Kind::Interrupted, "interrupted"))
    })
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
            drop(Term::stderr().show_cursor());
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
