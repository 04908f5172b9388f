//! Imports into a server with prepared responses.

use std::fs;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};

use super::*;
use crate::api::{Detail, RuleChange};
use crate::cli::ui::tests::captured_ui;
use crate::client::InProcess;
use crate::config::Output;
use crate::format::Duplicates;

/// Refuses rules in the scope `tag:unknown`, and records the requested changes.
fn server() -> (Client, Arc<Mutex<Vec<RuleChange>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let remembered = Arc::clone(&asked);
    let answer = move |request: Request<Bytes>| {
        let change: RuleChange = serde_json::from_slice(request.body()).unwrap();
        let unknown = change.put.iter().enumerate().filter(|(_, rule)| rule.scope == "tag:unknown");
        let refused = |(index, _)| Detail {
            index: Some(index),
            field: None,
            message: "tag `unknown` not found".to_owned(),
        };
        let details: Vec<Detail> = unknown.map(refused).collect();
        let response = if details.is_empty() {
            let outcomes = vec![Outcome::Added; change.put.len()];
            let answer = ChangeAnswer {
                revision: Revision(7),
                changed: true,
                outcomes,
                pruned: Vec::new(),
                differences: Vec::new(),
                warnings: Vec::new(),
            };
            Response::new(serde_json::to_vec(&answer).unwrap().into())
        } else {
            let problem = Problem::new(Code::Invalid, "no").hint("make it first").details(details);
            Response::builder()
                .status(422)
                .header("content-type", "application/problem+json")
                .body(serde_json::to_vec(&problem).unwrap().into())
                .unwrap()
        };
        remembered.lock().unwrap().push(change);
        Box::pin(async move { response }) as crate::client::BoxFuture<'static, Response<Bytes>>
    };
    (Client::in_process(InProcess { address: "test".to_owned(), answer }), asked)
}

fn args(file: &Path) -> ImportArgs {
    ImportArgs {
        files: vec![file.to_owned()],
        read: ReadArgs::default(),
        partial: false,
        all_errors: false,
        rejects: None,
        defaults: DefaultArgs {
            scope: None,
            source: None,
            policy: None,
            duplicates: Duplicates::Error,
        },
        replace: false,
        prune: false,
        allow_empty: false,
        reason: None,
        force: false,
        dry_run: false,
        arrival: ArrivalArgs::default(),
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> (Self, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.csv");
        fs::write(&file, text).unwrap();
        (Self(folder), file)
    }

    fn rejects(&self) -> PathBuf {
        self.0.path().join("rejects.csv")
    }
}

const MIXED: &str = "target,policy,scope,owner\n\
    teamid:AAAAAAAAAA,allow,,\n\
    teamid:SHORT,allow,,\n\
    teamid:BBBBBBBBBB,block,tag:unknown,\n\
    teamid:CCCCCCCCCC,4,,\n";

#[tokio::test]
async fn a_good_file_is_one_change_and_one_line() {
    let (_folder, file) = Folder::with(
        "target,policy,scope\nteamid:AAAAAAAAAA,allow,\nteamid:BBBBBBBBBB,block,tag:eng\n",
    );
    let (client, asked) = server();
    let (ui, out, err) = captured_ui(Output::Table, false);
    let args = ImportArgs {
        defaults: DefaultArgs {
            scope: Some("tag:canary".parse().unwrap()),
            ..args(&file).defaults
        },
        reason: Some("baseline".parse().unwrap()),
        ..args(&file)
    };
    import(&ui, &client, args).await.unwrap();
    assert_eq!(
        (out.text(), err.text().as_str()),
        (String::new(), "added 2, changed 0, unchanged 0 (revision 7)\n")
    );
    let asked = asked.lock().unwrap();
    let scopes: Vec<&str> = asked[0].put.iter().map(|rule| rule.scope.as_str()).collect();
    assert_eq!((asked.len(), &asked[0].message), (1, &"baseline".parse().ok()));
    assert_eq!(scopes, ["tag:canary", "tag:eng"]);
}

#[tokio::test]
async fn every_bad_row_is_reported_with_its_location_and_nothing_is_sent() {
    let (_folder, file) = Folder::with(MIXED);
    let (client, asked) = server();
    let (ui, out, err) = captured_ui(Output::Table, false);
    let error = import(&ui, &client, args(&file)).await.unwrap_err();
    let name = file.display();
    assert_eq!(
        err.text(),
        format!(
            "{name}:3: target: invalid teamid identifier `SHORT`: expected 10 letters and digits\n\
             {name}:5: policy: `4` is a number, and its meaning differs between tools; use the name of the policy\n\
             warning: {name}: column owner is not used\n"
        )
    );
    assert_eq!(error.message, "2 of 4 rows are invalid; nothing was changed");
    assert_eq!((error.kind.exit_code(), out.text().as_str()), (5, ""));
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn rules_that_the_server_refuses_are_reported_by_line() {
    let (_folder, file) = Folder::with(
        "target,policy,scope\n\nteamid:AAAAAAAAAA,allow,\nteamid:BBBBBBBBBB,block,tag:unknown\n",
    );
    let (client, _) = server();
    let (ui, _, err) = captured_ui(Output::Table, false);
    let error = import(&ui, &client, args(&file)).await.unwrap_err();
    assert_eq!(err.text(), format!("{}:4: tag `unknown` not found\n", file.display()));
    assert_eq!(error.message, "1 of 2 rows are invalid; nothing was changed");
    assert_eq!(error.hints.last().map(String::as_str), Some("make it first"));
}

#[tokio::test]
async fn a_partial_import_takes_the_good_rows_and_writes_down_the_others() {
    let (folder, file) = Folder::with(MIXED);
    let (client, asked) = server();
    let (ui, out, _) = captured_ui(Output::Jsonl, false);
    let rejects = Some(folder.rejects());
    let partial = ImportArgs { partial: true, rejects, ..args(&file) };
    let error = import(&ui, &client, partial).await.unwrap_err();
    assert_eq!(
        out.text(),
        "{\"added\":1,\"changed\":0,\"unchanged\":0,\"removed\":0,\"rejected\":3,\"revision\":7,\"dry_run\":false,\
         \"changes\":[{\"outcome\":\"added\",\"target\":\"teamid:AAAAAAAAAA\",\"scope\":\"fleet\",\
         \"fields\":[{\"field\":\"policy\",\"after\":\"allow\"}]}]}\n"
    );
    assert!(error.message.starts_with("3 rows were rejected; see "), "{}", error.message);
    assert_eq!(error.kind.exit_code(), 5);
    assert_eq!(asked.lock().unwrap().last().unwrap().put.len(), 1);
    let written = fs::read_to_string(folder.rejects()).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines[0], "nicelist_line,nicelist_reason,target,policy,scope,owner");
    assert!(lines[1].starts_with("3,target: "), "{written}");
    assert_eq!(lines[2], "4,tag `unknown` not found,teamid:BBBBBBBBBB,block,tag:unknown,");
}

#[tokio::test]
async fn without_bad_rows_no_file_of_rejects_is_made() {
    let (folder, file) = Folder::with("target,policy\nteamid:AAAAAAAAAA,allow\n");
    let (client, _) = server();
    let (ui, ..) = captured_ui(Output::Table, false);
    let rejects = Some(folder.rejects());
    import(&ui, &client, ImportArgs { partial: true, rejects, ..args(&file) }).await.unwrap();
    assert!(!folder.rejects().exists());
}

#[tokio::test]
async fn rejects_never_overwrite_the_file_that_is_imported() {
    let (_folder, file) = Folder::with(MIXED);
    let (client, _) = server();
    let (ui, ..) = captured_ui(Output::Table, false);
    let rejects = Some(file.clone());
    let error = import(&ui, &client, ImportArgs { partial: true, rejects, ..args(&file) })
        .await
        .unwrap_err();
    assert_eq!(error.kind.exit_code(), 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), MIXED);
}

#[tokio::test]
async fn a_dry_run_writes_no_rejects_and_an_existing_file_is_refused() {
    let (folder, file) = Folder::with(MIXED);
    let (client, _) = server();
    let (ui, ..) = captured_ui(Output::Table, false);
    let rejects = Some(folder.rejects());
    let dry_run = ImportArgs { partial: true, rejects, dry_run: true, ..args(&file) };
    let error = import(&ui, &client, dry_run).await.unwrap_err();
    assert!(error.message.ends_with("rejects.csv would be written"), "{}", error.message);
    assert!(!folder.rejects().exists());
    fs::write(folder.rejects(), "mine").unwrap();
    let rejects = Some(folder.rejects());
    let error = import(&ui, &client, ImportArgs { partial: true, rejects, ..args(&file) })
        .await
        .unwrap_err();
    assert_eq!(error.kind.exit_code(), 2);
    assert!(error.message.contains("rejects.csv"), "{}", error.message);
    assert_eq!(fs::read_to_string(folder.rejects()).unwrap(), "mine");
}

#[test]
fn rejected_rows_do_not_hide_how_a_wait_ended() {
    let complaint = || CliError::input("1 row was rejected");
    let late = CliError::new(Kind::TimedOut, "not reached").hint("to continue waiting: …");
    let error = with_wait(complaint(), Err(late));
    assert_eq!((error.kind, &*error.message), (Kind::Input, "1 row was rejected"));
    assert_eq!(error.causes, ["not reached"]);
    assert_eq!(error.hints, ["to continue waiting: …"]);
    let stopped = with_wait(complaint(), Err(CliError::new(Kind::Interrupted, "interrupted")));
    assert_eq!(stopped.kind, Kind::Interrupted);
    assert_eq!(with_wait(complaint(), Ok(())).kind, Kind::Input);
}
