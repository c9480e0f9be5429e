//! What a pass of a planned move sees: the target, every reason against the move before it began, and what became of a call.

use futures::future::{join, try_join};

use super::{Called, Observed, not_ready, ready};
use crate::members::{Members, in_region};
use failover::{
    Error,
    beat::Write,
    domain::Region,
    ledger::{Attempt, Run, Seen},
    pass::{Pass, calls},
    ports::{
        Functions, Ledger, Names, Objects, Parameters, People, Runtime, Secrets, Services, within,
    },
    topologies::Topologies,
    topology::{Cluster, FailoverState, GlobalCluster, Named, Role, is_led_by, role},
};
use steps::{confirm_outage, promotion::IntentState};

/// What RDS shows of the target's Region, and what stands against the move or became of it.
pub(super) async fn observe(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Topologies
         + Parameters
         + Functions
         + Names
         + Objects
         + Services
         + Secrets
         + People
     ),
    pass: &Pass,
) -> Result<Observed, Error> {
    let run = &pass.run;
    let identifier = recorded_global(pass)?;
    let (global, target) = try_join(
        in_region(world, &run.to, &identifier),
        world.cluster(&run.to, cluster_of(run, &run.to)),
    )
    .await?;
    let Some(target) = target else {
        return Err(without_target(world, pass, global.as_ref()).await?);
    };
    let (not_ready, warnings) = if has_not_begun(run, global.as_ref(), &target) {
        let (reasons, warnings) = join(
            ready::reasons(world, pass, global.as_ref(), Some(&target)),
            ready::warnings(world, pass),
        )
        .await;
        (reasons?, warnings)
    } else {
        (Vec::new(), Vec::new())
    };
    let called = match calls::open(run) {
        Some(attempt) => Some(called(world, pass, attempt, (global.as_ref(), &target)).await),
        None => None,
    };
    Ok(Observed {
        led_by_the_writer: is_led_by_the_left(run, global.as_ref()),
        is_between_writers: calls::may_show(run, pass.now)
            && global
                .as_ref()
                .is_some_and(GlobalCluster::is_between_writers),
        intent: IntentState::of(pass),
        called,
        global,
        target,
        not_ready,
        warnings,
    })
}

/// The ledger's current global cluster.
fn recorded_global(pass: &Pass) -> Result<Named, Error> {
    let current = pass.rows.current();
    let recorded = current.and_then(|current| current.global_cluster.clone());
    recorded.ok_or_else(|| {
        Error::NotReady(format!(
            "plan {} has no global cluster; rebuild it first",
            pass.run.name()
        ))
    })
}

/// The plan's cluster of a member Region.
fn cluster_of<'a>(run: &'a Run, region: &Region) -> &'a str {
    let member = run.plan.members().get(region);
    member
        .map(|member| member.identifier.as_str())
        .unwrap_or_default()
}

/// What is refused where RDS knows no target: with every other reason, while nothing was called.
async fn without_target(
    world: &(
         impl Ledger
         + Runtime
         + Members
         + Topologies
         + Parameters
         + Functions
         + Names
         + Objects
         + Services
         + Secrets
         + People
     ),
    pass: &Pass,
    global: Option<&GlobalCluster>,
) -> Result<Error, Error> {
    let run = &pass.run;
    if !run.attempts.is_empty() {
        return Ok(Error::UnexpectedTopology(format!(
            "RDS in {} knows no cluster {}",
            run.to,
            cluster_of(run, &run.to)
        )));
    }
    let reasons = ready::reasons(world, pass, global, None).await?;
    Ok(not_ready(&reasons))
}

/// Whether the target follows, and neither RDS nor the run's record shows that anything was begun.
fn has_not_begun(run: &Run, global: Option<&GlobalCluster>, target: &Cluster) -> bool {
    let under_way = global.is_some_and(|global| global.failover.is_some());
    role(global, target) == Role::Standby && !under_way && calls::open(run).is_none()
}

fn is_led_by_the_left(run: &Run, global: Option<&GlobalCluster>) -> bool {
    global.is_some_and(|global| is_led_by(global, &run.from, cluster_of(run, &run.from)))
}

/// Looks at both Regions for anything of a call that may have been taken.
async fn called(
    world: &(impl Runtime + Members + Functions),
    pass: &Pass,
    attempt: &Attempt,
    target: (Option<&GlobalCluster>, &Cluster),
) -> Called {
    let run = &pass.run;
    let (seen, untold) = seen_in_both(world, run, target).await;
    let looks = run.looks.after(seen, pass.now);
    let is_quiet = looks.is_quiet(attempt.at, pass.now);
    let writer_commits = is_quiet && {
        let probe = world.ask_probe(run.name(), pass.dry_run).await;
        probe.is_ok_and(|probe| matches!(probe.vantage.write, Write::Committed { .. }))
    };
    Called {
        is_quiet,
        is_silent: looks.is_silent(pass.now),
        writer_commits,
        untold,
        looks,
    }
}

/// What both Regions show of an operation, and why the one that is left does not tell, where it does not.
async fn seen_in_both(
    world: &(impl Runtime + Members),
    run: &Run,
    (here, target): (Option<&GlobalCluster>, &Cluster),
) -> (Seen, Option<String>) {
    let named = here.map(|global| global.identifier.as_str());
    let asked = within(world, confirm_outage::TIMEOUT, async {
        let there = try_join(
            world.global_cluster(&run.from, named.unwrap_or_default()),
            world.cluster(&run.from, cluster_of(run, &run.from)),
        );
        there.await
    });
    let rests_here = is_at_rest(run, here, Some(target));
    match asked.await {
        // Whatever keeps it from telling shows as little as silence.
        Err(why) => (Seen::Silence, Some(untold(&why))),
        Ok((there, source)) if rests_here && is_at_rest(run, there.as_ref(), source.as_ref()) => {
            (Seen::Rest, None)
        }
        Ok((there, _)) => {
            let shown = operation(here).or_else(|| operation(there.as_ref()));
            (Seen::Busy(shown), None)
        }
    }
}

fn operation(global: Option<&GlobalCluster>) -> Option<FailoverState> {
    global?.failover.clone()
}

/// What is said of a Region that does not tell: only silence is said to be silence.
pub(super) fn untold(why: &Error) -> String {
    if let Error::Unavailable(why) = why {
        return format!("no answer: {why}");
    }
    format!("{}: {why}", why.name())
}

/// Whether what one Region shows is at rest, under the old writer.
pub(super) fn is_at_rest(
    run: &Run,
    global: Option<&GlobalCluster>,
    cluster: Option<&Cluster>,
) -> bool {
    let rests = |global: &GlobalCluster| {
        let led = is_led_by(global, &run.from, cluster_of(run, &run.from));
        led && global.status == "available" && global.failover.is_none()
    };
    global.is_some_and(rests) && cluster.is_some_and(|cluster| cluster.status == "available")
}
