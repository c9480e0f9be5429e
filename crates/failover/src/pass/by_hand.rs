//! Passes called by hand: forced ones, each a run of one step which takes the plan's lease for its one pass; and dry runs,
//! which find out what the forced pass would do or be refused with.

use std::collections::BTreeMap;

use crate::{
    Error,
    domain::{Epoch, Region, RunId},
    guard,
    ledger::{self, Claim, Closed, Current, Known, Outcome, Rows, Run, RunKind},
    notify::{Message, Severity, commands, tell},
    pass::{Input, Output, Pass, Progress, SILENCE, briefly, not_adopted},
    plan::Plan,
    ports::{self, Here, Ledger, People},
};

/// The step that proves what was promoted.
pub const PROVE: &str = "prove_writer";

/// Makes a forced pass of a step; `carried_out` says whether RDS shows that this Region's member is promoted already.
///
/// # Errors
/// `InvalidRequest` for a `force` that does not fit, `RunRefused` while a run holds the plan, and those of the step.
pub async fn forced<O>(
    world: &(impl Ledger + Here + People),
    step: &str,
    input: &Input,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
    pass: impl AsyncFn(&Input) -> Result<Output<O>, Error>,
) -> Result<Output<O>, Error> {
    let (mut run, held) = open(world, step, input, carried_out).await?;
    let forced = Input {
        run_id: Some(run.run_id.clone()),
        from_region: Some(run.from.clone()),
        target_region: Some(run.to.clone()),
        epoch: Some(run.epoch),
        ..Input::of(input.plan.clone())
    };
    let mut result = pass(&forced).await;
    if let Ok(output) = &mut result
        && output.progress == Progress::Done
    {
        output.next = follow(world, step, &run).await;
    }
    close(world, step, (&mut run, &held), &result).await;
    result
}

/// The calls that follow a forced pass of a step, in their order: a promotion is proven, and what is proven fences the member that
/// was left, leads applications over, and has listed what only that member took.
async fn follow(world: &impl Ledger, step: &str, run: &Run) -> Vec<String> {
    let (plan, to, left) = (&run.plan, &run.to, &run.from);
    match step {
        promoting if plan.topology.promoting_steps().contains(&promoting) => {
            vec![commands::prove(plan, to, run.epoch)]
        }
        PROVE => {
            // It has just written there under which epoch it proved the writer.
            let row = world.row(to, run.name()).await;
            let epoch = row.map_or(run.epoch.next(), |row| row.proven_epoch());
            let of = |region, function| commands::force(plan, region, (function, None), epoch);
            vec![
                commands::force(plan, left, ("fence-writer", Some("fence")), epoch),
                of(to, "dns-flip"),
                of(to, "ecs-restart"),
                of(left, "loss-ledger"),
            ]
        }
        _ => Vec::new(),
    }
}

/// Refuses words that do not go together, before anything is looked at.
pub fn is_consistent(input: &Input) -> Result<(), Error> {
    let forced = input.force.is_some();
    for (field, given) in [
        ("accept_data_loss", input.accept_data_loss),
        ("abandon_living_writer", input.abandon_living_writer),
    ] {
        if given && !forced && !input.dry_run {
            return Err(Error::InvalidRequest(format!(
                "{field} is true without force; it is for forced passes by hand only"
            )));
        }
        if input.run_id.is_some() && (forced || given) {
            return Err(Error::InvalidRequest(format!(
                "force or {field} stands beside run_id; a run needs neither, leave one out"
            )));
        }
    }
    Ok(())
}

/// The name that forced passes of a step go by in the ledgers: the same for those that finish one piece of work. Two
/// Regions' passes are two pieces of work: under one name they would share a lease.
#[must_use]
pub fn run_id(step: &str, region: &Region, epoch: Epoch) -> String {
    format!("by-hand-{step}-{region}-{epoch}")
}

/// Whether forced passes go by this name.
#[must_use]
pub fn is_by_hand(run: &RunId) -> bool {
    run.as_str().starts_with("by-hand-")
}

/// The leases that a pass holds, by their tokens.
type Tokens = BTreeMap<Region, u64>;

/// Takes the plan's lease in every member Region, the one that is left only if it answers, and keeps a record.
async fn open(
    world: &(impl Ledger + Here),
    step: &str,
    input: &Input,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
) -> Result<(Run, Tokens), Error> {
    let here = world.region();
    let known = known(world, input).await?;
    let rows = Rows(reachable(world, &known).await?);
    let mut run = prepare(world, step, input, (known, &rows)).await?;
    let is_promoted = is_promoted(here, &run, &rows, carried_out).await;
    let mut held = Tokens::new();
    let ended = ended(world, &run, &rows).await;
    if let Err(why) = lease(world, &mut run, (&ended, &mut held), is_promoted).await {
        give_back(world, &run).await;
        return Err(why);
    }
    world.put_run(here, &run).await?;
    tracing::warn!(plan = %input.plan, step, run_id = %run.run_id, "a forced pass by hand");
    Ok((run, held))
}

/// Whether this Region has the proven writer, or RDS shows that its member is promoted: none of the others can hold anything up
/// then by being silent.
async fn is_promoted(
    here: &Region,
    run: &Run,
    rows: &Rows,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
) -> bool {
    let current = rows.current();
    let is_proven = current.is_some_and(|current| current.writer == *here);
    is_proven || carried_out(&run.plan, rows).await
}

/// The run that a forced pass of a step is, without its leases.
async fn prepare(
    world: &(impl Ledger + Here),
    step: &str,
    input: &Input,
    (known, rows): (Known, &Rows),
) -> Result<Run, Error> {
    let here = world.region();
    if let Some(target) = input
        .target_region
        .as_ref()
        .filter(|target| *target != here)
    {
        return Err(Error::InvalidRequest(format!(
            "target_region is {target}; call the function in that Region, this is {here}"
        )));
    }
    let current = rows.current();
    let current = current.ok_or_else(|| not_adopted(&input.plan))?;
    let stands = format!("{}@{}", input.plan, current.epoch);
    if let Some(force) = input.force.as_ref().filter(|force| **force != stands) {
        return Err(Error::InvalidRequest(format!(
            "force is {force:?}, and the plan stands at epoch {}; write {stands:?} if you mean that writer, in {}",
            current.epoch, current.writer
        )));
    }
    let left = left(&known, current, here);
    let mut run = new(world, input, known, current.epoch, &left)?;
    run.run_id = RunId(run_id(step, here, current.epoch));
    run.forced = true;
    run.accept_data_loss = input.accept_data_loss;
    run.abandons_living_writer = input.abandon_living_writer;
    // An earlier pass of the same work has begun it: what it did to services and records still counts.
    let earlier = world.run(here, run.name(), &run.run_id).await?;
    if let Some(earlier) = &earlier {
        run.kept.clone_from(&earlier.kept);
    }
    if let Some(earlier) = earlier.filter(|earlier| earlier.closed.is_none()) {
        run = Run {
            accept_data_loss: input.accept_data_loss,
            abandons_living_writer: input.abandon_living_writer,
            ..earlier
        };
    }
    run.leased.clear();
    Ok(run)
}

/// What a forced pass of a step would stand on, had it taken the leases: found out without taking one.
///
/// # Errors
/// What the forced pass would be refused with.
pub async fn rehearse(
    world: &(impl Ledger + Here),
    step: &str,
    input: &Input,
    carried_out: impl AsyncFn(&Plan, &Rows) -> bool,
) -> Result<Pass, Error> {
    let here = world.region();
    let known = known(world, input).await?;
    let mut rows = Rows(reachable(world, &known).await?);
    let mut run = prepare(world, step, input, (known, &rows)).await?;
    let is_promoted = is_promoted(here, &run, &rows, carried_out).await;
    let ended = ended(world, &run, &rows).await;
    let (claim, now) = (Claim::of(&run), world.now());
    for region in run.plan.members.keys() {
        match rows.0.get_mut(region) {
            Some(row) => {
                *row = row.claim_by_hand(&claim, ended.get(region).copied(), now)?;
                run.leased.insert(region.clone());
            }
            None if *region == run.from || is_promoted => {}
            None => {
                return Err(Error::Unavailable(format!(
                    "the ledger of {region} does not answer, and a forced pass takes the plan's lease there"
                )));
            }
        }
    }
    guard::lease(&rows, here, &run.run_id, run.epoch, now)?;
    guard::writer(&rows, &run.from, &run.to)?;
    Ok(Pass {
        run,
        rows,
        now,
        dry_run: true,
    })
}

/// The Region that a forced pass leaves behind where the caller does not say: the current writer's, or, where that is this
/// one already, the only other member's.
fn left(known: &Known, current: &Current, here: &Region) -> Region {
    let mut others = known.plan.members.keys().filter(|region| *region != here);
    match (others.next(), others.next()) {
        (Some(other), None) if current.writer == *here => other.clone(),
        _ => current.writer.clone(),
    }
}

/// The leases that passes by hand held and could not give back when they ended: those of this name, and of any other step, as it
/// noted them in the Region that it acted in.
async fn ended(world: &(impl Ledger + Here), run: &Run, rows: &Rows) -> Tokens {
    let mut ended = run.kept.clone();
    for (region, row) in &rows.0 {
        let other = row.held_by_another(&run.run_id, world.now());
        let Some(lease) = other.filter(|lease| is_by_hand(&lease.run_id)) else {
            continue;
        };
        let noted = world.run(&lease.to, run.name(), &lease.run_id);
        if let Ok(Some(noted)) = briefly(&lease.to, noted).await
            && noted.kept.get(region) == Some(&lease.token)
        {
            ended.insert(region.clone(), lease.token);
        }
    }
    ended
}

async fn lease(
    world: &(impl Ledger + Here),
    run: &mut Run,
    (ended, held): (&Tokens, &mut Tokens),
    is_promoted: bool,
) -> Result<(), Error> {
    let (claim, now) = (Claim::of(run), world.now());
    let members: Vec<_> = run.plan.members.keys().cloned().collect();
    for region in members {
        let kept = ended.get(&region).copied();
        let claimed = ports::update(world, &region, run.name(), |row| {
            row.claim_by_hand(&claim, kept, now)
        });
        let may_be_silent = region != *world.region() && (region == run.from || is_promoted);
        let row = if may_be_silent {
            match briefly(&region, claimed).await {
                Err(Error::Unavailable(_)) => continue,
                claimed => claimed?,
            }
        } else {
            claimed.await?
        };
        held.insert(region.clone(), row.token);
        run.leased.insert(region);
    }
    Ok(())
}

/// Records what came of the pass, gives the leases back, and tells people: whatever was forced must be known.
async fn close<O>(
    world: &(impl Ledger + Here + People),
    step: &str,
    (run, held): (&mut Run, &Tokens),
    result: &Result<Output<O>, Error>,
) {
    let here = world.region();
    let now = world.now();
    if let Ok(Some(recorded)) = world.run(here, run.name(), &run.run_id).await {
        *run = recorded;
    }
    let (what, ended) = match result {
        Ok(output) => (
            format!("{}: {}", output.action, output.reason),
            (output.progress == Progress::Done).then_some(Outcome::Succeeded),
        ),
        // Silence ends nothing: the next pass goes on in the same record.
        Err(why @ Error::Unavailable(_)) => (format!("{}: {why}", why.name()), None),
        Err(why) => (
            format!("{}: {why}", why.name()),
            Some(trouble(world, run).await),
        ),
    };
    run.note(now, step, "by_hand", &what);
    run.closed = ended.map(|outcome| Closed {
        at: now,
        outcome,
        left: Vec::new(),
        rto_seconds: None,
        rpo: None,
        at_most_seconds: None,
        step_seconds: Default::default(),
    });
    if let Err(why) = world.put_run(here, run).await {
        tracing::error!(run_id = %run.run_id, %why, "the forced pass could not be recorded");
    }
    let silent = give_back(world, run).await;
    let before = run.kept.clone();
    run.kept.retain(|region, _| !held.contains_key(region));
    let kept = held.iter().filter(|(region, _)| silent.contains(region));
    run.kept
        .extend(kept.map(|(region, token)| (region.clone(), *token)));
    if run.kept != before
        && let Err(why) = world.put_run(here, run).await
    {
        tracing::warn!(run_id = %run.run_id, %why, "the leases that were not given back are not noted; they lapse");
    }
    tell(world, &run.plan, &news(step, here, result)).await;
}

fn news<O>(step: &str, here: &Region, result: &Result<Output<O>, Error>) -> Message {
    let again = "Call it again until it answers done.";
    let command = result.as_ref().ok().and_then(|output| output.next.first());
    let (severity, what, evidence, next) = match result {
        Ok(output) if output.progress == Progress::Done => (
            Severity::Notice,
            format!("{step} was forced by hand in {here} and is done"),
            output.reason.clone(),
            if command.is_some() {
                "Go on with the next call. The answer has all that follow."
            } else {
                "Nothing, if you know who did it."
            },
        ),
        Ok(output) => (
            Severity::Notice,
            format!("{step} was forced by hand in {here} and is under way"),
            output.reason.clone(),
            again,
        ),
        Err(why @ Error::Unavailable(_)) => (
            Severity::Action,
            format!("{step} was forced by hand in {here} and got no answer"),
            why.to_string(),
            again,
        ),
        Err(why) => (
            Severity::Action,
            format!("{step} was to be forced by hand in {here} and was refused"),
            format!("{}: {why}", why.name()),
            "Correct what is named, or leave it.",
        ),
    };
    Message {
        severity,
        what,
        evidence,
        next: next.into(),
        commands: command.into_iter().cloned().collect(),
        ..Message::default()
    }
}

/// What trouble makes of a forced pass: `Failed` where this Region's ledger says that a change of writer to the target is
/// begun or done, or does not answer; else nothing was changed.
async fn trouble(world: &(impl Ledger + Here), run: &Run) -> Outcome {
    match world.row(world.region(), run.name()).await {
        Ok(row) => {
            let begun = row.intent.is_some_and(|intent| intent.to == run.to);
            let done = row.current.is_some_and(|current| current.writer == run.to);
            if begun || done {
                Outcome::Failed
            } else {
                Outcome::Aborted
            }
        }
        Err(_) => Outcome::Failed,
    }
}

/// Gives the leases back, those of silent Regions too, which may have been taken unseen, and this Region's last: no pass beside
/// this one goes on before. Answers where that is not sure.
async fn give_back(world: &(impl Ledger + Here), run: &Run) -> Vec<Region> {
    let mut silent = Vec::new();
    let here = world.region();
    let others = run.plan.members.keys().filter(|region| *region != here);
    for region in others.chain([here]) {
        let released = ports::update_if(world, region, run.name(), |row| row.release(&run.run_id));
        if !matches!(tokio::time::timeout(SILENCE, released).await, Ok(Ok(_))) {
            tracing::warn!(%region, run_id = %run.run_id, "a lease was not given back; it lapses by itself");
            silent.push(region.clone());
        }
    }
    silent
}

/// Refuses force where a step has no use for it: what arrives here has been forced already, or changes nothing.
pub fn is_unforced(input: &Input) -> Result<(), Error> {
    if input.force.is_some() || input.accept_data_loss || input.abandon_living_writer {
        return Err(Error::InvalidRequest(
            "force, accept_data_loss and abandon_living_writer are for steps that change something; leave them out".into(),
        ));
    }
    Ok(())
}

/// A pass called by hand without force: it stands on the ledgers that answer, and may change nothing.
pub async fn dry(world: &(impl Ledger + Here), input: &Input) -> Result<Pass, Error> {
    let known = known(world, input).await?;
    let rows = Rows(reachable(world, &known).await?);
    let writer = rows.current().map(|current| current.writer.clone());
    let from = input.from_region.clone().or(writer);
    let from = from.ok_or_else(|| not_adopted(&input.plan))?;
    let run = new(world, input, known, rows.epoch(), &from)?;
    Ok(Pass {
        now: run.opened_at,
        run,
        rows,
        dry_run: true,
    })
}

fn new(
    world: &impl Here,
    input: &Input,
    known: Known,
    epoch: Epoch,
    writer: &Region,
) -> Result<Run, Error> {
    let here = world.region();
    let to = input.target_region.clone().unwrap_or_else(|| here.clone());
    let members = &known.plan.members;
    let given = [
        ("target_region", Some(&to)),
        ("from_region", input.from_region.as_ref()),
        ("the current writer's Region", Some(writer)),
    ];
    for (field, region) in given {
        if let Some(stranger) = region.filter(|region| !members.contains_key(*region)) {
            let members: Vec<_> = members.keys().map(Region::as_str).collect();
            return Err(Error::InvalidRequest(format!(
                "{field} is {stranger}, which is not a member of plan {}; use one of {}",
                input.plan,
                members.join(", ")
            )));
        }
    }
    let claim = Claim {
        run_id: "by-hand".into(),
        kind: RunKind::UnplannedFailover,
        incident: None,
        from: input.from_region.clone().unwrap_or_else(|| writer.clone()),
        to,
    };
    Ok(Run {
        leased: [here.clone()].into(),
        ..Run::opened(claim, known.plan, epoch, world.now())
    })
}

/// The plan as this Region's probe kept it.
///
/// # Errors
/// `InvalidRequest` where nobody knows it, `Unavailable` where the ledger is silent.
pub async fn known(world: &(impl Ledger + Here), input: &Input) -> Result<Known, Error> {
    match world.known(world.region(), &input.plan).await? {
        Some(known) => Ok(known),
        None => Err(super::unknown(world, &input.plan).await),
    }
}

/// The rows of every member Region that answers; this Region's must.
pub async fn reachable(
    world: &(impl Ledger + Here),
    known: &Known,
) -> Result<BTreeMap<Region, ledger::Row>, Error> {
    let plan = &known.plan;
    let reads = plan.members.keys().map(async |region| {
        let read = tokio::time::timeout(SILENCE, world.row(region, &plan.plan)).await;
        (region.clone(), read)
    });
    let mut rows = BTreeMap::new();
    for (region, read) in futures::future::join_all(reads).await {
        match read {
            Ok(Ok(row)) => {
                rows.insert(region, row);
            }
            Ok(Err(why)) if region == *world.region() => return Err(why),
            _ => tracing::warn!(%region, "its ledger does not answer"),
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
