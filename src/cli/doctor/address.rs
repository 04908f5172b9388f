//! Checks the parts of a sync URL.

use url::{Host, Url};

use super::CheckResult;

const CHECK: &str = "address";
/// Enrollment secrets have at least this many letters.
const SHORTEST_SECRET: usize = 16;

/// The parts of a sync URL that the other checks use.
pub(super) struct Address {
    pub(super) url: Url,
    /// A host name, or an address without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// # Errors
    /// The problem, if the URL cannot be used at all.
    pub(super) fn of(text: &str) -> Result<Self, CheckResult> {
        let invalid = |reason: &str| {
            CheckResult::problem(CHECK, format!("the URL is not valid: {reason}"))
                .fix("use the URL of the profile: --url https://HOST/santa/")
        };
        let url = Url::parse(text.trim()).map_err(|error| invalid(&error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(invalid("it must begin with https://"));
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(invalid("it has no host")),
        };
        let port = url.port_or_known_default().ok_or_else(|| invalid("it has no port"))?;
        Ok(Self { url, host, port })
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The URL without its path, which may contain an enrollment secret.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    fn is_this_machine(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// The URL for a fix, with `SECRET` in place of parts that can be an enrollment secret: people
    /// share the output of doctor.
    fn shown(&self) -> String {
        let mut is_after_santa = false;
        let mut shown = self.origin();
        for part in self.url.path().split('/').skip(1) {
            let is_secret = part.len() >= SHORTEST_SECRET || (is_after_santa && !part.is_empty());
            shown.push('/');
            shown.push_str(if is_secret { "SECRET" } else { part });
            is_after_santa |= part == "santa";
        }
        shown
    }

    /// The same URL with another scheme, for a fix.
    pub(super) fn with_scheme(&self, scheme: &str) -> String {
        let shown = self.shown();
        let rest = shown.split_once("://").map_or("", |(_, rest)| rest);
        format!("{scheme}://{rest}")
    }
}

/// Checks whether Santa uses the URL as it is written.
pub(super) fn checks(address: &Address) -> Vec<CheckResult> {
    let found = [scheme(address), query(address), slash(address), path(address)];
    let found: Vec<CheckResult> = found.into_iter().flatten().collect();
    if !found.is_empty() {
        return found;
    }
    vec![CheckResult::ok(CHECK, address.origin())]
}

fn scheme(address: &Address) -> Option<CheckResult> {
    if address.is_https() || address.is_this_machine() {
        return None;
    }
    let found = "the URL begins with http://; from 2026.4 on, Santa refuses http except to the Mac \
                 itself";
    let fix = format!("set SyncBaseURL to {}", address.with_scheme("https"));
    Some(CheckResult::problem(CHECK, found).fix(fix))
}

fn query(address: &Address) -> Option<CheckResult> {
    if address.url.query().is_none() && address.url.fragment().is_none() {
        return None;
    }
    let found = "Santa drops the part of the URL after `?` or `#`";
    let fix = "remove this part, and send the secret in SyncExtraHeaders: Authorization = Bearer \
               SECRET";
    Some(CheckResult::problem(CHECK, found).fix(fix))
}

fn slash(address: &Address) -> Option<CheckResult> {
    if address.url.path().ends_with('/') {
        return None;
    }
    let found = "the URL does not end with a slash; Santa adds it, but other clients may replace \
                 the last part of the path";
    let fixed = format!("set SyncBaseURL to {}/", address.shown());
    let has_query = address.url.query().is_some() || address.url.fragment().is_some();
    (!has_query).then(|| CheckResult::warning(CHECK, found).fix(fixed))
}

/// The server accepts every base path, but a reverse proxy may forward only `/santa/`.
fn path(address: &Address) -> Option<CheckResult> {
    let mut parts = address.url.path().split('/');
    if parts.any(|part| part == "santa") {
        return None;
    }
    let found = "the path of the URL has no /santa/; a proxy in front of the server may not \
                 forward it";
    let fix = format!("set SyncBaseURL to {}/santa/", address.origin());
    Some(CheckResult::warning(CHECK, found).fix(fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str) -> String {
        let address = match Address::of(url) {
            Ok(address) => address,
            Err(problem) => return format!("{problem:?}"),
        };
        checks(&address).iter().map(|result| format!("{result:?}")).collect()
    }

    #[test]
    fn a_usual_url_is_fine_and_its_secret_is_not_shown() {
        let shown = found("https://santa.example.com/santa/hush/");
        assert!(shown.contains("Ok") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_fix_does_not_show_the_secret() {
        for (url, fix) in [
            ("http://santa.example.com/santa/hush/", "https://santa.example.com/santa/SECRET/"),
            ("https://santa.example.com/santa/hush", "https://santa.example.com/santa/SECRET/"),
            ("https://hush@santa.example.com/santa", "https://santa.example.com/santa/"),
            ("https://a.example.com/sync/hush567890123456", "https://a.example.com/sync/SECRET/"),
        ] {
            let shown = found(url);
            assert!(shown.contains(fix) && !shown.contains("hush"), "{shown}");
        }
    }

    #[test]
    fn each_fault_of_a_url_has_a_fix() {
        for (url, fix) in [
            ("http://santa.example.com/santa/", "set SyncBaseURL to https://santa.example.com/"),
            ("https://santa.example.com/santa", "to https://santa.example.com/santa/"),
            ("https://santa.example.com/", "to https://santa.example.com/santa/"),
            ("https://santa.example.com/santa/?s=1", "send the secret in SyncExtraHeaders"),
            ("santa.example.com", "--url https://HOST/santa/"),
            ("ftp://santa.example.com/", "--url https://HOST/santa/"),
        ] {
            assert!(found(url).contains(fix), "{url}: {}", found(url));
        }
        assert!(found("http://127.0.0.1:8080/santa/").contains("Ok"));
    }
}
