//! Many small things in groups: each a line with a mark, a name and what is to say of it.

use super::Ui;
use super::cell::{Cell, Tone, harmless};
use super::layout::{Piece, width_of, wrap};
use super::list::{text, tone_style};

/// Names wider than this stand out, rather than push what is to say of all others to the right.
const WIDEST_NAME: usize = 44;
/// What stands in front of lines behind the first.
const INDENT: &str = "      ";
/// Between two values of one line.
const GAP: &str = "  ";

/// Things that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// What stands above them.
    pub(crate) title: String,
    /// The things.
    pub(crate) items: Vec<Item>,
    /// What is said below them of those that are not shown.
    pub(crate) rest: Option<String>,
}

/// One thing.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// A sign in front of it, and how that is meant.
    pub(crate) mark: (&'static str, Tone),
    pub(crate) name: String,
    /// What is to say of it; the words of one value stand together.
    pub(crate) values: Vec<Vec<Cell>>,
}

/// What a table shows of sections.
pub(super) fn draw(sections: &[Section], ui: &Ui) -> String {
    let mut out = String::new();
    for section in sections {
        if !out.is_empty() {
            out.push('\n');
        }
        let style = tone_style(ui, Tone::Strong);
        out.push_str(&format!("{style}{}{style:#}\n", harmless(&section.title)));
        let widths = section.items.iter().map(|item| width_of(&item.name));
        let column = widths.filter(|width| *width <= WIDEST_NAME).max().unwrap_or(0);
        for item in &section.items {
            draw_item(item, column, ui, &mut out);
        }
        if let Some(rest) = &section.rest {
            let style = tone_style(ui, Tone::Faint);
            out.push_str(&format!("  {style}{}{style:#}\n", harmless(rest)));
        }
    }
    out
}

fn draw_item(item: &Item, column: usize, ui: &Ui, out: &mut String) {
    let (mark, tone) = item.mark;
    let style = tone_style(ui, tone);
    let name = harmless(&item.name);
    out.push_str(&format!("  {style}{mark}{style:#} {name}"));
    let width = ui.width.unwrap_or(usize::MAX);
    let room = width.saturating_sub(INDENT.len()).max(1);
    let mut used = 2 + mark.len() + 1 + width_of(&name);
    let mut padding = column.saturating_sub(width_of(&name));
    for value in &item.values {
        let words = words(value, ui);
        let text = coloured(&words, ui);
        let needed = value_width(&words);
        let gap = padding + GAP.len();
        if used.saturating_add(gap + needed) <= width {
            out.push_str(&format!("{:gap$}{text}", ""));
            used += gap + needed;
        } else if needed <= room {
            out.push_str(&format!("\n{INDENT}{text}"));
            used = INDENT.len() + needed;
        } else {
            let lines = wrap(&text, room);
            lines.iter().for_each(|line| out.push_str(&format!("\n{INDENT}{line}")));
            // Nothing stands behind a text that has several lines.
            used = width;
        }
        padding = 0;
    }
    out.push('\n');
}

/// The words of a value that say something.
fn words(value: &[Cell], ui: &Ui) -> Vec<(String, Tone)> {
    let words = value.iter().map(|cell| (text(ui, cell), cell.tone()));
    words.filter(|(word, _)| !word.is_empty()).collect()
}

fn value_width(words: &[(String, Tone)]) -> usize {
    let letters: usize = words.iter().map(|(word, _)| width_of(word)).sum();
    letters + words.len().saturating_sub(1)
}

fn coloured(words: &[(String, Tone)], ui: &Ui) -> String {
    let words = words.iter().map(|(text, tone)| Piece { text, style: tone_style(ui, *tone) });
    let words: Vec<String> =
        words.map(|Piece { text, style }| format!("{style}{text}{style:#}")).collect();
    words.join(" ")
}
