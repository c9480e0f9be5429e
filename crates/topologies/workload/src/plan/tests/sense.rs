//! What is wrong with how fields fit together, and with names.

use super::*;

#[test]
fn nothing_comes_home_twice() {
    for (place, value, field, part) in [
        (
            "/resources/1/name",
            "billing",
            "resources[1].name",
            "resources[0].name",
        ),
        (
            "/resources/3/home",
            "carts",
            "resources[3].home",
            "resources[2].home",
        ),
        (
            "/resources/3/recovery",
            "carts",
            "resources[3].recovery",
            "resources[2].recovery",
        ),
    ] {
        let says = one(&with(place, value.into()), field);
        assert!(says.contains(part), "{says}");
    }
}

#[test]
fn rds_tells_no_capital_from_a_small_letter_and_dynamodb_does() {
    let mut document = with("/resources/1/kind", json!("rds_instance"));
    document["resources"][1]["home"] = json!("Billing");
    let says = one(&document, "resources[1].home");
    assert!(
        says.starts_with("resources[1].home is Billing in us-east-1, as is resources[0].home"),
        "{says}"
    );
    assert_fine(&with("/resources/3/home", json!("Carts")));
}

#[test]
fn kinds_and_regions_have_names_of_their_own() {
    assert_fine(&with("/resources/1/home", json!("billing")));
    assert_fine(&with("/resources/0/recovery", json!("billing")));
}

#[test]
fn no_resource_bears_the_name_under_which_another_one_is_rehearsed() {
    let says = one(
        &with("/resources/3/home", json!("carts-rehearsal")),
        "resources[2].home",
    );
    assert!(says.contains("carts-rehearsal"), "{says}");
    assert!(says.contains("resource sessions"), "{says}");
}

#[test]
fn two_clusters_are_of_two_global_clusters() {
    let mut document = with("/resources/1/global_cluster", json!("orders-global-1"));
    assert_fine(&document);
    document["resources"][0] = json!({"kind": "aurora_cluster", "name": "billing", "home": "billing",
        "recovery": "billing-dr", "global_cluster": "orders-global-1"});
    let says = one(&document, "resources[1].global_cluster");
    assert!(says.contains("resources[0].global_cluster"), "{says}");
}

#[test]
fn a_workload_comes_home_from_another_region() {
    let says = one(
        &with("/recovery_region", json!("us-east-1")),
        "recovery_region",
    );
    assert!(
        says.starts_with("recovery_region is us-east-1, which is home_region;"),
        "{says}"
    );
    let says = found(&with("/home_region", json!("Ohio")));
    assert!(
        says[0]
            .1
            .starts_with("home_region is \"Ohio\"; write the name of a Region"),
        "{says:?}"
    );
}

#[test]
fn a_host_is_read_and_refused_in_one_sentence() {
    let host = json!({"kind": "ec2_instance", "name": "web-1", "home": "i-0123456789abcdef0",
        "recovery": "i-0123456789abcdef1", "leave_out": ["/dev/sdg"], "zone": "us-east-1a",
        "instance_type": "m6i.large", "volumes": {"/dev/sdf": {"volume_type": "gp3", "iops": 3000}},
        "initialisation_rate": 200, "wait_until_read": true,
        "rehearsal": {"subnet": "subnet-01234567", "security_groups": ["sg-01234567"]}});
    let document = with("/resources/2", host);
    assert!(serde_json::from_value::<WorkloadPlan>(document.clone()).is_ok());
    assert_eq!(
        one(&document, "resources[2].kind"),
        "resources[2].kind is ec2_instance, which this release cannot bring home yet; leave it out"
    );
}

#[test]
fn names_that_aws_would_not_take_are_told() {
    let host = |field: &str, value: Value| {
        let mut host = json!({"kind": "ec2_instance", "name": "web-1", "home": "i-01234567", "recovery": "i-01234567"});
        host[field] = value;
        with("/resources/2", host)
    };
    for (document, starts) in [
        (with("/plan", json!("a b")), "plan is \"a b\";"),
        (
            with("/resources/0/name", json!("a_b")),
            "resources[0].name is \"a_b\";",
        ),
        (
            with("/resources/0/home", json!("a--b")),
            "resources[0].home is \"a--b\";",
        ),
        (
            with("/resources/1/recovery", json!("7a")),
            "resources[1].recovery is \"7a\";",
        ),
        (
            with("/resources/2/home", json!("ab")),
            "resources[2].home is \"ab\";",
        ),
        (
            with("/resources/0/kms_key", json!("a key")),
            "resources[0].kms_key is \"a key\";",
        ),
        (
            with("/prepared", json!("clean")),
            "prepared is \"clean\"; use the name of a function that ends with -failover-hook",
        ),
        (with("/verify", json!("")), "verify is \"\";"),
        (
            host("home", json!("i-0123")),
            "resources[2].home is \"i-0123\"; write the id of a host",
        ),
        (
            host("zone", json!("us-west-2a")),
            "resources[2].zone is \"us-west-2a\"; write a zone of us-east-1",
        ),
        (
            host("instance_type", json!("large")),
            "resources[2].instance_type is \"large\";",
        ),
        (
            host("leave_out", json!(["A B"])),
            "resources[2].leave_out[0] is \"A B\";",
        ),
        (
            host("volumes", json!({"A B": {}})),
            "resources[2].volumes.A B is \"A B\";",
        ),
    ] {
        let found = found(&document);
        assert!(
            found.iter().any(|(_, says)| says.starts_with(starts)),
            "{starts}: {found:?}"
        );
    }
}

#[test]
fn a_key_of_another_region_encrypts_nothing_at_home() {
    let key = json!("arn:aws:kms:us-west-2:123456789012:key/1");
    let says = one(&with("/resources/0/kms_key", key), "resources[0].kms_key");
    assert!(
        says.ends_with("which is not in us-east-1; name a key of us-east-1"),
        "{says}"
    );
}

#[test]
fn services_and_topics_are_of_the_plans_two_regions_and_stand_once() {
    let ecs = |region: &str, services: Value| json!([{"kind": "ecs", "region": region, "cluster": "orders", "services": services}]);
    for (document, field) in [
        (
            with("/services", ecs("us-east-2", json!(["api"]))),
            "services[0].region",
        ),
        (
            with(
                "/services",
                ecs(
                    "us-west-2",
                    json!([{"service": "api", "takeover_count": 0}]),
                ),
            ),
            "services[0].services[0].takeover_count",
        ),
        (
            with(
                "/services",
                ecs(
                    "us-west-2",
                    json!([{"service": "api", "takeover_count": 1}, "api"]),
                ),
            ),
            "services[0].services[1]",
        ),
        (
            with(
                "/services",
                json!([{"kind": "asg", "region": "us-west-2", "groups": ["a b"]}]),
            ),
            "services[0].groups[0]",
        ),
        (
            with(
                "/notify",
                json!({"us-east-2": "arn:aws:sns:us-east-2:123456789012:alerts"}),
            ),
            "notify.us-east-2",
        ),
        (
            with(
                "/notify",
                json!({"us-east-1": "arn:aws:sns:us-west-2:123456789012:alerts"}),
            ),
            "notify.us-east-1",
        ),
        (
            with("/notify", json!({"us-east-1": "alerts"})),
            "notify.us-east-1",
        ),
    ] {
        one(&document, field);
    }
    let says = one(
        &with("/services", ecs("us-west-2", json!([7]))),
        "services[0].services[0]",
    );
    assert_eq!(
        says,
        "services[0].services[0] is 7; give it a text or an object"
    );
}

#[test]
fn rounds_that_a_run_has_no_time_for_are_refused() {
    let rounds = |most: u32, minutes: u32| {
        with(
            "/sync",
            json!({"rounds_max": most, "every_minutes": minutes}),
        )
    };
    let says = one(&rounds(48, 60), "sync.rounds_max");
    assert_eq!(
        says,
        "sync.rounds_max is 48 and sync.every_minutes is 60, which are 2880 minutes of rounds, and a run has time for 480; make one of them smaller"
    );
    let fits = rounds(48, 10).to_string();
    assert!(crate::plan::check(&fits).is_ok(), "eight hours fit");
}
