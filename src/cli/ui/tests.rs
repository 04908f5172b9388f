//! Tests of the exact output of lists and reports in several formats, of errors and of questions.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use jiff::Timestamp;
use serde::Serialize;

use super::output::Stream;
use super::*;
use crate::cli::error::CliError;
use crate::config::Output;
use crate::fleet::Clock;

/// A stream that keeps what is written.
#[derive(Clone, Default)]
pub(crate) struct Memory(Rc<RefCell<Vec<u8>>>);

impl Memory {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const NOW: &str = "2026-11-20T12:00:00Z";

/// A `Ui` whose output is kept, on a terminal of 40 columns or without a terminal.
pub(crate) fn captured_ui(format: Output, terminal: bool) -> (Ui, Memory, Memory) {
    let (out, err) = (Memory::default(), Memory::default());
    let stream = |memory: &Memory| Stream {
        to: RefCell::new(Box::new(memory.clone())),
        is_terminal: terminal,
        is_colored: terminal,
    };
    let ui = Ui {
        format,
        quiet: false,
        raw_cells: false,
        is_dumb: false,
        logs_messages: false,
        out: stream(&out),
        err: stream(&err),
        err_is_file: false,
        err_width: None,
        width: std::cell::Cell::new(terminal.then_some(40)),
        height: std::cell::Cell::new(terminal.then_some(24)),
        filter: None,
        pager: None,
        paging: RefCell::default(),
        clock: Clock::manual(NOW.parse().unwrap()),
        program: "nicelist".to_owned(),
        entered: EnteredCommand::default(),
        progress_bar: RefCell::default(),
    };
    (ui, out, err)
}

#[derive(Serialize)]
struct Mac {
    name: &'static str,
    state: &'static str,
    seen: Option<Timestamp>,
}

impl Row for Mac {
    fn columns() -> Vec<Column<Self>> {
        vec![
            Column::new("name", |mac| Cell::text(mac.name)),
            Column::csv("state", |mac| Cell::toned(mac.state, Tone::Good)),
            Column::new("last_seen", |mac| Cell::Time(mac.seen)),
        ]
    }
}

impl Report for Mac {
    fn groups(&self) -> Vec<Group> {
        let fields = Self::columns().into_iter().map(|column| (column.name, (column.cell)(self)));
        vec![
            Group { title: None, fields: vec![("empty", Cell::text(""))] },
            Group::titled("Mac", fields),
        ]
    }
}

fn macs() -> [Mac; 2] {
    let seen = "2026-11-20T11:57:00Z".parse().unwrap();
    [
        Mac { name: "one, or \"1\"", state: "fine", seen: Some(seen) },
        Mac { name: "\u{1b}[31mtwo", state: "fine", seen: None },
    ]
}

fn listed(format: Output, terminal: bool) -> String {
    let (ui, out, _) = captured_ui(format, terminal);
    ui.rows(macs(), "no Macs").unwrap();
    out.text()
}

#[test]
fn a_piped_table_is_plain_and_exact() {
    let text = listed(Output::Table, false);
    assert_eq!(
        text,
        "NAME           LAST SEEN\n\
         one, or \"1\"    2026-11-20T11:57:00Z\n\
         \\u{1b}[31mtwo\n"
    );
}

#[test]
fn a_table_on_a_terminal_has_colors_and_relative_times() {
    let text = listed(Output::Table, true);
    assert!(text.starts_with("\u{1b}[2mNAME\u{1b}[0m"), "{text:?}");
    assert!(text.contains("3m ago\n"), "{text:?}");
    assert!(text.contains("\u{1b}[2mnever\u{1b}[0m"), "{text:?}");
    assert!(!text.contains("\u{1b}[31mtwo"), "a host's colors got through: {text:?}");
}

#[test]
fn csv_has_every_column_and_exact_times() {
    let (head, two) =
        ("name,state,last_seen\n\"one, or \"\"1\"\"\",fine,2026-11-20T11:57:00Z\n", "[31mtwo");
    assert_eq!(listed(Output::Csv, false), format!("{head}\u{1b}{two},fine,\n"));
    assert_eq!(listed(Output::Csv, true), format!("{head}\\u001b{two},fine,\n"), "on a terminal");
    assert!(listed(Output::Tsv, false).starts_with("name\tstate\tlast_seen\n"));
}

#[test]
fn json_is_an_array_and_jsonl_has_a_value_per_line() {
    let array: serde_json::Value = serde_json::from_str(&listed(Output::Json, true)).unwrap();
    assert_eq!(array.as_array().unwrap().len(), 2);
    let lines = listed(Output::Jsonl, false);
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.starts_with("{\"name\":\"one, or \\\"1\\\"\",\"state\":\"fine\","));
}

#[test]
fn an_empty_list_is_reported_on_stderr() {
    for (format, expected) in
        [(Output::Table, ""), (Output::Json, "[]\n"), (Output::Csv, "name,state,last_seen\n")]
    {
        let (ui, out, err) = captured_ui(format, false);
        ui.rows(Vec::<Mac>::new(), "no Macs").unwrap();
        assert_eq!(out.text(), expected);
        assert_eq!(err.text(), if format == Output::Table { "no Macs\n" } else { "" });
    }
}

#[test]
fn later_rows_keep_the_widths_of_the_first() {
    let (ui, out, _) = captured_ui(Output::Table, false);
    let mut list = ui.list("");
    for at in 0..2000 {
        let name = if at < 1000 { "short" } else { "longer than before" };
        list.push(&Mac { name, state: "", seen: None }).unwrap();
    }
    list.finish().unwrap();
    assert_eq!(out.text().lines().count(), 2001);
    assert_eq!(out.text().matches("NAME").count(), 1);
}

#[test]
fn a_report_omits_empty_fields() {
    let (ui, out, _) = captured_ui(Output::Table, false);
    ui.report(&macs()[0]).unwrap();
    assert_eq!(
        out.text(),
        "Mac\n  name       one, or \"1\"\n  state      fine\n  last seen  2026-11-20T11:57:00Z\n"
    );
}

#[test]
fn a_report_does_not_break_hashes_and_commands() {
    let (ui, out, _) = captured_ui(Output::Table, true);
    let (hash, next) = ("ab".repeat(16), "nicelist event approve 3 --scope host:mira");
    let fields = [("sha256", hash.as_str().into()), ("next", next.into())];
    ui.report(&Facts { title: "Program", fields }).unwrap();
    let text = console::strip_ansi_codes(&out.text()).into_owned();
    assert_eq!(text, format!("Program\n  sha256\n    {hash}\n  next\n    {next}\n"));
}

#[test]
fn an_error_has_causes_and_hints() {
    let (ui, out, err) = captured_ui(Output::Json, false);
    let error = CliError::failed("no\u{7}").because(["so".to_owned()]).hint("do");
    ui.error(&error);
    assert_eq!(
        (out.text().as_str(), err.text().as_str()),
        ("", "error: no\\u{7}\n  so\nhint: do\n")
    );
}

#[test]
fn a_question_needs_a_terminal() {
    let (ui, _, err) = captured_ui(Output::Table, false);
    let error = ui.confirm("forget it?", false).unwrap_err();
    assert_eq!(error.kind.exit_code(), 2);
    assert_eq!(error.hints, ["to confirm without a prompt: nicelist --yes"]);
    assert_eq!(err.text(), "");
    assert!(ui.confirm("forget it?", true).is_ok());
}
