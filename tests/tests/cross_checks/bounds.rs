//! State machines: a bound in one place fits the bounds around it.

use std::time::Duration;

use failover::{
    guard::EVIDENCE_SECONDS_MAX,
    ledger::{EXPIRES, LEASE, SUPERSEDED_AFTER},
    plan::{APPROVAL_MINUTES_MAX, Hook, Phase, SCHEMA, TopologyKind},
};
use machines::{Machine, Seconds, State, WAIT_SECONDS};
use serde_json::Value;
use steps::{
    approval_page,
    fence_writer::{FENCING, OBSERVING, SWEEP},
};
use tests::{machine, template};

/// What AWS ends an execution at.
const EVENTS_MAX: u64 = 25_000;
/// Events of a pass of a loop: a Task, a Choice and a Wait are entered and left, and the Task scheduled, begun and ended.
const EVENTS_OF_A_PASS: u64 = 9;
/// Events of an attempt that failed: scheduled, begun, failed.
const EVENTS_OF_A_RETRY: u64 = 3;
/// The longest wait between two passes of any loop; `super::machines` holds that no pass asks for more.
const LONGEST_WAIT_SECONDS: u64 = 120;
/// What `ConfirmOutage` may be gone through: at first, after each question, and each time the evidence is stale.
const ROUNDS: u64 = 1 + 3 + 3;

/// Every question to people, and where all but a yes leads: to the run's end, or to what is taken away whatever they say.
pub(crate) const QUESTIONS: [(&str, &str); 6] = [
    ("AwaitApproval", "CloseRun"),
    ("AwaitProof", "CloseRun"),
    ("AskPrepared", "CloseRun"),
    ("AskSuspend", "CloseRun"),
    ("AskVerified", "CloseRun"),
    ("AskRehearsed", "TakeAway"),
];

/// Errors of an idle function's first call, and one that nobody knows yet.
const HEALING: [&str; 7] = [
    "Lambda.CodeArtifactUserPendingException",
    "Lambda.ResourceNotReadyException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ENINotReadyException",
    "Lambda.EC2ThrottledException",
    "Lambda.TooManyRequestsException",
    "Lambda.SomethingNewException",
];

/// The first entry of a Task's `Retry` that is for an error.
fn retry<'a>(task: &'a Value, error: &str) -> Option<&'a Value> {
    let mut retries = task["Retry"].as_array().unwrap().iter();
    retries.find(|retry| {
        let mut names = retry["ErrorEquals"].as_array().unwrap().iter();
        names.any(|name| name == error || name == "States.ALL")
    })
}

/// The longest that all pauses of a retry take together, in seconds.
fn pauses(retry: &Value) -> u64 {
    let number = |field: &str| retry[field].as_u64().unwrap();
    (0..number("MaxAttempts"))
        .map(|attempt| {
            (number("IntervalSeconds") << attempt.min(20)).min(number("MaxDelaySeconds"))
        })
        .sum()
}

fn asks(task: &Value) -> bool {
    task["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"
}

fn each_task(check: impl Fn(&str, &Value)) {
    for machine in machine::all() {
        for (name, task) in machine.tasks() {
            check(&format!("{}: {name}", machine.name), task);
        }
    }
}

/// Whether a Task, named as `each_task` names it, acts by evidence: a planned move has none, whichever step promotes in it.
fn is_bound_by_evidence(name: &str) -> bool {
    let (machine, task) = name.split_once(": ").unwrap();
    let mut kinds = TopologyKind::ALL.iter();
    let promotes = |kind: &TopologyKind| machine::state_of(kind.runs().promote_by) == task;
    leaves(machine) && (task == "ConfirmOutage" || kinds.any(promotes))
}

#[test]
fn what_may_heal_is_tried_again_for_about_three_minutes() {
    each_task(|name, task| {
        let ends_a_run = name.ends_with("CloseRun") || name.ends_with("ReleaseLeases");
        // A hook before a promotion is bound by how long its run may be silent.
        let precedes = name.ends_with(": BeforePromote");
        if is_bound_by_evidence(name) || ends_a_run || precedes {
            return;
        }
        for error in HEALING {
            if asks(task) && error == "Lambda.SomethingNewException" {
                continue;
            }
            let retry = retry(task, error).unwrap_or_else(|| panic!("{name} gives up on {error}"));
            // Pauses are a random part of their bounds, half of them on average.
            let mean = pauses(retry) / 2;
            assert!(
                (150..=210).contains(&mean),
                "{name} tries {error} for {mean} s on average"
            );
        }
    });
}

#[test]
fn what_we_answer_and_what_cannot_heal_is_never_tried_again() {
    each_task(|name, task| {
        for error in machines::ANSWERS.iter().chain(&machines::PERMANENT) {
            let attempts = retry(task, error).map(|retry| retry["MaxAttempts"].as_u64());
            assert_eq!(attempts, Some(Some(0)), "{name} and {error}");
        }
    });
}

#[test]
fn retries_of_confirming_and_promoting_end_within_the_evidences_minute() {
    let mut seen = 0;
    each_task(|name, task| {
        if !is_bound_by_evidence(name) {
            return;
        }
        let retries = task["Retry"].as_array().unwrap().iter();
        let sum: u64 = retries
            .filter(|retry| retry["MaxAttempts"] != 0)
            .map(pauses)
            .sum();
        assert!(
            (20.0..=EVIDENCE_SECONDS_MAX).contains(&f64::from(u32::try_from(sum).unwrap())),
            "{name} pauses for {sum} s"
        );
        for error in HEALING {
            assert!(retry(task, error).is_some(), "{name} gives up on {error}");
        }
    });
    for machine in machine::all() {
        let tasks = machine.tasks();
        seen += tasks
            .iter()
            .filter(|(name, _)| is_bound_by_evidence(&format!("{}: {name}", machine.name)))
            .count();
    }
    assert_eq!(seen, 2 * TopologyKind::ALL.len());
}

#[test]
fn names_are_tried_again_before_anything_waits_for_them() {
    for machine in machine::of_writers() {
        let states = &machine.definition["States"];
        let caught = |task: &str| {
            states[task]["Catch"][0]["Next"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let again = caught("FlipDns");
        assert_eq!(states[&again]["Arguments"], states["FlipDns"]["Arguments"]);
        // Whoever starts or writes by the names comes afterwards.
        assert_eq!(caught(&again), "HasAfterNames");
        let edges = machine.edges();
        let into = edges.iter().filter(|edge| edge.to == "HasAfterNames");
        let from: Vec<_> = into.map(|edge| edge.from.as_str()).collect();
        assert!(!from.contains(&"FlipDns"), "{from:?}");
        // What the second attempt mended is no trouble.
        assert!(states["FlipDns"]["Catch"][0]["Assign"]["trouble"].is_null());
    }
}

fn is_tried_for_ten_minutes(task: &Value) {
    for error in ["Lambda.Unknown", "Unavailable"] {
        let mean = pauses(retry(task, error).unwrap()) / 2;
        assert!((540..=660).contains(&mean), "for {mean} s on average");
    }
}

/// What the plan gives its own function leaves a pass time for the ledgers, the Task outlasts the function, and no lease lapses
/// meanwhile, whatever is tried again.
#[test]
fn the_time_of_a_hook_fits_its_pass_and_the_pass_its_task() {
    let services = template::read("services");
    let function = &services["Resources"]["CallHookFunction"]["Properties"];
    let pass = function["Timeout"].as_u64().unwrap();
    assert_eq!(Hook::TIMEOUT_SECONDS_MAX + 15, pass);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let bound = &schema["$defs"]["Hook"]["properties"]["timeout_seconds"];
    assert_eq!(bound["maximum"], Hook::TIMEOUT_SECONDS_MAX);
    let lease = u64::try_from(LEASE.as_secs()).unwrap();
    for machine in machines::all() {
        let states = machine.states().into_iter();
        let proves = machine
            .states()
            .iter()
            .any(|(name, _)| name == "ProveWriter");
        let hooks: Vec<_> = states
            .filter_map(|(name, state)| match state {
                State::Call(call) => (call.function.0 == "call-hook").then_some((name, call)),
                State::Choice(_) | State::Wait(_) | State::Succeed { .. } | State::Fail { .. } => {
                    None
                }
            })
            .collect();
        // What moves no writer calls none of them.
        assert_eq!(hooks.len(), if proves { Phase::ALL.len() } else { 0 });
        for (name, call) in hooks {
            assert_eq!(call.seconds, Seconds::Fixed(65), "{name}");
            let gap = u64::from(call.gap_seconds(0));
            assert!(pass < 65 && gap < lease, "{name} may take {gap} s");
        }
    }
}

/// Only its closing tells people what became of a run.
#[test]
fn a_run_is_tried_to_be_closed_and_told_for_ten_minutes() {
    for machine in machine::all() {
        is_tried_for_ten_minutes(&machine.definition["States"]["CloseRun"]);
    }
}

#[test]
fn leases_are_given_back_where_a_run_could_not_be_closed() {
    for machine in machine::all() {
        let states = &machine.definition["States"];
        let close = states["CloseRun"]["Catch"].as_array().unwrap();
        assert_eq!(close.last().unwrap()["Next"], "ReleaseLeases");
        is_tried_for_ten_minutes(&states["ReleaseLeases"]);
        let after = states["ReleaseLeases"]["Next"].as_str().unwrap();
        assert_eq!(states[after]["Choices"][0]["Next"], "NotClosed");
        assert_eq!(states[after]["Default"], "NotOpened");
    }
}

/// Before its promotion an unplanned run renews its leases in `ConfirmOutage`, `DetachAndPromote`, and in a hook between them.
#[test]
fn an_unplanned_run_is_superseded_only_after_the_longest_gap_before_its_promotion() {
    let gap = gaps(
        &machines::unplanned_failover(),
        &["ConfirmOutage", "BeforePromote", "DetachAndPromote"],
    );
    let after = u64::try_from(SUPERSEDED_AFTER.as_secs()).unwrap();
    assert!(gap <= after, "a living run may be silent for {gap} s");
    assert!(
        after <= gap + 120,
        "{after} s are waited where {gap} s would do"
    );
}

/// The longest time from one renewal to the next, of some Tasks.
fn gaps(machine: &Machine, tasks: &[&str]) -> u64 {
    let found = machine.states().into_iter().filter_map(|(name, state)| {
        let State::Call(call) = state else {
            return None;
        };
        tasks.contains(&name.as_ref()).then_some(call)
    });
    let gaps: Vec<_> = found
        .map(|call| u64::from(call.gap_seconds(WAIT_SECONDS)))
        .collect();
    assert_eq!(gaps.len(), tasks.len());
    gaps.into_iter().max().unwrap()
}

#[test]
fn a_history_holds_every_pass_and_every_retry() {
    for machine in machine::all() {
        let states = &machine.definition["States"];
        let passes: u64 = machine
            .states()
            .filter_map(|(name, _)| bound(states, name.strip_suffix("Progress")?))
            .sum();
        let retries: u64 = machine
            .tasks()
            .iter()
            .flat_map(|(_, task)| task["Retry"].as_array().unwrap())
            .map(|retry| retry["MaxAttempts"].as_u64().unwrap())
            .sum();
        let others = 2 * u64::try_from(machine.states().count()).unwrap();
        let events = passes * EVENTS_OF_A_PASS + retries * EVENTS_OF_A_RETRY + others;
        assert!(
            events < EVENTS_MAX,
            "{} may need {events} events: {passes} passes, {retries} retries",
            machine.name
        );
    }
}

/// Passes at most of a loop, over all the rounds that may lead through it.
fn bound(states: &Value, task: &str) -> Option<u64> {
    let mut ways = states[format!("{task}Progress")]["Choices"]
        .as_array()?
        .iter();
    let passes = ways.find_map(|way| {
        let condition = way["Condition"].as_str()?;
        let (_, bound) = condition.split_once("$passes < ")?;
        bound.split(' ').next()?.parse::<u64>().ok()
    })?;
    let rounds = match task {
        "ConfirmOutage" => ROUNDS,
        // Stale evidence leads back at most three times.
        _ if may_be_stale(&states[task]) => 4,
        _ => 1,
    };
    Some(passes * rounds)
}

/// Whether stale evidence leads back from a Task.
fn may_be_stale(task: &Value) -> bool {
    let mut catches = task["Catch"].as_array().into_iter().flatten();
    catches.any(|catch| catch["ErrorEquals"][0] == "EvidenceStale")
}

/// Whether a machine leaves a Region that is lost.
fn leaves(machine: &str) -> bool {
    let mut kinds = TopologyKind::ALL.iter();
    kinds.any(|kind| kind.runs().unplanned == machine)
}

/// Whether a machine brings a writer home.
fn fails_back(machine: &str) -> bool {
    let mut kinds = TopologyKind::ALL.iter();
    kinds.any(|kind| kind.runs().failback == Some(machine))
}

#[test]
fn a_machine_outlasts_all_that_a_plan_lets_a_human_take() {
    let answer = APPROVAL_MINUTES_MAX * 60;
    for machine in machines::all() {
        let states = machine.states();
        let questions = match machine.name {
            name if leaves(name) => 3,
            name if fails_back(name) => 1,
            _ => 0,
        };
        assert_eq!(
            questions > 0,
            states.iter().any(|(name, _)| name == "AwaitApproval")
        );
        // Where no heart beats the proof is one more, and a workload's run has questions of its own.
        let others = states.iter().filter(|(name, _)| {
            let mut others = QUESTIONS.iter().skip(1);
            others.any(|(question, _)| name == question)
        });
        let questions = questions + u64::try_from(others.count()).unwrap();
        let waits = states.iter().any(|(name, _)| name == "MaintenanceWindow");
        let window = if waits { 14 * 86_400 } else { 0 };
        let definition = machine.definition().value();
        let loops = states.iter().filter_map(|(name, _)| {
            let task = name.strip_suffix("Progress")?;
            let passes = bound(&definition["States"], task)?;
            let seconds = definition["States"][task]["TimeoutSeconds"].as_u64()?;
            Some(passes * (seconds + LONGEST_WAIT_SECONDS))
        });
        let longest = questions * answer + window + loops.sum::<u64>();
        assert!(
            longest < u64::from(machine.seconds),
            "{} may take {longest} s and is ended after {} s, without CloseRun",
            machine.name,
            machine.seconds
        );
    }
}

#[test]
fn only_approved_true_is_a_yes_and_only_approved_false_a_no() {
    let mut asked = Vec::new();
    for machine in machine::all() {
        let states = &machine.definition["States"];
        for (question, otherwise) in QUESTIONS {
            let ask = &states[question];
            if ask.is_null() {
                continue;
            }
            asked.push(question);
            let answer = ask["Next"].as_str().unwrap();
            assert_eq!(ask["Output"], "{% $states.result %}");
            let ways = states[answer]["Choices"].as_array().unwrap();
            let conditions = ways.iter().map(|way| way["Condition"].as_str().unwrap());
            let wanted = [true, false].map(|yes| format!("{{% $states.input.approved = {yes} %}}"));
            assert_eq!(conditions.collect::<Vec<_>>(), wanted, "{answer}");
            // A no is told by its name from silence, and from what nobody can read.
            let (no, neither) = (&ways[1], &states[answer]);
            assert_eq!(no["Next"], otherwise);
            assert_eq!(neither["Default"], otherwise);
            for (way, error) in [(no, "Refused"), (neither, "Unreadable")] {
                let trouble = way["Assign"]["trouble"].as_str().unwrap();
                let named = format!("'state': '{question}', 'error': '{error}'");
                assert!(trouble.contains(&named), "{trouble}");
            }
        }
    }
    // Each that leaves a lost Region asks, and the one that brings a writer home.
    let failbacks = TopologyKind::ALL
        .iter()
        .filter_map(|kind| kind.runs().failback);
    let approvals = asked.iter().filter(|asked| **asked == "AwaitApproval");
    assert_eq!(
        approvals.count(),
        TopologyKind::ALL.len() + failbacks.count()
    );
    let proofs = asked.iter().filter(|asked| **asked == "AwaitProof");
    assert_eq!(proofs.count(), 1, "of a replica in which no heart beats");
    let of_workloads = asked.iter().filter(|asked| asked.starts_with("Ask"));
    assert_eq!(of_workloads.count(), 4, "of a workload that comes home");
}

/// However many plans there are: all are swept at once.
#[test]
fn a_plans_sweep_is_given_up_and_told_before_its_function_is_ended() {
    // What a call of AWS takes at most, with its attempts: reading which plans there are comes first.
    let call = Duration::from_secs(6);
    let template = template::read("fence");
    let functions = template::resources(&template, "AWS::Lambda::Function");
    let mut functions = functions.into_iter();
    let fence = functions.find(|(id, _)| *id == "FenceWriterFunction");
    let ends = fence.unwrap().1["Timeout"].as_u64().unwrap();
    assert!(call + SWEEP < Duration::from_secs(ends));
    assert!(
        OBSERVING + FENCING + call < SWEEP,
        "people are told in what is left"
    );
}

/// However many calls never end: whoever answers reads a page, and never that the function was ended.
#[test]
fn the_page_answers_before_its_function_is_ended_and_nobody_sends_a_reply_afterwards() {
    let template = template::read(template::OFF_BY_DEFAULT);
    let functions = template::resources(&template, "AWS::Lambda::Function");
    let [(_, function)] = functions.as_slice() else {
        panic!("not one function: {functions:?}");
    };
    let ends = Duration::from_secs(function["Timeout"].as_u64().unwrap());
    let all = approval_page::LIMIT * approval_page::CALLS;
    let begun = Duration::from_secs(1);
    assert!(all + begun <= ends, "{all:?} of {ends:?}");
    assert!(ends < approval_page::UNDER_WAY.unsigned_abs());
    let (each, all) = (approval_page::LIMIT.as_secs_f64(), all.as_secs_f64());
    let told = format!("| a call of the page / all of one request | {each} s / {all} s |");
    assert!(tests::repository::text("docs/reference/contracts.md").contains(&told));
}

/// Rows of links are removed by themselves, and those of plans have nothing that removes them.
#[test]
fn the_ledgers_table_ends_rows_by_the_attribute_that_links_alone_have() {
    let template = template::read("ledger");
    let tables = template::resources(&template, "AWS::DynamoDB::Table");
    let ends = &tables[0].1["TimeToLiveSpecification"];
    let wanted = serde_json::json!({"AttributeName": EXPIRES, "Enabled": true});
    assert_eq!(*ends, wanted);
    let names_it = |path: &str| tests::repository::text(path).contains("EXPIRES");
    assert!(names_it("crates/aws/src/links.rs") && !names_it("crates/aws/src/dynamodb.rs"));
}

#[test]
fn every_function_of_a_run_has_its_concurrency_reserved() {
    let mut seen = 0;
    for name in template::of_functions() {
        let template = template::read(name);
        for (id, function) in template::resources(&template, "AWS::Lambda::Function") {
            let reserved = &function["ReservedConcurrentExecutions"];
            assert!(
                reserved.to_string().contains("ReservedConcurrency"),
                "{id}: {reserved}"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, tests::repository::functions().len());
}

/// Whoever has fewer executions cannot deploy, and writes 0 for both.
#[test]
fn the_executions_that_an_account_needs_are_those_that_the_templates_reserve() {
    let default = |template: &str, parameter: &str| {
        let template = template::read(template);
        let parameter = template["Parameters"][parameter].clone();
        assert_eq!(parameter["MinValue"], 0);
        parameter["Default"].as_u64().unwrap()
    };
    let each = default("runs", "ReservedConcurrency");
    let page = default(template::OFF_BY_DEFAULT, "PageReservedConcurrency");
    let functions = u64::try_from(template::member_functions().len()).unwrap() - 1;
    let sum = functions * each + 100;
    let told = format!("at least {sum}: {each} for each of {functions} functions");
    let guide = tests::repository::text("docs/how-to/real-account.md");
    assert!(guide.contains(&told), "{told}");
    assert!(guide.contains(&format!("is on it takes {page} more")));
}

#[test]
fn every_machine_hands_its_whole_input_to_openrun() {
    for machine in machine::of_writers() {
        let states = &machine.definition["States"];
        let payload = states["OpenRun"]["Arguments"]["Payload"]
            .as_object()
            .unwrap();
        assert_eq!(payload["input"], "{% $states.input %}");
        let read = payload
            .values()
            .filter(|value| value.to_string().contains("$states.input."));
        assert_eq!(read.count(), 0, "{}", machine.name);
        // A dry run goes no other way than to its end, by its first step at most.
        let ways = states["AlreadyPromoted"]["Choices"].as_array().unwrap();
        let dry: Vec<_> = ways
            .iter()
            .take_while(|way| {
                way["Condition"]
                    .as_str()
                    .unwrap()
                    .contains("dry_run = true")
            })
            .collect();
        assert_eq!(dry.len(), 2, "{}", machine.name);
        assert_eq!(dry[0]["Next"], "DryRun");
        let step = &states[dry[1]["Next"].as_str().unwrap()];
        let told = step["Arguments"]["Payload"].as_str().unwrap();
        assert!(
            told.contains("'dry_run': true") && !told.contains("run_id"),
            "{told}"
        );
        assert_eq!(
            (&step["Next"], &step["Catch"][0]["Next"]),
            (&"DryRun".into(), &"DryRun".into())
        );
        assert_eq!(states["DryRun"]["Type"], "Succeed");
    }
}
