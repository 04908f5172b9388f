//! Questions. Nothing is asked unless somebody is there to answer.

use std::io::{self, IsTerminal};

use console::Term;
use dialoguer::Confirm;

use super::{CliError, Ui};

impl Ui {
    /// Whether a question can be asked and answered.
    pub(crate) fn can_ask(&self) -> bool {
        self.err.is_terminal && io::stdin().is_terminal()
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
