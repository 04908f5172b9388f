//! Rule downloads as bytes: the steps of a difference, cut into pages and encoded once for all
//! hosts that go the same way.

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::cursor::{Cursor, CursorKey, Span};
use super::difference::Step;
use super::translate;
use crate::protocol::{MessageError, Rule, RuleDownloadResponse, write};

/// Rules on one page: some 250 kB of JSON, far below what a client reads in its 30 s.
pub(super) const RULES_A_PAGE: usize = 2000;
/// What all cached downloads may weigh together, in bytes.
const CACHE_BYTES: u64 = 256 * 1024 * 1024;
/// How many downloads the cache is laid out for.
const CACHED_DOWNLOADS: usize = 1024;

/// A download, encoded.
#[derive(Debug)]
pub(super) struct Download {
    /// One body a page; at least one.
    pages: Vec<Bytes>,
    /// Rules on all pages together.
    pub(super) rules: u32,
}

impl Download {
    /// The body of a page; of the first, if there is no such page.
    pub(super) fn page(&self, page: u32) -> Bytes {
        self.pages.get(page as usize).or(self.pages.first()).cloned().unwrap_or_default()
    }

    /// Whether this is the last page.
    pub(super) fn is_last(&self, page: u32) -> bool {
        page as usize + 1 >= self.pages.len()
    }

    /// Encodes the steps of a span. A clean sync without any rule gets one harmless removal:
    /// a client that receives nothing deletes nothing (SNTSyncRuleDownload.mm).
    pub(super) fn encode(
        key: &CursorKey,
        span: Span,
        steps: &[Step],
        sentinel: bool,
    ) -> Result<Self, MessageError> {
        let mut rules: Vec<Rule<'_>> =
            steps.iter().map(|step| translate::step(step, span.to.generation)).collect();
        if sentinel && rules.is_empty() {
            rules.push(translate::sentinel());
        }
        let count = u32::try_from(rules.len()).unwrap_or(u32::MAX);
        let last = rules.len().saturating_sub(1) / RULES_A_PAGE;
        let mut rest = rules.into_iter();
        let pages: Result<Vec<Bytes>, MessageError> = (0..=last)
            .map(|page| {
                let next = u32::try_from(page + 1).unwrap_or(u32::MAX);
                let cursor = (page < last).then(|| key.seal(&Cursor { span, page: next }));
                let rules = rest.by_ref().take(RULES_A_PAGE).collect();
                write(&RuleDownloadResponse { rules, cursor }).map(Bytes::from)
            })
            .collect();
        Ok(Self { pages: pages?, rules: count })
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Span, Arc<Download>> for ByBytes {
    fn weight(&self, _: &Span, download: &Arc<Download>) -> u64 {
        let bytes: usize = download.pages.iter().map(Bytes::len).sum();
        bytes as u64 + size_of::<Download>() as u64
    }
}

/// Downloads by span, bounded by what they weigh. A span that many hosts ask for at once is
/// encoded once.
pub(super) struct Downloads {
    cache: Cache<Span, Arc<Download>, ByBytes>,
}

impl Downloads {
    pub(super) fn new() -> Self {
        Self { cache: Cache::with_weighter(CACHED_DOWNLOADS, CACHE_BYTES, ByBytes) }
    }

    /// The download of a span, made by `make` if it is not there.
    pub(super) async fn get<E>(
        &self,
        span: Span,
        make: impl Future<Output = Result<Arc<Download>, E>>,
    ) -> Result<Arc<Download>, E> {
        self.cache.get_or_insert_async(&span, make).await
    }
}
