//! The texts of a rule: those that Santa shows, and those that explain why the rule exists.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Santa truncates a button label to this many characters (SNTRule.mm).
const LONGEST_LABEL: usize = 48;
/// The longest text, in bytes.
const LONGEST_TEXT: usize = 8 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// The text contains a NUL byte. Santa and databases cut such texts or refuse them.
    #[error("must not contain NUL bytes")]
    Nul,
    #[error("is longer than {LONGEST_TEXT} bytes")]
    TooLong,
    /// Santa would cut the label.
    #[error("is longer than {LONGEST_LABEL} characters; Santa truncates longer labels")]
    LabelTooLong,
    #[error("invalid bundle hash `{0}`: expected 64 hex digits")]
    BundleHash(String),
    /// The bundle has a hash or a count of binaries, but not both.
    #[error("the bundle hash and the bundle count must be given together")]
    HalfBundle,
}

/// The texts that Santa shows for a rule, and the bundle that the rule belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Notice {
    /// Santa's `custom_msg`, which the block dialog renders as HTML.
    pub message: Option<Arc<str>>,
    /// Santa's `custom_url`, which the block dialog's button opens. The text `null` hides the
    /// button.
    pub url: Option<Arc<str>>,
    /// Santa's `event_detail_button_label` (2026.7 and later), at most 48 characters.
    pub button_label: Option<Arc<str>>,
    /// Santa's `notification_app_name`, the name in the notification "NAME can now run" (2025.4 and
    /// later).
    pub app_name: Option<Arc<str>>,
    /// The bundle that an allow rule belongs to.
    pub bundle: Option<Bundle>,
}

/// A bundle with a rule for each of its programs. Santa notifies the user when all of these rules
/// have arrived.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bundle {
    hash: Box<str>,
    binary_count: u32,
}

impl Bundle {
    /// Checks the bundle's hash, 64 hex digits, and converts it to lower case.
    ///
    /// # Errors
    /// [`NoticeError::BundleHash`] for any other text.
    pub fn new(hash: &str, binary_count: u32) -> Result<Self, NoticeError> {
        let hex = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex {
            Ok(Self { hash: hash.to_ascii_lowercase().into(), binary_count })
        } else {
            Err(NoticeError::BundleHash(hash.to_owned()))
        }
    }

    pub fn hash(&self) -> &str {
        &self.hash
    }

    pub fn binary_count(&self) -> u32 {
        self.binary_count
    }
}

/// The reason for the rule, and its source. Never sent to clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Provenance {
    pub comment: Option<Arc<str>>,
    pub ticket: Option<Arc<str>>,
    /// The file, tool or event that the rule came from.
    pub source: Option<Arc<str>>,
}

/// Checks an optional text. An empty text counts as absent. NUL bytes and texts of more than 8 KiB
/// are refused.
pub(super) fn text(given: Option<String>) -> Result<Option<Arc<str>>, NoticeError> {
    let Some(text) = given.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.contains('\0') {
        return Err(NoticeError::Nul);
    }
    if text.len() > LONGEST_TEXT {
        return Err(NoticeError::TooLong);
    }
    Ok(Some(text.into()))
}

/// Like [`text`], but refuses more than 48 characters.
pub(super) fn label(given: Option<String>) -> Result<Option<Arc<str>>, NoticeError> {
    let label = text(given)?;
    match &label {
        Some(label) if label.chars().count() > LONGEST_LABEL => Err(NoticeError::LabelTooLong),
        _ => Ok(label),
    }
}

pub(super) fn bundle(
    hash: Option<&str>,
    binary_count: Option<u32>,
) -> Result<Option<Bundle>, NoticeError> {
    match (hash.filter(|hash| !hash.is_empty()), binary_count) {
        (None, None) => Ok(None),
        (Some(hash), Some(count)) => Bundle::new(hash, count).map(Some),
        _ => Err(NoticeError::HalfBundle),
    }
}
