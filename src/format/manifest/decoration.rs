//! The text around the tables of a file: comments, line endings and the byte-order mark.

use toml_edit::{Decor, DocumentMut};

/// An empty manifest. An empty file would look incomplete.
const EMPTY: &str = "rules = []\n";

/// The bytes of `text`, with the line endings and the byte-order mark of `before`, the file that it
/// replaces.
pub(super) fn alike(before: &[u8], text: String) -> Vec<u8> {
    let text = if text.trim().is_empty() { EMPTY.to_owned() } else { text };
    // If the first table was removed, the empty line above the next table is no longer needed.
    let text = if before.first() == Some(&b'\n') { &text } else { text.trim_start_matches('\n') };
    let text = match before.windows(2).any(|pair| pair == b"\r\n") {
        true => text.replace('\n', "\r\n"),
        false => text.to_owned(),
    };
    let mark = "\u{feff}".as_bytes();
    let mark = if before.starts_with(mark) { mark } else { b"" };
    [mark, text.as_bytes()].concat()
}

/// Comments above a removed table, separated from it by an empty line. They may be headings of
/// several tables, so they move to the next table that is kept.
#[derive(Default)]
pub(super) struct Headings(String);

impl Headings {
    pub(super) fn take(&mut self, decor: &Decor) {
        let prefix = decor.prefix().and_then(|it| it.as_str()).unwrap_or_default();
        if let Some(heading) =
            prefix.rfind("\n\n").map(|end| &prefix[..=end]).filter(|it| it.contains('#'))
        {
            self.0.push_str(heading);
        }
    }

    pub(super) fn give(&mut self, decor: &mut Decor) {
        if self.0.is_empty() {
            return;
        }
        let prefix = decor.prefix().and_then(|it| it.as_str()).unwrap_or("\n").to_owned();
        decor.set_prefix(format!("{}{prefix}", std::mem::take(&mut self.0)));
    }

    /// Adds the remaining headings at the end of the file.
    pub(super) fn finish(self, document: &mut DocumentMut) {
        if !self.0.is_empty() {
            let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing(format!("{}{trailing}", self.0));
        }
    }
}
