//! Tests that all formats become the same tree, and tests of the positions in trees.

use super::*;

const JSON: &str = r#"{"name": "ü", "on": true,
 "list": [1, "x"], "in": {"a": 2}}"#;
const YAML: &str = "name: ü\non: true\nlist: [1, x]\nin:\n  a: 2\n";
const TOML: &str = "name = \"ü\"\non = true\nlist = [1, 'x']\n[in]\na = 0x2\n";
const HCL: &str = "name = \"ü\"\non = true\nlist = [1, \"x\"]\nin {\n  a = 2\n}\n";
const PLIST: &str = "<plist><dict><key>name</key><string>ü</string><key>on</key><true/>\
    <key>list</key><array><integer>1</integer><string>x</string></array>\
    <key>in</key><dict><key>a</key><integer>2</integer></dict></dict></plist>";

fn trees() -> [Node; 5] {
    [
        json::parse(&JSON.into()).unwrap(),
        yaml::parse(&YAML.into()).unwrap(),
        toml::parse(&TOML.into()).unwrap(),
        hcl::parse(&HCL.into()).unwrap(),
        plist::parse(PLIST.as_bytes()).unwrap(),
    ]
}

#[test]
fn all_formats_are_the_same_tree() {
    for tree in trees() {
        assert_eq!(tree.get("name").and_then(Node::as_str), Some("ü"));
        assert_eq!(tree.get("on").and_then(Node::as_bool), Some(true));
        let list = tree.get("list").and_then(Node::elements).unwrap();
        let scalars: Vec<_> = list.iter().filter_map(Node::scalar).collect();
        assert_eq!(scalars, ["1", "x"]);
        assert_eq!(tree.get("in").unwrap().get("a").unwrap().scalar().unwrap(), "2");
        assert_eq!(list[0].expected("a string"), "expected a string, found a number");
    }
}

#[test]
fn nodes_know_where_they_begin() {
    let positions = trees().map(|tree| {
        let at = |node: &Node| node.position.map(|it| (it.line, it.column));
        let list = tree.get("list").and_then(Node::elements).unwrap();
        (at(&list[1]), at(tree.get("in").unwrap().get("a").unwrap()))
    });
    assert_eq!(
        positions,
        [
            (Some((2, 14)), Some((2, 32))),
            (Some((3, 11)), Some((5, 6))),
            (Some((3, 12)), Some((5, 5))),
            (Some((3, 12)), Some((5, 7))),
            (None, None),
        ]
    );
}

fn faults(fault: Fault) -> String {
    let position = fault.position.map_or((0, 0), |it| (it.line, it.column));
    format!("{}:{} {}", position.0, position.1, fault.message)
}

#[test]
fn faults_have_a_position() {
    let mut described = vec![
        json::parse(&"{\n\"a\": 1".into()).unwrap_err(),
        json::parse(&"{\"a\": ü}".into()).unwrap_err(),
        json::parse(&"{\"a\": 1, \"a\": 2}".into()).unwrap_err(),
        json::parse(&Text::from(&*format!("{}1{}", "[".repeat(99), "]".repeat(99)))).unwrap_err(),
        yaml::parse(&"a: 1\na: 2\n".into()).unwrap_err(),
        yaml::parse(&"a: [\n".into()).unwrap_err(),
        hcl::parse(&"a = \n".into()).unwrap_err(),
        plist::parse(b"<plist><dict>").unwrap_err(),
        plist::parse(b"bplist00\xd1\x01").unwrap_err(),
    ];
    described.extend(toml::parse(&"a = 1\nb = \n".into()).unwrap_err());
    insta::assert_snapshot!(described.into_iter().map(faults).collect::<Vec<_>>().join("\n"), @r#"
    2:6 ends unexpectedly; it may be incomplete
    1:7 is not valid JSON: expected value
    1:15 a: is given twice
    1:66 is nested too deeply
    2:4 a: is given twice
    1:4 unclosed bracket '['
    1:5 is not valid HCL: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit
    0:0 ends unexpectedly; it may be incomplete
    0:0 is a damaged binary property list; it may be incomplete
    2:5 string values must be quoted, expected literal string
    "#);
}

fn refused(bytes: &[u8]) -> Fault {
    Text::new(bytes).err().unwrap()
}

#[test]
fn what_is_no_text_is_refused_at_its_place() {
    let utf16: Vec<u8> = "\u{feff}a = 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&utf16).message, "is UTF-16; save the file as UTF-8");
    assert_eq!(refused(&utf16[2..]).message, "is UTF-16; save the file as UTF-8");
    assert_eq!(refused(b"").message, "is empty");
    assert_eq!(refused(b"\xef\xbb\xbf\r\n ").message, "is empty");
    assert_eq!(refused(b"a = 1\nb = \"\xe4\"").position, Some(Position { line: 2, column: 6 }));
    assert_eq!(refused(b"a = \"\xc3").position, Some(Position { line: 1, column: 6 }));
}

#[test]
fn a_byte_order_mark_and_letters_of_several_bytes_do_not_move_columns() {
    let text = Text::new("\u{feff}ü = 1\r\nb = é!".as_bytes()).unwrap();
    let at = |part: &str| text.position(text.as_str().find(part).unwrap());
    assert_eq!(at("="), Position { line: 1, column: 3 });
    assert_eq!(at("!"), Position { line: 2, column: 6 });
    let long = format!("{}\n{}x", "ü".repeat(100), "é".repeat(100));
    let text = Text::from(&*long);
    assert_eq!(text.position(long.find('x').unwrap()), Position { line: 2, column: 101 });
}

#[test]
fn keys_of_yaml_have_positions_of_their_own() {
    let tree = yaml::parse(&"a: 1\nb:\n  c: [2]\n".into()).unwrap();
    let entries = tree.entries().unwrap();
    let keys: Vec<_> = entries.iter().map(|entry| (&*entry.key, entry.key_position)).collect();
    let at = |line| Some(Position { line, column: 1 });
    assert_eq!(keys, [("a", at(1)), ("b", at(2))]);
    assert_eq!(entries[1].node.position, Some(Position { line: 3, column: 3 }));
}

#[test]
fn an_outline_is_read_as_far_as_it_goes() {
    let head = Outline::of_json_head(br#"{"next": 1, "items": [{"a": 1}, {"#, &["items"]);
    assert_eq!(
        (head.is_complete, &*head.keys),
        (false, &["next".to_owned(), "items".to_owned()][..])
    );
    assert_eq!((head.list("items").unwrap().length, head.list("next")), (1, None));
    assert_eq!(head.list("items").unwrap().keys, ["a"]);
    let whole = Outline::of_json(b"[{\"a\": 1}, {}]\n{}");
    assert_eq!((whole.is_list, whole.length, whole.has_more), (true, 2, true));
    assert_eq!(whole.keys, ["a"]);
    let text = Text::from("name: x\nrules:\n- a: 1\n- [\n");
    assert_eq!(Outline::of_yaml_head(&text, &["rules"]).list("rules").unwrap().keys, ["a"]);
}
