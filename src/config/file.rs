//! Configuration files: their paths and their contents.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::mem;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml_edit::{Document, Item, TableLike};

use super::env::Environment;
use super::error::{ConfigError, ConfigProblem, Warning};
use super::key::{CONTEXTS, ConfigKey};
use super::layer::{Connection, Layer};
use super::origin::{Origin, Source, WithOrigin};

/// The file for all users, on Unix.
pub(super) const SYSTEM_FILE: &str = "/etc/nicelist/config.toml";

/// The paths of the configuration files, whether they exist or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The file for all users. None on Windows, where any user could create the file's folder.
    pub system: Option<PathBuf>,
    /// None if `NICELIST_CONFIG`, `XDG_CONFIG_HOME` and the home directory are all unknown.
    pub user: Option<PathBuf>,
    /// Whether `NICELIST_CONFIG` gives the path of the user's file, which must then exist.
    pub named: bool,
}

impl Paths {
    pub fn of(env: &Environment) -> Self {
        let home = || env.home.as_ref().map(|home| home.join(".config"));
        let directory = env.xdg_config_home.clone().or_else(home);
        let usual = directory.map(|directory| directory.join("nicelist").join("config.toml"));
        Self {
            system: cfg!(unix).then(|| PathBuf::from(SYSTEM_FILE)),
            named: env.config.is_some(),
            user: env.config.clone().or(usual),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Files {
    pub system: Option<ConfigFile>,
    pub user: Option<ConfigFile>,
}

impl Files {
    /// # Errors
    /// A file cannot be read or is invalid, or the file in `NICELIST_CONFIG` does not exist.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        let system = match &paths.system {
            Some(path) => ConfigFile::load(Source::System, path)?,
            None => None,
        };
        let user = match &paths.user {
            Some(path) => match ConfigFile::load(Source::User, path)? {
                None if paths.named => {
                    let source = io::Error::from(io::ErrorKind::NotFound);
                    return Err(ConfigError::Read { path: path.clone(), source });
                }
                found => found,
            },
            None => None,
        };
        Ok(Self { system, user })
    }
}

#[derive(Debug, Clone)]
pub struct ConfigFile {
    pub(super) path: PathBuf,
    pub(super) layer: Layer,
    pub(super) contexts: BTreeMap<String, Connection>,
    /// The file's permissions (Unix).
    pub(super) mode: Option<u32>,
}

impl ConfigFile {
    /// # Errors
    /// The first problem, with its line.
    pub fn parse(source: Source, path: &Path, text: &str) -> Result<Self, ConfigError> {
        let reader = FileReader { source, path, text };
        let document = Document::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            reader.invalid(start, ConfigProblem::toml(error.message()))
        })?;
        let mut file = Self {
            path: path.to_owned(),
            layer: Layer::default(),
            contexts: BTreeMap::new(),
            mode: None,
        };
        reader.top(document.as_table(), &mut file)?;
        Ok(file)
    }

    fn load(source: Source, path: &Path) -> Result<Option<Self>, ConfigError> {
        let unreadable = |source| ConfigError::Read { path: path.to_owned(), source };
        let mut opened = match fs::File::open(path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let mode = mode(&opened.metadata().map_err(unreadable)?);
        let text = read_text(&mut opened).map_err(unreadable)?;
        Ok(Some(Self { mode, ..Self::parse(source, path, &text)? }))
    }

    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.keys().map(String::as_str)
    }

    /// A warning if other users can read a token in the file.
    pub(super) fn warning(&self) -> Option<Warning> {
        let mode = self.mode.filter(|mode| mode & 0o044 != 0)?;
        let mut connections = self.contexts.values().chain([&self.layer.connection]);
        let secret = connections.any(|connection| connection.token.is_some());
        secret.then(|| Warning::Readable { path: self.path.clone(), mode })
    }
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}

struct FileReader<'a> {
    source: Source,
    path: &'a Path,
    text: &'a str,
}

impl FileReader<'_> {
    fn top(&self, table: &dyn TableLike, file: &mut ConfigFile) -> Result<(), ConfigError> {
        for (name, item) in table.iter() {
            let at = start(table, name);
            if name == CONTEXTS {
                file.contexts = self.contexts(at, item)?;
                continue;
            }
            match self.key(at, name, &ConfigKey::ALL)? {
                ConfigKey::Context => file.layer.context = Some(self.words(at, name, item)?),
                ConfigKey::Output => file.layer.output = Some(self.value(at, name, item)?),
                ConfigKey::Color => file.layer.color = Some(self.value(at, name, item)?),
                key @ (ConfigKey::Server
                | ConfigKey::Token
                | ConfigKey::TokenCommand
                | ConfigKey::Ca
                | ConfigKey::Database) => {
                    self.connection(at, key, item, &mut file.layer.connection)?;
                }
            }
        }
        file.layer.connection = mem::take(&mut file.layer.connection).checked()?;
        Ok(())
    }

    fn contexts(
        &self,
        at: usize,
        item: &Item,
    ) -> Result<BTreeMap<String, Connection>, ConfigError> {
        let table = self.table(at, CONTEXTS, item)?;
        let read = |(name, item): (&str, &Item)| {
            let context = self.context(start(table, name), name, item)?;
            Ok((name.to_owned(), context))
        };
        table.iter().map(read).collect()
    }

    fn context(&self, at: usize, name: &str, item: &Item) -> Result<Connection, ConfigError> {
        let table = self.table(at, name, item)?;
        let mut context = Connection::default();
        for (name, item) in table.iter() {
            let at = start(table, name);
            let key = self.key(at, name, &ConfigKey::IN_CONTEXT)?;
            self.connection(at, key, item, &mut context)?;
        }
        context.checked()
    }

    /// Reads one of the settings in [`ConfigKey::IN_CONTEXT`], and ignores other settings.
    fn connection(
        &self,
        at: usize,
        key: ConfigKey,
        item: &Item,
        into: &mut Connection,
    ) -> Result<(), ConfigError> {
        let name = key.as_str();
        match key {
            ConfigKey::Server => into.server = Some(self.value(at, name, item)?),
            ConfigKey::Token => into.token = Some(self.value(at, name, item)?),
            ConfigKey::TokenCommand => into.token_command = Some(self.words(at, name, item)?),
            ConfigKey::Ca => into.ca = Some(self.value(at, name, item)?),
            ConfigKey::Database => into.database = Some(self.value(at, name, item)?),
            ConfigKey::Context | ConfigKey::Output | ConfigKey::Color => {}
        }
        Ok(())
    }

    fn key(&self, at: usize, name: &str, allowed: &[ConfigKey]) -> Result<ConfigKey, ConfigError> {
        ConfigKey::find(name, allowed).map_err(|problem| self.invalid(at, problem))
    }

    fn value<T>(&self, at: usize, name: &str, item: &Item) -> Result<WithOrigin<T>, ConfigError>
    where
        T: FromStr<Err = ConfigProblem>,
    {
        let value = self.text(at, name, item)?.parse();
        let value = value.map_err(|problem| self.invalid(at, problem))?;
        Ok(WithOrigin { value, origin: self.origin(at) })
    }

    fn words(&self, at: usize, name: &str, item: &Item) -> Result<WithOrigin<String>, ConfigError> {
        let value = self.text(at, name, item)?.trim().to_owned();
        if value.is_empty() {
            return Err(self.invalid(at, ConfigProblem::Empty(name.to_owned())));
        }
        Ok(WithOrigin { value, origin: self.origin(at) })
    }

    fn text<'a>(&self, at: usize, name: &str, item: &'a Item) -> Result<&'a str, ConfigError> {
        item.as_str().ok_or_else(|| self.wrong_type(at, name, "a string", item))
    }

    fn table<'a>(
        &self,
        at: usize,
        name: &str,
        item: &'a Item,
    ) -> Result<&'a dyn TableLike, ConfigError> {
        item.as_table_like().ok_or_else(|| self.wrong_type(at, name, "a table", item))
    }

    fn wrong_type(&self, at: usize, key: &str, wanted: &'static str, item: &Item) -> ConfigError {
        let found = item.type_name();
        self.invalid(at, ConfigProblem::Type { key: key.to_owned(), wanted, found })
    }

    fn invalid(&self, at: usize, problem: ConfigProblem) -> ConfigError {
        ConfigError::Invalid { origin: self.origin(at), problem }
    }

    fn origin(&self, at: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(at);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Origin::new(self.source, format!("{}:{line}", self.path.display()))
    }
}

fn start(table: &dyn TableLike, name: &str) -> usize {
    table.key(name).and_then(|key| key.span()).map_or(0, |span| span.start)
}

/// Fails if the input is larger than 1 MiB, because a wrong path may refer to a device with endless
/// data.
pub(super) fn read_text(input: impl io::Read) -> io::Result<String> {
    const LARGEST: u64 = 1024 * 1024;
    let mut text = String::new();
    input.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        ConfigFile::parse(Source::User, Path::new("c.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_line_and_nearest_key() {
        assert_eq!(
            error("# mine\n\nserve = 'https://x'\n"),
            "c.toml:3: unknown key `serve`, did you mean `server`?"
        );
        assert_eq!(
            error("[contexts.a]\nserver = 'https://x'\n[contexts.b]\ntokens = 'x'\n"),
            "c.toml:4: unknown key `tokens`, did you mean `token`?"
        );
        assert_eq!(
            error("\noutput = 'xml'"),
            "c.toml:2: invalid value `xml`: expected one of table, wide, json, jsonl, yaml, csv, tsv, name"
        );
        assert_eq!(error("color = 1"), "c.toml:1: `color` must be a string, not integer");
        assert_eq!(error("contexts = 1"), "c.toml:1: `contexts` must be a table, not integer");
        assert_eq!(error("[contexts]\na = 1"), "c.toml:2: `a` must be a table, not integer");
        assert_eq!(error("context = ' '"), "c.toml:1: `context` must not be empty");
        assert!(error("server = 'https://x'\n= 3").starts_with("c.toml:2: invalid TOML: "));
        assert!(
            error("[contexts.a]\noutput = 'csv'").starts_with("c.toml:2: unknown key `output`")
        );
    }

    #[test]
    fn one_table_may_not_name_two_places_or_two_tokens() {
        assert_eq!(
            error("server = 'https://x'\ndatabase = 'sqlite:x'"),
            "both a server (c.toml:1) and a database (c.toml:2) are given"
        );
        assert_eq!(
            error("[contexts.a]\ntoken = 'x'\ntoken_command = 'x'"),
            "c.toml:3: `token` and `token_command` are both set"
        );
    }

    #[test]
    fn every_form_of_a_table_is_read() {
        for text in [
            "[contexts.a]\nserver = 'https://x'",
            "contexts.a.server = 'https://x'",
            "contexts = { a = { server = 'https://x' } }",
        ] {
            let file = ConfigFile::parse(Source::User, Path::new("c.toml"), text).unwrap();
            assert_eq!(file.contexts().collect::<Vec<_>>(), ["a"], "{text}");
            assert!(file.contexts["a"].server.is_some(), "{text}");
        }
    }

    #[test]
    fn paths_follow_the_environment() {
        let mut env = Environment { home: Some("/home/ada".into()), ..Environment::default() };
        let user = |env: &Environment| Paths::of(env).user.unwrap();
        assert_eq!(user(&env), Path::new("/home/ada/.config/nicelist/config.toml"));
        env.xdg_config_home = Some("/xdg".into());
        assert_eq!(user(&env), Path::new("/xdg/nicelist/config.toml"));
        env.config = Some("mine.toml".into());
        assert_eq!(user(&env), Path::new("mine.toml"));
        assert_eq!(Paths::of(&Environment::default()).user, None);
    }

    #[test]
    fn only_a_file_that_the_user_named_must_exist() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("none.toml");
        let mut paths = Paths { system: Some(missing.clone()), user: Some(missing), named: false };
        assert!(Files::load(&paths).unwrap().user.is_none());
        paths.named = true;
        assert!(matches!(Files::load(&paths), Err(ConfigError::Read { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_token_that_others_may_read_deserves_a_warning() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("c.toml");
        let warning = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            ConfigFile::load(Source::User, &path).unwrap().unwrap().warning()
        };
        let readable = |mode| Some(Warning::Readable { path: path.clone(), mode });
        assert_eq!(warning("token = 'x'", 0o640), readable(0o640));
        assert_eq!(warning("[contexts.a]\ntoken = 'x'", 0o604), readable(0o604));
        assert_eq!(warning("token = 'x'", 0o600), None);
        assert_eq!(warning("server = 'https://x'", 0o644), None);
    }
}
