//! What the next global cluster can be called.

use futures::future::try_join_all;

use super::{NextGlobal, Observed, decide::is_protected, unfit::out_of_reach};
use crate::members::Members;
use failover::{
    Error,
    domain::Region,
    pass::Pass,
    topology::{GlobalCluster, Named},
};

/// How many identifiers are tried for the next global cluster.
const CANDIDATES: u32 = 10;

/// Finds what the next global cluster can be called. While the writer leads one, a dry run looks what would be refused one day.
pub(super) async fn name_next(
    world: &impl Members,
    pass: &Pass,
    observed: &mut Observed,
) -> Result<(), Error> {
    if observed.leads.is_none() {
        observed.next_global = next_global(world, pass, observed).await?;
    } else if pass.dry_run {
        let next = next_global(world, pass, observed).await?;
        let mut refused: Vec<_> = next
            .denied(observed.wished_global.as_deref())
            .into_iter()
            .collect();
        if let Some(reach) = world.reach() {
            let (region, cluster) = (&observed.writer_region, &observed.writer.identifier);
            let writer = world.shape(region, cluster).await?;
            refused.extend(out_of_reach(reach, observed, writer.as_ref()));
        }
        observed.outlook = (!refused.is_empty()).then(|| refused.join(". "));
    }
    Ok(())
}

/// The identifier of the next global cluster: the one that was asked for, or the plan's with its number counted up. It is
/// free only when RDS in every member's Region answers that there is none.
async fn next_global(
    world: &impl Members,
    pass: &Pass,
    observed: &Observed,
) -> Result<NextGlobal, Error> {
    if let Some(wished) = &observed.wished_global {
        return wish(world, pass, observed, wished).await;
    }
    let first = pass.run.plan.group();
    let numbered = first
        .rsplit_once('-')
        .and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    let (stem, number) = numbered.unwrap_or((first, 1));
    for number in (number + 1)..=(number + CANDIDATES) {
        let candidate = format!("{stem}-{number}");
        match holder(world, pass, &candidate).await {
            Ok(None) => return Ok(NextGlobal::Free(candidate)),
            Ok(Some(_)) => {}
            Err(why) => return denied(candidate, why),
        }
    }
    Ok(NextGlobal::None)
}

/// An identifier that this function's role does not reach; any other error stays one.
fn denied(name: String, why: Error) -> Result<NextGlobal, Error> {
    if let Error::Denied(why) = why {
        return Ok(NextGlobal::Denied { name, why });
    }
    Err(why)
}

/// What becomes of the identifier that was asked for.
async fn wish(
    world: &impl Members,
    pass: &Pass,
    observed: &Observed,
    wished: &str,
) -> Result<NextGlobal, Error> {
    let name = wished.to_owned();
    let (region, found) = match holder(world, pass, wished).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(NextGlobal::Free(name)),
        Err(why) => return denied(name, why),
    };
    let is_past = |past: &GlobalCluster| Named::from(past).is(&Named::from(&found));
    if !observed.past.as_ref().is_some_and(is_past) {
        let why = "it is none that this rebuild deletes".into();
        return Ok(NextGlobal::Taken { name, region, why });
    }
    if is_protected(&found) {
        let why = "it has deletion protection; lift that".into();
        return Ok(NextGlobal::Taken { name, region, why });
    }
    Ok(NextGlobal::AfterPast(name))
}

/// Who bears an identifier, and the first Region that shows it. Every member's Region must answer.
async fn holder(
    world: &impl Members,
    pass: &Pass,
    identifier: &str,
) -> Result<Option<(Region, GlobalCluster)>, Error> {
    let regions = pass.run.plan.members().keys();
    let asked = regions.map(async |region| {
        let found = world.global_cluster(region, identifier).await?;
        Ok::<_, Error>(found.map(|found| (region.clone(), found)))
    });
    let answers = try_join_all(asked).await?;
    Ok(answers.into_iter().flatten().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_that_the_role_does_not_reach_is_told_from_a_region_that_is_silent() {
        let why = || "RDS DescribeGlobalClusters in us-west-2: AccessDenied".to_owned();
        let found = denied("gdb9".into(), Error::Denied(why())).unwrap();
        let name = "gdb9".into();
        assert_eq!(found, NextGlobal::Denied { name, why: why() });
        let silent = Error::Unavailable("us-west-2 is silent".into());
        assert_eq!(denied("gdb9".into(), silent.clone()), Err(silent));
    }
}
