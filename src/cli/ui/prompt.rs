//! Questions. Nothing is asked unless somebody is there to answer.

use std::io::{self, IsTerminal};
use std::sync::{Once, mpsc};
use std::time::Duration;
use std::{process, thread};

use console::{Term, truncate_str};
use dialoguer::{Confirm, MultiSelect, Password, Select};
use tokio::signal::unix::{SignalKind, signal};

use super::{CliError, Ui, harmless};
use crate::cli::error::Kind;

/// How long a question that was interrupted has to put the terminal back by itself.
const GRACE: Duration = Duration::from_millis(100);

/// Columns in front of what can be picked: the arrow and the box; and one that stays free.
const BOXED: usize = 7;

impl Ui {
    /// Whether a question can be asked and answered.
    pub(crate) fn can_ask(&self) -> bool {
        self.err.is_terminal && io::stdin().is_terminal()
    }

    /// Lets the user choose one of several; the first is proposed.
    pub(crate) fn select(&self, question: &str, items: &[String]) -> Result<usize, CliError> {
        let items: Vec<_> = items.iter().map(|item| harmless(item)).collect();
        let asked = Select::new().with_prompt(question).items(&items).default(0);
        answer(|term| asked.interact_on_opt(term))?
            .ok_or_else(|| CliError::failed("nothing was chosen; nothing was changed"))
    }

    /// Lets the user pick any of several, with the space bar; a long list in pages. None is
    /// picked beforehand.
    pub(crate) fn pick(&self, question: &str, items: &[String]) -> Result<Vec<usize>, CliError> {
        // A line that is broken into two would stay behind when the list is drawn again.
        let room = usize::from(Term::stderr().size().1).saturating_sub(BOXED);
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

    /// Reads a secret that is not shown while it is typed.
    pub(crate) fn ask_secret(&self, question: &str) -> Result<String, CliError> {
        let asked = Password::new().with_prompt(question);
        answer(|term| asked.interact_on(term))
    }

    /// Goes on only if the user agrees, now or beforehand with `--yes`.
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

/// Asks. A question hides the cursor; it comes back when the question is interrupted, too.
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

/// From now on an interrupt gives the cursor back and ends the process. It does so from a thread
/// of its own: a question blocks its thread, and misses an interrupt between two keys.
#[expect(clippy::exit, reason = "the thread that asks may never come back to end the process")]
fn end_when_interrupted() {
    let (watching, is_watching) = mpsc::channel::<()>();
    thread::spawn(move || {
        if interrupted(watching).is_ok() {
            thread::sleep(GRACE);
            drop(Term::stderr().show_cursor());
            process::exit(Kind::Interrupted.exit_code().into());
        }
    });
    // Comes back as soon as the sender is dropped: nothing is ever sent.
    let _ = is_watching.recv();
}

/// Waits for an interrupt, and drops `watching` when none can be missed any more.
fn interrupted(watching: mpsc::Sender<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        drop(watching);
        interrupt.recv().await;
        Ok(())
    })
}
