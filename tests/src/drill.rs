//! A drill under way: what it says, how it ends, and what it leaves on the machine.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    processes::{Belongings, at_home_in, belongings},
    world::World,
};

/// How soon everything must be gone once the drill has ended.
pub const GONE: Duration = Duration::from_secs(15);
/// What it says once everything is up.
pub const UP: &str = "commits its beats";
/// How long it may take until then.
const UP_LIMIT: Duration = Duration::from_secs(240);
const LOOK: Duration = Duration::from_millis(50);

/// The drill's process; it is killed when a test lets go of it.
#[derive(Debug)]
pub struct Drill {
    child: Child,
    said: Arc<Mutex<String>>,
    folder: PathBuf,
}

/// A drill that has ended by itself or by a signal.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: ExitStatus,
    /// All that it printed.
    pub said: String,
}

impl Drill {
    /// Starts a scenario.
    pub fn start(world: &World, scenario: &str) -> Self {
        Self::of(world.drill(scenario), world.folder(scenario))
    }

    /// Starts a scenario where the names of all that is deployed begin with a prefix.
    pub fn start_under(world: &World, scenario: &str, prefix: &str) -> Self {
        let command = world.program(&["run", scenario, "--prefix", prefix]);
        Self::of(command, world.folder(scenario))
    }

    /// Starts a world that is kept.
    pub fn keep(world: &World) -> Self {
        Self::of(world.program(&["up"]), world.folder("up"))
    }

    fn of(mut command: Command, folder: PathBuf) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::default();
        listen(child.stdout.take().unwrap(), &said);
        listen(child.stderr.take().unwrap(), &said);
        Self {
            child,
            said,
            folder,
        }
    }

    /// Waits until it has said something.
    pub fn wait_for(&mut self, words: &str, limit: Duration) {
        let deadline = Instant::now() + limit;
        while !self.said().contains(words) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "no {words:?}: {ended:?}\n{}",
                self.said()
            );
            thread::sleep(LOOK);
        }
    }

    /// Waits until everything is up; answers what it holds then.
    pub fn wait_until_up(&mut self) -> Belongings {
        self.wait_for(UP, UP_LIMIT);
        let held = self.belongings();
        // The emulator, the functions, and two databases: PostgreSQL with its own processes, or MariaDB that is one.
        let processes = at_home_in(&self.folder);
        let runs_mariadb = |command: &&String| command.contains("/mariadbd ");
        let servers = processes.values().filter(runs_mariadb).count();
        let least = if servers == 0 { 11 } else { 5 };
        assert!(processes.len() >= least, "only {processes:#?} run");
        // Front door, roads, DNS, emulator and databases listen, and both databases have a segment of PostgreSQL's or run MariaDB.
        let databases = held.segments.len() + servers;
        let enough = held.listeners.len() > 10 && databases >= 2;
        assert!(enough, "a drill that is up holds only {held:?}");
        held
    }

    /// Waits until one of its processes was started with some words.
    pub fn wait_until_it_runs(&mut self, words: &str) {
        let deadline = Instant::now() + UP_LIMIT;
        while !at_home_in(&self.folder)
            .values()
            .any(|command| command.contains(words))
        {
            assert!(
                Instant::now() < deadline,
                "{words:?} is never run:\n{}",
                self.said()
            );
            thread::sleep(LOOK);
        }
    }

    /// The sockets and the shared memory that it and its processes hold.
    pub fn belongings(&self) -> Belongings {
        belongings(
            at_home_in(&self.folder)
                .into_keys()
                .chain([self.child.id()]),
        )
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// Waits for its end.
    pub fn end(&mut self, limit: Duration) -> Ended {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it said last is still being read.
                thread::sleep(LOOK * 4);
                return Ended {
                    status,
                    said: self.said(),
                };
            }
            assert!(
                Instant::now() < deadline,
                "no end within {limit:?}:\n{}",
                self.said()
            );
            thread::sleep(LOOK);
        }
    }

    /// What is left on the machine of a drill that has ended, though it had [`GONE`] to go.
    pub fn left(&self, held: &Belongings) -> Vec<String> {
        let deadline = Instant::now() + GONE;
        loop {
            let processes = at_home_in(&self.folder);
            let mut left: Vec<_> = processes
                .into_iter()
                .map(|(id, words)| format!("process {id} lives: {words}"))
                .collect();
            left.extend(held.left());
            if left.is_empty() || Instant::now() >= deadline {
                return left;
            }
            thread::sleep(LOOK);
        }
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Drill {
    fn drop(&mut self) {
        // It has mostly ended by now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks once a second until something has come about; else it ends the test with what was seen last.
pub fn until<T>(limit: Duration, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < deadline, "after {limit:?}: {seen}"),
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// Keeps what a stream says until its end.
fn listen(stream: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = said.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    });
}
