//! The condition of a Sigma rule: its grammar, and the tree that it becomes.

use super::field::Field;
use super::pattern::TextTest;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Test(Field, TextTest),
}

impl Condition {
    pub(super) fn all(mut conditions: Vec<Self>) -> Self {
        match conditions.len() {
            1 => conditions.remove(0),
            _ => Self::And(conditions),
        }
    }

    pub(super) fn any(mut conditions: Vec<Self>) -> Self {
        match conditions.len() {
            1 => conditions.remove(0),
            _ => Self::Or(conditions),
        }
    }

    /// The number of tests.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::And(conditions) | Self::Or(conditions) => conditions.iter().map(Self::size).sum(),
            Self::Not(condition) => condition.size(),
            Self::Test(..) => 1,
        }
    }
}

/// Maximum depth of parentheses and `not`.
const DEEPEST: usize = 32;
/// Maximum tests of a rule, after its searches are inserted into the condition.
pub(super) const MOST_TESTS: usize = 5000;

/// Reads a condition, and inserts the searches that it contains.
pub(super) fn parse(text: &str, searches: &[(String, Condition)]) -> Result<Condition, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, size: 0, searches };
    let condition = parser.any()?;
    match parser.peek() {
        None => Ok(condition),
        Some("|") => Err("aggregations, such as count(), are not supported".to_owned()),
        Some(token) => Err(format!("unexpected `{token}` in the condition")),
    }
}

fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '*' | '?' | '-' | '.');
        let length = match first {
            '(' | ')' | '|' => 1,
            c if is_word(c) => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
            c => return Err(format!("unexpected `{c}` in the condition")),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        // The text after the first pipe is not part of the grammar that is supported.
        if token == "|" {
            break;
        }
        rest = after.trim_start();
    }
    Ok(tokens)
}

struct Parser<'p> {
    tokens: &'p [&'p str],
    at: usize,
    depth: usize,
    size: usize,
    searches: &'p [(String, Condition)],
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p str> {
        self.tokens.get(self.at).copied()
    }

    /// Whether the next token is this keyword. If so, it is consumed.
    fn accept(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut conditions = vec![self.all()?];
        while self.accept("or") {
            conditions.push(self.all()?);
        }
        Ok(Condition::any(conditions))
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut conditions = vec![self.one()?];
        while self.accept("and") {
            conditions.push(self.one()?);
        }
        Ok(Condition::all(conditions))
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.depth >= DEEPEST {
            return Err("the condition is nested too deeply".to_owned());
        }
        self.depth += 1;
        let condition = if self.accept("not") {
            Condition::Not(Box::new(self.one()?))
        } else if self.accept("(") {
            let condition = self.any()?;
            if !self.accept(")") {
                return Err("`)` is missing in the condition".to_owned());
            }
            condition
        } else {
            self.search()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    /// A search, or a quantifier with a pattern of searches.
    fn search(&mut self) -> Result<Condition, String> {
        let Some(token) = self.peek() else {
            return Err("the condition ends unexpectedly".to_owned());
        };
        self.at += 1;
        if !self.accept("of") {
            let searches = self.searches;
            let found = searches.iter().find(|(name, _)| name == token);
            let (_, found) = found.ok_or_else(|| format!("the search {token} does not exist"))?;
            self.count(found)?;
            return Ok(found.clone());
        }
        let Some(pattern) = self.peek() else {
            return Err("the condition ends unexpectedly".to_owned());
        };
        self.at += 1;
        let is_them = pattern.eq_ignore_ascii_case("them");
        let searches = self.searches.iter().filter(|(name, _)| match is_them {
            true => !name.starts_with('_'),
            false => is_match(pattern, name),
        });
        let searches: Vec<&Condition> = searches.map(|(_, search)| search).collect();
        if searches.is_empty() {
            return Err(format!("no search matches {pattern}"));
        }
        for search in &searches {
            self.count(search)?;
        }
        let searches = searches.into_iter().cloned().collect();
        match token.to_ascii_lowercase().as_str() {
            "1" | "any" => Ok(Condition::any(searches)),
            "all" => Ok(Condition::all(searches)),
            _ => Err(format!("`{token} of` is not supported; use `1 of` or `all of`")),
        }
    }

    /// Counts the tests of a search that is inserted.
    fn count(&mut self, search: &Condition) -> Result<(), String> {
        self.size += search.size();
        match self.size {
            ..=MOST_TESTS => Ok(()),
            _ => Err(format!("the condition has more than {MOST_TESTS} tests")),
        }
    }
}

/// Whether a name matches a pattern with `*`.
fn is_match(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::*;

    fn searches() -> Vec<(String, Condition)> {
        let search = |name: &str| {
            let test = Pattern::parse(name).into_test(false);
            (name.to_owned(), Condition::Test(Field::Image, test))
        };
        ["selection_a", "selection_b", "filter", "_hidden"].map(search).into()
    }

    fn shown(condition: &Condition) -> String {
        let list =
            |conditions: &[Condition]| conditions.iter().map(shown).collect::<Vec<_>>().join(" ");
        match condition {
            Condition::And(conditions) => format!("(and {})", list(conditions)),
            Condition::Or(conditions) => format!("(or {})", list(conditions)),
            Condition::Not(condition) => format!("(not {})", shown(condition)),
            Condition::Test(_, test) => test.text.clone(),
        }
    }

    #[test]
    fn the_grammar_is_read_with_its_precedence() {
        for (text, expected) in [
            ("selection_a", "selection_a"),
            (
                "selection_a or selection_b and not filter",
                "(or selection_a (and selection_b (not filter)))",
            ),
            ("not (selection_a or filter)", "(not (or selection_a filter))"),
            ("1 of selection_* and not filter", "(and (or selection_a selection_b) (not filter))"),
            ("ALL OF selection*", "(and selection_a selection_b)"),
            ("any of them", "(or selection_a selection_b filter)"),
            ("1 of *_b", "selection_b"),
        ] {
            assert_eq!(
                parse(text, &searches()).as_ref().map(shown),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn unsupported_conditions_are_refused_with_the_reason() {
        for (text, expected) in [
            ("", "the condition ends unexpectedly"),
            ("selection_a and", "the condition ends unexpectedly"),
            ("selection_a selection_b", "unexpected `selection_b` in the condition"),
            ("(selection_a", "`)` is missing in the condition"),
            ("selection", "the search selection does not exist"),
            ("1 of x*", "no search matches x*"),
            ("2 of selection*", "`2 of` is not supported; use `1 of` or `all of`"),
            (
                "selection_a | count() by User > 5",
                "aggregations, such as count(), are not supported",
            ),
            ("selection_a & filter", "unexpected `&` in the condition"),
        ] {
            assert_eq!(parse(text, &searches()), Err(expected.to_owned()), "{text}");
        }
        assert!(parse(&"not ".repeat(100), &searches()).is_err());
    }
}
