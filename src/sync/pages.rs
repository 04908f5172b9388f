//! Rule downloads as bytes: the steps of a difference, cut into pages, each encoded when it is
//! first asked for and once for all hosts that go the same way.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::task::{JoinError, spawn_blocking};

use super::cursor::{Cursor, CursorKey, Span};
use super::difference::Step;
use super::ledger::Ledger;
use super::{generation, translate};
use crate::protocol::{
    self, BodyError, ContentEncoding, Format, MessageError, RuleDownloadResponse, Wire, encode,
    write_page,
};

/// Rules on one page, where nobody says otherwise: some 500 kB of JSON and 200 kB compressed, far
/// below what a client reads in its 30 s.
pub const RULES_A_PAGE: NonZeroUsize = NonZeroUsize::new(4000).unwrap();
/// What a client that takes one page reads of it, as it comes over the wire, in bytes (ureq's
/// default, which rednose leaves as it is).
const LARGEST_LONE_PAGE: usize = 10 * 1024 * 1024;
/// What all cached differences, and all cached pages, may weigh together, in bytes.
const CACHE_BYTES: u64 = 128 * 1024 * 1024;
/// How many of each the caches are laid out for.
const CACHED: usize = 1024;
/// From so many bytes on a page is compressed on a thread of its own: that takes longer than
/// other requests should wait.
const LONG: usize = 16 * 1024;

/// Why a download cannot be encoded.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A message cannot be written.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// A page cannot be compressed.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The thread that compressed a page came to an early end.
    #[error("compressing was cut off: {0}")]
    CutOff(#[from] JoinError),
}

/// What a span brings, before it is written for anybody.
#[derive(Debug)]
pub(super) struct Difference {
    /// In the order in which they are sent.
    pub(super) steps: Vec<Step>,
    /// Whether it is the whole of a clean sync without rules, which gets one harmless removal:
    /// a client that receives nothing deletes nothing (SNTSyncRuleDownload.mm).
    pub(super) sentinel: bool,
    page_size: NonZeroUsize,
}

impl Difference {
    pub(super) fn new(span: Span, steps: Vec<Step>, clean: bool, page: NonZeroUsize) -> Self {
        let sentinel = clean && steps.is_empty();
        let paged = generation::takes_pages(span.to.generation);
        let page_size = if paged { page } else { NonZeroUsize::MAX };
        Self { steps, sentinel, page_size }
    }

    /// On how many pages it is sent; at least one.
    fn pages(&self) -> usize {
        self.steps.len().div_ceil(self.page_size.get()).max(1)
    }

    /// How many rules a client counts.
    pub(super) fn rules(&self) -> u32 {
        u32::try_from(self.steps.len() + usize::from(self.sentinel)).unwrap_or(u32::MAX)
    }

    /// Whether this is the last page.
    pub(super) fn is_last(&self, page: u32) -> bool {
        page as usize + 1 >= self.pages()
    }

    /// This page, or the first if there is no such page.
    pub(super) fn page_or_first(&self, page: u32) -> u32 {
        if (page as usize) < self.pages() { page } else { 0 }
    }

    /// The body of a page, before it is compressed.
    pub(super) fn write(
        &self,
        ledger: &Ledger,
        key: &CursorKey,
        cursor: Cursor,
        format: Format,
    ) -> Result<Vec<u8>, PageError> {
        let Cursor { span, page } = cursor;
        let generation = span.to.generation;
        let mut chunks = self.steps.chunks(self.page_size.get());
        let steps = chunks.nth(page as usize).unwrap_or_default();
        let rules = steps.iter().map(|step| translate::step(ledger, *step, generation));
        let sentinel = self.sentinel.then(|| translate::sentinel(generation));
        let next = Cursor { span, page: page.saturating_add(1) };
        let page = RuleDownloadResponse {
            rules: rules.chain(sentinel).collect(),
            cursor: (!self.is_last(page)).then(|| key.seal(&next)),
        };
        Ok(match generation::dialect(generation) {
            Some(dialect) => write_page(dialect, &page)?,
            None => protocol::write(format, &page)?,
        })
    }
}

/// A page as it goes over the wire.
pub(super) async fn compress(body: Vec<u8>, span: Span, wire: Wire) -> Result<Bytes, PageError> {
    let body = match (wire.gzip, body.len()) {
        (false, _) => body,
        (true, ..LONG) => encode(ContentEncoding::Gzip, &body)?.into_owned(),
        (true, _) => {
            let compress = move || Ok(encode(ContentEncoding::Gzip, &body)?.into_owned());
            spawn_blocking(compress).await?.map_err(|error: BodyError| error)?
        }
    };
    if !generation::takes_pages(span.to.generation) && body.len() > LARGEST_LONE_PAGE {
        let bytes = body.len();
        tracing::warn!(bytes, "rednose clients refuse all rules on one page of this size");
    }
    Ok(Bytes::from(body))
}

/// A page, in the form in which it is sent.
type PageKey = (Cursor, Wire);

#[derive(Clone)]
struct ByBytes;

impl Weighter<PageKey, Bytes> for ByBytes {
    fn weight(&self, _: &PageKey, page: &Bytes) -> u64 {
        (page.len() + size_of::<(PageKey, Bytes)>()) as u64
    }
}

impl Weighter<Span, Arc<Difference>> for ByBytes {
    fn weight(&self, _: &Span, difference: &Arc<Difference>) -> u64 {
        (size_of::<Step>() * difference.steps.len() + size_of::<Difference>()) as u64
    }
}

/// Differences by span, and pages by place and form, each bounded by what they weigh. What many
/// hosts ask for at once is made once.
pub(super) struct Downloads {
    differences: Cache<Span, Arc<Difference>, ByBytes>,
    pages: Cache<PageKey, Bytes, ByBytes>,
    /// How many pages were made.
    encoded: AtomicU64,
}

impl Downloads {
    pub(super) fn new() -> Self {
        Self {
            differences: Cache::with_weighter(CACHED, CACHE_BYTES, ByBytes),
            pages: Cache::with_weighter(CACHED, CACHE_BYTES, ByBytes),
            encoded: AtomicU64::new(0),
        }
    }

    /// The difference of a span, made by `make` if it is not there.
    pub(super) async fn difference<E>(
        &self,
        span: Span,
        make: impl Future<Output = Result<Arc<Difference>, E>>,
    ) -> Result<Arc<Difference>, E> {
        self.differences.get_or_insert_async(&span, make).await
    }

    /// A page in a form, made by `make` if it is not there.
    pub(super) async fn page<E>(
        &self,
        cursor: Cursor,
        wire: Wire,
        make: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Bytes, E> {
        let counted = async {
            self.encoded.fetch_add(1, Ordering::Relaxed);
            make.await
        };
        self.pages.get_or_insert_async(&(cursor, wire), counted).await
    }

    /// How many pages were made so far.
    pub(super) fn encoded(&self) -> u64 {
        self.encoded.load(Ordering::Relaxed)
    }
}
