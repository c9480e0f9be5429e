//! A suspicion that starts no run: people are told, and decide.

use jiff::{SignedDuration, Timestamp};

use super::{AGAIN, Action, is_of_the_writer};
use failover::{
    domain::Region,
    installation::named,
    ledger::{NO_RUN, PlanState, REFUSED},
    notify::{Message, Severity, claim_and_tell, parts, tool},
    plan::{Detection, Plan},
    ports::{Functions, Ledger, Parameters, People, Runtime, Suspicion},
};

/// By then a run that was started has taken the plan, and a second suspicion was published.
const NO_RUN_AFTER: SignedDuration = SignedDuration::from_secs(2 * AGAIN.as_secs());

/// The suspicions of one invocation.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// When the last one was published.
    pub(super) last_at: Option<Timestamp>,
    /// When the first one was that no run has answered, and the row's token then: each run that opens takes one.
    first: Option<(Timestamp, u64)>,
}

/// What keeps a suspicion from starting a run.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    /// A parameter that is on, and what it says.
    Switch(String, String),
    /// It was not taken, and why.
    NotTaken(String),
    /// It was taken, and no run has come.
    NoRun,
}

impl Asked {
    fn published(&mut self, row: &PlanState, now: Timestamp) {
        let unanswered = self.first.filter(|(_, token)| *token == row.token);
        // What is suspected beside a run that waits for a human is that run's own outage.
        self.first = row
            .live_lease(now)
            .is_none()
            .then(|| unanswered.unwrap_or((now, row.token)));
        self.last_at = Some(now);
    }

    /// Forgets what was asked of an outage that is over.
    fn forget_past(&mut self, suspicion: &Suspicion, row: &PlanState, detection: &Detection) {
        let seen = &suspicion.evidence;
        if seen.failures < detection.failures || !is_of_the_writer(seen, row) {
            self.first = None;
        }
    }

    /// Whether no run has taken the plan since. One that a switch or the cool-down refuses has told people itself.
    fn is_in_vain(&self, row: &PlanState, now: Timestamp) -> bool {
        let is_late = self.first.is_some_and(|(at, token)| {
            token == row.token && now.duration_since(at) >= NO_RUN_AFTER
        });
        let is_refused = row.told_causes.iter().any(|told| told.starts_with(REFUSED));
        is_late && row.live_lease(now).is_none() && !is_refused
    }
}

/// Publishes a suspicion where the look leads to one, and tells people once where no run comes of it. Answers what is wrong with
/// the way from here to a run.
pub(super) async fn follow(
    world: &(impl Ledger + Runtime + Parameters + Functions + People),
    plan: &Plan,
    asked: &mut Asked,
    (suspicion, row): (&Suspicion, &PlanState),
    action: Action,
) -> Option<String> {
    let now = world.now();
    asked.forget_past(suspicion, row, &plan.detection);
    let refused = match action {
        Action::Record => None,
        Action::Suspect => suspect(world, suspicion).await.err(),
    };
    if action == Action::Suspect && refused.is_none() {
        asked.published(row, now);
    }
    let in_vain = asked.is_in_vain(row, now).then_some(Trouble::NoRun);
    let trouble = refused.or(in_vain)?;
    let told = message(plan, suspicion, &trouble);
    let is_over = |row: &PlanState| trouble == Trouble::NoRun && !asked.is_in_vain(row, now);
    let news = |row: &PlanState| (!is_over(row)).then(|| row.tell(&trouble.mark()))?;
    if news(row).is_some() {
        claim_and_tell(world, plan, &told, news).await;
    }
    match trouble {
        Trouble::Switch(..) => None,
        Trouble::NotTaken(why) => Some(format!("{}: {why}", told.what)),
        Trouble::NoRun => Some(told.what),
    }
}

/// Publishes a suspicion, unless a human keeps runs from acting: planned work needs no run a minute that is refused. A switch that
/// cannot be read is read again when the run opens, and a suspicion that is not taken is published again at the next look.
async fn suspect(
    world: &(impl Parameters + Functions),
    suspicion: &Suspicion,
) -> Result<(), Trouble> {
    let plan = &suspicion.plan;
    let switches = world.switches(plan).await.unwrap_or_default();
    if let Some((name, value)) = switches.on(plan) {
        tracing::warn!(%plan, name, "the writer would be suspected, and a switch is on");
        return Err(Trouble::Switch(name, value.to_owned()));
    }
    tracing::warn!(%plan, writer = %suspicion.writer_region, "the writer is suspected");
    world.suspect(suspicion).await.map_err(|why| {
        tracing::error!(%plan, %why, "the suspicion was not taken");
        Trouble::NotTaken(why.to_string())
    })
}

impl Trouble {
    /// What is marked in the row.
    fn mark(&self) -> String {
        let what = match self {
            Self::Switch(..) => "switch",
            Self::NotTaken(_) => "not taken",
            Self::NoRun => "none came",
        };
        format!("{NO_RUN}{what}")
    }
}

impl Trouble {
    /// What happened, why, and what a human does.
    fn words(&self, plan: &Plan, here: &Region) -> (String, String, String) {
        match self {
            Self::Switch(name, value) => (
                format!("{}: a switch is on", parts::NOT_STARTED),
                format!("{name} is on and says {value}."),
                "Let runs act again by the command, where nobody works on it. Until then nothing acts by itself.".to_owned(),
            ),
            Self::NotTaken(why) => (
                format!("{} from {here}", parts::NOT_TAKEN),
                format!("EventBridge did not take the suspicion: {why}."),
                "Start a run by hand where the writer is lost. Then see to it that the probe reaches EventBridge and may put events there."
                    .into(),
            ),
            Self::NoRun => (
                format!("no run has begun in {here}"),
                format!("Nobody has taken the plan in {} s.", NO_RUN_AFTER.as_secs()),
                format!(
                    "Start a run by hand where the writer is lost. Then look at the executions of {}. Where there is none, see to it \
                     that the rule {} is enabled and its role may start them.",
                    named(plan.kind().runs().unplanned),
                    named(plan.kind().runs().suspected)
                ),
            ),
        }
    }
}

fn message(plan: &Plan, suspicion: &Suspicion, trouble: &Trouble) -> Message {
    let (here, writer, seen) = (
        &suspicion.observer_region,
        &suspicion.writer_region,
        &suspicion.evidence,
    );
    let (what, why, next) = trouble.words(plan, here);
    Message {
        severity: Severity::Critical,
        what: format!("the writer in {writer} {} and {what}", parts::SUSPECTED),
        evidence: format!(
            "{} attempt(s) in a row did not commit. The last one: {}. {why}",
            seen.failures, seen.write
        ),
        out_since: seen.failing_since,
        next,
        commands: vec![match trouble {
            Trouble::Switch(name, _) => tool::resume(&plan.plan, name, here),
            Trouble::NotTaken(_) | Trouble::NoRun => tool::failover(&plan.plan, here),
        }],
        ..Message::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{beat::Vantage, ledger::Claim, plan::TopologyKind, testing};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_suspicion_is_in_vain_once_nobody_has_taken_the_plan_for_forty_seconds() {
        let row = testing::row("us-west-2", 7);
        let mut asked = Asked::default();
        assert!(!asked.is_in_vain(&row, at(100)), "nothing was asked");
        for second in [0, 20, 40] {
            asked.published(&row, at(second));
        }
        assert_eq!(
            [39, 40].map(|now| asked.is_in_vain(&row, at(now))),
            [false, true]
        );
        let held = row.claim(&Claim::of(&testing::run()), at(1)).unwrap();
        let ended = held.release(&"a".into()).unwrap();
        let refused = row.tell(&format!("{REFUSED}cool-down")).unwrap();
        for answered in [&held, &ended, &refused] {
            assert!(!asked.is_in_vain(answered, at(100)), "{answered:?}");
        }
        let stood_down = row.tell("stood down (healthy): ").unwrap();
        assert!(asked.is_in_vain(&stood_down, at(100)), "it was another run");
        asked.published(&ended, at(60));
        assert_eq!(
            [99, 100].map(|now| asked.is_in_vain(&ended, at(now))),
            [false, true]
        );
    }

    #[test]
    fn what_is_suspected_beside_a_run_that_waits_for_a_human_is_not_in_vain_when_that_run_ends() {
        let row = testing::row("us-west-2", 7);
        let held = row.claim(&Claim::of(&testing::run()), at(1)).unwrap();
        let mut asked = Asked::default();
        for second in [10, 30, 50] {
            asked.published(&held, at(second));
        }
        let ended = held.release(&"a".into()).unwrap();
        assert!(
            !asked.is_in_vain(&ended, at(55)),
            "it was that run's outage"
        );
        asked.published(&ended, at(60));
        assert_eq!(
            [99, 100].map(|now| asked.is_in_vain(&ended, at(now))),
            [false, true]
        );
    }

    /// The probe in us-east-1 suspects the writer in us-west-2.
    fn suspicion(plan: &Plan) -> Suspicion {
        let evidence = Vantage {
            failures: 3,
            failing_since: Some(testing::example::before(41)),
            ..testing::probe::vantage("us-east-1".into(), testing::example::before(3))
        };
        Suspicion {
            plan: plan.plan.clone(),
            topology: TopologyKind::AuroraGlobal,
            incident: failover::domain::Incident {
                plan: plan.plan.clone(),
                epoch: failover::domain::Epoch(7),
            },
            observer_region: "us-east-1".into(),
            writer_region: "us-west-2".into(),
            evidence,
            last_beat: None,
        }
    }

    #[test]
    fn a_suspicion_that_starts_no_run_is_told_as_its_examples_show() {
        let plan = testing::example::plan();
        let suspicion = suspicion(&plan);
        for (name, trouble) in [
            (
                "switch-on",
                Trouble::Switch("/aurora-failover/kill".into(), "a drill".into()),
            ),
            (
                "not-taken",
                Trouble::NotTaken("EventBridge PutEvents got no answer".into()),
            ),
            ("none-came", Trouble::NoRun),
        ] {
            testing::example::is(name, &message(&plan, &suspicion, &trouble));
        }
    }

    #[test]
    fn a_suspicion_that_starts_no_run_is_told_in_sentences_with_one_command() {
        let plan = testing::run().plan;
        let suspicion = suspicion(&plan);
        let switch = Trouble::Switch("/aurora-failover/kill".into(), "a drill".into());
        for (trouble, what, command) in [
            (
                switch,
                "no run is started: a switch is on",
                "aurora-failover resume --all ",
            ),
            (
                Trouble::NotTaken("timed out".into()),
                "no run can be started from us-east-1",
                "aurora-failover failover orders --to us-east-1 ",
            ),
            (
                Trouble::NoRun,
                "no run has begun in us-east-1",
                "aurora-failover failover orders --to us-east-1 ",
            ),
        ] {
            let message = message(&plan, &suspicion, &trouble);
            let wanted = format!("the writer in us-west-2 is suspected and {what}");
            assert_eq!(message.what, wanted);
            let text = message.text(at(60));
            assert_eq!(failover::notify::unreadable(&text), Vec::<&str>::new());
            assert!(
                message.commands.len() == 1 && message.commands[0].contains(command),
                "{text}"
            );
        }
    }
}
