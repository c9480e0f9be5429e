//! A plan's own function is called before and after each phase of a planned move, and fails in two of them.

use std::collections::BTreeSet;

use failover::{installation::named, plan::Phase};
use serde_json::{Value, json};

use crate::{
    emulator::{HookCall, HookFunction},
    profile::{HOME, PLAN, STANDBY},
    scenario::{Drill, Ends, Played, RUN, SOON, STOPPED, Scenario, Told},
    scenarios::{
        actions::stacks::BOTH,
        checks::{
            planned::{leads, stays, succeeded},
            rows::keeps_every_row,
        },
    },
    timeline::Kind,
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "hooks-called",
    summary: "A plan names a function of its own before and after promotion, names and services: it keeps a planned move from happening, is called in order by the next one, and fails after the names on the way back, where it is called by hand.",
    comes_out: "the first run is aborted with nothing changed, the others succeed, each phase is called once, people are told which hook failed, a call by hand has the same key",
    plan: hooked,
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[STOPPED, THERE, BACK]),
    // What a plan's own functions take is the plan's.
    moves_are_short: false,
    ..Scenario::USUAL
};

/// The plan's own function, in both Regions.
const HOOK: &str = "orders-doors-failover-hook";
/// With which words it fails.
const WORDS: &str = "the doors do not close";
/// What people are told of the moves.
const THERE: &str = "us-east-1 took over from us-west-2";
const BACK: &str = "us-west-2 took over from us-east-1";

/// A move of the writer.
#[derive(Clone, Copy)]
struct Move {
    from: &'static str,
    to: &'static str,
    /// The epoch that it ends with.
    epoch: u64,
}

/// The function in every phase.
fn hooked() -> Value {
    let hooks = Phase::ALL.into_iter().map(|phase| {
        let hook = json!({"function": HOOK, "timeout_seconds": 10});
        (phase.name().to_owned(), hook)
    });
    json!({"hooks": hooks.collect::<serde_json::Map<_, _>>()})
}

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut played = Played::now();
    let hook = &deployed(drill, &mut played).await?;
    let before = (STANDBY, Phase::BeforePromote);
    let says = "only a run calls the hook before_promote";
    only_says(drill, &mut played, hook, (before, says)).await?;
    held_back(drill, &mut played, hook).await?;
    let there = Move {
        from: HOME,
        to: STANDBY,
        epoch: 2,
    };
    let run = moved(drill, &mut played, hook, (there, None)).await?;
    let says = format!("{HOOK} has answered run {run} (before_names)");
    let names = (STANDBY, Phase::BeforeNames);
    only_says(drill, &mut played, hook, (names, &says)).await?;
    let back = Move {
        from: STANDBY,
        to: HOME,
        epoch: 3,
    };
    let fails = Phase::AfterNames;
    let run = moved(drill, &mut played, hook, (back, Some(fails))).await?;
    names_the_hook(drill, &mut played, BACK, (fails, HOME)).await;
    by_hand(drill, &mut played, hook, (&run, back)).await?;
    keeps_every_row(drill, &mut played).await?;
    Ok(played)
}

/// The function is deployed in both Regions, whose surveys miss it before and not afterwards.
async fn deployed(drill: &Drill<'_>, played: &mut Played) -> Result<HookFunction, Trouble> {
    let before = gaps(drill, STANDBY).await;
    let missing = Phase::ALL.into_iter().filter(|phase| {
        let says = format!("The hook {} cannot be called", phase.name());
        before.contains(&says)
    });
    played.check(
        format!("the survey of {STANDBY} misses the function for each phase"),
        &*before,
        missing.count() == Phase::ALL.len(),
    );
    let text = format!("deploys the function {HOOK} in both Regions");
    drill.world.timeline.say(Kind::Run, "a human", text);
    let hook = drill.world.emulator.make_hook(HOOK, &BOTH).await?;
    for region in BOTH {
        let complete = async || gaps(drill, region).await == NO_GAP;
        drill.until(SOON, "a survey without a gap", complete).await;
        let left = gaps(drill, region).await;
        played.check(
            format!("the survey of {region} misses nothing any more"),
            &*left,
            left == NO_GAP,
        );
    }
    Ok(hook)
}

/// What a survey says that misses nothing.
const NO_GAP: &str = "nothing";

/// What the survey of a Region misses.
async fn gaps(drill: &Drill<'_>, region: &str) -> String {
    let survey = json!({"operation": "survey"});
    let function = named("confirm-outage");
    let answer = match drill.world.call(region, &function, &survey).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => return format!("no answer: {why}"),
        Err(why) => return format!("no answer: {why}"),
    };
    let Some(gaps) = answer["plans"][0]["gaps"].as_array() else {
        return format!("no survey: {answer}");
    };
    let gaps: Vec<_> = gaps.iter().filter_map(Value::as_str).collect();
    if gaps.is_empty() {
        NO_GAP.to_owned()
    } else {
        gaps.join(". ")
    }
}

/// By hand, without force, `call-hook` says what it would do, and calls nothing.
async fn only_says(
    drill: &Drill<'_>,
    played: &mut Played,
    hook: &HookFunction,
    ((region, phase), wanted): ((&str, Phase), &str),
) -> Result<(), Trouble> {
    let before = hook.calls()?.len();
    let dry = json!({"plan": PLAN, "phase": phase.name()});
    let said = drill.said(region, "call-hook", &dry).await;
    let calls = hook.calls()?.len() - before;
    played.check(
        format!("by hand without force, call-hook in {region} says that {wanted}"),
        format!("{said}; called {calls} times"),
        said.contains(wanted) && calls == 0,
    );
    Ok(())
}

/// What has failed after the names is called by hand, as the document says: under the key of the run that it failed in.
async fn by_hand(
    drill: &Drill<'_>,
    played: &mut Played,
    hook: &HookFunction,
    (run, writer): (&str, Move),
) -> Result<(), Trouble> {
    let phase = Phase::AfterNames.name();
    let would = format!("{HOOK} would be called by a run ({phase})");
    let after = (writer.to, Phase::AfterNames);
    only_says(drill, played, hook, (after, &would)).await?;
    fails(drill, hook, None)?;
    let before = hook.calls()?.len();
    let force = format!("{PLAN}@{}", writer.epoch);
    let forced = json!({"plan": PLAN, "phase": phase, "force": force});
    let said = drill.said(writer.to, "call-hook", &forced).await;
    let calls = hook.calls()?.split_off(before);
    let keys = calls.iter().map(|call| call.payload["key"].as_str());
    let keys: Vec<_> = keys.map(|key| key.unwrap_or("no key")).collect();
    played.check(
        format!("by hand, call-hook calls it once more, under the key {run}/{phase}"),
        format!("{said}; {}", keys.join(", ")),
        said.contains(&format!("{HOOK} answered ({phase})")) && keys == [format!("{run}/{phase}")],
    );
    let says = format!("{HOOK} has answered run {run} ({phase})");
    only_says(drill, played, hook, (after, &says)).await
}

/// The function fails before the promotion: the run ends there, and nothing has changed.
async fn held_back(
    drill: &Drill<'_>,
    played: &mut Played,
    hook: &HookFunction,
) -> Result<(), Trouble> {
    let phase = Phase::BeforePromote;
    fails(drill, hook, Some(phase))?;
    let run = drill.start_planned(STANDBY).await?;
    drill.end_of(&run, RUN).await;
    names_the_hook(drill, played, STOPPED, (phase, STANDBY)).await;
    let asked = drill.called("planned-failover", "SwitchoverGlobalCluster");
    let asked = if asked { "it was" } else { "it was not" };
    played.check(
        "RDS is not asked to switch over",
        asked,
        asked == "it was not",
    );
    stays(drill, played).await?;
    let outages = drill.client.record().outages().len();
    played.check(
        "writes never stop",
        format!("{outages} outages"),
        outages == 0,
    );
    let noted = hook.calls()?;
    let calls = phases(&noted);
    played.check(
        "the function was called once, before the promotion",
        calls.join(", "),
        calls == [phase.name()],
    );
    Ok(())
}

/// The function fails at a phase from now on, or nowhere.
fn fails(drill: &Drill<'_>, hook: &HookFunction, at: Option<Phase>) -> Result<(), Trouble> {
    if let Some(phase) = at {
        let text = format!("fails from now on, {}", phase.name());
        drill.fault(HOOK, &text, "hook fails");
    }
    Ok(hook.fails(at.map(|phase| (phase.name(), WORDS)))?)
}

/// A planned move succeeds, whose run calls the function in every phase; answers the run's name.
async fn moved(
    drill: &Drill<'_>,
    played: &mut Played,
    hook: &HookFunction,
    (writer, at): (Move, Option<Phase>),
) -> Result<String, Trouble> {
    fails(drill, hook, at)?;
    let before = hook.calls()?.len();
    let run = drill.start_planned(writer.to).await?;
    succeeded(drill, played, &run, writer.to).await;
    leads(drill, played, writer.to, writer.epoch).await;
    let calls = hook.calls()?.split_off(before);
    given(played, &calls, (&run, writer));
    in_order(drill, played, &calls, writer.to);
    let seen = drill.runs.seen().into_iter().find(|seen| seen.name == run);
    let left = seen.map(|run| run.left).unwrap_or_default();
    let wanted = at.map(|phase| failed(phase, writer.to));
    let is_told = match &wanted {
        Some(words) => left.len() == 1 && left[0].contains(words),
        None => left.is_empty(),
    };
    played.check(
        format!(
            "what the move to {} leaves to be done: {}",
            writer.to,
            wanted.as_deref().unwrap_or("nothing")
        ),
        left.join("; "),
        is_told,
    );
    Ok(run)
}

/// What the run says of a phase whose function failed in a Region.
fn failed(phase: Phase, region: &str) -> String {
    format!("the hook {} ({HOOK} in {region}) failed", phase.name())
}

/// People are told which hook failed, and what it said.
async fn names_the_hook(
    drill: &Drill<'_>,
    played: &mut Played,
    subject: &str,
    (phase, region): (Phase, &str),
) {
    let told = drill.told(subject).await.unwrap_or_default();
    let is_named = told.contains(&failed(phase, region)) && told.contains(WORDS);
    played.check(
        format!(
            "people are told, to do something, that {}",
            failed(phase, region)
        ),
        told.replace('\n', " "),
        told.starts_with("ACTION") && is_named,
    );
}

/// The phases of some calls.
fn phases(calls: &[HookCall]) -> Vec<&str> {
    let phases = calls.iter().map(|call| call.payload["phase"].as_str());
    phases.map(|phase| phase.unwrap_or("no phase")).collect()
}

/// Each phase is called once, in a run's order and in the Region that gets the writer, and told of which move it is a part.
fn given(played: &mut Played, calls: &[HookCall], (run, writer): (&str, Move)) {
    let Move { from, to, epoch } = writer;
    let regions: BTreeSet<_> = calls.iter().map(|call| call.region.as_str()).collect();
    played.check(
        format!("each phase is called once, in order, in {to} alone"),
        format!("{} in {regions:?}", phases(calls).join(", ")),
        phases(calls) == Phase::ALL.map(Phase::name) && regions == BTreeSet::from([to]),
    );
    let wanted = Phase::ALL.map(|phase| {
        let name = phase.name();
        // Before the promotion the proven epoch is that of the writer which is left.
        let epoch = if phase == Phase::BeforePromote {
            epoch - 1
        } else {
            epoch
        };
        json!({"plan": PLAN, "run_id": run, "kind": "planned_failover", "phase": name, "from_region": from,
            "target_region": to, "epoch": epoch, "key": format!("{run}/{name}"), "dry_run": false})
    });
    let mut other = calls.iter().map(|call| &call.payload).zip(&wanted);
    let other = other.find(|(payload, wanted)| payload != wanted);
    let found = other.map_or_else(
        || format!("all {} calls", calls.len()),
        |(payload, wanted)| format!("{payload}, not {wanted}"),
    );
    played.check(
        format!("each call says plan, run, phase, Regions and epoch of the move to {to}"),
        found,
        other.is_none() && calls.len() == wanted.len(),
    );
}

/// What a run asks AWS for in each phase: function and operation.
const ASKS: [(&str, &str); 3] = [
    ("planned-failover", "SwitchoverGlobalCluster"),
    ("dns-flip", "ChangeResourceRecordSets"),
    ("ecs-restart", "UpdateService"),
];

/// Each call comes before or after what the run asks AWS for in that phase.
fn in_order(drill: &Drill<'_>, played: &mut Played, calls: &[HookCall], to: &str) {
    let since = calls.first().map_or(u64::MAX, |call| call.at_ms);
    let mut all: Vec<(u64, String)> = Vec::new();
    for (call, phase) in calls.iter().zip(phases(calls)) {
        all.push((call.at_ms, phase.to_owned()));
    }
    for call in drill.world.front_door.calls() {
        let is_of_run = call.caller_region == to && call.at_ms >= since;
        let is_asked = ASKS.iter().any(|(function, operation)| {
            call.function == named(function) && call.operation == *operation
        });
        if is_of_run && is_asked && call.status == Some(200) {
            all.push((call.at_ms, call.operation));
        }
    }
    all.sort_by_key(|(at_ms, _)| *at_ms);
    let mut words: Vec<_> = all.into_iter().map(|(_, word)| word).collect();
    words.dedup();
    let [promotes, leads, restarts] = ASKS.map(|(_, operation)| operation);
    let wanted = [
        Phase::BeforePromote.name(),
        promotes,
        Phase::AfterPromote.name(),
        Phase::BeforeNames.name(),
        leads,
        Phase::AfterNames.name(),
        Phase::BeforeServices.name(),
        restarts,
        Phase::AfterServices.name(),
    ];
    played.check(
        format!(
            "the calls stand around what the move to {to} does: {}",
            wanted.join(", ")
        ),
        words.join(", "),
        words == wanted,
    );
}
