//! The result of a case.

/// A description of the server's correct behavior, or the reason why the case stopped.
pub(super) type CaseResult = Result<String, Stop>;

#[derive(Debug)]
pub(super) enum Stop {
    Fails(String),
    NotApplicable(String),
}

impl Stop {
    pub(super) fn fails(did: impl Into<String>) -> Self {
        Self::Fails(did.into())
    }

    pub(super) fn not_applicable(why: impl Into<String>) -> Self {
        Self::NotApplicable(why.into())
    }
}
