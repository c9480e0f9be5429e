//! One look at a plan's writer: a beat over there, a reading over here, both at once and under the plan's time-out.

use std::time::Duration;

use super::{Confirmation, World};
use crate::{
    Error,
    beat::{Look, Reading, Vantage, Write},
    domain::{Epoch, PlanName, Region},
    ledger::{Endpoints, Known, Row},
    plan::Plan,
    sql::{Place, Session, Why},
    topology::Cluster,
};

/// The writer that a plan's probe looks at, as its own Region's ledger names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub(super) writer: Region,
    pub(super) epoch: Epoch,
}

impl Target {
    pub(super) fn of(row: &Row) -> Option<Self> {
        row.current.as_ref().map(|current| Self {
            writer: current.writer.clone(),
            epoch: current.epoch,
        })
    }
}

/// The connections of one plan's probe, kept as long as they serve.
#[derive(Default)]
pub(super) struct Sessions {
    writer: Option<(Region, Session)>,
    reader: Option<Session>,
}

impl Sessions {
    /// Looks once. A session that failed is dropped, so that the next look connects anew.
    pub(super) async fn look(
        &mut self,
        world: &impl World,
        known: &Known,
        target: &Target,
    ) -> (Look, bool) {
        let at = world.now();
        let limit = Duration::from_secs(known.plan.detection.timeout_seconds);
        let (write, reading) = futures::future::join(
            beat(world, &mut self.writer, known, target, limit),
            reading(world, &mut self.reader, known, limit),
        )
        .await;
        let readable = reading.is_some();
        (Look { at, write, reading }, readable)
    }
}

async fn beat(
    world: &impl World,
    kept: &mut Option<(Region, Session)>,
    known: &Known,
    target: &Target,
    limit: Duration,
) -> Write {
    let session = match kept
        .take()
        .filter(|(region, session)| *region == target.writer && !session.is_closed())
    {
        Some((_, session)) => Ok(session),
        None => {
            open(
                world,
                known,
                &target.writer,
                |endpoints| &endpoints.writer,
                limit,
            )
            .await
        }
    };
    match session {
        Ok(session) => {
            let write = session.beat(world.region(), target.epoch).await;
            if matches!(write, Write::Committed { .. }) {
                *kept = Some((target.writer.clone(), session));
            }
            write
        }
        Err(why) => why.into(),
    }
}

async fn reading(
    world: &impl World,
    kept: &mut Option<Session>,
    known: &Known,
    limit: Duration,
) -> Option<Reading> {
    let here = world.region();
    let session = match kept.take().filter(|session| !session.is_closed()) {
        Some(session) => session,
        None => open(world, known, here, |endpoints| &endpoints.reader, limit)
            .await
            .inspect_err(|why| tracing::warn!(plan = %known.plan.plan, %why, "the local reader does not answer"))
            .ok()?,
    };
    let reading = session.read(here).await.ok()?;
    *kept = Some(session);
    Some(reading)
}

/// Connects to a member as the probe.
pub(super) async fn open(
    world: &impl World,
    known: &Known,
    region: &Region,
    endpoint: impl Fn(&Endpoints) -> &String,
    limit: Duration,
) -> Result<Session, Why> {
    let endpoints = known.endpoints.get(region).ok_or_else(|| {
        Why::Failed(format!(
            "no endpoint of the member in {region} is known yet"
        ))
    })?;
    let place = Place {
        host: endpoint(endpoints).clone(),
        port: endpoints.port,
        database: known.plan.database.name.clone(),
    };
    let misconfigured = |why: Error| Why::Misconfigured(format!("the probe's login: {why}"));
    let login = world
        .probe_login(&known.plan, region, &place.host, place.port)
        .await
        .map_err(misconfigured)?;
    let connector = world.connector().map_err(misconfigured)?;
    Ok(Session::new(
        connector.connect(&place, &login, limit).await?,
        limit,
    ))
}

/// One fresh look, on fresh connections, recorded like any other.
pub(super) async fn confirm(world: &impl World, name: &PlanName) -> Result<Confirmation, Error> {
    let here = world.region();
    let (known, row, before) = tokio::join!(
        world.known(here, name),
        world.row(here, name),
        world.vantage(here, name)
    );
    let known = known?.ok_or_else(|| {
        Error::InvalidRequest(format!(
            "plan {name} is not known in {here}: no probe has read it yet"
        ))
    })?;
    let target = Target::of(&row?).ok_or_else(|| no_writer(name))?;
    let (look, readable) = Sessions::default().look(world, &known, &target).await;
    let vantage = Vantage::after(before?.as_ref(), here, &target.writer, look);
    world.put_vantage(name, &vantage).await?;
    tracing::info!(plan = %name, write = ?vantage.write, readable, "confirmed");
    Ok(Confirmation { vantage, readable })
}

pub(super) fn no_writer(name: &PlanName) -> Error {
    Error::NotReady(format!(
        "no ledger names a writer of plan {name}; run recovery-ledger with {{\"operation\": \"adopt\"}} first"
    ))
}

/// The plan and the endpoints of every member that RDS shows within `limit`, over those known from before.
pub(super) async fn refresh(
    world: &impl World,
    plan: Plan,
    before: Option<Known>,
    limit: Duration,
) -> Known {
    let mut addresses = before.map(|known| known.endpoints).unwrap_or_default();
    let reads = plan.members.iter().map(async |(region, member)| {
        let cluster = tokio::time::timeout(limit, world.cluster(region, &member.cluster)).await;
        (region.clone(), cluster.ok().and_then(Result::ok).flatten())
    });
    for (region, cluster) in futures::future::join_all(reads).await {
        if let Some(cluster) = cluster {
            addresses.insert(region, endpoints(cluster));
        }
    }
    Known {
        plan,
        endpoints: addresses,
    }
}

/// The plan with the endpoints of one member alone, as RDS shows them now: nobody else is asked, who may be dead.
pub(super) async fn only(world: &impl World, plan: Plan, region: &Region) -> Result<Known, Error> {
    let cluster = plan
        .members
        .get(region)
        .map(|member| member.cluster.clone())
        .unwrap_or_default();
    let found = world.cluster(region, &cluster).await?.ok_or_else(|| {
        Error::UnexpectedTopology(format!("RDS in {region} knows no cluster {cluster:?}"))
    })?;
    Ok(Known {
        plan,
        endpoints: [(region.clone(), endpoints(found))].into(),
    })
}

fn endpoints(cluster: Cluster) -> Endpoints {
    Endpoints {
        writer: cluster.endpoint,
        reader: cluster.reader_endpoint,
        port: cluster.port,
    }
}

/// Reads one plan's document, or answers the one last read.
pub(super) async fn plan_or_last_read(world: &impl World, name: &PlanName) -> Result<Plan, Error> {
    match world.plan(name).await {
        Ok(document) => crate::plan::read(&document),
        Err(why @ Error::Unavailable(_)) => match world.known(world.region(), name).await? {
            Some(known) => Ok(known.plan),
            None => Err(why),
        },
        Err(why) => Err(why),
    }
}
