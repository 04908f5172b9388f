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

/// A local database, written `sqlite:PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database(PathBuf);

impl Database {
    /// The database in the file at `path`.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for Database {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let refuse = |reason| Problem::Database { reason };
        let path = text.trim().strip_prefix("sqlite:");
        let path = path.ok_or_else(|| refuse("it must be written sqlite:PATH"))?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(refuse("the path is missing"));
        }
        if path.starts_with('~') {
            return Err(refuse("`~` is not expanded, the path must be written in full"));
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.0.display())
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
        assert_eq!(database.path(), Path::new("/var/lib/a.db"));
        assert_eq!(database.to_string(), "sqlite:/var/lib/a.db");
        assert_eq!("sqlite:///a.db".parse::<Database>().unwrap().path(), Path::new("/a.db"));
        for text in ["/a.db", "sqlite:", "sqlite:~/a.db", "postgres://x"] {
            assert!(refused::<Database>(text).starts_with("not a database"), "{text}");
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
