//! Questions, which need a terminal.

use std::io::{self, IsTerminal};
use std::sync::{Once, mpsc};
use std::time::Duration;
use std::{process, thread};

use console::{Term, truncate_str};
use dialoguer::{Confirm, MultiSelect, Password, Select};

use super::cell::harmless;
use super::output::Ui;
use crate::cli::error::{CliError, Kind};
use crate::cli::signals::interrupt;

/// How long an interrupted question may take to restore the terminal.
const GRACE: Duration = Duration::from_millis(100);

/// Columns for the arrow and the box in front of an item, and one free column.
const BOX_WIDTH: usize = 7;

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
            .ok_or_else(|| CliError::failed("nothing was chosen; nothing was changed"))
    }

    /// Asks the user to pick items with the space bar. A long list has pages.
    pub(crate) fn pick(&self, question: &str, items: &[String]) -> Result<Vec<usize>, CliError> {
        // A wrapped line would stay on the screen when the list is drawn again.
        let room = usize::from(Term::stderr().size().1).saturating_sub(BOX_WIDTH);
        let items: Vec<_> = items
            .iter()
            .map(|item| truncate_str(&harmless(item), room, "…").into_owned())
            .collect();
        let asked = MultiSelect::new().with_prompt(question).items(&items).report(false);
        let picked = answer(|term| asked.interact_on_opt(term))?.unwrap_or_default();
        if picked.is_empty() {
            return Err(CliError::failed("nothing was picked; nothing was changed"));
        }
        Ok(picked)
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
                .hint("pass --yes to do it without being asked"));
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
    static WATCHED: Once = Once::new();
    WATCHED.call_once(end_when_interrupted);
    let term = Term::stderr();
    ask(&term).or_else(|dialoguer::Error::IO(error)| {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error.into());
        }
        term.show_cursor()?;
        Err(CliError::new(Kind::Interrupted, "interrupted"))
    })
}

/// From now on, an interrupt shows the cursor and exits. A second thread waits for it, because a
/// question blocks its own thread and misses an interrupt between two keys.
#[expect(clippy::exit, reason = "the thread that asks may never return")]
fn end_when_interrupted() {
    let (watching, is_watching) = mpsc::channel::<()>();
    thread::spawn(move || {
        if interrupted(watching).is_ok() {
            thread::sleep(GRACE);
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
