//! Quoting of arguments for a shell, and the shell that runs configured commands.

use std::borrow::Cow;
use std::path::Path;
use std::process::Command;

/// Quotes an argument for a shell. Without quotes, a file name could run a command. So could a
/// machine ID, which the host chooses.
pub fn argument(text: &str) -> Cow<'_, str> {
    // Quoting only fails for NUL, which is allowed here.
    shlex::Quoter::new().allow_nul(true).quote(text).unwrap_or(Cow::Borrowed("''"))
}

/// A command that runs a command line in `sh`, or in `cmd` on Windows.
#[cfg(not(windows))]
pub fn command(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

#[cfg(windows)]
pub fn command(line: &str) -> Command {
    let mut shell = Command::new("cmd");
    // With /S, `cmd` removes the outer quotes and does not change the text between them.
    std::os::windows::process::CommandExt::raw_arg(&mut shell, format!("/S /C \"{line}\""));
    shell
}

/// A command that runs a command line with a file as its last argument.
pub fn command_with_file(line: &str, file: &Path) -> Command {
    if cfg!(windows) {
        return command(&format!("{line} \"{}\"", file.display()));
    }
    let mut shell = command(&format!("{line} \"$1\""));
    shell.arg("sh").arg(file);
    shell
}

#[cfg(all(test, unix))]
mod tests {
    use super::{argument, command, command_with_file};

    #[test]
    fn a_shell_runs_a_command_line_and_passes_the_file() {
        let output = command("printf a; exit 3").output().unwrap();
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"a"[..], Some(3)));
        let output = command_with_file("printf '%s|'", "it's $(x)".as_ref()).output().unwrap();
        assert_eq!(output.stdout, b"it's $(x)|");
    }

    #[test]
    fn a_shell_runs_no_part_of_an_argument() {
        for plain in ["C02XK0AAJG5J", "signingid:EQHXZ8M8AV:com.google.Chrome", "/a/b-c_d.csv"] {
            assert_eq!(argument(plain), plain);
        }
        for hostile in ["x;touch y;", "$(touch y)", "a b", "it's", "`touch y`", "!touch", "\"", ""]
        {
            let output = command(&format!("printf %s {}", argument(hostile))).output().unwrap();
            assert_eq!(output.stdout, hostile.as_bytes(), "{}", argument(hostile));
        }
    }
}
