//! The published list as docs/CONFORMANCE.md.

use super::case::{Case, Demand, Stage};
use super::cases::all;
use super::hook::{Hook, Variable};

const HEAD: &str = "\
# Conformance

What Santa's sync protocol asks of a server, as cases that any server can be judged by:

    nicelist lab conformance https://santa.example.com/santa/SECRET/

The cases speak only the public protocol, each with hosts of its own. This page is generated from
them; `nicelist lab conformance --list` prints the same.

A case that a server **must** pass is one where a client otherwise fails, ends with the wrong rules
or settings, or loses evidence. A case that it **should** pass is one where no client goes wrong, but
something is harder than it has to be. Only what a server must do and does not ends the run with
exit code 1; the rest are warnings.

The cases ask for nothing that needs more than one server or that a client can't see: that a host
is not enrolled by a probe, that events are kept, that a database survives a power cut.

Bodies are sent in the first encoding that the server accepts: deflate, gzip or none. `--encoding`
chooses one. Only the cases about encodings use others. A failure shows the beginning of the
response's body, in which many servers report the reason.

Hosts of a run have machine ids that begin with `conformance-` and six digits of that run, or with
what `--prefix` says. The server remembers them, so a server with real hosts is judged better by a
second instance of it.
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
    line(text, "| case | demand | what is asked | why |\n|---|---|---|---|");
}

fn hooks(text: &mut String) {
    line(text, "\n## Hooks\n");
    line(
        text,
        "What no client can bring about is done by commands that the user names, as in\n\
         `--hook add-rule='./add-rule.sh'`. Each is run by `sh -c` with environment variables that\n\
         say what to do, and has done it when it ends with status 0. Cases whose hooks are not\n\
         named are not applicable. A hook ends with status 77 if the server does not support what it\n\
         should do; its cases are not applicable, either. A hook that fails in another way, or\n\
         takes longer than a minute, fails its case.\n",
    );
    line(text, "| hook | what its command does | variables |\n|---|---|---|");
    for hook in Hook::ALL {
        let variables: Vec<String> =
            hook.variables().iter().map(|variable| format!("`{}`", variable.name())).collect();
        let about = hook.about();
        line(text, &format!("| `{hook}` | {about} | {} |", variables.join(", ")));
    }
    line(text, "\n| variable | what it says |\n|---|---|");
    for variable in Variable::ALL {
        line(text, &format!("| `{}` | {} |", variable.name(), variable.about()));
    }
    line(text, &format!("\n{NICELIST}"));
}

const NICELIST: &str = "\
`examples/conformance.sh` does all of them for a nicelist server. `NICELIST_SERVER` and
`NICELIST_TOKEN` say which one:

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
