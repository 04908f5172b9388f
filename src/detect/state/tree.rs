//! The processes of hosts, from executions, forks and exits.

use std::collections::VecDeque;
use std::time::Duration;

use hashbrown::HashMap;

use super::window::{Micros, micros};
use crate::detect::evaluate::{Process, ProcessChange, ProcessId};

/// What the processes of all hosts may need at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeLimits {
    /// Processes that no event mentions for this time are forgotten.
    pub lifetime: Duration,
    /// Maximum processes. The process that was used least recently is forgotten first.
    pub processes: usize,
    /// Maximum ancestors in a signal.
    pub depth: usize,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(3600), processes: 50_000, depth: 8 }
    }
}

/// A process of one host since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ProcessKey {
    /// The hash of the host and its boot session.
    session: u64,
    id: ProcessId,
}

#[derive(Debug)]
struct Node {
    process: Box<Process>,
    time: Micros,
    /// When it was used, as a number in the order of all uses.
    used: u64,
    has_exited: bool,
}

/// Each operation takes constant time, whatever the number of processes is.
#[derive(Debug, Default)]
pub(super) struct ProcessTree {
    limits: TreeLimits,
    nodes: HashMap<ProcessKey, Node>,
    /// The uses of processes, oldest first. Only the last use of a process counts.
    uses: VecDeque<(ProcessKey, u64)>,
    last_use: u64,
}

/// A process in a signal.
#[derive(Clone, Copy, Debug)]
pub(in crate::detect) struct Ancestor<'t> {
    pub(in crate::detect) id: ProcessId,
    pub(in crate::detect) process: &'t Process,
    pub(in crate::detect) has_exited: bool,
}

impl ProcessTree {
    pub(super) fn new(limits: TreeLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(super) fn apply(&mut self, session: u64, change: ProcessChange, time: Micros) {
        match change {
            ProcessChange::Execution(id, process) => {
                self.insert(ProcessKey { session, id }, process, time);
            }
            ProcessChange::Fork(id, mut child) => {
                let parent = child.parent.map(|id| ProcessKey { session, id });
                if let Some(parent) = parent.and_then(|key| self.find(key, time)) {
                    child.args.clone_from(&parent.process.args);
                    if child.path.is_empty() {
                        child.path.clone_from(&parent.process.path);
                    }
                }
                self.insert(ProcessKey { session, id }, child, time);
            }
            ProcessChange::Exit(id) => {
                // Its children may still run, so it is kept until it expires.
                if let Some(node) = self.nodes.get_mut(&ProcessKey { session, id }) {
                    node.has_exited = true;
                }
            }
        }
    }

    fn insert(&mut self, key: ProcessKey, process: Box<Process>, time: Micros) {
        let used = self.next_use(key);
        self.nodes.insert(key, Node { process, time, used, has_exited: false });
        while self.nodes.len() > self.limits.processes {
            let Some((key, used)) = self.uses.pop_front() else { break };
            if self.nodes.get(&key).is_some_and(|node| node.used == used) {
                self.nodes.remove(&key);
            }
        }
    }

    fn next_use(&mut self, key: ProcessKey) -> u64 {
        if self.uses.len() > 2 * self.nodes.len() + 64 {
            let nodes = &self.nodes;
            self.uses.retain(|(key, used)| nodes.get(key).is_some_and(|it| it.used == *used));
        }
        self.last_use += 1;
        self.uses.push_back((key, self.last_use));
        self.last_use
    }

    /// A process that has not expired. It does not expire while events use it.
    fn find(&mut self, key: ProcessKey, time: Micros) -> Option<&Node> {
        let lifetime = micros(self.limits.lifetime);
        let node = self.nodes.get(&key)?;
        if node.time.saturating_add(lifetime) < time {
            self.nodes.remove(&key);
            return None;
        }
        let used = self.next_use(key);
        let node = self.nodes.get_mut(&key)?;
        (node.time, node.used) = (node.time.max(time), used);
        Some(node)
    }

    pub(super) fn path(&mut self, session: u64, id: ProcessId, time: Micros) -> Option<&str> {
        self.find(ProcessKey { session, id }, time).map(|node| &*node.process.path)
    }

    /// A process and its ancestors, as far as they are known.
    pub(super) fn ancestors(
        &mut self,
        session: u64,
        id: ProcessId,
        time: Micros,
    ) -> Vec<Ancestor<'_>> {
        let mut ids = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next
            && ids.len() <= self.limits.depth
            && !ids.contains(&id)
            && let Some(node) = self.find(ProcessKey { session, id }, time)
        {
            next = node.process.parent;
            ids.push(id);
        }
        let ancestor = |id: ProcessId| {
            let Node { process, has_exited, .. } = self.nodes.get(&ProcessKey { session, id })?;
            Some(Ancestor { id, process, has_exited: *has_exited })
        };
        ids.into_iter().filter_map(ancestor).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Micros = 60 * 1_000_000;

    const fn id(pid: i32) -> ProcessId {
        ProcessId { pid, version: 1 }
    }

    fn process(path: &str, parent: i32) -> Box<Process> {
        Box::new(Process { path: path.into(), parent: Some(id(parent)), ..Process::default() })
    }

    fn paths(tree: &mut ProcessTree, pid: i32, time: Micros) -> Vec<String> {
        tree.ancestors(1, id(pid), time).iter().map(|it| it.process.path.to_string()).collect()
    }

    #[test]
    fn a_fork_has_the_program_of_its_parent() {
        let mut tree = ProcessTree::new(TreeLimits::default());
        tree.apply(1, ProcessChange::Execution(id(2), process("/bin/zsh", 1)), 0);
        tree.apply(1, ProcessChange::Fork(id(3), process("", 2)), 0);
        tree.apply(1, ProcessChange::Execution(id(4), process("/usr/bin/curl", 3)), 0);
        tree.apply(1, ProcessChange::Exit(id(3)), 0);
        assert_eq!(paths(&mut tree, 4, 0), ["/usr/bin/curl", "/bin/zsh", "/bin/zsh"]);
        let exited: Vec<bool> =
            tree.ancestors(1, id(4), 0).iter().map(|it| it.has_exited).collect();
        assert_eq!(exited, [false, true, false]);
        // Another host, or the same host after a restart.
        assert!(tree.ancestors(2, id(4), 0).is_empty());
    }

    #[test]
    fn processes_expire_unless_they_are_used() {
        let mut tree = ProcessTree::new(TreeLimits::default());
        tree.apply(1, ProcessChange::Execution(id(2), process("/bin/zsh", 1)), 0);
        assert_eq!(tree.path(1, id(2), 59 * MINUTE), Some("/bin/zsh"));
        assert_eq!(tree.path(1, id(2), 118 * MINUTE), Some("/bin/zsh"));
        assert_eq!(tree.path(1, id(2), 179 * MINUTE), None);
    }

    #[test]
    fn the_least_recently_used_process_is_forgotten_first() {
        let limits = TreeLimits { processes: 2, ..TreeLimits::default() };
        let mut tree = ProcessTree::new(limits);
        tree.apply(1, ProcessChange::Execution(id(2), process("/a", 1)), 0);
        tree.apply(1, ProcessChange::Execution(id(3), process("/b", 1)), 0);
        assert_eq!(tree.path(1, id(2), 0), Some("/a"));
        tree.apply(1, ProcessChange::Execution(id(4), process("/c", 1)), 0);
        assert_eq!(tree.path(1, id(3), 0), None);
        assert_eq!(tree.path(1, id(2), 0), Some("/a"));
    }

    #[test]
    fn a_process_that_is_its_own_ancestor_is_shown_once() {
        let mut tree = ProcessTree::new(TreeLimits::default());
        tree.apply(1, ProcessChange::Execution(id(2), process("/a", 2)), 0);
        assert_eq!(paths(&mut tree, 2, 0), ["/a"]);
    }

    #[test]
    fn the_depth_is_limited() {
        let mut tree = ProcessTree::new(TreeLimits::default());
        for pid in 2..30 {
            tree.apply(1, ProcessChange::Execution(id(pid), process("/a", pid - 1)), 0);
        }
        assert_eq!(paths(&mut tree, 29, 0).len(), 9);
    }

    #[test]
    fn tree_updates_take_constant_time_at_50000_processes() {
        let mut tree = ProcessTree::new(TreeLimits::default());
        for pid in 0..200_000 {
            tree.apply(1, ProcessChange::Execution(id(pid), process("/a", pid - 1)), 0);
            let _known = tree.path(1, id(pid - 1), 0);
        }
        assert_eq!(tree.nodes.len(), 50_000);
        assert!(tree.uses.len() <= 2 * 50_000 + 65, "{}", tree.uses.len());
    }
}
