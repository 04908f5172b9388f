use std::sync::Arc;

use super::*;
use crate::cel::{Map, Record};

#[test]
fn standard_functions_have_the_specified_values() {
    for (source, expected) in [
        ("size('äöü')", "3"),
        ("b'äöü'.size()", "6"),
        ("[1, 2].size() + {'a': 1}.size()", "3"),
        ("'abc'.contains('bc') && 'abc'.startsWith('ab') && 'abc'.endsWith('c')", "true"),
        ("'/opt/x'.matches('^/opt/') && matches('abc', 'b')", "true"),
        ("'abc'.matches('^b')", "false"),
        ("int('12') + int(3.9) + int(4u)", "19"),
        ("uint('7') + uint(3)", "10u"),
        ("double('1.5') + double(1)", "2.5"),
        ("string(12) + string(1.5) + string(true) + string(b'a')", "\"121.5truea\""),
        ("bool('true') && !bool('False')", "true"),
        ("bytes('a') == b'a'", "true"),
        ("type(1) == int && type('a') == string && type(type(1)) == type", "true"),
        ("timestamp('2025-03-01T12:34:56.789Z').getFullYear()", "2025"),
        ("timestamp('2025-03-01T12:34:56.789Z').getMonth()", "2"),
        ("timestamp('2025-03-01T12:34:56.789Z').getDate()", "1"),
        ("timestamp('2025-03-01T12:34:56.789Z').getDayOfMonth()", "0"),
        ("timestamp('2025-03-01T12:34:56.789Z').getDayOfYear()", "59"),
        ("timestamp('2025-03-01T12:34:56.789Z').getDayOfWeek()", "6"),
        ("timestamp('2025-03-01T12:34:56.789Z').getHours('+02:00')", "14"),
        ("timestamp('2025-03-01T12:34:56.789Z').getMinutes('-01:15')", "19"),
        ("timestamp('2025-03-01T12:34:56.789Z').getMilliseconds()", "789"),
        ("int(timestamp('1970-01-02T00:00:00Z'))", "86400"),
        ("duration('1h30m').getMinutes()", "90"),
        ("string(duration('-1.5s'))", "\"-1.5s\""),
        ("timestamp(0) + duration('24h') == timestamp('1970-01-02T00:00:00Z')", "true"),
        ("timestamp(10) - timestamp(4)", "duration(\"6s\")"),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("'a' in {'a': 1} && 2 in [1, 2] && !(3 in [1, 2])", "true"),
        ("'e' in ['a', 'b', 'c', 'd', 'e']", "true"),
        ("'x' in ['a', 'b', 'c', 'd', 'e']", "false"),
        ("{1: 'a', 2u: 'b', true: 'c'}.size()", "3"),
        ("dyn(1) == 1u && dyn(1) == 1.0 && dyn(1) != '1'", "true"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn macros_have_the_specified_values() {
    for (source, expected) in [
        ("[1, 2, 3].all(x, x > 0)", "true"),
        ("[1, 2, 3].exists(x, x > 2)", "true"),
        ("[1, 2, 3].exists_one(x, x > 1)", "false"),
        ("[1, 2, 3].map(x, x * 2)", "[2, 4, 6]"),
        ("[1, 2, 3].map(x, x > 1, x * 2)", "[4, 6]"),
        ("[1, 2, 3].filter(x, x != 2)", "[1, 3]"),
        ("{'a': 1, 'b': 2}.all(k, k < 'c')", "true"),
        ("[].all(x, false) && ![].exists(x, true)", "true"),
        ("[1, 2].all(x, [3, 4].exists(y, y == x + 2))", "true"),
        ("has({'a': 1}.a) && !has({'a': 1}.b)", "true"),
        // An error is ignored if another element decides.
        ("[0, 1].exists(x, 1 / x == 1)", "true"),
        ("[0, 1].all(x, 1 / x == 2)", "false"),
        ("[0].exists(x, 1 / x == 1)", "error: division by zero"),
        ("[0, 1].exists_one(x, 1 / x == 1)", "error: division by zero"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn functions_of_the_strings_extension_have_their_values() {
    for (source, expected) in [
        ("'tacocat'.charAt(3)", "\"o\""),
        ("'äöü'.charAt(3)", "\"\""),
        ("'äöü'.charAt(4)", "error: the index is out of range"),
        ("'äxöx'.indexOf('x')", "1"),
        ("'äxöx'.indexOf('x', 2)", "3"),
        ("'äxöx'.indexOf('y')", "-1"),
        ("'äxöx'.lastIndexOf('x')", "3"),
        ("'äxöx'.lastIndexOf('x', 2)", "1"),
        ("['a', 'b'].join() + ['a', 'b'].join(', ')", "\"aba, b\""),
        ("'a-b-c'.replace('-', '+')", "\"a+b+c\""),
        ("'a-b-c'.replace('-', '', 1)", "\"ab-c\""),
        ("'a,b,c'.split(',')", "[\"a\", \"b\", \"c\"]"),
        ("'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"),
        ("'abc'.split('')", "[\"a\", \"b\", \"c\"]"),
        ("'abc'.split('', 2)", "[\"a\", \"bc\"]"),
        ("'a,b'.split(',', 0)", "[]"),
        ("'tacocat'.substring(4)", "\"cat\""),
        ("'tacocat'.substring(0, 4)", "\"taco\""),
        ("'tacocat'.substring(4, 2)", "error: the index is out of range"),
        ("' a '.trim() + 'aÄ'.upperAscii() + 'BÄ'.lowerAscii()", "\"aAÄbÄ\""),
        ("'abc'.reverse()", "\"cba\""),
        (r#"strings.quote('a"b\n')"#, r#""\"a\\\"b\\n\"""#),
        (
            "'%s=%d %.2f %x %X %b %o %e 100%%'.format(['a', 1, 1.5, 255, 255, 5, 8, 1500.0])",
            "\"a=1 1.50 ff FF 101 10 1.500000e+03 100%\"",
        ),
        ("'%s'.format([['a', 'b']])", "\"[a, b]\""),
        ("'%d'.format([])", "error: the format is invalid or does not match its arguments"),
        ("'%d'.format(['a'])", "error: the format is invalid or does not match its arguments"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn errors_are_values_that_logic_ignores_if_it_can() {
    for (source, expected) in [
        ("1 / 0 == 1", "error: division by zero"),
        ("1 / 0 == 1 || true", "true"),
        ("false && 1 / 0 == 1", "false"),
        ("1 / 0 == 1 && false", "false"),
        ("1 / 0 == 1 && true", "error: division by zero"),
        ("args[0] == 'x'", "error: the index is out of range"),
        ("envs.HOME == ''", "error: no such key"),
        ("9223372036854775807 + 1", "error: the result is out of range"),
        ("uint(-1)", "error: the result is out of range"),
        ("int('x')", "error: the text or number cannot be converted to int"),
        ("{'a': 1, 'a': 2}", "error: the key is in the map twice"),
        ("dyn(1) && true", "error: the operation does not support a value of the type int"),
        ("dyn('x') + 1", "error: the operation does not support a value of the type string"),
        ("cwd.matches(envs.size() == 0 ? '[' : '')", "error: invalid regular expression"),
        ("timestamp('2025-01-01T00:00:00Z').getHours('Nowhere')", "error: unknown time zone"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn unknown_values_decide_only_where_nothing_else_does() {
    let facts = Facts::default().unknown("args").unknown("euid").with("cwd", Value::text("/tmp"));
    let shown = |source| match outcome(source, &facts) {
        Ok(value) => value.to_string(),
        Err(stop) => stop.to_string(),
    };
    for (source, expected) in [
        ("euid == 0", "unknown: depends on euid"),
        ("euid == 0 && cwd == '/'", "false"),
        ("cwd == '/tmp' || euid == 0", "true"),
        ("euid == 0 || args.size() > 1", "unknown: depends on args, euid"),
        ("euid == 0 && 1 / 0 == 1", "unknown: depends on euid"),
        ("euid == 0 ? true : false", "unknown: depends on euid"),
        ("args.exists(a, a == 'x')", "unknown: depends on args"),
        ("[1, 2].exists(x, x == euid || x == 2)", "true"),
        ("[1, 2].all(x, x == euid)", "unknown: depends on euid"),
        ("cwd == '/tmp' ? 1 : euid", "1"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn has_follows_the_presence_of_the_field() {
    let facts = Facts::default()
        .with("target.signing_time", Value::Timestamp(jiff::Timestamp::UNIX_EPOCH))
        .with("target.team_id", Value::text(""))
        .with("envs", Value::Map(Arc::new(Map::of_texts([("HOME", Value::text(""))]))))
        .unknown("target.parent.path");
    let shown = |source| match outcome(source, &facts) {
        Ok(value) => value.to_string(),
        Err(stop) => stop.to_string(),
    };
    assert_eq!(shown("has(target.signing_time)"), "true");
    assert_eq!(shown("has(target.team_id)"), "false", "without presence, empty is absent");
    assert_eq!(shown("has(envs.HOME) && !has(envs.USER)"), "true");
    assert_eq!(shown("has(target.parent.path)"), "unknown: depends on target.parent.path");
    assert_eq!(shown("has(target.parent.pid)"), "false");
}

#[derive(Debug)]
struct Shell;

impl Record for Shell {
    fn field(&self, name: &str) -> Resolved {
        match name {
            "path" => Resolved::Value(Value::text("/bin/sh")),
            _ => Resolved::Absent,
        }
    }
}

#[test]
fn messages_in_lists_are_read_field_by_field() {
    let ancestors: Arc<[Value]> = [Value::Message(Arc::new(Shell))].into();
    let facts = Facts::default().with("ancestors", Value::List(ancestors));
    for source in [
        "ancestors.exists(a, a.path == '/bin/sh')",
        "ancestors[0].path.endsWith('/sh')",
        "ancestors.all(a, a.pid == 0 && !has(a.pid) && has(a.path))",
    ] {
        assert_eq!(outcome(source, &facts), Ok(Value::Bool(true)), "{source}");
    }
}

#[test]
fn a_trace_has_the_value_of_every_part() {
    let program = compile("cwd == '/tmp' && args.exists(a, a == 'x')");
    let facts =
        Facts::default().with("cwd", Value::text("/tmp")).with("args", Value::texts(["w", "x"]));
    let (outcome, steps) = program.trace(&facts, 1000);
    assert_eq!(outcome, Ok(Value::Bool(true)));
    let steps: Vec<String> = steps
        .iter()
        .map(|step| {
            let value = step.outcome.as_ref().map(Value::to_string).unwrap_or_default();
            format!("{} = {value}", step.span.text(program.source()))
        })
        .collect();
    assert_eq!(
        steps,
        [
            "cwd = \"/tmp\"",
            "'/tmp' = \"/tmp\"",
            "cwd == '/tmp' = true",
            "args = [\"w\", \"x\"]",
            "a = \"w\"",
            "'x' = \"x\"",
            "a == 'x' = false",
            "a = \"x\"",
            "'x' = \"x\"",
            "a == 'x' = true",
            "args.exists(a, a == 'x') = true",
            "cwd == '/tmp' && args.exists(a, a == 'x') = true",
        ]
    );
}
