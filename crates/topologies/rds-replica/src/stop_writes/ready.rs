//! Every reason against a planned move, all of them at once, found before anything is changed.

use failover::{
    Error,
    domain::Region,
    pass::Pass,
    ports::{Functions, Ledger, Names, Objects, Parameters, People, Runtime, Secrets, Services},
    topologies::Topologies,
};
use steps::readiness;

use super::written;
use crate::members::Instance;

pub(super) async fn reasons(
    world: &(
         impl Ledger
         + Runtime
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
    (source, target): (&Instance, &Instance),
) -> Result<Vec<String>, Error> {
    let mut found = of_both(pass, source, target);
    found.extend(readiness::reasons(world, pass).await?);
    Ok(found)
}

pub(super) async fn warnings(
    world: &(impl Functions + Ledger + Runtime + Topologies + Objects),
    pass: &Pass,
) -> Vec<String> {
    let mut found = readiness::warnings(world, pass).await;
    // It moves all the same, and people are told that nothing protects it then.
    found.extend(readiness::rebuild::reasons(world, pass).await);
    // What people consider, a dry run tells them.
    let considerations = pass.run.plan.kind().considerations();
    found.extend(considerations.filter(|_| pass.dry_run).map(str::to_owned));
    found
}

/// What RDS says of the two.
fn of_both(pass: &Pass, source: &Instance, target: &Instance) -> Vec<String> {
    let run = &pass.run;
    let mut found = Vec::new();
    if let Some(leader) = &source.source {
        found.push(format!(
            "{} in {} is a replica of {leader}, and the ledgers name it as the writer; adopt the plan",
            source.identifier, run.from
        ));
    }
    if target.source.is_some() && !target.follows(&run.from, written::left(run)) {
        let leader = target.source.as_deref().unwrap_or_default();
        found.push(format!(
            "{} in {} is a replica of {leader}, and not of the writer in {}",
            target.identifier, run.to, run.from
        ));
    }
    found.extend(of_instance("writer", &run.from, source));
    found.extend(of_instance("replica", &run.to, target));
    if target.backup_days == Some(0) {
        found.push(format!(
            "{} in {} keeps no backups, and turning them on after it is promoted is an outage; set its BackupRetentionPeriod now",
            target.identifier, run.to
        ));
    }
    if let Some(replication) = &target.replication
        && (replication.status != "replicating" || !replication.is_normal)
    {
        let said = replication.message.as_deref().unwrap_or("nothing more");
        found.push(format!(
            "the replication of {} is {}, and RDS says {said}",
            target.identifier, replication.status
        ));
    }
    if source.engine_version != target.engine_version {
        found.push(format!(
            "{} runs {}, {} runs {}; bring both to the same version",
            source.identifier, source.engine_version, target.identifier, target.engine_version
        ));
    }
    found
}

fn of_instance(what: &str, region: &Region, instance: &Instance) -> Option<String> {
    (instance.status != failover::topology::status::AT_REST).then(|| {
        format!(
            "the {what} {} in {region} is {}",
            instance.identifier, instance.status
        )
    })
}
