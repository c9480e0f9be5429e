//! Reading the parameters, in the Regions that the run counts on.

use std::time::Duration;

use futures::future::join_all;

use super::{Seen, called};
use crate::routes::{Destination, WITHOUT_SECONDS};
use failover::{
    Error,
    domain::Region,
    pass::Pass,
    plan::{self, Endpoint, Plan},
    ports::{Parameter, Parameters, Runtime},
};

/// An SSM of another Region that has not answered for so long is silent.
const SSM_SILENCE: Duration = Duration::from_secs(3);

/// Reads every endpoint parameter of the plan in the Regions that the run counts on, the acting one first; and why others could
/// not be read. No Region is needed but the acting one.
pub(in crate::routes) async fn observe(
    world: &(impl Runtime + Parameters),
    pass: &Pass,
    to: &Destination,
) -> (Vec<Seen>, Vec<Error>) {
    let waited = to.waited_seconds(world.now());
    let reads = places(pass).into_iter().map(async |place| {
        let read = read(world, pass, place, to).await;
        read.map_err(|why| (place, why))
    });
    let (mut seen, mut failed) = (Vec::new(), Vec::new());
    for read in join_all(reads).await {
        match read {
            Ok(read) => seen.push(read),
            Err((place, why)) => failed.extend(place.unread(why, pass, waited)),
        }
    }
    (seen, failed)
}

/// What this step would be refused at each of them, every reason.
pub(in crate::routes) async fn refusals(
    world: &impl Parameters,
    pass: &Pass,
    to: &Destination,
) -> Vec<String> {
    let asked =
        places(pass)
            .into_iter()
            .map(async |place| match read(world, pass, place, to).await {
                Ok(seen) => {
                    let later = seen.later(to.epoch).err();
                    let why = later.or_else(|| seen.refusal());
                    why.map(|why| why.to_string())
                }
                Err(why) => Some(place.says(&why)),
            });
    join_all(asked).await.into_iter().flatten().collect()
}

/// One of the plan's parameters in one Region.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    region: &'a Region,
    name: &'a str,
    endpoint: Endpoint,
}

/// The plan's parameters.
fn planned(plan: &Plan) -> impl Iterator<Item = (&str, Endpoint)> {
    plan.routes.iter().filter_map(|record| match record {
        plan::Route::Ssm {
            parameter,
            endpoint,
        } => Some((parameter.as_str(), *endpoint)),
        plan::Route::Cname { .. } | plan::Route::HealthSwitch { .. } => None,
    })
}

/// Every parameter in every Region that the run counts on, the acting one first.
fn places(pass: &Pass) -> Vec<Place<'_>> {
    let run = &pass.run;
    let others = run.leased.iter().filter(|region| **region != run.to);
    let regions: Vec<_> = [&run.to].into_iter().chain(others).collect();
    let each = planned(&run.plan).flat_map(|(name, endpoint)| {
        regions.iter().copied().map(move |region| Place {
            region,
            name,
            endpoint,
        })
    });
    each.collect()
}

impl Place<'_> {
    fn says(&self, why: &Error) -> String {
        format!("{}: {why}", called(self.region, self.name))
    }

    /// What is told of one that could not be read.
    fn unread(&self, why: Error, pass: &Pass, waited_seconds: f64) -> Option<Error> {
        let run = &pass.run;
        let is_silent = matches!(why, Error::Unavailable(_));
        // What is left may have fallen silent: nobody starts a task there now.
        if is_silent && *self.region == run.from {
            return None;
        }
        let says = self.says(&why);
        let is_patient = *self.region == run.to || waited_seconds < WITHOUT_SECONDS;
        Some(match is_silent && !is_patient {
            true => Error::NotReady(says),
            false => why.reworded(says),
        })
    }
}

async fn read(
    world: &impl Parameters,
    pass: &Pass,
    place: Place<'_>,
    to: &Destination,
) -> Result<Seen, Error> {
    let held = held(world, pass, place).await?;
    Ok(Seen {
        region: place.region.clone(),
        name: place.name.to_owned(),
        held,
        wanted: Parameter {
            value: to.writer.of(place.endpoint).to_owned(),
            epoch: Some(to.epoch),
        },
        members: to.members.clone(),
        stands: super::stands(&pass.run, (place.region, place.name), pass.now),
    })
}

/// What a parameter holds. Any Region but the acting one may be silent, and must not take the time that this pass has.
async fn held(
    world: &impl Parameters,
    pass: &Pass,
    place: Place<'_>,
) -> Result<Option<Parameter>, Error> {
    let asked = world.parameter(place.region, place.name);
    if *place.region == pass.run.to {
        return asked.await;
    }
    let late = |_| Err(Error::Unavailable("SSM is silent".into()));
    let answered = tokio::time::timeout(SSM_SILENCE, asked).await;
    answered.unwrap_or_else(late)
}
