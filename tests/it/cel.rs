//! CEL expressions: their mistakes, and `nicelist rule cel`.

use serde_json::json;

use crate::shell::{Server, Shell, example};

#[test]
fn mistakes_in_an_expression_are_all_reported_with_their_lines() {
    let shell = Shell::new();
    let source = "uid==0||args[0]+1=='x'";
    insta::assert_snapshot!(shell.run(&format!("rule cel {source}")), @"
    $ nicelist rule cel uid==0||args[0]+1=='x'
    exit code: 5
    ----- stderr -----
    error: invalid CEL expression: 2 mistakes
      unknown variable `uid` (line 1, column 1), did you mean `euid`?
        uid==0||args[0]+1=='x'
        ^^^
      `+` does not support string and int: expected string (line 1, column 17)
        uid==0||args[0]+1=='x'
                        ^
    ");
}

#[test]
fn type_errors_are_refused_everywhere() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    for expression in ["euid=='a'", "args[0]+1", "target.team_id", "args.size()>'1'"] {
        let refused = shell.run(&format!("rule add cel teamid:EQHXZ8M8AV --cel {expression}"));
        assert!(refused.contains("exit code: 5"), "{refused}");
        assert!(refused.contains("invalid CEL expression: "), "{refused}");
        let csv =
            format!("rule_type,identifier,policy,cel\nTEAMID,EQHXZ8M8AV,CEL,\"{expression}\"\n");
        shell.write("rules.csv", &csv);
        let refused = shell.run("rule import rules.csv");
        assert!(refused.contains("exit code: 5") && refused.contains("rules.csv:2"), "{refused}");
        let manifest = format!(
            "[[rules]]\ntarget = \"teamid:EQHXZ8M8AV\"\npolicy = \"cel\"\ncel = \"{expression}\"\n"
        );
        shell.write("policy.toml", &manifest);
        let refused = shell.run("plan -f policy.toml");
        assert!(refused.contains("exit code: 5"), "{refused}");
    }
    let listed = shell.json("rule list");
    assert_eq!(listed.as_array().map(Vec::len), Some(0), "{listed}");
}

#[test]
fn an_expression_is_evaluated_for_an_execution_in_a_file() {
    let shell = Shell::new();
    let execution = json!({
        "path": "/bin/sh", "args": ["sh", "-c"], "euid": 0,
        "target": {"signing_id": "platform:com.apple.sh"},
    });
    shell.write("execution.json", &execution.to_string());
    let source = "euid==0&&args.exists(a,a=='-c')?BLOCKLIST:ALLOWLIST";
    let view = shell.json(&format!("rule cel {source} --event execution.json"));
    assert_eq!(view["santa"], "2025.12");
    assert_eq!(view["cacheable"], false);
    assert_eq!(view["uses"], json!(["ALLOWLIST", "BLOCKLIST", "args", "euid"]));
    let execution = &view["executions"][0];
    assert_eq!(execution["name"], "/bin/sh");
    assert_eq!(execution["verdict"], "block");
    let parts = execution["parts"].as_array().unwrap();
    let value = |part: &str| {
        let found = parts.iter().find(|it| it["part"] == part);
        found.unwrap_or_else(|| panic!("{part} in {parts:?}"))["value"].clone()
    };
    assert_eq!(value("euid"), "0");
    assert_eq!(value("euid==0"), "true");
    assert_eq!(value("args"), "[\"sh\", \"-c\"]");
    assert_eq!(value("args.exists(a,a=='-c')"), "true");
    let shown = shell.run("rule cel cwd=='/'||euid==0 --event execution.json");
    assert!(shown.contains("/bin/sh: allow (the result is true)"), "{shown}");
    let unknown = shell.json("rule cel cwd=='/' --event execution.json");
    assert_eq!(unknown["executions"][0]["verdict"], "unknown");
    assert_eq!(unknown["executions"][0]["why"], "the event does not contain cwd");
}

#[test]
fn programs_and_constants_are_enough_for_a_result_that_santa_keeps() {
    let shell = Shell::new();
    shell.write("report.json", &std::fs::read_to_string(example("fileinfo.json")).unwrap());
    let view =
        shell.json("rule cel target.is_platform_binary?UNSPECIFIED:BLOCKLIST --event report.json");
    assert_eq!((&view["cacheable"], &view["santa"]), (&json!(true), &json!("2026.3")));
    let verdicts: Vec<_> = view["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|execution| execution["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["block", "block", "none"]);
}

#[test]
fn a_file_with_unknown_keys_is_refused() {
    let shell = Shell::new();
    shell.write("execution.json", r#"{"path": "/bin/sh", "uid": 0}"#);
    let refused = shell.run("rule cel euid==0 --event execution.json");
    assert!(refused.contains("exit code: 5"), "{refused}");
    assert!(refused.contains("execution.json is not a valid execution: unknown field `uid`"));
}
