//! Caches of preflight responses and pages of rules. Hosts of the same client that receive the same
//! bytes share the parsed result.

use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::client::Client;
use super::rule_tables::{RuleTables, Step};
use crate::lab::client::database::RuleChange;
use crate::lab::client::response_formats;
use crate::protocol::{BodyError, ContentEncoding, MessageError, PreflightResponse, decode};

/// Maximum decompressed bytes of a response, as for a single client.
pub(super) const LONGEST_ANSWER: usize = 1 << 28;

/// The cache of pages is emptied if it has more steps than this. A step takes 8 bytes.
const MOST_STEPS: usize = 4 << 20;

/// Maximum cached preflight responses. A full cache is emptied.
const MOST_ANSWERS: usize = 4096;

/// Each cached page counts as this number of additional steps, because a page without steps also
/// needs memory.
const LEAST_STEPS: usize = 32;

#[derive(Debug)]
pub(super) struct RawResponse {
    pub(super) encoding: ContentEncoding,
    pub(super) body: Bytes,
}

impl RawResponse {
    /// A hash of the bytes, the encoding and the client, which together determine the parsed
    /// result.
    fn name(&self, client: u8) -> u128 {
        let seed = u64::from(client) << 8 | self.encoding as u64;
        xxh3_128_with_seed(&self.body, seed)
    }

    pub(super) fn message(&self) -> Result<std::borrow::Cow<'_, [u8]>, BodyError> {
        decode(self.encoding, &self.body, LONGEST_ANSWER)
    }
}

/// A page of rules as a client understands it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) name: u128,
    pub(super) steps: Box<[Step]>,
    /// The number of rules in the page, including those that the client ignores.
    pub(super) received: u32,
    pub(super) cursor: Option<Rc<str>>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ResponseError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Message(#[from] MessageError),
}

#[derive(Debug, Default)]
pub(super) struct ResponseCache {
    pages: HashMap<u128, Rc<Page>>,
    steps: usize,
    answers: HashMap<u128, Rc<PreflightResponse>>,
}

impl ResponseCache {
    pub(super) fn page(
        &mut self,
        (number, client): (u8, &Client),
        response: &RawResponse,
        tables: &mut RuleTables,
    ) -> Result<Rc<Page>, ResponseError> {
        let name = response.name(number);
        if let Some(page) = self.pages.get(&name) {
            return Ok(Rc::clone(page));
        }
        let message = response.message()?;
        let read = response_formats::page(client.version, client.format, &message)?;
        let received = read.rules.len() as u32;
        let changes = read.rules.into_iter();
        let changes = changes.filter_map(|rule| RuleChange::read(client.version, rule));
        let steps = changes.map(|change| tables.step(change)).collect();
        let cursor = read.cursor.map(Rc::from);
        let page = Rc::new(Page { name, steps, received, cursor });
        if self.steps > MOST_STEPS {
            self.pages.clear();
            self.steps = 0;
        }
        self.steps += page.steps.len() + LEAST_STEPS;
        self.pages.insert(name, Rc::clone(&page));
        Ok(page)
    }

    pub(super) fn preflight(
        &mut self,
        (number, client): (u8, &Client),
        response: &RawResponse,
    ) -> Result<Rc<PreflightResponse>, ResponseError> {
        let name = response.name(number);
        if let Some(answer) = self.answers.get(&name) {
            return Ok(Rc::clone(answer));
        }
        let answer =
            response_formats::preflight(client.version, client.format, &response.message()?)?;
        if self.answers.len() >= MOST_ANSWERS {
            self.answers.clear();
        }
        let answer = Rc::new(answer);
        self.answers.insert(name, Rc::clone(&answer));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Profile;
    use crate::lab::fleet::client::{Clients, Share};

    fn response(body: &str) -> RawResponse {
        let body = Bytes::from(body.to_owned());
        RawResponse { encoding: ContentEncoding::Identity, body }
    }

    fn clients() -> Clients {
        let share = |name: &str| Share { generation: name.parse().unwrap(), weight: 1 };
        Clients::new(&[share("2026.7"), share("2022.4")], &Profile::default()).unwrap()
    }

    #[test]
    fn the_same_bytes_are_read_once_by_each_client() {
        let (clients, mut pages, mut tables) =
            (clients(), ResponseCache::default(), RuleTables::new());
        let mut read = |client: u8, body: &str| {
            pages.page((client, clients.get(client)), &response(body), &mut tables).unwrap()
        };
        let signing = r#"{"rules":[{"identifier":"EQHXZ8M8AV:com.yes","policy":"BLOCKLIST",
            "rule_type":"SIGNINGID"}],"cursor":"next"}"#;
        let new = read(0, signing);
        assert!(Rc::ptr_eq(&new, &read(0, signing)));
        assert_eq!((new.steps.len(), new.received, new.cursor.as_deref()), (1, 1, Some("next")));
        let old = read(1, signing);
        assert_eq!((old.steps.len(), old.received), (0, 1));
        assert_ne!(old.name, new.name);
    }

    #[test]
    fn invalid_responses_are_not_cached() {
        let (clients, mut pages, mut tables) =
            (clients(), ResponseCache::default(), RuleTables::new());
        let client = (0, clients.get(0));
        assert!(pages.page(client, &response("rules"), &mut tables).is_err());
        assert!(pages.preflight(client, &response("[]")).is_err());
        let damaged = RawResponse { encoding: ContentEncoding::Gzip, ..response("{}") };
        assert!(matches!(pages.preflight(client, &damaged), Err(ResponseError::Body(_))));
        assert!(pages.pages.is_empty() && pages.answers.is_empty());
    }
}
