//! The configuration file of the command line and its repair, and the permissions of local
//! databases.

use crate::shell::{Server, Shell};

const FILE: &str = ".config/nicelist/config.toml";

fn configured(text: &str) -> Shell {
    let shell = Shell::new();
    std::fs::create_dir_all(shell.path(".config/nicelist")).unwrap();
    shell.write(FILE, text);
    shell
}

#[test]
fn m4_a_context_that_does_not_exist_is_refused_with_those_that_do() {
    let text = "[contexts.dev]\ndatabase = 'sqlite:dev.db'\n[contexts.prod]\n";
    let shell = configured(text);
    let refused = shell.run("config set context prd");
    assert_eq!(
        refused,
        "$ nicelist config set context prd\n\
         exit code: 2\n\
         ----- stderr -----\n\
         error: [HOME]/.config/nicelist/config.toml: context `prd` not found, did you mean \
         `prod`?\n\
         hint: choose one of dev, prod: nicelist context use NAME\n"
    );
    assert_eq!(std::fs::read_to_string(shell.path(FILE)).unwrap(), text);
    assert!(shell.run("config set context prod").contains("exit code: 0"));
}

#[test]
fn contexts_are_listed_and_chosen_without_a_change_of_comments() {
    let text = "# mine\ncontext = 'dev' # for now\n\n# for tests\n[contexts.dev]\n\
                database = 'sqlite:dev.db'\n[contexts.prod]\nserver = 'https://n.example'\n";
    let mut shell = configured(text);
    insta::assert_snapshot!(shell.run("context list"), @"
    $ nicelist context list
    exit code: 0
    ----- stdout -----
    CURRENT  NAME  SERVER OR DATABASE  AT
    *  dev  sqlite:dev.db  [HOME]/.config/nicelist/config.toml:6
             prod  https://n.example/  [HOME]/.config/nicelist/config.toml:8
    ");
    insta::assert_snapshot!(shell.run("context use prod"), @"
    $ nicelist context use prod
    exit code: 0
    ----- stderr -----
    using the context prod: https://n.example/
    ");
    let after = std::fs::read_to_string(shell.path(FILE)).unwrap();
    assert_eq!(after, text.replace("'dev' #", "\"prod\" #"));
    assert_eq!(shell.json("context list")[1]["current"], true);
    let refused = shell.run("context use prd");
    assert!(
        refused.contains("exit code: 2") && refused.contains("did you mean `prod`?"),
        "{refused}"
    );
    assert_eq!(std::fs::read_to_string(shell.path(FILE)).unwrap(), after);
    shell.set("NICELIST_SERVER", "https://other.example");
    let overridden = shell.run("context use dev");
    let warning = "warning: NICELIST_SERVER is set and overrides the context";
    assert!(overridden.contains(warning), "{overridden}");
}

#[test]
fn m4_local_commands_work_with_a_missing_context() {
    let shell = configured("context = 'prd'\n[contexts.prod]\ndatabase = 'sqlite:prod.db'\n");
    assert!(shell.run("rule list").contains("context `prd` not found"));
    assert!(shell.run("config get server").contains("context `prd` not found"));
    for line in [
        "config list",
        "config path",
        "context list",
        "completions bash",
        "--help",
        "rule convert --help",
        "lab sync --help",
        "config set context prod",
    ] {
        assert!(shell.run(line).contains("exit code: 0"), "{line}");
    }
    assert!(shell.run("tag create eng").contains("exit code: 0"));
}

#[test]
fn m4_an_invalid_file_is_repaired_with_the_commands_for_it() {
    let shell = configured("output = 'xml'\n");
    assert!(shell.run("rule list").contains("config.toml:1: invalid value `xml`: expected one of"));
    assert!(shell.run("config list").contains("warning: [HOME]/.config/nicelist/config.toml:1:"));
    assert!(shell.run("config unset output").contains("exit code: 0"));
    assert!(shell.run("tag create eng").contains("exit code: 0"));
}

/// On the command line, a token would stay in the shell's history.
#[test]
fn b7_a_token_is_read_from_standard_input_and_not_from_the_command_line() {
    let shell = configured("");
    let refused = shell.run("config set token hunter2");
    assert_eq!(
        refused,
        "$ nicelist config set token hunter2\n\
         exit code: 2\n\
         ----- stderr -----\n\
         error: a token on the command line stays in the shell's history\n\
         hint: enter it at a prompt: nicelist config set token\n\
         hint: or read it from a file: nicelist config set token - < FILE\n"
    );
    assert_eq!(std::fs::read_to_string(shell.path(FILE)).unwrap(), "");
    assert!(shell.run_with("config set token -", "hunter2\n").contains("exit code: 0"));
    assert!(std::fs::read_to_string(shell.path(FILE)).unwrap().contains("token = \"hunter2\""));
    let long = shell.run_with("config set token -", &"x".repeat(5000));
    assert!(long.contains("error: the token is too long; the maximum is 4096 bytes"), "{long}");
    let empty = shell.run_with("config set token -", "\n");
    assert!(empty.contains("error: standard input contains no token"), "{empty}");
    assert!(shell.run("config set output").contains("error: no value for output"));
}

/// A copy made with `sqlite3 .backup` has the permissions of any new file, so other users may be
/// able to open it.
#[test]
fn b7_a_database_that_other_users_can_open_is_reported_with_the_fix() {
    use std::os::unix::fs::PermissionsExt;

    let shell = Shell::new();
    let made = shell.run("tag create eng --database sqlite:a.db");
    assert!(made.contains("exit code: 0") && !made.contains("warning"), "{made}");
    let set_mode = |file: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(shell.path(file), permissions).unwrap();
    };
    set_mode("a.db", 0o644);
    let warning = "warning: other users can open the database sqlite:a.db; to prevent this: chmod \
        600 a.db";
    let listed = shell.run("tag list --database sqlite:a.db");
    assert!(listed.contains(&format!("{warning}\n")), "{listed}");
    let scripted = shell.run("tag list --database sqlite:a.db -o json");
    assert!(!scripted.contains("warning"), "{scripted}");
    let server = Server::over(&shell, "sqlite:a.db", &[]);
    server.logs(&format!("{warning} a.db-wal a.db-shm\n"));
    drop(server);
    ["a.db", "a.db-wal", "a.db-shm"].iter().for_each(|file| set_mode(file, 0o600));
    assert!(!shell.run("tag create ops --database sqlite:a.db").contains("warning"));
}

#[test]
fn b7_the_folder_of_a_local_database_is_private() {
    use std::os::unix::fs::PermissionsExt;

    let shell = Shell::new();
    let made = shell.run("tag create eng --database sqlite:data/deep/nicelist.db");
    assert!(made.contains("exit code: 0"), "{made}");
    let mode = |path: &str| shell.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/deep")), (0o700, 0o700));
    assert_eq!(mode("data/deep/nicelist.db"), 0o600);
}
