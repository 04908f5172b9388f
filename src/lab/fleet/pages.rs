//! What servers answer, read once for all who get the same bytes.

use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::client::Client;
use super::shelf::{Shelf, Step};
use crate::lab::client::database::Change;
use crate::lab::client::reading;
use crate::protocol::{BodyError, ContentEncoding, MessageError, PreflightResponse, decode};

/// The most that an answer may unfold into, as for one client.
pub(super) const LONGEST_ANSWER: usize = 1 << 28;

/// How many steps are kept of pages, before all are forgotten. They take 8 bytes each.
const MOST_STEPS: usize = 4 << 20;

/// How many answers to preflight are kept, before all are forgotten.
const MOST_ANSWERS: usize = 4096;

/// What a page without rules counts for.
const LEAST_STEPS: usize = 32;

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) encoding: ContentEncoding,
    pub(super) body: Bytes,
}

impl Sheet {
    /// A name for these bytes, as this client reads them.
    fn name(&self, client: u8) -> u128 {
        let seed = u64::from(client) << 8 | self.encoding as u64;
        xxh3_128_with_seed(&self.body, seed)
    }

    /// The message that the answer is.
    pub(super) fn message(&self) -> Result<std::borrow::Cow<'_, [u8]>, BodyError> {
        decode(self.encoding, &self.body, LONGEST_ANSWER)
    }
}

/// A page of rules as a client understands it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) name: u128,
    pub(super) steps: Box<[Step]>,
    /// How many rules came.
    pub(super) received: u32,
    pub(super) cursor: Option<Rc<str>>,
}

/// Why an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Answers that were read.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pages: HashMap<u128, Rc<Page>>,
    steps: usize,
    answers: HashMap<u128, Rc<PreflightResponse>>,
}

impl Pages {
    /// Reads a page of rules.
    pub(super) fn page(
        &mut self,
        (number, client): (u8, &Client),
        sheet: &Sheet,
        shelf: &mut Shelf,
    ) -> Result<Rc<Page>, ReadError> {
        let name = sheet.name(number);
        if let Some(page) = self.pages.get(&name) {
            return Ok(Rc::clone(page));
        }
        let message = sheet.message()?;
        let read = reading::page(client.version, client.format, &message)?;
        let received = read.rules.len() as u32;
        let changes = read.rules.into_iter();
        let changes = changes.filter_map(|rule| Change::understand(client.version, rule));
        let steps = changes.map(|change| shelf.step(change)).collect();
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

    /// Reads an answer to preflight.
    pub(super) fn preflight(
        &mut self,
        (number, client): (u8, &Client),
        sheet: &Sheet,
    ) -> Result<Rc<PreflightResponse>, ReadError> {
        let name = sheet.name(number);
        if let Some(answer) = self.answers.get(&name) {
            return Ok(Rc::clone(answer));
        }
        let answer = reading::preflight(client.version, client.format, &sheet.message()?)?;
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

    fn sheet(body: &str) -> Sheet {
        let body = Bytes::from(body.to_owned());
        Sheet { encoding: ContentEncoding::Identity, body }
    }

    fn clients() -> Clients {
        let share = |name: &str| Share { generation: name.parse().unwrap(), weight: 1 };
        Clients::new(&[share("2026.7"), share("2022.4")], &Profile::default()).unwrap()
    }

    #[test]
    fn the_same_bytes_are_read_once_by_each_client() {
        let (clients, mut pages, mut shelf) = (clients(), Pages::default(), Shelf::new());
        let mut read = |client: u8, body: &str| {
            pages.page((client, clients.get(client)), &sheet(body), &mut shelf).unwrap()
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
    fn what_cannot_be_read_is_not_kept() {
        let (clients, mut pages, mut shelf) = (clients(), Pages::default(), Shelf::new());
        let client = (0, clients.get(0));
        assert!(pages.page(client, &sheet("rules"), &mut shelf).is_err());
        assert!(pages.preflight(client, &sheet("[]")).is_err());
        let damaged = Sheet { encoding: ContentEncoding::Gzip, ..sheet("{}") };
        assert!(matches!(pages.preflight(client, &damaged), Err(ReadError::Body(_))));
        assert!(pages.pages.is_empty() && pages.answers.is_empty());
    }
}
