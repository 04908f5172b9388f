//! The types of setting values. Files, variables and flags are parsed into the same types.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use super::error::ConfigProblem;

/// The address of a nicelist server: HTTP or HTTPS, without credentials, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ServerUrl {
    type Err = ConfigProblem;

    fn from_str(text: &str) -> Result<Self, ConfigProblem> {
        let refuse = |reason: &str| ConfigProblem::Server { reason: reason.to_owned() };
        let url = Url::parse(text.trim()).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not contain a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must not have a query or a fragment"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A database that commands use without a server: `sqlite:PATH`, or
/// `postgres://USER@HOST/DATABASE`. `Display` and `Debug` omit the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(DatabaseLocation);

#[derive(Clone, PartialEq, Eq)]
enum DatabaseLocation {
    File(PathBuf),
    Server(Box<str>),
}

impl DatabaseUrl {
    pub fn at(path: PathBuf) -> Self {
        Self(DatabaseLocation::File(path))
    }

    /// The file of an SQLite database. `None` for PostgreSQL.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            DatabaseLocation::File(path) => Some(path),
            DatabaseLocation::Server(_) => None,
        }
    }

    /// The URL with its password, to open the database. [`Display`](fmt::Display) shows no
    /// password.
    pub fn expose(&self) -> String {
        match &self.0 {
            DatabaseLocation::File(path) => format!("sqlite:{}", path.display()),
            DatabaseLocation::Server(url) => url.to_string(),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = ConfigProblem;

    fn from_str(text: &str) -> Result<Self, ConfigProblem> {
        let refuse = |reason| ConfigProblem::Database { reason };
        let text = text.trim();
        for scheme in ["postgres://", "postgresql://"] {
            if let Some(place) = text.strip_prefix(scheme) {
                let named = !place.is_empty();
                let url = named.then(|| Self(DatabaseLocation::Server(text.into())));
                return url.ok_or_else(|| refuse("the host and the database are missing"));
            }
        }
        let path = text.strip_prefix("sqlite:");
        let expected = "expected sqlite:PATH or postgres://USER@HOST/DATABASE";
        let path = path.ok_or_else(|| refuse(expected))?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(refuse("the path is missing"));
        }
        if path.starts_with('~') {
            return Err(refuse("`~` is not expanded; write the full path"));
        }
        Ok(Self::at(path.into()))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            DatabaseLocation::File(path) => write!(f, "sqlite:{}", path.display()),
            DatabaseLocation::Server(url) => f.write_str(&without_password(url)),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaFile(PathBuf);

impl CaFile {
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for CaFile {
    type Err = ConfigProblem;

    fn from_str(text: &str) -> Result<Self, ConfigProblem> {
        let path = text.trim();
        if path.is_empty() {
            return Err(ConfigProblem::Path { reason: "the path is missing" });
        }
        if path.starts_with('~') {
            return Err(ConfigProblem::Path { reason: "`~` is not expanded; write the full path" });
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for CaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

/// Removes passwords from a URL. If a password cannot be located exactly, more text is removed.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (user, place) = match rest.rsplit_once('@') {
        // A `?` is before this `@`. Either the `@` is in the query, possibly in a password, or
        // the `?` is in the user name or the password before the host.
        Some((before, _)) if before.contains('?') => {
            let first = before.split([':', '/', '?', '@']).next().unwrap_or_default();
            return format!("{scheme}://{first}…");
        }
        Some((credentials, place)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            (format!("{user}@"), place)
        }
        None => (String::new(), rest),
    };
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let parameters = query.split('&').filter(|it| !it.is_empty() && !it.contains("password"));
    let parameters = parameters.collect::<Vec<_>>().join("&");
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{scheme}://{user}{place}{mark}{parameters}")
}

/// A text that neither `Display` nor `Debug` shows.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = ConfigProblem;

    /// Accepts printable ASCII without spaces, which is valid in an HTTP header.
    fn from_str(text: &str) -> Result<Self, ConfigProblem> {
        let text = text.trim();
        // People copy the value of the header Authorization.
        let scheme = text.split_once(' ').map(|(scheme, _)| scheme);
        if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
            return Err(ConfigProblem::SecretWithScheme);
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigProblem::Secret);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Implements `ALL` (in the order of help texts), `as_str`, `FromStr` and `Display` for a setting
/// with a fixed set of values.
macro_rules! choices {
    ($name:ident { $($variant:ident = $word:literal,)+ }) => {
        impl $name {
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = ConfigProblem;

            fn from_str(text: &str) -> Result<Self, ConfigProblem> {
                let given = text.trim();
                let choice = Self::ALL.into_iter().find(|choice| choice.as_str() == given);
                choice.ok_or_else(|| ConfigProblem::Choice {
                    given: given.to_owned(),
                    allowed: Self::ALL.map(Self::as_str).join(", "),
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Output {
    /// A table. On a terminal, the table fits the terminal's width.
    #[default]
    Table,
    /// A table with all columns and full texts, even if the table is wider than the terminal.
    Wide,
    /// One JSON document, with the fields of the admin API.
    Json,
    /// One JSON document per line.
    Jsonl,
    /// The JSON document as YAML.
    Yaml,
    Csv,
    Tsv,
    /// Only identifiers, one per line.
    Name,
}

choices! {
    Output {
        Table = "table",
        Wide = "wide",
        Json = "json",
        Jsonl = "jsonl",
        Yaml = "yaml",
        Csv = "csv",
        Tsv = "tsv",
        Name = "name",
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// Only on a terminal.
    #[default]
    Auto,
    Always,
    Never,
}

choices! {
    Color {
        Auto = "auto",
        Always = "always",
        Never = "never",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: FromStr<Err = ConfigProblem>>(text: &str) -> String {
        text.parse::<T>().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_server_is_an_address_and_nothing_more() {
        let server: ServerUrl = " https://nicelist.example.com/base ".parse().unwrap();
        assert_eq!(server.to_string(), "https://nicelist.example.com/base");
        for text in ["example.com", "ftp://x", "https://a:b@x", "https://x/?q", "https://x/#f"] {
            assert!(refused::<ServerUrl>(text).starts_with("invalid server address"), "{text}");
        }
    }

    #[test]
    fn a_database_is_a_path_behind_its_kind() {
        let database: DatabaseUrl = "sqlite:/var/lib/a.db".parse().unwrap();
        assert_eq!(database.path(), Some(Path::new("/var/lib/a.db")));
        assert_eq!(database.to_string(), "sqlite:/var/lib/a.db");
        let three: DatabaseUrl = "sqlite:///a.db".parse().unwrap();
        assert_eq!(three.path(), Some(Path::new("/a.db")));
        for text in ["/a.db", "sqlite:", "sqlite:~/a.db", "postgres://", "mysql://x"] {
            assert!(refused::<DatabaseUrl>(text).starts_with("invalid database URL"), "{text}");
        }
    }

    #[test]
    fn a_database_on_a_server_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://anna@db/rules", "postgres://anna@db/rules"),
            ("postgresql://anna:pw@db:5433/rules", "postgresql://anna@db:5433/rules"),
            ("postgres://a:p@w@db/rules?sslmode=require", "postgres://a@db/rules?sslmode=require"),
            ("postgres://db/rules?user=a&password=pw&x=1", "postgres://db/rules?user=a&x=1"),
            ("postgres://user@db/rules?password=p@w", "postgres://user…"),
            ("postgres://db/rules?password=p@w", "postgres://db…"),
            ("postgres://a:p/w?d@db/rules", "postgres://a…"),
        ] {
            let database: DatabaseUrl = url.parse().unwrap();
            assert_eq!(database.to_string(), shown);
            assert_eq!(format!("{database:?}"), format!("Database({shown})"));
            assert_eq!((database.expose().as_str(), database.path()), (url, None));
        }
    }

    #[test]
    fn a_secret_shows_nothing() {
        let secret: Secret = "hush".parse().unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
        assert_eq!(secret.expose(), "hush");
        assert!(!refused::<Secret>("hush hush").contains("hush"));
        let header = refused::<Secret>("Bearer hush");
        assert!(header.starts_with("leave out `Bearer`") && !header.contains("hush"), "{header}");
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        for output in Output::ALL {
            assert_eq!(output.to_string().parse(), Ok(output));
        }
        for color in Color::ALL {
            assert_eq!(color.to_string().parse(), Ok(color));
        }
        assert_eq!(
            refused::<Output>("xml"),
            "invalid value `xml`: expected one of table, wide, json, jsonl, yaml, csv, tsv, name"
        );
    }
}
