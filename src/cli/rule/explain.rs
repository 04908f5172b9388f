//! `nicelist rule explain`.

use std::path::Path;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::evidence;
use crate::api::{
    EvaluationRequest, EvaluationView, EventQuery, ExplainQuery, Explanation, NextSync, RuleMatch,
    RulePart, StepView, Verdict,
};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::ui::{Cell, Column, Group, Item, Report, Row, Section, Tone, relative, rough};
use crate::client::Client;
use crate::fleet::{EventId, EventKind};
use crate::rule::{Finding, Program, Ruling, Target};

/// Events that are looked at for what they tell of a hash.
const EVENTS_LOOKED_AT: usize = 100;

/// Say what a host makes of a program or a target: which rule decides, which others lost and
/// why, and what the host cannot take
///
/// Of a target, it tells which rule the host gets. Of a program (an output of santactl fileinfo
/// --json, an event's number, or the SHA-256 of a file that some event is about) it tells what
/// becomes of it, in the order in which Santa asks its rules, path patterns and mode. Rules of
/// the Mac's own profile and what its compilers wrote are not known to a server; where they
/// could matter it says so.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  nicelist rule explain teamid:EQHXZ8M8AV --host annas-mac
  nicelist rule explain 1204 --host annas-mac
  nicelist rule explain 7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258 --host C02XK0
  santactl fileinfo --json /Applications/Zoom.app | nicelist rule explain - --host annas-mac
  nicelist rule explain zoom.json --host C02XK0 -o json")]
pub(crate) struct ExplainArgs {
    /// A target as in teamid:EQHXZ8M8AV, a file from santactl fileinfo --json (- for stdin), a
    /// SHA-256, or an event's number
    #[arg(value_name = "TARGET|FILEINFO|SHA256|EVENT")]
    subject: String,
    /// On which host: machine id, serial number, host name, or a unique prefix of one
    #[arg(long, value_name = "HOST")]
    host: String,
}

pub(super) async fn run(context: &Context, args: ExplainArgs) -> Result<(), CliError> {
    let ExplainArgs { subject, host } = args;
    match Subject::read(&subject)? {
        Subject::Target(target) => {
            let client = context.client().await?;
            context.ui.report(&client.explain(&host, &ExplainQuery { target }).await?)
        }
        Subject::Programs(programs) => {
            let client = context.client().await?;
            show(context, &client, &host, &programs).await
        }
        Subject::Event(id) => {
            let client = context.client().await?;
            let event = client.event(id).await?.event;
            let request = EvaluationRequest {
                program: event.program,
                path: event.path,
                no_code: false,
                no_page_zero: false,
            };
            show(context, &client, &host, &[request]).await
        }
        Subject::Hash(sha256) => {
            let client = context.client().await?;
            let request = known(&client, &host, &sha256).await?;
            if request.program.is_hash_alone() {
                context.ui.warn(format!("no event tells of {sha256}: only its hash is known"));
            }
            show(context, &client, &host, &[request]).await
        }
    }
}

/// What is to be explained.
enum Subject {
    Target(Target),
    Programs(Vec<EvaluationRequest>),
    Event(EventId),
    Hash(String),
}

impl Subject {
    /// Reads what was given; opens the file that it names.
    fn read(text: &str) -> Result<Self, CliError> {
        let not_a_target = match text.parse() {
            Ok(target) => return Ok(Self::Target(target)),
            Err(error) => error,
        };
        let hash = text.strip_prefix("sha256:").unwrap_or(text);
        if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Self::Hash(hash.to_ascii_lowercase()));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Event(EventId(id)));
        }
        // `team:ABC` with a slip in it is a target, unless there is such a file.
        if text.contains(':') && !Path::new(text).exists() {
            return Err(CliError::usage(not_a_target.to_string()));
        }
        let programs = evidence::programs(text)?.into_iter().map(|file| EvaluationRequest {
            program: file.program,
            path: file.path,
            no_code: file.no_code,
            no_page_zero: file.no_page_zero,
        });
        Ok(Self::Programs(programs.collect()))
    }
}

/// What events tell of a file: those of the host itself first, and executions before others.
async fn known(client: &Client, host: &str, sha256: &str) -> Result<EvaluationRequest, CliError> {
    for host in [Some(host.to_owned()), None] {
        let query = EventQuery {
            host,
            text: Some(sha256.to_owned()),
            limit: Some(EVENTS_LOOKED_AT),
            ..EventQuery::default()
        };
        let events = client.events(&query).next().await?.unwrap_or_default();
        let about = events.into_iter().filter(|event| event.program.sha256 == sha256);
        if let Some(event) = about.min_by_key(|event| event.kind != EventKind::Execution) {
            let (program, path) = (event.program, event.path);
            return Ok(EvaluationRequest { program, path, no_code: false, no_page_zero: false });
        }
    }
    let program = Program { sha256: sha256.to_owned(), ..Program::default() };
    Ok(EvaluationRequest { program, path: String::new(), no_code: false, no_page_zero: false })
}

/// Asks about programs, and shows the answers.
async fn show(
    context: &Context,
    client: &Client,
    host: &str,
    requests: &[EvaluationRequest],
) -> Result<(), CliError> {
    let mut views = Vec::with_capacity(requests.len());
    for request in requests {
        views.push(client.evaluate(host, request).await?);
    }
    let rows: Vec<Matched<'_>> = views.iter().flat_map(matched).collect();
    let now = context.ui.now();
    context
        .ui
        .outline(&views, &rows, || views.iter().flat_map(|view| sections(view, now)).collect())
}

/// A rule that speaks of a program, as a line.
#[derive(serde::Serialize)]
struct Matched<'a> {
    path: &'a str,
    sha256: &'a str,
    machine: &'a str,
    ruling: Ruling,
    decided_by: &'a str,
    #[serde(flatten)]
    rule: Option<&'a RuleMatch>,
}

/// The rules of an answer; a line without one where there is none.
fn matched(view: &EvaluationView) -> Vec<Matched<'_>> {
    let line = |rule| Matched {
        path: &view.path,
        sha256: &view.program.sha256,
        machine: view.machine.as_str(),
        ruling: view.ruling,
        decided_by: &view.decided_by,
        rule,
    };
    match view.rules.as_slice() {
        [] => vec![line(None)],
        rules => rules.iter().map(|rule| line(Some(rule))).collect(),
    }
}

impl Row for Matched<'_> {
    const FROM_HOSTS: bool = true;
    const COLUMNS: &'static [Column] = &[
        Column::new("path"),
        Column::new("sha256"),
        Column::new("machine"),
        Column::new("ruling"),
        Column::new("decided_by"),
        Column::new("part"),
        Column::new("policy"),
        Column::new("target"),
        Column::new("scope"),
        Column::new("why"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let draft = self.rule.map(|matched| &matched.rule.rule);
        vec![
            Cell::text(self.path),
            Cell::text(self.sha256),
            Cell::text(self.machine),
            Cell::text(self.ruling.word()),
            Cell::text(self.decided_by),
            Cell::optional(self.rule.map(|matched| part(matched.part).0)),
            Cell::optional(draft.map(|rule| &rule.policy)),
            Cell::optional(draft.map(|rule| &rule.target)),
            Cell::optional(draft.map(|rule| &rule.scope)),
            Cell::optional(self.rule.map(|matched| &matched.why)),
        ]
    }
}

/// An answer for eyes: the decision in one line, the rules, and the steps besides rules.
fn sections(view: &EvaluationView, now: Timestamp) -> Vec<Section> {
    let decision = Section { title: decision(view), items: facts(view, now), rest: None };
    let mut sections = vec![decision];
    if !view.rules.is_empty() {
        let items = view.rules.iter().map(rule_item).collect();
        sections.push(Section { title: "Rules that speak of it".to_owned(), items, rest: None });
    }
    let is_told = |step: &&StepView| {
        let is_rule = step.stage.parse::<crate::rule::RuleType>().is_ok();
        let is_shown = view.rules.iter().any(|rule| is_about(rule, &step.stage));
        !is_rule || (step.finding != Finding::NoMatch && !is_shown)
    };
    let items: Vec<Item> = view.steps.iter().filter(is_told).map(step_item).collect();
    sections.push(Section {
        title: "Besides rules, in Santa's order".to_owned(),
        items,
        rest: None,
    });
    sections
}

fn is_about(matched: &RuleMatch, stage: &str) -> bool {
    matched.rule.rule.target.split(':').next() == Some(stage)
}

/// The decision and its reason, in one line.
fn decision(view: &EvaluationView) -> String {
    let host = if view.hostname.is_empty() { view.machine.as_str() } else { &view.hostname };
    let name = match view.path.rsplit('/').next() {
        Some(name) if !name.is_empty() => name,
        _ => &view.program.sha256,
    };
    let rule = |wanted| view.rules.iter().find(|rule| rule.part == wanted);
    let told = match (rule(RulePart::Decides), rule(RulePart::Asks)) {
        (_, Some(asked)) => {
            let draft = &asked.rule.rule;
            format!("the expression of {} in {} is asked each time", draft.target, draft.scope)
        }
        (Some(decides), None) => {
            let draft = &decides.rule.rule;
            format!("{} {} in {}", draft.policy, draft.target, draft.scope)
        }
        (None, None) => {
            match view.steps.iter().find(|step| step.finding == Finding::Undetermined) {
                Some(doubt) if view.ruling == Ruling::Unknown => {
                    format!("{}: {}", doubt.stage, doubt.why)
                }
                Some(_) | None => format!("{}: {}", view.decided_by, view.why),
            }
        }
    };
    match (view.ruling, &view.next_sync) {
        (Ruling::Allow, None) => format!("{name} runs on {host}, by {told}"),
        (Ruling::Block, None) => format!("{name} is blocked on {host}, by {told}"),
        (Ruling::Allow, Some(_)) => format!("{name} will run on {host} once it syncs, by {told}"),
        (Ruling::Block, Some(_)) => {
            format!("{name} will be blocked on {host} once it syncs, by {told}")
        }
        (Ruling::Unknown, _) => format!("whether {name} runs on {host} cannot be told: {told}"),
    }
}

/// What a host needs to sync for, when it was last seen and how often it syncs.
fn outlook(next: &NextSync, now: Timestamp) -> String {
    let due = match next.due {
        0 => "no rules due".to_owned(),
        1 => "1 rule due".to_owned(),
        several => format!("{several} rules due"),
    };
    let seen = next
        .last_seen
        .map_or("never seen".to_owned(), |seen| format!("last seen {}", relative(seen, now)));
    let every = rough(SignedDuration::from_secs(i64::from(next.interval)));
    format!("{due}; {seen}, syncs every {every}")
}

fn facts(view: &EvaluationView, now: Timestamp) -> Vec<Item> {
    let next = view.next_sync.as_ref();
    let until_then = match view.ruling_now {
        _ if next.is_some_and(|next| next.restored) => NOT_KNOWN,
        Ruling::Allow => "it runs",
        Ruling::Block => "it is blocked",
        Ruling::Unknown => "it cannot be told",
    };
    let program = &view.program;
    let signed = program.signing_status.word().to_owned();
    let leaf = program.certificate.as_ref().map(|leaf| leaf.common_name.clone());
    let facts = [
        ("until then", next.map(|_| until_then.to_owned()).unwrap_or_default()),
        ("sync", next.map(|next| outlook(next, now)).unwrap_or_default()),
        ("file", view.path.clone()),
        ("signed", [Some(signed), leaf].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ("signing id", program.signing_id.clone()),
        ("mode", view.mode.to_string()),
        ("santa", view.santa_version.clone()),
    ];
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let item = |(name, value): (&str, String)| Item {
        mark: (" ", Tone::Plain),
        name: name.to_owned(),
        values: vec![vec![Cell::text(value)]],
    };
    known.map(item).collect()
}

/// How a rule's part is called, and how it looks.
const fn part(part: RulePart) -> (&'static str, (&'static str, Tone)) {
    match part {
        RulePart::Decides => ("decides", (">", Tone::Strong)),
        RulePart::Asks => ("asks", ("?", Tone::Notice)),
        RulePart::Outranked => ("outranked", ("-", Tone::Faint)),
        RulePart::WeakerScope => ("weaker-scope", ("-", Tone::Faint)),
        RulePart::Withheld => ("withheld", ("!", Tone::Bad)),
        RulePart::Removes => ("removes", ("-", Tone::Faint)),
        RulePart::NotAsked => ("not-asked", ("-", Tone::Faint)),
    }
}

fn rule_item(matched: &RuleMatch) -> Item {
    let draft = &matched.rule.rule;
    let policy = match draft.policy.as_str() {
        allow if allow.starts_with("allow") => Cell::toned(allow, Tone::Good),
        "cel" => Cell::toned(draft.cel.as_deref().unwrap_or("cel"), Tone::Notice),
        "remove" => Cell::text("remove"),
        block => Cell::toned(block, Tone::Bad),
    };
    let (word, mark) = part(matched.part);
    // What a rule does is said in front of it already.
    let why = if matched.part == RulePart::Decides { "" } else { matched.why.as_str() };
    let why = [word, why].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    Item {
        mark,
        name: draft.target.clone(),
        values: vec![
            vec![policy],
            vec![Cell::text(&draft.scope)],
            vec![Cell::toned(why.join(": "), Tone::Faint)],
        ],
    }
}

fn step_item(step: &StepView) -> Item {
    let (mark, tone) = match step.finding {
        Finding::Decides => (">", Tone::Strong),
        Finding::Asks | Finding::Undetermined | Finding::Unseen => ("?", Tone::Notice),
        Finding::Outranked | Finding::NoMatch => ("-", Tone::Faint),
    };
    let ruling = step.ruling.map(|ruling| match ruling {
        Ruling::Allow => Cell::toned(ruling.word(), Tone::Good),
        Ruling::Block => Cell::toned(ruling.word(), Tone::Bad),
        Ruling::Unknown => Cell::toned(ruling.word(), Tone::Notice),
    });
    let scope = step.scope.as_ref().map(|scope| Cell::toned(format!("({scope})"), Tone::Faint));
    let values = [ruling, Some(Cell::text(&step.why)), scope];
    Item {
        mark: (mark, tone),
        name: step.stage.clone(),
        values: values.into_iter().flatten().map(|cell| vec![cell]).collect(),
    }
}

impl Report for Explanation {
    fn groups(&self) -> Vec<Group> {
        let name = if self.hostname.is_empty() { self.machine.as_str() } else { &self.hostname };
        let title = format!("{} on {name}", self.target);
        let mut groups = vec![Group::titled(
            title,
            [
                ("outcome", outcome(self)),
                ("until_sync", until_sync(self)),
                ("last_seen", Cell::Time(self.next_sync.as_ref().and_then(|next| next.last_seen))),
                ("santa_version", Cell::text(&self.santa_version)),
            ],
        )];
        groups.extend(self.rules.iter().enumerate().map(|(place, rule)| {
            let part = if place == 0 { "decides" } else { "outranked" };
            Group::titled(
                format!("{} in {}", rule.rule.policy, rule.rule.scope),
                [
                    ("part", Cell::text(part)),
                    ("comment", Cell::optional(rule.rule.comment.as_ref())),
                    ("ticket", Cell::optional(rule.rule.ticket.as_ref())),
                    ("expires", Cell::Time(rule.rule.expires)),
                    ("author", Cell::text(&rule.author)),
                    ("since", Cell::Time(Some(rule.since))),
                    ("revision", Cell::text(rule.revision)),
                ],
            )
        }));
        groups
    }
}

/// What is said of the rules of a host that waits for a clean sync after a restore.
const NOT_KNOWN: &str = "not known: the database was restored";

/// What the host has until its next sync, if that is something else.
fn until_sync(explanation: &Explanation) -> Cell {
    match (&explanation.next_sync, explanation.held) {
        (None, _) => Cell::text(""),
        (Some(NextSync { restored: true, .. }), _) => Cell::toned(NOT_KNOWN, Tone::Notice),
        (Some(_), Some(policy)) => Cell::toned(policy, Tone::Notice),
        (Some(_), None) => Cell::toned("no rule", Tone::Notice),
    }
}

fn outcome(explanation: &Explanation) -> Cell {
    let policy = explanation.rules.first().map_or("", |rule| rule.rule.policy.as_str());
    match explanation.verdict {
        Verdict::Sent => match explanation.policy {
            Some(sent) if sent.word() != policy => {
                Cell::toned(format!("{sent}: its Santa does not know {policy}"), Tone::Notice)
            }
            Some(_) | None => Cell::toned(policy, Tone::Good),
        },
        Verdict::Withheld => {
            let needs = explanation.needs.as_deref().unwrap_or("another version");
            Cell::toned(format!("no rule: {policy} needs Santa {needs}"), Tone::Bad)
        }
        Verdict::Removed => Cell::toned("no rule: removed", Tone::Notice),
        Verdict::NoRule => Cell::toned("no rule: no scope of the host speaks of it", Tone::Notice),
    }
}
