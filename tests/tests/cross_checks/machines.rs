//! State machines: every Task can be called and ends; every loop is bounded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use failover::{
    ledger::LEASE,
    pass::{wait_seconds, wait_seconds_at},
    plan,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use steps::rebuilding;
use tests::{
    machine::{self, Machine, unbounded},
    repository::{functions, root},
    template::{self, function_of},
};

use crate::{bounds::QUESTIONS, examples};

pub(crate) fn each_task(check: impl Fn(&Machine, &str, &Value)) {
    for machine in machine::all() {
        for (name, task) in machine.tasks() {
            check(&machine, name, task);
        }
    }
}

/// Whether a Task waits for a human, who answers with its token.
pub(crate) fn waits_for_a_human(task: &Value) -> bool {
    task["Resource"] == "arn:aws:states:::lambda:invoke.waitForTaskToken"
}

pub(crate) fn strings(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

/// The substitutions that a state machine's template gives: name and function.
fn substitutions(machine: &Machine) -> BTreeMap<String, String> {
    let (_, properties) = template::of_machine(&machine.name);
    assert_eq!(
        properties["StateMachineName"],
        format!("aurora-failover-{}", machine.name)
    );
    let given = properties["DefinitionSubstitutions"].as_object().unwrap();
    given
        .iter()
        .map(|(name, arn)| (name.clone(), function_of(arn).to_owned()))
        .collect()
}

fn is_question(name: &str) -> bool {
    QUESTIONS.iter().any(|(question, _)| *question == name)
}

#[test]
fn a_task_invokes_a_function() {
    each_task(|machine, name, task| {
        let invokes = task["Resource"] == "arn:aws:states:::lambda:invoke";
        assert!(
            invokes || (is_question(name) && waits_for_a_human(task)),
            "{}: {name}",
            machine.name
        );
    });
}

#[test]
fn every_substitution_is_given_and_used() {
    for machine in machine::all() {
        let given: Vec<_> = substitutions(&machine).into_keys().collect();
        assert_eq!(machine.substitutions(), given, "{}", machine.name);
    }
}

#[test]
fn a_state_machine_may_invoke_the_functions_it_names_and_no_other() {
    for machine in machine::all() {
        let (template, properties) = template::of_machine(&machine.name);
        let role = properties["RoleArn"]["Fn::GetAtt"]
            .as_str()
            .unwrap()
            .strip_suffix(".Arn")
            .unwrap();
        let policies = template["Resources"][role]["Properties"]["Policies"]
            .as_array()
            .unwrap();
        let [policy] = policies.as_slice() else {
            panic!("{role} has not one policy")
        };
        let [statement] = policy["PolicyDocument"]["Statement"]
            .as_array()
            .unwrap()
            .as_slice()
        else {
            panic!("{role} has not one statement")
        };
        assert_eq!(statement["Action"], "lambda:InvokeFunction");
        let mut allowed: Vec<_> = statement["Resource"]
            .as_array()
            .unwrap()
            .iter()
            .map(function_of)
            .collect();
        let named = substitutions(&machine);
        let mut named: Vec<_> = named.values().map(String::as_str).collect();
        allowed.sort_unstable();
        named.sort_unstable();
        assert_eq!(allowed, named);
    }
}

#[test]
fn a_suspicion_starts_the_machine_of_its_topology_and_no_other() {
    let templates: Vec<_> = template::of_a_member().map(template::read).collect();
    let rules = || {
        let all = templates.iter();
        all.flat_map(|template| template::resources(template, "AWS::Events::Rule"))
    };
    for kind in plan::TopologyKind::ALL {
        let runs = kind.runs();
        let name = failover::installation::named(runs.suspected);
        let mut of_it = rules().filter(|(_, rule)| rule["Name"] == name);
        let (_, rule) = of_it.next().unwrap_or_else(|| panic!("no rule is {name}"));
        let target = rule["Targets"][0]["Arn"]["Fn::Sub"].as_str().unwrap();
        assert!(
            target.ends_with(&format!("-{}", runs.unplanned)),
            "{target}"
        );
        let heeded = rule["EventPattern"]["detail"]["topology"]
            .as_array()
            .unwrap();
        for other in plan::TopologyKind::ALL {
            let is_heeded = heeded.iter().any(|word| word == other.name());
            assert_eq!(is_heeded, other == kind, "{name}: {}", other.name());
        }
        let unsaid = heeded.iter().any(|word| word["exists"] == false);
        assert_eq!(
            unsaid,
            kind.is_default(),
            "{name}: an event that names none"
        );
    }
}

#[test]
fn a_task_ends() {
    each_task(|machine, name, task| {
        let seconds = task["TimeoutSeconds"].as_u64();
        // OpenRun or ConfirmOutage say how long, by the plan.
        let by_the_plan = [
            "{% $states.input.approval_seconds %}",
            "{% $wish.approval_seconds %}",
            "{% $states.input.observed.approval_seconds %}",
        ];
        let as_the_plan_says = waits_for_a_human(task)
            && task["TimeoutSeconds"]
                .as_str()
                .is_some_and(|seconds| by_the_plan.contains(&seconds));
        assert!(
            as_the_plan_says || seconds.is_some_and(|seconds| seconds > 0),
            "{}: {name} may last for ever",
            machine.name
        );
    });
}

#[test]
fn a_run_ends() {
    for machine in machine::all() {
        let seconds = machine.definition["TimeoutSeconds"].as_u64();
        assert!(
            seconds.is_some_and(|seconds| seconds > 0),
            "{} may last for ever",
            machine.name
        );
        assert_eq!(
            unbounded(&machine.edges()),
            [],
            "{} goes round for ever",
            machine.name
        );
    }
}

#[test]
fn a_loop_asks_for_progress_and_waits_as_long_as_the_pass_said() {
    for machine in machine::all() {
        let states: BTreeMap<_, _> = machine.states().collect();
        let waits: Vec<_> = states
            .iter()
            .filter(|(_, state)| state["Type"] == "Wait")
            .collect();
        assert!(!waits.is_empty(), "{} never waits", machine.name);
        // A maintenance window opens once, at a time that was checked; the others are loops.
        let loops = waits
            .into_iter()
            .filter(|(_, wait)| wait["Timestamp"].is_null());
        for (name, wait) in loops {
            let task = name.strip_suffix("Wait").unwrap();
            assert_eq!(
                wait["Seconds"], "{% $states.input.wait_seconds %}",
                "{name}"
            );
            assert_eq!(wait["Next"], task, "{name}");
            let choice = format!("{task}Progress");
            assert_eq!(states[task]["Next"], choice, "{task}");
            let choices = states[choice.as_str()]["Choices"].as_array().unwrap();
            let done = choices
                .iter()
                .filter(|way| says(way, "$states.input.progress = 'done'"));
            assert!(done.count() > 0, "{choice} never ends");
            let pending: Vec<_> = choices.iter().filter(|way| way["Next"] == *name).collect();
            assert_eq!(pending.len(), 1, "{choice}");
            assert!(
                says(pending[0], "$states.input.progress = 'pending'"),
                "{choice}"
            );
        }
    }
}

fn says(way: &Value, piece: &str) -> bool {
    way["Condition"].as_str().unwrap().contains(piece)
}

#[test]
fn stale_evidence_leads_back_to_confirming() {
    each_task(|machine, name, task| {
        if name != "DetachAndPromote" {
            return;
        }
        let catch = task["Catch"]
            .as_array()
            .unwrap()
            .iter()
            .find(|catch| strings(&catch["ErrorEquals"]) == ["EvidenceStale"]);
        let next = catch.unwrap()["Next"].as_str().unwrap();
        let choice = &machine.definition["States"][next];
        assert_eq!(choice["Choices"][0]["Next"], "ConfirmOutage");
        assert_eq!(choice["Default"], "CloseRun");
    });
}

#[test]
fn every_topology_has_the_machines_and_the_steps_that_its_kind_names() {
    let topologies = machines::topologies();
    let named: BTreeSet<_> = topologies.iter().map(|topology| topology.name).collect();
    let folders = fs::read_dir(root().join("crates/topologies")).unwrap();
    let folders = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let folders: BTreeSet<_> = folders.collect();
    assert_eq!(named, folders.iter().map(String::as_str).collect());
    let functions: BTreeSet<_> = functions().iter().map(|one| one.name.clone()).collect();
    for example in examples::plans() {
        let kind = serde_json::to_value(example.kind()).unwrap();
        let name = kind.as_str().unwrap().replace('_', "-");
        let own = topologies.iter().find(|topology| topology.name == name);
        let own = own.unwrap_or_else(|| panic!("{name} has no machines"));
        let has = |machine: &str| own.machines.iter().any(|own| own.name == machine);
        let runs = example.kind().runs();
        let machines = [Some(runs.unplanned), runs.planned, runs.failback];
        for machine in machines.into_iter().flatten() {
            assert!(has(machine), "{name} has no machine {machine}");
        }
        for step in runs.own() {
            assert!(functions.contains(&plan::function_of(step)), "{step}");
        }
    }
}

#[test]
fn the_point_of_no_return_is_marked_once() {
    let plans = examples::plans().into_iter();
    let steps = plans.flat_map(|plan| plan.kind().runs().promoting());
    let promoting: BTreeSet<_> = steps.map(machine::state_of).collect();
    for machine in machine::all() {
        let marked: Vec<_> = machine
            .states()
            .filter(|(_, state)| {
                state["Comment"]
                    .as_str()
                    .is_some_and(|text| text.contains("POINT OF NO RETURN"))
            })
            .map(|(name, _)| name)
            .collect();
        let edges = machine.edges();
        // What was stopped is opened again; behind its promotion there is no way back.
        let leads_to_another = |name: &str| {
            let done = format!("{name}Progress");
            let mut ways = edges.iter().filter(|edge| edge.from == done);
            ways.any(|edge| promoting.contains(&edge.to))
        };
        let promotes: Vec<_> = machine
            .tasks()
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| promoting.contains(*name) && !leads_to_another(name))
            .collect();
        assert_eq!(marked, promotes, "{}", machine.name);
    }
}

#[test]
fn nothing_runs_after_a_promotion_that_was_not_proven() {
    for machine in machine::of_writers() {
        let edges = machine.edges();
        let leads = |from: &str| {
            edges
                .iter()
                .filter(|edge| edge.from == from)
                .map(|edge| edge.to.as_str())
                .collect::<Vec<_>>()
        };
        let opens = edges.iter().any(|edge| edge.to == "OpenWriter");
        assert_eq!(opens, stops(&machine.name), "{}", machine.name);
        let steps = ["ProveWriter", "OpenWriter"];
        let steps = &steps[..1 + usize::from(opens)];
        let nexts = steps[1..].iter().chain(&["HasAfterPromote"]);
        let into = |next: &str| {
            let wait = format!("{next}Wait");
            let into = edges.iter();
            into.filter(|edge| edge.to == next && edge.from != wait)
                .collect::<Vec<_>>()
        };
        for (step, next) in steps.iter().zip(nexts) {
            let progress = format!("{step}Progress");
            assert_eq!(leads(step), [&*progress, "CloseRun"]);
            let into = into(next);
            assert_eq!(into.len(), 1, "{}: {next}", machine.name);
            assert_eq!(into[0].from, progress);
            assert_eq!(
                into[0].condition.as_deref(),
                Some("{% $states.input.progress = 'done' %}")
            );
        }
        // Nothing but the plan's own functions stands between, each of which waits for the proof itself.
        for (next, from) in [
            ("FlipDns", ["BeforeNames", "HasBeforeNames"]),
            ("BeforeNames", ["HasBeforeNames"; 2]),
            ("HasBeforeNames", ["AfterPromote", "HasAfterPromote"]),
            ("AfterPromote", ["HasAfterPromote"; 2]),
        ] {
            let into: BTreeSet<_> = into(next).iter().map(|edge| edge.from.as_str()).collect();
            assert_eq!(into, BTreeSet::from(from), "{}: {next}", machine.name);
        }
    }
}

#[test]
fn a_hook_stops_a_run_before_its_phase_and_never_behind_it() {
    for machine in machine::of_writers() {
        let states = &machine.definition["States"];
        for phase in plan::Phase::ALL {
            let call = &states[phase.state()];
            let payload = format!("{{% $merge([$run, {{'phase': '{}'}}]) %}}", phase.name());
            assert_eq!(call["Arguments"]["Payload"], payload, "{}", machine.name);
            let has = &states[format!("Has{}", phase.state())];
            let condition = format!("{{% '{}' in $hooks %}}", phase.name());
            let [way] = has["Choices"].as_array().unwrap().as_slice() else {
                panic!("{has}");
            };
            assert_eq!(way["Condition"], condition);
            assert_eq!(way["Next"], phase.state());
            // A plan that names none goes where one that does goes then.
            assert_eq!(has["Default"], call["Next"]);
            let failed = &call["Catch"][0];
            assert!(!failed["Assign"]["trouble"].is_null());
            let goes_on = failed["Next"] == call["Next"];
            let ends = failed["Next"] == "CloseRun";
            assert_eq!(
                (ends, goes_on),
                (phase.stops(), !phase.stops()),
                "{phase:?}"
            );
        }
    }
}

/// Whether a machine is of a topology that stops its writer to move it. Each of those has to open one: what a stop took is replicated
/// like any row.
fn stops(machine: &str) -> bool {
    let topologies = machines::topologies();
    let of_it = topologies.iter().find(|topology| {
        let mut own = topology.machines.iter();
        own.any(|own| own.name == machine)
    });
    let mut own = of_it.unwrap().machines.iter();
    own.any(|own| own.loops().any(|task| task.state == "StopWrites"))
}

/// A lease must never lapse under a run that still tries: a pass renews it, and the next is not far.
#[test]
fn a_lease_outlives_the_slowest_pass() {
    let lease = u64::try_from(LEASE.as_secs()).unwrap();
    for machine in machines::all() {
        for task in machine.loops() {
            let (name, wait) = (task.state, longest_wait(task.state));
            assert_eq!(u64::from(task.wait_seconds), wait, "{name}");
            assert!(wait * 5 <= lease, "{name} may ask to wait {wait} s");
            let slowest = u64::from(task.gap_seconds());
            assert!(
                slowest < lease,
                "{}: {name} may take {slowest} s from one renewal to the next",
                machine.name
            );
        }
    }
    for template in template::of_functions().into_iter().chain(["witness"]) {
        let template = template::read(template);
        for (id, function) in template::resources(&template, "AWS::Lambda::Function") {
            let seconds = function["Timeout"].as_u64().unwrap();
            assert!(seconds * 5 <= lease, "{id} may run {seconds} s");
        }
    }
}

/// What a pass asks for at most, in seconds: it grows with the time already waited.
fn longest_wait(task: &str) -> u64 {
    let began = Timestamp::UNIX_EPOCH;
    let now = began + SignedDuration::from_hours(1_000);
    match task {
        "RebuildGlobal" | "ReplaceReplica" | "ProtectAgain" => {
            wait_seconds_at(rebuilding::PACE, began, now)
        }
        _ => wait_seconds(began, now),
    }
}
