//! The mistakes that a detection engineer makes. Each is an error before deployment.

use super::*;

#[test]
fn a_mistyped_field_is_an_error_with_a_suggestion() {
    assert_eq!(
        error("target.parent.pth == '/bin/sh'"),
        "unknown field `target.parent.pth` (line 1, column 15), did you mean `target.parent.path`?"
    );
    assert!(error("ancestors.exists(a, a.pth == '')").contains("did you mean `a.path`?"));
}

#[test]
fn a_mistyped_enum_name_is_an_error_with_a_suggestion() {
    let expected = "`BLOK` is not a value of Decision (line 1, column 13), did you mean `BLOCK`?";
    assert_eq!(error("decision == 'BLOK'"), expected);
    assert!(error("decision in ['ALLOW', 'BLOK']").contains("did you mean `BLOCK`?"));
    assert!(error("decision == BLOK").contains("did you mean `BLOCK`?"));
}

#[test]
fn a_value_of_another_enum_is_an_error() {
    assert!(error("decision == 'FORK'").starts_with("`FORK` is not a value of Decision"));
    assert!(error("decision == FORK").starts_with("cannot compare Decision with Kind"));
    assert!(error("decision == kind").starts_with("cannot compare Decision with Kind"));
}

#[test]
fn a_mistyped_kind_is_an_error_with_a_suggestion() {
    assert!(error("kind == 'EXECTION'").contains("did you mean `EXECUTION`?"));
}

#[test]
fn texts_and_names_of_an_enum_have_its_numbers() {
    let facts = Facts::default().with("decision", Value::Int(2)).with("kind", Value::Int(7));
    for source in [
        "decision == 'BLOCK'",
        "'BLOCK' == decision",
        "decision in ['ALLOW', 'BLOCK']",
        "decision == BLOCK",
        "decision != 'ALLOW'",
        // Both enums have this name, with different numbers.
        "kind == UNKNOWN && decision != UNKNOWN",
    ] {
        assert_eq!(outcome(source, &facts), Ok(Value::Bool(true)), "{source}");
    }
    assert!(error("UNKNOWN == 1").contains("several enums"));
}

#[test]
fn an_absent_message_is_null_and_its_fields_have_their_defaults() {
    let facts = Facts::default();
    for source in [
        "target.parent == null",
        "target.parent.path == ''",
        "target.parent.pid == 0",
        "!has(target.parent) && !has(target.parent.path)",
        "target.signing_time == timestamp(0)",
        "ancestors.size() == 0",
    ] {
        assert_eq!(outcome(source, &facts), Ok(Value::Bool(true)), "{source}");
    }
}
