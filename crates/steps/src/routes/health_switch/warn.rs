//! What should be put right of a switch although nothing stands in the way of a move.

use super::read::{observe, planned};
use crate::routes::Destination;
use failover::{
    pass::Pass,
    plan::{Plan, Route},
    ports::{Objects, Runtime},
};

/// Beyond so many seconds until resolvers follow, people should know.
const SLOW_SECONDS: u32 = 120;

/// What is said of each switch of a plan: by reading it, and by what its objects say now.
pub(crate) async fn warnings(
    world: &(impl Runtime + Objects),
    pass: &Pass,
    to: &Destination,
) -> Vec<String> {
    let (seen, _) = observe(world, pass, to).await;
    let both = seen.iter().filter_map(|seen| seen.both_are_active());
    of_plan(&pass.run.plan).into_iter().chain(both).collect()
}

fn of_plan(plan: &Plan) -> Vec<String> {
    plan.routes.iter().flat_map(of_route).collect()
}

fn of_route(route: &Route) -> Vec<String> {
    let Route::HealthSwitch {
        name,
        primary,
        switches,
        ..
    } = route
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if !switches.contains_key(primary) {
        found.push(format!(
            "{name} has no object in {primary}: while the other Region's bucket is silent nothing keeps its traffic in {primary}, or \
             brings it back there; give it a second switch"
        ));
    }
    let unseen = switches
        .iter()
        .filter(|(_, switch)| switch.canary.is_none());
    found.extend(unseen.map(|(region, switch)| {
        format!(
            "nothing tells whether Route 53's checkers see object {} of bucket {} in {region}; name its canary",
            switch.key, switch.bucket
        )
    }));
    let follows = planned(route, primary).and_then(Result::ok);
    let seconds = follows.map_or(0, |planned| planned.follows_seconds);
    if seconds > SLOW_SECONDS {
        found.push(format!(
            "resolvers follow {name} only after some {seconds} s, which its checks' interval and failures make; lower them"
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use failover::{domain::Region, testing};

    fn said(change: impl Fn(&mut Route)) -> String {
        let mut plan = testing::run().plan;
        let mut route = super::super::tests::route();
        change(&mut route);
        plan.routes = vec![route];
        of_plan(&plan).join("\n")
    }

    fn with_canaries(route: &mut Route) {
        if let Route::HealthSwitch { switches, .. } = route {
            for (region, switch) in switches {
                switch.canary = Some(format!("canary-{region}.example.com"));
            }
        }
    }

    #[test]
    fn a_second_switch_a_canary_and_a_slow_check_are_named_and_a_whole_switch_is_not() {
        assert_eq!(said(with_canaries), "");
        assert_eq!(said(|_| {}).lines().count(), 2, "{}", said(|_| {}));
        let one = said(|route| {
            with_canaries(route);
            if let Route::HealthSwitch { switches, .. } = route {
                switches.remove(&Region::from("us-west-2"));
            }
        });
        assert!(
            one.starts_with("shop.example.com has no object in us-west-2: "),
            "{one}"
        );
        let slow = said(|route| {
            with_canaries(route);
            if let Route::HealthSwitch {
                check_interval_seconds,
                ..
            } = route
            {
                *check_interval_seconds = 30;
            }
        });
        assert!(slow.contains("only after some 150 s"), "{slow}");
    }
}
