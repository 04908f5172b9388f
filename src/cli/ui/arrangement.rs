//! The options of lists: which columns are shown, and the column by which rows are sorted.

use std::ffi::OsStr;
use std::marker::PhantomData;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use jiff::Timestamp;

use super::cell::{Cell, Column, Row};
use crate::cli::error::CliError;

/// Maximum rows that are sorted, because they are all kept in memory.
const MOST_SORTED: usize = 100_000;

/// `--columns` and `--sort`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrangement {
    /// Empty for the usual columns.
    columns: Vec<String>,
    sort: Option<Sort>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Sort {
    column: String,
    descending: bool,
}

/// The arguments `--columns` and `--sort` of a list with rows of the type `R`, or of the type `O`
/// if another option selects these.
#[derive(Debug)]
pub(crate) struct ListView<R, O = R> {
    pub(crate) arrangement: Arrangement,
    rows: PhantomData<fn() -> (R, O)>,
}

impl<R: Row, O: Row> ListView<R, O> {
    /// The names of all columns, in the order of CSV.
    fn values() -> Vec<PossibleValue> {
        let mut values = values::<R>();
        let mut others = self::values::<O>();
        others.retain(|other| values.iter().all(|value| value.get_name() != other.get_name()));
        values.extend(others);
        values
    }
}

fn names<R: Row>() -> Vec<&'static str> {
    R::columns().iter().map(|column| column.name).collect()
}

/// The names of the columns, which also match as the headings of tables.
fn values<R: Row>() -> Vec<PossibleValue> {
    let value = |column: &Column<R>| PossibleValue::new(column.name).alias(column.heading());
    R::columns().iter().map(value).collect()
}

impl<R: Row, O: Row> Args for ListView<R, O> {
    fn augment_args(command: Command) -> Command {
        let columns = Arg::new("columns")
            .long("columns")
            .value_name("NAME,…")
            .value_delimiter(',')
            .value_parser(PossibleValuesParser::new(Self::values()))
            .ignore_case(true)
            .help("Show these columns, in this order; for -o table, wide, csv and tsv");
        let sort = Arg::new("sort")
            .long("sort")
            .value_name("COLUMN[:desc]")
            .value_parser(SortParser { values: Self::values() })
            .hide_possible_values(true)
            .ignore_case(true)
            .help(
                "Sort the listed rows, at most 100,000, by this column; :desc reverses the order",
            );
        command.arg(columns).arg(sort)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<R: Row, O: Row> FromArgMatches for ListView<R, O> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let columns = matches.get_many::<String>("columns").into_iter().flatten();
        let columns = columns.cloned().collect();
        let sort = matches.get_one::<Sort>("sort").cloned();
        Ok(Self { arrangement: Arrangement { columns, sort }, rows: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Parses `COLUMN`, `COLUMN:asc` or `COLUMN:desc`.
#[derive(Clone)]
struct SortParser {
    values: Vec<PossibleValue>,
}

impl TypedValueParser for SortParser {
    type Value = Sort;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Sort, clap::Error> {
        let text = value.to_string_lossy();
        let (column, order) = text.split_once(':').unwrap_or((&text, "asc"));
        let known = PossibleValuesParser::new(self.values.iter().cloned());
        let column = known.parse_ref(command, arg, OsStr::new(column))?;
        match order {
            "asc" | "desc" => Ok(Sort { column, descending: order == "desc" }),
            _ => {
                let message =
                    format!("invalid order '{order}' for '--sort': expected asc or desc\n");
                Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command))
            }
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.values.iter().cloned()))
    }
}

impl Arrangement {
    /// The chosen columns, if any were chosen.
    pub(super) fn columns<R: Row>(&self) -> Result<Option<Vec<Column<R>>>, CliError> {
        if self.columns.is_empty() {
            return Ok(None);
        }
        let chosen = |name: &String| column::<R>(name).map(Column::chosen);
        self.columns.iter().map(chosen).collect::<Result<_, _>>().map(Some)
    }

    /// Sorts rows, if that was requested.
    pub(super) fn sorting<R: Row, W>(&self) -> Result<Option<Sorting<R, W>>, CliError> {
        let sorting = |Sort { column: name, descending }: &Sort| {
            let column = column::<R>(name)?;
            Ok(Sorting { cell: column.cell, descending: *descending, rows: Vec::new() })
        };
        self.sort.as_ref().map(sorting).transpose()
    }
}

/// The column with this name or, if there is none, with this heading.
fn column<R: Row>(name: &str) -> Result<Column<R>, CliError> {
    let named = |column: &Column<R>| column.name.eq_ignore_ascii_case(name);
    let headed = |column: &Column<R>| column.heading().eq_ignore_ascii_case(name);
    let found = R::columns().into_iter().find(named);
    found.or_else(|| R::columns().into_iter().find(headed)).ok_or_else(|| {
        let known = names::<R>().join(", ");
        CliError::usage(format!("this list has no column {name}; its columns are {known}"))
    })
}

/// Rows that are kept until all of them can be sorted.
pub(super) struct Sorting<R, W> {
    cell: fn(&R) -> Cell,
    descending: bool,
    rows: Vec<(SortKey, W)>,
}

impl<R, W> Sorting<R, W> {
    pub(super) fn add(&mut self, row: &R, written: W) -> Result<(), CliError> {
        if self.rows.len() >= MOST_SORTED {
            return Err(CliError::failed("cannot sort more than 100,000 rows")
                .hint("list fewer rows with a filter, or sort the output of -o csv"));
        }
        self.rows.push((SortKey::of(&(self.cell)(row)), written));
        Ok(())
    }

    /// The rows in their order. Rows with the same text keep their order.
    pub(super) fn sorted(mut self) -> impl Iterator<Item = W> {
        match self.descending {
            true => self.rows.sort_by(|(one, _), (other, _)| other.cmp(one)),
            false => self.rows.sort_by(|(one, _), (other, _)| one.cmp(other)),
        }
        self.rows.into_iter().map(|(_, row)| row)
    }
}

/// The place of a cell in a sorted list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Time(Option<Timestamp>),
    /// Numbers within a text are compared as numbers, so that 2026.10 comes after 2026.9.
    Text(Vec<Part>),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The digits without leading zeros, after their count.
    Number(usize, String),
    Text(String),
}

impl SortKey {
    fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Time(time) => Self::Time(*time),
            Cell::Text(..) | Cell::Shown { .. } => Self::Text(parts(&cell.for_pipes())),
        }
    }
}

fn parts(text: &str) -> Vec<Part> {
    let text = text.to_lowercase();
    let mut rest = text.as_str();
    let mut parts = Vec::new();
    while let Some(first) = rest.chars().next() {
        let is_number = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(match part.trim_start_matches('0') {
            digits if is_number => Part::Number(digits.len(), digits.to_owned()),
            _ => Part::Text(part.to_owned()),
        });
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(texts: &[&'static str], descending: bool) -> Vec<&'static str> {
        let cell = |text: &&'static str| Cell::text(text);
        let mut sorting = Sorting { cell, descending, rows: Vec::new() };
        texts.iter().for_each(|text| sorting.add(text, *text).unwrap());
        sorting.sorted().collect()
    }

    #[test]
    fn numbers_in_texts_are_compared_as_numbers() {
        let texts = ["mac-10", "mac-9", "", "2026.10", "Mac-1", "2026.9", "7"];
        let expected = ["", "7", "2026.9", "2026.10", "Mac-1", "mac-9", "mac-10"];
        assert_eq!(sorted(&texts, false), expected);
        let reversed: Vec<_> = expected.into_iter().rev().collect();
        assert_eq!(sorted(&texts, true), reversed);
    }

    #[test]
    fn rows_with_the_same_text_keep_their_order() {
        assert_eq!(sorted(&["b", "B", "a"], false), ["a", "b", "B"]);
        assert_eq!(sorted(&["b", "B", "a"], true), ["b", "B", "a"]);
    }
}
