//! The scripts that connect shells to this program, and the output that they expect.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, complete};
use clap_complete::env::{Elvish, EnvCompleter, Fish, Powershell, Shells};

use super::PROGRAM;
use crate::config::names;

/// The adapters of bash and zsh are our own. Those of `clap_complete` split words such as `tag:eng`
/// at the colon (bash), and add a space after `host:` (zsh).
pub(super) const ALL: Shells<'static> = Shells(&[&BASH, &Elvish, &Fish, &Powershell, &ZSH]);

const BASH: Adapter = Adapter {
    shell: "bash",
    script: include_str!("../../../completions/nicelist.bash"),
    has_descriptions: false,
};
const ZSH: Adapter = Adapter {
    shell: "zsh",
    script: include_str!("../../../completions/_nicelist"),
    has_descriptions: true,
};

/// The script for a shell. It runs the installed program, so it stays valid after an upgrade.
pub(in crate::cli) fn registration(shell: Shell) -> io::Result<Vec<u8>> {
    let unsupported = || io::Error::other(format!("no completions for {shell}"));
    let adapter = ALL.completer(&shell.to_string()).ok_or_else(unsupported)?;
    let mut script = Vec::new();
    adapter.write_registration(names::COMPLETE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(script)
}

/// A script that expects one value per line. With descriptions, a tab and the description follow.
#[derive(Clone, Copy, Debug)]
struct Adapter {
    shell: &'static str,
    script: &'static str,
    has_descriptions: bool,
}

impl EnvCompleter for Adapter {
    fn name(&self) -> &'static str {
        self.shell
    }

    fn is(&self, name: &str) -> bool {
        name == self.shell
    }

    fn write_registration(
        &self,
        _: &str,
        _: &str,
        _: &str,
        _: &str,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        buf.write_all(self.script.as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        for candidate in proposed(cmd, args, current_dir)? {
            write!(buf, "{}", candidate.get_value().to_string_lossy())?;
            let help = candidate.get_help().filter(|_| self.has_descriptions);
            if let Some(line) = help.map(ToString::to_string).unwrap_or_default().lines().next() {
                write!(buf, "\t{line}")?;
            }
            writeln!(buf)?;
        }
        Ok(())
    }
}

/// The words that can be in the place of the last of `args`. Options are left out unless the word
/// begins with a dash or only options can follow.
fn proposed(
    cmd: &mut Command,
    args: Vec<OsString>,
    current_dir: Option<&Path>,
) -> io::Result<Vec<CompletionCandidate>> {
    let is_new_word = args.last().is_some_and(|word| word.is_empty());
    let last = args.len().saturating_sub(1);
    let mut found = complete(cmd, args, last, current_dir)?;
    let is_option = |it: &CompletionCandidate| it.get_value().as_encoded_bytes().starts_with(b"-");
    if is_new_word && !found.iter().all(is_option) {
        found.retain(|it| !is_option(it));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_script_runs_the_installed_program() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(registration(*shell).unwrap()).unwrap();
            assert!(script.contains(names::COMPLETE) && script.contains(PROGRAM), "{script}");
            assert!(script.len() < 3000, "{script}");
        }
    }

    #[test]
    fn options_are_proposed_after_a_dash_or_if_nothing_else_fits() {
        let proposed = |line: &str| -> Vec<String> {
            let args = line.split(' ').map(OsString::from).collect();
            let found = proposed(&mut crate::cli::command(), args, None).unwrap();
            found.iter().map(|it| it.get_value().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(proposed("nicelist tag c"), ["create"]);
        assert!(proposed("nicelist tag ").iter().all(|word| !word.starts_with('-')));
        assert!(proposed("nicelist tag list ").contains(&"--output".to_owned()));
        assert_eq!(proposed("nicelist tag list --outp"), ["--output"]);
        assert_eq!(proposed("nicelist tag list -o js"), ["json", "jsonl"]);
    }
}
