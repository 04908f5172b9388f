use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::fault::CelError;
use super::program::Program;
use super::schema::Schema;

/// Longer sources of an [`Expression`] are refused.
pub const MAX_LENGTH: usize = 8 << 10;

/// An expression that was valid when it was checked against a schema.
///
/// Two expressions with the same source are equal, even if they were checked against different
/// schemas.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    uses: Arc<[String]>,
}

impl Expression {
    /// Checks `source`, without surrounding white space, against `schema`.
    ///
    /// # Errors
    ///
    /// All faults of the expression, in syntax, names and types. Positions in errors refer to the
    /// trimmed source.
    pub fn parse(source: &str, schema: &dyn Schema) -> Result<Self, CelError> {
        let source = source.trim();
        if source.len() > MAX_LENGTH {
            return Err(CelError::TooLong { length: source.len(), max: MAX_LENGTH });
        }
        let program = Program::compile(source, schema)?;
        Ok(Self { source: source.into(), uses: program.uses().iter().cloned().collect() })
    }

    /// Compiles the expression for evaluation. Programs are larger than expressions, so they are
    /// not kept with each rule.
    ///
    /// # Errors
    ///
    /// If the expression is not valid, which is possible after [`Self::stored`] or with another
    /// schema.
    pub fn compile(&self, schema: &dyn Schema) -> Result<Program, CelError> {
        Program::compile(&self.source, schema)
    }

    /// An expression that was checked before it was stored. If it is no longer valid, it is kept
    /// unchanged, and [`Self::uses`] returns no names.
    pub fn stored(source: &str, schema: &dyn Schema) -> Self {
        Self::parse(source, schema)
            .unwrap_or_else(|_| Self { source: source.into(), uses: Arc::default() })
    }

    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The variables, fields (as `variable.field`), constants and functions (as `name()`) that the
    /// expression uses, sorted, without duplicates. Built-in names of CEL and variables of macros
    /// are not included.
    pub fn uses(&self) -> &[String] {
        &self.uses
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
    }
}

impl PartialOrd for Expression {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Expression {
    fn cmp(&self, other: &Self) -> Ordering {
        self.source.cmp(&other.source)
    }
}
