//! The made-up Mac: its clock, its processes, and what happens next.

use std::collections::VecDeque;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::process::{Process, ProcessId, file, signature};
use super::programs::{PROGRAMS, Role, Signature};
use super::random::Random;

/// 2026-11-30T08:00:00Z.
const START_MS: i64 = 1_796_025_600_000;

/// Maximum processes. From then on, processes exit before others start.
const MOST_PROCESSES: usize = 300;

/// What can happen, with how often it happens in a thousand cases.
const ACTIONS: &[(Action, usize)] = &[
    (Action::Run, 500),
    (Action::Exit, 270),
    (Action::Files, 150),
    (Action::Sessions, 30),
    (Action::System, 50),
];

#[derive(Clone, Copy)]
enum Action {
    /// A process forks and its child executes a program.
    Run,
    Exit,
    Files,
    Sessions,
    System,
}

/// The kind of an event and its fields.
pub(super) type Block = (&'static str, Value);

pub(super) struct Mac {
    pub(super) random: Random,
    machine_id: String,
    boot: String,
    pub(super) now_ms: i64,
    processes: Vec<Process>,
    last_id: ProcessId,
    pending: VecDeque<Block>,
}

impl Mac {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let (machine_id, boot) = (random.uuid(), random.uuid());
        let root = ProcessId { pid: 1, version: 1 };
        let mut mac = Self {
            random,
            machine_id,
            boot,
            now_ms: START_MS,
            processes: Vec::new(),
            last_id: root,
            pending: VecDeque::new(),
        };
        mac.processes.push(Process {
            id: root,
            parent: ProcessId { pid: 0, version: 0 },
            program: 0,
            is_root: true,
            started_ms: START_MS - 86_400_000,
        });
        mac.start_services();
        mac
    }

    /// Starts the daemons and apps, which run before the first event.
    fn start_services(&mut self) {
        for (program, entry) in PROGRAMS.iter().enumerate().skip(1) {
            let is_root = match entry.role {
                Role::Daemon => true,
                Role::App => false,
                Role::Shell | Role::Tool => continue,
            };
            let parent = self.processes[0].id;
            let id = self.next_id();
            let started_ms = START_MS - 3_600_000;
            self.processes.push(Process { id, parent, program, is_root, started_ms });
        }
    }

    fn next_id(&mut self) -> ProcessId {
        let pid = if self.last_id.pid < 99_998 { self.last_id.pid + 1 } else { 100 };
        self.last_id = ProcessId { pid, version: self.last_id.version + 1 };
        self.last_id
    }

    /// The next event in protobuf's JSON.
    pub(super) fn next_event(&mut self) -> Value {
        let (kind, block) = loop {
            match self.pending.pop_front() {
                Some(block) => break block,
                None => self.act(),
            }
        };
        self.now_ms += 1 + self.random.below(40) as i64;
        let mut event = json!({
            "machine_id": self.machine_id,
            "event_time": time(self.now_ms),
            "processed_time": time(self.now_ms + 2),
            "boot_session_uuid": self.boot,
            "event_id": self.random.hex(),
        });
        event[kind] = block;
        event
    }

    fn act(&mut self) {
        let total: usize = ACTIONS.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.random.below(total);
        let chosen = ACTIONS.iter().find(|(_, weight)| {
            let is_chosen = drawn < *weight;
            drawn = drawn.saturating_sub(*weight);
            is_chosen
        });
        let is_full = self.processes.len() >= MOST_PROCESSES;
        match chosen.map_or(Action::Run, |(action, _)| *action) {
            Action::Run if is_full => self.exit(),
            Action::Run => self.run(),
            Action::Exit => self.exit(),
            Action::Files => {
                let block = self.file_event();
                self.pending.push_back(block);
            }
            Action::Sessions => {
                let block = self.session_event();
                self.pending.push_back(block);
            }
            Action::System => {
                let block = self.system_event();
                self.pending.push_back(block);
            }
        }
    }

    /// Any running process.
    pub(super) fn any_process(&mut self) -> Process {
        let at = self.random.below(self.processes.len());
        self.processes[at].clone()
    }

    /// A running process that can start a program, and the program.
    fn choose_program(&mut self) -> (Process, usize) {
        let shells = |process: &&Process| process.program().role == Role::Shell;
        let apps = |process: &&Process| process.program().role == Role::App;
        let has_shell = self.processes.iter().filter(shells).count() > 3;
        let role = match has_shell && self.random.percent(85) {
            true => Role::Tool,
            false => Role::Shell,
        };
        let parents: Vec<Process> = match role {
            Role::Tool => self.processes.iter().filter(shells).cloned().collect(),
            Role::Shell | Role::App | Role::Daemon => {
                self.processes.iter().filter(apps).cloned().collect()
            }
        };
        let parent = self.random.below(parents.len());
        let parent = parents.get(parent).unwrap_or(&self.processes[0]).clone();
        (parent, self.choose(role))
    }

    fn choose(&mut self, role: Role) -> usize {
        let programs = PROGRAMS.iter().enumerate().filter(|(_, program)| program.role == role);
        let programs: Vec<usize> = programs.map(|(at, _)| at).collect();
        self.random.pick(&programs, 0)
    }

    fn run(&mut self) {
        let (parent, program) = self.choose_program();
        let forked = Process {
            id: self.next_id(),
            parent: parent.id,
            started_ms: self.now_ms,
            ..parent.clone()
        };
        self.pending
            .push_back(("fork", json!({ "instigator": parent.light(), "child": forked.light() })));
        let executed = self.execute(&forked, program);
        let is_wrapper = self.random.percent(60);
        let last = match executed {
            // Wrappers such as `env` and `xcrun` execute another program without a fork.
            Some(wrapper) if is_wrapper && wrapper.program().role == Role::Tool => {
                let program = self.choose(Role::Tool);
                self.execute(&wrapper, program)
            }
            other => other,
        };
        self.processes.extend(last);
    }

    /// A process executes a program. `None` if Santa denies it, which ends the process.
    fn execute(&mut self, before: &Process, program: usize) -> Option<Process> {
        let id = ProcessId { pid: before.id.pid, version: self.next_id().version };
        let executed = Process { id, program, ..before.clone() };
        let is_unsigned = executed.program().signature == Signature::Unsigned;
        let is_denied = is_unsigned && self.random.percent(40);
        let execution = self.execution(before, &executed, is_denied);
        self.pending.push_back(("execution", execution));
        (!is_denied).then_some(executed)
    }

    fn execution(&mut self, before: &Process, executed: &Process, is_denied: bool) -> Value {
        let program = executed.program();
        let name = program.path.rsplit('/').next().unwrap_or_default();
        let arguments = self.random.pick(program.uses, &[]);
        let args: Vec<String> =
            [name].iter().chain(arguments).map(|text| BASE64.encode(text.as_bytes())).collect();
        let (reason, explain) = match (program.signature, is_denied) {
            (Signature::Platform, _) => ("REASON_PLATFORM", "platform binary"),
            (Signature::Developer(..), _) => ("REASON_TEAM_ID", "team ID rule"),
            (Signature::Unsigned, false) => ("REASON_SCOPE", "outside of scope"),
            (Signature::Unsigned, true) => ("REASON_BINARY", "binary rule"),
        };
        let mut execution = json!({
            "instigator": before.light(),
            "target": executed.full(),
            "working_directory": file("/Users/anna/project", false),
            "args": args,
            "envs": self.environment(),
            "fds": [
                { "fd": 0, "fd_type": "FD_TYPE_VNODE" },
                { "fd": 1, "fd_type": "FD_TYPE_PIPE", "pipe_id": self.random.number().to_string() },
                { "fd": 2, "fd_type": "FD_TYPE_VNODE" },
            ],
            "fd_list_truncated": false,
            "decision": if is_denied { "DECISION_DENY" } else { "DECISION_ALLOW" },
            "reason": reason,
            "mode": "MODE_MONITOR",
            "explain": explain,
        });
        if let Signature::Developer(_, company) = program.signature {
            execution["certificate_info"] = json!({
                "hash": { "type": "HASH_ALGO_SHA256", "hash": super::process::sha256(company) },
                "common_name": format!("Developer ID Application: {company}"),
            });
        }
        if program.path.contains("/Downloads/") {
            execution["quarantine_url"] = "https://example.com/download/installer".into();
        }
        execution
    }

    fn environment(&mut self) -> Vec<String> {
        let session = self.random.uuid();
        let variables = [
            "HOME=/Users/anna",
            "USER=anna",
            "LOGNAME=anna",
            "SHELL=/bin/zsh",
            "LANG=en_US.UTF-8",
            "PATH=/opt/homebrew/bin:/opt/homebrew/sbin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "MANPATH=/opt/homebrew/share/man:/usr/share/man:/usr/local/share/man",
            "INFOPATH=/opt/homebrew/share/info",
            "HOMEBREW_PREFIX=/opt/homebrew",
            "HOMEBREW_CELLAR=/opt/homebrew/Cellar",
            "HOMEBREW_REPOSITORY=/opt/homebrew",
            "TMPDIR=/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/",
            "TERM=xterm-256color",
            "TERM_PROGRAM=Apple_Terminal",
            "TERM_PROGRAM_VERSION=455.1",
            "COLORTERM=truecolor",
            "SSH_AUTH_SOCK=/private/tmp/com.apple.launchd.0a1b2c3d4e/Listeners",
            "PWD=/Users/anna/project",
            "OLDPWD=/Users/anna",
            "SHLVL=2",
            "XPC_FLAGS=0x0",
            "XPC_SERVICE_NAME=0",
            "__CFBundleIdentifier=com.apple.Terminal",
            "__CF_USER_TEXT_ENCODING=0x1F5:0x0:0x0",
            "EDITOR=/Applications/Example Editor.app/Contents/Resources/bin/edit --wait",
            "PAGER=less -R",
            "GOPATH=/Users/anna/go",
            "CARGO_HOME=/Users/anna/.cargo",
            "JAVA_HOME=/Library/Java/JavaVirtualMachines/example.jdk/Contents/Home",
            "NVM_DIR=/Users/anna/.nvm",
            "SDKROOT=/Applications/Xcode.app/Contents/Developer/Platforms/MacOSX.platform/SDKs",
            "COMMAND_MODE=unix2003",
        ];
        let session = format!("TERM_SESSION_ID={session}");
        let colors = format!("LS_COLORS={}", "*.tar=1;31:*.zip=1;31:*.png=1;35:".repeat(20));
        let variables = variables.into_iter().chain([session.as_str(), colors.as_str()]);
        variables.map(|variable| BASE64.encode(variable.as_bytes())).collect()
    }

    /// Ends a process that a shell or an app started. Its children keep its ID as their parent.
    fn exit(&mut self) {
        let ends = |process: &Process| match process.program().role {
            Role::Shell | Role::Tool => true,
            Role::Daemon | Role::App => false,
        };
        let candidates: Vec<usize> =
            (0..self.processes.len()).filter(|at| ends(&self.processes[*at])).collect();
        if candidates.is_empty() {
            return self.run();
        }
        let at = self.random.pick(&candidates, 0);
        let ended = self.processes.swap_remove(at);
        let mut exit = json!({ "instigator": ended.light() });
        match self.random.below(20) {
            0 => exit["signaled"] = json!({ "signal": 9 }),
            1 => exit["exited"] = json!({ "exit_status": 1 }),
            _ => exit["exited"] = json!({ "exit_status": 0 }),
        }
        self.pending.push_back(("exit", exit));
    }

    /// A program that is not part of macOS.
    pub(super) fn other_signature(&mut self) -> Value {
        let signed = PROGRAMS.iter().filter(|it| matches!(it.signature, Signature::Developer(..)));
        let signed: Vec<Value> = signed.filter_map(signature).collect();
        let at = self.random.below(signed.len());
        signed.get(at).cloned().unwrap_or_default()
    }
}

/// A time in JSON.
pub(super) fn time(ms: i64) -> Value {
    Timestamp::from_millisecond(ms).unwrap_or_default().to_string().into()
}
