//! What a survey measures and counts, and what it finds missing.

use super::{seen::OLD, *};
use failover::{
    beat::{Beat, Signs, Vantage},
    domain::Epoch,
    ledger::{Intent, PlanState},
    switches::Switches,
    testing::{self, Books},
};
use jiff::{SignedDuration, Timestamp};

const HERE: &str = "us-east-1";
const HOME: &str = "us-west-2";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A Region's probe that had a beat committed then, and looked at the same time.
fn beating(region: &str, second: i64) -> Vantage {
    Vantage {
        last_beat: Some(Beat {
            seq: 7,
            epoch: Epoch(7),
            at: at(second),
        }),
        version: None,
        signs: Signs {
            lag_ms: Some(80),
            ..Signs::default()
        },
        ..testing::probe::vantage(region.into(), at(second))
    }
}

/// All is well at second 1,000.
fn well() -> Seen {
    let vantages = [HERE, HOME].map(|region| (region.into(), Ok(Some(beating(region, 998)))));
    Seen {
        row: Ok(testing::row(HOME, 7)),
        vantages: vantages.into(),
        switches: Ok(Switches::default()),
        witness: Some(Ok(())),
        topic: Some(Ok(())),
        hooks: Vec::new(),
    }
}

fn gaps(seen: &Seen) -> Vec<String> {
    seen.gaps(&testing::run().plan, at(1_000))
}

fn away<T>() -> Result<T, Error> {
    Err(Error::Unavailable("timed out".into()))
}

#[test]
fn no_beat_is_missing_where_no_heart_beats() {
    let document = testing::sqlserver_document().to_string();
    let plan = failover::plan::read(&document).unwrap();
    let mut seen = well();
    for vantage in seen.vantages.values_mut() {
        *vantage = Ok(None);
    }
    assert_eq!(seen.gaps(&plan, at(9_000)), Vec::<String>::new());
    assert_ne!(seen.gaps(&testing::run().plan, at(9_000)).len(), 0);
    seen.vantages.insert(HOME.into(), away());
    assert_eq!(seen.gaps(&plan, at(9_000)).len(), 1, "its ledger is silent");
}

#[test]
fn nothing_is_missing_while_all_is_well() {
    let seen = well();
    assert_eq!(gaps(&seen), Vec::<String>::new());
    assert_eq!(seen.beat_age(at(1_000)), Some(2.0));
    assert_eq!(seen.lag_ms(&HERE.into(), at(1_000)), Some(80));
    assert_eq!(seen.lag_ms(&HOME.into(), at(1_000)), None, "the writer's");
}

/// What is missing, and part of the sentence that says so.
type Case = (fn(&mut Seen), &'static str);

/// A change of writer has begun.
fn begun(seen: &mut Seen) {
    let row = seen.row.as_mut().unwrap();
    row.intent = Some(Intent {
        epoch: Epoch(8),
        from: HOME.into(),
        to: HERE.into(),
        run_id: "a".into(),
        written_at: at(0),
        global_cluster: None,
    });
}

#[test]
fn whatever_a_failover_needs_and_lacks_is_said_in_one_sentence() {
    let changed = |change: fn(&mut Seen)| {
        let mut seen = well();
        change(&mut seen);
        gaps(&seen)
    };
    let cases: [Case; 11] = [
        (|seen| seen.row = away(), "row cannot be read"),
        (begun, "has begun and is not proven"),
        (
            |seen| seen.row.as_mut().unwrap().plan_fault = Some("a comma".into()),
            "not watched as its parameter says",
        ),
        (
            |seen| drop(seen.vantages.insert(HOME.into(), away())),
            "The ledger in us-west-2 does not answer",
        ),
        (
            |seen| {
                drop(
                    seen.vantages
                        .insert(HOME.into(), Ok(Some(beating(HOME, 910)))),
                )
            },
            "The probe in us-west-2 has had no beat committed for 90 s",
        ),
        (
            |seen| {
                let mut blind = beating(HERE, 998);
                blind.signs.lag_ms = None;
                drop(seen.vantages.insert(HERE.into(), Ok(Some(blind))));
            },
            "No beat was read at the standby in us-east-1",
        ),
        (
            |seen| {
                let mut late = beating(HERE, 998);
                late.signs.lag_ms = Some(30_001);
                drop(seen.vantages.insert(HERE.into(), Ok(Some(late))));
            },
            "is 30001 ms behind",
        ),
        (
            |seen| {
                seen.switches = Ok(Switches {
                    kill: Some("on".into()),
                    maintenance: None,
                });
            },
            "The kill switch is on",
        ),
        (|seen| seen.witness = Some(away()), "The witness does not"),
        (|seen| seen.topic = Some(away()), "Nobody can be told"),
        (
            |seen| {
                seen.hooks = vec![(
                    plan::Phase::BeforeNames,
                    Error::NotReady("ResourceNotFoundException".into()),
                )]
            },
            "The hook before_names cannot be called: ResourceNotFound",
        ),
    ];
    for (change, wanted) in cases {
        let gaps = changed(change);
        assert!(gaps.len() == 1 && gaps[0].contains(wanted), "{gaps:?}");
    }
    let unadopted = changed(|seen| seen.row = Ok(PlanState::new("orders".into())));
    assert_eq!(unadopted, ["No writer is adopted"]);
}

#[tokio::test]
async fn only_a_hook_that_is_not_there_or_not_active_is_a_gap() {
    let mut document = testing::plan_document();
    for phase in ["before_names", "after_names"] {
        document["hooks"][phase] = serde_json::json!({"function": "orders-failover-hook"});
    }
    let plan = plan::read(&document.to_string()).unwrap();
    let found = async |hook: fn(&str, std::time::Duration) -> Result<(), Error>| {
        let books = Books::with(&testing::row(HOME, 7)).hooked_by(hook);
        let found = hooks(&books, &plan).await;
        found
            .iter()
            .map(|(phase, _)| phase.name())
            .collect::<Vec<_>>()
    };
    let gone = found(|_, _| Err(Error::NotReady("it is Failed".into()))).await;
    assert_eq!(gone, ["before_names", "after_names"]);
    for unseen in [
        found(|_, _| Err(Error::Unavailable("throttled".into()))).await,
        found(|_, _| Err(Error::Denied("not authorized".into()))).await,
        found(|_, _| Ok(())).await,
    ] {
        assert_eq!(unseen, Vec::<&str>::new());
    }
}

#[test]
fn the_oldest_beat_counts_and_a_region_that_cannot_be_asked_has_none() {
    let mut seen = well();
    seen.vantages
        .insert(HOME.into(), Ok(Some(beating(HOME, 900))));
    assert_eq!(seen.beat_age(at(1_000)), Some(100.0));
    seen.vantages.insert(HOME.into(), away());
    assert_eq!(seen.beat_age(at(1_000)), Some(2.0));
    seen.vantages.insert(HOME.into(), Ok(None));
    let since_the_proof = seen.beat_age(at(1_000));
    assert_eq!(since_the_proof, Some(1_000.0), "it never had one");
    seen.row = Ok(PlanState::new("orders".into()));
    assert_eq!(seen.beat_age(at(1_000)), None, "nobody is the writer");
}

#[test]
fn a_lag_that_was_seen_long_ago_is_unknown() {
    let mut seen = well();
    let now = at(998) + OLD;
    assert_eq!(seen.lag_ms(&HERE.into(), now), None);
    let just = now - SignedDuration::from_secs(1);
    assert_eq!(seen.lag_ms(&HERE.into(), just), Some(80));
    seen.vantages.insert(HERE.into(), away());
    assert_eq!(seen.lag_ms(&HERE.into(), just), None);
}

/// The document has this topic.
fn books(topic: &str) -> Books {
    let mut document = testing::plan_document();
    document["notify"] = serde_json::json!({"us-east-1": topic});
    Books::with(&testing::row(HOME, 7)).with_document(&document.to_string())
}

fn heard(_: &str) -> Result<ReachOutput, Error> {
    Ok(ReachOutput {
        reaches: true,
        others_only: false,
        reason: "ledger answers".into(),
    })
}

const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders-alerts";

#[tokio::test]
async fn a_survey_measures_each_plan_once_and_counts_nothing_while_all_serves() {
    let books = books(TOPIC).hearing(heard).looked(HERE, at(998));
    drop(metric::counted());
    let surveyed = survey(&books).await.unwrap();
    let [plan] = surveyed.plans.as_slice() else {
        panic!("{surveyed:?}");
    };
    assert_eq!(plan.writer, Some(HOME.into()));
    let measured = metric::measured();
    let names: Vec<_> = measured.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["BeatAge", "Protected", "Writes"], "{plan:?}");
    drop(survey(&books).await.unwrap());
    assert!(metric::counted().is_empty());
}

#[tokio::test]
async fn a_witness_that_is_silent_or_deaf_is_counted_for_the_plan() {
    fn deaf(_: &str) -> Result<ReachOutput, Error> {
        let heard = heard("")?;
        Ok(ReachOutput {
            reaches: false,
            ..heard
        })
    }
    for hears in [deaf, |_: &str| away()] {
        let books = books(TOPIC).hearing(hears);
        drop(metric::counted());
        let surveyed = survey(&books).await.unwrap();
        assert_eq!(metric::counted(), [(Counted::Witness, "orders".into())]);
        let gaps = surveyed.plans[0].gaps.join(". ");
        assert!(gaps.contains("The witness does not serve"), "{gaps}");
    }
}

#[tokio::test]
async fn a_switch_is_measured_while_it_is_on_only() {
    let is_measured = |measured: Vec<(&str, f64)>| {
        measured
            .iter()
            .any(|(name, value)| *name == "SwitchOn" && *value > 0.5)
    };
    drop(metric::counted());
    for (books, is_on) in [
        (books(TOPIC), false),
        (books(TOPIC).switched_on(), true),
        (books(TOPIC).switches_unread(), false),
    ] {
        drop(survey(&books.hearing(heard)).await.unwrap());
        assert_eq!(is_measured(metric::measured()), is_on);
    }
}

#[tokio::test]
async fn a_plan_that_was_taken_away_is_not_surveyed_and_a_silent_ledger_ends_in_an_error() {
    let known = || {
        vec![KeptPlan {
            plan: testing::run().plan,
            endpoints: BTreeMap::new(),
        }]
    };
    let of = |document: Option<(&str, &str)>, here: &str| {
        let documents: Option<BTreeMap<PlanName, String>> =
            document.map(|(name, text)| [(name.into(), text.to_owned())].into());
        let plans = watched(known(), documents.as_ref(), &here.into()).into_iter();
        plans.map(|plan| plan.revision).next()
    };
    let mut document = testing::plan_document();
    document["revision"] = 4.into();
    let document = document.to_string();
    assert_eq!(of(Some(("orders", &document)), HERE), Some(4));
    assert_eq!(of(Some(("orders", "{,")), HERE), Some(3), "it is wrong");
    assert_eq!(of(Some(("billing", &document)), HERE), None, "taken away");
    assert_eq!(of(None, HERE), Some(3), "nobody can tell");
    assert_eq!(of(None, "eu-west-1"), None, "it has no member here");
    let silent = books(TOPIC).silence(HERE);
    assert_eq!(survey(&silent).await.unwrap_err().name(), "Unavailable");
}

#[tokio::test]
async fn a_region_without_a_plan_says_every_minute_that_no_beat_is_missing() {
    drop(metric::measured());
    let surveyed = survey(&books(TOPIC).ignorant(HERE)).await.unwrap();
    assert!(surveyed.plans.is_empty(), "{surveyed:?}");
    assert_eq!(metric::measured(), [("BeatAge", 0.0)]);
}
