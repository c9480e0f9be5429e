//! The pilot lights of a Region: lit for people to see the business work, and put out again on the way back.

use std::collections::BTreeMap;

use failover::{Error, domain::Region, ledger::Former, ports::Services};
use serde_json::Value;

use super::{Named, World, about, at_none, named, now, row_name, scale, wanted};
use crate::{
    pass::{Pass, put},
    plan::WorkloadPlan,
    row::{Kept, Row},
};

/// Where the row keeps since when they may be lit.
const LIT: &str = "lit";

/// Notes that a Region's pilot lights are about to be lit: from then on they may write there. Whether that is noted.
///
/// # Errors
/// `Unavailable` where the ledger of home does not answer.
pub(in crate::jobs) async fn note_lit<W: World>(
    world: &W,
    pass: &mut Pass,
    region: &Region,
) -> Result<bool, Error> {
    let all = named(&pass.run.plan, region);
    let mut row = pass.row(&row_name(region));
    if row.kept.contains_key(LIT) || all.iter().all(|one| one.takeover.is_none()) {
        return Ok(true);
    }
    let at = Value::from(pass.now.to_string());
    row.keep(Kept::from_iter([(LIT.to_owned(), at)]));
    row.waits(pass.now, "its pilot lights are lit", None);
    let is_noted = put(world, &pass.run, &mut row).await?;
    if is_noted {
        pass.rows.insert(row.resource.clone(), row);
    }
    Ok(is_noted)
}

/// Since when the pilot lights of a Region may write there, by the rows of a run.
#[must_use]
pub(in crate::jobs) fn lit_at(rows: &BTreeMap<String, Row>, region: &Region) -> Option<String> {
    let row = rows.get(&row_name(region))?;
    row.text(LIT).map(str::to_owned)
}

/// Lights a Region's pilot lights, or puts them out. Those that stand as wanted are left alone.
///
/// # Errors
/// `NotReady` that names every service that could not be scaled; `Unavailable`.
pub(in crate::jobs) async fn lights(
    world: &impl Services,
    plan: &WorkloadPlan,
    (region, lit): (&Region, bool),
) -> Result<(), Error> {
    let mut failed = Vec::new();
    for Named { one, takeover } in named(plan, region) {
        let Some(takeover) = takeover else {
            continue;
        };
        let scaled = async {
            let (has, _) = now(world, region, &one).await?;
            match (lit, wanted(&has) > 0) {
                (true, false) => scale(world, region, &sized(&has, takeover)).await,
                (false, true) => scale(world, region, &at_none(&one)).await,
                (true, true) | (false, false) => Ok(()),
            }
        };
        match scaled.await {
            Ok(()) => {}
            Err(why @ Error::Unavailable(_)) => return Err(about(region, &one, &why)),
            Err(why) => failed.push(about(region, &one, &why).to_string()),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::NotReady(failed.join("; ")))
}

/// The same service at so much, its least size as it is.
fn sized(one: &Former, size: u32) -> Former {
    match one {
        Former::Ecs {
            cluster, service, ..
        } => Former::Ecs {
            cluster: cluster.clone(),
            service: service.clone(),
            count: size,
        },
        Former::Asg {
            group, min_size, ..
        } => Former::Asg {
            group: group.clone(),
            min_size: *min_size,
            capacity: size,
        },
    }
}
