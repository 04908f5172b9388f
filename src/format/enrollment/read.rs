//! What a Mac with a profile syncs with.

use super::key;
use crate::document::{Entry, Node};
use crate::format::profile::{DOMAINS, Profile, parse, santa_payloads};
use crate::format::{File, Location, Remark};

/// The settings of a profile that decide how Santa connects to its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncProfile {
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub roots: Option<ServerRoots>,
    /// The key that selects a client certificate.
    pub certificate: Option<&'static str>,
    pub machine: Option<String>,
    pub protobuf: bool,
    pub encoding: Option<String>,
    /// A note about the signature of the profile.
    pub signature: Option<String>,
}

/// The CAs that Santa trusts for the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerRoots {
    /// Certificates in PEM.
    Pem(Vec<u8>),
    /// The path of a PEM file on the Mac.
    Path(String),
}

impl SyncProfile {
    /// Reads the first payload that sets the URL of the server. Settings of Google's Santa are not
    /// read.
    ///
    /// # Errors
    /// If the file is damaged, has no such payload, or has a setting of the wrong type.
    pub fn read(file: &File) -> Result<Self, Remark> {
        let Profile { root, signature } = parse(0, file)?;
        let payloads = settings_of(&root).into_iter();
        let mut payloads =
            payloads.filter(|(domain, node)| *domain == DOMAINS[0] && node.get(key::URL).is_some());
        let read = match payloads.next() {
            Some((_, payload)) => Self::of(payload, signature),
            None => Err(format!("sets no {} for {}", key::URL, DOMAINS[0])),
        };
        read.map_err(|text| Remark::new(Location::whole(0), text))
    }

    fn of(payload: &Node, signature: Option<String>) -> Result<Self, String> {
        let text = |key: &str| -> Result<Option<String>, String> {
            let text = |node: &Node| node.as_str().map(str::to_owned);
            let wrong = |node: &Node| format!("{key}: {}", node.expected("a string"));
            let node = payload.get(key);
            node.map(|node| text(node).ok_or_else(|| wrong(node))).transpose()
        };
        let roots = match (payload.get(key::ROOTS), text(key::ROOTS_FILE)?) {
            (Some(node), _) => {
                let pem = node.as_data().map(|bytes| ServerRoots::Pem(bytes.to_owned()));
                Some(pem.ok_or_else(|| format!("{}: {}", key::ROOTS, node.expected("data")))?)
            }
            (None, path) => path.map(ServerRoots::Path),
        };
        let protobuf = payload.get(key::PROTOBUF).and_then(Node::as_bool);
        Ok(Self {
            url: text(key::URL)?.unwrap_or_default(),
            headers: headers(payload)?,
            roots,
            certificate: key::CERTIFICATES.into_iter().find(|key| payload.get(key).is_some()),
            machine: text(key::MACHINE)?,
            protobuf: protobuf.unwrap_or_default(),
            encoding: text(key::ENCODING)?,
            signature,
        })
    }
}

/// The payloads with Santa's settings, each with its domain. A property list without payloads, such
/// as the managed preferences of a Mac, is one payload.
pub(super) fn settings_of(root: &Node) -> Vec<(&'static str, &Node)> {
    let mut found = santa_payloads(root);
    if found.is_empty() && root.get("PayloadType").is_none() && root.get(key::URL).is_some() {
        found.push((DOMAINS[0], root));
    }
    found
}

fn headers(payload: &Node) -> Result<Vec<(String, String)>, String> {
    let Some(headers) = payload.get(key::HEADERS) else { return Ok(Vec::new()) };
    let entries = headers
        .entries()
        .ok_or_else(|| format!("{}: {}", key::HEADERS, headers.expected("a dictionary")))?;
    let pair = |Entry { key: name, node, .. }: &Entry| -> Result<(String, String), String> {
        let wrong = || format!("{}: {name}: {}", key::HEADERS, node.expected("a string"));
        let value = node.as_str().ok_or_else(wrong)?;
        Ok((name.clone(), value.to_owned()))
    };
    entries.iter().map(pair).collect()
}
