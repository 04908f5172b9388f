//! Questions. Nothing is asked unless somebody is there to answer.

use std::io::{self, IsTerminal};

use console::Term;
use dialoguer::{Confirm, Select};

use super::{CliError, Ui, harmless};

impl Ui {
    /// Whether a question can be asked and answered.
    pub(crate) fn can_ask(&self) -> bool {
        self.err.is_terminal && io::stdin().is_terminal()
    }

    /// Lets the user choose one of several; the first is proposed.
    pub(crate) fn select(&self, question: &str, items: &[String]) -> Result<usize, CliError> {
        let items: Vec<_> = items.iter().map(|item| harmless(item)).collect();
        let asked = Select::new().with_prompt(question).items(&items).default(0);
        match asked.interact_on_opt(&Term::stderr()) {
            Ok(Some(chosen)) => Ok(chosen),
            Ok(None) => Err(CliError::failed("nothing was chosen; nothing was changed")),
            Err(dialoguer::Error::IO(error)) => Err(error.into()),
        }
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
        match asked.interact_on(&Term::stderr()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CliError::failed("not confirmed; nothing was changed")),
            Err(dialoguer::Error::IO(error)) => Err(error.into()),
        }
    }
}
