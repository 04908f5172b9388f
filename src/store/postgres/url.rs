//! Parses the URL of a PostgreSQL database.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::DbError;

use super::tls::{Tls, Trust};
use crate::store::{StoreError, StoreResult};

/// Time limit for each attempt to connect, unless the URL contains one.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection is closed if sent data is not acknowledged for this long, unless the URL contains a
/// limit. An idle connection is probed after this time.
const SILENCE: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_secs(2);

/// Shown instead of an invalid URL, which may contain a password anywhere.
pub(super) const UNREADABLE: &str = "the PostgreSQL database";

#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// The URL as it may be shown: without password or parameters.
    pub(super) shown: String,
}

impl Address {
    /// Parses a URL. Errors do not contain the URL.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (rest, of_tls) = split(url)?;
        let mut config: Config = rest.parse().map_err(|error| chain(&error))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("it has no host; expected postgres://USER@HOST/DATABASE".to_owned());
        }
        let trust = of_tls.trust()?;
        config.ssl_mode(of_tls.mode()?);
        if config.get_application_name().is_none() {
            config.application_name("nicelist");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        config.keepalives_idle(SILENCE).keepalives_interval(PROBE).keepalives_retries(2);
        let shown = shown(&config);
        Ok(Self { config, tls: Tls::new(&trust)?, shown })
    }

    pub(super) fn of(url: &str) -> StoreResult<Self> {
        Self::parse(url).map_err(|reason| StoreError::Open { url: UNREADABLE.to_owned(), reason })
    }

    pub(super) fn cannot_be_opened(&self, reason: String) -> StoreError {
        StoreError::Open { url: self.shown.clone(), reason }
    }
}

/// The TLS mode and the file of root certificates in a URL. nicelist parses them, because the
/// library supports only some of the modes.
#[derive(Default)]
struct OfTls {
    mode: Option<String>,
    roots: Option<String>,
}

impl OfTls {
    fn mode(&self) -> Result<SslMode, String> {
        match self.mode.as_deref() {
            Some("disable") => Ok(SslMode::Disable),
            None | Some("allow" | "prefer") => Ok(SslMode::Prefer),
            Some("require" | "verify-ca" | "verify-full") => Ok(SslMode::Require),
            Some(other) => Err(format!(
                "invalid sslmode `{other}`: expected disable, prefer, require, verify-ca or \
                verify-full"
            )),
        }
    }

    /// As in libpq, `require` checks the certificate only if roots are given.
    fn trust(&self) -> Result<Trust, String> {
        let roots = self.roots.as_ref().filter(|path| *path != "system").map(Into::into);
        Ok(match (self.mode.as_deref(), &self.roots) {
            (Some("verify-full"), _) => Trust::Server(roots),
            (Some("verify-ca"), _) | (Some("require"), Some(_)) => Trust::Authority(roots),
            _ => Trust::Anyone,
        })
    }
}

/// Separates the TLS parameters, which nicelist handles itself, from the rest of a URL.
fn split(url: &str) -> Result<(String, OfTls), String> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let mut of_tls = OfTls::default();
    let mut others = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let decoded = percent_decode_str(value).decode_utf8();
        let decoded = decoded.map_err(|_| format!("the value of {name} is not UTF-8"))?;
        match name {
            "sslmode" => of_tls.mode = Some(decoded.into_owned()),
            "sslrootcert" => of_tls.roots = Some(decoded.into_owned()),
            _ => others.push(parameter),
        }
    }
    let rest =
        if others.is_empty() { place.to_owned() } else { [place, &others.join("&")].join("?") };
    Ok((rest, of_tls))
}

/// The URL of a configuration, without its password and parameters.
fn shown(config: &Config) -> String {
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    let ports = config.get_ports();
    let host = |(place, host): (usize, &Host)| {
        let port = ports.get(place).or(ports.first()).copied().unwrap_or(5432);
        let name = match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]"),
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string().replace('/', "%2F"),
        };
        if port == 5432 { name } else { format!("{name}:{port}") }
    };
    let mut hosts: Vec<String> = config.get_hosts().iter().enumerate().map(host).collect();
    if hosts.is_empty() {
        hosts = config.get_hostaddrs().iter().map(ToString::to_string).collect();
    }
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("postgres://{user}{}/{database}", hosts.join(","))
}

/// Describes an error with its causes, because the text of `tokio_postgres` often contains only the
/// kind of error. For an error from PostgreSQL, returns only its message and detail.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(server) = error.downcast_ref::<DbError>() {
            // The server's message is clear without the library's text.
            let detail = server.detail().map(|detail| format!(" ({detail})"));
            return format!("{}{}", server.message(), detail.unwrap_or_default());
        }
        parts.push(error.to_string());
        next = error.source();
    }
    parts.dedup_by(|cause, whole| whole.contains(cause.as_str()));
    parts.join(": ").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Address {
        Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://anna:se%40cret@db.example/rules", "postgres://anna@db.example/rules"),
            ("postgresql://anna@db:5433", "postgres://anna@db:5433/anna"),
            ("postgres://anna@a,b:2/rules?password=secret", "postgres://anna@a,b:2/rules"),
            ("postgres://anna@[::1]/r?sslmode=require", "postgres://anna@[::1]/r"),
            ("postgres:///r?host=/run/pg&user=anna", "postgres://anna@%2Frun%2Fpg/r"),
        ] {
            assert_eq!(parsed(url).shown, shown);
        }
    }

    #[test]
    fn what_a_url_says_of_tls_is_heeded() {
        let mode = |url: &str| parsed(url).config.get_ssl_mode();
        assert_eq!(mode("postgres://a@b/c"), SslMode::Prefer);
        assert_eq!(mode("postgres://a@b/c?sslmode=disable"), SslMode::Disable);
        assert_eq!(mode("postgres://a@b/c?sslmode=require"), SslMode::Require);
        assert_eq!(
            mode("postgres://a@b/c?connect_timeout=3&sslmode=verify-full"),
            SslMode::Require
        );
        let trust = |mode: Option<&str>, roots: Option<&str>| {
            let of_tls = OfTls { mode: mode.map(Into::into), roots: roots.map(Into::into) };
            of_tls.trust().unwrap()
        };
        assert_eq!(trust(None, None), Trust::Anyone);
        assert_eq!(trust(Some("require"), None), Trust::Anyone);
        assert_eq!(trust(Some("require"), Some("/a")), Trust::Authority(Some("/a".into())));
        assert_eq!(trust(Some("verify-ca"), None), Trust::Authority(None));
        assert_eq!(trust(Some("verify-full"), Some("system")), Trust::Server(None));
        assert_eq!(trust(Some("verify-full"), Some("/a")), Trust::Server(Some("/a".into())));
    }

    #[test]
    fn mistakes_in_a_url_are_reported_without_its_password() {
        for url in [
            "postgres://anna:secret@db/rules?sslmode=sometimes",
            "postgres://anna:secret@db/rules?sslmode=verify-full&sslrootcert=/no/such/file",
            "postgres://anna:secret@db/rules?nonsense=1",
            "postgres://anna:secret@db:port/rules",
            "postgres:///rules?password=secret",
        ] {
            let message = Address::parse(url).err().unwrap();
            assert!(!message.contains("secret") && !message.is_empty(), "{message}");
        }
    }
}
