//! A plan of which some names and parameters cannot be led over: all others are, and those are named at the end.

use jiff::{SignedDuration, Timestamp};

use super::{
    account::{Account, HERE, HOME, THIRD, endpoints, proven, proxied, world},
    *,
};
use failover::{
    ledger::Rows,
    plan::{Endpoint, Route},
    ports::Parameter,
    testing,
};

fn ssm(name: &str) -> Route {
    Route::Ssm {
        parameter: name.into(),
        endpoint: Endpoint::Writer,
    }
}

fn name_in(zone: &str, name: &str) -> Route {
    Route::Cname {
        hosted_zone: zone.into(),
        name: name.into(),
        endpoint: Endpoint::Writer,
        ttl_seconds: 5,
        accept_route53_risk: true,
    }
}

fn pass() -> Pass {
    let mut run = testing::run();
    run.leased = [HOME, HERE, THIRD].map(Region::from).into();
    run.plan.routes = vec![
        ssm("/orders/writer"),
        ssm("/orders/new"),
        name_in("ZSHUT", "shut"),
        name_in("Z0", "a"),
        name_in("Z0", "b"),
    ];
    run.timeline.push(proven());
    let row = testing::row(HERE, 8);
    Pass {
        run,
        rows: Rows([(Region::from(HERE), row)].into()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

/// Passes as the machine makes them, a second apart, each silence tried again; answers how they end.
async fn played(world: &Account) -> Result<(), Error> {
    let mut pass = pass();
    for _ in 0..40 {
        pass.now = world.now();
        let seen = observe(world, &pass, &endpoints()).await?;
        match next_action(&seen) {
            Ok(Action::Done) => return Ok(()),
            Ok(action) => {
                lead(world, &mut pass, &seen, &action).await;
            }
            Err(Error::Unavailable(_)) => {}
            Err(why) => return Err(why),
        }
        world.state.lock().unwrap().now += SignedDuration::from_secs(1);
    }
    panic!("the passes come to no end");
}

/// Which of the parameters, by Region, and of the names lead to the new writer.
fn led(world: &Account) -> Vec<String> {
    let state = world.state.lock().unwrap();
    let parameters = state.parameters.iter();
    let parameters = parameters.filter(|(_, held)| held.value == EAST);
    let parameters = parameters.map(|((region, name), _)| format!("{region}{name}"));
    let records = state.records.values();
    let records = records.filter(|record| record.values == [EAST]);
    parameters
        .chain(records.map(|record| record.name.clone()))
        .collect()
}

fn denied() -> Option<Error> {
    Some(Error::Denied("AccessDenied".into()))
}

fn silent() -> Option<Error> {
    Some(Error::Unavailable("no answer".into()))
}

/// What could not be led over, and how the passes end, with all that they say.
async fn hindered(world: &Account, left: &[&str], name: &str, parts: &[&str]) {
    let ended = played(world).await.unwrap_err();
    let all = [
        "eu-west-1/orders/new",
        "eu-west-1/orders/writer",
        "us-east-1/orders/new",
        "us-east-1/orders/writer",
        "us-west-2/orders/new",
        "us-west-2/orders/writer",
        "a",
        "b",
        "shut",
    ];
    let wanted: Vec<_> = all.iter().filter(|one| !left.contains(one)).collect();
    assert_eq!(led(world).iter().collect::<Vec<_>>(), wanted, "{ended}");
    assert_eq!(ended.name(), name, "{ended}");
    for part in parts {
        assert!(ended.to_string().contains(part), "{ended} lacks {part}");
    }
}

#[tokio::test]
async fn a_parameter_that_the_lost_region_does_not_take_keeps_no_other_and_no_name_from_being_led()
{
    for put in [denied(), silent()] {
        let world = Account { put, ..world() };
        let left = ["us-west-2/orders/new", "us-west-2/orders/writer"];
        let parts = [
            "parameter /orders/writer in us-west-2 could not be written",
            "parameter /orders/new in us-west-2 could not be written",
        ];
        hindered(&world, &left, "NotReady", &parts).await;
    }
}

#[tokio::test]
async fn a_region_that_does_not_tell_its_parameters_keeps_nothing_else_from_being_led() {
    let home = Account {
        read: denied(),
        ..world()
    };
    let left = ["us-west-2/orders/new", "us-west-2/orders/writer"];
    let parts = ["parameter /orders/writer in us-west-2: AccessDenied"];
    hindered(&home, &left, "NotReady", &parts).await;
    let third = Account {
        third: silent(),
        ..world()
    };
    let left = ["eu-west-1/orders/new", "eu-west-1/orders/writer"];
    let parts = ["parameter /orders/writer in eu-west-1: no answer"];
    hindered(&third, &left, "NotReady", &parts).await;
    let gone = Account {
        read: silent(),
        ..world()
    };
    assert_eq!(played(&gone).await, Ok(()), "nobody starts a task there");
}

#[tokio::test]
async fn what_somebody_pointed_elsewhere_and_a_zone_that_is_shut_keep_no_other_name_from_being_led()
{
    for change in [denied(), silent()] {
        let world = proxied(Account { change, ..world() });
        let left = ["us-east-1/orders/writer", "a", "shut"];
        let parts = [
            "3 of the plan's names and parameters",
            "parameter /orders/writer in us-east-1 holds proxy.example",
            "a points to proxy.example",
            "zone ZSHUT could not be changed",
        ];
        hindered(&world, &left, "NotReady", &parts).await;
    }
}

#[tokio::test]
async fn a_later_epoch_stops_all_of_it() {
    let world = world();
    let later = Parameter {
        value: WEST.into(),
        epoch: Some(Epoch(9)),
    };
    let key = (Region::from(THIRD), "/orders/writer".to_owned());
    world.state.lock().unwrap().parameters.insert(key, later);
    let ended = played(&world).await.unwrap_err();
    assert_eq!(ended.name(), "UnexpectedTopology");
    assert!(led(&world).is_empty());
}

#[tokio::test]
async fn a_dry_run_names_all_that_would_be_refused() {
    let world = proxied(Account {
        read: denied(),
        ..world()
    });
    let pass = Pass {
        dry_run: true,
        ..pass()
    };
    let seen = observe(&world, &pass, &endpoints()).await.unwrap();
    let action = next_action(&seen).unwrap();
    let said = reason(&pass, &seen, &action);
    for part in [
        "would point parameter /orders/writer in eu-west-1",
        "then it would be refused: 4 of",
        "parameter /orders/writer in us-west-2: AccessDenied",
        "a points to proxy.example",
    ] {
        assert!(said.contains(part), "{said} lacks {part}");
    }
    assert!(led(&world).is_empty());
}

#[test]
fn one_refusal_keeps_its_name_and_silence_is_looked_at_again() {
    let strange = || Error::UnexpectedTopology("strange".into());
    let late = || Error::Unavailable("late".into());
    assert_eq!(told(&[]), None);
    assert_eq!(told(&[strange()]), Some(strange()));
    for (failed, name) in [
        (vec![strange(), strange()], "NotReady"),
        (vec![strange(), late()], "Unavailable"),
    ] {
        let why = told(&failed).unwrap();
        assert_eq!(why.name(), name);
        assert!(why.to_string().contains("strange; "), "{why}");
    }
}
