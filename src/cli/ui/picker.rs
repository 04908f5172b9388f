//! A list that fills the terminal. The user types to filter it, and selects rows with keys.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Stderr};

use console::truncate_str;
use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32String};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{self, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Text};
use ratatui::widgets::{HighlightSpacing, Row, Table, TableState};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::cell::harmless;
use super::layout::{shortened, width_of};
use crate::cli::error::{CliError, Kind};

/// The screen of a terminal that does not report its size.
const UNKNOWN_SIZE: Rect = Rect::new(0, 0, 80, 24);

/// Columns up to this width are shown in full. Wider columns share the rest of the line.
const SHORT: usize = 10;
/// Maximum weight of a wide column when these columns share the rest of the line.
const WIDEST: usize = 32;
/// A column after the first needs this width, or its own if that is smaller. If the line has less
/// room, a column is left out.
const NEEDED: usize = 16;

/// The space between two columns.
const GAP: u16 = 2;
/// The width of the column that shows which rows are selected.
const MARK: u16 = 3;

/// Written before the filter and the highlighted row.
const PROMPT: &str = "> ";

const FOOT: &str = "Tab select   Ctrl-A select all   Enter continue   Esc cancel   ? keys";

/// Shown instead of the details of the highlighted row if there is none.
const NO_MATCH: &str = "no row matches, so Enter does nothing; Ctrl-U deletes the filter";

const KEYS: &str = "\
letters           show only the rows that contain them, best match first
Backspace         delete the last letter
Ctrl-W            delete the last word
Ctrl-U            delete the whole filter
Up, Down          highlight the previous or the next row
PageUp, PageDown  move by one screen
Home, End         move to the first or the last row
Tab               select or deselect the highlighted row, and move down
Space             the same without moving; in a filter, a space
Ctrl-A            select all rows that match; press again to deselect them
Enter             continue with the selected rows, or with the highlighted row
                  if none is selected
Esc               cancel without any change
?                 show these keys; Esc, Enter or ? hides them";

/// The rows to select from.
pub(crate) struct Choices<'a> {
    pub(crate) title: &'a str,
    /// The names of the columns. The first column is the name of the row.
    pub(crate) columns: &'a [&'a str],
    /// The places of the columns that are left out if the terminal is too narrow, in order.
    pub(crate) left_out_first: &'a [usize],
    pub(crate) rows: Vec<Choice>,
}

/// A row of a list to select from.
pub(crate) struct Choice {
    /// The texts of the columns.
    cells: Vec<String>,
    /// The text that is shown while the row is highlighted, such as its full path.
    detail: String,
    /// The text that the filter searches: the columns and the keywords.
    searched: Utf32String,
}

impl Choice {
    /// The filter also finds the keywords, which are not shown.
    pub(crate) fn new<'a>(
        cells: impl IntoIterator<Item = String>,
        detail: &str,
        keywords: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let cells: Vec<String> =
            cells.into_iter().map(|cell| harmless(&cell).into_owned()).collect();
        let mut searched = cells.join("\n");
        for keyword in keywords {
            searched.push('\n');
            searched.push_str(keyword);
        }
        // nucleo-matcher 0.3.1 does not find the last word of a text that contains non-ASCII
        // letters. The extra line break avoids this.
        searched.push('\n');
        Self { cells, detail: harmless(detail).into_owned(), searched: searched.into() }
    }
}

/// Shows the list until the user has selected rows. Returns their places in order, or `None` if the
/// user canceled.
pub(super) fn select(choices: &Choices<'_>) -> Result<Option<Vec<usize>>, CliError> {
    let mut picker = Picker::new(choices);
    let mut screen = Screen::open()?;
    loop {
        screen.terminal.draw(|frame| picker.draw(frame))?;
        // A resized terminal also causes an event, so the list is drawn again.
        let Event::Key(key) = event::read()? else { continue };
        if key.kind == KeyEventKind::Release {
            continue;
        }
        match picker.press(key) {
            Step::Continue => {}
            Step::Confirm => return Ok(Some(picker.picked())),
            Step::Cancel => return Ok(None),
            Step::Interrupt => return Err(CliError::new(Kind::Interrupted, "interrupted")),
        }
    }
}

/// The terminal while the list fills it.
struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
}

impl Screen {
    fn open() -> io::Result<Self> {
        let viewport = match terminal::size() {
            Ok((1.., 1..)) => Viewport::Fullscreen,
            Ok(_) | Err(_) => Viewport::Fixed(UNKNOWN_SIZE),
        };
        let backend = CrosstermBackend::new(BufWriter::new(io::stderr()));
        let terminal = Terminal::with_options(backend, TerminalOptions { viewport })?;
        terminal::enable_raw_mode()?;
        // From here on, dropping `screen` restores the terminal.
        let screen = Self { terminal };
        execute!(io::stderr(), EnterAlternateScreen)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal if a list fills it. A failure cannot be handled.
pub(super) fn restore() {
    if terminal::is_raw_mode_enabled().unwrap_or_default() {
        drop(execute!(io::stderr(), LeaveAlternateScreen, Show));
        drop(terminal::disable_raw_mode());
    }
}

/// What follows after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Continue,
    Confirm,
    Cancel,
    Interrupt,
}

struct Picker<'a> {
    choices: &'a Choices<'a>,
    /// The width of the widest cell of each column.
    natural: Vec<usize>,
    matcher: Matcher,
    filter: String,
    /// The places of the rows that match the filter, best match first.
    matching: Vec<usize>,
    /// The places of the selected rows, which may include rows that do not match the filter.
    selected: BTreeSet<usize>,
    /// The highlighted row, as a place in `matching`.
    highlighted: usize,
    /// The first visible row, as a place in `matching`.
    top: usize,
    /// The number of rows on the screen.
    page: usize,
    shows_keys: bool,
}

impl<'a> Picker<'a> {
    fn new(choices: &'a Choices<'a>) -> Self {
        let mut config = Config::DEFAULT;
        // The first column is the name, so matches at the beginning rank higher.
        config.prefer_prefix = true;
        Self {
            choices,
            natural: natural_widths(choices),
            matcher: Matcher::new(config),
            filter: String::new(),
            matching: (0..choices.rows.len()).collect(),
            selected: BTreeSet::new(),
            highlighted: 0,
            top: 0,
            page: 1,
            shows_keys: false,
        }
    }

    fn press(&mut self, key: KeyEvent) -> Step {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let did_show_keys = std::mem::take(&mut self.shows_keys);
        match key.code {
            KeyCode::Char('c') if is_control => return Step::Interrupt,
            // These keys only hide the list of keys. Other keys hide it and then do what they
            // always do.
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('?') if did_show_keys => {}
            KeyCode::Char('a') if is_control => self.toggle_matching(),
            KeyCode::Char('u') if is_control => self.search(String::new()),
            KeyCode::Char('w') if is_control => self.search(without_last_word(&self.filter)),
            KeyCode::Char(_) if is_control || key.modifiers.contains(KeyModifiers::ALT) => {}
            KeyCode::Char('?') => self.shows_keys = true,
            KeyCode::Char(' ') if self.filter.is_empty() => self.toggle(),
            KeyCode::Char(letter) => self.search(format!("{}{letter}", self.filter)),
            KeyCode::Tab => {
                self.toggle();
                self.highlight(self.highlighted + 1);
            }
            KeyCode::Backspace => {
                let mut filter = self.filter.clone();
                filter.pop();
                self.search(filter);
            }
            KeyCode::Up => self.highlight(self.highlighted.saturating_sub(1)),
            KeyCode::Down => self.highlight(self.highlighted + 1),
            KeyCode::PageUp => self.highlight(self.highlighted.saturating_sub(self.page)),
            KeyCode::PageDown => self.highlight(self.highlighted + self.page),
            KeyCode::Home => self.highlight(0),
            KeyCode::End => self.highlight(usize::MAX),
            KeyCode::Esc => return Step::Cancel,
            // If no row matches, the user cannot see what would be confirmed.
            KeyCode::Enter if !self.matching.is_empty() => return Step::Confirm,
            _ => {}
        }
        Step::Continue
    }

    /// Filters the rows. They must contain the filter as it is, ignoring case. If letters between
    /// its letters were allowed, Ctrl-A would select unexpected programs.
    fn search(&mut self, filter: String) {
        let (case, accents) = (CaseMatching::Ignore, Normalization::Smart);
        let wanted = Atom::new(&filter, case, accents, AtomKind::Substring, false);
        let rows = self.choices.rows.iter().enumerate();
        let mut found: Vec<(Reverse<u16>, usize)> = rows
            .filter_map(|(place, row)| {
                let score = wanted.score(row.searched.slice(..), &mut self.matcher)?;
                Some((Reverse(score), place))
            })
            .collect();
        found.sort_unstable();
        self.matching = found.into_iter().map(|(_, place)| place).collect();
        self.filter = filter;
        self.highlighted = 0;
    }

    fn highlight(&mut self, row: usize) {
        self.highlighted = row.min(self.matching.len().saturating_sub(1));
    }

    fn toggle(&mut self) {
        if let Some(row) = self.matching.get(self.highlighted)
            && !self.selected.remove(row)
        {
            self.selected.insert(*row);
        }
    }

    /// Selects all rows that match, or deselects them if all of them are selected.
    fn toggle_matching(&mut self) {
        let is_selected = self.matching.iter().all(|row| self.selected.contains(row));
        for row in &self.matching {
            match is_selected {
                true => self.selected.remove(row),
                false => self.selected.insert(*row),
            };
        }
    }

    /// The selected rows or, if there are none, the highlighted row.
    fn picked(&self) -> Vec<usize> {
        match self.selected.is_empty() {
            true => self.matching.get(self.highlighted).copied().into_iter().collect(),
            false => self.selected.iter().copied().collect(),
        }
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let line = Constraint::Length(1);
        let [title, filter, list, detail, foot] =
            Layout::vertical([line, line, Constraint::Fill(1), line, line]).areas(frame.area());
        frame.render_widget(Line::from(self.title()).bold(), title);
        let text = Line::from(format!("{PROMPT}{}", self.filter));
        let column = u16::try_from(text.width()).unwrap_or(u16::MAX);
        frame.set_cursor_position((column.min(filter.width.saturating_sub(1)), filter.y));
        frame.render_widget(text, filter);
        match self.shows_keys {
            true => frame.render_widget(Text::from(KEYS), list),
            false => {
                self.draw_rows(frame, list);
                frame.render_widget(Line::from(self.detail(detail.width.into())), detail);
            }
        }
        frame.render_widget(Line::from(FOOT).dim(), foot);
    }

    fn title(&self) -> String {
        let Self { choices, matching, selected, .. } = self;
        let shown = matching.iter().filter(|row| selected.contains(*row)).count();
        let hidden = match selected.len() - shown {
            0 => String::new(),
            _ if shown == 0 => ", not shown".to_owned(),
            hidden => format!(", {hidden} not shown"),
        };
        let (matching, all, selected) = (matching.len(), choices.rows.len(), selected.len());
        format!("{}: {matching} of {all} match, {selected} selected{hidden}", choices.title)
    }

    /// The full text of the highlighted row, in one line.
    fn detail(&self, width: usize) -> String {
        match self.matching.get(self.highlighted) {
            Some(row) => shortened(&self.choices.rows[*row].detail, width).into_owned(),
            None => truncate_str(NO_MATCH, width, "…").into_owned(),
        }
    }

    /// Draws the rows that fit, with shortened cells. A table of all rows would slow down a long
    /// list.
    fn draw_rows(&mut self, frame: &mut Frame<'_>, area: Rect) {
        // One line is the header.
        self.page = usize::from(area.height).saturating_sub(1).max(1);
        let first = (self.highlighted + 1).saturating_sub(self.page);
        self.top = self.top.clamp(first, self.highlighted);
        let visible = self.matching.iter().skip(self.top).take(self.page);
        let room = Rect { width: area.width.saturating_sub(PROMPT.len() as u16), ..area };
        let shown = self.columns_that_fit(room.width.into());
        let header = shown.iter().map(|(column, _)| self.choices.columns[*column]);
        let mark = Constraint::Length(MARK);
        let widths = || std::iter::once(mark).chain(shown.iter().map(|(_, width)| *width));
        let areas = Layout::horizontal(widths()).spacing(GAP).split(room);
        let columns: Vec<(usize, Rect)> =
            shown.iter().map(|(column, _)| *column).zip(areas.iter().skip(1).copied()).collect();
        let table = Table::new(visible.map(|row| self.row(*row, &columns)), widths())
            .header(Row::new(std::iter::once("").chain(header)).dim())
            .column_spacing(GAP)
            .row_highlight_style(Style::new().bold())
            .highlight_symbol(PROMPT)
            .highlight_spacing(HighlightSpacing::Always);
        let mut state = TableState::new().with_selected(self.highlighted - self.top);
        frame.render_stateful_widget(table, area, &mut state);
    }

    /// The columns that are shown on a line of this width. The first column gets its full width
    /// before the others.
    fn columns_that_fit(&self, room: usize) -> Vec<(usize, Constraint)> {
        let name = self.natural.first().copied().unwrap_or_default();
        let others = |kept: &[usize]| -> usize {
            let widths = kept.iter().skip(1).map(|column| self.natural[*column].min(NEEDED));
            usize::from(MARK) + widths.map(|width| width + usize::from(GAP)).sum::<usize>()
        };
        let mut kept: Vec<usize> = (0..self.natural.len()).collect();
        for left_out in self.choices.left_out_first {
            if others(&kept) + usize::from(GAP) + name <= room {
                break;
            }
            kept.retain(|column| column != left_out);
        }
        let name = name.min(room.saturating_sub(others(&kept) + usize::from(GAP)));
        let width = |column: usize| match self.natural[column].min(WIDEST) {
            _ if column == 0 => Constraint::Length(name as u16),
            short @ ..=SHORT => Constraint::Length(short as u16),
            wide => Constraint::Fill(wide as u16),
        };
        kept.into_iter().map(|column| (column, width(column))).collect()
    }

    fn row(&self, row: usize, columns: &[(usize, Rect)]) -> Row<'_> {
        let mark = if self.selected.contains(&row) { "[x]" } else { "[ ]" };
        let cells = &self.choices.rows[row].cells;
        let cells = columns
            .iter()
            .map(|(column, area)| truncate_str(&cells[*column], area.width.into(), "…"));
        Row::new(std::iter::once(mark.into()).chain(cells))
    }
}

fn natural_widths(choices: &Choices<'_>) -> Vec<usize> {
    let width = |(column, name): (usize, &&str)| {
        let cells = choices.rows.iter().filter_map(|row| row.cells.get(column));
        cells.map(|cell| width_of(cell)).chain([name.len()]).max().unwrap_or_default()
    };
    choices.columns.iter().enumerate().map(width).collect()
}

fn without_last_word(text: &str) -> String {
    let text = text.trim_end();
    let start = text.char_indices().rfind(|(_, letter)| letter.is_whitespace());
    start.map_or_else(String::new, |(at, space)| text[..at + space.len_utf8()].to_owned())
}

#[cfg(test)]
mod tests;
