//! Processes that never outlive the simulator, not even when it is killed.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
    time::timeout,
};

use crate::storage::StorageError;

/// A shutdown may last this long before the process is killed.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(8);

type Job = (Command, oneshot::Sender<io::Result<Process>>);

/// Starts processes from a thread of its own.
///
/// The kernel signals a child when the *thread* that started it ends, so it must be one that lives as long as the
/// simulator; a runtime's workers come and go.
#[derive(Debug)]
pub(crate) struct Spawner {
    jobs: mpsc::Sender<Job>,
    wrapper: Vec<String>,
}

impl Spawner {
    /// Starts the thread; needs a running runtime.
    pub(crate) fn start() -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let runtime = Handle::current();
        thread::Builder::new()
            .name("rds-sim-spawner".to_owned())
            .spawn(move || {
                let _guard = runtime.enter();
                for (mut command, reply) in queue {
                    // A caller that has gone away drops the process, which ends it.
                    drop(reply.send(command.spawn().map(|child| Process { child })));
                }
            })?;
        Ok(Self {
            jobs,
            wrapper: wrapper(),
        })
    }

    /// Starts a program with its output going to a file.
    pub(crate) async fn spawn(
        &self,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Result<Process, StorageError> {
        let input = Stdio::null();
        self.spawn_reading(input, program, arguments, environment, log)
            .await
    }

    /// The same with something to read.
    pub(crate) async fn spawn_reading(
        &self,
        input: Stdio,
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Result<Process, StorageError> {
        let doing = || format!("starting {}", program.display());
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(StorageError::io(doing()))?;
        let errors = output.try_clone().map_err(StorageError::io(doing()))?;
        let mut words = self
            .wrapper
            .iter()
            .map(PathBuf::from)
            .chain([program.to_path_buf()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .args(arguments)
            .envs(environment.iter().copied())
            .env_remove("PGDATA")
            .stdin(input)
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        let (reply, answer) = oneshot::channel();
        let gone = || StorageError::Failed("the spawner has ended".to_owned());
        self.jobs.send((command, reply)).map_err(|_| gone())?;
        answer
            .await
            .map_err(|_| gone())?
            .map_err(StorageError::io(doing()))
    }
}

/// The words before every program: PostgreSQL and MariaDB refuse to run as root, and must die with their parent.
fn wrapper() -> Vec<String> {
    let mut words: Vec<&str> = Vec::new();
    if geteuid().is_root() {
        words.extend(["unshare", "--user", "--map-user=1000", "--map-group=1000"]);
    }
    // After unshare: a change of credentials would forget the signal. QUIT lets a server clean up after itself.
    let available = std::process::Command::new("setpriv")
        .args(["--pdeathsig", "QUIT", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if available.is_ok_and(|status| status.success()) {
        words.extend(["setpriv", "--pdeathsig", "QUIT"]);
    } else {
        tracing::warn!("setpriv is missing: databases may outlive a killed simulator");
    }
    words.into_iter().map(str::to_owned).collect()
}

/// A running program.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Its process number while it runs.
    pub(crate) fn pid(&self) -> Option<Pid> {
        self.child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Stops it where it is, until what is answered is dropped: no thread of it writes any more.
    pub(crate) fn pause(&self) -> Option<Paused> {
        let pid = self.pid()?;
        send(pid, Signal::STOP);
        Some(Paused(pid))
    }

    /// Waits for its end, at most so long.
    pub(crate) async fn succeed_within(
        mut self,
        limit: Duration,
        what: &str,
    ) -> Result<(), StorageError> {
        match timeout(limit, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(StorageError::Failed(format!("{what} ended with {status}"))),
            Ok(Err(source)) => Err(StorageError::Io {
                doing: format!("waiting for {what}"),
                source,
            }),
            Err(_) => {
                self.kill_with_children().await;
                Err(StorageError::Failed(format!(
                    "{what} took longer than {limit:?}"
                )))
            }
        }
    }

    /// Asks it to end with a signal, and kills it when it does not.
    pub(crate) async fn end(mut self, signal: Signal) {
        if let Some(pid) = self.pid() {
            send(pid, signal);
        }
        if timeout(SHUTDOWN_LIMIT, self.child.wait()).await.is_err() {
            self.kill_with_children().await;
        }
    }

    /// Kills it and its children at once, as a power failure would.
    pub(crate) async fn kill_with_children(&mut self) {
        let Some(pid) = self.pid() else {
            return;
        };
        // Stopped, it can neither start new children nor reap old ones while they are listed.
        send(pid, Signal::STOP);
        let children = children(pid);
        send(pid, Signal::KILL);
        for child in children {
            send(child, Signal::KILL);
        }
        drop(timeout(SHUTDOWN_LIMIT, self.child.wait()).await);
    }
}

/// A program that was stopped where it was; dropping this lets it go on.
#[derive(Debug)]
pub(crate) struct Paused(Pid);

impl Paused {
    /// Whether each of its threads has stopped: one may have been about to end a system call.
    pub(crate) fn is_still(&self) -> bool {
        let tasks = format!("/proc/{}/task", self.0.as_raw_nonzero());
        let Ok(threads) = std::fs::read_dir(tasks) else {
            return true;
        };
        threads.filter_map(Result::ok).all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // After the name, which is in brackets, comes the state.
            let state = stat.rsplit(") ").next().unwrap_or_default();
            state.is_empty() || state.starts_with(['T', 't', 'Z', 'X'])
        })
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        send(self.0, Signal::CONT);
    }
}

impl Drop for Process {
    /// QUIT, not KILL: PostgreSQL then ends its children and frees its shared memory, and MariaDB shuts down.
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            send(pid, Signal::QUIT);
        }
    }
}

/// A process that has already ended takes no signal; nothing is lost by that.
fn send(pid: Pid, signal: Signal) {
    if let Err(error) = kill_process(pid, signal) {
        tracing::debug!(%error, "signal not delivered");
    }
}

fn children(pid: Pid) -> Vec<Pid> {
    let number = pid.as_raw_nonzero();
    let listed = std::fs::read_to_string(format!("/proc/{number}/task/{number}/children"))
        .unwrap_or_default();
    listed
        .split_whitespace()
        .filter_map(|word| word.parse().ok().and_then(Pid::from_raw))
        .collect()
}
