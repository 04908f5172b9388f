//! The active settings, each with its origin.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::backend::{self, Backend};
use super::env::Environment;
use super::error::{ConfigError, Warning};
use super::file::{ConfigFile, Files};
use super::key::{ConfigKey, nearest};
use super::layer::{Connection, Flags, Layer};
use super::origin::{Origin, Source, WithOrigin};
use super::values::{Color, DatabaseUrl, Output};

#[derive(Debug, Clone)]
pub struct Settings {
    pub context: Option<WithOrigin<String>>,
    pub output: WithOrigin<Output>,
    pub color: WithOrigin<Color>,
    pub warnings: Vec<Warning>,
    backend: Option<Backend>,
    /// The chosen context, if it is not in any file. Such a context is not an error yet: commands
    /// without a backend need no context, and some of them repair the configuration.
    unknown_context: Option<WithOrigin<String>>,
    /// The contexts of all files, sorted by name.
    contexts: Vec<ContextEntry>,
    connections: Vec<Connection>,
    usual_database: Option<WithOrigin<DatabaseUrl>>,
}

impl Settings {
    /// Merges the layers. A context that a flag chooses is weaker than all flags, and stronger than
    /// all environment variables. A context that a variable chooses is weaker than all variables,
    /// and stronger than all files. A context that a file chooses is stronger than the other
    /// settings in the file. So `--context` is stronger than `NICELIST_SERVER`, and weaker than
    /// `--server`.
    ///
    /// # Errors
    /// For example, the flags or variables contain both a server and a database, or a variable has
    /// an invalid value.
    pub fn resolve(flags: Flags, env: &Environment, files: &Files) -> Result<Self, ConfigError> {
        let Files { system, user } = files;
        let layers = [
            Layer::of_flags(flags)?,
            Layer::of_environment(env)?,
            user.as_ref().map(|file| file.layer.clone()).unwrap_or_default(),
            system.as_ref().map(|file| file.layer.clone()).unwrap_or_default(),
        ];
        let context = layers.iter().find_map(|layer| layer.context.clone());
        let output = layers.iter().find_map(|layer| layer.output.clone());
        let color = layers.iter().find_map(|layer| layer.color.clone());

        let contexts = contexts(files, context.as_ref().map(|chosen| chosen.value.as_str()));
        let is_known = |name: &str| contexts.iter().any(|known| known.name == name);
        let unknown_context = context.clone().filter(|chosen| !is_known(&chosen.value));
        let connections = connections(layers, files);
        let usual_database = backend::usual_database(env);
        let (backend, withheld) = backend::decide(&connections, usual_database.as_ref());
        let readable = [user, system].into_iter().flatten().filter_map(ConfigFile::warning);
        Ok(Self {
            context,
            output: output.unwrap_or_else(built_in),
            color: color.unwrap_or_else(built_in),
            warnings: readable.chain(withheld).collect(),
            backend,
            unknown_context,
            contexts,
            connections,
            usual_database,
        })
    }

    /// The server or database of the strongest layer or context that has one, or else the default
    /// database.
    ///
    /// # Errors
    /// The chosen context does not exist, or nothing is configured and the path of the default
    /// database is not known.
    pub fn backend(&self) -> Result<&Backend, ConfigError> {
        self.context_exists()?;
        self.backend.as_ref().ok_or(ConfigError::NoHome)
    }

    /// # Errors
    /// No configuration file has the chosen context.
    pub fn context_exists(&self) -> Result<(), ConfigError> {
        match &self.unknown_context {
            Some(WithOrigin { value, origin }) => Err(self.unknown_context(origin.clone(), value)),
            None => Ok(()),
        }
    }

    /// Checks a name before it becomes the context in the user's file at `path`.
    ///
    /// # Errors
    /// No configuration file has a context with this name.
    pub fn check_context(&self, path: &Path, name: &str) -> Result<(), ConfigError> {
        if self.contexts.iter().any(|known| known.name == name) {
            return Ok(());
        }
        let origin = Origin::new(Source::User, path.display().to_string());
        Err(self.unknown_context(origin, name))
    }

    fn unknown_context(&self, origin: Origin, name: &str) -> ConfigError {
        let nearest = nearest(name, self.contexts.iter().map(|known| known.name.as_str()));
        let known = self.contexts.iter().map(|known| known.name.clone()).collect();
        ConfigError::UnknownContext { origin, name: name.to_owned(), nearest, known }
    }

    /// The contexts of all files, sorted by name.
    pub fn contexts(&self) -> &[ContextEntry] {
        &self.contexts
    }

    pub fn entries(&self) -> Vec<ConfigEntry> {
        ConfigKey::ALL.into_iter().map(|key| self.entry(key)).collect()
    }

    fn entry(&self, key: ConfigKey) -> ConfigEntry {
        match key {
            ConfigKey::Context => ConfigEntry::of(key, self.context.as_ref()),
            ConfigKey::Output => ConfigEntry::of(key, Some(&self.output)),
            ConfigKey::Color => ConfigEntry::of(key, Some(&self.color)),
            ConfigKey::Server => ConfigEntry::of(key, self.first(|from| from.server.as_ref())),
            ConfigKey::Token => ConfigEntry::of(key, self.first(|from| from.token.as_ref())),
            ConfigKey::TokenCommand => {
                ConfigEntry::of(key, self.first(|from| from.token_command.as_ref()))
            }
            ConfigKey::Ca => ConfigEntry::of(key, self.first(|from| from.ca.as_ref())),
            ConfigKey::Database => {
                let set = self.first(|from| from.database.as_ref());
                ConfigEntry::of(key, set.or(self.usual_database.as_ref()))
            }
        }
    }

    fn first<T>(
        &self,
        find: impl Fn(&Connection) -> Option<&WithOrigin<T>>,
    ) -> Option<&WithOrigin<T>> {
        self.connections.iter().find_map(find)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ConfigEntry {
    pub key: &'static str,
    /// `[redacted]` for a secret.
    pub value: Option<String>,
    pub source: Option<Source>,
    /// See [`Origin::at`].
    pub at: Option<String>,
}

impl ConfigEntry {
    fn of<T: fmt::Display>(key: ConfigKey, setting: Option<&WithOrigin<T>>) -> Self {
        Self {
            key: key.as_str(),
            value: setting.map(|setting| setting.value.to_string()),
            source: setting.map(|setting| setting.origin.source),
            at: setting.map(|setting| setting.origin.at.clone()),
        }
    }
}

/// A context in the configuration files.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ContextEntry {
    pub name: String,
    /// Whether this is the chosen context.
    pub current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The URL of the database, without its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// The file and line that contains the server or database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

impl ContextEntry {
    /// The server or the database.
    pub fn place(&self) -> Option<&str> {
        self.server.as_deref().or(self.database.as_deref())
    }
}

/// The contexts of all files, sorted by name. The user's file is stronger than the machine's file.
fn contexts(files: &Files, current: Option<&str>) -> Vec<ContextEntry> {
    let Files { system, user } = files;
    let names = [user, system].into_iter().flatten().flat_map(ConfigFile::contexts);
    let names: BTreeSet<&str> = names.collect();
    let entry = |name: &str| {
        let connections = in_files(name, files);
        let with_place = connections.iter().find(|it| it.server.is_some() || it.database.is_some());
        let server = with_place.and_then(|it| it.server.as_ref());
        let database = with_place.and_then(|it| it.database.as_ref());
        let origin = server.map(|it| &it.origin).or(database.map(|it| &it.origin));
        ContextEntry {
            name: name.to_owned(),
            current: current == Some(name),
            server: server.map(|it| it.value.to_string()),
            database: database.map(|it| it.value.to_string()),
            at: origin.map(|origin| origin.at.clone()),
        }
    };
    names.into_iter().map(entry).collect()
}

fn built_in<T: Default>() -> WithOrigin<T> {
    WithOrigin { value: T::default(), origin: Origin::built_in() }
}

/// The connections of the layers and of the chosen context, strongest first.
fn connections(layers: [Layer; 4], files: &Files) -> Vec<Connection> {
    let mut connections = Vec::new();
    let mut chosen = false;
    for layer in layers {
        let context = layer.context.filter(|_| !std::mem::replace(&mut chosen, true));
        let Some(context) = context else {
            connections.push(layer.connection);
            continue;
        };
        let found = in_files(&context.value, files);
        if context.origin.source >= Source::Env {
            connections.push(layer.connection);
            connections.extend(found);
        } else {
            connections.extend(found);
            connections.push(layer.connection);
        }
    }
    connections
}

/// The settings of a context in the user's file, then those in the machine's file.
fn in_files(context: &str, files: &Files) -> Vec<Connection> {
    let files = [&files.user, &files.system].into_iter().flatten();
    files.filter_map(|file| file.contexts.get(context)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(user: &str, system: &str) -> Files {
        let parse = |source, name, text| ConfigFile::parse(source, Path::new(name), text).unwrap();
        Files {
            user: Some(parse(Source::User, "user.toml", user)),
            system: Some(parse(Source::System, "system.toml", system)),
        }
    }

    fn home() -> Environment {
        Environment { home: Some("/home/ada".into()), ..Environment::default() }
    }

    fn resolve(flags: Flags, env: &Environment, files: &Files) -> Settings {
        Settings::resolve(flags, env, files).unwrap()
    }

    fn place(settings: &Settings) -> String {
        match settings.backend().unwrap() {
            Backend::Server { url, .. } => url.to_string(),
            Backend::Local { database, .. } => database.to_string(),
        }
    }

    fn entry(settings: &Settings, key: &str) -> (Option<String>, Option<String>) {
        let entry = settings.entries().into_iter().find(|entry| entry.key == key).unwrap();
        (entry.value, entry.at)
    }

    #[test]
    fn each_layer_is_stronger_than_the_one_before() {
        let at = |name: &str| Some(format!("https://{name}/"));
        let files = files("server = 'https://user'", "server = 'https://system'");
        let (mut env, mut flags) = (home(), Flags::default());
        let only = Files { user: None, ..files.clone() };
        let none = Files::default();
        assert_eq!(
            place(&resolve(flags.clone(), &env, &none)),
            "sqlite:/home/ada/.local/share/nicelist/nicelist.db"
        );
        assert_eq!(Some(place(&resolve(flags.clone(), &env, &only))), at("system"));
        assert_eq!(Some(place(&resolve(flags.clone(), &env, &files))), at("user"));
        env.server = Some("https://env".into());
        assert_eq!(Some(place(&resolve(flags.clone(), &env, &files))), at("env"));
        flags.server = Some("https://flag".parse().unwrap());
        let settings = resolve(flags, &env, &files);
        assert_eq!(Some(place(&settings)), at("flag"));
        assert_eq!(entry(&settings, "server"), (at("flag"), Some("--server".into())));
    }

    #[test]
    fn every_setting_remembers_where_it_came_from() {
        let files = files("\noutput = 'csv'\n", "color = 'always'\noutput = 'json'");
        let settings = resolve(Flags::default(), &home(), &files);
        assert_eq!(settings.output.value, Output::Csv);
        assert_eq!(settings.output.origin, Origin::new(Source::User, "user.toml:2"));
        assert_eq!(settings.color.origin, Origin::new(Source::System, "system.toml:1"));
        assert!(Source::Default < Source::System && Source::Env < Source::Flag);
        let quiet = Environment { no_color: true, output: Some("tsv".into()), ..home() };
        let settings = resolve(Flags::default(), &quiet, &files);
        assert_eq!((settings.color.value, settings.output.value), (Color::Never, Output::Tsv));
        let flags = Flags { color: Some(Color::Always), ..Flags::default() };
        assert_eq!(resolve(flags, &quiet, &files).color.value, Color::Always);
    }

    #[test]
    fn a_context_belongs_to_the_layer_that_chooses_it() {
        let contexts = "context = 'a'\nserver = 'https://user'\n\
                        [contexts.a]\nserver = 'https://a'\n[contexts.b]\ndatabase = 'sqlite:b'";
        let files = files(contexts, "");
        let mut env = home();
        assert_eq!(place(&resolve(Flags::default(), &env, &files)), "https://a/");
        env.server = Some("https://env".into());
        assert_eq!(place(&resolve(Flags::default(), &env, &files)), "https://env/");
        env.context = Some("b".into());
        assert_eq!(place(&resolve(Flags::default(), &env, &files)), "https://env/");
        let mut flags = Flags { context: Some("b".into()), ..Flags::default() };
        assert_eq!(place(&resolve(flags.clone(), &env, &files)), "sqlite:b");
        flags.server = Some("https://flag".parse().unwrap());
        assert_eq!(place(&resolve(flags, &env, &files)), "https://flag/");
    }

    #[test]
    fn a_context_of_the_machine_does_not_override_the_users_server() {
        let system = "context = 'corp'\n[contexts.corp]\nserver = 'https://corp'";
        let settings =
            resolve(Flags::default(), &home(), &files("server = 'https://mine'", system));
        assert_eq!(place(&settings), "https://mine/");
    }

    #[test]
    fn an_unknown_context_is_reported_with_the_nearest() {
        let flags = Flags { context: Some("prd".into()), ..Flags::default() };
        let settings = resolve(flags, &home(), &files("[contexts.prod]", ""));
        let error = settings.backend().unwrap_err();
        assert_eq!(error.to_string(), "--context: context `prd` not found, did you mean `prod`?");
    }

    #[test]
    fn contexts_are_listed_with_the_one_in_use() {
        let user = "context = 'b'\n[contexts.b]\ndatabase = 'postgres://a:pw@db/x'\n";
        let system = "[contexts.a]\nserver = 'https://a'\n[contexts.b]\nserver = 'https://b'\n";
        let settings = resolve(Flags::default(), &home(), &files(user, system));
        let listed: Vec<_> = settings
            .contexts()
            .iter()
            .map(|it| (it.name.as_str(), it.current, it.place(), it.at.as_deref()))
            .collect();
        let b = ("b", true, Some("postgres://a@db/x"), Some("user.toml:3"));
        assert_eq!(listed, [("a", false, Some("https://a/"), Some("system.toml:2")), b]);
    }

    #[test]
    fn two_places_in_one_layer_are_refused() {
        let flags = Flags {
            server: Some("https://x".parse().unwrap()),
            database: Some("sqlite:x".parse().unwrap()),
            ..Flags::default()
        };
        let error = Settings::resolve(flags, &home(), &Files::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "both a server (--server) and a database (--database) are given"
        );
        let env = Environment {
            server: Some("https://x".into()),
            database: Some("sqlite:x".into()),
            ..home()
        };
        assert!(Settings::resolve(Flags::default(), &env, &Files::default()).is_err());
        let flags = Flags { database: Some("sqlite:f".parse().unwrap()), ..Flags::default() };
        let settings = resolve(flags, &home(), &files("server = 'https://x'", ""));
        assert_eq!(place(&settings), "sqlite:f");
    }

    #[test]
    fn a_wrong_variable_is_reported_by_name() {
        let env = Environment { output: Some("xml".into()), ..home() };
        let error = Settings::resolve(Flags::default(), &env, &Files::default()).unwrap_err();
        assert!(error.to_string().starts_with("NICELIST_OUTPUT: invalid value `xml`"), "{error}");
    }

    #[test]
    fn without_a_home_only_a_configured_place_will_do() {
        let settings = resolve(Flags::default(), &Environment::default(), &Files::default());
        assert!(matches!(settings.backend(), Err(ConfigError::NoHome)));
        assert_eq!(entry(&settings, "database"), (None, None));
        let xdg = Environment { xdg_data_home: Some("/data".into()), ..home() };
        let settings = resolve(Flags::default(), &xdg, &Files::default());
        assert_eq!(place(&settings), "sqlite:/data/nicelist/nicelist.db");
    }

    #[test]
    fn the_list_redacts_secrets() {
        let settings = resolve(Flags::default(), &home(), &files("token = 'hush'", ""));
        let token = (Some("[redacted]".into()), Some("user.toml:1".into()));
        assert_eq!(entry(&settings, "token"), token);
        assert!(!format!("{settings:?}").contains("hush"));
        assert_eq!(settings.entries().len(), ConfigKey::ALL.len());
    }
}
