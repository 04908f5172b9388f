//! Comments, names and messages are in plain words: they contain none of the phrases in
//! `phrases.rs`.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::phrases::{EVERYWHERE, IN_COMMENTS, IN_MESSAGES, Phrase};
use super::source::{Piece, Token, files, name, pieces, read, root};

/// clap prints the comments of an item as help if the item derives one of these traits.
const CLAP_DERIVES: [&str; 4] = ["Args", "Parser", "Subcommand", "ValueEnum"];

type PhrasesByWord = HashMap<&'static str, Vec<&'static Phrase>>;

static EVERYWHERE_BY_WORD: LazyLock<PhrasesByWord> = LazyLock::new(|| by_word(EVERYWHERE));
static IN_COMMENTS_BY_WORD: LazyLock<PhrasesByWord> = LazyLock::new(|| by_word(IN_COMMENTS));
static IN_MESSAGES_BY_WORD: LazyLock<PhrasesByWord> = LazyLock::new(|| by_word(IN_MESSAGES));

fn by_word(phrases: &'static [Phrase]) -> PhrasesByWord {
    let mut by_word = PhrasesByWord::new();
    for phrase in phrases {
        for word in phrase.0.split(' ').next().unwrap_or_default().split('|') {
            by_word.entry(word).or_default().push(phrase);
        }
    }
    by_word
}

#[test]
fn comments_and_names_are_in_plain_words() {
    let sources = ["src", "tests", "benches"].into_iter();
    let sources = sources.flat_map(|folder| files(&root().join(folder), ".rs"));
    let mut found: Vec<String> = Vec::new();
    for path in sources {
        let (name, text) = (name(&path), read(&path));
        found.extend(in_comments(&name, &text).into_iter().chain(in_names(&name, &text)));
    }
    assert!(found.is_empty(), "{} phrases\n{}\n", found.len(), found.join("\n"));
}

#[test]
fn messages_are_in_plain_words() {
    let mut found: Vec<String> = Vec::new();
    for path in files(&root().join("src"), ".rs") {
        let (name, text) = (name(&path), read(&path));
        if !name.ends_with("tests.rs") && !name.contains("/tests/") {
            found.extend(in_messages(&name, &text));
        }
    }
    assert!(found.is_empty(), "{} phrases\n{}\n", found.len(), found.join("\n"));
}

/// The forbidden phrases in the strings of a Rust file, up to its tests. A string without a space
/// is not a message.
fn in_messages(path: &str, text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    for (line, piece) in pieces(code) {
        let Piece::Literal(literal) = piece else { continue };
        let literal = literal.replace("\\\n", "").replace("\\n", " ");
        if literal.contains(' ') {
            let mut words = Words::default();
            words.add_prose(line, &without_values(&literal));
            found.extend(words.report_message(path));
        }
    }
    found
}

/// A format string with `{}` in place of each value.
fn without_values(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let after = part.split_once('}').map_or(part, |(_, after)| after);
        format!("{text}{{}}{after}")
    })
}

/// The forbidden phrases in the comments of a Rust file. Comments that are help texts are left out.
fn in_comments(path: &str, text: &str) -> Vec<String> {
    let pieces = pieces(text);
    let is_help = help_texts(&pieces);
    let mut found = Vec::new();
    let mut comment = Words::default();
    let mut last = 0;
    for ((line, piece), is_help) in pieces.iter().zip(is_help) {
        let Piece::Comment(piece) = piece else { continue };
        if *line != last + 1 || is_help {
            found.extend(comment.report_comment(path));
            comment = Words::default();
        }
        if !is_help {
            comment.add_prose(*line, piece);
        }
        last = *line;
    }
    found.extend(comment.report_comment(path));
    found
}

/// Whether each piece is in an item whose comments are help texts. The comments in the macros
/// `commands!` and `settings!` are help, too.
fn help_texts(pieces: &[(usize, Piece<'_>)]) -> Vec<bool> {
    let mut marked = vec![false; pieces.len()];
    let token = |at: usize| match pieces.get(at) {
        Some((_, Piece::Token(token))) => Some(*token),
        _ => None,
    };
    for at in 2..pieces.len() {
        let start = match token(at) {
            Some(Token::Word("derive")) => {
                let mut derives =
                    (at..).map_while(token).take_while(|token| *token != Token::Mark(']'));
                let is_clap = derives.any(
                    |token| matches!(token, Token::Word(word) if CLAP_DERIVES.contains(&word)),
                );
                let before = pieces[..at - 2].iter().rev();
                let comments =
                    before.take_while(|(_, piece)| matches!(piece, Piece::Comment(_))).count();
                is_clap.then_some(at - 2 - comments)
            }
            Some(Token::Word("commands" | "settings"))
                if token(at + 1) == Some(Token::Mark('!')) =>
            {
                Some(at)
            }
            _ => None,
        };
        if let Some(start) = start {
            marked[start..end_of_item(pieces, at)].fill(true);
        }
    }
    marked
}

/// The end of the item that contains a token. The token is not inside the braces of the item.
fn end_of_item(pieces: &[(usize, Piece<'_>)], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, (_, piece)) in pieces.iter().enumerate().skip(from) {
        match piece {
            Piece::Token(Token::Mark('{')) => depth += 1,
            Piece::Token(Token::Mark('}')) if depth <= 1 => return at,
            Piece::Token(Token::Mark('}')) => depth -= 1,
            Piece::Token(Token::Mark(';')) if depth == 0 => return at,
            _ => {}
        }
    }
    pieces.len()
}

/// The forbidden phrases in the names of a Rust file. Each name is checked only where it first
/// occurs.
fn in_names(path: &str, text: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let names = pieces(text).into_iter().filter_map(|(line, piece)| match piece {
        Piece::Token(Token::Word(word)) => Some((line, word)),
        _ => None,
    });
    let new = names.filter(|(_, name)| seen.insert(*name));
    let found = new.flat_map(|(line, name)| {
        let mut words = Words::default();
        words.add_name(line, name);
        words
            .report(path, &EVERYWHERE_BY_WORD)
            .into_iter()
            .map(move |found| format!("{found} (in `{name}`)"))
    });
    found.collect()
}

/// Words in lower case, each with its line. A `.` separates sentences, and a `,` replaces code and
/// most other punctuation, so that no phrase matches across them.
#[derive(Default)]
struct Words {
    words: Vec<(usize, String)>,
    in_code_block: bool,
}

impl Words {
    fn add_prose(&mut self, line: usize, text: &str) {
        let text = text.trim_start_matches(['/', '!', '*']);
        if text.trim_start().starts_with("```") {
            self.in_code_block = !self.in_code_block;
            return;
        }
        if self.in_code_block {
            return;
        }
        for (at, part) in text.split('`').enumerate() {
            if at % 2 == 1 {
                self.words.push((line, ",".to_owned()));
                continue;
            }
            for word in part.split_inclusive(|c: char| !is_letter(c)) {
                let mark = word.chars().next_back().filter(|c| !is_letter(*c));
                let word = word.trim_end_matches(|c| !is_letter(c));
                if !word.is_empty() {
                    self.words.push((line, word.to_lowercase()));
                }
                let mark = match mark {
                    Some('.' | ':' | ';' | '!' | '?') => ".",
                    Some(' ' | '-' | '*' | '\n') | None => continue,
                    Some(_) => ",",
                };
                self.words.push((line, mark.to_owned()));
            }
        }
    }

    /// Adds the words of a name in snake case or camel case.
    fn add_name(&mut self, line: usize, name: &str) {
        let mut word = String::new();
        for c in name.chars() {
            let begins = c.is_uppercase() && word.ends_with(|c: char| !c.is_uppercase());
            if begins || !c.is_alphabetic() {
                self.words.push((line, std::mem::take(&mut word).to_lowercase()));
            }
            word.extend(Some(c).filter(|c| c.is_alphabetic()));
        }
        self.words.push((line, word.to_lowercase()));
        self.words.retain(|(_, word)| !word.is_empty());
    }

    fn report_comment(&self, path: &str) -> Vec<String> {
        let found = self.report(path, &EVERYWHERE_BY_WORD);
        found.into_iter().chain(self.report(path, &IN_COMMENTS_BY_WORD)).collect()
    }

    fn report_message(&self, path: &str) -> Vec<String> {
        let found = self.report(path, &EVERYWHERE_BY_WORD);
        found.into_iter().chain(self.report(path, &IN_MESSAGES_BY_WORD)).collect()
    }

    fn report(&self, path: &str, phrases: &PhrasesByWord) -> Vec<String> {
        let mut found = Vec::new();
        for (at, (line, word)) in self.words.iter().enumerate() {
            for (phrase, plain, correct) in phrases.get(word.as_str()).into_iter().flatten() {
                let length = phrase.split(' ').count();
                if self.has(phrase, at)
                    && !correct.iter().any(|longer| self.is_within(longer, at, length))
                {
                    let words = self.words[at..at + length].iter().map(|(_, word)| word.as_str());
                    let words = words.collect::<Vec<_>>().join(" ");
                    found.push(format!("{path}:{line}: \"{words}\": write: {plain}"));
                }
            }
        }
        found
    }

    fn has(&self, phrase: &str, at: usize) -> bool {
        let mut words = self.words[at..].iter().map(|(_, word)| word);
        phrase.split(' ').all(|wanted| {
            words.next().is_some_and(|word| wanted.split('|').any(|wanted| wanted == word))
        })
    }

    /// Whether a longer phrase contains the `length` words at `at`.
    fn is_within(&self, longer: &str, at: usize, length: usize) -> bool {
        let longer_length = longer.split(' ').count();
        let first = (at + length).saturating_sub(longer_length);
        (first..=at).any(|start| self.has(longer, start))
    }
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '\''
}

#[test]
fn planted_phrases_are_found() {
    let comment = |text: &str| in_comments("a.rs", text);
    assert_eq!(
        comment("\n// Hosts that are in\n// step."),
        ["a.rs:2: \"in step\": write: up to date"]
    );
    assert_eq!(comment("/// Rules `in` force\nfn a() {} // Nobody knows.").len(), 1);
    assert_eq!(comment("/// The hosts\n\n/// ask.").len(), 0);
    assert_eq!(comment("/// The rules\n/// hold.").len(), 1);
    assert_eq!(
        comment("// In. Step, in `in step`. It holds the lock.\nlet a = \"in step\";"),
        [""; 0]
    );
    assert_eq!(comment("//! ```\n//! in step\n//! ```\n//! in step").len(), 1);
    let names = |text: &str| in_names("a.rs", text);
    assert_eq!(names("fn stays_in_step() {}\nstruct InStep;").len(), 2);
    assert_eq!(names("mod a { fn in_step() {} }\nin_step()").len(), 1);
    assert_eq!(names("// in_step\nconst A: &str = \"in_step\"; fn is_instep() {}"), [""; 0]);
}

#[test]
fn help_texts_are_left_out() {
    let item = "/// Hosts in step\n#[derive(Debug, Args)]\nstruct A {\n/// In step\na: u8 }\n";
    assert_eq!(in_comments("a.rs", item), [""; 0]);
    assert_eq!(in_comments("a.rs", &format!("{item}/// In step\nstruct B;")).len(), 1);
    let unit = "/// In step\n#[derive(Args)]\nstruct A;\n// In step\n#[derive(Debug)]\nstruct B;";
    assert_eq!(in_comments("a.rs", unit).len(), 1);
}

#[test]
fn messages_are_the_strings_outside_of_tests() {
    let message = |text: &str| in_messages("a.rs", text);
    assert_eq!(message("let a = \"`x` is no rule\";").len(), 1);
    assert_eq!(message("let a = \"`x` is \\\n    no rule\";").len(), 1);
    let others = "// It is no rule.\nlet a = \"due\"; let b = \"there is no longer a {due}\";";
    assert_eq!(message(others), [""; 0]);
    let tests = "let a = 1;\n#[cfg(test)]\nmod tests {\nlet a = \"it is no rule\";\n}\n";
    assert_eq!(message(tests), [""; 0]);
}
