//! Verifies the way clients go: resolves the plan's writer name and commits a beat where it leads. It changes nothing
//! but its own beat.

use std::time::Duration;

use serde::Serialize;

use super::{World, look::Target};
use crate::{
    Error,
    beat::Write,
    plan::{DnsRecord, Endpoint},
    sql::{Place, Session},
    steps::{Input, Output, Pass, Progress, by_hand, wait_seconds},
};

const STEP: &str = "verify_writes";

/// What the pass saw of one name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Observed {
    /// The plan's name for the writer.
    pub name: String,
    /// Where it leads.
    pub leads_to: Option<String>,
    /// What came of a beat there.
    pub write: Write,
}

pub(super) async fn run(world: &impl World, input: &Input) -> Result<Output<Vec<Observed>>, Error> {
    Box::pin(by_hand::or_forced(world, STEP, input, async |input| {
        Box::pin(pass(world, input)).await
    }))
    .await
}

async fn pass(world: &impl World, input: &Input) -> Result<Output<Vec<Observed>>, Error> {
    let mut pass = Pass::open(world, input).await?;
    pass.require_proven()?;
    let row = pass.rows.0.get(world.region());
    let target = row
        .and_then(Target::of)
        .ok_or_else(|| super::look::no_writer(&input.plan))?;
    let mut observed = Vec::new();
    for record in &pass.run.plan.dns {
        let (name, leads_to) = match record {
            DnsRecord::Cname {
                name,
                endpoint: Endpoint::Writer,
                ..
            } => (name, resolved(world, name).await?),
            DnsRecord::Ssm {
                parameter,
                endpoint: Endpoint::Writer,
            } => (parameter, held(world, parameter).await?),
            DnsRecord::Cname { .. } | DnsRecord::Ssm { .. } => continue,
        };
        observed.push(verify(world, &pass, name, leads_to, &target).await?);
    }
    let pending: Vec<_> = observed
        .iter()
        .filter(|seen| seen.write.is_failure())
        .collect();
    if let Some(seen) = pending.first() {
        let reason = format!(
            "{} leads to {:?}: {:?}",
            seen.name, seen.leads_to, seen.write
        );
        let wait_seconds = wait_seconds(pass.entered(STEP), pass.now);
        return Ok(Output {
            progress: Progress::Pending,
            wait_seconds,
            action: "wait",
            reason,
            observed,
        });
    }
    let reason = format!(
        "{} name(s) lead to a writer of epoch {}",
        observed.len(),
        target.epoch
    );
    pass.record(world, STEP, "verify", &reason).await?;
    tracing::info!(plan = %input.plan, step = STEP, reason, "pass");
    Ok(Output {
        progress: Progress::Done,
        wait_seconds: 0,
        action: "verify",
        reason,
        observed,
    })
}

/// Where a name leads, or what a resolver said instead.
async fn resolved(world: &impl World, name: &str) -> Result<Result<String, Write>, Error> {
    let found = world.connector()?.resolver().resolve(name).await;
    Ok(found.map(|(_, leads_to)| leads_to).map_err(Write::from))
}

/// Where this Region's parameter leads, as a task would read it.
async fn held(world: &impl World, parameter: &str) -> Result<Result<String, Write>, Error> {
    let held = world.parameter(world.region(), parameter).await?;
    Ok(held.map(|held| held.value).ok_or_else(|| Write::Failed {
        why: format!("there is no parameter {parameter}"),
    }))
}

async fn verify(
    world: &impl World,
    pass: &Pass,
    name: &str,
    leads_to: Result<String, Write>,
    target: &Target,
) -> Result<Observed, Error> {
    let plan = &pass.run.plan;
    let limit = Duration::from_secs(plan.detection.timeout_seconds);
    let connector = world.connector()?;
    let failed = |leads_to, write| Observed {
        name: name.to_owned(),
        leads_to,
        write,
    };
    let leads_to = match leads_to {
        Ok(leads_to) => leads_to,
        Err(write) => return Ok(failed(None, write)),
    };
    let known = world.known(world.region(), &plan.plan).await?;
    let port = known.and_then(|known| {
        known
            .endpoints
            .get(&target.writer)
            .map(|endpoints| endpoints.port)
    });
    // The certificate carries RDS's own name, not the plan's: connect by the one at the end of the CNAME.
    let place = Place {
        host: leads_to.clone(),
        port: port.unwrap_or(5432),
        database: plan.database.name.clone(),
    };
    let login = world
        .probe_login(plan, &target.writer, &place.host, place.port)
        .await?;
    let write = match connector.connect(&place, &login, limit).await {
        Ok(client) => {
            Session::new(client, limit)
                .beat(world.region(), target.epoch)
                .await
        }
        Err(why) => why.into(),
    };
    Ok(failed(Some(leads_to), write))
}
