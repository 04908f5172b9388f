//! What is looked for, as SQL with numbered parameters.

use tokio_postgres::types::ToSql;

use super::Values;

/// A value on its way into a query.
pub(super) type Value = Box<dyn ToSql + Send + Sync>;

/// What must hold, and the values of its parameters.
pub(super) struct Conditions {
    pub(super) sql: String,
    values: Vec<Value>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { sql: "true".to_owned(), values: Vec::new() }
    }
}

impl Conditions {
    /// One more thing that must hold.
    pub(super) fn add(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    /// One more thing that must hold; `$` stands for the value, wherever it stands.
    pub(super) fn and(&mut self, condition: &str, value: impl ToSql + Send + Sync + 'static) {
        let parameter = self.value(value);
        self.add(&condition.replace('$', &parameter));
    }

    /// As [`Self::and`], with a text.
    pub(super) fn and_text(&mut self, condition: &str, text: &str) {
        self.and(condition, super::rows::clean(text).into_owned());
    }

    /// A value, and what stands for it.
    pub(super) fn value(&mut self, value: impl ToSql + Send + Sync + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }

    /// All values, in their order.
    pub(super) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
    }
}

/// The values of a query that has no conditions of its own making.
pub(super) const NONE: Values<'static> = &[];
