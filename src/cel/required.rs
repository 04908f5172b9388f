//! Texts that must be in a field so that an expression can be true.

use std::sync::Arc;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::function::Builtin;
use super::program::{Code, NodeId, Program};
use super::schema::Macro;
use super::syntax::Binary;
use super::types::Type;
use super::value::Value;

/// A test of a field with a text. A list of texts is tested as one text, with spaces between its
/// elements.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequiredText {
    /// The index of the field in [`Program::slots`].
    pub slot: usize,
    pub place: TextPlace,
    /// Without upper case, as [`fold_case`] writes it. The field must be folded, too.
    pub text: Arc<str>,
}

/// Where a text must be in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextPlace {
    Whole,
    Start,
    End,
    Anywhere,
}

/// Maximum alternatives of an expression.
const MOST_TEXTS: usize = 2000;

/// Appends a text in lower case. Only ASCII letters change, and the two other characters that equal
/// an ASCII letter in regular expressions that ignore the case.
pub fn fold_case(text: &str, out: &mut String) {
    let start = out.len();
    if text.is_ascii() {
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().map(folded));
    }
}

fn folded(c: char) -> char {
    match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    }
}

fn folded_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_case(text, &mut out);
    out
}

impl Program {
    /// Tests: whenever the expression is true, at least one of them is true. None if there are no
    /// such tests.
    pub fn required_texts(&self) -> Option<Vec<RequiredText>> {
        let mut texts = Search { program: self, locals: Vec::new() }.clause(self.root, true)?;
        texts.sort();
        texts.dedup();
        Some(texts)
    }
}

/// What a part of an expression is.
#[derive(Clone, Copy)]
enum Subject {
    Text(usize),
    List(usize),
    /// All elements of a list, with spaces between them.
    Joined(usize),
    Element(usize),
    Other,
}

type Clause = Option<Vec<RequiredText>>;

struct Search<'a> {
    program: &'a Program,
    /// The variables of the surrounding macros.
    locals: Vec<Subject>,
}

impl<'a> Search<'a> {
    fn code(&self, id: NodeId) -> Option<&'a Code> {
        self.program.nodes.get(id as usize).map(|node| &node.code)
    }

    /// Tests: if the part has the value `wanted`, at least one of them is true.
    fn clause(&mut self, id: NodeId, wanted: bool) -> Clause {
        match self.code(id)? {
            Code::Not(operand) => self.clause(*operand, !wanted),
            Code::Logic { is_or, operands } => {
                let clauses: Vec<Clause> =
                    operands.iter().map(|operand| self.clause(*operand, wanted)).collect();
                if *is_or == wanted { union(clauses) } else { best(clauses) }
            }
            Code::Conditional([_, then, otherwise]) => {
                let clauses = vec![self.clause(*then, wanted), self.clause(*otherwise, wanted)];
                union(clauses)
            }
            Code::Call { function: Builtin::Operator(Binary::NotEqual), arguments } if !wanted => {
                self.call(Builtin::Operator(Binary::Equal), arguments)
            }
            Code::Call { function, arguments } if wanted => self.call(*function, arguments),
            Code::InSet { value, set } if wanted => {
                let texts = self.program.sets.get(*set as usize)?;
                let subject = self.subject(*value);
                union(texts.iter().map(|text| test(subject, TextPlace::Whole, text)).collect())
            }
            Code::Matches { text, pattern } if wanted => {
                let pattern = self.program.patterns.get(*pattern as usize)?;
                let texts = literals(&regex_syntax::parse(pattern.as_str()).ok()?)?;
                let subject = self.subject(*text);
                union(texts.iter().map(|text| test(subject, TextPlace::Anywhere, text)).collect())
            }
            Code::Macro { kind: Macro::Exists | Macro::ExistsOne, range, body, .. } if wanted => {
                let element = match self.subject(*range) {
                    Subject::List(slot) => Subject::Element(slot),
                    Subject::Text(_)
                    | Subject::Joined(_)
                    | Subject::Element(_)
                    | Subject::Other => Subject::Other,
                };
                self.locals.push(element);
                let clause = self.clause(*body, true);
                self.locals.pop();
                clause
            }
            _ => None,
        }
    }

    fn call(&self, function: Builtin, arguments: &[NodeId]) -> Clause {
        let [first, second] = arguments else { return None };
        let subjects = [self.subject(*first), self.subject(*second)];
        let constants = [self.constant(*first), self.constant(*second)];
        let place = match function {
            Builtin::Operator(Binary::Equal) => TextPlace::Whole,
            Builtin::Operator(Binary::In) => return member(subjects, constants),
            Builtin::StartsWith => TextPlace::Start,
            Builtin::EndsWith => TextPlace::End,
            Builtin::Contains => TextPlace::Anywhere,
            _ => return None,
        };
        match constants {
            [_, Some(Value::String(text))] => test(subjects[0], place, text),
            [Some(Value::String(text)), _] if place == TextPlace::Whole => {
                test(subjects[1], place, text)
            }
            _ => None,
        }
    }

    fn constant(&self, id: NodeId) -> Option<&'a Value> {
        match self.code(id)? {
            Code::Constant(value) => Some(value),
            _ => None,
        }
    }

    fn subject(&self, id: NodeId) -> Subject {
        match self.code(id) {
            Some(Code::Slot(at)) => {
                let slot = *at as usize;
                match self.program.slots.get(slot).map(|slot| slot.kind()) {
                    Some(Type::String) => Subject::Text(slot),
                    Some(Type::List(element)) if **element == Type::String => Subject::List(slot),
                    _ => Subject::Other,
                }
            }
            Some(Code::Local(at)) => {
                self.locals.get(*at as usize).copied().unwrap_or(Subject::Other)
            }
            Some(Code::Index { operand, .. }) => match self.subject(*operand) {
                Subject::List(slot) => Subject::Element(slot),
                _ => Subject::Other,
            },
            Some(Code::Call { function: Builtin::LowerAscii | Builtin::UpperAscii, arguments }) => {
                arguments.first().map_or(Subject::Other, |text| self.subject(*text))
            }
            Some(Code::Call { function: Builtin::Join, arguments }) => match **arguments {
                [list, separator] if self.constant(separator) == Some(&Value::text(" ")) => {
                    match self.subject(list) {
                        Subject::List(slot) => Subject::Joined(slot),
                        _ => Subject::Other,
                    }
                }
                _ => Subject::Other,
            },
            _ => Subject::Other,
        }
    }
}

/// The test of `in`.
fn member(subjects: [Subject; 2], constants: [Option<&Value>; 2]) -> Clause {
    match (constants, subjects) {
        ([_, Some(Value::List(values))], [subject, _]) => {
            let texts = values.iter().map(|value| match value {
                Value::String(text) => test(subject, TextPlace::Whole, text),
                _ => None,
            });
            union(texts.collect())
        }
        ([Some(Value::String(text)), _], [_, Subject::List(slot)]) => {
            test(Subject::Element(slot), TextPlace::Whole, text)
        }
        _ => None,
    }
}

fn test(subject: Subject, place: TextPlace, text: &str) -> Clause {
    let (slot, place) = match subject {
        Subject::Text(slot) | Subject::Joined(slot) => (slot, place),
        Subject::Element(slot) => (slot, TextPlace::Anywhere),
        Subject::List(_) | Subject::Other => return None,
    };
    let text = folded_text(text);
    (!text.is_empty()).then(|| vec![RequiredText { slot, place, text: text.into() }])
}

/// All alternatives. None if one of them has no tests.
fn union(clauses: Vec<Clause>) -> Clause {
    let mut all = Vec::new();
    for clause in clauses {
        all.extend(clause?);
    }
    (!all.is_empty() && all.len() <= MOST_TEXTS).then_some(all)
}

/// The tests that are true least often.
fn best(clauses: Vec<Clause>) -> Clause {
    clauses.into_iter().flatten().max_by_key(|clause| {
        let rarity = clause.iter().map(|test| match test.place {
            TextPlace::Whole => test.text.len() + 16,
            TextPlace::Start | TextPlace::End => test.text.len() + 6,
            TextPlace::Anywhere => test.text.len(),
        });
        (rarity.min(), std::cmp::Reverse(clause.len()))
    })
}

/// Texts: each text that the regular expression matches contains at least one of them.
fn literals(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(_) | HirKind::Class(_) => fixed(hir).map(|text| vec![text]),
        HirKind::Repetition(repetition) if repetition.min > 0 => literals(&repetition.sub),
        HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => literals(&capture.sub),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(literals(part)?);
            }
            (all.len() <= MOST_TEXTS).then_some(all)
        }
        HirKind::Concat(parts) => {
            let mut candidates = Vec::new();
            let mut run = String::new();
            for part in parts {
                match fixed(part) {
                    Some(text) => run.push_str(&text),
                    None => {
                        candidates.push(vec![std::mem::take(&mut run)]);
                        candidates.extend(literals(part));
                    }
                }
            }
            candidates.push(vec![run]);
            let shortest = |texts: &Vec<String>| texts.iter().map(String::len).min();
            let best = candidates.into_iter().max_by_key(shortest)?;
            best.iter().all(|text| !text.is_empty()).then_some(best)
        }
    }
}

/// The only text that a part matches, apart from the case.
fn fixed(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(folded_text),
        HirKind::Class(Class::Unicode(class)) => {
            let mut characters = class.iter().flat_map(|range| range.start()..=range.end());
            let first = folded(characters.next()?);
            // A large class has other characters among its first ones.
            characters.all(|c| folded(c) == first).then(|| first.to_string())
        }
        HirKind::Empty
        | HirKind::Class(Class::Bytes(_))
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Capture(_)
        | HirKind::Concat(_)
        | HirKind::Alternation(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_pattern(pattern: &str) -> Option<Vec<String>> {
        literals(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn a_pattern_requires_its_longest_fixed_part() {
        let some = |texts: &[&str]| Some(texts.iter().map(|it| (*it).to_owned()).collect());
        for (pattern, expected) in [
            ("^/Users/.*/Downloads/.*", some(&["/downloads/"])),
            ("(?is)^task.*kill$", some(&["task"])),
            ("(abc|de)+f?", some(&["abc", "de"])),
            ("a|.*", None),
            ("(?i)K.", some(&["k"])),
            ("[ab]", None),
            (".*", None),
            ("", None),
        ] {
            let found: Option<Vec<String>> = of_pattern(pattern);
            match (&found, &expected) {
                // Both parts of this pattern have the same length.
                (Some(found), Some(_)) if pattern.contains("task") => {
                    assert!(["task", "kill"].contains(&found[0].as_str()), "{pattern}: {found:?}");
                }
                _ => assert_eq!(found, expected, "{pattern}"),
            }
        }
    }

    #[test]
    fn texts_that_differ_only_in_case_are_equal_after_folding() {
        assert_eq!(folded_text("Kſ \u{212a}É"), "ks kÉ");
    }
}
