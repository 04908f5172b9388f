//! The pages of rule downloads. Each page is encoded when it is first requested. Hosts with the
//! same download share the encoded page.

use std::num::NonZeroUsize;

use bytes::Bytes;

use super::cursor::{Cursor, CursorKey, Span};
use super::ledger::Ledger;
use super::steps::{Step, Steps};
use super::{generation, translate};
use crate::fleet::Generation;
use crate::protocol::generation::{self as table, Counting, pedro};
use crate::protocol::{
    self, BodyError, ContentEncoding, Format, MessageError, RuleDownloadResponse, Wire, encode,
    write_page,
};

/// The default number of rules on one page.
pub const RULES_A_PAGE: NonZeroUsize = NonZeroUsize::new(4000).unwrap();
/// Maximum bytes of a page that a client without paging accepts.
const LARGEST_LONE_PAGE: usize = pedro::LONGEST_RESPONSE;
/// Fewer bytes than a rule for a hash needs in gzip, because a hash alone has 32 bytes.
const FEWEST_BYTES_COMPRESSED: usize = 20;
/// Fewer bytes than any rule needs as JSON.
const FEWEST_BYTES_OF_JSON: usize = 60;

/// An upper limit on the rules that a client of this generation can receive. None if the client
/// reads more than one page. Encoding more rules would only delay other hosts.
pub(super) fn most_rules(generation: Generation) -> Option<u64> {
    let fewest_bytes = match table::counting(generation.0)? {
        Counting::BeforeDecompression => FEWEST_BYTES_COMPRESSED,
        Counting::AfterDecompression => FEWEST_BYTES_OF_JSON,
    };
    Some((LARGEST_LONE_PAGE / fewest_bytes) as u64)
}

/// Whether a client that reads only one page may refuse this page in the form in which it is sent.
///
/// Newer releases of pedro refuse such a page. Older releases that report the same name accept it
/// if its gzip form is short enough, so the page is sent in any case.
pub(super) fn may_be_refused(generation: Generation, body: &[u8], wire: Wire) -> bool {
    let Some(counting) = table::counting(generation.0) else { return false };
    let counted = match counting {
        Counting::AfterDecompression if wire.gzip => unpacked_length(body),
        Counting::AfterDecompression | Counting::BeforeDecompression => body.len(),
    };
    counted > LARGEST_LONE_PAGE
}

/// The length of a gzip body after decompression. The last four bytes of the body contain this
/// length (RFC 1952). Four bytes suffice, because every page is smaller than 4 GiB.
fn unpacked_length(body: &[u8]) -> usize {
    body.last_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize)
}

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// The steps of a download, before they are encoded.
#[derive(Debug)]
pub(super) struct Download {
    steps: Steps,
    /// Whether this is a clean sync without rules. Such a sync gets one harmless removal, because a
    /// client that receives nothing deletes nothing (SNTSyncRuleDownload.mm).
    pub(super) sentinel: bool,
    page_size: NonZeroUsize,
    /// See [`most_rules`].
    most_rules: Option<u64>,
}

impl Download {
    pub(super) fn new(span: Span, steps: Steps, clean: bool, page: NonZeroUsize) -> Self {
        let sentinel = clean && steps.len() == 0;
        let paged = generation::takes_pages(span.to.generation);
        let page_size = if paged { page } else { NonZeroUsize::MAX };
        Self { steps, sentinel, page_size, most_rules: most_rules(span.to.generation) }
    }

    pub(super) fn owned_bytes(&self) -> usize {
        size_of::<Self>() + self.steps.owned_bytes()
    }

    /// All steps of the download, in the order in which they are sent.
    pub(super) fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.from(0, usize::MAX)
    }

    pub(super) fn brings_nothing(&self) -> bool {
        self.steps.len() == 0
    }

    /// Whether the download is not sent, because the client reads only one page and the download
    /// cannot fit on one page.
    pub(super) fn is_refused(&self) -> bool {
        self.most_rules.is_some_and(|most| self.steps.len() as u64 > most)
    }

    fn pages(&self) -> usize {
        self.steps.len().div_ceil(self.page_size.get()).max(1)
    }

    /// The number of rules and removals that a client counts, including the harmless removal.
    pub(super) fn rules(&self) -> u32 {
        self.steps.count() + u32::from(self.sentinel)
    }

    pub(super) fn is_last(&self, page: u32) -> bool {
        page as usize + 1 >= self.pages()
    }

    /// The number of this page, or 0 if this page does not exist.
    pub(super) fn page_or_first(&self, page: u32) -> u32 {
        if (page as usize) < self.pages() { page } else { 0 }
    }

    pub(super) fn write(
        &self,
        ledger: &Ledger,
        key: &CursorKey,
        cursor: Cursor,
        format: Format,
    ) -> Result<Vec<u8>, PageError> {
        let Cursor { span, page } = cursor;
        let generation = span.to.generation;
        let size = self.page_size.get();
        let steps = self.steps.from((page as usize).saturating_mul(size), size);
        let rules = steps.map(|step| wire_rule(ledger, step, generation));
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

fn wire_rule(ledger: &Ledger, step: Step, generation: Generation) -> protocol::Rule<'_> {
    match step {
        Step::Remove(version) => {
            let target = ledger.target(version);
            protocol::Rule {
                policy: Some(protocol::PolicyName::Remove),
                ..translate::about(target, generation)
            }
        }
        Step::Put(version) => translate::put(ledger.content(version), generation),
    }
}

pub(super) fn compress(body: Vec<u8>, span: Span, wire: Wire) -> Result<Bytes, PageError> {
    let length = body.len();
    let body = if wire.gzip { encode(ContentEncoding::Gzip, &body)?.into_owned() } else { body };
    if may_be_refused(span.to.generation, &body, wire) {
        let sent = body.len();
        tracing::warn!(length, sent, "pedro refuses a page of more than 10 MiB");
    }
    // The page is kept for a long time, so it is copied into memory of its exact size.
    Ok(Bytes::copy_from_slice(&body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::{Holding, ScopeSetId};
    use crate::protocol::generation::{PEDRO, REDNOSE};
    use crate::rule::Revision;
    use crate::sync::cursor::SpanStart;
    use crate::sync::ledger::VersionId;

    #[test]
    fn s2_what_a_client_of_one_page_refuses_is_not_encoded() {
        let is_refused = |rules: u64, generation: u32| {
            let generation = Generation(generation);
            let to = Holding { set: ScopeSetId(1), revision: Revision(1), generation };
            let span = Span { from: SpanStart::Nothing, to };
            let steps = vec![Step::Put(VersionId::FIRST); usize::try_from(rules).unwrap()];
            Download::new(span, Steps::new(&steps), true, RULES_A_PAGE).is_refused()
        };
        assert!(!is_refused(1_000_000, 202_507), "others request pages");
        assert_eq!(most_rules(Generation(202_507)), None);
        for pedro in [REDNOSE, PEDRO] {
            assert!(is_refused(1_000_000, pedro));
            assert!(!is_refused(100_000, pedro));
            let most = most_rules(Generation(pedro)).unwrap();
            assert!(!is_refused(most, pedro) && is_refused(most + 1, pedro));
        }
    }

    #[test]
    fn w3_each_pedro_counts_ten_mebibytes_in_its_own_way() {
        let long = vec![b' '; LARGEST_LONE_PAGE + 1];
        let plain = Wire { format: Format::Json, gzip: false };
        let gzip = Wire { gzip: true, ..plain };
        let packed = encode(ContentEncoding::Gzip, &long).unwrap();
        assert_eq!(unpacked_length(&packed), long.len());
        let refused =
            |generation, body: &[u8], wire| may_be_refused(Generation(generation), body, wire);
        assert!(refused(REDNOSE, &long, plain) && refused(PEDRO, &long, plain));
        assert!(!refused(REDNOSE, &packed, gzip) && refused(PEDRO, &packed, gzip));
        assert!(!refused(PEDRO, &long[1..], plain));
        assert!(!refused(202_507, &long, plain));
    }
}
