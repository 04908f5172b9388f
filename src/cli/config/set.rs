//! `nicelist config set`.

use std::io::{self, Read};

use clap::Args;

use super::user_file::user_file;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::config::{self, ConfigError, ConfigKey, Name};

/// Change a setting in the user's configuration file
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist config set server https://santa.example.com
  nicelist config set token_command \\
      'security find-generic-password -s nicelist -w'
  nicelist config set token
  nicelist config set contexts.staging.server https://staging.example.com
  nicelist config set context staging")]
pub(crate) struct SetArgs {
    /// Setting, or contexts.NAME.SETTING
    #[arg(value_name = "KEY")]
    key: String,
    /// New value; omit it for a token, which is read from a prompt or from stdin
    #[arg(value_name = "VALUE")]
    value: Option<String>,
}

/// Maximum bytes of a token.
const LONGEST_TOKEN: u64 = 4096;

pub(super) fn run(context: &Context, args: &SetArgs) -> Result<(), CliError> {
    let name: Name = args.key.parse().map_err(ConfigError::Key)?;
    let file = user_file(context)?;
    let value = match name.key {
        ConfigKey::Token => read_token(&context.ui, args)?,
        _ => args.value.clone().ok_or_else(|| {
            CliError::usage(format!("no value for {name}"))
                .hint(format!("pass one: nicelist config set {name} VALUE"))
        })?,
    };
    if name == (Name { context: None, key: ConfigKey::Context }) {
        context.settings.check_context(&file, value.trim())?;
    }
    config::set(&file, &name, &value)?;
    context.ui.status(format!("set {name} in {}", file.display()));
    Ok(())
}

/// Reads a token from a prompt or from standard input. A token on the command line would stay in
/// the shell's history and be visible to other users.
fn read_token(ui: &Ui, args: &SetArgs) -> Result<String, CliError> {
    let key = &args.key;
    match args.value.as_deref() {
        Some(value) if value != "-" => {
            return Err(CliError::usage(
                "a token on the command line stays in the shell's history",
            )
            .hint(format!("enter it at a prompt: nicelist config set {key}"))
            .hint(format!("or read it from a file: nicelist config set {key} - < FILE")));
        }
        None if ui.can_ask() => return ui.ask_secret("Token"),
        Some(_) | None => {}
    }
    let mut text = String::new();
    io::stdin().take(LONGEST_TOKEN + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_TOKEN {
        let text = format!("the token is too long; the maximum is {LONGEST_TOKEN} bytes");
        return Err(CliError::usage(text));
    }
    match text.trim() {
        "" => Err(CliError::usage("standard input contains no token")
            .hint(format!("read it from a file: nicelist config set {key} - < FILE"))),
        token => Ok(token.to_owned()),
    }
}
