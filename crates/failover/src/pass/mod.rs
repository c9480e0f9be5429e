//! A pass: one call of a step. It observes, decides by a pure function, and changes at most one thing.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Error,
    domain::{Epoch, PlanName, Region, RunId, seconds_between},
    guard::{self, not_adopted},
    json::field,
    ledger::{self, Intent, Rows, Run},
    plan::PARAMETERS,
    ports::{self, Here, Ledger},
    topology::Named,
};

pub mod by_hand;
pub mod calls;
pub mod frame;

/// How long a pass waits for the ledger of the Region that its run leaves.
pub const SILENCE: Duration = Duration::from_secs(1);

/// What every step of a run takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The plan.
    pub plan: PlanName,
    /// The run; a pass without one is called by hand and changes nothing.
    #[serde(default)]
    pub run_id: Option<RunId>,
    /// The Region the run leaves; by hand, the current writer's.
    #[serde(default)]
    pub from_region: Option<Region>,
    /// The Region the run goes to; by hand, the function's own.
    #[serde(default)]
    pub target_region: Option<Region>,
    /// The epoch when the run opened.
    #[serde(default)]
    pub epoch: Option<Epoch>,
    /// Does all but the change and says what it would have been.
    #[serde(default)]
    pub dry_run: bool,
    /// `<plan>@<epoch>`: lets a pass by hand change things, if the plan stands at that epoch.
    #[serde(default)]
    pub force: Option<String>,
    /// Lets a forced pass lose what the old writer acknowledged and the target lacks.
    #[serde(default)]
    pub accept_data_loss: bool,
    /// Lets a forced pass promote past an old writer that answers: whatever it takes from then on is lost.
    #[serde(default)]
    pub abandon_living_writer: bool,
}

impl Input {
    /// The input of a pass called by hand for a plan.
    #[must_use]
    pub const fn of(plan: PlanName) -> Self {
        Self {
            plan,
            run_id: None,
            from_region: None,
            target_region: None,
            epoch: None,
            dry_run: false,
            force: None,
            accept_data_loss: false,
            abandon_living_writer: false,
        }
    }
}

pub use crate::json::{operation, read};

/// Takes a field that is a step's own out of a payload, whose rest every step takes; `None` where it is absent or null.
///
/// # Errors
/// `InvalidRequest` that names the field, its value and the fix.
pub fn take<T: DeserializeOwned>(payload: &mut Value, name: &str) -> Result<Option<T>, Error> {
    let given = payload
        .as_object_mut()
        .and_then(|object| object.remove(name));
    given.map_or(Ok(None), |given| field(name, given))
}

/// Writes what a function answers.
///
/// # Errors
/// `InvalidRequest` for what JSON cannot hold.
pub fn answer(answer: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(answer)
        .map_err(|why| Error::InvalidRequest(format!("the answer cannot be written: {why}")))
}

/// Whether a step has reached what it wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Call again after `wait_seconds`.
    Pending,
    /// The wanted state was observed.
    Done,
}

/// What a pass answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output<O> {
    /// Whether the wanted state was observed.
    pub progress: Progress,
    /// How long to wait before the next pass, in seconds.
    pub wait_seconds: u64,
    /// What was done, or would be with `dry_run`.
    pub action: &'static str,
    /// Why.
    pub reason: String,
    /// Whether nothing was done, whatever `action` says.
    #[serde(skip_serializing_if = "is_false")]
    pub dry_run: bool,
    /// What the call would be refused with, in a dry run; in a run that fails the pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The calls that follow a forced pass which is done, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// What the pass saw, for the execution history; nothing where it was refused before it could look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<O>,
}

/// For fields that are left out unless they are true.
#[must_use]
pub const fn is_false(value: &bool) -> bool {
    !*value
}

impl<O> Output<O> {
    /// What a job answers that has done what it was asked for.
    #[must_use]
    pub const fn done(action: &'static str, reason: String, observed: O) -> Self {
        Self {
            progress: Progress::Done,
            wait_seconds: 0,
            action,
            reason,
            dry_run: false,
            refusal: None,
            next: Vec::new(),
            observed: Some(observed),
        }
    }

    /// What a dry run answers of a refusal.
    ///
    /// # Errors
    /// The refusal itself where nobody could look, or where the words are wrong: a dry run fails there like any call.
    pub fn refused(
        why: Error,
        observed: Option<O>,
        mut reasons: Vec<String>,
    ) -> Result<Self, Error> {
        match why {
            Error::NotReady(_)
            | Error::UnexpectedTopology(_)
            | Error::EvidenceStale(_)
            | Error::DataLossTooLarge(_)
            | Error::RunRefused(_) => {}
            Error::Unavailable(_) | Error::InvalidRequest(_) | Error::Denied(_) => return Err(why),
        }
        if reasons.is_empty() {
            reasons.push(why.to_string());
        }
        Ok(Self {
            progress: Progress::Pending,
            wait_seconds: 0,
            action: "refused",
            reason: format!("would be refused: {why}"),
            dry_run: true,
            refusal: Some(Refusal {
                error: why.name(),
                reasons,
            }),
            next: Vec::new(),
            observed,
        })
    }
}

/// What a pass would be refused with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The error's name.
    pub error: &'static str,
    /// Every reason, one sentence each.
    pub reasons: Vec<String>,
}

/// What one pass of a run stands on: its record, the ledgers it counts on, and the proof that it may act.
#[derive(Debug, Clone)]
pub struct Pass {
    /// The run's record.
    pub run: Run,
    /// The rows of the Regions whose lease the run holds, or of this Region alone.
    pub rows: Rows,
    /// When the pass began.
    pub now: Timestamp,
    /// Whether nothing may be changed.
    pub dry_run: bool,
}

impl Pass {
    /// Reads the run's record, renews its leases (guard a), and checks what their ledgers say of the writer (guard b).
    ///
    /// # Errors
    /// `RunRefused`, `UnexpectedTopology`, `InvalidRequest`, `Unavailable`.
    pub async fn open(world: &(impl Ledger + Here), input: &Input) -> Result<Self, Error> {
        by_hand::is_unforced(input)?;
        let Some(run_id) = &input.run_id else {
            return by_hand::dry(world, input).await;
        };
        let (here, now) = (world.region(), world.now());
        let epoch = input.epoch.ok_or_else(|| {
            Error::InvalidRequest("epoch is missing; a run's steps carry it".into())
        })?;
        let run = recorded(world, input, run_id).await?;
        let rows = renew(world, &run, (epoch, now), input.dry_run).await?;
        guard::lease(&rows, here, run_id, epoch, now)?;
        guard::writer(&rows, &run.from, &run.to)?;
        Ok(Self {
            run,
            rows,
            now,
            dry_run: input.dry_run,
        })
    }

    /// As [`Pass::open`], for a run that confirms behind another one which waits for a human's answer: it holds no lease,
    /// and every other step refuses it.
    ///
    /// # Errors
    /// As [`Pass::open`].
    pub async fn open_to_confirm(
        world: &(impl Ledger + Here),
        input: &Input,
    ) -> Result<Self, Error> {
        by_hand::is_unforced(input)?;
        let Some(run_id) = &input.run_id else {
            return Self::open(world, input).await;
        };
        let run = recorded(world, input, run_id).await?;
        if !run.waits_behind() {
            return Self::open(world, input).await;
        }
        let members = run.plan.members.keys();
        let counted_on = members.filter(|region| **region != run.from);
        let rows = ports::rows(world, counted_on, run.name()).await?;
        guard::writer(&rows, &run.from, &run.to)?;
        Ok(Self {
            run,
            rows,
            now: world.now(),
            dry_run: input.dry_run,
        })
    }

    /// The change of writer that the run is about to begin. One to the same target that is open already keeps its epoch.
    #[must_use]
    pub fn intent(&self, global_cluster: Option<Named>) -> Intent {
        let run = &self.run;
        let open = self.rows.intent().filter(|intent| intent.to == run.to);
        Intent {
            epoch: open.map_or_else(|| self.rows.next_epoch(), |intent| intent.epoch),
            from: run.from.clone(),
            to: run.to.clone(),
            global_cluster,
            run_id: run.run_id.clone(),
            written_at: self.now,
        }
    }

    /// Writes what the pass did into the run's record; a dry run leaves no trace.
    ///
    /// # Errors
    /// `Unavailable` when the ledger does not answer.
    pub async fn record(
        &mut self,
        world: &(impl Ledger + Here),
        step: &str,
        action: &str,
        reason: &str,
    ) -> Result<(), Error> {
        if self.dry_run {
            return Ok(());
        }
        self.run.note(world.now(), step, action, reason);
        world.put_run(world.region(), &self.run).await
    }

    /// What a pass says of what it does, and what a dry run says of what it would do.
    #[must_use]
    pub const fn says<'a>(&self, does: &'a str, would: &'a str) -> &'a str {
        if self.dry_run { would } else { does }
    }

    /// The steps after ProveWriter lead clients to the target: it must be the proven writer, and no later change begun.
    ///
    /// # Errors
    /// `UnexpectedTopology`.
    pub fn require_proven(&self) -> Result<(), Error> {
        let proven = self
            .rows
            .current()
            .is_some_and(|current| current.writer == self.run.to);
        if proven && self.rows.intent().is_none() {
            return Ok(());
        }
        Err(Error::UnexpectedTopology(format!(
            "{} is not proven as the writer; what follows the proof waits for it",
            self.run.to
        )))
    }

    /// When the run came to this step: when another one last did something.
    #[must_use]
    pub fn entered(&self, step: &str) -> Timestamp {
        let mut latest_first = self.run.timeline.iter().rev();
        let other = latest_first.find(|entry| entry.step != step);
        other.map_or(self.now, |entry| entry.at)
    }
}

/// What is said of a plan that nobody knows: where its document belongs, and the plans that there are.
pub async fn unknown(world: &(impl Ledger + Here), plan: &PlanName) -> Error {
    let here = world.region();
    let known = world.all_known(here).await.unwrap_or_default();
    let names: Vec<_> = known.iter().map(|known| known.plan.plan.as_str()).collect();
    let there = if names.is_empty() {
        "no plan is known there".to_owned()
    } else {
        format!("the plans known there are {}", names.join(", "))
    };
    Error::InvalidRequest(format!(
        "plan {plan} is not known in {here}: {there}; correct the name, or write the plan's document to the parameter {PARAMETERS}{plan} there, which a probe reads within a minute"
    ))
}

async fn recorded(
    world: &(impl Ledger + Here),
    input: &Input,
    run_id: &RunId,
) -> Result<Run, Error> {
    let here = world.region();
    world.run(here, &input.plan, run_id).await?.ok_or_else(|| {
        Error::RunRefused(format!(
            "the ledger of {here} holds no run {run_id} of plan {}",
            input.plan
        ))
    })
}

/// Renews the lease in every Region that the run leased (rule 3), and answers their rows. The Region that it leaves may have
/// fallen silent since; once its target is promoted, or a promoting call was made that may come about, so may any other: then
/// what those say that answer counts, and every write to a silent one still fails, so that no further call is made without it. A
/// dry run finds out whether it could renew them.
async fn renew(
    world: &(impl Ledger + Here),
    run: &Run,
    (epoch, now): (Epoch, Timestamp),
    dry_run: bool,
) -> Result<Rows, Error> {
    let here = world.region();
    let is_promoting =
        run.promoted_at.is_some() || run.proof.is_some() || calls::open(run).is_some();
    let renewals = run.leased.iter().map(async |region| {
        let renewal = async {
            let renewed = |row: &ledger::Row| row.renew(&run.run_id, epoch, now);
            if dry_run {
                renewed(&world.row(region, run.name()).await?)
            } else {
                ports::update(world, region, run.name(), renewed).await
            }
        };
        let waits_briefly = region != here && (*region == run.from || is_promoting);
        let renewed = if waits_briefly {
            briefly(region, renewal).await
        } else {
            renewal.await
        };
        (region, renewed)
    });
    let mut rows = BTreeMap::new();
    let mut silent = None;
    for (region, renewed) in futures::future::join_all(renewals).await {
        match renewed {
            Err(Error::Unavailable(why)) if region != here => {
                let is_left = *region == run.from;
                silent = silent.or_else(|| (!is_left).then_some(Error::Unavailable(why)));
            }
            renewed => drop(rows.insert(region.clone(), renewed?)),
        }
    }
    let rows = Rows(rows);
    let is_proven = rows
        .current()
        .is_some_and(|current| current.writer == run.to);
    match silent {
        Some(why) if !is_promoting && !is_proven => Err(why),
        _ => Ok(rows),
    }
}

/// What a Region's ledger says that may be silent.
///
/// # Errors
/// `Unavailable` where it is silent for longer than [`SILENCE`], and what was asked.
pub async fn briefly<T>(
    region: &Region,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = |_| {
        Err(Error::Unavailable(format!(
            "the ledger of {region} is silent"
        )))
    };
    let answered = tokio::time::timeout(SILENCE, asked).await;
    answered.unwrap_or_else(late)
}

/// The longest that most passes ask to wait for the next one, in seconds.
pub const WAIT_SECONDS_MAX: u64 = 60;

/// Seconds to the next look: one at first, growing with the time already waited, so that hours fit into a history.
#[must_use]
pub fn wait_seconds(since: Timestamp, now: Timestamp) -> u64 {
    wait_seconds_up_to(WAIT_SECONDS_MAX, since, now)
}

/// The same up to `at_most`: what takes a day must fit into a history, too.
#[must_use]
pub fn wait_seconds_up_to(at_most: u64, since: Timestamp, now: Timestamp) -> u64 {
    const LOOKS_PER_AGE: f64 = 30.0;
    let age = seconds_between(since, now).max(0.0) / LOOKS_PER_AGE;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is at least one, and cut to what is allowed"
    )]
    let whole = age.max(1.0) as u64;
    whole.min(at_most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Answer, Claim, Current, Row};
    use crate::testing;

    /// A run of three members whose target is proven, or is still to be promoted.
    async fn of_three(is_promoted: bool) -> (testing::Books, Input) {
        let mut run = testing::run();
        run.epoch = Epoch(1);
        run.leased = ["us-east-1".into(), "us-west-2".into(), "eu-west-1".into()].into();
        let (epoch, writer) = match is_promoted {
            true => (Epoch(2), "us-east-1"),
            false => (Epoch(1), "us-west-2"),
        };
        let current = Current {
            epoch,
            writer: writer.into(),
            global_cluster: None,
            run_id: run.run_id.clone(),
            proven_at: Timestamp::UNIX_EPOCH,
            unplanned: true,
            acknowledged_at: None,
        };
        let row = Row {
            current: Some(current),
            ..Row::new("orders".into())
        };
        let books = testing::Books::with(&row);
        let (claim, now) = (Claim::of(&run), books.now());
        for region in &run.leased {
            let leased = ports::update(&books, region, run.name(), |row| row.claim(&claim, now));
            leased.await.unwrap();
        }
        books.put_run(&run.to, &run).await.unwrap();
        let input = Input {
            run_id: Some(run.run_id.clone()),
            epoch: Some(Epoch(1)),
            ..Input::of("orders".into())
        };
        (books, input)
    }

    #[tokio::test]
    async fn once_the_target_is_promoted_any_other_region_may_be_silent() {
        let (books, input) = of_three(true).await;
        let books = books.silence("eu-west-1");
        assert!(Pass::open(&books, &input).await.is_ok());
        let (books, input) = of_three(false).await;
        let books = books.silence("eu-west-1");
        let why = Pass::open(&books, &input).await.unwrap_err();
        assert_eq!(why.name(), "Unavailable", "nothing is promoted yet");
    }

    #[tokio::test]
    async fn while_a_promoting_call_may_come_about_any_other_region_may_be_silent() {
        let silent_after = async |answer: Option<Answer>| {
            let (books, input) = of_three(false).await;
            let mut run = books.runs()[&"a".into()].clone();
            run.attempt(books.now(), "detach_and_promote", "detach");
            if let Some(answer) = answer {
                run.answered(answer);
            }
            books.put_run(&run.to, &run).await.unwrap();
            Pass::open(&books.silence("eu-west-1"), &input).await
        };
        for open in [None, Some(Answer::Taken)] {
            let pass = silent_after(open).await.unwrap();
            assert!(!pass.rows.0.contains_key(&"eu-west-1".into()));
        }
        let refused = silent_after(Some(Answer::Refused("no".into()))).await;
        assert_eq!(refused.unwrap_err().name(), "Unavailable");
    }

    #[tokio::test]
    async fn behind_the_promotion_a_region_that_answers_may_not_contradict() {
        let (books, input) = of_three(true).await;
        let (region, plan) = ("eu-west-1".into(), "orders".into());
        let taken = |row: &Row| {
            let mut row = row.clone();
            row.lease = row.lease.map(|lease| ledger::Lease {
                run_id: "another".into(),
                ..lease
            });
            Ok(row)
        };
        ports::update(&books, &region, &plan, taken).await.unwrap();
        let why = Pass::open(&books, &input).await.unwrap_err();
        assert_eq!(why.name(), "RunRefused");
    }

    #[tokio::test]
    async fn a_plan_that_nobody_knows_is_refused_with_its_parameter_and_the_plans_there_are() {
        let books = testing::Books::with(&Row::new("orders".into()));
        let input = Input::of("ordres".into());
        let by_hand = by_hand::known(&books, &input).await.unwrap_err();
        let why = by_hand.to_string();
        assert_eq!(by_hand.name(), "InvalidRequest");
        for part in [
            "plan ordres is not known in us-east-1",
            "the plans known there are orders",
            "the parameter /aurora-failover/plans/ordres",
        ] {
            assert!(why.contains(part), "{why} lacks {part}");
        }
    }

    #[test]
    fn waiting_starts_at_a_second_and_grows_to_a_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(
            [0, 30, 90, 100_000].map(|age| wait_seconds(at(0), at(age))),
            [1, 1, 3, 60]
        );
    }

    #[test]
    fn an_unknown_field_is_named() {
        let why = read::<Input>(serde_json::json!({"plan": "orders", "colour": 1})).unwrap_err();
        assert!(
            why.name() == "InvalidRequest" && why.to_string().contains("colour"),
            "{why}"
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let why =
            read::<Input>(serde_json::json!({"plan": "orders", "epoch": "seven"})).unwrap_err();
        assert!(why.to_string().contains("epoch"), "{why}");
    }
}
