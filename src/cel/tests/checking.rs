use super::*;
use crate::cel::{Expression, FaultKind};

#[test]
fn used_names_are_sorted_and_listed_once() {
    let source = "target.signing_time > timestamp('2025-01-01T00:00:00Z') && '-v' in args \
                  ? ALLOW : (args[0] == envs.HOME ? ALLOW : BLOCK)";
    assert_eq!(uses(source), ["ALLOW", "BLOCK", "args", "envs", "target.signing_time"]);
    assert_eq!(uses("has(target.team_id)"), ["target.team_id"]);
    assert_eq!(uses("strings.quote(args[0])"), ["args", "strings.quote()"]);
    assert!(uses("type(1) == int && size('a'.startsWith('a') ? 'b' : 'c') > 1").is_empty());
}

#[test]
fn the_newest_name_decides_about_the_first_version() {
    assert_eq!(compile("args.size() > 1").first_version(), None);
    assert_eq!(compile("args.join('') == ''").first_version(), Some((2025, 8)));
    assert_eq!(compile("euid == 0 && args.join('') == ''").first_version(), Some((2025, 12)));
    assert_eq!(compile("target.team_id == ''").first_version(), Some((2026, 3)));
}

#[test]
fn names_bound_by_macros_are_known_only_inside_them() {
    assert_eq!(uses("args.exists(a, a == 'x')"), ["args"]);
    assert_eq!(uses("args.exists(a, args.filter(b, a == b).size() > 0)"), ["args"]);
    assert_eq!(uses("args.exists(target, target == '')"), ["args"]);
    assert_eq!(uses("args.all(target, .target.team_id == '')"), ["args", "target.team_id"]);
    assert_eq!(error("args.exists(xx, true) && xx"), "unknown variable `xx` (line 1, column 26)");
}

#[test]
fn unknown_names_are_reported_with_the_nearest_known_one() {
    for (source, expected) in [
        ("arg == []", "unknown variable `arg` (line 1, column 1), did you mean `args`?"),
        (
            "true &&\n target.teamid == ''",
            "unknown field `target.teamid` (line 2, column 9), did you mean `target.team_id`?",
        ),
        (
            "args[0].startWith('x')",
            "unknown method `startWith` (line 1, column 9), did you mean `startsWith`?",
        ),
        ("sise(args) > 1", "unknown function `sise` (line 1, column 1), did you mean `size`?"),
        ("Foo{a: 1} == 1", "unknown type `Foo` (line 1, column 1)"),
        ("exists(args, true)", "unknown function `exists` (line 1, column 1)"),
    ] {
        assert_eq!(error(source), expected, "{source}");
    }
}

#[test]
fn every_part_of_an_expression_is_checked() {
    for source in [
        "[zz]",
        "{zz: 1}",
        "{1: zz}",
        "args[zz]",
        "size(zz)",
        "zz.size()",
        "''.matches(zz)",
        "!zz",
        "-zz",
        "1 + zz",
        "zz ? 1 : 2",
        "true ? zz : 2",
        "true ? 1 : zz",
        "zz.field",
        "has(zz.field)",
        "args.exists(a, zz)",
        "args.map(a, true, zz)",
        "zz.all(a, a)",
        "strings.quote(zz)",
        "'a' in zz",
        "zz == 1",
        "true && zz || true",
    ] {
        assert!(error(source).starts_with("unknown variable `zz`"), "{source}");
        assert_eq!(invalid(source).faults().len(), 1, "{source}: {}", error(source));
    }
}

#[test]
fn type_errors_name_the_types_and_what_was_expected() {
    for (source, expected) in [
        ("euid == 'a'", "cannot compare int with string: expected int (line 1, column 9)"),
        ("'a' == euid", "cannot compare string with int: expected int (line 1, column 1)"),
        ("args[0] + 1", "`+` does not support string and int: expected string (line 1, column 11)"),
        ("!euid", "`!` does not support int: expected bool (line 1, column 2)"),
        ("is_root && euid", "`&&` does not support int: expected bool (line 1, column 12)"),
        ("-cwd", "`-` does not support string: expected int or double (line 1, column 2)"),
        ("args['a']", "the type of the index is string: expected int (line 1, column 6)"),
        ("euid[0]", "a value of the type int has no elements"),
        ("euid.name", "a value of the type int has no field `name` (line 1, column 6)"),
        ("cwd in 'abc'", "cannot search in string: expected a list or a map; to search in text"),
        ("1 in args", "cannot search for int in list(string): expected string"),
        ("euid ? 1 : 2", "`?:` does not support int: expected bool"),
        ("is_root ? 1 : 'a'", "the values of `?:` have different types, int and string"),
        ("euid.startsWith('a')", "`startsWith` does not support int: expected string"),
        ("cwd.startsWith(1)", "`startsWith` does not support int: expected string"),
        ("cwd.startsWith()", "`startsWith` is called with 0 arguments: expected 1"),
        ("cwd.substring()", "`substring` is called with 0 arguments: expected 1 or 2"),
        ("size(1)", "`size` does not support int: expected string, bytes, list(any type) or map("),
        ("euid.exists(x, true)", "`exists` does not support int: expected a list or a map"),
        ("args.exists(a, a)", "`exists` does not support string: expected bool"),
        ("1 == 1u", "cannot compare int with uint"),
        ("{1.5: 1}", "the key of a map cannot be double"),
        (
            "target.signing_time > '2025-01-01'",
            "`>` does not support timestamp and string: expected timestamp, such as timestamp('",
        ),
        ("has(args)", "wrong arguments for `has`: expected `has(message.field)`"),
        ("args.exists(1, true)", "wrong arguments for `exists`"),
        ("args.exists(.a, true)", "wrong arguments for `exists`"),
        ("args.all(a)", "wrong arguments for `all`"),
        ("target == target", "`target` is used without a field, such as `target.signing_time`"),
        ("[target] == []", "`target` is used without a field"),
    ] {
        let found = error(source);
        assert!(found.starts_with(expected), "{source}: {found}");
        assert_eq!(
            invalid(source).faults().len(),
            if source == "target == target" { 2 } else { 1 }
        );
    }
}

#[test]
fn all_faults_are_reported_and_none_follows_from_another() {
    let found = invalid("uid == 'a' && args[0] + 1 == 'x' && targt.team_id.size() > 'b'");
    let kinds: Vec<FaultKind> = found.faults().iter().map(|fault| fault.kind).collect();
    let expected = [FaultKind::UnknownVariable, FaultKind::Operands, FaultKind::UnknownVariable];
    assert_eq!(kinds[..3], expected, "{found}");
    assert_eq!(kinds[3..], [FaultKind::Operands], "`size` returns int although {found}");
}

#[test]
fn mixed_types_are_accepted_where_the_specification_does() {
    for source in [
        "1 < 2.5 && 1u >= 1 && 2.0 > 1u",
        "any == 1 && any == 'a' && any.field.other[1] > 2",
        "dyn(1) == 'a'",
        "[1, 'a'].size() == 2",
        "target.parent == null",
        "target.signing_time == null",
        "target.signing_time - timestamp(0) > duration('1h')",
        "timestamp(0) + took < timestamp(1)",
        "decision == ALLOW && decision == 1 && decision + 1 > 1",
        "ancestors.exists(a, a.path == '/bin/sh' && has(a.pid))",
        "envs.exists(name, envs[name] == '')",
        "args.map(a, a.size()).exists(n, n > 100)",
        "[] == args && {} == envs",
        "size(args + ['a']) > 1",
    ] {
        compile(source);
    }
}

#[test]
fn a_bad_regular_expression_is_an_error_with_its_position() {
    let found = error("cwd.matches('^/opt/(a|b')");
    assert_eq!(found, "invalid regular expression: unclosed group (line 1, column 20)");
    assert!(error(r"cwd.matches('a{1000}{1000}{1000}')").starts_with("invalid regular expression"));
    assert!(error("matches(cwd, '[')").starts_with("invalid regular expression"));
    // Many patterns are valid, but not many large ones.
    let many = |pattern: &str| vec![format!("cwd.matches('{pattern}')"); 200].join("||");
    compile(&many("^/opt/(a|b).*[.]plist$"));
    assert!(error(&many("a{8000}")).contains("it is too large when compiled"));
    compile("cwd.matches('a{8000}')");
}

#[test]
fn the_type_of_the_whole_expression_is_checked() {
    let schema = TestSchema { results: vec![Type::Bool, Type::Enum("Decision")], ..schema() };
    let check = |source| Expression::parse(source, &schema).map(|_| ());
    for source in ["true", "ALLOW", "euid == 0 ? ALLOW : BLOCK", "any"] {
        assert_eq!(check(source), Ok(()), "{source}");
    }
    let error = check("cwd + 'a'").unwrap_err().to_string();
    let expected = "the result of the expression is string: expected bool or Decision";
    assert!(error.starts_with(expected), "{error}");
    assert!(check("null").is_err() && check("args").is_err() && check("EXECUTION").is_err());
}

#[test]
fn full_names_of_constants_need_a_package() {
    struct Packaged(TestSchema);
    impl crate::cel::Schema for Packaged {
        fn variables(&self) -> &[Field] {
            self.0.variables()
        }

        fn messages(&self) -> &[Message] {
            self.0.messages()
        }

        fn enums(&self) -> &[Enum] {
            self.0.enums()
        }

        fn functions(&self) -> &[Function] {
            self.0.functions()
        }

        fn results(&self) -> &[Type] {
            self.0.results()
        }

        fn package(&self) -> &str {
            "example.v1"
        }
    }
    let schema = Packaged(schema());
    let check = |source| Program::compile(source, &schema).map(|program| program.uses().clone());
    let uses = check("decision == example.v1.Decision.BLOCK").unwrap();
    assert!(uses.contains("BLOCK"), "{uses:?}");
    let wrong = check("decision == example.v1.Decision.BLOK").unwrap_err().to_string();
    assert!(wrong.starts_with("`BLOK` is not a value of Decision"), "{wrong}");
    assert!(wrong.ends_with("did you mean `BLOCK`?"), "{wrong}");
    assert!(
        error("decision == example.v1.Decision.BLOCK").starts_with("unknown variable `example`")
    );
}

#[test]
fn tools_for_authors_find_conjuncts_patterns_and_costs() {
    let program = compile("euid == 0 && cwd.matches('^/tmp') && (is_root || true)");
    let texts: Vec<&str> =
        program.conjuncts().iter().map(|span| span.text(program.source())).collect();
    assert_eq!(texts[..2], ["euid == 0", "cwd.matches('^/tmp')"]);
    let patterns: Vec<&str> = program.patterns().map(|(_, pattern)| pattern).collect();
    assert_eq!(patterns, ["^/tmp"]);
    let nested = "args.exists(a, args.exists(b, args.exists(c, a + b == c)))";
    assert!(compile(nested).estimated_cost() > 100 * program.estimated_cost());
}
