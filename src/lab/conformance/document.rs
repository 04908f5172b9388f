//! Generates docs/CONFORMANCE.md, the published list of cases.

use super::case::{Case, Demand, Stage};
use super::cases::all;
use super::hook::{Hook, Variable};

const HEAD: &str = "\
# Conformance

`nicelist lab conformance` tests whether a server follows Santa's sync protocol. It works with any server:

    nicelist lab conformance https://santa.example.com/santa/SECRET/

The cases use only the public protocol. Each case simulates its own hosts. This page is generated from
the cases; `nicelist lab conformance --list` prints the same list.

If a server fails a case that it **must** pass, a client fails, has wrong rules or settings, or loses
events. If it fails a case that it **should** pass, no client has wrong data, but something does not
work as well as it could. If a **must** case fails, the exit code is 1. Other failures are warnings.

Some requirements are not tested, because they need more than one server, or because a client cannot
see whether they are met. For example, no case tests that the server stores events, that a probe
enrolls no host, or that the database survives a power failure.

Bodies are sent in the first encoding that the server accepts: deflate, gzip or none. `--encoding`
sets another encoding. Only the cases about encodings use several. A failure shows the beginning of
the response's body, in which many servers report the reason.

The machine IDs of simulated hosts begin with `conformance-` and six hex digits that identify the run, or
with the prefix in `--prefix`. The server stores these hosts. To test a server with real hosts, start
a second instance of it.
";

pub fn document() -> String {
    let mut text = HEAD.to_owned();
    hooks(&mut text);
    let cases: Vec<&Case> = all().collect();
    let musts = cases.iter().filter(|case| case.demand == Demand::Must).count();
    let shoulds = cases.len() - musts;
    line(&mut text, "\n## The cases\n");
    line(
        &mut text,
        &format!(
            "{} cases: {musts} that a server must pass, {shoulds} that it should.",
            cases.len()
        ),
    );
    let mut stage = None;
    for case in cases {
        if stage != Some(case.stage()) {
            stage = Some(case.stage());
            head(&mut text, case.stage());
        }
        let Case { id, demand, asks, why, needs, run: _ } = case;
        let needs: Vec<&str> = needs.iter().map(|hook| hook.name()).collect();
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!(" *Hooks: {}.*", needs.join(", "))
        };
        line(&mut text, &format!("| `{id}` | {demand} | {asks} | {why}{needs} |"));
    }
    text
}

fn head(text: &mut String, stage: Stage) {
    line(text, &format!("\n### {}\n\n{}\n", stage.word(), stage.about()));
    line(text, "| case | demand | requirement | reason |\n|---|---|---|---|");
}

fn hooks(text: &mut String) {
    line(text, "\n## Hooks\n");
    line(
        text,
        "A hook is a command that changes something on the server that a client cannot change. You\n\
         pass it as an option, for example `--hook add-rule='./add-rule.sh'`. nicelist runs each hook\n\
         with `sh -c`. Environment variables describe the action. A hook must exit with code 0 when it is\n\
         done. If you do not pass a hook, its cases are not applicable. If the server does not support the\n\
         action, the hook must exit with code 77. Its cases are then not applicable, either. If a hook\n\
         fails in another way, or takes longer than a minute, its case fails.\n",
    );
    line(text, "| hook | what its command does | variables |\n|---|---|---|");
    for hook in Hook::ALL {
        let variables: Vec<String> =
            hook.variables().iter().map(|variable| format!("`{}`", variable.name())).collect();
        let about = hook.about();
        line(text, &format!("| `{hook}` | {about} | {} |", variables.join(", ")));
    }
    line(text, "\n| variable | value |\n|---|---|");
    for variable in Variable::ALL {
        line(text, &format!("| `{}` | {} |", variable.name(), variable.about()));
    }
    line(text, &format!("\n{NICELIST}"));
}

const NICELIST: &str = "\
`examples/conformance.sh` has all hooks for a nicelist server. Set `NICELIST_SERVER` and
`NICELIST_TOKEN` for it:

    nicelist lab conformance http://127.0.0.1:8080/santa/ \\
      --hook add-rule='sh examples/conformance.sh add-rule' \\
      --hook remove-rule='sh examples/conformance.sh remove-rule' \\
      --hook tag-host='sh examples/conformance.sh tag-host' \\
      --hook untag-host='sh examples/conformance.sh untag-host' \\
      --hook order-clean-sync='sh examples/conformance.sh order-clean-sync' \\
      --hook set-mode='sh examples/conformance.sh set-mode' \\
      --hook enable-bundles='sh examples/conformance.sh enable-bundles'";

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
