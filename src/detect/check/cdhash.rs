//! Finds cdhashes in another notation, which would never be equal.

use data_encoding::{BASE64, HEXLOWER};

use super::event::CDHASH;
use super::finding;
use crate::cel::Program;
use crate::detect::rule_files::Finding;

/// The bytes of a cdhash.
const LENGTH: usize = 20;

/// The errors about texts that a `cdhash` is compared with. An empty text means that it is absent.
pub(super) fn findings(program: &Program) -> Vec<Finding> {
    let compared = program.compared_texts().into_iter();
    let compared = compared.filter(|(_, name, _)| name.rsplit('.').next() == Some(CDHASH));
    let wrong = compared.filter(|(_, _, text)| !text.is_empty() && !is_cdhash(text));
    let finding = |(span, _, text): (_, &str, &str)| {
        let shown: String = text.chars().take(2 * LENGTH).collect();
        let shown = shown.escape_debug();
        let near = meant(text).map(|hash| format!(", did you mean `{hash}`?"));
        let near = near.unwrap_or_default();
        let message = format!(
            "`{shown}` is not a cdhash: expected {} lowercase hexadecimal digits{near}",
            2 * LENGTH
        );
        finding(program, span, CDHASH, message)
    };
    wrong.map(finding).collect()
}

fn is_cdhash(text: &str) -> bool {
    HEXLOWER.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == LENGTH)
}

/// The cdhash that is meant by Base64 or by digits in upper case.
fn meant(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if is_cdhash(&lower) {
        return Some(lower);
    }
    let bytes = BASE64.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == LENGTH)?;
    Some(HEXLOWER.encode(&bytes))
}
