//! Identifies files that cannot be imported as rules, such as documents, archives and events. Each
//! such file gets a description, and most get a hint.
//!
//! No message contains text from such a file, because the text may be a secret.

mod json;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memmem;

use super::File;
use crate::document::{Node, Text, toml, without_mark};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonRuleFile {
    /// A description of the file. Messages append it to the file's name: `is an event upload, not
    /// rules`.
    pub what: String,
    pub hint: Option<String>,
    pub kind: NonRuleFileKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonRuleFileKind {
    /// A signed or encrypted configuration profile that nicelist cannot read.
    Profile,
    Other,
}

impl NonRuleFile {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, kind: NonRuleFileKind::Other }
    }

    pub(super) fn profile(what: impl Into<String>) -> Self {
        Self { kind: NonRuleFileKind::Profile, ..Self::new(what) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Identifies a file that cannot be in any of nicelist's formats. Most kinds are detected from
    /// the first bytes.
    pub fn of_bytes(file: &File) -> Option<Self> {
        let bytes = file.bytes.as_slice();
        MAGIC
            .iter()
            .find(|(magic, _)| bytes.starts_with(magic))
            .map(|(_, kind)| kind.describe(file))
            .or_else(|| utf16(bytes).map(|encoding| in_utf16(encoding, &file.name)))
            .or_else(|| is_tar(bytes).then(|| tar(&file.name)))
            .or_else(|| of_text(file))
    }

    /// Identifies a text file that is in none of nicelist's formats, from its content.
    pub fn of_content(file: &File) -> Option<Self> {
        json::recognize(file).or_else(|| contour(file))
    }
}

/// Kinds of files that are recognized by their first bytes.
#[derive(Clone, Copy)]
enum Kind {
    Zip,
    OldOffice,
    Compressed(&'static str, &'static str),
    Sqlite,
    Program,
    Pdf,
    Image,
    Xar,
}

const MAGIC: [(&[u8], Kind); 17] = [
    (b"PK\x03\x04", Kind::Zip),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind::OldOffice),
    (b"\x1F\x8B", Kind::Compressed("gzip", "gunzip -c")),
    (b"BZh", Kind::Compressed("bzip2", "bunzip2 -c")),
    (b"\xFD7zXZ\x00", Kind::Compressed("xz", "xz -dc")),
    (b"\x28\xB5\x2F\xFD", Kind::Compressed("zstd", "zstd -dc")),
    (b"SQLite format 3\x00", Kind::Sqlite),
    (b"\xCF\xFA\xED\xFE", Kind::Program),
    (b"\xCA\xFE\xBA\xBE", Kind::Program),
    (b"\xCA\xFE\xBA\xBF", Kind::Program),
    (b"\xCE\xFA\xED\xFE", Kind::Program),
    (b"\x7FELF", Kind::Program),
    (b"%PDF-", Kind::Pdf),
    (b"\x89PNG\r\n", Kind::Image),
    (b"\xFF\xD8\xFF", Kind::Image),
    (b"GIF8", Kind::Image),
    (b"xar!", Kind::Xar),
];

impl Kind {
    fn describe(self, file: &File) -> NonRuleFile {
        let name = path(&file.name);
        match self {
            Self::Zip => zip(file),
            Self::OldOffice => NonRuleFile::new("is an old Excel workbook (.xls), not CSV")
                .hint("in Excel, save the sheet as CSV UTF-8, then import that file"),
            Self::Compressed(kind, command) => {
                NonRuleFile::new(format!("is compressed with {kind}"))
                    .hint(format!("decompress it first: {command} {name} | nicelist rule import -"))
            }
            Self::Sqlite => {
                NonRuleFile::new("is an SQLite database, not a file of rules").hint(format!(
                    "if it is a nicelist database: nicelist rule list --database sqlite:{name}"
                ))
            }
            Self::Program => NonRuleFile::new("is a program, not a file of rules").hint(format!(
                "to allow it: santactl fileinfo --json {name} | nicelist rule import - --policy \
                allow"
            )),
            Self::Pdf => NonRuleFile::new("is a PDF document, not a file of rules"),
            Self::Image => NonRuleFile::new("is an image, not a file of rules"),
            Self::Xar => NonRuleFile::new("is an installer package (.pkg), not a file of rules"),
        }
    }
}

/// Detects the kind of a ZIP archive from words in it, such as the names of its files. Office
/// documents are ZIP archives, too.
fn zip(file: &File) -> NonRuleFile {
    let contains = |word: &str| memmem::find(&file.bytes, word.as_bytes()).is_some();
    if contains("word/") {
        NonRuleFile::new("is a Word document (.docx), not a file of rules")
    } else if contains("ppt/") {
        NonRuleFile::new("is a PowerPoint presentation (.pptx), not a file of rules")
    } else if contains("xl/") || contains("[Content_Types].xml") {
        NonRuleFile::new("is an Excel workbook (.xlsx), not CSV")
            .hint("in Excel, save the sheet as CSV UTF-8, then import that file")
    } else if contains("opendocument.spreadsheet") || contains("Index/Document.iwa") {
        NonRuleFile::new("is a spreadsheet, not CSV")
            .hint("export the sheet as CSV in UTF-8, then import that file")
    } else {
        NonRuleFile::new("is a ZIP archive, not a file of rules").hint("unpack it first")
    }
}

/// The path of a file in a shell command. Input from a pipe has no path, so the command contains
/// `FILE`.
fn path(name: &str) -> Cow<'_, str> {
    if name == "stdin" { Cow::Borrowed("FILE") } else { crate::shell::argument(name) }
}

/// The encoding for iconv, if the file is UTF-16: it begins with a UTF-16 byte-order mark, or every
/// second byte of its first four is zero. Without a mark, iconv needs the byte order.
fn utf16(bytes: &[u8]) -> Option<&'static str> {
    match *bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [0, one, 0, two, ..] if one != 0 && two != 0 => Some("UTF-16BE"),
        [one, 0, two, 0, ..] if one != 0 && two != 0 => Some("UTF-16LE"),
        _ => None,
    }
}

fn in_utf16(encoding: &str, name: &str) -> NonRuleFile {
    NonRuleFile::new("is UTF-16; save it as UTF-8")
        .hint(format!("iconv -f {encoding} -t UTF-8 {} > utf8.csv", path(name)))
}

fn is_tar(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

fn tar(name: &str) -> NonRuleFile {
    NonRuleFile::new("is a tar archive, not a file of rules")
        .hint(format!("unpack it first: tar -xf {}", path(name)))
}

/// Identifies web pages, signed profiles in text form, certificates, keys and encrypted profiles.
fn of_text(file: &File) -> Option<NonRuleFile> {
    let text = without_mark(&file.bytes).trim_ascii_start();
    let begins = |word: &str| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    };
    if begins("<!doctype html") || begins("<html") {
        let page = NonRuleFile::new("is a web page, not a file of rules");
        return Some(page.hint("it may be the sign-in page of the server it was downloaded from"));
    }
    if begins("MIME-Version:") && memmem::find(&file.bytes, b"pkcs7").is_some() {
        let name = path(&file.name);
        return Some(
            NonRuleFile::profile(
                "is a signed profile as an S/MIME message; remove the signature first",
            )
            .hint(format!("openssl smime -verify -noverify -in {name} -out unsigned.mobileconfig")),
        );
    }
    if begins("-----BEGIN PKCS7") || begins("-----BEGIN CMS") {
        return Some(super::profile::signed_text(&path(&file.name)));
    }
    if begins("-----BEGIN ") {
        return Some(NonRuleFile::new("is a certificate or a key, not a file of rules"));
    }
    super::profile::enveloped(file)
}

/// Identifies a file of bundles for contour, a tool that creates rules from an inventory of
/// programs.
fn contour(file: &File) -> Option<NonRuleFile> {
    memmem::find(&file.bytes, b"bundles")?;
    let root = toml::parse(&Text::new(&file.bytes).ok()?).ok()?;
    let is_bundle =
        |bundle: &Node| ["name", "cel"].into_iter().all(|key| bundle.get(key).is_some());
    root.get("bundles")?.elements()?.iter().any(is_bundle).then(|| {
        NonRuleFile::new("is a file of bundles for contour, not rules")
            .hint("let contour generate a profile from it, then import that profile")
    })
}
