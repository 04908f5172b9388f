//! Processes, and how events describe them.

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::mac::time;
use super::programs::{PROGRAMS, Program, Signature};

/// The ID of a process. The version distinguishes processes with the same number, and changes with
/// each program that a process executes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProcessId {
    pub(super) pid: u32,
    pub(super) version: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) id: ProcessId,
    pub(super) parent: ProcessId,
    /// Its place in [`PROGRAMS`].
    pub(super) program: usize,
    pub(super) is_root: bool,
    pub(super) started_ms: i64,
}

impl ProcessId {
    pub(super) fn json(self) -> Value {
        json!({ "pid": self.pid, "pidversion": self.version })
    }
}

impl Process {
    pub(super) fn program(&self) -> &'static Program {
        &PROGRAMS[self.program]
    }

    pub(super) fn user(&self) -> Value {
        user(self.is_root)
    }

    /// The fields that both descriptions have.
    fn common(&self) -> Value {
        json!({
            "id": self.id.json(),
            "parent_id": self.parent.json(),
            "original_parent_pid": self.parent.pid,
            "group_id": self.id.pid,
            "session_id": if self.is_root { 1 } else { 501 },
            "effective_user": self.user(),
            "effective_group": group(self.is_root),
            "real_user": self.user(),
            "real_group": group(self.is_root),
        })
    }

    /// A `ProcessInfoLight`.
    pub(super) fn light(&self) -> Value {
        let mut info = self.common();
        info["executable"] = json!({ "path": self.program().path, "truncated": false });
        info
    }

    /// A `ProcessInfo`.
    pub(super) fn full(&self) -> Value {
        let program = self.program();
        let mut info = self.common();
        info["responsible_id"] = self.parent.json();
        info["is_platform_binary"] = (program.signature == Signature::Platform).into();
        info["is_es_client"] = false.into();
        info["cs_flags"] = match program.signature {
            Signature::Platform | Signature::Developer(..) => 570_503_953_u32.into(),
            Signature::Unsigned => 0.into(),
        };
        info["executable"] = file(program.path, true);
        info["start_time"] = time(self.started_ms);
        if let Some(signature) = signature(program) {
            info["code_signature"] = signature;
        }
        if !self.is_root {
            info["tty"] = json!({ "path": "/dev/ttys001", "truncated": false });
        }
        info
    }
}

/// The signature of a program. Santa leaves it out for unsigned programs.
pub(super) fn signature(program: &Program) -> Option<Value> {
    let cdhash = xxh3_128_with_seed(program.path.as_bytes(), 20).to_be_bytes();
    let cdhash = [&cdhash[..], &cdhash[..4]].concat();
    let mut signature = json!({
        "cdhash": data_encoding::BASE64.encode(&cdhash),
        "signing_id": program.signing_id,
    });
    match program.signature {
        Signature::Platform => {}
        Signature::Developer(team, _) => {
            signature["team_id"] = team.into();
            signature["secure_signing_time"] = time(1_790_000_000_000);
        }
        Signature::Unsigned => return None,
    }
    Some(signature)
}

pub(super) fn user(is_root: bool) -> Value {
    match is_root {
        true => json!({ "uid": 0, "name": "root" }),
        false => json!({ "uid": 501, "name": "anna" }),
    }
}

fn group(is_root: bool) -> Value {
    match is_root {
        true => json!({ "gid": 0, "name": "wheel" }),
        false => json!({ "gid": 20, "name": "staff" }),
    }
}

/// A SHA-256 that depends on the text. It is not the hash of any file.
pub(super) fn sha256(text: &str) -> String {
    let [first, second] = [1, 2].map(|seed| xxh3_128_with_seed(text.as_bytes(), seed));
    format!("{first:032x}{second:032x}")
}

/// A `FileInfo`. Its values depend only on the path.
pub(super) fn file(path: &str, is_hashed: bool) -> Value {
    let number = xxh3_128_with_seed(path.as_bytes(), 0) as u64;
    let is_system = path.starts_with('/') && !path.starts_with("/Users/");
    let changed = 1_700_000_000_000 + (number >> 40) as i64;
    let size = number % 5_000_000;
    let mut info = json!({
        "path": path,
        "truncated": false,
        "stat": {
            "dev": 16_777_234,
            "mode": if is_hashed { 33_261 } else { 33_188 },
            "nlink": 1,
            "ino": (number >> 24).to_string(),
            "user": user(is_system),
            "group": group(is_system),
            "rdev": 0,
            "access_time": time(changed + 86_400_000),
            "modification_time": time(changed),
            "change_time": time(changed),
            "birth_time": time(changed - 3_600_000),
            "size": size.to_string(),
            "blocks": size.div_ceil(512).to_string(),
            "blksize": 4096,
            "flags": 0,
            "gen": 0,
        },
    });
    if is_hashed {
        info["hash"] = json!({ "type": "HASH_ALGO_SHA256", "hash": sha256(path) });
    }
    info
}
