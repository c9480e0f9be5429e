//! The drills that several tests look at, held once, some at the same time.

use std::{
    array,
    collections::VecDeque,
    fs,
    panic::catch_unwind,
    sync::{Arc, Condvar, Mutex, Once, OnceLock},
    thread,
    time::Duration,
};

use failover::installation;
use serde_json::Value;
use tests::{
    drill::{Drill, Ended},
    repository::root,
    world::World,
};

/// The longest a drill may take.
const LIMIT: Duration = Duration::from_secs(480);

static REGION_LOSS: OnceLock<Option<Held>> = OnceLock::new();
static REGION_LOSS_MANAGED: OnceLock<Option<Held>> = OnceLock::new();
static PATH_IMPAIRED: OnceLock<Option<Held>> = OnceLock::new();
static SWITCHOVER: OnceLock<Option<Held>> = OnceLock::new();
static FAILBACK: OnceLock<Option<Held>> = OnceLock::new();
static REPLICA_FAILBACK: OnceLock<Option<Held>> = OnceLock::new();
static WORKLOAD_FAILBACK: OnceLock<Option<Held>> = OnceLock::new();
static ON_MARIADB: OnceLock<Option<Held>> = OnceLock::new();

/// They are worlds of thirty processes each, with answers that are due within a second: more of them at once would be slower, and lie.
const AT_ONCE: usize = 3;

/// How many more worlds there may be.
static PLACES: Mutex<usize> = Mutex::new(AT_ONCE);
static GIVEN_BACK: Condvar = Condvar::new();

/// The place of one world among those that may be there at once.
pub(crate) struct Place(());

impl Place {
    /// Waits for one. Ends: whoever has one gives it back at the end of a test, or of a drill that has a limit.
    pub(crate) fn taken() -> Self {
        let places = PLACES.lock().unwrap();
        let mut places = GIVEN_BACK
            .wait_while(places, |places| *places == 0)
            .unwrap();
        *places -= 1;
        Self(())
    }

    /// Waits for all of them, for a test that keeps a core busy itself. Only one does: two would wait for each other.
    pub(crate) fn all() -> [Self; AT_ONCE] {
        array::from_fn(|_| Self::taken())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *PLACES.lock().unwrap() += 1;
        GIVEN_BACK.notify_one();
    }
}

/// What all names of the installation begin with that calls the most functions: not with the product's.
pub(crate) const PREFIX: &str = "payments-dr";

/// A scenario, the prefix of its installation, and where it is kept.
type ToHold = (&'static str, &'static str, &'static OnceLock<Option<Held>>);

/// What is held where MariaDB is on the machine.
pub(crate) const FAILBACK_ON_MARIADB: &str = "replica-mariadb-failback";

/// The longest ones begin.
const SCENARIOS: [ToHold; 8] = [
    ("failback-after-detach", PREFIX, &FAILBACK),
    ("replica-failback", installation::PREFIX, &REPLICA_FAILBACK),
    (FAILBACK_ON_MARIADB, installation::PREFIX, &ON_MARIADB),
    (
        "workload-failback",
        installation::PREFIX,
        &WORKLOAD_FAILBACK,
    ),
    ("switchover", installation::PREFIX, &SWITCHOVER),
    ("region-loss", installation::PREFIX, &REGION_LOSS),
    (
        "region-loss-managed",
        installation::PREFIX,
        &REGION_LOSS_MANAGED,
    ),
    ("path-impaired", installation::PREFIX, &PATH_IMPAIRED),
];

/// A drill that was held to its end.
#[derive(Debug)]
pub(crate) struct Held {
    /// How it ended and what it printed.
    pub(crate) ended: Ended,
    /// `report.json`.
    pub(crate) report: Value,
    /// `report.html`.
    pub(crate) page: String,
    /// What was printed as it deployed.
    pub(crate) deployed: String,
    /// Which statement of which role allowed which action.
    pub(crate) rights: String,
    /// What the functions logged, among others.
    pub(crate) logged: String,
    /// What it left on the machine.
    pub(crate) left: Vec<String>,
    /// How a second drill of the same scenario ended that was started meanwhile.
    pub(crate) second: Ended,
}

pub(crate) fn region_loss() -> &'static Held {
    wait(&REGION_LOSS)
}

pub(crate) fn region_loss_managed() -> &'static Held {
    wait(&REGION_LOSS_MANAGED)
}

pub(crate) fn path_impaired() -> &'static Held {
    wait(&PATH_IMPAIRED)
}

pub(crate) fn switchover() -> &'static Held {
    wait(&SWITCHOVER)
}

pub(crate) fn failback() -> &'static Held {
    wait(&FAILBACK)
}

pub(crate) fn replica_failback() -> &'static Held {
    wait(&REPLICA_FAILBACK)
}

pub(crate) fn workload_failback() -> &'static Held {
    wait(&WORKLOAD_FAILBACK)
}

/// `None` where what sets the machine up has said why it leaves MariaDB out.
pub(crate) fn failback_on_mariadb() -> Option<&'static Held> {
    if is_played(FAILBACK_ON_MARIADB) {
        return Some(wait(&ON_MARIADB));
    }
    eprintln!("SKIPPED: {FAILBACK_ON_MARIADB}, for MariaDB is left out on this machine");
    None
}

fn is_played(scenario: &str) -> bool {
    let left_out = root().join(".tools/mariadb/.left-out");
    scenario != FAILBACK_ON_MARIADB || !left_out.exists()
}

fn wait(cell: &'static OnceLock<Option<Held>>) -> &'static Held {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let left = Arc::new(Mutex::new(VecDeque::from(SCENARIOS)));
        for _ in 0..AT_ONCE {
            let left = Arc::clone(&left);
            thread::spawn(move || {
                loop {
                    let next = left.lock().unwrap().pop_front();
                    let Some((scenario, prefix, cell)) = next else {
                        break;
                    };
                    if !is_played(scenario) {
                        continue;
                    }
                    let place = Place::taken();
                    let held = catch_unwind(|| hold(scenario, prefix)).ok();
                    drop(place);
                    assert!(cell.set(held).is_ok(), "{scenario} is held once");
                }
            });
        }
    });
    let held = cell.wait().as_ref();
    held.unwrap_or_else(|| panic!("the drill could not be held; the reason is printed above"))
}

fn hold(scenario: &str, prefix: &str) -> Held {
    let world = World::new(scenario);
    let mut drill = Drill::start_under(&world, scenario, prefix);
    let held = drill.wait_until_up();
    let second = Drill::start(&world, scenario).end(Duration::from_secs(10));
    let ended = drill.end(LIMIT);
    let mut left = drill.left(&held);
    left.extend(
        world
            .strays()
            .iter()
            .map(|path| format!("{} was written", path.display())),
    );
    let folder = world.folder(scenario);
    left.extend(
        folder
            .join("postgres")
            .exists()
            .then(|| "the databases stay behind".to_owned()),
    );
    let read = |name: &str| {
        let file = folder.join(name);
        fs::read_to_string(&file).unwrap_or_else(|why| panic!("{file:?}: {why}\n{}", ended.said))
    };
    Held {
        report: serde_json::from_str(&read("report.json")).unwrap(),
        page: read("report.html"),
        deployed: read("emulator/deploy.log"),
        rights: read("emulator/rights.log"),
        logged: read("emulator/emulator.log"),
        left,
        second,
        ended,
    }
}
