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
use crate::cli::error::{CliError, Kind};

/// The screen of a terminal that does not report its size.
const UNKNOWN_SIZE: Rect = Rect::new(0, 0, 80, 24);

/// Columns up to this width are shown in full. Wider columns share the rest of the line.
const SHORT: usize = 10;
/// Maximum weight of a wide column when these columns share the rest of the line.
const WIDEST: usize = 32;

/// The space between two columns.
const GAP: u16 = 2;
/// The width of the column that shows which rows are selected.
const MARK: u16 = 3;

/// Written before the filter and the highlighted row.
const PROMPT: &str = "> ";

const FOOT: &str = "Space select   Ctrl-A select all   Enter continue   Esc cancel   ? keys";

const KEYS: &str = "\
letters           show only the rows that contain them, best match first
Backspace         delete the last letter
Ctrl-U            delete all letters
Up, Down          highlight the previous or the next row
PageUp, PageDown  move by one screen
Home, End         move to the first or the last row
Space             select or deselect the highlighted row
Ctrl-A            select all rows that match; press again to deselect them
Enter             continue with the selected rows, or with the highlighted row
                  if none is selected
Esc               cancel without any change
?                 show or hide these keys";

/// The rows to select from.
pub(crate) struct Choices<'a> {
    pub(crate) title: &'a str,
    /// The names of the columns.
    pub(crate) columns: &'a [&'a str],
    pub(crate) rows: Vec<Choice>,
}

/// A row of a list to select from.
pub(crate) struct Choice {
    /// The texts of the columns.
    cells: Vec<String>,
    /// The text that the filter searches: the columns and the keywords.
    searched: Utf32String,
}

impl Choice {
    /// The filter also finds the keywords, which are not shown.
    pub(crate) fn new<'a>(
        cells: impl IntoIterator<Item = String>,
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
        Self { cells, searched: searched.into() }
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
    widths: Vec<Constraint>,
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
            widths: widths(choices),
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
        match key.code {
            KeyCode::Char('c') if is_control => return Step::Interrupt,
            // Any other key hides the list of keys.
            _ if self.shows_keys => self.shows_keys = false,
            KeyCode::Char('a') if is_control => self.toggle_matching(),
            KeyCode::Char('u') if is_control => self.search(String::new()),
            KeyCode::Char(_) if is_control || key.modifiers.contains(KeyModifiers::ALT) => {}
            KeyCode::Char('?') => self.shows_keys = true,
            KeyCode::Char(' ') => self.toggle(),
            KeyCode::Char(letter) => self.search(format!("{}{letter}", self.filter)),
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
            KeyCode::Enter if !self.selected.is_empty() || !self.matching.is_empty() => {
                return Step::Confirm;
            }
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
        let [title, filter, list, foot] =
            Layout::vertical([line, line, Constraint::Fill(1), line]).areas(frame.area());
        frame.render_widget(Line::from(self.title()).bold(), title);
        let text = Line::from(format!("{PROMPT}{}", self.filter));
        let column = u16::try_from(text.width()).unwrap_or(u16::MAX);
        frame.set_cursor_position((column.min(filter.width.saturating_sub(1)), filter.y));
        frame.render_widget(text, filter);
        match self.shows_keys {
            true => frame.render_widget(Text::from(KEYS), list),
            false => self.draw_rows(frame, list),
        }
        frame.render_widget(Line::from(FOOT).dim(), foot);
    }

    fn title(&self) -> String {
        let Self { choices, matching, selected, .. } = self;
        let (matching, all, selected) = (matching.len(), choices.rows.len(), selected.len());
        format!("{}: {matching} of {all} match, {selected} selected", choices.title)
    }

    /// Draws the rows that fit, with shortened cells. A table of all rows would slow down a long
    /// list.
    fn draw_rows(&mut self, frame: &mut Frame<'_>, area: Rect) {
        // One line is the header.
        self.page = usize::from(area.height).saturating_sub(1).max(1);
        let first = (self.highlighted + 1).saturating_sub(self.page);
        self.top = self.top.clamp(first, self.highlighted);
        let visible = self.matching.iter().skip(self.top).take(self.page);
        let header = std::iter::once("").chain(self.choices.columns.iter().copied());
        let mark = Constraint::Length(MARK);
        let widths: Vec<_> = std::iter::once(mark).chain(self.widths.iter().copied()).collect();
        let room = Rect { width: area.width.saturating_sub(PROMPT.len() as u16), ..area };
        let columns = Layout::horizontal(&widths).spacing(GAP).split(room);
        let table = Table::new(visible.map(|row| self.row(*row, &columns[1..])), widths)
            .header(Row::new(header).dim())
            .column_spacing(GAP)
            .row_highlight_style(Style::new().bold())
            .highlight_symbol(PROMPT)
            .highlight_spacing(HighlightSpacing::Always);
        let mut state = TableState::new().with_selected(self.highlighted - self.top);
        frame.render_stateful_widget(table, area, &mut state);
    }

    fn row(&self, row: usize, columns: &[Rect]) -> Row<'_> {
        let mark = if self.selected.contains(&row) { "[x]" } else { "[ ]" };
        let cells = self.choices.rows[row].cells.iter().zip(columns);
        let cells = cells.map(|(text, column)| truncate_str(text, column.width.into(), "…"));
        Row::new(std::iter::once(mark.into()).chain(cells))
    }
}

fn widths(choices: &Choices<'_>) -> Vec<Constraint> {
    let width = |(column, name): (usize, &&str)| {
        let cells = choices.rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells.map(|cell| cell.chars().count()).chain([name.len()]).max();
        match widest.unwrap_or_default().min(WIDEST) {
            short @ ..=SHORT => Constraint::Length(short as u16),
            wide => Constraint::Fill(wide as u16),
        }
    };
    choices.columns.iter().enumerate().map(width).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;

    use super::*;

    fn choices(names: &[&str]) -> Choices<'static> {
        let choice = |name: &&str| {
            let cells = [(*name).to_owned(), "mira, joe and 3 more".to_owned()];
            Choice::new(cells, ["/Applications", "EQHXZ8M8AV"])
        };
        let rows = names.iter().map(choice).collect();
        Choices { title: "Programs", columns: &["program", "users"], rows }
    }

    fn press(picker: &mut Picker<'_>, code: KeyCode) -> Step {
        picker.press(KeyEvent::from(code))
    }

    fn control(picker: &mut Picker<'_>, letter: char) -> Step {
        picker.press(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL))
    }

    fn type_text(picker: &mut Picker<'_>, text: &str) {
        for letter in text.chars() {
            assert_eq!(press(picker, KeyCode::Char(letter)), Step::Continue);
        }
    }

    fn matching<'a>(picker: &'a Picker<'_>) -> Vec<&'a str> {
        let names = picker.matching.iter();
        names.map(|row| picker.choices.rows[*row].cells[0].as_str()).collect()
    }

    fn screen(picker: &mut Picker<'_>, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(50, height)).unwrap();
        terminal.draw(|frame| picker.draw(frame)).unwrap();
        let drawn = terminal.backend().to_string();
        drawn.lines().map(|line| line.trim_matches('"').trim_end().to_owned()).collect()
    }

    #[test]
    fn letters_filter_the_rows_and_the_best_match_is_first() {
        let choices = choices(&["AirZoom", "Amazon Bloom", "zoom.us", "Café"]);
        let mut picker = Picker::new(&choices);
        assert_eq!(matching(&picker).len(), 4);
        type_text(&mut picker, "ZOOM");
        assert_eq!(matching(&picker), ["zoom.us", "AirZoom"]);
        for _ in 0..4 {
            press(&mut picker, KeyCode::Backspace);
        }
        assert_eq!(matching(&picker).len(), 4);
        type_text(&mut picker, "cafe");
        assert_eq!(matching(&picker), ["Café"]);
        control(&mut picker, 'u');
        type_text(&mut picker, "eqhxz8m8av");
        assert_eq!(matching(&picker).len(), 4, "keywords are searched, too");
        type_text(&mut picker, "x");
        assert_eq!(matching(&picker).len(), 0);
        assert_eq!(press(&mut picker, KeyCode::Enter), Step::Continue, "nothing to continue with");
    }

    #[test]
    fn ctrl_a_selects_only_the_rows_that_match() {
        let choices = choices(&["zoom.us", "Slack", "AirZoom"]);
        let mut picker = Picker::new(&choices);
        type_text(&mut picker, "zoom");
        control(&mut picker, 'a');
        control(&mut picker, 'u');
        assert_eq!(picker.picked(), [0, 2], "a new filter keeps the selection");
        type_text(&mut picker, "zoom");
        control(&mut picker, 'a');
        assert_eq!(picker.selected.len(), 0);
        type_text(&mut picker, "a");
        assert_eq!(picker.filter, "zooma", "`a` is a letter");
    }

    #[test]
    fn enter_without_a_selection_continues_with_the_highlighted_row() {
        let choices = choices(&["a", "b", "c"]);
        let mut picker = Picker::new(&choices);
        press(&mut picker, KeyCode::Down);
        assert_eq!(picker.picked(), [1]);
        press(&mut picker, KeyCode::End);
        press(&mut picker, KeyCode::Char(' '));
        press(&mut picker, KeyCode::Home);
        press(&mut picker, KeyCode::Char(' '));
        assert_eq!(picker.picked(), [0, 2]);
        press(&mut picker, KeyCode::Char(' '));
        assert_eq!(picker.picked(), [2]);
        assert_eq!(press(&mut picker, KeyCode::Enter), Step::Confirm);
        assert_eq!(press(&mut picker, KeyCode::Esc), Step::Cancel);
        assert_eq!(control(&mut picker, 'c'), Step::Interrupt);
    }

    #[test]
    fn ten_thousand_rows_have_pages() {
        let names: Vec<String> = (0..10_000).map(|number| format!("program-{number:04}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let choices = choices(&names);
        let mut picker = Picker::new(&choices);
        screen(&mut picker, 8);
        press(&mut picker, KeyCode::PageDown);
        press(&mut picker, KeyCode::PageDown);
        press(&mut picker, KeyCode::PageUp);
        press(&mut picker, KeyCode::Down);
        press(&mut picker, KeyCode::Up);
        assert_eq!(picker.highlighted, 4, "a page has 4 rows");
        press(&mut picker, KeyCode::End);
        insta::assert_snapshot!(screen(&mut picker, 8).join("\n"), @r"
        Programs: 10000 of 10000 match, 0 selected
        >
               program          users
          [ ]  program-9996     mira, joe and 3 more
          [ ]  program-9997     mira, joe and 3 more
          [ ]  program-9998     mira, joe and 3 more
        > [ ]  program-9999     mira, joe and 3 more
        Space select   Ctrl-A select all   Enter continue
        ");
        type_text(&mut picker, "m-77");
        assert_eq!(screen(&mut picker, 8)[3], "> [ ]  program-7700     mira, joe and 3 more");
        assert_eq!(matching(&picker).len(), 100);
    }

    #[test]
    fn a_question_mark_shows_the_keys_until_the_next_key() {
        let choices = choices(&["Slack"]);
        let mut picker = Picker::new(&choices);
        press(&mut picker, KeyCode::Char('?'));
        assert!(screen(&mut picker, 8)[2].starts_with("letters  "));
        assert_eq!(press(&mut picker, KeyCode::Esc), Step::Continue);
        assert_eq!(screen(&mut picker, 8)[3], "> [ ]  Slack    mira, joe and 3 more");
        assert!(KEYS.lines().all(|line| line.len() <= 80), "{KEYS}");
    }

    #[test]
    fn a_text_that_is_wider_than_its_column_is_shortened() {
        let choices = choices(&["Fontbook Plus for Designers"]);
        let row = screen(&mut Picker::new(&choices), 8).remove(3);
        assert!(row.starts_with("> [ ]  Fontbook Plus ") && row.contains('…'), "{row}");
    }

    #[test]
    fn a_row_cannot_control_the_terminal() {
        let choice = Choice::new(["a\u{1b}[2J".to_owned()], []);
        assert_eq!(choice.cells, ["a\\u{1b}[2J"]);
    }
}
