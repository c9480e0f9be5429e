//! The system as a whole, simulated: what always holds, that a seed decides everything, and every case that once broke a rule.
#![allow(clippy::unwrap_used, reason = "tests say what goes wrong by failing")]

use std::{collections::BTreeSet, fs, path::Path};

use failover::{domain::stable_hash, plan::Phase};
use serde_json::{Value, json};
use simulate::{
    case::{self, AWAY, Case, Event, Kind, Timed},
    draw::draw,
    fault::{Faults, Way},
    play::{Played, play},
    systematic,
    tally::{Tally, play_list},
    theirs::Theirs,
    truth::Rule,
};

fn baseline(name: &str) -> Played {
    let mut all = systematic::baselines().into_iter();
    let (_, case) = all.find(|(known, _)| *known == name).unwrap();
    play(&case, true).unwrap()
}

fn ended(played: &Played) -> Vec<(&'static str, &str)> {
    let ended = played.ended.keys();
    ended
        .map(|(machine, end)| (*machine, end.as_str()))
        .collect()
}

#[test]
fn a_lost_region_is_left_and_nothing_is_violated() {
    for name in ["region-loss", "region-loss-detach"] {
        let played = baseline(name);
        assert_eq!(played.violations, [], "{}", played.trace.join("\n"));
        assert_eq!(
            ended(&played),
            [("unplanned-failover", "Recovered")],
            "{name}"
        );
    }
}

#[test]
fn a_planned_move_is_made_and_loses_nothing() {
    let played = baseline("planned-move");
    assert_eq!(played.violations, [], "{}", played.trace.join("\n"));
    assert_eq!(ended(&played), [("planned-failover", "Moved")]);
}

#[test]
fn a_writer_is_brought_home_after_either_way_of_leaving() {
    for name in ["failback", "failback-detach"] {
        let played = baseline(name);
        assert_eq!(played.violations, [], "{}", played.trace.join("\n"));
        let ended: BTreeSet<_> = ended(&played).into_iter().collect();
        assert!(ended.contains(&("failback", "Home")), "{name}: {ended:?}");
    }
}

/// What comes of a baseline whose plan names functions of its own, and the keys of those that were called, in order.
fn hooked(name: &str, hooks: &Value, faults: Faults) -> (Played, Vec<String>) {
    let mut all = systematic::baselines().into_iter();
    let (_, mut case) = all.find(|(known, _)| *known == name).unwrap();
    case.plan = json!({ "hooks": hooks });
    case.faults = faults;
    let played = play(&case, true).unwrap();
    let keys = played.trace.iter().filter_map(|line| {
        let (_, key) = line.split_once("the hook ")?;
        Some(key.split_once(" is called in ")?.0.to_owned())
    });
    let keys = keys.collect();
    (played, keys)
}

fn good() -> Value {
    let of = |phase: Phase| {
        (
            phase.name().to_owned(),
            json!({"function": "orders-failover-hook"}),
        )
    };
    Value::Object(Phase::ALL.map(of).into_iter().collect())
}

/// The rules that were broken, but for what nothing but a hook hindered.
fn broken(played: &Played) -> BTreeSet<Rule> {
    let rules = played.violations.iter().map(|found| found.rule);
    rules
        .filter(|rule| *rule != Rule::UnhinderedIsDone)
        .collect()
}

/// What people were told of the ends of runs.
fn told<'a>(played: &'a Played, what: &str) -> Vec<&'a String> {
    let lines = played.trace.iter();
    lines.filter(|line| line.contains(what)).collect()
}

#[test]
fn a_failover_and_a_move_call_each_hook_once_in_their_order_in_the_region_that_gets_the_writer() {
    for (name, machine, end) in [
        ("region-loss", "unplanned-failover", "Recovered"),
        ("planned-move", "planned-failover", "Moved"),
    ] {
        let (played, keys) = hooked(name, &good(), Faults::default());
        let trace = played.trace.join("\n");
        assert_eq!(played.violations, [], "{trace}");
        assert_eq!(ended(&played), [(machine, end)], "{trace}");
        let phases: Vec<_> = keys
            .iter()
            .map(|key| key.rsplit('/').next().unwrap())
            .collect();
        assert_eq!(phases, Phase::ALL.map(Phase::name), "{trace}");
        let runs: BTreeSet<_> = keys
            .iter()
            .map(|key| key.split('/').next().unwrap())
            .collect();
        assert_eq!(runs.len(), 1, "{keys:?}");
        assert!(!trace.contains("is called in us-west-2"), "{trace}");
    }
}

#[test]
fn a_hook_that_fails_before_a_promotion_leaves_all_as_it_was() {
    let mut hooks = good();
    hooks["before_promote"]["function"] = json!("failing-failover-hook");
    let (played, keys) = hooked("planned-move", &hooks, Faults::default());
    let trace = played.trace.join("\n");
    assert_eq!(ended(&played), [("planned-failover", "Aborted")], "{trace}");
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(!trace.contains("SwitchoverGlobalCluster"), "{trace}");
    assert_eq!(broken(&played), [].into(), "{trace}");
}

#[test]
fn a_hook_that_fails_before_names_leaves_them_and_one_behind_them_is_told() {
    let mut hooks = good();
    hooks["before_names"]["function"] = json!("failing-failover-hook");
    let (played, keys) = hooked("planned-move", &hooks, Faults::default());
    let trace = played.trace.join("\n");
    assert_eq!(ended(&played), [("planned-failover", "Failed")], "{trace}");
    assert_eq!(broken(&played), [].into(), "{trace}");
    // Two before it, and itself once more with the same key.
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert_eq!(keys[2], keys[3]);
    assert!(!trace.contains("ChangeResourceRecordSets"), "{trace}");
    hooks["before_names"] = good()["before_names"].clone();
    hooks["after_names"]["function"] = json!("failing-failover-hook");
    let (played, keys) = hooked("planned-move", &hooks, Faults::default());
    let trace = played.trace.join("\n");
    assert_eq!(played.violations, [], "{trace}");
    assert_eq!(ended(&played), [("planned-failover", "Moved")], "{trace}");
    assert_eq!(keys.len(), Phase::ALL.len());
    assert_ne!(
        told(&played, "took over from us-west-2 as planned"),
        Vec::<&String>::new()
    );
}

#[test]
fn a_hook_whose_answer_is_lost_is_called_again_with_the_same_key() {
    let (clean, _) = hooked("region-loss", &good(), Faults::default());
    let calls = clean.calls["call-hook"];
    let mut again = 0;
    for call in 0..calls {
        let (played, keys) = hooked(
            "region-loss",
            &good(),
            Faults::one("call-hook", call, Way::LostAfter),
        );
        let trace = played.trace.join("\n");
        assert_eq!(played.violations, [], "{trace}");
        assert_eq!(
            ended(&played),
            [("unplanned-failover", "Recovered")],
            "{trace}"
        );
        let distinct: BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), Phase::ALL.len(), "{keys:?}");
        again += keys.len() - distinct.len();
    }
    assert!(again >= Phase::ALL.len(), "{again} of {calls}");
}

/// What comes of a lost Region while people meddle.
fn meddled(events: impl IntoIterator<Item = (f64, Event)>) -> Played {
    let mut all = systematic::baselines().into_iter();
    let (_, mut case) = all.find(|(known, _)| *known == "region-loss").unwrap();
    let more = events.into_iter();
    case.events
        .extend(more.map(|(at, event)| Timed { at, event }));
    play(&case, true).unwrap()
}

#[test]
fn a_run_that_somebody_stops_and_redrives_goes_on_to_its_end() {
    for stopped in [30.0, 40.0, 80.0] {
        let played = meddled([
            (stopped, Event::Stopped(AWAY.into())),
            (stopped + 7.0, Event::Redriven(AWAY.into())),
        ]);
        let trace = played.trace.join("\n");
        assert_eq!(played.violations, [], "{trace}");
        assert!(trace.contains("event-0 is redriven"), "{trace}");
        let recovered = ("unplanned-failover", "Recovered");
        assert_eq!(ended(&played), [recovered], "{trace}");
    }
}

#[test]
fn what_somebody_deletes_is_made_anew_by_whoever_leads_to_the_new_writer() {
    for theirs in [Theirs::Name, Theirs::Epoch] {
        let played = meddled([(5.0, Event::Deleted(theirs.clone()))]);
        assert_eq!(played.violations, [], "{theirs:?}");
        let recovered = ("unplanned-failover", "Recovered");
        assert_eq!(ended(&played), [recovered], "{theirs:?}");
    }
}

/// Every so-manieth case of a baseline, so that the tests end in minutes. `make simulate-each-call` plays them all.
fn sampled(name: &str, every: usize) -> Tally {
    let mut all = systematic::baselines().into_iter();
    let (_, case) = all.find(|(known, _)| *known == name).unwrap();
    let mut cases = systematic::each_call_once(&case).unwrap();
    cases.extend(systematic::each_pass_once(&case).unwrap());
    play_list(cases.into_iter().step_by(every))
}

#[test]
fn no_call_and_no_pass_that_goes_wrong_breaks_a_rule_in_a_failover_or_a_move() {
    for (name, every) in [
        ("region-loss", 29),
        ("region-loss-detach", 61),
        ("planned-move", 31),
    ] {
        let tally = sampled(name, every);
        assert_eq!(tally.broken, [].into(), "{name}");
        assert!(tally.cases > 50, "{name}: {}", tally.cases);
    }
}

#[test]
fn no_drawn_case_of_the_first_seeds_breaks_a_rule() {
    let cases = Kind::ALL
        .into_iter()
        .flat_map(|kind| (1..=8).map(move |seed| draw(kind, seed)));
    let tally = play_list(cases.collect::<Vec<_>>());
    assert_eq!(tally.broken, [].into());
}

#[test]
fn nobody_is_told_of_anything_while_nothing_happens() {
    let played = play(&draw(Kind::Calm, 1), true).unwrap();
    assert_eq!(played.violations, []);
    assert!(played.ended.is_empty());
}

#[test]
fn a_seed_decides_everything_byte_for_byte() {
    for kind in Kind::ALL {
        for seed in [3, 17] {
            let case = draw(kind, seed);
            let (one, other) = (play(&case, true).unwrap(), play(&case, true).unwrap());
            assert_eq!(one.trace, other.trace, "{kind:?} {seed}");
            assert_eq!(one, other, "{kind:?} {seed}");
        }
    }
}

/// What a seed of each kind comes to, and all that happened on the way, each as a number. The golden file was written on one machine
/// and is compared on every other; whoever changes what a run does writes it anew with `UPDATE_GOLDEN=1`.
#[test]
fn a_seed_comes_to_the_same_on_every_machine() {
    let lines = Kind::ALL.map(|kind| {
        let played = play(&draw(kind, 23), true).unwrap();
        let happened = stable_hash(&played.trace.join("\n"));
        format!("{kind:?} 23: {:016x} {happened:016x}\n", played.digest)
    });
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/ends.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, lines.concat()).unwrap();
    }
    assert_eq!(
        lines.concat(),
        fs::read_to_string(golden).unwrap_or_default()
    );
}

#[test]
fn a_case_is_the_same_after_it_was_written_down() {
    for kind in Kind::ALL {
        let case = draw(kind, 5);
        let text = serde_json::to_string(&case).unwrap();
        assert_eq!(case::read(&text).unwrap(), case);
    }
}

#[test]
fn no_case_that_once_broke_a_rule_breaks_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let case: Case = case::read(&fs::read_to_string(&path).unwrap()).unwrap();
        let played = play(&case, true).unwrap();
        let trace = played.trace.join("\n");
        assert_eq!(played.violations, [], "{}\n{trace}", path.display());
    }
}
