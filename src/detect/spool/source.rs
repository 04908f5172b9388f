//! Decompression, detected from the first bytes.

use std::io::{self, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;
use zstd::stream::read::Decoder;
use zstd::zstd_safe::DCtx;

use super::Loss;

pub(super) const GZIP: [u8; 2] = [0x1F, 0x8B];
pub(super) const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// The greatest distance that a zstd file may refer back, as a power of two: 8 MiB, which every
/// decoder must support. A file can request 2 GiB, which is allocated before anything is read.
const MAX_WINDOW_LOG: u32 = 23;

/// Decompresses files one after another. zstd's tables are allocated only once.
#[derive(Default)]
pub(super) struct Decompression {
    zstd: Option<DCtx<'static>>,
}

impl Decompression {
    /// The decompressed bytes, and what an error while reading them means.
    pub(super) fn open<'a>(&'a mut self, mut reader: impl Read + 'a) -> (Box<dyn Read + 'a>, Loss) {
        let mut head = Vec::with_capacity(ZSTD.len());
        if let Err(error) = reader.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head) {
            return (Box::new(Failing(Some(error))), Loss::Unreadable);
        }
        let is_gzip = head.starts_with(&GZIP);
        let is_zstd = head == ZSTD;
        let whole = Cursor::new(head).chain(reader);
        if is_gzip {
            (Box::new(MultiGzDecoder::new(whole)), Loss::Damaged)
        } else if is_zstd {
            match self.zstd(whole) {
                Ok(decoder) => (Box::new(decoder), Loss::Damaged),
                Err(error) => (Box::new(Failing(Some(error))), Loss::Unreadable),
            }
        } else {
            (Box::new(whole), Loss::Unreadable)
        }
    }

    fn zstd<'a, R: Read + 'a>(&'a mut self, reader: R) -> io::Result<Decoder<'a, BufReader<R>>> {
        let context = match self.zstd.take().or_else(DCtx::try_create) {
            Some(context) => self.zstd.insert(context),
            None => return Err(io::ErrorKind::OutOfMemory.into()),
        };
        let reader = BufReader::with_capacity(DCtx::in_size(), reader);
        let mut decoder = Decoder::with_context(reader, context);
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        Ok(decoder)
    }
}

/// A reader that only returns an error.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
