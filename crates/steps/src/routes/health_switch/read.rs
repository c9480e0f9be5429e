//! Reading the objects, both Regions' at once.

use std::time::Duration;

use futures::future::join_all;

use super::{Bucket, Held, Looked, Seen, Side, called};
use crate::routes::{Destination, WITHOUT_SECONDS, unled};
use failover::{
    Error,
    domain::Region,
    pass::{Pass, SILENCE},
    plan::{Route, Switch},
    ports::{Objects, Runtime},
};

/// An S3 that has not answered for so long is silent.
pub(super) const S3_SILENCE: Duration = Duration::from_secs(3);

/// How long resolvers keep an alias to a load balancer.
/// Source: Route 53's developer guide, "Choosing between alias and non-alias records".
const ALIAS_TTL_SECONDS: u32 = 60;

/// A switch of the plan, as a run sees it.
pub(super) struct Planned<'a> {
    pub(super) name: &'a str,
    pub(super) target: Side,
    /// The Region of the standby's record with its object.
    pub(super) standby: (&'a Region, Option<&'a Switch>),
    /// The same of the primary's.
    pub(super) primary: (&'a Region, Option<&'a Switch>),
    /// Seconds until resolvers have followed a word.
    pub(super) follows_seconds: u32,
    /// Minutes after which what was put by hand is written over.
    pub(super) by_hand_minutes: u32,
}

/// How a route leads to a Region, or why it cannot; `None` where it is no switch.
pub(super) fn planned<'a>(route: &'a Route, to: &Region) -> Option<Result<Planned<'a>, Error>> {
    let Route::HealthSwitch {
        name,
        primary,
        switches,
        targets,
        check_interval_seconds,
        check_failures,
        by_hand_minutes,
    } = route
    else {
        return None;
    };
    let standby = targets.keys().find(|region| *region != primary)?;
    if !targets.contains_key(to) {
        return Some(Err(Error::NotReady(format!(
            "{name} leads to {primary} or {standby} only, and not to {to}"
        ))));
    }
    let of = |region: &'a Region| (region, switches.get(region));
    Some(Ok(Planned {
        name,
        target: match to == primary {
            true => Side::Primary,
            false => Side::Standby,
        },
        standby: of(standby),
        primary: of(primary),
        follows_seconds: check_interval_seconds
            .saturating_mul(*check_failures)
            .saturating_add(ALIAS_TTL_SECONDS),
        by_hand_minutes: *by_hand_minutes,
    }))
}

/// What the switches' objects say, and which switches cannot lead to where the run goes.
pub(in crate::routes) async fn observe(
    world: &(impl Runtime + Objects),
    pass: &Pass,
    to: &Destination,
) -> (Vec<Seen>, Vec<Error>) {
    let waited = to.waited_seconds(world.now());
    let routes = pass.run.plan.routes.iter();
    let planned = routes.filter_map(|route| planned(route, &pass.run.to));
    let looks = planned.map(async |planned| {
        let planned = planned?;
        let standby = look(world, pass, planned.standby);
        let (standby, primary) = futures::join!(standby, look(world, pass, planned.primary));
        Ok(Seen {
            name: planned.name.to_owned(),
            target: planned.target,
            // Elsewhere the services wait behind it.
            follows_seconds: planned.follows_seconds,
            is_patient: standby.region == pass.run.to || waited < WITHOUT_SECONDS,
            standby,
            primary,
        })
    });
    let (mut seen, mut failed) = (Vec::new(), Vec::new());
    for look in join_all(looks).await {
        match look {
            Ok(look) => seen.push(look),
            Err(why) => failed.push(why),
        }
    }
    (seen, failed)
}

/// What this step would be refused at each of them, every reason.
pub(in crate::routes) async fn refusals(
    world: &(impl Runtime + Objects),
    pass: &Pass,
    to: &Destination,
) -> Vec<String> {
    let (seen, failed) = observe(world, pass, to).await;
    let unread = |seen: &Seen| {
        let both = [&seen.standby, &seen.primary];
        both.into_iter()
            .filter_map(|looked| looked.failed.clone())
            .collect::<Vec<_>>()
    };
    let each = seen.iter().flat_map(|seen| {
        let later = seen.later(to.epoch).err();
        later.into_iter().chain(unread(seen))
    });
    failed
        .into_iter()
        .chain(each)
        .map(|why| why.to_string())
        .collect()
}

async fn look(
    world: &impl Objects,
    pass: &Pass,
    (region, place): (&Region, Option<&Switch>),
) -> Looked {
    // What did not answer for its lease is given a second: its S3 may live.
    let limit = match pass.dry_run || pass.run.leased.contains(region) {
        true => S3_SILENCE,
        false => SILENCE,
    };
    let mut looked = read(world, limit, (region, place)).await;
    let place = place.map(|place| called(region, place));
    looked.stands = place.and_then(|own| unled::stands(&pass.run, &[&own], pass.now));
    looked
}

/// What a bucket holds; one that has not answered within `limit` is silent.
pub(super) async fn read(
    world: &impl Objects,
    limit: Duration,
    (region, place): (&Region, Option<&Switch>),
) -> Looked {
    let mut looked = Looked {
        region: region.clone(),
        holds: Bucket::Absent,
        place: place.cloned(),
        object: None,
        failed: None,
        stands: None,
    };
    let Some(place) = place else {
        return looked;
    };
    let asked = world.object(region, &place.bucket, &place.key);
    let late = |_| Err(Error::Unavailable("S3 is silent".into()));
    let answered = tokio::time::timeout(limit, asked).await;
    match answered.unwrap_or_else(late) {
        Ok(object) => {
            looked.holds = Bucket::Answers(Held::of(object.as_ref()));
            looked.object = object;
        }
        Err(why) => {
            let says = format!("{}: {why}", called(region, place));
            looked.holds = Bucket::Silent;
            looked.failed = Some(why.reworded(says));
        }
    }
    looked
}
