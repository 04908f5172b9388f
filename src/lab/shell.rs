//! Shell commands from the user.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// The exit status for "not supported". In automake, the same status means a skipped test.
const NOT_SUPPORTED: i32 = 77;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ShellError {
    /// The command reported that the action is not supported. Contains the last line of the
    /// command's error output.
    NotSupported(String),
    Failed(String),
}

pub(super) async fn shell<'a>(
    command: &str,
    values: impl IntoIterator<Item = (&'a str, &'a str)>,
    patience: Duration,
) -> Result<(), ShellError> {
    let mut shell = Command::from(crate::shell::command(command));
    shell
        .envs(values)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let output = tokio::time::timeout(patience, shell.output())
        .await
        .map_err(|_| ShellError::Failed(format!("timed out after {} s", patience.as_secs())))?
        .map_err(|error| ShellError::Failed(format!("cannot be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(
        "no error \
        output",
    );
    if output.status.code() == Some(NOT_SUPPORTED) {
        return Err(ShellError::NotSupported(last.to_owned()));
    }
    Err(ShellError::Failed(format!("failed with {}: {last}", output.status)))
}
