//! The conditions of a filtered list.

use super::{Dialect, Parameter};

/// Conditions that must all be true, and the values of their parameters.
#[derive(Clone, Debug)]
pub(in crate::store) struct Conditions<'a> {
    pub(in crate::store) sql: String,
    pub(in crate::store) parameters: Vec<Parameter<'a>>,
}

impl Default for Conditions<'_> {
    fn default() -> Self {
        Self { sql: "true".to_owned(), parameters: Vec::new() }
    }
}

impl<'a> Conditions<'a> {
    pub(in crate::store) fn add(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// Adds a condition. Each `$` in it is replaced by the value's parameter.
    pub(in crate::store) fn and(&mut self, condition: &str, value: impl Into<Parameter<'a>>) {
        let parameter = self.value(value);
        self.add(&condition.replace('$', &parameter));
    }

    /// Adds the condition that one of these columns contains a text. Letter case (ASCII) does not
    /// matter.
    pub(in crate::store) fn add_text(&mut self, dialect: Dialect, columns: &[&str], text: &str) {
        let part = self.value(text.to_ascii_lowercase());
        // Joined by line breaks, so that a text without a line break cannot match across two
        // columns.
        let searched = format!("lower({})", columns.join(" || '\n' || "));
        self.add(&dialect.contains(&searched, &part));
    }

    /// Adds a value, and returns its parameter.
    pub(in crate::store) fn value(&mut self, value: impl Into<Parameter<'a>>) -> String {
        self.parameters.push(value.into());
        format!("${}", self.parameters.len())
    }
}
