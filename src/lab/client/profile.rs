//! The identity and the configuration of a client.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::Generation;
use super::generation::Version;
use crate::protocol::{ClientMode, ContentEncoding, Format};

const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Headers that a client ignores in its configuration.
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

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("{} supports only JSON; protobuf was added in 2024.6", .0.name())]
    NoProtobuf(Generation),
    #[error("{} supports only deflate, not {encoding}", .generation.name())]
    OnlyDeflate { generation: Generation, encoding: ContentEncoding },
    #[error("{} does not send zlib instead of deflate; 2023.3 was the last version with this \
        option", .0.name())]
    NoZlib(Generation),
    #[error("{} does not support headers in its profile; SyncExtraHeaders was added in 2023.7", .0.name())]
    NoHeaders(Generation),
}

/// A host and the configuration of its client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    pub machine_id: String,
    pub serial: String,
    pub hostname: String,
    pub os_version: String,
    pub os_build: String,
    pub model: String,
    /// The simulated client. The client may report a different version in `santa_version`.
    pub generation: Generation,
    pub santa_version: String,
    /// Empty if not configured.
    pub primary_user: String,
    pub groups: Vec<String>,
    /// The client mode until a server sets a mode.
    pub client_mode: ClientMode,
    /// pedro and Santa before 2024.6 always use JSON.
    pub wire: Format,
    /// pedro and Santa up to 2023.3 always use deflate.
    pub content_encoding: ContentEncoding,
    /// Whether Santa up to 2023.3 sends `zlib`, the old name of deflate
    /// (`EnableBackwardsCompatibleContentEncoding`).
    pub backwards_compatible_content_encoding: bool,
    /// Additional headers, such as `Authorization`.
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
            generation: Generation::NEWEST,
            santa_version: Generation::NEWEST.says(),
            primary_user: String::new(),
            groups: Vec::new(),
            client_mode: ClientMode::Monitor,
            wire: Format::Json,
            content_encoding: ContentEncoding::default(),
            backwards_compatible_content_encoding: false,
            headers: BTreeMap::new(),
        }
    }
}

impl Profile {
    pub fn of(generation: Generation) -> Self {
        Self { generation, santa_version: generation.says(), ..Self::default() }
    }

    /// The path of a stage, relative to the server's address.
    pub(crate) fn path(&self, stage: &str) -> String {
        format!("{stage}/{}", utf8_percent_encode(&self.machine_id, SEGMENT))
    }

    /// Checks whether the client supports the format, the encoding and the headers in the profile.
    /// The client can sync even if this returns an error, because clients ignore settings that they
    /// do not support.
    ///
    /// # Errors
    /// The first setting that the client does not support.
    pub fn check(&self) -> Result<(), ProfileError> {
        let generation = self.generation;
        let (messages, choice, headers) = match generation {
            Generation::Santa(version) => {
                (version.has_messages(), version.chooses_encoding(), version.sends_extra_headers())
            }
            Generation::Pedro | Generation::Rednose => (false, false, false),
        };
        if self.wire == Format::Protobuf && !messages {
            return Err(ProfileError::NoProtobuf(generation));
        }
        if self.content_encoding != ContentEncoding::Deflate && !choice {
            let encoding = self.content_encoding;
            return Err(ProfileError::OnlyDeflate { generation, encoding });
        }
        let is_santa = matches!(generation, Generation::Santa(_));
        if self.backwards_compatible_content_encoding && (choice || !is_santa) {
            return Err(ProfileError::NoZlib(generation));
        }
        if !self.headers.is_empty() && !headers {
            return Err(ProfileError::NoHeaders(generation));
        }
        Ok(())
    }

    pub(crate) fn encoding(&self, version: Version) -> ContentEncoding {
        if version.chooses_encoding() { self.content_encoding } else { ContentEncoding::Deflate }
    }

    pub(crate) fn format(&self, version: Version) -> Format {
        if version.has_messages() { self.wire } else { Format::Json }
    }

    pub(crate) fn headers(&self, version: Version, has_body: bool) -> Vec<(String, String)> {
        let content_type = match (version.has_messages(), version.mislabels()) {
            (false, _) => Format::Json.content_type(),
            (true, false) if has_body => self.wire.content_type(),
            (true, _) => "application/octet-stream",
        };
        let encoding = self.encoding(version).header().filter(|_| has_body);
        let old_name = self.backwards_compatible_content_encoding && !version.chooses_encoding();
        let encoding = encoding.map(|name| if old_name { "zlib" } else { name });
        let own = [
            Some(("Content-Type", content_type.to_owned())),
            Some(("User-Agent", format!("santactl-sync/{}", self.santa_version))),
            // macOS's URL loading system adds this header.
            Some(("Accept-Encoding", "gzip, deflate".to_owned())),
            encoding.map(|name| ("Content-Encoding", name.to_owned())),
        ];
        let own = own.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.extra_headers(version)).collect()
    }

    pub(crate) fn extra_headers(
        &self,
        version: Version,
    ) -> impl Iterator<Item = (String, String)> + '_ {
        let reserved = |name: &str| RESERVED_HEADERS.iter().any(|r| name.eq_ignore_ascii_case(r));
        self.headers
            .iter()
            .filter(move |(name, _)| version.sends_extra_headers() && !reserved(name))
            .map(|(name, value)| (name.clone(), value.clone()))
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
        profile.content_encoding = ContentEncoding::Gzip;
        let headers = profile.headers(Version::named("2026.7"), true);
        let expected = [
            ("Content-Type", "application/json"),
            ("User-Agent", "santactl-sync/2026.7"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Content-Encoding", "gzip"),
            ("Authorization", "Bearer x"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let has = |text: &str, name: &str| {
            let headers = profile.headers(Version::named(text), true);
            headers.into_iter().any(|(each, _)| each == name)
        };
        assert!(has("2023.7", "Authorization") && !has("2023.6", "Authorization"));
    }

    #[test]
    fn content_type_and_encoding_depend_on_the_version() {
        let profile = Profile {
            wire: Format::Protobuf,
            content_encoding: ContentEncoding::Gzip,
            backwards_compatible_content_encoding: true,
            ..Profile::default()
        };
        let called = |text: &str, has_body: bool| {
            let headers = profile.headers(Version::named(text), has_body);
            let value = |name: &str| {
                let mut headers = headers.iter();
                headers.find(|(each, _)| each == name).map_or("", |(_, value)| value).to_owned()
            };
            [value("Content-Type"), value("Content-Encoding")]
        };
        let (json, protobuf) = ("application/json", "application/x-protobuf");
        let octets = "application/octet-stream";
        assert_eq!(called("2023.3", true), [json, "zlib"]);
        assert_eq!(called("2023.3", false), [json, ""]);
        assert_eq!(called("2024.5", true), [json, "gzip"]);
        assert_eq!(called("2024.7", true), [octets, "gzip"]);
        assert_eq!(called("2024.8", true), [protobuf, "gzip"]);
        assert_eq!(called("2024.8", false), [octets, ""]);
    }

    #[test]
    fn unsupported_settings_of_a_profile_are_refused() {
        let error = |name: &str, change: &dyn Fn(&mut Profile)| {
            let mut profile = Profile::of(name.parse().unwrap());
            change(&mut profile);
            profile.check().map_or_else(|error| error.to_string(), |()| "fine".to_owned())
        };
        let protobuf = |profile: &mut Profile| profile.wire = Format::Protobuf;
        assert_eq!(error("2024.6", &protobuf), "fine");
        assert!(error("2024.5", &protobuf).starts_with("Santa 2024.5 supports only JSON"));
        let plain = |profile: &mut Profile| profile.content_encoding = ContentEncoding::Identity;
        assert_eq!(error("2023.4", &plain), "fine");
        assert!(error("2023.3", &plain).ends_with("supports only deflate, not identity"));
        assert!(error("pedro", &plain).starts_with("pedro supports only deflate"));
        let zlib = |profile: &mut Profile| profile.backwards_compatible_content_encoding = true;
        assert_eq!(error("2023.3", &zlib), "fine");
        assert!(error("2023.4", &zlib).starts_with("Santa 2023.4 does not send zlib"));
        let secret = |profile: &mut Profile| {
            profile.headers.insert("Authorization".to_owned(), "Bearer x".to_owned());
        };
        assert_eq!(error("2023.7", &secret), "fine");
        assert!(error("2023.6", &secret).starts_with("Santa 2023.6 does not support headers"));
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
