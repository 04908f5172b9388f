//! Who a client is and how it was configured by its administrator.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::protocol::{ClientMode, ContentEncoding};

/// Headers that a client never takes from its configuration.
const RESERVED_HEADERS: [&str; 9] = [
    "content-encoding",
    "content-length",
    "content-type",
    "connection",
    "host",
    "proxy-authenticate",
    "proxy-authorization",
    "user-agent",
    "www-authenticate",
];

/// A Mac and its configuration profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// The identity that the server knows the client by.
    pub machine_id: String,
    /// The serial number.
    pub serial: String,
    /// The host name.
    pub hostname: String,
    /// The version of macOS.
    pub os_version: String,
    /// The build of macOS.
    pub os_build: String,
    /// The hardware model.
    pub model: String,
    /// The version that the client says it has. (It behaves as 2026.4 and later do.)
    pub santa_version: String,
    /// The Mac's owner; empty if not configured.
    pub primary_user: String,
    /// The owner's groups.
    pub groups: Vec<String>,
    /// The mode until a server sets another.
    pub client_mode: ClientMode,
    /// How requests are compressed.
    pub content_encoding: ContentEncoding,
    /// Further headers, such as `Authorization`. Those that a client reserves are not sent.
    pub headers: BTreeMap<String, String>,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            machine_id: "1AB00000-0000-4000-8000-000000000001".to_owned(),
            serial: "LAB000000001".to_owned(),
            hostname: "lab-1.local".to_owned(),
            os_version: "15.6".to_owned(),
            os_build: "24G84".to_owned(),
            model: "Mac15,7".to_owned(),
            santa_version: "2026.7".to_owned(),
            primary_user: String::new(),
            groups: Vec::new(),
            client_mode: ClientMode::Monitor,
            content_encoding: ContentEncoding::default(),
            headers: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// Where a stage's requests go, below the server's address.
    pub(super) fn path(&self, stage: &str) -> String {
        let mut path = format!("{stage}/");
        for byte in self.machine_id.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    path.push(char::from(byte));
                }
                _ => path.push_str(&format!("%{byte:02X}")),
            }
        }
        path
    }

    /// The headers of a request whose body was compressed, or was not.
    pub(super) fn headers(&self, encoding: ContentEncoding) -> Vec<(String, String)> {
        let reserved = |name: &str| RESERVED_HEADERS.iter().any(|r| name.eq_ignore_ascii_case(r));
        let own = [
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", format!("santactl-sync/{}", self.santa_version)),
        ];
        own.into_iter()
            .chain(encoding.header().map(|value| ("Content-Encoding", value.to_owned())))
            .map(|(name, value)| (name.to_owned(), value))
            .chain(
                self.headers
                    .iter()
                    .filter(|(name, _)| !reserved(name))
                    .map(|(name, value)| (name.clone(), value.clone())),
            )
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_id_is_one_segment_of_the_path() {
        let profile = Profile { machine_id: "Ann's/Mac é?".to_owned(), ..Profile::default() };
        assert_eq!(profile.path("preflight"), "preflight/Ann%27s%2FMac%20%C3%A9%3F");
    }

    #[test]
    fn configured_headers_are_sent_unless_reserved() {
        let mut profile = Profile::default();
        profile.headers.insert("Authorization".to_owned(), "Bearer x".to_owned());
        profile.headers.insert("HOST".to_owned(), "elsewhere".to_owned());
        profile.headers.insert("user-agent".to_owned(), "curl".to_owned());
        let headers = profile.headers(ContentEncoding::Gzip);
        let expected = [
            ("Content-Type", "application/json"),
            ("User-Agent", "santactl-sync/2026.7"),
            ("Content-Encoding", "gzip"),
            ("Authorization", "Bearer x"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(profile.headers(ContentEncoding::Identity).len(), 3);
    }

    #[test]
    fn a_profile_names_only_what_differs() {
        let text = r#"{"serial":"C02","client_mode":"LOCKDOWN","content_encoding":"none"}"#;
        let expected = Profile {
            serial: "C02".to_owned(),
            client_mode: ClientMode::Lockdown,
            content_encoding: ContentEncoding::Identity,
            ..Profile::default()
        };
        assert_eq!(serde_json::from_str::<Profile>(text).unwrap(), expected);
        assert!(serde_json::from_str::<Profile>(r#"{"seriel":"C02"}"#).is_err());
    }
}
