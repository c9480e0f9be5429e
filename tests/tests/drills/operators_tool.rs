//! The operator's tool, as it is typed in a kept world: the writer is moved there and back, a Region is lost, what runs ask then is
//! answered, and the failover forced.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tests::{
    drill::{Drill, until},
    world::World,
};

use crate::{commands::variables, held::Place};

mod questions;
mod six_commands;

use questions::Question;

/// How soon the world must be up.
const UP: Duration = Duration::from_secs(240);
/// How soon anything must have come about.
const SOON: Duration = Duration::from_secs(120);

/// Somebody who has the tool.
struct Operator<'a> {
    world: &'a World,
    variables: Vec<(String, String)>,
}

impl Operator<'_> {
    fn tool(&self) -> Command {
        self.of("target/release/aurora-failover")
    }

    fn of(&self, program: &str) -> Command {
        let path = self.world.root().join(program);
        let mut command = Command::new(if path.exists() { path } else { program.into() });
        command
            .current_dir(self.world.root().join("workplace"))
            .env_clear()
            .env("HOME", self.world.root().join("home"))
            .env("PATH", "/usr/bin:/bin")
            .env("AURORA_FAILOVER_REGIONS", "us-east-1,us-west-2")
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// What comes of some words, which end with this exit code.
    fn types(&self, words: &str, code: i32) -> String {
        let answer = self.tool().args(words.split(' ')).output().unwrap();
        ended(words, &answer, code)
    }

    fn json(&self, words: &str, code: i32) -> Value {
        let said = self.types(&format!("--output json {words}"), code);
        serde_json::from_str(&said).unwrap_or_else(|why| panic!("{words}: {why}: {said}"))
    }

    /// The same on a terminal of 80 columns, where a line is typed.
    fn types_on_a_terminal(&self, words: &str, line: &str, code: i32) -> String {
        let mut terminal = self.terminal(words);
        let mut keys = terminal.stdin.take().unwrap();
        keys.write_all(format!("{line}\n").as_bytes()).unwrap();
        // Its end would be taken for that of the terminal.
        let answer = terminal.wait_with_output().unwrap();
        drop(keys);
        ended(words, &answer, code)
    }

    /// The same, where Ctrl-C is pressed once these words stand there.
    fn interrupts(&self, words: &str, seen: &str) -> String {
        let mut terminal = self.terminal(words);
        let mut keys = terminal.stdin.take().unwrap();
        let mut lines = BufReader::new(terminal.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.contains(seen)) {
            let line = lines.next();
            said.push(
                line.unwrap_or_else(|| panic!("{seen} is missing: {said:?}"))
                    .unwrap(),
            );
        }
        keys.write_all(b"\x03").unwrap();
        said.extend(lines.map(Result::unwrap));
        let code = terminal.wait().unwrap().code();
        assert_eq!(code, Some(3), "{said:#?}");
        said.join("\n")
    }

    /// A pseudo-terminal on which some words were typed.
    fn terminal(&self, words: &str) -> Child {
        let tool = self.world.root().join("target/release/aurora-failover");
        let command = format!("stty cols 80 rows 24; exec {} {words}", tool.display());
        self.of("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Types some words until they end well: what stands against them passes.
    fn succeeds(&self, words: &str) -> String {
        until(SOON, || {
            let answer = self.tool().args(words.split(' ')).output().unwrap();
            if answer.status.success() {
                Ok(String::from_utf8(answer.stdout).unwrap())
            } else {
                Err(format!("{words}: {answer:?}"))
            }
        })
    }

    fn drill(&self, words: &[&str]) -> String {
        let answer = self.world.program(words).output().unwrap();
        assert!(answer.status.success(), "{words:?}: {answer:?}");
        String::from_utf8(answer.stdout).unwrap()
    }

    /// The Region of the writer, and its epoch.
    fn writer(&self) -> (String, u64) {
        let answer = self
            .tool()
            .args(["--output", "json", "status", "orders"])
            .output()
            .unwrap();
        let status: Value = serde_json::from_slice(&answer.stdout).unwrap();
        let writer = &status["plans"][0]["writer"];
        let region = writer["region"].as_str().unwrap().to_owned();
        (region, writer["epoch"].as_u64().unwrap())
    }
}

/// What was printed, by whom both streams were read.
fn ended(words: &str, answer: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    let why = String::from_utf8_lossy(&answer.stderr).into_owned();
    let seen = answer.status.code();
    assert_eq!(seen, Some(code), "{words}\n{said}\n{why}");
    if said.is_empty() { why } else { said }
}

#[test]
fn the_operators_tool_moves_a_writer_there_and_back_and_forces_a_failover_in_a_kept_world() {
    let world = World::new("operators-tool");
    assert!(
        world
            .root()
            .join("target/release/aurora-failover")
            .is_file(),
        "the tool is missing: run `make cli`"
    );
    let _places = Place::all();
    let mut drill = Drill::keep(&world);
    drill.wait_for("make drill-down ends it", UP);
    let held = drill.belongings();
    let operator = Operator {
        world: &world,
        variables: variables(&drill.said()),
    };
    six_commands::protected(&operator);
    paused_and_resumed(&operator);
    there_and_back(&operator);
    looks(&operator);
    what_was(&operator);
    by_hand(&operator);
    let before = questions::approved_too_late(&operator);
    forced(&operator, &before);
    drill.signal(Signal::TERM);
    drill.end(Duration::from_secs(30));
    assert_eq!(drill.left(&held), Vec::<String>::new());
}

fn paused_and_resumed(operator: &Operator<'_>) {
    operator.types("pause orders --dry-run", 0);
    let why = operator.types("pause orders", 2);
    assert!(
        why.contains("add --yes") && why.lines().count() == 1,
        "{why}"
    );
    let said = operator.types("pause orders --reason storm --yes", 0);
    assert!(said.contains("us-west-2  off     storm"), "{said}");
    let status = operator.types("status orders", 1);
    assert!(status.contains("maintenance"), "{status}");
    watched(operator, 1);
    operator.types("resume orders --yes", 0);
    let said = operator.types_on_a_terminal("pause --all", "all", 0);
    assert!(said.contains("/aurora-failover/kill says on"), "{said}");
    let refused = operator.types("switchover orders --yes", 1);
    assert!(
        refused.contains("not ready") && refused.contains("kill"),
        "{refused}"
    );
    operator.types("resume --all --yes", 0);
}

/// Looks again and again until it is interrupted, and ends as the last look did.
fn watched(operator: &Operator<'_>, code: i32) {
    let mut watch = operator.tool();
    watch.args(["status", "orders", "--watch", "1"]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let is_heading = |line: &String| line.ends_with(", every 1 s; Ctrl-C ends it");
    let mut looks = lines.map(Result::unwrap).filter(is_heading);
    assert_eq!(looks.by_ref().take(3).count(), 3);
    kill_process(Pid::from_child(&watch), Signal::INT).unwrap();
    assert_eq!(watch.wait().unwrap().code(), Some(code));
}

fn there_and_back(operator: &Operator<'_>) {
    operator.types("switchover orders --dry-run", 0);
    let why = operator.types("switchover orders --to us-west-2", 2);
    assert!(why.contains("which has the writer already"), "{why}");
    let typed = operator.types_on_a_terminal("switchover orders --to us-east-1", "ordres", 2);
    assert!(typed.contains("nothing was changed"), "{typed}");
    let said = operator.types_on_a_terminal("switchover orders --to us-east-1", "orders", 0);
    for part in ["prove_writer: ", "dns_flip: ", "succeeded "] {
        assert!(said.contains(part), "{part} is missing from\n{said}");
    }
    assert_eq!(operator.writer(), ("us-east-1".to_owned(), 2));
    // An ordinary run finds a writer that lives.
    let said = operator.types("failover orders --to us-west-2 --yes", 1);
    assert!(said.contains("stood down"), "{said}");
    operator.succeeds("switchover orders --to us-west-2 --dry-run");
    let told = operator.interrupts(
        "switchover orders --to us-west-2 --yes",
        "recovery_ledger: holds",
    );
    assert!(
        told.contains("interrupted: ") && told.contains("aurora-failover run orders-"),
        "{told}"
    );
    until(SOON, || match operator.writer() {
        (region, 3) if region == "us-west-2" => Ok(()),
        seen => Err(format!("what was interrupted does not go on: {seen:?}")),
    });
    until(SOON, || {
        let history = operator.json("history orders", 0);
        let last = history["runs"][0]["outcome"].clone();
        let ended = last == "succeeded";
        ended.then_some(()).ok_or_else(|| last.to_string())
    });
}

/// In colour and without, within 80 columns, and where nobody may ask.
fn looks(operator: &Operator<'_>) {
    let plain = operator.types_on_a_terminal("--color never status orders", "", 0);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    let heading = plain.lines().position(|line| line.contains("REGION  "));
    let table = plain.lines().skip(heading.unwrap());
    let wide: Vec<_> = table.filter(|line| line.trim_end().len() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new(), "{plain}");
    let coloured = operator.types_on_a_terminal("status orders", "", 0);
    assert!(coloured.contains("\x1b[1m  REGION"), "{coloured:?}");
    assert!(!operator.types("status orders", 0).contains('\x1b'));
    let mut nobody = operator.tool();
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        nobody.env_remove(name);
    }
    let answer = nobody.args(["status", "orders"]).output().unwrap();
    let why = ended("status of nobody", &answer, 3);
    assert!(why.contains("credentials"), "{why}");
}

fn what_was(operator: &Operator<'_>) {
    let history = operator.json("history orders", 0);
    let runs = history["runs"].as_array().unwrap();
    let outcomes: Vec<_> = runs
        .iter()
        .map(|run| run["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes[0], "succeeded", "{history:#}");
    assert!(outcomes.contains(&"stood_down"), "{history:#}");
    let last = runs[0]["run_id"].as_str().unwrap();
    let shown = operator.types(&format!("run {last}"), 0);
    for part in [
        "planned failover of plan orders",
        "PHASE",
        "TIMELINE",
        "CALLS",
    ] {
        assert!(shown.contains(part), "{part} is missing from\n{shown}");
    }
    operator.types(&format!("run {last} --html run.html"), 0);
    let page = fs::read_to_string(operator.world.root().join("workplace/run.html")).unwrap();
    for part in ["a real run, by its record", "ProveWriter", "<dt>RTO</dt>"] {
        assert!(page.contains(part), "{part} is missing from the page");
    }
    let whole = operator.json(&format!("run {last}"), 0);
    assert_eq!(whole["run"]["closed"]["outcome"], "succeeded");
    assert_eq!(
        operator.types("approvals", 0),
        "nobody waits for an answer\n"
    );
    let why = operator.types("run nobody", 2);
    assert!(why.contains("run nobody is in no ledger"), "{why}");
}

/// What is called by hand, and a plan that asks from now on or only observes, so that no run is faster than whoever forces it.
fn by_hand(operator: &Operator<'_>) {
    for words in [
        "adopt orders --dry-run",
        "setup orders --yes",
        "messages test orders --yes",
        "losses orders",
        "fence orders --yes",
    ] {
        operator.types(words, 0);
    }
    let mut plan = operator.json("plan show orders", 0);
    let revision = plan["revision"].as_u64().unwrap();
    plan["unplanned"]["region_down"] = "approval".into();
    plan["unplanned"]["writer_down"] = "observe".into();
    let file = operator.world.root().join("workplace/orders.json");
    fs::write(&file, plan.to_string()).unwrap();
    let why = operator.types("plan put orders.json --yes", 2);
    assert!(why.contains("raise it above"), "{why}");
    plan["revision"] = (revision + 1).into();
    fs::write(&file, plan.to_string()).unwrap();
    let said = operator.types("plan put orders.json --yes", 0);
    for part in [
        "region_down: \"automatic\" → \"approval\"",
        "writer_down: \"approval\" → \"observe\"",
    ] {
        assert!(said.contains(part), "{part} is missing from\n{said}");
    }
    operator.types("plan check orders.json", 0);
}

fn forced(operator: &Operator<'_>, before: &Question) {
    let why = operator.types("failover orders --to us-east-1 --force --epoch 1 --yes", 2);
    assert!(why.contains("stands at epoch 3; write --epoch 3"), "{why}");
    let force = "failover orders --to us-east-1 --force --epoch 3 --yes";
    let lives = operator.types(force, 1);
    assert!(
        lives.contains("not ready") && lives.contains("switchover orders --to us-east-1"),
        "{lives}"
    );
    operator.drill(&["lose", "us-west-2"]);
    let declined = questions::declined(operator, before);
    questions::insists(
        operator,
        &format!("{force} --abandon-living-writer"),
        "orders: the writer is in us-east-1, epoch 4",
    );
    assert_eq!(operator.writer(), ("us-east-1".to_owned(), 4));
    let history = operator.json("history orders", 3);
    assert!(
        history["unread"][0].as_str().unwrap().contains("us-west-2"),
        "{history:#}"
    );
    let paused = operator.types("pause orders --yes", 3);
    assert!(paused.contains("us-west-2  ?       ?"), "{paused}");
    operator.types("resume orders --yes", 3);
    operator.drill(&["return", "us-west-2"]);
    operator.succeeds("fence orders --yes");
    questions::remembered(operator, &declined);
    let listed = operator.succeeds("losses orders --list --yes");
    assert!(listed.contains("us-west-2: done: "), "{listed}");
    let said = operator.types("losses orders --download lost", 0);
    assert!(said.contains("orders-west in us-west-2"), "{said}");
    let said = operator.types("acknowledge orders --yes", 0);
    assert!(said.contains("the cool-down is over"), "{said}");
    let why = operator.types("false-alarm nobody --yes", 2);
    assert!(why.contains("run nobody is in no ledger"), "{why}");
    let why = operator.types("revert orders --yes", 2);
    assert!(why.contains("which has nothing to revert"), "{why}");
    let told = operator.types("unfence orders --dry-run", 1);
    assert!(
        told.contains("/aurora-failover/maintenance/orders"),
        "{told}"
    );
}
