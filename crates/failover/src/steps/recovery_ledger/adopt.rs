//! Adopts the writer that RDS shows: opens an epoch for it in every ledger. Called by hand, at first deployment or after
//! a move made outside. Adopting the writer that the ledgers already name changes nothing.

use serde::Serialize;

use super::{AdoptInput, Describe, Here, Ledger, Plans, open::ADOPTED, plan};
use crate::{
    Error,
    domain::{PlanName, Region},
    ledger::{Current, Rows, update},
    plan::{Member, PARAMETERS, Plan},
    steps::{
        Output,
        rebuild_global::{Blueprints, Build, keep_member},
    },
    topology::{Cluster, GlobalCluster, Named},
};

/// What the pass saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Adopted {
    plan: PlanName,
    current: Current,
}

pub(super) async fn run(
    world: &(impl Here + Describe + Plans + Build + Blueprints),
    input: &AdoptInput,
) -> Result<Output<Adopted>, Error> {
    match adopt(world, input).await {
        Err(why) if input.dry_run => Output::refused(why, None, Vec::new()),
        adopted => adopted,
    }
}

async fn adopt(
    world: &(impl Here + Describe + Plans + Build + Blueprints),
    input: &AdoptInput,
) -> Result<Output<Adopted>, Error> {
    let plan = plan(world, &input.plan).await?;
    // Every member Region answers, or nothing is adopted.
    let rows = Rows::read(world, plan.members.keys(), &plan.plan).await?;
    idle(&rows, world.now())?;
    alone(world, &plan, &rows).await?;
    let (writer, global_cluster) = writer(world, &plan, &rows).await?;
    withdrawable(&rows, &writer)?;
    let named = rows
        .current()
        .filter(|_| rows.intent().is_none())
        .filter(|current| current.writer == writer)
        .filter(|current| match (&current.global_cluster, &global_cluster) {
            (Some(kept), Some(shown)) => kept.is(shown),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        });
    let (action, current) = match named {
        Some(current) => ("none", current.clone()),
        None => {
            let current = Current {
                epoch: rows.next_epoch(),
                writer,
                global_cluster,
                run_id: ADOPTED.into(),
                proven_at: world.now(),
                unplanned: false,
                acknowledged_at: None,
            };
            ("adopt", current)
        }
    };
    if !input.dry_run {
        for region in plan.members.keys() {
            update(world, region, &plan.plan, |row| {
                Ok(row.learn(&current).unwrap_or_else(|| row.clone()))
            })
            .await?;
        }
        // From now on a rebuild knows what each member was made of before an outage.
        for (region, member) in &plan.members {
            let (action, reason) =
                keep_member(world, &plan.plan, region, &member.cluster, &current).await?;
            tracing::info!(plan = %plan.plan, %region, action, reason, "what a member is made of");
        }
    }
    let reason = format!(
        "{} {} the writer of plan {} in epoch {}",
        current.writer,
        if input.dry_run && action != "none" {
            "would be adopted as"
        } else {
            "is"
        },
        plan.plan,
        current.epoch
    );
    tracing::info!(plan = %plan.plan, action, reason, "adopted");
    let observed = Adopted {
        plan: plan.plan,
        current,
    };
    Ok(Output {
        dry_run: input.dry_run,
        ..Output::done(action, reason, observed)
    })
}

/// No other plan that has been adopted here protects this database: both would be watched, each move of one would be an outage
/// of the other. A plan whose parameter was taken away counts no more.
async fn alone(
    world: &(impl Ledger + Here + Plans),
    plan: &Plan,
    rows: &Rows,
) -> Result<(), Error> {
    let here = world.region();
    for other in world.all_known().await? {
        let name = &other.plan.plan;
        if *name == plan.plan {
            continue;
        }
        let Some(adopted) = world.row(here, name).await?.current else {
            continue;
        };
        let ours = rows.current().and_then(|ours| ours.global_cluster.as_ref());
        let shared = shared(plan, ours, &other.plan, adopted.global_cluster.as_ref());
        let Some(shared) = shared else {
            continue;
        };
        match world.plan(name).await {
            Err(Error::InvalidRequest(_)) => {}
            Err(why) => return Err(why),
            Ok(_) => {
                return Err(Error::InvalidRequest(format!(
                    "plan {} names {shared}, which plan {name} protects already; remove one of the parameters {PARAMETERS}{} and {PARAMETERS}{name} in every Region",
                    plan.plan, plan.plan
                )));
            }
        }
    }
    Ok(())
}

/// What two plans both name: a member, or the global cluster.
fn shared(
    plan: &Plan,
    ours: Option<&Named>,
    other: &Plan,
    theirs: Option<&Named>,
) -> Option<String> {
    let mut members = plan.members.iter();
    let member = members.find(|(region, member)| {
        let same = |theirs: &Member| theirs.cluster.eq_ignore_ascii_case(&member.cluster);
        other.members.get(region).is_some_and(same)
    });
    if let Some((region, member)) = member {
        return Some(format!("cluster {} in {region}", member.cluster));
    }
    let named = |ledgers: Option<&Named>, plan: &Plan| {
        let kept = ledgers.map(|named| named.name.clone());
        kept.unwrap_or_else(|| plan.topology.global_cluster().to_owned())
    };
    let (ours, theirs) = (named(ours, plan), named(theirs, other));
    ours.eq_ignore_ascii_case(&theirs)
        .then(|| format!("global cluster {ours}"))
}

/// Nothing is under way.
fn idle(rows: &Rows, now: jiff::Timestamp) -> Result<(), Error> {
    for (region, row) in &rows.0 {
        if let Some(lease) = row.lease.as_ref().filter(|lease| lease.expires_at > now) {
            return Err(Error::RunRefused(format!(
                "run {} holds the plan in {region}",
                lease.run_id
            )));
        }
    }
    Ok(())
}

/// An open change of writer may be withdrawn by adopting, when RDS shows that it was never carried out.
fn withdrawable(rows: &Rows, writer: &Region) -> Result<(), Error> {
    match rows.intent().filter(|open| open.to == *writer) {
        Some(open) => Err(Error::RunRefused(format!(
            "a change of writer to {} (epoch {}) is carried out and not proven; start a new run to it",
            open.to, open.epoch
        ))),
        None => Ok(()),
    }
}

/// The one member that every Region's RDS names as the primary.
async fn writer(
    world: &impl Describe,
    plan: &Plan,
    rows: &Rows,
) -> Result<(Region, Option<Named>), Error> {
    let ledgers = rows
        .current()
        .and_then(|current| current.global_cluster.clone());
    let identifier = ledgers.unwrap_or_else(|| plan.topology.global_cluster().into());
    let mut named = Vec::new();
    let mut seen: Option<Named> = None;
    for (region, member) in &plan.members {
        let cluster = world
            .cluster(region, &member.cluster)
            .await?
            .ok_or_else(|| {
                Error::UnexpectedTopology(format!(
                    "RDS in {region} knows no cluster {}",
                    member.cluster
                ))
            })?;
        let global = world.global_cluster(region, &identifier).await?;
        settled(region, global.as_ref(), &cluster)?;
        let shown = global.as_ref().map(Named::from);
        if let (Some(one), Some(other)) = (&seen, &shown)
            && !one.is(other)
        {
            return Err(Error::UnexpectedTopology(format!(
                "two global clusters are named {identifier}: {region} shows {}, another Region {}; remove the one that is past",
                other.resource_id.as_deref().unwrap_or("none"),
                one.resource_id.as_deref().unwrap_or("none")
            )));
        }
        seen = seen.or(shown);
        let role = crate::topology::role(global.as_ref(), &cluster);
        match role {
            crate::topology::Role::Primary => {
                named.push((region.clone(), global.as_ref().map(Named::from)))
            }
            crate::topology::Role::Standby => {}
            crate::topology::Role::Standalone | crate::topology::Role::Unsettled => {
                return Err(Error::UnexpectedTopology(format!(
                    "{} in {region} is no member of global cluster {identifier}",
                    member.cluster
                )));
            }
        }
    }
    match named.as_slice() {
        [one] => Ok(one.clone()),
        other => Err(Error::UnexpectedTopology(format!(
            "{} members are primaries, exactly one must be",
            other.len()
        ))),
    }
}

/// Nothing is under way at RDS either: what a run began and gave up may still be carried out.
fn settled(
    region: &Region,
    global: Option<&GlobalCluster>,
    cluster: &Cluster,
) -> Result<(), Error> {
    if let Some(operation) = global.and_then(|global| global.failover.as_ref()) {
        return Err(Error::NotReady(format!(
            "RDS is still {} to {}; wait until it has ended",
            operation.status, operation.to
        )));
    }
    if cluster.status == "promoting" {
        return Err(Error::NotReady(format!(
            "{} in {region} is still promoting; wait until it has ended",
            cluster.identifier
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::{Current, Row},
        steps::fake,
    };

    /// A plan of this name over these clusters in us-west-2 and us-east-1, and this global cluster.
    fn plan(name: &str, clusters: [&str; 2], global_cluster: &str) -> Plan {
        let mut document = fake::plan_document();
        document["plan"] = name.into();
        document["topology"]["global_cluster"] = global_cluster.into();
        document["members"]["us-west-2"]["cluster"] = clusters[0].into();
        document["members"]["us-east-1"]["cluster"] = clusters[1].into();
        crate::plan::read(&document.to_string()).unwrap()
    }

    /// Where plan orders is adopted, over orders-west, orders-east and orders-global-1.
    fn adopted() -> fake::Books {
        let current = Current {
            epoch: crate::domain::Epoch(1),
            writer: "us-west-2".into(),
            global_cluster: None,
            run_id: "adopt".into(),
            proven_at: jiff::Timestamp::UNIX_EPOCH,
            unplanned: false,
            acknowledged_at: None,
        };
        fake::Books::with(&Row {
            current: Some(current),
            ..Row::new("orders".into())
        })
    }

    async fn judged(books: &fake::Books, plan: &Plan) -> Result<(), Error> {
        alone(books, plan, &Rows(Default::default())).await
    }

    #[tokio::test]
    async fn a_second_plan_over_one_database_is_not_adopted_and_the_first_is_named() {
        let books = adopted();
        for (second, shared) in [
            (
                plan("shop", ["orders-west", "shop-east"], "shop-global"),
                "cluster orders-west in us-west-2",
            ),
            (
                plan("shop", ["shop-west", "shop-east"], "orders-global-1"),
                "global cluster orders-global-1",
            ),
        ] {
            let why = judged(&books, &second).await.unwrap_err();
            assert_eq!(why.name(), "InvalidRequest");
            for part in [shared, "which plan orders protects already", "plans/orders"] {
                assert!(why.to_string().contains(part), "{why} lacks {part}");
            }
        }
    }

    #[tokio::test]
    async fn a_plan_of_its_own_and_the_successor_of_one_that_was_taken_away_are_adopted() {
        let books = adopted();
        let own = plan("shop", ["shop-west", "shop-east"], "shop-global");
        assert_eq!(judged(&books, &own).await, Ok(()));
        let again = plan("orders", ["orders-west", "orders-east"], "orders-global-1");
        assert_eq!(judged(&books, &again).await, Ok(()));
        let renamed = plan("shop", ["orders-west", "orders-east"], "orders-global-1");
        assert_eq!(judged(&books.without_documents(), &renamed).await, Ok(()));
    }
}
