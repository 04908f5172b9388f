//! What stands around the tables of a file: comments, line ends, a byte-order mark.

use toml_edit::{Decor, DocumentMut};

/// A manifest of nothing. It is never quite empty: that would be taken for one that was cut off.
const EMPTY: &str = "rules = []\n";

/// A text with the line ends and the byte-order mark of what was there before it.
pub(super) fn alike(before: &[u8], text: String) -> Vec<u8> {
    let text = if text.trim().is_empty() { EMPTY.to_owned() } else { text };
    // What stood first had an empty line before it only if something stood before that.
    let text = if before.first() == Some(&b'\n') { &text } else { text.trim_start_matches('\n') };
    let text = match before.windows(2).any(|pair| pair == b"\r\n") {
        true => text.replace('\n', "\r\n"),
        false => text.to_owned(),
    };
    let mark = "\u{feff}".as_bytes();
    let mark = if before.starts_with(mark) { mark } else { b"" };
    [mark, text.as_bytes()].concat()
}

/// Comments that are about more than what is taken out from below them: an empty line is between.
/// What comes next keeps them.
#[derive(Default)]
pub(super) struct Headings(String);

impl Headings {
    /// Takes those above a table that goes.
    pub(super) fn take(&mut self, decor: &Decor) {
        let prefix = decor.prefix().and_then(|it| it.as_str()).unwrap_or_default();
        if let Some(heading) =
            prefix.rfind("\n\n").map(|end| &prefix[..=end]).filter(|it| it.contains('#'))
        {
            self.0.push_str(heading);
        }
    }

    /// Puts them above a table that stays.
    pub(super) fn give(&mut self, decor: &mut Decor) {
        if self.0.is_empty() {
            return;
        }
        let prefix = decor.prefix().and_then(|it| it.as_str()).unwrap_or("\n").to_owned();
        decor.set_prefix(format!("{}{prefix}", std::mem::take(&mut self.0)));
    }

    /// Puts those that nothing comes after at the end.
    pub(super) fn end(self, document: &mut DocumentMut) {
        if !self.0.is_empty() {
            let trailing = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing(format!("{}{trailing}", self.0));
        }
    }
}
