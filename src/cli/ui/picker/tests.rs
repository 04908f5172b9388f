use ratatui::backend::TestBackend;

use super::*;

fn choices(names: &[&str]) -> Choices<'static> {
    let choice = |name: &&str| {
        let cells = [(*name).to_owned(), "mira, joe and 3 more".to_owned()];
        let path = format!("/Applications/{name}");
        Choice::new(cells, &path, ["EQHXZ8M8AV"])
    };
    let rows = names.iter().map(choice).collect();
    Choices { title: "Programs", columns: &["program", "users"], left_out_first: &[], rows }
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

fn screen_of(picker: &mut Picker<'_>, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| picker.draw(frame)).unwrap();
    let drawn = terminal.backend().to_string();
    drawn.lines().map(|line| line.trim_matches('"').trim_end().to_owned()).collect()
}

fn screen(picker: &mut Picker<'_>, height: u16) -> Vec<String> {
    screen_of(picker, 50, height)
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
}

#[test]
fn enter_without_a_visible_row_does_nothing() {
    let choices = choices(&["zoom.us", "Slack"]);
    let mut picker = Picker::new(&choices);
    press(&mut picker, KeyCode::Tab);
    type_text(&mut picker, "xx");
    assert_eq!(press(&mut picker, KeyCode::Enter), Step::Continue);
    let drawn = screen_of(&mut picker, 80, 8);
    assert_eq!(drawn[0], "Programs: 0 of 2 match, 1 selected, not shown");
    assert_eq!(drawn[6], NO_MATCH);
    control(&mut picker, 'u');
    assert_eq!(press(&mut picker, KeyCode::Enter), Step::Confirm);
}

#[test]
fn a_space_in_a_filter_is_typed_and_selects_nothing() {
    let choices = choices(&["Slack", "Slack Workspace"]);
    let mut picker = Picker::new(&choices);
    type_text(&mut picker, "slack wo");
    assert_eq!(picker.filter, "slack wo");
    assert_eq!(matching(&picker), ["Slack Workspace"]);
    assert!(picker.selected.is_empty());
    control(&mut picker, 'w');
    assert_eq!(picker.filter, "slack ");
    control(&mut picker, 'w');
    assert_eq!(picker.filter, "");
    press(&mut picker, KeyCode::Char(' '));
    assert_eq!(picker.picked(), [0]);
}

#[test]
fn tab_selects_and_moves_down() {
    let choices = choices(&["a", "b", "c"]);
    let mut picker = Picker::new(&choices);
    press(&mut picker, KeyCode::Tab);
    press(&mut picker, KeyCode::Tab);
    assert_eq!((picker.picked(), picker.highlighted), (vec![0, 1], 2));
    press(&mut picker, KeyCode::Tab);
    press(&mut picker, KeyCode::Tab);
    assert_eq!((picker.picked(), picker.highlighted), (vec![0, 1], 2), "the last row");
}

#[test]
fn ctrl_a_selects_only_the_rows_that_match() {
    let choices = choices(&["zoom.us", "Slack", "AirZoom"]);
    let mut picker = Picker::new(&choices);
    type_text(&mut picker, "zoom");
    control(&mut picker, 'a');
    control(&mut picker, 'u');
    assert_eq!(picker.picked(), [0, 2], "a new filter keeps the selection");
    type_text(&mut picker, "air");
    assert_eq!(picker.title(), "Programs: 1 of 3 match, 2 selected, 1 not shown");
    control(&mut picker, 'u');
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
    screen(&mut picker, 9);
    press(&mut picker, KeyCode::PageDown);
    press(&mut picker, KeyCode::PageDown);
    press(&mut picker, KeyCode::PageUp);
    press(&mut picker, KeyCode::Down);
    press(&mut picker, KeyCode::Up);
    assert_eq!(picker.highlighted, 4, "a page has 4 rows");
    press(&mut picker, KeyCode::End);
    insta::assert_snapshot!(screen(&mut picker, 9).join("\n"), @r"
    Programs: 10000 of 10000 match, 0 selected
    >
           program       users
      [ ]  program-9996  mira, joe and 3 more
      [ ]  program-9997  mira, joe and 3 more
      [ ]  program-9998  mira, joe and 3 more
    > [ ]  program-9999  mira, joe and 3 more
    /Applications/program-9999
    Tab select   Ctrl-A select all   Enter continue
    ");
    type_text(&mut picker, "m-77");
    assert_eq!(screen(&mut picker, 9)[3], "> [ ]  program-7700  mira, joe and 3 more");
    assert_eq!(matching(&picker).len(), 100);
}

#[test]
fn a_question_mark_shows_the_keys_until_the_next_key() {
    let choices = choices(&["Slack", "zoom.us"]);
    let mut picker = Picker::new(&choices);
    for closing in [KeyCode::Esc, KeyCode::Enter, KeyCode::Char('?')] {
        press(&mut picker, KeyCode::Char('?'));
        assert!(screen(&mut picker, 8)[2].starts_with("letters  "));
        assert_eq!(press(&mut picker, closing), Step::Continue);
        assert_eq!(screen(&mut picker, 8)[3], "> [ ]  Slack    mira, joe and 3 more");
    }
    press(&mut picker, KeyCode::Char('?'));
    press(&mut picker, KeyCode::Char('z'));
    assert_eq!(matching(&picker)[0], "zoom.us", "the key is also handled");
    assert!(!picker.shows_keys);
    assert!(KEYS.lines().all(|line| line.len() <= 80), "{KEYS}");
    assert!(KEYS.lines().count() <= 20, "the keys fit on a screen of 24 lines");
}

#[test]
fn a_narrow_terminal_shows_the_whole_name_and_fewer_columns() {
    let cells = [
        "Zoom Workplace Helper (Renderer)",
        "Zoom Video Communications, Inc.",
        "mira.okafor, joe.lindqvist",
        "mira-mbp.local, joe-mbp.local",
        "just now",
    ];
    let path = "/Applications/zoom.us.app/Contents/Frameworks/Zoom Workplace Helper (Renderer).app/\
        Contents/MacOS/Zoom Workplace Helper (Renderer)";
    let choices = Choices {
        title: "Programs",
        columns: &["program", "publisher", "users", "hosts", "last"],
        left_out_first: &[1, 2],
        rows: vec![Choice::new(cells.map(str::to_owned), path, [])],
    };
    let mut picker = Picker::new(&choices);
    let mut columns = |width: u16| -> Vec<usize> {
        let drawn = screen_of(&mut picker, width, 8);
        assert!(drawn[3].contains("Zoom Workplace Helper (Renderer)  "), "{}", drawn[3]);
        let fit = picker.columns_that_fit(usize::from(width) - PROMPT.len());
        fit.into_iter().map(|(column, _)| column).collect()
    };
    assert_eq!(columns(140), [0, 1, 2, 3, 4]);
    assert_eq!(columns(90), [0, 2, 3, 4]);
    assert_eq!(columns(80), [0, 3, 4]);
}

#[test]
fn a_text_that_is_wider_than_its_column_is_shortened() {
    let name = "Fontbook Plus for Designers with a very long name";
    let choices = choices(&[name]);
    let drawn = screen(&mut Picker::new(&choices), 8);
    assert!(drawn[3].starts_with("> [ ]  Fontbook Plus ") && drawn[3].contains('…'), "{drawn:?}");
    let shown = &drawn[6];
    assert!(shown.starts_with("/Applications/Fontbook") && shown.ends_with("long name"), "{shown}");
}

#[test]
fn a_row_cannot_control_the_terminal() {
    let choice = Choice::new(["a\u{1b}[2J".to_owned()], "/b\u{1b}[2J", []);
    assert_eq!((choice.cells[0].as_str(), choice.detail.as_str()), ("a\\u{1b}[2J", "/b\\u{1b}[2J"));
}
