//! Signals: what detections found, with the context that people need to decide about it.

use std::sync::LazyLock;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::evaluate::{FieldText, Header, Rule, TextFields, Values};
use super::rule_files::{Severity, Trigger};
use super::state::{Ancestor, hash};
use super::telemetry::{Kind, decode};
use super::wire::{WireError, text};

/// A match of a detection. In JSON, it has the fields of Santamon's signals, and more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Signal {
    /// The same for the same rule, host and event.
    pub signal_id: String,
    /// The time of the event.
    pub ts: Timestamp,
    pub host_id: String,
    pub rule_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_description: Option<String>,
    pub status: &'static str,
    #[serde(serialize_with = "word")]
    pub severity: Severity,
    pub title: String,
    pub tags: Vec<String>,
    pub context: Map<String, Json>,
}

fn word<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.word())
}

/// An event that matched.
pub(super) struct SignalEvent<'e> {
    pub(super) host: &'e str,
    pub(super) kind: Kind,
    pub(super) message: &'e [u8],
    pub(super) header: &'e Header,
    /// The hash of the event's ID.
    pub(super) key: u128,
    /// The path of the parent process.
    pub(super) parent: Option<&'e str>,
}

/// What a trigger adds to the context.
pub(super) enum TriggerContext {
    Event,
    Window { count: usize, group: Vec<String> },
    First { pattern: Vec<String> },
}

/// The facts that every signal has, by name, with the fields that contain them. The first field that
/// the kind has is used; `{}` stands for the kind.
const CORE: [(&str, &[&str]); 8] = [
    (
        "actor_path",
        &["{}.instigator.executable.path", "xprotect.detected.instigator.executable.path"],
    ),
    ("actor_team", &["{}.instigator.code_signature.team_id"]),
    ("actor_signing_id", &["{}.instigator.code_signature.signing_id"]),
    (
        "target_path",
        &[
            "{}.target.executable.path",
            "{}.target.path",
            "{}.item_path",
            "{}.target",
            "{}.detected.detected_path",
            "{}.mount",
        ],
    ),
    ("target_team", &["{}.target.code_signature.team_id", "{}.code_signature.team_id"]),
    (TARGET_HASH, &["{}.target.executable.hash.hash", "{}.target.hash.hash"]),
    ("decision", &["{}.decision", "{}.policy_decision"]),
    ("user", &["{}.target.effective_user.name", "{}.instigator.effective_user.name"]),
];

const TARGET_HASH: &str = "target_sha256";

/// The core fields of a kind, with their names.
struct CoreFields {
    names: Vec<&'static str>,
    fields: TextFields,
}

impl CoreFields {
    fn of(kind: Kind) -> &'static Self {
        static ALL: LazyLock<Vec<CoreFields>> =
            LazyLock::new(|| Kind::all().map(CoreFields::new).collect());
        &ALL[kind.index()]
    }

    fn new(kind: Kind) -> Self {
        let (mut names, mut paths) = (Vec::new(), Vec::new());
        let prefix = format!("{}.", kind.name());
        for (name, templates) in CORE {
            let candidates = templates.iter().map(|it| it.replace("{}", kind.name()));
            let found =
                candidates.filter(|path| path.starts_with(&prefix)).find(|path| is_value(path));
            if let Some(path) = found {
                names.push(name);
                paths.push(path);
            }
        }
        let fields = TextFields::new(paths.iter().map(String::as_str)).unwrap_or_default();
        Self { names, fields }
    }
}

/// Whether a path is a field with a value of its own.
fn is_value(path: &str) -> bool {
    use super::telemetry::{FieldPath, FieldType, root};
    let found = FieldPath::find(root(), path).ok();
    let last = found.and_then(|path| path.last());
    last.is_some_and(|field| !matches!(field.field_type, FieldType::Message(_)))
}

/// The context that every signal has.
pub(super) struct Core(Map<String, Json>);

impl Core {
    pub(super) fn read(event: &SignalEvent<'_>, values: &mut Values) -> Result<Self, WireError> {
        let CoreFields { names, fields } = CoreFields::of(event.kind);
        let texts = fields.read(event.kind, event.message, event.parent, values)?;
        let mut context = Map::new();
        context.insert("kind".to_owned(), event.kind.name().into());
        for (name, text) in names.iter().zip(texts) {
            if let Some(text) = text.joined().filter(|text| !text.is_empty()) {
                context.insert((*name).to_owned(), text.into());
            }
        }
        if let Some(parent) = event.parent {
            context.insert("parent_path".to_owned(), parent.into());
        }
        if let Some(id) = &event.header.event_id {
            context.insert("event_id".to_owned(), Json::from(&**id));
        }
        if let Some(boot) = &event.header.boot_session {
            context.insert("boot_session_uuid".to_owned(), Json::from(&**boot));
        }
        Ok(Self(context))
    }

    pub(super) fn target_hash(&self) -> Option<&str> {
        self.0.get(TARGET_HASH).and_then(Json::as_str)
    }

    /// Adds whether the target is new, and the process tree.
    pub(super) fn with(mut self, first_seen: Option<bool>, tree: Option<Json>) -> Self {
        if let Some(first_seen) = first_seen {
            self.0.insert("first_seen".to_owned(), first_seen.into());
        }
        if let Some(tree) = tree {
            self.0.insert("process_tree".to_owned(), tree);
        }
        self
    }
}

impl Signal {
    pub(super) fn new(
        rule: &Rule,
        event: &SignalEvent<'_>,
        core: Core,
        trigger: TriggerContext,
        values: &mut Values,
    ) -> Result<Self, WireError> {
        let detection = &rule.detection;
        let Core(mut context) = core;
        let extra = rule.extra_context.read(event.kind, event.message, event.parent, values)?;
        let mut tags: Vec<String> = detection.tags.iter().map(ToString::to_string).collect();
        match &detection.trigger {
            Trigger::Event(single) => {
                for (path, text) in single.extra_context.iter().zip(extra) {
                    match text {
                        FieldText::Missing => {}
                        FieldText::One(text) => {
                            context.insert(path.as_str().to_owned(), text.into());
                        }
                        FieldText::Many(texts) => {
                            context.insert(path.as_str().to_owned(), texts.into());
                        }
                    }
                }
                if single.include_event {
                    context.insert("event".to_owned(), event_json(event.message)?);
                }
            }
            Trigger::Window(_) => tags.push("correlation".to_owned()),
            Trigger::First(_) => tags.push("baseline".to_owned()),
        }
        add_trigger(rule, event, trigger, &mut context)?;
        let id = hash([detection.id.as_str(), event.host, &*format!("{:032x}", event.key)]);
        Ok(Self {
            signal_id: format!("{id:032x}"),
            ts: event.header.time,
            host_id: event.host.to_owned(),
            rule_id: detection.id.to_string(),
            rule_description: detection.description.as_ref().map(ToString::to_string),
            status: "open",
            severity: detection.severity,
            title: detection.title.to_string(),
            tags,
            context,
        })
    }

    /// The group of a correlation, or the pattern of a baseline.
    pub fn group(&self) -> Option<String> {
        match (self.context.get("pattern"), self.context.get("grouped_by")) {
            (Some(Json::String(pattern)), _) => Some(pattern.clone()),
            (_, Some(Json::Object(group))) => {
                let parts = group
                    .iter()
                    .map(|(path, value)| format!("{path}={}", value.as_str().unwrap_or_default()));
                Some(parts.collect::<Vec<_>>().join(" "))
            }
            (_, _) => None,
        }
    }
}

fn add_trigger(
    rule: &Rule,
    event: &SignalEvent<'_>,
    trigger: TriggerContext,
    context: &mut Map<String, Json>,
) -> Result<(), WireError> {
    match (trigger, &rule.detection.trigger) {
        (TriggerContext::Window { count, group }, Trigger::Window(correlation)) => {
            let paths = correlation.group_by.iter().map(|path| path.as_str().to_owned());
            let grouped: Map<String, Json> = paths.zip(group.into_iter().map(Json::from)).collect();
            context.insert("event_count".to_owned(), count.into());
            context.insert("window_type".to_owned(), "correlation".into());
            context.insert("grouped_by".to_owned(), grouped.into());
            if let Some(field) = &correlation.count_distinct {
                context.insert("distinct_values".to_owned(), count.into());
                context.insert("distinct_field".to_owned(), field.as_str().into());
            }
            context.insert("sample_event".to_owned(), event_json(event.message)?);
        }
        (TriggerContext::First { pattern }, Trigger::First(baseline)) => {
            let parts = baseline.track.iter().zip(pattern);
            let parts = parts.map(|(path, value)| format!("{}={value}", path.as_str()));
            let pattern = parts.collect::<Vec<_>>().join("|");
            context.insert("pattern".to_owned(), pattern.into());
            context.insert("in_learning".to_owned(), false.into());
        }
        (
            TriggerContext::Event | TriggerContext::Window { .. } | TriggerContext::First { .. },
            _,
        ) => {}
    }
    Ok(())
}

/// The whole event, with texts in place of the bytes of arguments and variables.
fn event_json(message: &[u8]) -> Result<Json, WireError> {
    let mut event = decode(message)?;
    for list in ["args", "envs"] {
        let items = event.get_mut("execution").and_then(|it| it.get_mut(list));
        for item in items.and_then(Json::as_array_mut).into_iter().flatten() {
            let bytes = item.as_str().and_then(|it| BASE64.decode(it.as_bytes()).ok());
            if let Some(bytes) = bytes {
                *item = text(&bytes).into();
            }
        }
    }
    Ok(event)
}

/// The process of an event and its ancestors, as in Santamon's signals.
pub(super) fn process_tree(ancestors: &[Ancestor<'_>]) -> Json {
    let node = |(depth, ancestor): (usize, &Ancestor<'_>)| {
        let Ancestor { id, process, has_exited } = ancestor;
        let relation = match depth {
            0 => "target",
            1 => "parent",
            _ => "ancestor",
        };
        let mut node = Map::new();
        let mut add = |name: &str, value: Json| {
            if !value.is_null() {
                node.insert(name.to_owned(), value);
            }
        };
        add("depth", depth.into());
        add("relation", relation.into());
        add("pid", id.pid.into());
        add("pidversion", id.version.into());
        add("path", Json::from(&*process.path));
        add("user", json!(process.user));
        add("uid", json!(process.uid));
        add("group", json!(process.group));
        add("gid", json!(process.gid));
        add("session_id", json!(process.session_id));
        add("start_time", json!(process.start_time));
        if !process.args.is_empty() {
            add("args", json!(process.args));
        }
        if *has_exited {
            add("exited", true.into());
        }
        Json::Object(node)
    };
    ancestors.iter().enumerate().map(node).collect()
}
