//! Gets values from the configured server or local database, within a deadline. If this fails,
//! there are no values and no message.

use std::ffi::{OsStr, OsString};
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::cache::{Cache, Known};
use super::lists::List;
use super::proposal::Proposal;
use crate::cli::context::server_client;
use crate::cli::error::CliError;
use crate::cli::local::{self, Effect};
use crate::cli::ui::{OutputOptions, Ui};
use crate::client::Client;
use crate::config::{
    Backend, ContextEntry, Credential, Environment, Files, Flags, Output, Paths, Secret, Settings,
    arguments, executable, names,
};
use crate::fleet::Clock;

/// Maximum time for the request. The whole completion must take less than 150 ms.
const DEADLINE: Duration = Duration::from_millis(100);
/// Maximum time in the background.
const PATIENCE: Duration = Duration::from_secs(10);

/// The items of a list. Empty if the server did not send them in time.
pub(super) fn items(list: List) -> Vec<Proposal> {
    lookup(list).unwrap_or_default()
}

/// The contexts of the configuration files.
pub(super) fn contexts() -> Vec<ContextEntry> {
    configuration().map(|(_, settings)| settings.contexts().to_vec()).unwrap_or_default()
}

fn lookup(list: List) -> Option<Vec<Proposal>> {
    let (env, settings) = configuration()?;
    let cache = env.cache_directory().map(|folder| Cache::in_folder(&folder));
    let key = key(&settings, &list)?;
    let is_background = env.completes_in_background;
    let known = cache.as_ref().and_then(|cache| cache.read(&key, Clock::System.now()));
    match known {
        Some(Known::Values(values)) => return Some(values),
        Some(Known::Unavailable | Known::InProgress) if !is_background => return None,
        Some(Known::Unavailable | Known::InProgress) | None => {}
    }
    if !is_background && needs_command(&settings) {
        continue_in_background(&cache?, key);
        return None;
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // After the deadline, no one receives the values.
        drop(sender.send(fetch(&env, &settings, &list)));
    });
    let received = receiver.recv_timeout(if is_background { PATIENCE } else { DEADLINE });
    if received.is_err() && !is_background {
        continue_in_background(&cache?, key);
        return None;
    }
    let values = received.ok().and_then(Result::ok);
    if let Some(cache) = cache {
        let known = values.clone().map_or(Known::Unavailable, Known::Values);
        // If the cache cannot be written, the next completion sends a request again.
        drop(cache.write(key, known, Clock::System.now()));
    }
    values
}

/// Whether a command of the user prints the token. It may be slow or ask the user, so it does not
/// run each time that a key is pressed.
fn needs_command(settings: &Settings) -> bool {
    let backend = settings.backend();
    matches!(backend, Ok(Backend::Server { credential: Some(Credential::Command(_)), .. }))
}

/// Repeats this completion in a process that no one waits for, so that a slow server can fill the
/// cache for the next completion. Without the entry in the cache, each completion would start
/// another process.
fn continue_in_background(cache: &Cache, key: String) {
    if cache.write(key, Known::InProgress, Clock::System.now()).is_err() {
        return;
    }
    let Some(program) = executable() else { return };
    let mut command = Command::new(program);
    command.args(arguments().into_iter().skip(1));
    command.env(names::COMPLETE, "bash").env(names::COMPLETE_IN_BACKGROUND, "1");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(command.spawn());
}

fn fetch(env: &Environment, settings: &Settings, list: &List) -> Result<Vec<Proposal>, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = client(env, settings).await?;
        Ok(list.fetch(&client, Clock::System.now()).await?)
    })
}

/// The client for the settings. Unlike the client of a command, it prints no warnings.
async fn client(env: &Environment, settings: &Settings) -> Result<Client, CliError> {
    match settings.backend()? {
        Backend::Local { database, .. } => {
            let silent = OutputOptions { format: Output::Json, quiet: true, ..Default::default() };
            let ui = Ui::new(silent, Clock::System);
            local::open(&ui, database, env.user.as_deref(), Effect::None).await
        }
        Backend::Server { url, credential, ca } => {
            let token = credential.as_ref().map(Credential::obtain_silently).transpose()?;
            server_client(url, token.as_ref(), ca.as_ref())
        }
    }
}

/// The settings for the unfinished command line. `None` if they are invalid.
fn configuration() -> Option<(Environment, Settings)> {
    let env = Environment::read().ok()?;
    let files = Files::load(&Paths::of(&env)).ok()?;
    let flags = flags(&words(arguments()))?;
    let settings = Settings::resolve(flags, &env, &files).ok()?;
    Some((env, settings))
}

/// The complete words of the unfinished command line, which follows `--`.
fn words(arguments: Vec<OsString>) -> Vec<OsString> {
    let mut words: Vec<_> = arguments.into_iter().skip_while(|word| word != "--").skip(1).collect();
    words.pop();
    words
}

/// The global options that select a server. `None` if one is invalid, because another server must
/// not be used in its place.
fn flags(words: &[OsString]) -> Option<Flags> {
    fn given<T: FromStr>(words: &[OsString], name: &str) -> Option<Option<T>> {
        match value_of(words, name) {
            Some(text) => text.to_str()?.parse().ok().map(Some),
            None => Some(None),
        }
    }
    Some(Flags {
        server: given(words, "--server")?,
        token: given::<Secret>(words, "--token")?,
        ca: given(words, "--ca")?,
        database: given(words, "--database")?,
        context: given(words, "--context")?,
        ..Flags::default()
    })
}

/// The value of an option: the next word, or the rest of the word after `=`.
fn value_of<'w>(words: &'w [OsString], name: &str) -> Option<&'w OsStr> {
    let at = words.iter().position(|word| {
        let rest = word.to_str().and_then(|word| word.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })?;
    match words[at].to_str().and_then(|word| word.split_once('=')) {
        Some((_, value)) => Some(OsStr::new(value)),
        None => words.get(at + 1).map(OsString::as_os_str),
    }
}

/// The key in the cache: a hash of the server, the credential and the list, so that the file does
/// not contain the credential.
fn key(settings: &Settings, list: &List) -> Option<String> {
    let (place, credential) = match settings.backend().ok()? {
        Backend::Local { database, .. } => (database.expose(), String::new()),
        Backend::Server { url, credential, .. } => {
            let credential = match credential {
                Some(Credential::Token(token)) => token.expose().to_owned(),
                Some(Credential::Command(command)) => command.value.clone(),
                None => String::new(),
            };
            (url.to_string(), credential)
        }
    };
    let hash = Sha256::digest(format!("{place}\0{credential}\0{list:?}"));
    Some(HEXLOWER.encode(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(line: &str) -> Vec<OsString> {
        words(line.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn the_server_of_the_unfinished_command_line_is_used() {
        for line in [
            "nicelist -- nicelist --context prod host show a",
            "nicelist -- nicelist host --context=prod show a",
        ] {
            let flags = flags(&words_of(line)).unwrap();
            assert_eq!(flags.context.as_deref(), Some("prod"), "{line}");
        }
    }

    #[test]
    fn the_unfinished_word_is_no_option_yet() {
        let flags = flags(&words_of("nicelist -- nicelist --context pro")).unwrap();
        assert_eq!(flags.context, None);
    }

    #[test]
    fn no_other_server_is_used_if_an_option_is_invalid() {
        assert!(flags(&words_of("nicelist -- nicelist --server $PROD host show a")).is_none());
    }
}
