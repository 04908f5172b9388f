//! The lists that commands print: on terminals of several sizes, in pipes and in each format.

use rexpect::process::Signal;

use crate::shell::{Server, Shell};
use crate::terminal::{CTRL_C, End, Terminal, with_events, with_mira};

const HASH: &str = "0f4bd0c8e9b6b6d2f1a3f5c7d9e1b3a5c7d9e1b3a5c7d9e1b3a5c7d9e1ba7928";

/// A server with two rules. One of them is for a hash.
fn with_rules() -> (Shell, Server) {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    shell.run(&format!("rule add allow binary:{HASH} --comment Pinecone"));
    shell.run("rule add block teamid:EQHXZ8M8AV");
    (shell, server)
}

/// What a terminal of this width shows, without colors.
fn shown(shell: &Shell, line: &str, columns: u16) -> String {
    let end =
        Terminal::sized(shell, &format!("{line} --no-pager --color never"), (columns, 24)).end();
    assert_eq!(end.code, 0, "{line}");
    // `rexpect` reads each byte as a character.
    let bytes = end.seen.chars().map(|c| u8::try_from(c).unwrap()).collect();
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

#[test]
fn a_terminal_shortens_hashes_in_tables_and_wide_shows_them_in_full() {
    let (shell, _server) = with_rules();
    let (short, full) = ("binary:0f4bd0…a7928  allow", format!("binary:{HASH}  allow"));
    for columns in [80, 140] {
        let table = shown(&shell, "rule list", columns);
        assert!(table.contains(short) && !table.contains(HASH), "{table}");
    }
    assert!(shown(&shell, "rule list -o wide", 80).contains(&full));
    for format in ["json", "jsonl", "csv", "tsv"] {
        let data = shown(&shell, &format!("rule list -o {format}"), 80);
        assert!(data.contains(HASH), "{data}");
    }
    let piped = shell.run("rule list");
    assert!(piped.contains(&full), "{piped}");
}

#[test]
fn a_terminal_leaves_out_columns_without_texts() {
    let (shell, _server) = with_rules();
    let table = shown(&shell, "rule list", 80);
    assert!(table.starts_with("TARGET"), "{table}");
    assert!(!table.contains("EXPIRES") && !table.contains("NOT SENT TO"), "{table}");
    assert!(table.contains("COMMENT") && !table.contains("hint:"), "{table}");
    let wide = shown(&shell, "rule list -o wide", 80);
    assert!(wide.contains("EXPIRES") && wide.contains("NOT SENT TO"), "{wide}");
    assert!(shell.run("rule list").contains("EXPIRES"), "a pipe has all columns");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_a_name_is_listed_by_its_serial_number_or_machine_id() {
    let mut shell = Shell::new();
    let server = Server::start(&shell);
    shell.use_server(&server);
    for (machine, serial) in [("M1", "C02XK0"), ("M2", "")] {
        let report = serde_json::json!({"serial_num": serial, "primary_user": "mira"}).to_string();
        let url = format!("{}preflight/{machine}", server.sync_base());
        let response = reqwest::Client::new().post(url).body(report).send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
    for table in [shown(&shell, "host list", 80), shell.run("host list")] {
        assert!(table.contains("\nC02XK0 ") && table.contains("\nM2 "), "{table}");
    }
    assert!(shell.run("host list -o csv").contains("\nM2,,,"), "data stays as it is");
}

#[test]
fn names_can_be_pasted_into_other_commands_and_yaml_is_the_json() {
    let (shell, _server) = with_events();
    shell.run(&format!("rule add allow binary:{HASH} --comment Pinecone"));
    shell.run("tag create eng");
    shell.run("settings set client-mode=lockdown");
    let shows = [
        ("rule list", "rule show"),
        ("host list", "host show"),
        ("event list", "event show"),
        ("event list --waiting", "event show"),
        ("event stats", "event show"),
        ("program list", "program show"),
        ("history", "history show"),
        ("tag list", "tag create --dry-run"),
        ("settings show", "settings unset --dry-run"),
    ];
    for (list, show) in shows {
        let output = shell.command(&words(&format!("{list} -o name"))).output().unwrap();
        let names = String::from_utf8(output.stdout).unwrap();
        assert!(!names.is_empty(), "{list}");
        for name in names.lines() {
            let used = shell.run(&format!("{show} {name}"));
            assert!(used.contains("exit code: 0"), "{used}");
        }
        same_data(&shell, list);
    }
    for report in ["event show 1", "host show mira", "program show 1", "version"] {
        same_data(&shell, report);
    }
    assert!(shell.run("event show 1 -o name").ends_with("-----\n1\n"));
    assert!(shell.run("host show mira -o name").ends_with("-----\nmira\n"));
    let added = shell.run("rule add block teamid:EQHXZ8M8AV -o name");
    assert!(added.contains("-----\nteamid:EQHXZ8M8AV\n"), "{added}");
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Checks that the YAML of a command contains the same data as its JSON.
fn same_data(shell: &Shell, line: &str) {
    let output = shell.command(&words(&format!("{line} -o yaml"))).output().unwrap();
    let yaml = String::from_utf8(output.stdout).unwrap();
    let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(read, shell.json(line), "{line}\n{yaml}");
}

const LISTS: [&str; 10] = [
    "config list",
    "event list",
    "event stats",
    "history",
    "host list",
    "program list",
    "rule list",
    "settings show",
    "tag list",
    "token list",
];

#[test]
fn a_list_can_be_sorted_and_shows_chosen_columns() {
    let (shell, _server) = with_rules();
    shell.run("rule add block teamid:AAAAAAAAAA --comment first");
    let list = |options: &str| {
        let output = shell.command(&words(&format!("rule list {options} -o csv"))).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let hash = format!("binary:{HASH}");
    assert_eq!(
        list("--columns comment,target --sort target:desc"),
        format!("comment,target\n,teamid:EQHXZ8M8AV\nfirst,teamid:AAAAAAAAAA\nPinecone,{hash}\n")
    );
    assert!(list("--columns target --sort revision").starts_with(&format!("target\n{hash}\n")));
    let table = shown(&shell, "rule list --columns expires,ticket,policy --sort policy", 80);
    assert_eq!(
        table,
        "EXPIRES  TICKET  POLICY\n                 allow\n                 block\n                 block\n"
    );
    let json = shell.json("rule list --sort target:desc");
    assert_eq!(json[0]["target"], "teamid:EQHXZ8M8AV");
}

#[test]
fn every_list_is_sorted_without_losing_rows() {
    let (shell, _server) = with_entries();
    for line in LISTS {
        let unknown = shell.run(&format!("{line} --sort nothing"));
        assert!(
            unknown.contains("exit code: 2") && unknown.contains("[possible values: "),
            "{unknown}"
        );
        let csv = |options: &str| -> Vec<String> {
            let output = shell.command(&words(&format!("{line} -o csv{options}"))).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{line}{options}: {output:?}");
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
        };
        let first = csv("")[0].split(',').next().unwrap().to_owned();
        let column = |options: &str| {
            let mut lines = csv(&format!(" --columns {first}{options}"));
            assert_eq!(lines.remove(0), first, "{line}{options}");
            lines
        };
        let unsorted = column("");
        let ascending = column(&format!(" --sort {first}"));
        let mut descending = column(&format!(" --sort {first}:desc"));
        descending.reverse();
        let multiset = |rows: &[String]| {
            let mut rows = rows.to_vec();
            rows.sort();
            rows
        };
        let mut distinct = multiset(&unsorted);
        assert!(!distinct.is_empty(), "{line}");
        assert_eq!(multiset(&ascending), distinct, "{line}");
        assert_eq!(multiset(&descending), distinct, "{line}");
        distinct.dedup();
        if distinct.len() == unsorted.len() {
            assert_eq!(descending, ascending, "{line}");
        }
    }
}

#[test]
fn a_column_that_does_not_exist_is_refused_with_the_names_of_the_others() {
    let (shell, _server) = with_rules();
    let mut transcript = shell.run("tag list --columns name,nmae");
    for line in [
        "tag list --sort name:up",
        "event list --sort best_target",
        "tag list --columns name -o json",
    ] {
        transcript += "\n";
        transcript += &shell.run(line);
    }
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist tag list --columns name,nmae
    exit code: 2
    ----- stderr -----
    error: invalid value 'nmae' for '--columns <NAME,…>'
      [possible values: name, priority, members_by, description, serials, users, groups, hostnames]

      tip: a similar value exists: 'name'

    For more information, try '--help'.

    $ nicelist tag list --sort name:up
    exit code: 2
    ----- stderr -----
    error: invalid order 'up' for '--sort': expected asc or desc

    $ nicelist event list --sort best_target
    exit code: 2
    ----- stderr -----
    error: this list has no column best_target; its columns are id, received, occurred, host, machine, user, name, decision, path, accessed, kind, rule, sha256, cdhash, team_id, signing_id, signing_status

    $ nicelist tag list --columns name -o json
    exit code: 2
    ----- stderr -----
    error: --columns does not apply to -o json
    hint: columns can be chosen for table, wide, csv and tsv; --jq selects fields of JSON
    "#);
}

/// What a terminal of 80 columns and 12 lines shows with this pager.
fn paged(shell: &mut Shell, pager: &str, line: &str) -> End {
    shell.set("NICELIST_PAGER", pager);
    let end = Terminal::sized(shell, &format!("{line} --color never"), (80, 12)).end();
    shell.set("NICELIST_PAGER", "");
    end
}

#[test]
fn a_list_that_is_longer_than_the_screen_is_shown_in_a_pager() {
    let (mut shell, _server) = with_rules();
    let pager = "sed s/^/paged:/";
    let short = paged(&mut shell, pager, "rule list");
    assert!(short.seen.starts_with("TARGET") && short.code == 0, "{}", short.seen);
    for number in 0..20 {
        shell.run(&format!("rule add block teamid:AAAAAAAA{number:02}"));
    }
    let long = paged(&mut shell, pager, "rule list");
    assert!(long.seen.starts_with("paged:TARGET") && long.code == 0, "{}", long.seen);
    assert!(long.seen.contains("paged:teamid:AAAAAAAA19"), "{}", long.seen);

    let history = paged(&mut shell, pager, "history -n 15");
    let last = history.seen.lines().last().unwrap();
    assert!(last.starts_with("paged:8 "), "{}", history.seen);
    for direct in ["rule list --no-pager", "rule list -o json", "rule export"] {
        let seen = paged(&mut shell, pager, direct).seen;
        assert!(!seen.contains("paged:"), "{seen}");
    }
    shell.set("NICELIST_PAGER", pager);
    assert!(!shell.run("rule list").contains("paged:"), "a pipe needs no pager");
}

#[test]
fn leaving_the_pager_is_not_an_error_but_a_missing_pager_is() {
    let (mut shell, _server) = with_rules();
    for number in 0..20 {
        shell.run(&format!("rule add block teamid:AAAAAAAA{number:02}"));
    }
    let left = paged(&mut shell, "head -n 1", "rule list");
    assert_eq!((left.code, left.seen.lines().count()), (0, 1), "{}", left.seen);
    let missing = paged(&mut shell, "no-such-pager", "rule list");
    assert_eq!(missing.code, 1);
    assert!(
        missing.seen.contains("error: cannot run the pager `no-such-pager`"),
        "{}",
        missing.seen
    );
    shell.set("PAGER", "sed s/^/second:/");
    let second = paged(&mut shell, "", "rule list");
    assert!(second.seen.starts_with("second:TARGET"), "{}", second.seen);
}

#[test]
fn a_terminal_shows_20_errors_and_a_file_gets_all_of_them() {
    let shell = Shell::new();
    let rows: String = (0..500).map(|row| format!("teamid:{row:010},alow\n")).collect();
    shell.write("rules.csv", &format!("target,policy\n{rows}"));
    for command in ["rule import rules.csv", "plan -f rules.csv", "rule convert rules.csv out.csv"]
    {
        let line = format!("{command} --database sqlite:a.db");
        let end = Terminal::sized(&shell, &line, (80, 24)).end();
        assert_eq!((end.code, end.seen.matches("rules.csv:").count()), (5, 20), "{}", end.seen);
        assert!(end.seen.contains("and 480 more"), "{}", end.seen);
        let file = std::fs::File::create(shell.path("errors.txt")).unwrap();
        let status = shell.command(&words(&line)).stderr(file).status().unwrap();
        let errors = std::fs::read_to_string(shell.path("errors.txt")).unwrap();
        assert_eq!((status.code(), errors.matches("rules.csv:").count()), (Some(5), 500));
        assert!(!errors.contains("and 480 more"), "{errors}");
    }
}

#[test]
fn jq_filters_the_json_of_lists_and_reports() {
    let (shell, _server) = with_events();
    let hash = shell.json("event show 1")["program"]["sha256"].as_str().unwrap().to_owned();
    let stdout = |line: &str| {
        let output = shell.command(&words(line)).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    assert_eq!(stdout("host list --jq .[].machine"), ("mira\n".to_owned(), 0));
    assert_eq!(stdout("event show 1 --jq .program.sha256"), (format!("{hash}\n"), 0));
    assert_eq!(stdout("rule list --jq length"), ("0\n".to_owned(), 0));
    assert_eq!(
        stdout("host list -o jsonl --jq [.machine,.serial]").0,
        "[\"mira\",\"LAB000000001\"]\n"
    );
    let mut transcript = shell.run("host list --jq .[].machine|]");
    for line in [
        "host list --jq .[].nothere|nothere",
        "host list --jq .[].machine.name",
        "host list -o csv --jq .",
    ] {
        transcript += "\n";
        transcript += &shell.run(line);
    }
    insta::assert_snapshot!(transcript, @r#"
    $ nicelist host list --jq .[].machine|]
    exit code: 2
    ----- stderr -----
    error: invalid --jq filter at line 1, column 13: expected token
    hint: for the syntax of jq, see https://jqlang.org/manual/

    $ nicelist host list --jq .[].nothere|nothere
    exit code: 2
    ----- stderr -----
    error: invalid --jq filter at line 1, column 13: filter nothere not found
    hint: for the syntax of jq, see https://jqlang.org/manual/

    $ nicelist host list --jq .[].machine.name
    exit code: 2
    ----- stderr -----
    error: the --jq filter failed: cannot index "mira" with "name"

    $ nicelist host list -o csv --jq .
    exit code: 2
    ----- stderr -----
    error: --jq requires JSON output, but the output format is csv
    hint: leave out -o, or use json or jsonl
    "#);
}

#[test]
fn a_watched_list_of_hosts_is_drawn_again_until_q_or_ctrl_c() {
    let (shell, server) = with_mira();
    let mut terminal = Terminal::sized(&shell, "host list --watch", (80, 24));
    terminal.shows("press q to quit");
    terminal.shows("mira.local");
    shell.run("tag create canary");
    shell.run("host tag mira canary");
    terminal.shows("canary");
    let mut interrupted = Terminal::sized(&shell, "host list --watch", (80, 24));
    interrupted.shows("mira.local");
    interrupted.press(CTRL_C);
    let end = interrupted.end();
    assert_eq!(end.code, 130);
    assert!(end.leaves_the_cursor_visible());
    let mut terminated = Terminal::sized(&shell, "host list --watch", (80, 24));
    terminated.shows("mira.local");
    terminated.session.process_mut().signal(Signal::SIGTERM).unwrap();
    let end = terminated.end();
    assert_eq!(end.code, 130);
    assert!(end.leaves_the_cursor_visible() && end.seen.ends_with("\u{1b}[?1049l"));

    server.kill();
    terminal.shows("Trying again after an error: ");
    terminal.shows("mira.local");
    terminal.press("q");
    let end = terminal.end();
    assert_eq!(end.code, 0);
    assert!(
        end.leaves_the_cursor_visible() && end.seen.ends_with("\u{1b}[?1049l"),
        "{:?}",
        end.seen
    );
    let piped = shell.run("host list --watch");
    assert!(
        piped.contains("exit code: 2") && piped.contains("--watch needs a terminal"),
        "{piped}"
    );
}

#[test]
fn reports_do_not_break_hashes() {
    let (shell, _server) = with_events();
    let event = &shell.json("event show 1")["program"];
    let hash = |name: &str| event[name].as_str().unwrap().to_owned();
    for columns in [40, 60, 80] {
        let report = shown(&shell, "event show 1", columns);
        for hash in [hash("sha256"), hash("cdhash")] {
            let of_hash = |line: &str| line.contains(&hash[..8]);
            let lines: Vec<&str> = report.lines().filter(|line| of_hash(line)).collect();
            assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(&hash)), "{report}");
        }
    }
}

/// A server with entries in every list. Some entries are long.
fn with_entries() -> (Shell, Server) {
    let (shell, server) = with_events();
    let base = server.sync_base();
    let uuid = "6F1C2B7A-93D4-4E58-A0B6-2D7E51C84F19";
    shell.json(&format!(
        "lab sync {base} --machine-id {uuid} --hostname a-very-long-name-of-a-mac-of-the-design-team.local --no-backoff"
    ));
    shell.run(&format!("rule add allow binary:{HASH} --comment Pinecone_for_the_design_team"));
    shell.run(&format!(
        "rule add block signingid:9XD4HT3RVC:example.harbor.containers --scope host:{uuid}"
    ));
    shell
        .command(&[
            "tag",
            "create",
            "eng",
            "--description",
            "Engineers and everyone who builds programs",
        ])
        .output()
        .unwrap();
    shell
        .command(&[
            "settings",
            "set",
            "event-detail-url=https://it.example/why?file=%file_sha%&machine=%machine_id%",
            "-m",
            "a page of the help desk that explains what happened",
        ])
        .output()
        .unwrap();
    shell.run(&format!("host tag {uuid} eng"));
    (shell, server)
}

#[test]
fn no_list_is_wider_than_the_terminal_or_breaks_a_word() {
    let (shell, _server) = with_entries();
    for line in LISTS.into_iter().chain(["event list --waiting", "settings show --host mira"]) {
        let wide = shown(&shell, line, 400);
        let words: Vec<&str> = wide.split_whitespace().collect();
        for columns in [40, 80, 140] {
            let table = shown(&shell, line, columns);
            let mut is_message = false;
            for row in table.lines() {
                // A message continues on indented lines.
                is_message = row.starts_with("hint: ")
                    || row.starts_with("warning: ")
                    || (is_message && row.starts_with("  "));
                if is_message {
                    continue;
                }
                assert!(row.chars().count() <= columns.into(), "{line} at {columns}\n{table}");
                for word in row.split_whitespace() {
                    // Ages may change between two commands.
                    let is_age = word.starts_with(|c: char| c.is_ascii_digit())
                        || matches!(word, "just" | "now" | "ago");
                    let is_whole = word.contains('…') || is_age || words.contains(&word);
                    assert!(is_whole, "{word:?} in {line} at {columns}\n{table}");
                }
            }
        }
    }
}
