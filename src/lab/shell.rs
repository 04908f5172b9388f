//! Commands that the user names, for what only an administrator can do.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// The status with which a command reports that it is not possible (as in automake).
const NOT_SUPPORTED: i32 = 77;

/// How a command did not do what it should.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ShellError {
    /// It reports that it is not possible, and the last line of its errors.
    NotSupported(String),
    Failed(String),
}

/// Runs a command with these variables in its environment, and tells how it failed.
pub(super) async fn shell<'a>(
    command: &str,
    values: impl IntoIterator<Item = (&'a str, &'a str)>,
    patience: Duration,
) -> Result<(), ShellError> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).envs(values);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = tokio::time::timeout(patience, shell.output())
        .await
        .map_err(|_| ShellError::Failed(format!("did not end within {} s", patience.as_secs())))?
        .map_err(|error| ShellError::Failed(format!("cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let last = told.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing said");
    if output.status.code() == Some(NOT_SUPPORTED) {
        return Err(ShellError::NotSupported(last.to_owned()));
    }
    Err(ShellError::Failed(format!("ended with {}: {last}", output.status)))
}
