//! Texts as PostgreSQL accepts them: without NUL.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};

/// A text whose NULs are stored as U+FFFD. Hosts can report texts with NUL.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

/// A text with U+FFFD instead of NUL.
pub(in crate::store) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// JSON with U+FFFD instead of NUL, which JSON writes as `\u0000`. PostgreSQL cannot query JSON
/// that contains NUL.
pub(in crate::store) fn clean_json(json: String) -> String {
    if !json.contains("\\u0000") {
        return json;
    }
    let mut clean = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        // An escape is a backslash and one character, or `\u` and four digits.
        let (escape, behind) = match rest.strip_prefix("\\u0000") {
            Some(behind) => ("\\ufffd", behind),
            None => rest.split_at(2),
        };
        clean.push_str(escape);
        rest = behind;
    }
    clean.push_str(rest);
    clean
}

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        clean(self.0).as_ref().to_sql(kind, out)
    }

    accepts!(TEXT, VARCHAR);
    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_taken_out_of_json_and_nothing_else_is() {
        let texts = ["", "a\0b", "\0", "\\u0000", "\\\0", "\\\\u0000", "ä\u{1f}\"\\", "\0\0\\"];
        for text in texts {
            let json = clean_json(serde_json::to_string(text).unwrap());
            let back: String = serde_json::from_str(&json).unwrap();
            assert_eq!(back, clean(text), "{json}");
            assert!(!back.contains('\0'));
        }
    }
}
