use super::*;

#[test]
fn operators_bind_as_in_the_specification() {
    for (source, expected) in [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("-2 * -3", "6"),
        ("1 + 1 == 2 && 3 > 2 || false", "true"),
        ("false && true || true", "true"),
        ("!true || true", "true"),
        ("true ? 1 : false ? 2 : 3", "1"),
        ("false ? 1 : false ? 2 : 3", "3"),
        ("7 % 4 * 2", "6"),
        ("1 in [1] == true", "true"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0xff", "255"),
        ("0x10u", "16u"),
        ("1e3", "1000.0"),
        (".5", "0.5"),
        ("--1", "1"),
        ("{'a': 1}.a", "1"),
        ("[1, 2,][1]", "2"),
        ("1 // one\n+ 1", "2"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn literals_have_the_value_of_their_escapes() {
    for (source, expected) in [
        (r#"'a\tb'"#, r#""a\tb""#),
        (r#"r'a\tb'"#, r#""a\\tb""#),
        (r#"'\x41\u00e9\U0001F600\101'"#, "\"Aé😀A\""),
        (r#"'''it's "here"'''"#, r#""it\'s \"here\"""#),
        ("'''a\nb'''", r#""a\nb""#),
        (r#"b'\xff\000a'"#, r#"b"\xff\x00a""#),
        (r#"br'\x'"#, r#"b"\\x""#),
        ("'' + \"\"", r#""""#),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn syntax_errors_name_the_token_and_what_was_expected() {
    for (source, expected) in [
        ("1 +", "the expression is incomplete: expected a value (line 1, column 4)"),
        ("1 ==\n 2 3", "unexpected `3`: expected the end or an operator (line 2, column 4)"),
        ("(1", "the expression is incomplete: expected `)` (line 1, column 3)"),
        ("[1, 2", "the expression is incomplete: expected `]` (line 1, column 6)"),
        ("if", "`if` is a reserved word: expected a value (line 1, column 1)"),
        ("true and false", "unexpected `and`: expected `&&` (line 1, column 6)"),
        ("euid = 1", "unexpected `=`; write `==` (line 1, column 6)"),
        ("true & false", "unexpected `&`; write `&&` (line 1, column 6)"),
        ("'a", "this string is not closed (line 1, column 1)"),
        (r"'a\q'", r"invalid escape `\q` (line 1, column 3)"),
        (r"'\400'", r"invalid escape `\4` (line 1, column 2)"),
        ("12ab", "invalid number `12ab` (line 1, column 1)"),
        ("9223372036854775808", "the number `9223372036854775808` is too large (line 1, column 1)"),
        (
            "true ? 1",
            "the expression is incomplete: expected `:` and the value if the condition \
         is false (line 1, column 9)",
        ),
        ("euid == 1 # root", "unexpected `#`; a comment starts with `//` (line 1, column 11)"),
        (
            "target.?team_id",
            "optional fields (`.?`) are not supported: expected a field \
         (line 1, column 8)",
        ),
        ("euid ~ 1", "unexpected character `~` (line 1, column 6)"),
    ] {
        let found = error(source);
        assert!(found.starts_with(expected), "{source}: {found}");
    }
}

#[test]
fn all_syntax_errors_are_reported() {
    let found = invalid("(1 + ) == 2 && [3, *] == [] && true 'b' && zz");
    let columns: Vec<usize> = found.faults().iter().map(|fault| fault.at.column).collect();
    assert_eq!(columns, [6, 20, 37, 44], "{found}");
}
