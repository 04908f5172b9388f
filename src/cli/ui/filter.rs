//! `--jq`: a filter for JSON output, in the language of jq.

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, compile, data};
use jaq_json::{Val, read, write};

use crate::cli::error::CliError;

type Data = data::JustLut<Val>;

/// Formats of jq that jaq leaves to its own command line.
const FORMATS: &str = r#"
def replaced($a; $b): [split($a)[] | tostring] | join($b);
def @csv: [.[] | if type == "string" then "\"" + replaced("\""; "\"\"") + "\""
  elif . == null then "" else tostring end] | join(",");
def @tsv: [.[] | if type == "string" then replaced("\\"; "\\\\") | replaced("\t"; "\\t")
  | replaced("\n"; "\\n") | replaced("\r"; "\\r")
  elif . == null then "" else tostring end] | join("\t");
"#;

pub(crate) struct Filter(jaq_core::Filter<Data>);

impl Filter {
    /// # Errors
    /// If the filter is invalid. The error contains the position, if it is known.
    pub(crate) fn parse(code: &str) -> Result<Self, CliError> {
        let formats = load::parse(FORMATS, |parser| parser.defs()).unwrap_or_default();
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let definitions = definitions.chain(formats);
        let functions = jaq_core::funs::<Data>().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code, path: () })
            .map_err(|errors| invalid(code, errors.into_iter().find_map(|(_, it)| syntax(it))))?;
        let filter =
            Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
                invalid(code, errors.into_iter().find_map(|(_, it)| undefined(it)))
            })?;
        Ok(Self(filter))
    }

    /// The results for a JSON document, each on its own line. Strings have no quotes.
    pub(super) fn apply(&self, json: &[u8]) -> Result<Vec<u8>, CliError> {
        let input =
            read::parse_single(json).map_err(|error| CliError::failed(error.to_string()))?;
        let context = Ctx::<Data>::new(&self.0.lut, Vars::new([]));
        let mut out = Vec::new();
        for result in self.0.id.run((context, input)) {
            match result.map_err(jaq_core::Exn::get_err) {
                Ok(Val::TStr(text)) => out.extend_from_slice(&text),
                Ok(value) => write::write(&mut out, &write::Pp::default(), 0, &value)?,
                Err(Ok(error)) => {
                    return Err(CliError::usage(format!("the --jq filter failed: {error}")));
                }
                // The filter called `halt`.
                Err(Err(_)) => return Ok(out),
            }
            out.push(b'\n');
        }
        Ok(out)
    }
}

/// A part of a filter, and what is wrong with it.
type Mistake<'s> = (&'s str, String);

/// The first mistake in the syntax.
fn syntax(error: load::Error<&str>) -> Option<Mistake<'_>> {
    let expected = |what: &str, found| (found, format!("expected {what}"));
    match error {
        load::Error::Io(errors) => errors.into_iter().next(),
        load::Error::Lex(errors) => {
            errors.into_iter().next().map(|(what, found)| expected(what.as_str(), found))
        }
        load::Error::Parse(errors) => {
            errors.into_iter().next().map(|(what, found)| expected(what.as_str(), found))
        }
    }
}

/// The first name that is not defined.
fn undefined(errors: Vec<compile::Error<&str>>) -> Option<Mistake<'_>> {
    let first = errors.into_iter().next();
    first.map(|(name, kind)| (name, format!("{} {name} not found", kind.as_str())))
}

fn invalid(code: &str, mistake: Option<Mistake<'_>>) -> CliError {
    let Some((part, message)) = mistake else {
        return CliError::usage("invalid --jq filter");
    };
    // `part` is a slice of `code`, so its offset is the difference of the two addresses.
    let offset = (part.as_ptr() as usize).saturating_sub(code.as_ptr() as usize);
    let before = code.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    CliError::usage(format!("invalid --jq filter at line {line}, column {column}: {message}"))
        .hint("for the syntax of jq, see https://jqlang.org/manual/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(filter: &str, json: &str) -> String {
        String::from_utf8(Filter::parse(filter).unwrap().apply(json.as_bytes()).unwrap()).unwrap()
    }

    fn refused(filter: &str) -> String {
        Filter::parse(filter).err().unwrap().message
    }

    #[test]
    fn strings_have_no_quotes_and_other_values_are_json() {
        let json = r#"[{"b":"x\ny","a":[1,2.5,null]},{"b":"Zoë"}]"#;
        assert_eq!(applied(".[].b", json), "x\ny\nZoë\n");
        assert_eq!(applied(".[0]", json), "{\"b\":\"x\\ny\",\"a\":[1,2.5,null]}\n");
        assert_eq!(applied("map(select(.a)) | length", json), "1\n");
        let rows = r#"[["a \"b\"", 1, null, true, ""], ["x\ty"]]"#;
        assert_eq!(applied(".[] | @csv", rows), "\"a \"\"b\"\"\",1,,true,\"\"\n\"x\ty\"\n");
        assert_eq!(applied(".[] | @tsv", rows), "a \"b\"\t1\t\ttrue\t\nx\\ty\n");
        assert_eq!(applied("empty", json), "");
        assert_eq!(applied("1, halt, 2", json), "1\n");
    }

    #[test]
    fn a_mistake_has_its_position() {
        assert!(refused(".[] | ]").contains("invalid --jq filter at line 1, column 7: expected "));
        assert!(
            refused(".a |\n  nothere(1)").contains("line 2, column 3: filter nothere not found")
        );
        assert!(refused(".a | $x").contains("column 6: variable $x not found"));
        assert!(refused("[.a").contains("expected closing bracket"));
    }

    #[test]
    fn a_filter_that_does_not_fit_the_data_fails() {
        let error = Filter::parse(".a.b").unwrap().apply(br#"{"a":"text"}"#).unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.message.starts_with("the --jq filter failed: cannot index "));
    }
}
