//! Runs the commands in the README's console blocks in order, and checks the output.

use crate::shell::Shell;

struct Shown {
    line: String,
    code: i32,
    output: String,
}

fn shown(page: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.strip_prefix("$ nicelist ") {
            _ if line.starts_with("```") => inside = line == "```console",
            Some(line) if inside => {
                commands.push(Shown { line: line.to_owned(), code: 0, output: String::new() });
            }
            None if inside && !line.is_empty() => {
                let command = commands.last_mut().expect("output follows a command");
                match line.strip_prefix("? ") {
                    Some(code) => command.code = code.parse().unwrap(),
                    None => command.output += &format!("{line}\n"),
                }
            }
            _ => {}
        }
    }
    commands
}

#[test]
fn the_commands_in_the_readme_work() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let shell = Shell::new();
    std::fs::create_dir(shell.path("examples")).unwrap();
    std::fs::copy(root.join("examples/rules.csv"), shell.path("examples/rules.csv")).unwrap();
    let commands = shown(include_str!("../../README.md"));
    assert!(commands.len() > 5, "the page shows commands");
    for Shown { line, code, output } in commands {
        let home = shell.path("").display().to_string();
        let home = home.trim_end_matches('/');
        let here = line.replace("/Users/anna", home);
        let words: Vec<&str> = here.split(' ').collect();
        let ran = shell.command(&words).output().unwrap();
        let transcript = String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap();
        let transcript = transcript.replace(home, "/Users/anna");
        assert_eq!(
            (transcript.as_str(), ran.status.code()),
            (output.as_str(), Some(code)),
            "{line}"
        );
    }
}
