//! Every command that the documents print is run as it stands there, in a world that is kept, under the pinned AWS CLI.

use std::{
    process::{Command, Output},
    time::Duration,
};

use failover::notify::{parts, tool};
use rustix::process::Signal;
use serde_json::Value;
use tests::{
    drill::{Drill, until},
    printed::{Printed, commands, of_an_account},
    repository,
    world::World,
};

use crate::held::Place;

/// How soon the world must be up.
const UP: Duration = Duration::from_secs(240);
/// How soon anything must have come about: a failback is the longest.
const SOON: Duration = Duration::from_secs(240);

/// What a command printed: the CLI's words and, of a call, the answer.
struct Said {
    command: Printed,
    documents: Vec<Value>,
}

impl Said {
    /// The name of the error that a function answered.
    fn refusal(&self) -> Option<&str> {
        let [call, answer] = self.documents.as_slice() else {
            panic!(
                "a call prints what the CLI says and the answer: {}",
                self.show()
            );
        };
        call.get("FunctionError")?;
        Some(answer["errorType"].as_str().unwrap())
    }

    fn show(&self) -> String {
        let Printed {
            document,
            line,
            text,
        } = &self.command;
        format!("{document}:{line}: {text}\n{:#?}", self.documents)
    }
}

/// The kept world as somebody uses it who has the documents open.
struct Desk<'a> {
    world: &'a World,
    variables: Vec<(String, String)>,
    /// The commands that were not run yet.
    left: Vec<Printed>,
}

impl Desk<'_> {
    /// What `drill WORDS` answers.
    fn drill(&self, words: &[&str]) -> Output {
        self.world.program(words).output().unwrap()
    }

    fn told(&self, words: &[&str]) -> String {
        let answer = self.drill(words);
        assert!(answer.status.success(), "{words:?}: {answer:?}");
        String::from_utf8(answer.stdout).unwrap()
    }

    fn until(&self, words: &[&str], seen: impl Fn(&str) -> bool) -> String {
        until(SOON, || {
            let said = self.told(words);
            if seen(&said) {
                Ok(said)
            } else {
                Err(format!("{words:?} still says:\n{said}"))
            }
        })
    }

    /// Types a command: as it is printed, but for the words in capitals that the documents explain.
    fn types(&self, command: &Printed, values: &[(&str, &str)]) -> Said {
        let mut text = command.text.clone();
        for (name, value) in values {
            text = text.replace(name, value);
        }
        let folder = self.world.root().join("workplace");
        let tools = repository::root().join(".tools/venv/bin");
        let answer = Command::new("bash")
            .args(["-c", &text])
            .current_dir(folder)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
            .env("HOME", self.world.root().join("home"))
            .envs(self.variables.iter().cloned())
            .output()
            .unwrap();
        let (document, line) = (&command.document, command.line);
        assert!(
            answer.status.success(),
            "{document}:{line}: {text}\n{answer:?}"
        );
        let said = serde_json::Deserializer::from_slice(&answer.stdout).into_iter();
        let documents: Result<Vec<Value>, _> = said.collect();
        let documents =
            documents.unwrap_or_else(|why| panic!("{document}:{line}: {why}: {answer:?}"));
        Said {
            command: command.clone(),
            documents,
        }
    }

    /// Types every command that was not run yet and in which all of the words stand.
    fn types_all(&mut self, words: &[&str], values: &[(&str, &str)]) -> Vec<Said> {
        let fits = |command: &Printed| words.iter().all(|word| command.text.contains(word));
        let (chosen, left) = std::mem::take(&mut self.left).into_iter().partition(fits);
        self.left = left;
        let chosen: Vec<Printed> = chosen;
        assert!(!chosen.is_empty(), "no command is printed with {words:?}");
        chosen
            .iter()
            .map(|command| self.types(command, values))
            .collect()
    }

    /// Starts a run by a command; answers its name.
    fn starts(&mut self, words: &[&str], values: &[(&str, &str)]) -> String {
        let said = self.types_all(words, values);
        run_of(&said[0])
    }

    /// Waits until a run has ended so.
    fn ends(&self, run: &str, ending: &str) {
        let its = format!("run {run} of ");
        let line = |said: &str| {
            let mut lines = said.lines();
            lines.find(|line| line.starts_with(&its)).map(str::to_owned)
        };
        let has_ended = |said: &str| line(said).is_some_and(|line| !line.contains("RUNNING"));
        let said = self.until(&["status"], has_ended);
        assert!(line(&said).unwrap().ends_with(ending), "{run}:\n{said}");
    }

    /// The token of the newest question.
    fn token(&self, than: Option<&str>) -> String {
        let newest = |said: &str| Some(tool::token(said)?.to_owned());
        let is_new = |said: &str| newest(said).is_some_and(|token| Some(token.as_str()) != than);
        newest(&self.until(&["messages"], is_new)).unwrap()
    }
}

fn run_of(said: &Said) -> String {
    let arn = said.documents[0]["executionArn"].as_str().unwrap();
    arn.rsplit(':').next().unwrap().to_owned()
}

/// The variables that the world names once it is up.
pub(crate) fn variables(said: &str) -> Vec<(String, String)> {
    let exports = said.lines().filter_map(|line| line.strip_prefix("export "));
    let pairs = exports.filter_map(|export| export.split_once('='));
    let named = pairs.filter(|(name, _)| name.starts_with("AWS_"));
    named
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

#[test]
fn every_printed_command_runs_as_it_stands_in_a_kept_world() {
    let world = World::new("commands");
    let _place = Place::taken();
    let mut drill = Drill::keep(&world);
    drill.wait_for("make drill-down ends it", UP);
    let held = drill.belongings();
    let mut desk = Desk {
        world: &world,
        variables: variables(&drill.said()),
        left: commands(),
    };
    assert!(desk.left.len() > 15, "only {:#?}", desk.left);
    while_all_is_well(&mut desk);
    wrong_words(&desk);
    lost_and_home_again(&mut desk);
    assert_eq!(desk.left, [], "never run");
    drill.signal(Signal::TERM);
    drill.end(Duration::from_secs(30));
    assert_eq!(drill.left(&held), Vec::<String>::new());
    let answer = desk.drill(&["status"]);
    assert_eq!(answer.status.code(), Some(2));
    let why = String::from_utf8(answer.stderr).unwrap();
    assert!(
        why.starts_with("no world is kept here, start one with"),
        "{why}"
    );
}

/// The CLI reads their words, and calls nobody.
#[test]
fn every_command_for_a_real_account_is_one_that_the_cli_understands() {
    let tools = repository::root().join(".tools/venv/bin");
    let commands = of_an_account();
    assert!(commands.len() > 10, "only {commands:#?}");
    for Printed {
        document,
        line,
        text,
    } in commands
    {
        let answer = Command::new("bash")
            .args(["-c", &format!("{text} --generate-cli-skeleton input")])
            .current_dir(repository::root())
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", tools.display()))
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .output()
            .unwrap();
        assert!(
            answer.status.success(),
            "{document}:{line}: {text}\n{answer:?}"
        );
    }
}

/// Dry runs answer, what is forced out of turn is refused for all to see, and the ledger can be read.
fn while_all_is_well(desk: &mut Desk<'_>) {
    // The kept world's plan is of a global database and has no switch, and that is told.
    for (word, why) in [
        ("\"set_up\"", "has no route of kind health_switch"),
        ("promote-replica", "is for plans of the kind rds_replica"),
        ("stop-writes", "is for plans of the kind rds_replica"),
        ("replace-replica", "is for plans of the kind rds_replica"),
    ] {
        for said in desk.types_all(&["lambda invoke", word], &[]) {
            assert!(said.show().contains(why), "{}", said.show());
        }
    }
    for said in desk.types_all(&["lambda invoke", "\"force\""], &[]) {
        let refusal = said.refusal();
        // Words that nobody understands are another thing than a call typed for another day.
        let is_understood =
            refusal != Some("InvalidRequest") || said.show().contains("the plan stands at epoch");
        assert!(refusal.is_some() && is_understood, "{}", said.show());
    }
    for said in desk.types_all(&["lambda invoke"], &[]) {
        assert_eq!(said.refusal(), None, "{}", said.show());
    }
    let ledger = desk.types_all(&["dynamodb get-item"], &[]);
    assert_eq!(ledger[0].documents[0]["Item"]["plan"]["S"], "orders");
    let me = desk.types_all(&["sts get-caller-identity"], &[]);
    assert_eq!(me[0].documents[0]["Account"], "123456789012");
    desk.types_all(&["ssm put-parameter"], &[("SWITCH", "off")]);
    let run = desk.starts(&["start-execution", "unplanned-failover"], &[]);
    desk.types_all(&["list-executions"], &[]);
    desk.ends(&run, "SUCCEEDED, stood_down");
}

/// Each is one sentence on standard error, and changes nothing.
fn wrong_words(desk: &Desk<'_>) {
    for (words, part) in [
        (
            &["lose", "us-west-9"][..],
            "there is no Region \"us-west-9\"",
        ),
        (&["lose"], "name the Region, one of us-west-2"),
        (&["return", "us-west-2"], "us-west-2 is not lost"),
    ] {
        let answer = desk.drill(words);
        assert_eq!(answer.status.code(), Some(2), "{answer:?}");
        let why = String::from_utf8(answer.stderr).unwrap();
        assert!(why.contains(part) && why.lines().count() == 1, "{why}");
    }
    let status = desk.told(&["status"]);
    assert!(
        status.contains("us-west-2  up, its ledger names the writer in us-west-2, epoch 1"),
        "{status}"
    );
}

/// The home Region is lost and comes back; people take the writer home, and move it as planned.
fn lost_and_home_again(desk: &mut Desk<'_>) {
    assert!(
        desk.told(&["lose", "us-west-2"])
            .contains("us-west-2 is lost")
    );
    desk.until(&["status"], |said| {
        said.contains("us-west-2  lost")
            && said.contains("names the writer in us-east-1, epoch 2, no run")
            && said.contains("by orders-east")
    });
    assert!(
        desk.told(&["return", "us-west-2"])
            .contains("us-west-2 is back")
    );
    desk.until(&["messages"], |said| said.contains(parts::FENCED));
    let rehearsal = desk.starts(&["start-execution", "failback", "rehearse"], &[]);
    desk.ends(&rehearsal, "SUCCEEDED, rebuilt");
    let failback = desk.types_all(
        &["start-execution", "failback"],
        &[("NOT_BEFORE", "2020-01-01T00:00:00Z")],
    );
    let [failback] = failback.as_slice() else {
        panic!("one command starts the failback itself");
    };
    let no = desk.token(None);
    let arn = failback.documents[0]["executionArn"].as_str().unwrap();
    let asks = desk.types_all(
        &["get-execution-history"],
        &[("EXECUTION", arn), ("REGION", "us-west-2")],
    );
    // On AWS the token stands in the parameters of the task, which the emulator leaves out.
    assert!(
        asks[0].show().contains("AwaitApproval"),
        "{}",
        asks[0].show()
    );
    desk.types_all(
        &["send-task-failure"],
        &[("TOKEN", &no), ("REGION", "us-west-2")],
    );
    desk.ends(&run_of(failback), ", aborted");
    let again = desk.types(&failback.command, &[("NOT_BEFORE", "2020-01-01T00:00:00Z")]);
    let yes = desk.token(Some(&no));
    desk.types_all(
        &["send-task-success"],
        &[("TOKEN", &yes), ("REGION", "us-west-2")],
    );
    desk.ends(&run_of(&again), "SUCCEEDED, succeeded");
    // What only a failback may do is taken away again.
    desk.types_all(&["cloudformation delete-stack"], &[]);
    let moved = desk.starts(&["start-execution", "planned-failover"], &[]);
    desk.ends(&moved, "SUCCEEDED, succeeded");
    desk.until(&["status"], |said| {
        said.contains("names the writer in us-east-1, epoch 4")
    });
}
