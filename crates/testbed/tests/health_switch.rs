//! Failover records that follow what Route 53's checkers fetch from S3, with the emulator for real. The primary's check is inverted and
//! looks at an object in the standby's Region: what stands there moves the name, and nothing of Route 53's API does.
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests wait for what checkers see"
)]

mod health_switch_world;

use aws_sdk_route53::types::{HealthCheckConfig, HealthCheckType, ResourceRecordSetFailover};
use hickory_resolver::proto::rr::RecordType;
use testbed::{
    front_door::{Fault, Scope},
    health_checks::{CHECKER_REGIONS, Health, checkers, s3},
};

use health_switch_world::{
    ALIAS, ALIAS_AT_HOME, ALIAS_AT_STANDBY, AT_HOME, AT_STANDBY, HOME, STANDBY, World, bucket,
    create_check,
    records::{put, record},
    switch,
};

/// One world for all of it: every move takes as long as the checkers' interval.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_follows_the_objects_that_route_53s_checkers_see() {
    let world = World::build().await;
    records_that_route_53_refuses_are_refused(&world).await;
    without_objects_both_are_healthy_and_the_name_is_at_home(&world).await;
    the_standbys_object_moves_the_name_and_brings_it_home(&world).await;
    what_both_objects_say_at_once_is_home(&world).await;
    a_bucket_that_refuses_and_a_lost_object_are_home(&world).await;
    a_region_whose_s3_is_cut_off_is_home_and_a_few_checkers_are_enough(&world).await;
    the_name_moves_while_route_53s_api_is_down(&world).await;
    what_is_made_of_other_checks_follows_them(&world).await;
    world.end().await;
}

async fn records_that_route_53_refuses_are_refused(world: &World) {
    use ResourceRecordSetFailover::{Primary, Secondary};
    let put = async |records: Vec<_>| put(&world.route53, &world.zone, records).await;
    let [check, _] = &world.checks;
    let other = "other.shop.internal";
    let batch = Err("InvalidChangeBatch".to_owned());
    let bare = vec![record(other, Primary, None)];
    assert_eq!(put(bare).await, batch, "a primary without a check");
    let gone = vec![record(other, Primary, Some("gone"))];
    let unknown = Err("NoSuchHealthCheck".to_owned());
    assert_eq!(put(gone).await, unknown);
    let mut second = record(other, Primary, Some(check));
    second.set_identifier = Some("another".into());
    let first = record(other, Primary, Some(check));
    let both = vec![first.clone(), second.clone()];
    assert_eq!(put(both).await, batch, "two primaries");
    let pair = vec![first, record(other, Secondary, None)];
    assert_eq!(put(pair).await, Ok(()));
    assert_eq!(put(vec![second]).await, batch, "a second primary");
}

async fn without_objects_both_are_healthy_and_the_name_is_at_home(world: &World) {
    for check in &world.checks {
        let why = "no object, no text";
        world.becomes(check, Some(Health::Healthy), why).await;
    }
    assert_eq!(world.answer().await, AT_HOME);
    assert_eq!(world.answer_for(ALIAS, RecordType::A).await, ALIAS_AT_HOME);
}

async fn the_standbys_object_moves_the_name_and_brings_it_home(world: &World) {
    world.put(STANDBY, "7 standby-active").await;
    world.moves_to(AT_STANDBY, "the object was put").await;
    let alias = world.answer_for(ALIAS, RecordType::A).await;
    assert_eq!(alias, ALIAS_AT_STANDBY);
    world.put(STANDBY, "8 -").await;
    world.moves_to(AT_HOME, "it was taken back").await;
    world.put(STANDBY, "9 Standby-Active").await;
    world.stays(AT_HOME, "another word").await;
}

async fn what_both_objects_say_at_once_is_home(world: &World) {
    world.put(STANDBY, "10 standby-active").await;
    world.moves_to(AT_STANDBY, "the standby's alone").await;
    world.put(HOME, "11 primary-active").await;
    world.moves_to(AT_HOME, "both").await;
    for check in &world.checks {
        assert_eq!(world.prober.state(check), Some(Health::Unhealthy));
    }
    world.put(HOME, "12 -").await;
    world
        .moves_to(AT_STANDBY, "the standby's alone again")
        .await;
}

async fn a_bucket_that_refuses_and_a_lost_object_are_home(world: &World) {
    world.policy(STANDBY, "192.0.2.0/24").await;
    world.moves_to(AT_HOME, "403 for the checkers").await;
    world.policy(STANDBY, "127.0.0.0/8").await;
    world.moves_to(AT_STANDBY, "they may read it again").await;
    world.delete(STANDBY).await;
    world.moves_to(AT_HOME, "there is no object").await;
    world.put(STANDBY, "13 standby-active").await;
    world.moves_to(AT_STANDBY, "there is one again").await;
}

async fn a_region_whose_s3_is_cut_off_is_home_and_a_few_checkers_are_enough(world: &World) {
    let s3 = s3(STANDBY);
    world.roads.lose_member(&s3);
    world.moves_to(AT_HOME, "no checker reaches S3").await;
    world.roads.mend_member(&s3);
    world.moves_to(AT_STANDBY, "all do").await;
    // One of three may be late on a machine that has much to do.
    let (five, [two @ .., _]) = CHECKER_REGIONS.split_at(5) else {
        panic!("{CHECKER_REGIONS:?}")
    };
    for region in five {
        world.roads.cut(&checkers(region), &s3).unwrap();
    }
    world.stays(AT_STANDBY, "three of eight reach it").await;
    for region in two {
        world.roads.cut(&checkers(region), &s3).unwrap();
    }
    world.moves_to(AT_HOME, "one of eight reaches it").await;
    world.roads.mend_member(&s3);
    world.moves_to(AT_STANDBY, "all do again").await;
}

async fn the_name_moves_while_route_53s_api_is_down(world: &World) {
    let scope = Scope {
        service: Some("route53".into()),
        ..Scope::default()
    };
    let fault = world.front_door.set(scope, Fault::Refuse);
    let list = world.route53.list_health_checks().send().await;
    assert!(list.is_err(), "{list:?}");
    world.put(STANDBY, "14 -").await;
    world.moves_to(AT_HOME, "the object was taken back").await;
    world.put(STANDBY, "15 standby-active").await;
    world.moves_to(AT_STANDBY, "it was put again").await;
    world.front_door.remove(fault);
}

async fn what_is_made_of_other_checks_follows_them(world: &World) {
    let name = format!("{}.s3.{STANDBY}.amazonaws.com", bucket(STANDBY));
    let canary = HealthCheckConfig::builder()
        .r#type(HealthCheckType::Http)
        .fully_qualified_domain_name(name)
        .resource_path("/switch")
        .request_interval(10)
        .failure_threshold(1);
    let canary = create_check(&world.route53, "canary", canary).await;
    let sum = HealthCheckConfig::builder()
        .r#type(HealthCheckType::Calculated)
        .child_health_checks(&canary)
        .child_health_checks(&world.checks[0])
        .health_threshold(2);
    let sum = create_check(&world.route53, "sum", sum).await;
    let why = "the canary sings, the primary's check does not";
    world.becomes(&canary, Some(Health::Healthy), why).await;
    world.becomes(&sum, Some(Health::Unhealthy), why).await;
    world.put(STANDBY, "16 -").await;
    let why = "both are healthy";
    world.becomes(&sum, Some(Health::Healthy), why).await;
    world.delete(STANDBY).await;
    let why = "the canary sees no object";
    world.becomes(&sum, Some(Health::Unhealthy), why).await;
    assert_eq!(world.prober.state(&canary), Some(Health::Unhealthy));

    let other = create_check(&world.route53, "other", switch(HOME, "other")).await;
    world
        .becomes(&other, Some(Health::Healthy), "no text")
        .await;
    let delete = world.route53.delete_health_check().health_check_id(&other);
    delete.send().await.unwrap();
    world.becomes(&other, None, "it is gone").await;
}
