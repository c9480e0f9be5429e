//! The processes that a host consists of: held for an instant, or ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::storage::error::StorageError;

/// Processes must stand still within this time.
const HOLD_LIMIT: Duration = Duration::from_secs(3);
/// Processes that were asked to end are killed after this time.
const END_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(1);

/// A process, and when it began: its number alone may be somebody else's by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: i32,
    began: u64,
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy)]
struct Stat {
    parent: i32,
    began: u64,
}

/// The processes of hosts.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Mutex<BTreeMap<String, Vec<Process>>>);

/// Processes that stand still until this is dropped.
#[derive(Debug)]
pub(crate) struct Held(BTreeSet<Process>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0
            .iter()
            .for_each(|process| process.signal(Signal::CONT));
    }
}

impl Hosts {
    /// Says which processes are a host's. Their children are, too.
    pub(crate) fn set(&self, instance: &str, pids: &[i32]) -> Result<(), StorageError> {
        let found = pids.iter().map(|&pid| {
            let stat = stat(pid).ok_or_else(|| StorageError::NoProcess {
                pid,
                instance: instance.to_owned(),
            })?;
            let began = stat.began;
            Ok(Process { pid, began })
        });
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        if with_children(&found)
            .iter()
            .any(|process| process.pid == own)
        {
            return Err(StorageError::Own {
                instance: instance.to_owned(),
            });
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(instance.to_owned(), found);
        Ok(())
    }

    fn of(&self, instance: &str) -> Vec<Process> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(instance).cloned().unwrap_or_default()
    }

    /// Holds a host's processes. They stand still, none of them within a system call, until the answer is dropped.
    pub(crate) fn hold(&self, instance: &str) -> Result<Held, StorageError> {
        let roots = self.of(instance);
        let mut held = Held(BTreeSet::new());
        if roots.is_empty() {
            return Ok(held);
        }
        let until = Instant::now() + HOLD_LIMIT;
        loop {
            // A process that still ran may have made others.
            let all = with_children(&roots);
            for process in all.difference(&held.0) {
                process.signal(Signal::STOP);
            }
            let is_whole = all.is_subset(&held.0);
            held.0.extend(all);
            let moving = held.0.iter().find(|process| !process.stands());
            match moving {
                None if is_whole => return Ok(held),
                Some(process) if Instant::now() >= until => {
                    return Err(StorageError::NotHeld {
                        instance: instance.to_owned(),
                        why: format!("process {} still runs", process.pid),
                    });
                }
                Some(_) | None => std::thread::sleep(POLL),
            }
        }
    }

    /// Ends a host's processes: at once, or after they were asked to end.
    pub(crate) fn halt(&self, instance: &str, at_once: bool) {
        let roots = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.remove(instance).unwrap_or_default()
        };
        let all = with_children(&roots);
        if !at_once {
            all.iter().for_each(|process| process.signal(Signal::TERM));
            let until = Instant::now() + END_LIMIT;
            while Instant::now() < until && all.iter().any(Process::lives) {
                std::thread::sleep(POLL);
            }
        }
        // Also what came since, of what still is there.
        let all = all.into_iter().chain(with_children(&roots));
        all.for_each(|process| process.signal(Signal::KILL));
    }
}

impl Process {
    fn is_there(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.began == self.began)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid)
            && self.is_there()
        {
            // It may end between the look and the signal.
            let _ = kill_process(pid, signal);
        }
    }

    /// Whether it runs or could run again. What nobody has collected yet does not.
    fn lives(&self) -> bool {
        self.is_there() && !states(self.pid).iter().all(|state| "ZX".contains(*state))
    }

    /// Whether each of its threads is stopped or gone.
    fn stands(&self) -> bool {
        !self.is_there() || states(self.pid).iter().all(|state| "TtZX".contains(*state))
    }
}

/// What `/proc` says: the line's end, behind the name, which may hold anything.
fn fields(path: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(path).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn stat(pid: i32) -> Option<Stat> {
    let fields = fields(&format!("/proc/{pid}/stat"))?;
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        began: fields.get(19)?.parse().ok()?,
    })
}

/// The states of a process's threads.
fn states(pid: i32) -> Vec<char> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    threads
        .flatten()
        .filter_map(|thread| fields(thread.path().join("stat").to_str()?))
        .filter_map(|fields| fields.first()?.chars().next())
        .collect()
}

/// These processes and all that they made.
fn with_children(roots: &[Process]) -> BTreeSet<Process> {
    let mut all: BTreeSet<Process> = roots.iter().copied().filter(Process::is_there).collect();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let running: Vec<(i32, Stat)> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect();
    loop {
        let parents: BTreeSet<i32> = all.iter().map(|process| process.pid).collect();
        let before = all.len();
        let children = running
            .iter()
            .filter(|(_, stat)| parents.contains(&stat.parent))
            .map(|(pid, stat)| Process {
                pid: *pid,
                began: stat.began,
            });
        all.extend(children);
        if all.len() == before {
            return all;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    /// A shell with a child, which both write as fast as they can. They end with their folder, if nothing else ends them.
    fn busy(folder: &std::path::Path) -> Child {
        let script = "(while echo x >> child; do :; done) & while echo x >> parent; do :; done";
        let folder = folder.display();
        Command::new("sh")
            .args(["-c", &script.replace(">> ", &format!(">> {folder}/"))])
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap()
    }

    fn lengths(folder: &std::path::Path) -> Vec<u64> {
        ["child", "parent"]
            .iter()
            .map(|name| fs::metadata(folder.join(name)).map_or(0, |file| file.len()))
            .collect()
    }

    fn wait_for(what: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !what() {
            assert!(Instant::now() < until, "it does not come about");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn processes_and_their_children_stand_still_while_they_are_held_and_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut shell = busy(folder.path());
        let hosts = Hosts::default();
        hosts
            .set("i-1", &[i32::try_from(shell.id()).unwrap()])
            .unwrap();
        wait_for(|| lengths(folder.path()).iter().all(|length| *length > 0));

        let held = hosts.hold("i-1").unwrap();
        assert!(held.0.len() >= 2, "{held:?}");
        let before = lengths(folder.path());
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(lengths(folder.path()), before);

        drop(held);
        wait_for(|| {
            let after = lengths(folder.path());
            after
                .iter()
                .zip(&before)
                .all(|(after, before)| after > before)
        });
        hosts.halt("i-1", false);
        shell.wait().unwrap();
        let ended = lengths(folder.path());
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(lengths(folder.path()), ended, "the child still writes");
    }

    #[test]
    fn a_process_that_is_not_there_is_nobodys() {
        let refused = Hosts::default().set("i-1", &[i32::MAX]).unwrap_err();
        assert!(
            matches!(refused, StorageError::NoProcess { .. }),
            "{refused}"
        );
    }

    #[test]
    fn the_simulator_does_not_hold_itself() {
        let own = i32::try_from(std::process::id()).unwrap();
        let refused = Hosts::default().set("i-1", &[own]).unwrap_err();
        assert!(matches!(refused, StorageError::Own { .. }), "{refused}");
    }
}
