//! What settings are worth: each type is parsed once, from a file, a variable or a flag.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use super::error::Problem;

/// The address of a nicelist server: HTTP or HTTPS, without credentials, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// The address as a URL.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for ServerUrl {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let refuse = |reason: &str| Problem::Server { reason: reason.to_owned() };
        let url = Url::parse(text.trim()).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it must begin with https:// or http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must end with its path"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A database that is worked on without a server: `sqlite:PATH`, or
/// `postgres://USER@HOST/DATABASE`, whose password is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Database(Kept);

#[derive(Clone, PartialEq, Eq)]
enum Kept {
    File(PathBuf),
    /// On a PostgreSQL server: the URL, password and all.
    Server(Box<str>),
}

impl Database {
    /// The database in the file at `path`.
    pub fn at(path: PathBuf) -> Self {
        Self(Kept::File(path))
    }

    /// The database's file, if it is in one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kept::File(path) => Some(path),
            Kept::Server(_) => None,
        }
    }

    /// The whole URL, for the one place that opens it. What is shown is [`Display`](fmt::Display).
    pub fn expose(&self) -> String {
        match &self.0 {
            Kept::File(path) => format!("sqlite:{}", path.display()),
            Kept::Server(url) => url.to_string(),
        }
    }
}

impl FromStr for Database {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let refuse = |reason| Problem::Database { reason };
        let text = text.trim();
        for scheme in ["postgres://", "postgresql://"] {
            if let Some(place) = text.strip_prefix(scheme) {
                let named = !place.is_empty();
                let url = named.then(|| Self(Kept::Server(text.into())));
                return url.ok_or_else(|| refuse("the host and the database are missing"));
            }
        }
        let path = text.strip_prefix("sqlite:");
        let expected = "it must be written sqlite:PATH or postgres://USER@HOST/DATABASE";
        let path = path.ok_or_else(|| refuse(expected))?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(refuse("the path is missing"));
        }
        if path.starts_with('~') {
            return Err(refuse("`~` is not expanded, the path must be written in full"));
        }
        Ok(Self::at(path.into()))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kept::File(path) => write!(f, "sqlite:{}", path.display()),
            Kept::Server(url) => f.write_str(&without_password(url)),
        }
    }
}

/// A file of certificates, PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaFile(PathBuf);

impl CaFile {
    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for CaFile {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let path = text.trim();
        if path.is_empty() {
            return Err(Problem::Path { reason: "it is missing" });
        }
        if path.starts_with('~') {
            return Err(Problem::Path {
                reason: "`~` is not expanded, it must be written in full",
            });
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for CaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

/// A URL without the passwords in it. Where it is not clear what is one, more is left out.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (user, place) = match rest.rsplit_once('@') {
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

/// Text that is never shown, unless it is asked for by name.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Problem;

    /// Only what an HTTP header can carry: printable ASCII.
    fn from_str(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Problem::Secret);
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

/// How commands write data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Output {
    /// For eyes on a terminal, plain columns elsewhere.
    #[default]
    Table,
    /// One JSON document, as the admin API writes it.
    Json,
    /// One JSON document a line.
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
}

impl Output {
    /// Every way, in the order that help shows them.
    pub const ALL: [Self; 5] = [Self::Table, Self::Json, Self::Jsonl, Self::Csv, Self::Tsv];

    /// As it is written in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
        }
    }
}

impl FromStr for Output {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        choose(Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When commands use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// Every choice, in the order that help shows them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// As it is written in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

impl FromStr for Color {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        choose(Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn choose<T: Copy, const N: usize>(
    all: [T; N],
    written: fn(T) -> &'static str,
    text: &str,
) -> Result<T, Problem> {
    let choice = all.into_iter().find(|choice| written(*choice) == text.trim());
    choice.ok_or_else(|| Problem::Choice {
        given: text.trim().to_owned(),
        allowed: all.map(written).join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: FromStr<Err = Problem>>(text: &str) -> String {
        text.parse::<T>().map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_server_is_an_address_and_nothing_more() {
        let server: ServerUrl = " https://nicelist.example.com/base ".parse().unwrap();
        assert_eq!(server.to_string(), "https://nicelist.example.com/base");
        for text in ["example.com", "ftp://x", "https://a:b@x", "https://x/?q", "https://x/#f"] {
            assert!(
                refused::<ServerUrl>(text).starts_with("not the address of a server"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_database_is_a_path_behind_its_kind() {
        let database: Database = "sqlite:/var/lib/a.db".parse().unwrap();
        assert_eq!(database.path(), Some(Path::new("/var/lib/a.db")));
        assert_eq!(database.to_string(), "sqlite:/var/lib/a.db");
        let three: Database = "sqlite:///a.db".parse().unwrap();
        assert_eq!(three.path(), Some(Path::new("/a.db")));
        for text in ["/a.db", "sqlite:", "sqlite:~/a.db", "postgres://", "mysql://x"] {
            assert!(refused::<Database>(text).starts_with("not a database"), "{text}");
        }
    }

    #[test]
    fn a_database_on_a_server_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://anna@db/rules", "postgres://anna@db/rules"),
            ("postgresql://anna:pw@db:5433/rules", "postgresql://anna@db:5433/rules"),
            ("postgres://a:p@w@db/rules?sslmode=require", "postgres://a@db/rules?sslmode=require"),
            ("postgres://db/rules?user=a&password=pw&x=1", "postgres://db/rules?user=a&x=1"),
            ("postgres://a:p/w?d@db/rules", "postgres://a@db/rules"),
        ] {
            let database: Database = url.parse().unwrap();
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
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        for output in Output::ALL {
            assert_eq!(output.to_string().parse(), Ok(output));
        }
        for color in Color::ALL {
            assert_eq!(color.to_string().parse(), Ok(color));
        }
        assert_eq!(refused::<Output>("xml"), "`xml` is not one of table, json, jsonl, csv, tsv");
    }
}
