//! A word that can come next on a command line.

use clap_complete::CompletionCandidate;
use serde::{Deserialize, Serialize};

use crate::cli::ui::harmless;

/// A value and its description, which zsh, fish and PowerShell show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proposal {
    pub(super) value: String,
    pub(super) about: String,
}

impl Proposal {
    pub(super) fn new(value: impl ToString, about: impl Into<String>) -> Self {
        Self { value: value.to_string(), about: about.into() }
    }

    /// A value without a description.
    pub(super) fn word(value: impl ToString) -> Self {
        Self::new(value, "")
    }

    pub(super) fn with_prefix(self, prefix: &str) -> Self {
        Self { value: format!("{prefix}{}", self.value), ..self }
    }
}

/// The proposals that continue `current`. Leaves out values that need quotes.
pub(super) fn candidates(
    proposals: impl IntoIterator<Item = Proposal>,
    current: &str,
) -> Vec<CompletionCandidate> {
    let proposals = proposals.into_iter();
    let fitting = proposals.filter(|it| it.value.starts_with(current) && is_plain(&it.value));
    fitting
        .map(|Proposal { value, about }| {
            let about = (!about.is_empty()).then(|| harmless(&about).into_owned().into());
            CompletionCandidate::new(value).help(about)
        })
        .collect()
}

/// Whether every shell reads the text as one word with no special meaning. Hosts choose their own
/// names, so a name such as `$(reboot)` must not get into a command line.
pub(super) fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_.:/@+%=".contains(c);
    !text.is_empty() && !text.starts_with(['-', '=', '@', '%', '+']) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_a_shell_would_run_or_read_as_options_are_left_out() {
        let hostile = ["$(reboot)", "a;b", "a b", "--yes", "a'b", "a\nb", "a*", "~root", "!1", ""];
        let special = ["=ls", "@mac", "%1", "+x"];
        let plain = ["annas-mac", "müller.local", "a@b%c+d=e"];
        let proposals = hostile.into_iter().chain(special).chain(plain);
        let found = candidates(proposals.map(Proposal::word), "");
        let found: Vec<_> = found.iter().map(|it| it.get_value().to_string_lossy()).collect();
        assert_eq!(found, plain);
    }

    #[test]
    fn descriptions_cannot_control_the_terminal() {
        let found = candidates([Proposal::new("a", "x\u{1b}[2Jy\nz")], "a");
        let about = found[0].get_help().unwrap().to_string();
        assert!(!about.contains(char::is_control), "{about:?}");
    }

    #[test]
    fn only_values_that_continue_the_word_are_proposed() {
        let found = candidates(["eng", "ops"].map(Proposal::word), "e");
        assert_eq!(found.len(), 1);
    }
}
