//! Names that lead to a writer in which no heart beats: where they lead is seen, and that it takes writes rests on a human's word.

use super::{Observed, followed, held};
use crate::routes;
use failover::{
    Error,
    beat::Write,
    pass::Pass,
    plan::{Endpoint, Route},
    ports::{Heart, Ledger, Parameters, Runtime},
};

/// What is seen of a route, where it is one for the writer.
pub(super) async fn look(
    world: &(impl Ledger + Runtime + Parameters + Heart),
    pass: &Pass,
    route: &Route,
) -> Result<Option<Observed>, Error> {
    let known = world.known(world.region(), pass.run.name()).await?;
    let at = |region| {
        let found = known.as_ref()?.endpoints.get(region)?;
        Some(found.writer.clone())
    };
    let target = at(&pass.run.to).ok_or_else(|| {
        Error::Unavailable(format!(
            "no endpoint of the member in {} is known yet",
            pass.run.to
        ))
    })?;
    let (name, (leads_to, write)) = match route {
        Route::Cname {
            name,
            endpoint: Endpoint::Writer,
            ..
        } => {
            let other = at(&pass.run.from).unwrap_or_else(|| target.clone());
            (name, resolved(world, name, (&target, &other)).await?)
        }
        Route::Ssm {
            parameter,
            endpoint: Endpoint::Writer,
        } => (parameter, holds(held(world, parameter).await?, &target)),
        Route::Cname { .. } | Route::Ssm { .. } | Route::HealthSwitch { .. } => return Ok(None),
    };
    Ok(Some(Observed {
        name: name.clone(),
        leads_to,
        write,
        given_up: routes::given_up(&pass.run, route, pass.now),
        // No beat is sent there.
        is_application: true,
    }))
}

/// Whether a name resolves to the target, and not to the instance that was left.
async fn resolved(
    world: &impl Heart,
    name: &str,
    (target, other): (&str, &str),
) -> Result<(Option<String>, Option<Write>), Error> {
    let found = world.addresses(name).await?;
    let own = world.addresses(target).await?;
    let other = if other == target {
        Default::default()
    } else {
        // The name of a Region that is lost need not resolve.
        world.addresses(other).await?.unwrap_or_default()
    };
    Ok(followed(target, found, (own, &other)))
}

/// Whether a parameter holds the target.
fn holds(held: Result<String, Write>, target: &str) -> (Option<String>, Option<Write>) {
    match held {
        Ok(held) if held == target => (Some(held), None),
        Ok(held) => {
            let why = format!("that is not {target}");
            (Some(held), Some(Write::Failed { why }))
        }
        Err(write) => (None, Some(write)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_holds_another_instance_does_not_lead_there() {
        let of = |held: &str| holds(Ok(held.to_owned()), "orders-east.example");
        assert_eq!(of("orders-east.example").1, None);
        let write = of("orders-west.example").1.unwrap();
        assert!(!write.is_committed(), "{write}");
    }
}
