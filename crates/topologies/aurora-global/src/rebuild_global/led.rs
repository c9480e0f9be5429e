//! The global cluster that the writer leads. The description of a cluster may lag behind that of its global cluster, whose members
//! tell.

use super::Observed;
use crate::members::{Members, in_region};
use failover::{
    Error,
    ledger::Current,
    topology::{Cluster, GlobalCluster, Role, role},
};

/// The global cluster that the writer leads: the one that it names, or the one of the ledgers where that lists it as the primary.
pub(super) async fn led(
    world: &impl Members,
    current: &Current,
    writer: &Cluster,
) -> Result<Option<GlobalCluster>, Error> {
    let region = &current.writer;
    if let Some(identifier) = &writer.global_cluster {
        return world.global_cluster(region, identifier).await;
    }
    let Some(recorded) = &current.global_cluster else {
        return Ok(None);
    };
    let found = in_region(world, region, recorded).await?;
    Ok(found.filter(|global| role(Some(global), writer) == Role::Primary))
}

/// Refuses to take anything from what is shown as the deposed writer's global cluster while it lists the writer.
pub(super) fn refuse_the_writers(observed: &Observed) -> Result<(), Error> {
    let (writer, past) = (&observed.writer, observed.past.as_ref());
    let Some(global) = past.filter(|past| past.member(&writer.arn).is_some()) else {
        return Ok(());
    };
    let own = writer.global_cluster.as_deref().unwrap_or("none");
    Err(Error::UnexpectedTopology(format!(
        "RDS shows {} as a member of global cluster {}, and {own} as its own; nothing is taken from that one; start again once both agree",
        writer.identifier, global.identifier
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild_global::tests::{EAST, WEST, deposed, global};
    use failover::{domain::Epoch, ledger::PlanState, testing::Books};

    #[tokio::test]
    async fn a_writer_that_names_no_global_cluster_leads_the_one_whose_primary_it_is() {
        let current = |recorded: Option<&str>| Current {
            epoch: Epoch(8),
            writer: "us-east-1".into(),
            global_cluster: recorded.map(Into::into),
            run_id: "a".into(),
            proven_at: jiff::Timestamp::UNIX_EPOCH,
            unplanned: true,
            acknowledged_at: None,
        };
        let writer = deposed().writer;
        let named = Cluster {
            global_cluster: Some("orders-global-1".into()),
            ..writer.clone()
        };
        let recorded = current(Some("orders-global-1"));
        for (leader, writer, current, is_led) in [
            (EAST, &writer, &recorded, true),
            (WEST, &writer, &recorded, false),
            (EAST, &writer, &current(None), false),
            (EAST, &writer, &current(Some("orders-global-2")), false),
            (WEST, &named, &current(None), true),
        ] {
            let other = if leader == EAST { WEST } else { EAST };
            let global = global("orders-global-1", &[(leader, true), (other, false)]);
            let shows = Books::with(&PlanState::new("orders".into())).showing(global);
            let found = led(&shows, current, writer).await.unwrap();
            assert_eq!(found.is_some(), is_led, "{leader} {writer:?}");
        }
    }
}
