//! The environment variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, ConfigProblem};
use super::origin::{Origin, Source};
use super::values::Secret;

pub const SERVER: &str = "NICELIST_SERVER";
pub const TOKEN: &str = "NICELIST_TOKEN";
/// A file with the CAs to trust for the server's certificate.
pub const CA: &str = "NICELIST_CA";
pub const DATABASE: &str = "NICELIST_DATABASE";
pub const CONTEXT: &str = "NICELIST_CONTEXT";
/// The path of a file that replaces the user's configuration file.
pub const CONFIG: &str = "NICELIST_CONFIG";
pub const OUTPUT: &str = "NICELIST_OUTPUT";
/// A token that a new server accepts until the first token is created.
pub const BOOTSTRAP_TOKEN: &str = "NICELIST_BOOTSTRAP_TOKEN";
/// The first enrollment secret of a new server. Hosts send it in a header or in their URLs.
pub const ENROLLMENT_SECRET: &str = "NICELIST_ENROLLMENT_SECRET";
/// A filter for the log, such as `info,nicelist::sync=debug`.
pub const LOG: &str = "NICELIST_LOG";
/// If this variable is not empty, commands use no colors, unless `--color` is given
/// (<https://no-color.org>).
pub const NO_COLOR: &str = "NO_COLOR";
/// If this variable is `dumb`, nicelist does not move the terminal's cursor.
pub const TERM: &str = "TERM";
pub const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
/// Replaces `~/.config`.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// Replaces `~/.local/share`.
pub const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// Replaces `~/.cache`.
pub const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
pub const USER: &str = if cfg!(windows) { "USERNAME" } else { "USER" };
/// Used if `USER` is not set.
pub const LOGNAME: &str = "LOGNAME";
pub const VISUAL: &str = "VISUAL";
/// Used if `VISUAL` is not set.
pub const EDITOR: &str = "EDITOR";
/// The shell that requests completions. The completion scripts set it.
pub const COMPLETE: &str = "NICELIST_COMPLETE";
/// Set only by nicelist, for a background process that fills the completion cache. No shell waits
/// for this process.
pub const COMPLETE_IN_BACKGROUND: &str = "NICELIST_COMPLETE_IN_BACKGROUND";
/// The command that shows output that is longer than the screen.
pub const NICELIST_PAGER: &str = "NICELIST_PAGER";
/// Used if `NICELIST_PAGER` is not set.
pub const PAGER: &str = "PAGER";
/// The user's options for the pager `less`.
pub const LESS: &str = "LESS";

/// An empty variable counts as not set.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub server: Option<String>,
    pub token: Option<Secret>,
    pub ca: Option<String>,
    pub database: Option<String>,
    pub context: Option<String>,
    pub config: Option<PathBuf>,
    pub output: Option<String>,
    pub bootstrap_token: Option<Secret>,
    pub enrollment_secret: Option<Secret>,
    pub log: Option<String>,
    pub no_color: bool,
    pub dumb_terminal: bool,
    pub home: Option<PathBuf>,
    /// [`XDG_CONFIG_HOME`], if it is absolute, as the XDG specification requires.
    pub xdg_config_home: Option<PathBuf>,
    /// [`XDG_DATA_HOME`], if it is absolute.
    pub xdg_data_home: Option<PathBuf>,
    /// [`XDG_CACHE_HOME`], if it is absolute.
    pub xdg_cache_home: Option<PathBuf>,
    pub user: Option<String>,
    pub editor: Option<String>,
    /// Whether [`COMPLETE_IN_BACKGROUND`] is set.
    pub completes_in_background: bool,
    /// [`NICELIST_PAGER`], or else [`PAGER`].
    pub pager: Option<String>,
    /// Whether [`LESS`] is set.
    pub has_less_options: bool,
    pub term: Option<String>,
}

impl Environment {
    /// # Errors
    /// A variable that must be text is not UTF-8, or a secret is invalid.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// # Errors
    /// The same errors as [`Environment::read`].
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let raw = |name| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &'static str| {
            let text =
                raw(name).map(|value| value.into_string().map_err(|_| ConfigProblem::NotText));
            text.transpose().map_err(|problem| invalid(name, problem))
        };
        let secret = |name: &'static str| {
            let secret = text(name)?.map(|value| value.parse());
            secret.transpose().map_err(|problem| invalid(name, problem))
        };
        let absolute = |name| raw(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Ok(Self {
            server: text(SERVER)?,
            token: secret(TOKEN)?,
            ca: text(CA)?,
            database: text(DATABASE)?,
            context: text(CONTEXT)?,
            config: raw(CONFIG).map(PathBuf::from),
            output: text(OUTPUT)?,
            bootstrap_token: secret(BOOTSTRAP_TOKEN)?,
            enrollment_secret: secret(ENROLLMENT_SECRET)?,
            log: text(LOG)?,
            no_color: raw(NO_COLOR).is_some(),
            dumb_terminal: raw(TERM).is_some_and(|term| term == "dumb"),
            home: raw(HOME).map(PathBuf::from),
            xdg_config_home: absolute(XDG_CONFIG_HOME),
            xdg_data_home: absolute(XDG_DATA_HOME),
            xdg_cache_home: absolute(XDG_CACHE_HOME),
            user: text(USER)?.or(text(LOGNAME)?),
            editor: text(VISUAL)?.or(text(EDITOR)?),
            completes_in_background: raw(COMPLETE_IN_BACKGROUND).is_some(),
            pager: text(NICELIST_PAGER)?.or(text(PAGER)?),
            has_less_options: raw(LESS).is_some(),
            term: text(TERM)?,
        })
    }

    /// The folder for files that can be deleted at any time. The folder may not exist. `None` if
    /// neither `XDG_CACHE_HOME` nor the home directory is known.
    pub fn cache_directory(&self) -> Option<PathBuf> {
        let home = || self.home.as_deref().map(|home: &Path| home.join(".cache"));
        let directory = self.xdg_cache_home.clone().or_else(home)?;
        Some(directory.join("nicelist"))
    }
}

/// The arguments of this process.
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// The path of the running executable.
pub fn executable() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// The working directory of this process, if it still exists.
pub fn working_directory() -> Option<PathBuf> {
    std::env::current_dir().ok()
}

fn invalid(name: &'static str, problem: ConfigProblem) -> ConfigError {
    ConfigError::Invalid { origin: Origin::new(Source::Env, name), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        let found = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Environment::from_lookup(|name| found(name).map(|(_, value)| value.into())).unwrap()
    }

    #[test]
    fn an_empty_variable_says_nothing() {
        let env = read(&[(SERVER, ""), (NO_COLOR, ""), (HOME, "")]);
        assert_eq!((env.server, env.no_color, env.home), (None, false, None));
    }

    #[test]
    fn a_relative_xdg_directory_is_ignored() {
        let env = read(&[(XDG_CONFIG_HOME, "conf"), (XDG_DATA_HOME, "/data")]);
        assert_eq!((env.xdg_config_home, env.xdg_data_home), (None, Some("/data".into())));
    }

    #[test]
    fn the_cache_is_below_the_home_directory_unless_xdg_moves_it() {
        let folder = |variables| read(variables).cache_directory();
        assert_eq!(folder(&[(HOME, "/home/ada")]), Some("/home/ada/.cache/nicelist".into()));
        let moved = [(HOME, "/home/ada"), (XDG_CACHE_HOME, "/cache")];
        assert_eq!(folder(&moved), Some("/cache/nicelist".into()));
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn the_users_name_is_user_before_logname() {
        assert_eq!(read(&[(LOGNAME, "ada")]).user.as_deref(), Some("ada"));
        assert_eq!(read(&[(LOGNAME, "ada"), (USER, "bob")]).user.as_deref(), Some("bob"));
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let env = read(&[(TOKEN, "nl_hush"), (BOOTSTRAP_TOKEN, "nl_hush")]);
        assert!(!format!("{env:?}").contains("hush"));
    }

    #[test]
    fn a_token_with_a_line_break_is_refused_by_name() {
        let error = Environment::from_lookup(|name| (name == TOKEN).then(|| "a\nb".into()));
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("NICELIST_TOKEN: "), "{error}");
        assert!(!error.contains('\n'));
    }

    #[cfg(unix)]
    #[test]
    fn text_that_is_not_utf8_is_refused_by_name() {
        use std::os::unix::ffi::OsStringExt;
        let value = |name: &str| (name == CONTEXT).then(|| OsString::from_vec(vec![0xff]));
        let error = Environment::from_lookup(value).unwrap_err();
        assert_eq!(error.to_string(), "NICELIST_CONTEXT: the text is not UTF-8");
    }
}
