//! A question for a line of text. Unlike in dialoguer, Esc cancels it.

use std::io;

use console::{Key, Term};

use super::cell::harmless;
use super::layout::width_of;

/// Asks until the text is valid. An empty text means the default. Returns `None` after Esc.
pub(super) fn ask(
    term: &Term,
    question: &str,
    default: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> io::Result<Option<String>> {
    let prompt = match default {
        "" => format!("{question}: "),
        default => format!("{question} [{default}]: "),
    };
    loop {
        let Some(typed) = read(term, &prompt)? else { return Ok(None) };
        let text = if typed.is_empty() { default.to_owned() } else { typed };
        match check(&text) {
            Ok(()) => {
                term.clear_line()?;
                term.write_line(&format!("{question}: {}", harmless(&text)))?;
                return Ok(Some(text));
            }
            Err(fault) => term.write_line(&format!("\nerror: {}", harmless(&fault)))?,
        }
    }
}

/// Reads a line. The cursor stays on it.
fn read(term: &Term, prompt: &str) -> io::Result<Option<String>> {
    let mut line = Line::default();
    loop {
        let (shown, back) = line.view(prompt, usize::from(term.size().1).saturating_sub(1));
        term.clear_line()?;
        term.write_str(&shown)?;
        term.move_cursor_left(back)?;
        term.flush()?;
        match term.read_key()? {
            Key::Enter => return Ok(Some(line.letters.into_iter().collect())),
            Key::Escape => {
                term.write_line("")?;
                return Ok(None);
            }
            key => line.press(&key),
        }
    }
}

/// The text, and the place of the cursor in it.
#[derive(Default)]
struct Line {
    letters: Vec<char>,
    cursor: usize,
}

impl Line {
    fn press(&mut self, key: &Key) {
        match *key {
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.letters.remove(self.cursor);
            }
            Key::Del if self.cursor < self.letters.len() => {
                self.letters.remove(self.cursor);
            }
            // Ctrl-U
            Key::Char('\u{15}') => *self = Self::default(),
            Key::Char(letter) if !letter.is_control() => {
                self.letters.insert(self.cursor, letter);
                self.cursor += 1;
            }
            Key::ArrowLeft => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight => self.cursor = self.letters.len().min(self.cursor + 1),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.letters.len(),
            _ => {}
        }
    }

    /// The prompt and the part of the text around the cursor that fits in the width, and how far
    /// the cursor is from its end.
    fn view(&self, prompt: &str, width: usize) -> (String, usize) {
        let room = width.saturating_sub(width_of(prompt)).max(1);
        let (before, after) = self.letters.split_at(self.cursor);
        let mut first = before.len();
        let mut used = 0;
        for letter in before.iter().rev() {
            used += width_of_letter(*letter);
            if used > room {
                break;
            }
            first -= 1;
        }
        let before: String = before[first..].iter().map(|letter| visible(*letter)).collect();
        let rest = room.saturating_sub(width_of(&before));
        let after: String = after.iter().map(|letter| visible(*letter)).collect();
        let after = console::truncate_str(&after, rest, "");
        (format!("{prompt}{before}{after}"), width_of(&after))
    }
}

fn width_of_letter(letter: char) -> usize {
    width_of(visible(letter).encode_utf8(&mut [0; 4]))
}

/// A letter that cannot change the direction of the text.
fn visible(letter: char) -> char {
    match harmless(letter.encode_utf8(&mut [0; 4])) {
        std::borrow::Cow::Borrowed(_) => letter,
        std::borrow::Cow::Owned(_) => '\u{fffd}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Line {
        let mut line = Line::default();
        for letter in text.chars() {
            line.press(&Key::Char(letter));
        }
        line
    }

    #[test]
    fn keys_edit_the_line() {
        let mut line = typed("IT-7");
        for key in [Key::ArrowLeft, Key::Char('1'), Key::End, Key::Char('x'), Key::Backspace] {
            line.press(&key);
        }
        assert_eq!(line.view("Ticket: ", 79), ("Ticket: IT-17".to_owned(), 0));
        line.press(&Key::Home);
        line.press(&Key::Del);
        assert_eq!(line.view("Ticket: ", 79), ("Ticket: T-17".to_owned(), 4));
        line.press(&Key::Char('\u{15}'));
        line.press(&Key::Backspace);
        assert_eq!(line.view("", 79), (String::new(), 0));
    }

    #[test]
    fn a_long_text_scrolls_in_its_line() {
        let mut line = typed("0123456789");
        assert_eq!(line.view("> ", 7), ("> 56789".to_owned(), 0));
        line.press(&Key::Home);
        assert_eq!(line.view("> ", 7), ("> 01234".to_owned(), 5));
        assert_eq!(typed("a漢字漢字").view("> ", 7), ("> 漢字".to_owned(), 0));
    }
}
