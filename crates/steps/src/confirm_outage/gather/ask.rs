//! What is asked of everybody at once, each under the same short time-out.

use futures::future::join_all;

use crate::confirm_outage::TIMEOUT;
use failover::{
    Error,
    beat::Vantage,
    domain::Region,
    evidence::{Rds, Witness},
    ledger::Claim,
    pass::Pass,
    plan::{Plan, TopologyKind},
    ports::{Confirmation, Functions, Ledger, ReachInput, ReachOutput, Runtime, update, within},
    topologies::{Topologies, Topology, recorded_group},
    topology::{Cluster, Group},
};

/// What everybody answered.
pub(super) struct Asked {
    /// This Region's probe.
    pub(super) probe: Result<Confirmation, Error>,
    /// The record of the writer's Region about its own writer.
    pub(super) home: Result<Option<Vantage>, Error>,
    /// That Region's ledger.
    ledger: Result<String, Error>,
    /// The records of the other standbys' Regions about it.
    pub(super) others: Vec<Vantage>,
    pub(super) local_rds: Rds,
    pub(super) writer_rds: Rds,
    pub(super) witness: Witness,
    pub(super) target: Result<Option<Cluster>, Error>,
    pub(super) group: Result<Option<Group>, Error>,
    /// The lease of the Region that the run leaves.
    pub(super) lease: Result<Region, Error>,
}

impl Asked {
    /// What the writer's Region recorded of its own writer.
    pub(super) fn at_home(&self) -> Option<&Vantage> {
        self.home.as_ref().ok()?.as_ref()
    }

    /// Whether the ledger of the writer's Region answered anything.
    pub(super) fn writer_ledger_answers(&self, pass: &Pass) -> bool {
        answers(&self.home)
            || answers(&self.ledger)
            || (asks_for_lease(pass) && answers(&self.lease))
    }
}

pub(super) async fn ask(
    world: &(impl Ledger + Runtime + Topologies + Functions),
    pass: &Pass,
) -> Asked {
    let (run, plan) = (&pass.run, &pass.run.plan);
    let kind = plan.kind();
    let (from, to) = (cluster(plan, &run.from), cluster(plan, &run.to));
    let current = pass.rows.current();
    let current = current.and_then(|current| current.global_cluster.clone());
    let current = current.unwrap_or_else(|| String::new().into());
    let (probe, home, ledger, others, local_rds, writer_rds, witness, target, group, lease) = tokio::join!(
        within(world, TIMEOUT, ask_probe(world, pass)),
        within(world, TIMEOUT, world.vantage(&run.from, run.name())),
        within(world, TIMEOUT, world.ask_ledger(&run.from, run.name())),
        others(world, pass),
        rds(world, kind, &run.to, &to),
        rds(world, kind, &run.from, &from),
        ask_witness(world, plan, &run.from, &from),
        within(
            world,
            TIMEOUT,
            world.topology(kind).cluster(world, &run.to, &to)
        ),
        within(
            world,
            TIMEOUT,
            recorded_group(world, plan, &run.to, &current)
        ),
        within(world, TIMEOUT, lease(world, pass)),
    );
    Asked {
        probe,
        home: home.map(|home| home.filter(|home| home.writer_region == run.from)),
        ledger,
        others,
        local_rds,
        writer_rds,
        witness,
        target,
        group,
        lease,
    }
}

/// This Region's probe, where it looks at the writer at all.
async fn ask_probe(world: &impl Functions, pass: &Pass) -> Result<Confirmation, Error> {
    let plan = &pass.run.plan;
    plan.database.probe()?;
    world.ask_probe(&plan.plan, pass.dry_run).await
}

fn cluster(plan: &Plan, region: &Region) -> String {
    let member = plan.members().get(region);
    member
        .map(|member| member.identifier.clone())
        .unwrap_or_default()
}

/// What the other standbys' probes recorded of the writer: the road may be cut from here alone. One that does not answer knows
/// nothing.
async fn others(world: &(impl Ledger + Runtime), pass: &Pass) -> Vec<Vantage> {
    let run = &pass.run;
    let members = run.plan.members().keys();
    let others = members.filter(|region| **region != run.from && **region != run.to);
    let asked = others.map(|region| within(world, TIMEOUT, world.vantage(region, run.name())));
    let recorded = join_all(asked).await.into_iter();
    let recorded = recorded.filter_map(|asked| asked.ok().flatten());
    let of_it = recorded.filter(|vantage| vantage.writer_region == run.from);
    of_it.collect()
}

/// Takes the lease of the Region that is left, beside evidence that waits for that Region anyway.
async fn lease(world: &impl Ledger, pass: &Pass) -> Result<Region, Error> {
    let run = &pass.run;
    if !asks_for_lease(pass) {
        return Ok(run.to.clone());
    }
    let claim = Claim::of(run);
    update(world, &run.from, run.name(), |row| {
        row.claim(&claim, pass.now)
    })
    .await
    .map(|_| run.from.clone())
}

/// A dry run asks for no lease, nor does a run behind another one before its verdict.
fn asks_for_lease(pass: &Pass) -> bool {
    !pass.dry_run && !pass.run.waits_behind()
}

async fn ask_witness(
    world: &(impl Runtime + Functions),
    plan: &Plan,
    region: &Region,
    cluster: &str,
) -> Witness {
    let Some(witness) = &plan.witness_region else {
        return Witness::NotConfigured;
    };
    let input = ReachInput {
        plan: plan.plan.clone(),
        region: region.clone(),
        cluster: cluster.to_owned(),
        kind: plan.kind(),
    };
    match within(world, TIMEOUT, world.ask_witness(witness, &input)).await {
        Ok(ReachOutput {
            reaches: true,
            others_only: true,
            ..
        }) => Witness::ReachesOthers,
        Ok(ReachOutput { reaches: true, .. }) => Witness::Reaches,
        Ok(ReachOutput { reaches: false, .. }) => Witness::DoesNotReach,
        Err(_) => Witness::Unreachable,
    }
}

/// Whether somebody answered, if only by a refusal: a Region that refuses is there.
pub(in crate::confirm_outage) fn answers<T>(asked: &Result<T, Error>) -> bool {
    asked.as_ref().err().is_none_or(Error::is_answer)
}

async fn rds(
    world: &(impl Runtime + Topologies),
    kind: TopologyKind,
    region: &Region,
    cluster: &str,
) -> Rds {
    let asked = async { Ok(world.topology(kind).look(world, region, cluster).await) };
    let silent = |why: Error| Rds::Silent {
        why: why.to_string(),
    };
    within(world, TIMEOUT, asked).await.unwrap_or_else(silent)
}
