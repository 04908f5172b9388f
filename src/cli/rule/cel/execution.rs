//! The execution that an expression is evaluated for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use crate::cel::{Map, Value};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::policy_files::Bounded;
use crate::cli::rule::evidence;
use crate::fleet::EventId;
use crate::rule::Execution;

/// Maximum bytes of a file with an execution.
const LARGEST: u64 = 16 << 20;

/// An execution, and what it is called in the output.
pub(super) struct NamedExecution {
    pub(super) name: String,
    pub(super) execution: Execution,
}

/// The executions that `event` refers to: one for an event, one or more for a file.
pub(super) async fn read(context: &Context, event: &str) -> Result<Vec<NamedExecution>, CliError> {
    match event.parse() {
        Ok(id) if !Path::new(event).exists() => uploaded(context, EventId(id)).await,
        _ => file(event),
    }
}

async fn uploaded(context: &Context, id: EventId) -> Result<Vec<NamedExecution>, CliError> {
    let client = context.client().await?;
    let detail = client.event(id).await?;
    let event = detail.event;
    let mut execution = Execution::of(&event.program, &event.path);
    for (reported, name) in [
        ("signing_time", "target.signing_time"),
        ("secure_signing_time", "target.secure_signing_time"),
    ] {
        let seconds = detail.other_fields.get(reported).and_then(serde_json::Value::as_i64);
        let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        if let Some(time) = time {
            execution.set(name, Value::Timestamp(time));
        }
    }
    Ok(vec![NamedExecution { name: format!("event {id} ({})", event.path), execution }])
}

fn file(path: &str) -> Result<Vec<NamedExecution>, CliError> {
    let input = Bounded::new(evidence::open(path)?, LARGEST);
    let bytes = input.read_all().map_err(|error| evidence::unreadable(path, &error))?;
    if is_execution(&bytes) {
        let written: Written = serde_json::from_slice(&bytes).map_err(|error| {
            CliError::input(format!("{path} is not a valid execution: {error}"))
                .hint("show the keys: nicelist rule cel --help")
        })?;
        return Ok(vec![written.named()]);
    }
    let programs = evidence::programs_in(path, bytes.as_slice())?;
    let programs = programs.into_iter().map(|file| NamedExecution {
        execution: Execution::of(&file.program, &file.path),
        name: file.path,
    });
    Ok(programs.collect())
}

/// Whether a file contains an object with a key that `santactl fileinfo` does not write.
fn is_execution(bytes: &[u8]) -> bool {
    let keys = ["target", "args", "envs", "euid", "cwd", "path"];
    let object = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes);
    object.is_ok_and(|object| keys.iter().any(|key| object.contains_key(*key)))
}

/// An execution as a JSON object. Values that are missing are unknown.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    target: WrittenTarget,
    args: Option<Vec<String>>,
    envs: Option<BTreeMap<String, String>>,
    euid: Option<i32>,
    cwd: Option<String>,
    path: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WrittenTarget {
    signing_time: Option<Timestamp>,
    secure_signing_time: Option<Timestamp>,
    signing_id: Option<String>,
    team_id: Option<String>,
    is_platform_binary: Option<bool>,
}

impl Written {
    fn named(self) -> NamedExecution {
        let name = self.path.clone().unwrap_or_else(|| "the execution".to_owned());
        let environment = |envs: BTreeMap<String, String>| {
            let envs = envs.into_iter().map(|(name, value)| (name, Value::text(value)));
            Value::Map(Arc::new(Map::of_texts(envs)))
        };
        let target = self.target;
        let facts = [
            ("args", self.args.map(Value::texts)),
            ("envs", self.envs.map(environment)),
            ("euid", self.euid.map(|euid| Value::Int(euid.into()))),
            ("cwd", self.cwd.map(Value::text)),
            ("path", self.path.map(Value::text)),
            ("target.signing_time", target.signing_time.map(Value::Timestamp)),
            ("target.secure_signing_time", target.secure_signing_time.map(Value::Timestamp)),
            ("target.signing_id", target.signing_id.map(Value::text)),
            ("target.team_id", target.team_id.map(Value::text)),
            ("target.is_platform_binary", target.is_platform_binary.map(Value::Bool)),
        ];
        let mut execution = Execution::default();
        for (name, value) in facts {
            if let Some(value) = value {
                execution.set(name, value);
            }
        }
        NamedExecution { name, execution }
    }
}
