//! Known variables, and the texts that an expression requires.

use super::super::{Specialized, TextPlace};
use super::*;

/// The decision is BLOCK, the working directory is absent, and `any` cannot be read.
struct Known;

impl Variables for Known {
    fn resolve(&self, _: usize, slot: &Slot) -> Resolved {
        match &*slot.name {
            "decision" => Resolved::Value(Value::Int(2)),
            "cwd" => Resolved::Absent,
            "any" => Resolved::Inaccessible,
            _ => Resolved::Unknown,
        }
    }
}

fn specialized(source: &str) -> Specialized {
    compile(source).specialize(&Known)
}

fn shown_of(source: &str) -> String {
    match specialized(source) {
        Specialized::Always => "always".into(),
        Specialized::Never => "never".into(),
        Specialized::Depends(program) => {
            let names: Vec<&str> = program.slots().iter().map(|slot| &*slot.name).collect();
            names.join(" ")
        }
    }
}

#[test]
fn parts_with_known_variables_are_evaluated() {
    for (source, expected) in [
        ("decision == BLOCK", "always"),
        ("decision == ALLOW && euid == 0", "never"),
        ("decision == BLOCK && euid == 0", "euid"),
        ("(decision == ALLOW && euid == 0) || is_root", "is_root"),
        ("cwd == ''", "always"),
        ("decision == ALLOW ? euid == 0 : is_root", "is_root"),
        // An error is never true, but another operand may decide.
        ("any == 1", "never"),
        ("!(any == 1)", "never"),
        ("any == 1 && is_root", "never"),
        ("any == 1 || is_root", "is_root"),
        ("!(any == 1 || is_root)", "never"),
        ("!(any == 1 && is_root)", "is_root"),
        ("args.exists(a, a == 'x' && decision == BLOCK)", "args"),
    ] {
        assert_eq!(shown_of(source), expected, "{source}");
    }
}

#[test]
fn a_specialized_program_has_the_value_of_the_original() {
    let facts = Facts::default()
        .with("is_root", Value::Bool(true))
        .with("args", Value::texts(["sh", "-c"]))
        .with("decision", Value::Int(2));
    for source in [
        "decision == BLOCK && args[1] == '-c' && args.exists(a, a.matches('^s.$'))",
        "is_root ? 'sh' in args : euid == 1",
        "args.join(' ').lowerAscii() in ['sh -c', 'b', 'c', 'd']",
    ] {
        let Specialized::Depends(program) = specialized(source) else { panic!("{source}") };
        let expected = outcome(source, &facts);
        assert_eq!(program.evaluate(&facts, super::super::DEFAULT_COST), expected, "{source}");
        assert_eq!(expected, Ok(Value::Bool(true)), "{source}");
    }
}

fn required(source: &str) -> Option<Vec<(String, TextPlace, String)>> {
    let program = compile(source);
    let texts = program.required_texts()?.into_iter();
    let name = |slot: usize| program.slots()[slot].name.to_string();
    Some(texts.map(|it| (name(it.slot), it.place, it.text.to_string())).collect())
}

#[test]
fn required_texts_are_found() {
    use TextPlace::{Anywhere, End, Start, Whole};
    let one = |slot: &str, place, text: &str| Some(vec![(slot.into(), place, text.into())]);
    for (source, expected) in [
        ("cwd == '/Tmp' && is_root", one("cwd", Whole, "/tmp")),
        ("cwd.startsWith('/a') && euid == 0", one("cwd", Start, "/a")),
        ("cwd.lowerAscii().endsWith('/x')", one("cwd", End, "/x")),
        ("args.join(' ').lowerAscii().contains('-C')", one("args", Anywhere, "-c")),
        ("args.exists(a, a.contains('abc') && a != '')", one("args", Anywhere, "abc")),
        ("args[0] == 'sh'", one("args", Anywhere, "sh")),
        ("'-x' in args", one("args", Anywhere, "-x")),
        ("!(cwd != 'x' || is_root)", one("cwd", Whole, "x")),
        ("cwd.matches('^/Users/.*x')", one("cwd", Anywhere, "/users/")),
        ("cwd == 'x' || is_root", None),
        ("!(cwd == 'x')", None),
        ("args.all(a, a == 'x')", None),
        ("cwd == ''", None),
        ("args.join(',').contains('x')", None),
    ] {
        assert_eq!(required(source), expected, "{source}");
    }
    let two = required("cwd == 'x' || target.team_id in ['b', 'c']").unwrap();
    assert_eq!(two.len(), 3, "{two:?}");
}
