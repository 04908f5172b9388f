//! Path patterns in event filters.

use crate::rule::checked_text;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid path pattern `{0}`: expected a pattern that begins with / or *")]
pub struct PathPatternError(String);

checked_text!(
    /// The beginning of a path. With `*` (any text, including slashes) or `?` (one character), a
    /// pattern for the whole path. Case-sensitive.
    PathPattern,
    PathPatternError,
    |text| {
        let fits = text.starts_with(['/', '*', '?']) && !text.contains('\0');
        fits.then(|| text.into()).ok_or_else(|| PathPatternError(text.to_owned()))
    }
);

impl PathPattern {
    /// Whether the pattern matches whole paths, not only their beginning.
    pub fn is_whole(&self) -> bool {
        self.0.contains(['*', '?'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_as_paths_do() {
        let whole = |text: &str| text.parse::<PathPattern>().map(|pattern| pattern.is_whole());
        assert_eq!(whole("/Applications/"), Ok(false));
        assert_eq!(whole("*/Downloads/*"), Ok(true));
        assert_eq!(whole("/opt/tool?"), Ok(true));
        for wrong in ["", "Applications", "~/Downloads"] {
            assert_eq!(whole(wrong), Err(PathPatternError(wrong.to_owned())));
        }
    }
}
