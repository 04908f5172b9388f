//! Processes in events.

use std::sync::LazyLock;

use jiff::Timestamp;

use super::projection::{Projection, Raw, Values};
use super::value::time;
use crate::detect::telemetry::{FieldPath, Kind, root};
use crate::detect::wire::{WireError, text};

/// A process of a host. Its version distinguishes processes with the same number, and changes when
/// the process executes another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::detect) struct ProcessId {
    pub(in crate::detect) pid: i32,
    pub(in crate::detect) version: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::detect) struct Process {
    pub(in crate::detect) parent: Option<ProcessId>,
    pub(in crate::detect) path: Box<str>,
    pub(in crate::detect) user: Option<Box<str>>,
    pub(in crate::detect) uid: Option<i32>,
    pub(in crate::detect) group: Option<Box<str>>,
    pub(in crate::detect) gid: Option<i32>,
    pub(in crate::detect) session_id: Option<i32>,
    pub(in crate::detect) start_time: Option<Timestamp>,
    pub(in crate::detect) args: Box<[Box<str>]>,
}

/// How an event changes the processes of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::detect) enum ProcessChange {
    Execution(ProcessId, Box<Process>),
    /// The child has the program of its parent.
    Fork(ProcessId, Box<Process>),
    Exit(ProcessId),
}

impl ProcessChange {
    /// The process and its parent, if the change contains both.
    pub(in crate::detect) fn ids(&self) -> Option<(Option<ProcessId>, Option<ProcessId>)> {
        match self {
            Self::Execution(id, process) | Self::Fork(id, process) => {
                Some((Some(*id), process.parent))
            }
            Self::Exit(_) => None,
        }
    }
}

/// Maximum bytes of a process's arguments that are kept.
const MOST_ARGS: usize = 512;
/// Maximum bytes of a process's path and of each name. A path on macOS has at most 1024 bytes, but a
/// hostile file may have thousands of processes with paths of megabytes.
const MOST_PATH: usize = 4096;
const MOST_NAME: usize = 256;

/// The fields of a process. For most kinds of events, it is the instigator.
#[derive(Clone, Copy)]
enum ProcessField {
    Pid,
    Version,
    ParentPid,
    ParentVersion,
    Path,
    User,
    Uid,
    Group,
    Gid,
    SessionId,
    StartTime,
}

const FIELDS: [(ProcessField, &str); 11] = [
    (ProcessField::Pid, "id.pid"),
    (ProcessField::Version, "id.pidversion"),
    (ProcessField::ParentPid, "parent_id.pid"),
    (ProcessField::ParentVersion, "parent_id.pidversion"),
    (ProcessField::Path, "executable.path"),
    (ProcessField::User, "effective_user.name"),
    (ProcessField::Uid, "effective_user.uid"),
    (ProcessField::Group, "effective_group.name"),
    (ProcessField::Gid, "effective_group.gid"),
    (ProcessField::SessionId, "session_id"),
    (ProcessField::StartTime, "start_time"),
];

/// Only executions have arguments.
const ARGS: &str = "execution.args";

/// How the process of an event is read.
struct ProcessReader {
    projection: Projection,
    slots: [Option<usize>; FIELDS.len()],
    args: Option<usize>,
}

impl ProcessReader {
    fn new(kind: Kind) -> Self {
        let owner = match kind.name() {
            "execution" => "execution.target".to_owned(),
            "fork" => "fork.child".to_owned(),
            name => format!("{name}.instigator"),
        };
        let mut paths = Vec::new();
        let mut add = |path: &str| {
            paths.push(FieldPath::find(root(), path).ok()?);
            Some(paths.len() - 1)
        };
        let mut slots = [None; FIELDS.len()];
        for (field, path) in FIELDS {
            slots[field as usize] = add(&format!("{owner}.{path}"));
        }
        let args = add(ARGS).filter(|_| kind.name() == "execution");
        Self { projection: Projection::new(&paths), slots, args }
    }

    fn of(kind: Kind) -> &'static Self {
        static READERS: LazyLock<Vec<ProcessReader>> =
            LazyLock::new(|| Kind::all().map(ProcessReader::new).collect());
        &READERS[kind.index()]
    }
}

/// Reads the process of an event.
struct ProcessEvent<'e> {
    reader: &'static ProcessReader,
    values: &'e Values,
    event: &'e [u8],
    with_args: bool,
}

impl ProcessEvent<'_> {
    fn raw(&self, field: ProcessField) -> Raw {
        let slot = self.reader.slots.get(field as usize).copied().flatten();
        slot.map_or(Raw::Absent, |slot| self.values.get(slot))
    }

    fn number(&self, field: ProcessField) -> Option<i32> {
        match self.raw(field) {
            Raw::Number(number) => Some(number as i32),
            Raw::Absent | Raw::Bytes(..) | Raw::Present => None,
        }
    }

    /// The text of a field, cut after `most` bytes.
    fn text(&self, field: ProcessField, most: usize) -> Option<Box<str>> {
        let bytes = self.raw(field).bytes(self.event)?;
        Some(text(&bytes[..bytes.len().min(most)]).into())
    }

    fn id(&self, pid: ProcessField, version: ProcessField) -> Option<ProcessId> {
        let version = self.number(version).unwrap_or_default();
        Some(ProcessId { pid: self.number(pid)?, version })
    }

    fn args(&self) -> Box<[Box<str>]> {
        let Some(slot) = self.reader.args.filter(|_| self.with_args) else { return Box::default() };
        let mut left = MOST_ARGS;
        let mut kept = Vec::new();
        for raw in self.values.items(slot) {
            let bytes = raw.bytes(self.event).unwrap_or_default();
            if bytes.len() > left {
                kept.push("…".into());
                break;
            }
            left -= bytes.len();
            kept.push(text(bytes).into());
        }
        kept.into()
    }

    fn process(&self) -> Process {
        use ProcessField::{
            Gid, Group, ParentPid, ParentVersion, Path, SessionId, StartTime, Uid, User,
        };
        Process {
            parent: self.id(ParentPid, ParentVersion),
            path: self.text(Path, MOST_PATH).unwrap_or_default(),
            user: self.text(User, MOST_NAME),
            uid: self.number(Uid),
            group: self.text(Group, MOST_NAME),
            gid: self.number(Gid),
            session_id: self.number(SessionId),
            start_time: self.raw(StartTime).bytes(self.event).and_then(time),
            args: self.args(),
        }
    }
}

/// How an event changes the processes of its host. None if it does not. Arguments are needed only
/// for process trees in signals.
///
/// # Errors
/// If a part of the event that is read is not valid.
pub(in crate::detect) fn process_change(
    kind: Kind,
    event: &[u8],
    with_args: bool,
    values: &mut Values,
) -> Result<Option<ProcessChange>, WireError> {
    if !matches!(kind.name(), "execution" | "fork" | "exit") {
        return Ok(None);
    }
    let reader = ProcessReader::of(kind);
    reader.projection.read(event, values)?;
    let found = ProcessEvent { reader, values, event, with_args };
    let Some(id) = found.id(ProcessField::Pid, ProcessField::Version) else { return Ok(None) };
    Ok(Some(match kind.name() {
        "execution" => ProcessChange::Execution(id, Box::new(found.process())),
        "fork" => ProcessChange::Fork(id, Box::new(found.process())),
        _ => ProcessChange::Exit(id),
    }))
}

/// The process of an event, and its parent.
///
/// # Errors
/// If a part of the event that is read is not valid.
pub(in crate::detect) fn process_ids(
    kind: Kind,
    event: &[u8],
    values: &mut Values,
) -> Result<(Option<ProcessId>, Option<ProcessId>), WireError> {
    let reader = ProcessReader::of(kind);
    reader.projection.read(event, values)?;
    let found = ProcessEvent { reader, values, event, with_args: false };
    let id = found.id(ProcessField::Pid, ProcessField::Version);
    Ok((id, found.id(ProcessField::ParentPid, ProcessField::ParentVersion)))
}
