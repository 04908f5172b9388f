//! Tests of reading and writing CSV.

use proptest::prelude::*;

use super::*;
use crate::format::rows::{BadRow, Row, RowError};
use crate::format::tests::any_rule;
use crate::format::{Defaults, Spot};
use crate::rule::{Rule, RuleDraft, RuleType};

fn open(text: &[u8]) -> Reader<&[u8]> {
    Reader::open(text, Delimiter::Comma, Defaults::default()).unwrap()
}

/// The valid rows as `LINE TARGET POLICY SCOPE`, and the messages about invalid rows.
fn outcomes(text: impl AsRef<[u8]>) -> Vec<String> {
    let word = |row: Result<Row, RowError>| match row {
        Ok(Row { line, rule }) => {
            let draft = RuleDraft::from(rule);
            format!("{line} {} {} {}", draft.target, draft.policy, draft.scope)
        }
        Err(error) => error.to_string(),
    };
    open(text.as_ref()).map(word).collect()
}

fn bad_rows(text: impl AsRef<[u8]>) -> Vec<BadRow> {
    let bad = |row| match row {
        Ok(_) => None,
        Err(RowError::Bad(row)) => Some(*row),
        Err(error) => panic!("{error}"),
    };
    open(text.as_ref()).filter_map(bad).collect()
}

#[test]
fn rules_are_read_from_types_and_identifiers_or_whole_targets() {
    let hash = "AB".repeat(32);
    assert_eq!(
        outcomes(format!("policy,type,sha256\nWHITELIST,TEAMID,eqhxz8m8av\nDENY,BINARY,{hash}\n")),
        [
            "2 teamid:EQHXZ8M8AV allow fleet".to_owned(),
            format!("3 binary:{} block fleet", hash.to_lowercase()),
        ]
    );
    assert_eq!(
        outcomes("target,policy,scope\nsigningid:platform:com.apple.say,block,tag:Eng\n"),
        ["2 signingid:platform:com.apple.say block tag:eng"]
    );
}

#[test]
fn every_text_column_reaches_the_rule() {
    let text = format!(
        "target,policy,custom_msg,custom_url,button_label,app_name,bundle_hash,\
         bundle_binary_count,description,ticket,source,expires,cel\n\
         teamid:EQHXZ8M8AV,cel,\"no, \"\"sir\"\"\nnever\",https://x,Why?,App,{},3,c,IT-1,s,\
         2026-12-01T00:00:00Z,euid != 0\n",
        "ab".repeat(32)
    );
    let Row { line, rule } = open(text.as_bytes()).next().unwrap().unwrap();
    assert_eq!(line, 2);
    let expected = RuleDraft {
        target: "teamid:EQHXZ8M8AV".to_owned(),
        policy: "cel".to_owned(),
        scope: "fleet".to_owned(),
        cel: Some("euid != 0".to_owned()),
        message: Some("no, \"sir\"\nnever".to_owned()),
        url: Some("https://x".to_owned()),
        button_label: Some("Why?".to_owned()),
        app_name: Some("App".to_owned()),
        bundle_hash: Some("ab".repeat(32)),
        bundle_binary_count: Some(3),
        comment: Some("c".to_owned()),
        ticket: Some("IT-1".to_owned()),
        source: Some("s".to_owned()),
        expires: Some("2026-12-01T00:00:00Z".parse().unwrap()),
    };
    assert_eq!(RuleDraft::from(rule), expected);
}

#[test]
fn the_example_is_all_rules() {
    let rows: Vec<Row> = open(include_bytes!("../../../examples/rules.csv"))
        .map(|row| row.unwrap_or_else(|error| panic!("{error}")))
        .collect();
    let types: std::collections::HashSet<RuleType> =
        rows.iter().map(|row| row.rule.target().rule_type()).collect();
    assert_eq!((rows.len(), types.len()), (21, RuleType::ALL.len()));
}

#[test]
fn defaults_fill_what_a_row_does_not_say() {
    let text = "target,policy,scope,source\nteamid:EQHXZ8M8AV,allow,,\n\
                teamid:EQHXZ8M8AV,allow,fleet,mdm\n";
    let defaults = Defaults {
        scope: Some("tag:eng".parse().unwrap()),
        source: Some("file".to_owned()),
        ..Defaults::default()
    };
    let rows: Vec<RuleDraft> = Reader::open(text.as_bytes(), Delimiter::Comma, defaults)
        .unwrap()
        .map(|row| row.unwrap().rule.into())
        .collect();
    assert_eq!((rows[0].scope.as_str(), rows[0].source.as_deref()), ("tag:eng", Some("file")));
    assert_eq!((rows[1].scope.as_str(), rows[1].source.as_deref()), ("fleet", Some("mdm")));
}

#[test]
fn tabs_and_semicolons_delimit_where_asked() {
    for (delimiter, text) in [
        (Delimiter::Tab, "target\tpolicy\nteamid:EQHXZ8M8AV\tallow\n"),
        (Delimiter::Semicolon, "target;policy\nteamid:EQHXZ8M8AV;allow\n"),
    ] {
        let mut reader = Reader::open(text.as_bytes(), delimiter, Defaults::default()).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().line, 2);
    }
}

#[test]
fn every_bad_row_is_reported_with_line_column_and_reason() {
    let text = "Type,identifier,Policy,expires,bundle_hash,count,file_bundle_binary_count\n\
                TEAMID,SHORT,allow,,,,\n\
                TEAM,EQHXZ8M8AV,2,,,,\n\
                bundle,EQHXZ8M8AV,allow,,,,\n\
                TEAMID,,allow,,,,\n\
                TEAMID,EQHXZ8M8AV,allow,tomorrow,,,\n\
                TEAMID,EQHXZ8M8AV,allow,,ab,,1\n\
                TEAMID,EQHXZ8M8AV,allow,,,,many\n\
                TEAMID,EQHXZ8M8AV,allow\n\
                TEAMID,EQHXZ8M8AV,allow,,,,,,x\n\
                TEAMID,EQHXZ8M8AV,compiler,,,,\n\
                TEAMID,EQHXZ8M8AV,cel,,,,\n\
                TEAMID,EQHXZ8M8AV,allow,,,,\n";
    assert_eq!(
        outcomes(text),
        [
            "2: identifier: invalid teamid identifier `SHORT`: expected 10 letters and digits",
            "3: Policy: `2` is a number, and its meaning differs between tools; use the name of the policy",
            "4: Type: invalid rule type `bundle`: expected binary, certificate, teamid, signingid or cdhash",
            "5: identifier: is missing",
            "6: expires: invalid date `tomorrow`: expected a date such as 2027-01-31, or a time such as 2027-01-31T18:00 or 2027-01-31T18:00:00Z",
            "7: bundle_hash: invalid bundle hash `ab`: expected 64 hex digits",
            "8: file_bundle_binary_count: invalid count `many`: expected a whole number",
            "9: expected 7 fields, found 3",
            "10: expected 7 fields, found 9",
            "11: Policy: allow-compiler works only in binary, signingid and cdhash rules; Santa ignores it in a teamid rule",
            "12: cel: policy cel requires an expression",
            "13 teamid:EQHXZ8M8AV allow fleet",
        ]
    );
}

#[test]
fn lines_are_right_after_empty_lines_quoted_line_breaks_and_any_line_end() {
    for end in ["\n", "\r\n"] {
        let text = [
            "\u{feff}target,policy,comment", // 1
            "",                              // 2
            "teamid:AAAAAAAAA1,allow,\"a",   // 3
            "",                              // 4
            "b\"",                           // 5
            "teamid:AAAAAAAAA2,allow,",      // 6
            ",,",                            // 7
            "",                              // 8
            "teamid:AAAAAAAAA3,allow,\"x\"", // 9
            " ,,",                           // 10
        ]
        .join(end);
        for file_end in ["", end, "\n\n"] {
            assert_eq!(
                outcomes(format!("{text}{file_end}")),
                [
                    "3 teamid:AAAAAAAAA1 allow fleet",
                    "6 teamid:AAAAAAAAA2 allow fleet",
                    "9 teamid:AAAAAAAAA3 allow fleet"
                ]
            );
        }
    }
}

#[test]
fn a_quote_left_open_is_guessed_where_it_began() {
    let rows = bad_rows("target,policy,comment\nteamid:EQHXZ8M8AV,\"allow,\na,b,c\nd,e,f\n");
    assert_eq!(
        rows[0].to_string(),
        "2: close the quote that begins with \"allow,\"; it contains the rest of the file"
    );
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_second_rule_for_the_same_target_and_scope_names_the_first() {
    let text = "target,policy,scope\nteamid:eqhxz8m8av,allow,\nteamid:EQHXZ8M8AV,allow,tag:x\n\
                team:EQHXZ8M8AV,block,Fleet\n";
    let rows = bad_rows(text);
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows[0].to_string(),
        "4: conflict: teamid:EQHXZ8M8AV for fleet has policy block here, but allow on line 2"
    );
}

#[test]
fn text_in_another_encoding_is_a_bad_row_and_the_file_goes_on() {
    let mut text = b"target,policy,comment,owner\nteamid:EQHXZ8M8AV,allow,caf\xe9,\n".to_vec();
    text.extend(b"teamid:EQHXZ8M8AV,allow,,caf\xe9\n");
    assert_eq!(outcomes(&text), ["2: comment: is not UTF-8", "3 teamid:EQHXZ8M8AV allow fleet"]);
    let utf16: Vec<u8> =
        "\u{feff}target,policy\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = Reader::open(&utf16[..], Delimiter::Comma, Defaults::default()).err().unwrap();
    assert!(matches!(refused, HeaderError::Utf16));
}

#[test]
fn a_file_of_nothing_has_no_header() {
    for text in ["", "\n\n", "\u{feff}"] {
        let opened = Reader::open(text.as_bytes(), Delimiter::Comma, Defaults::default());
        assert!(matches!(opened.err(), Some(HeaderError::Empty)), "{text:?}");
    }
}

#[test]
fn a_reader_that_fails_ends_the_file() {
    struct Broken(bool);
    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(std::io::Error::other("gone"));
            }
            let text = b"target,policy\nteamid:EQHXZ8M8AV,allow\ntea";
            buffer[..text.len()].copy_from_slice(text);
            Ok(text.len())
        }
    }
    let input = std::io::BufReader::new(Broken(false));
    let reader = Reader::open(input, Delimiter::Comma, Defaults::default()).unwrap();
    let rows: Vec<String> =
        reader.map(|row| row.map_or_else(|error| error.to_string(), |_| "row".into())).collect();
    assert_eq!(rows, ["row", "cannot be read: gone"]);
}

#[test]
fn fixed_rejects_are_read_again() {
    let text = "target,policy,comment\nteamid:SHORT,allow,\"a,b\"\nteamid:EQHXZ8M8AV\n";
    let mut file = Vec::new();
    let reader = open(text.as_bytes());
    let mut rejects = Rejects::new(&mut file, Delimiter::Comma, reader.columns()).unwrap();
    for row in bad_rows(text) {
        rejects.write(row.spot.line_number(), &row.fault, &row.record).unwrap();
    }
    rejects.finish().unwrap();
    let written = String::from_utf8(file).unwrap();
    assert_eq!(
        written,
        "nicelist_line,nicelist_reason,target,policy,comment\n\
         2,target: invalid teamid identifier `SHORT`: expected 10 letters and digits,teamid:SHORT,allow,\"a,b\"\n\
         3,\"expected 3 fields, found 1\",teamid:EQHXZ8M8AV\n"
    );
    let fixed = written.replace("teamid:SHORT", "teamid:AAAAAAAAAA");
    assert_eq!(outcomes(&fixed)[0], "2 teamid:AAAAAAAAAA allow fleet");
    let again = open(fixed.as_bytes());
    let mut file = Vec::new();
    let header = Rejects::new(&mut file, Delimiter::Comma, again.columns()).unwrap();
    header.finish().unwrap();
    assert_eq!(file, b"nicelist_line,nicelist_reason,target,policy,comment\n");
}

proptest! {
    #[test]
    fn rules_survive_writing_and_reading(
        rules in prop::collection::vec(any_rule(), 0..8),
        delimiter in prop::sample::select(vec![Delimiter::Comma, Delimiter::Tab, Delimiter::Semicolon]),
    ) {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, delimiter).unwrap();
        for rule in &rules {
            writer.write(rule).unwrap();
        }
        writer.finish().unwrap();
        let read: Vec<Rule> = Reader::open(&file[..], delimiter, Defaults::default())
            .unwrap()
            .map(|row| row.unwrap().rule)
            .collect();
        prop_assert_eq!(read, rules);
    }

    #[test]
    fn no_file_makes_the_reader_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = [b"type,identifier,policy\n", &text[..]].concat();
        let rows = open(&file).count();
        prop_assert!(rows <= text.len());
    }
}

#[test]
fn a_quote_that_is_left_open_loses_no_rule_in_silence() {
    let open = "target,policy,comment\nteamid:AAAAAAAAAA,allow,\"open\nteamid:BBBBBBBBBB,allow,x\n";
    assert_eq!(
        outcomes(open),
        ["2: close the quote that begins with \"open\"; it contains the row on line 3"]
    );
    let closed = "target,policy,comment\nteamid:AAAAAAAAAA,allow,\"two\nlines\" \r\n";
    assert_eq!(outcomes(closed), ["2 teamid:AAAAAAAAAA allow fleet"]);
}

/// The rows between two quotes would otherwise be lost without an error, because the number of
/// fields is right.
#[test]
fn a_quote_that_a_later_row_closes_is_found() {
    for (text, place, fault) in [
        (
            "target,policy,comment\nteamid:AAAAAAAAAA,allow,\"open\nteamid:BBBBBBBBBB,block,x\n\
             teamid:CCCCCCCCCC,block,\"closed\"\n",
            Spot::Column(2, 25),
            "close the quote that begins with \"open\"; it contains the row on line 3",
        ),
        (
            "target,policy,message,comment\r\n\r\nteamid:AAAAAAAAAA,allow,\"a\r\nb, c\",\"open\r\n\
             team:SHORT,block,x,y\r\nteamid:CCCCCCCCCC,block,\"c\",\"closed\"\r\n",
            Spot::Column(4, 7),
            "close the quote that begins with \"open\"; it contains the row on line 5",
        ),
        (
            "target,policy,message,comment\nteamid:AAAAAAAAAA,allow,\"open,c\n\
             teamid:BBBBBBBBBB,block,\"closed\",c\n",
            Spot::Column(2, 25),
            "close the quote that begins with \"open,c\"; it contains the row on line 3",
        ),
        (
            "comment,target,policy\n\"open,teamid:AAAAAAAAAA,allow\n\"closed\",teamid:BBBBBBBBBB,allow\n",
            Spot::Column(2, 1),
            "close the quote that begins with \"open,teamid:AAAAAAAAAA,allow\"; it contains the rest \
             of its row",
        ),
        (
            "target,policy,comment\nteamid:AAAAAAAAAA,allow,\"open",
            Spot::Column(2, 25),
            "close the quote that begins with \"open\"; it contains the rest of the file",
        ),
    ] {
        let rows = bad_rows(text);
        assert_eq!((rows[0].spot, rows[0].fault.as_str()), (place, fault), "{text}");
        assert_eq!(open(text.as_bytes()).filter(Result::is_ok).count(), 0, "{text}");
    }
}

#[test]
fn texts_of_several_lines_are_read_unless_a_line_looks_like_a_row() {
    for text in [
        "see\nteamid:BBBBBBBBBB, which replaced it",
        "First, block, then ask\nFirst, block, then ask",
        "This \"\"quoted\"\" text\n\nhas, many, commas, in, it\n",
        "team: ask\nteamid:BBBBBBBBBB",
    ] {
        let file = format!("target,policy,comment\nteamid:AAAAAAAAAA,allow,\"{text}\"\n");
        assert_eq!(outcomes(&file), ["2 teamid:AAAAAAAAAA allow fleet"], "{text}");
    }
    for text in ["Reasonably, this one\nReasonably, this, one", "Binary, certificate, or\nboth"] {
        let file = format!("identifier,policy,comment\nEQHXZ8M8AV,allow,\"{text}\"\n");
        assert_eq!(outcomes(&file), ["2 teamid:EQHXZ8M8AV allow fleet"], "{text}");
    }
    let first =
        "comment,target,policy\n\"Hello, all\nnote, teamid:BBBBBBBBBB\",teamid:AAAAAAAAAA,allow\n";
    assert_eq!(outcomes(first), ["2 teamid:AAAAAAAAAA allow fleet"]);
    let typed = "type,identifier,policy,comment\nTEAMID,EQHXZ8M8AV,allow,\"of\n\
                 Binary, certificate, or team, whichever\nfits\"\n";
    assert_eq!(outcomes(typed), ["2 teamid:EQHXZ8M8AV allow fleet"]);
}

/// W14: dates such as 2027/01/31 and 31.01.2027 are read. Dates such as 01/02/2027 are refused.
#[test]
fn w14_dates_of_other_countries_are_read_where_they_are_unambiguous() {
    let read = |expires: &str| {
        let text = format!("target,policy,expires\nteamid:AAAAAAAAAA,block,{expires}\n");
        let mut reader =
            Reader::open(text.as_bytes(), Delimiter::Comma, Defaults::default()).unwrap();
        let row = reader.next().unwrap();
        row.map(|row| row.rule.expires).map_err(|error| error.to_string())
    };
    let day = read("2027-01-31").unwrap();
    assert!(day.is_some());
    for text in ["2027/01/31", "31.01.2027", "31.1.2027", "2027-1-31"] {
        assert_eq!(read(text), Ok(day), "{text}");
    }
    assert_eq!(read("never"), Ok(None));
    for wrong in ["31/01/2027", "01/02/2027", "31.13.2027", "1.1.27"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_value_in_a_column_that_looks_like_a_scope_is_refused() {
    for (name, value, scope) in [
        ("Tag", "Canary", "tag:canary"),
        ("Target Group", "canary", "tag:canary"),
        ("Machine ID", "M1", "host:M1"),
        ("user", "ana", "user:ana"),
        ("Label", "two words", "tag:canary"),
    ] {
        let text = format!(
            "target,policy,{name}\nteamid:AAAAAAAAAA,block,\nteamid:BBBBBBBBBB,block,{value}\n\
             teamid:CCCCCCCCCC,block,{value}\n"
        );
        let rows = outcomes(&text);
        assert_eq!(
            rows[1..],
            [format!(
                "column {name} looks like a scope, but scopes are read only from a column called \
                 scope; the rules would apply to the whole fleet"
            )]
        );
        let refused = open(text.as_bytes()).find_map(|row| match row {
            Err(RowError::Scope(refused)) => Some(*refused),
            _ => None,
        });
        let refused = refused.unwrap();
        let hint =
            format!("rename the column to scope and write {scope}, or delete the column {name}");
        assert_eq!((refused.line, refused.hint()), (3, hint));
    }
}

#[test]
fn empty_columns_that_look_like_scopes_are_read() {
    assert_eq!(
        outcomes("target,policy,Tags,Host\nteamid:AAAAAAAAAA,block,, \n"),
        ["2 teamid:AAAAAAAAAA block fleet"]
    );
}

#[test]
fn cells_are_trimmed_and_blank_extra_cells_are_ignored() {
    let text = "target,policy,comment\n teamid:AAAAAAAAAA , Block ,  why  ,, \n";
    let rule = open(text.as_bytes()).next().unwrap().unwrap().rule;
    assert_eq!(RuleDraft::from(rule).comment.as_deref(), Some("why"));
}

#[test]
fn values_in_unused_columns_are_counted() {
    let text = "target,policy,Owner,Reason\nteamid:AAAAAAAAAA,block,a,\nteamid:SHORT,block,b,c\n";
    let mut reader = open(text.as_bytes());
    assert_eq!(reader.by_ref().count(), 2);
    let expected = [
        "column Owner is not used; 2 values are ignored",
        "column Reason is not used; 1 value is ignored",
    ];
    assert_eq!(crate::format::rows::RuleRows::unused_columns(&reader), expected);
}

#[test]
fn the_first_line_may_set_the_delimiter() {
    for first in ["sep=;\n", "\u{feff}SEP=;\r\n", "\"sep=;\"\n"] {
        let text = format!("{first}target;policy\nteamid:AAAAAAAAAA;block\n");
        assert_eq!(recognises(text.as_bytes()), Some(Delimiter::Semicolon), "{first}");
        let mut reader =
            Reader::open(text.as_bytes(), Delimiter::Semicolon, Defaults::default()).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().line, 3, "{first}");
    }
}

#[test]
fn a_header_after_a_title_is_found() {
    let text = "Rules of the fleet\n\ntarget;policy\nteamid:AAAAAAAAAA;block\n";
    assert_eq!(recognises(text.as_bytes()), Some(Delimiter::Semicolon));
    let refused = Reader::open(text.as_bytes(), Delimiter::Semicolon, Defaults::default());
    assert_eq!(
        refused.err().unwrap().to_string(),
        "line 1 is not a header; the column names seem to be on line 3"
    );
}
