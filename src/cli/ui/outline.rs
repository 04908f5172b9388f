//! Many small things in groups: each a line with a mark, a name and what is to say of it.

use super::Ui;
use super::cell::{Cell, Tone, harmless};
use super::layout::{Piece, width_of, wrap};
use super::list::{text, tone_style};

/// Names wider than this stand out, rather than push what is to say of all others to the right.
const WIDEST_NAME: usize = 44;
/// What is to say of a thing, where it stands on lines of its own.
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
    /// Its name.
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
    let values: Vec<Vec<(String, Tone)>> = item.values.iter().map(|it| words(it, ui)).collect();
    let widths = values.iter().map(|words| GAP.len() + value_width(words));
    let named = width_of(&name).max(column);
    let needed = mark.len() + 3 + named + widths.sum::<usize>();
    if ui.width.is_none_or(|width| needed <= width) {
        let padding = if values.is_empty() { 0 } else { named - width_of(&name) };
        out.push_str(&" ".repeat(padding));
        for words in &values {
            out.push_str(GAP);
            out.push_str(&coloured(words, ui));
        }
        out.push('\n');
        return;
    }
    out.push('\n');
    let room = ui.width.unwrap_or(usize::MAX).saturating_sub(INDENT.len()).max(1);
    for words in &values {
        if value_width(words) <= room {
            out.push_str(&format!("{INDENT}{}\n", coloured(words, ui)));
            continue;
        }
        for line in wrap(&coloured(words, ui), room) {
            out.push_str(&format!("{INDENT}{line}\n"));
        }
    }
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
