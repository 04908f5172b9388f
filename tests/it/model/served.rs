//! What servers sent to a Mac during a sync, read from the bytes on the wire.

use std::collections::BTreeMap;

use nicelist::protocol::{
    ContentEncoding, Format, Message, PolicyName, PreflightResponse, RuleDownloadRequest,
    RuleDownloadResponse, RuleType, SyncType, decode, read_answer, read_request,
};

use super::offers::State;
use super::reference::Key;
use crate::world::Exchange;

/// A rule, or the removal of a rule, that a server sends for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Put,
    Remove,
}

/// The rules and removals that are sent in a sync, by target.
pub(super) type Difference = BTreeMap<Key, Sent>;

/// What servers sent during one sync.
#[derive(Default)]
pub(super) struct Served {
    /// The sync type in the last preflight response.
    pub(super) kind: Option<SyncType>,
    pub(super) sent: Difference,
    /// Whether the last page of rules was served.
    pub(super) whole: bool,
    pub(super) completed: bool,
}

struct Page {
    rules: Vec<(Key, Sent)>,
    next: Option<String>,
}

impl Served {
    pub(super) fn read(exchanges: &[Exchange]) -> Self {
        let mut served = Self::default();
        let mut pages = BTreeMap::new();
        for exchange in exchanges.iter().filter(|exchange| exchange.answer.status == 200) {
            match exchange.path.split('/').next().unwrap() {
                "preflight" => {
                    let answer: PreflightResponse = answer(exchange);
                    served = Self { kind: answer.sync_type, ..Self::default() };
                    pages.clear();
                }
                "ruledownload" => {
                    let (cursor, page) = page(exchange);
                    pages.insert(cursor, page);
                }
                "postflight" => served.completed = true,
                _ => {}
            }
        }
        let mut cursor = Some(String::new());
        while let Some(page) = cursor.and_then(|cursor| pages.remove(&cursor)) {
            for (key, sent) in page.rules {
                assert_eq!(served.sent.insert(key.clone(), sent), None, "{key:?} comes twice");
            }
            served.whole = page.next.is_none();
            cursor = page.next;
        }
        assert!(pages.is_empty(), "a download begins again");
        served
    }
}

impl Served {
    /// Whether the sent rules may belong to a download that leads to the state `to`. `after` is the
    /// state of the client after the download.
    pub(super) fn leads_to(&self, to: &State, after: &State) -> bool {
        self.sent.iter().all(|(target, sent)| match sent {
            Sent::Put => to.contains_key(target) && to.get(target) == after.get(target),
            Sent::Remove => !to.contains_key(target),
        })
    }
}

fn plain(headers: &[(String, String)], body: &[u8]) -> (Format, Vec<u8>) {
    let header = |name: &str| {
        let found = headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    };
    let encoding: ContentEncoding = header("content-encoding").unwrap_or("").parse().unwrap();
    let body = decode(encoding, body, usize::MAX).unwrap().into_owned();
    (Format::of(header("content-type"), &body), body)
}

fn answer<M: Message>(exchange: &Exchange) -> M {
    let (format, body) = plain(&exchange.answer.headers, &exchange.answer.body);
    read_answer(format, &body).unwrap()
}

/// The cursor with which a page was requested, and the page.
fn page(exchange: &Exchange) -> (String, Page) {
    let (format, body) = plain(&exchange.headers, &exchange.body);
    let request: RuleDownloadRequest = read_request(format, &body).unwrap();
    let answer: RuleDownloadResponse<'_> = answer(exchange);
    let rules = answer.rules.into_iter().map(|rule| {
        let identifier = if rule.identifier.is_empty() { rule.sha256 } else { rule.identifier };
        let sent = match rule.policy {
            Some(PolicyName::Remove) => Sent::Remove,
            _ => Sent::Put,
        };
        let rule_type: RuleType = rule.rule_type.unwrap();
        ((rule_type, identifier.into_owned()), sent)
    });
    (request.cursor, Page { rules: rules.collect(), next: answer.cursor })
}
