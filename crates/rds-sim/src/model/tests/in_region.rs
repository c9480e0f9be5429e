//! What happens within one Region: writers and tiers, stops and starts, roles, tags, groups, endpoints.

use super::world::{EAST, EAST_ARN, ENGINE, WEST, World, expect};
use crate::model::Settings;

const CLUSTER: (&str, &str) = ("DBClusterIdentifier", "orders-west");

impl World {
    fn writer_of(&mut self, region: &str, id: &str) -> Option<String> {
        let answer = self.ok(region, "DescribeDBClusters", &[("DBClusterIdentifier", id)]);
        (0..16).find_map(|index| {
            let member = |field: &str| {
                Self::text_at(
                    &answer,
                    &format!("DBClusters.0.DBClusterMembers.{index}.{field}"),
                )
            };
            (member("IsClusterWriter")? == "true").then(|| member("DBInstanceIdentifier"))?
        })
    }

    fn tiered(&mut self, region: &str, id: &str, cluster: &str, tier: &str) {
        let params = [
            ("DBInstanceIdentifier", id),
            ("DBInstanceClass", "db.r6g.large"),
            ENGINE,
            ("DBClusterIdentifier", cluster),
            ("PromotionTier", tier),
        ];
        self.ok(region, "CreateDBInstance", &params);
        self.settle();
    }
}

#[test]
fn an_instance_of_a_lower_tier_that_is_added_leaves_the_writer_where_it_is() {
    let mut world = World::two_members();
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-1"
    );
    world.tiered(WEST, "orders-west-0", "orders-west", "0");
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-1"
    );
}

#[test]
fn tiers_decide_who_writes_at_a_failover_and_when_the_writer_is_deleted() {
    let mut world = World::two_members();
    world.tiered(WEST, "orders-west-5", "orders-west", "5");
    world.tiered(WEST, "orders-west-2", "orders-west", "2");
    let answer = world.ok(WEST, "FailoverDBCluster", &[CLUSTER]);
    assert_eq!(
        World::text_at(&answer, "DBCluster.Status").unwrap(),
        "failing-over"
    );
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-1"
    );
    world.settle();
    assert_eq!(world.status(WEST, "orders-west"), "available");
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-2"
    );
    let told = world.ok(WEST, "DescribeEvents", &[("Duration", "1440")]);
    assert!(format!("{told:?}").contains("Completed failover to DB instance: orders-west-2"));

    let named = [CLUSTER, ("TargetDBInstanceIdentifier", "orders-west-5")];
    world.ok(WEST, "FailoverDBCluster", &named);
    world.settle();
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-5"
    );
    let gone = [
        ("DBInstanceIdentifier", "orders-west-5"),
        ("SkipFinalSnapshot", "true"),
    ];
    world.ok(WEST, "DeleteDBInstance", &gone);
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-1"
    );
    world.settle();
    assert_eq!(
        world.writer_of(WEST, "orders-west").unwrap(),
        "orders-west-1"
    );
}

#[test]
fn a_secondary_has_no_writer_and_its_lowest_tier_writes_once_it_is_promoted() {
    let mut world = World::two_members();
    world.tiered(EAST, "orders-east-0", "orders-east", "0");
    assert_eq!(world.writer_of(EAST, "orders-east"), None);
    let cluster = ("DBClusterIdentifier", "orders-east");
    let none = world.refused(EAST, "FailoverDBCluster", &[cluster]);
    expect(&none, 400, "InvalidDBClusterStateFault", "secondary");
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    assert_eq!(
        world.writer_of(EAST, "orders-east").unwrap(),
        "orders-east-0"
    );
    let gone = [("DBInstanceIdentifier", "orders-east-0")];
    world.ok(EAST, "DeleteDBInstance", &gone);
    world.settle();
    let alone = world.refused(EAST, "FailoverDBCluster", &[cluster]);
    expect(&alone, 400, "InvalidDBClusterStateFault", "no such reader");
}

#[test]
fn a_cluster_is_stopped_and_started_unless_others_share_its_global_cluster() {
    let mut world = World::two_members();
    let shared = world.refused(WEST, "StopDBCluster", &[CLUSTER]);
    expect(
        &shared,
        400,
        "InvalidDBClusterStateFault",
        "can't be stopped",
    );
    world.detach(EAST, EAST_ARN).unwrap();
    world.settle();
    let east = ("DBClusterIdentifier", "orders-east");
    world.ok(EAST, "StopDBCluster", &[east]);
    assert_eq!(world.status(EAST, "orders-east"), "stopping");
    world.settle();
    assert_eq!(world.status(EAST, "orders-east"), "stopped");
    assert_eq!(world.instance_status(EAST, "orders-east-1"), "stopped");
    assert!(!world.takes_writes(EAST, "orders-east"));
    // It stays so when its Region comes back.
    world.lose(EAST);
    world.regain(EAST);
    assert!(!world.takes_writes(EAST, "orders-east"));
    let twice = world.refused(EAST, "StopDBCluster", &[east]);
    expect(&twice, 400, "InvalidDBClusterStateFault", "stopped");
    world.ok(EAST, "StartDBCluster", &[east]);
    assert_eq!(world.status(EAST, "orders-east"), "starting");
    world.settle();
    assert_eq!(world.status(EAST, "orders-east"), "available");
    assert!(world.takes_writes(EAST, "orders-east"));
}

#[test]
fn tags_are_given_listed_and_taken_of_whatever_has_an_arn() {
    let mut world = World::two_members();
    let made = world.ok(
        WEST,
        "CreateDBSubnetGroup",
        &[
            ("DBSubnetGroupName", "orders"),
            ("DBSubnetGroupDescription", "of orders"),
            ("SubnetIds.SubnetIdentifier.1", "subnet-1"),
            ("SubnetIds.SubnetIdentifier.2", "subnet-2"),
        ],
    );
    let group = World::text_at(&made, "DBSubnetGroup.DBSubnetGroupArn").unwrap();
    let of = |kind: &str, id: &str| format!("arn:aws:rds:us-west-2:123456789012:{kind}:{id}");
    let global = "arn:aws:rds::123456789012:global-cluster:orders-global-1".to_owned();
    for arn in [
        of("cluster", "orders-west"),
        of("db", "orders-west-1"),
        global,
        group,
    ] {
        let name = ("ResourceName", arn.as_str());
        let tag = [("Tags.Tag.1.Key", "team"), ("Tags.Tag.1.Value", "orders")];
        world.ok(WEST, "AddTagsToResource", &[name, tag[0], tag[1]]);
        let listed = world.ok(WEST, "ListTagsForResource", &[name]);
        assert_eq!(
            World::text_at(&listed, "TagList.0.Value").unwrap(),
            "orders"
        );
        world.ok(
            WEST,
            "RemoveTagsFromResource",
            &[name, ("TagKeys.member.1", "team")],
        );
        let listed = world.ok(WEST, "ListTagsForResource", &[name]);
        assert_eq!(World::text_at(&listed, "TagList.0.Value"), None);
    }
    let elsewhere = world.refused(
        EAST,
        "ListTagsForResource",
        &[("ResourceName", &of("cluster", "orders-west"))],
    );
    expect(&elsewhere, 404, "DBClusterNotFoundFault", "not found");
    let wrong = world.refused(
        WEST,
        "ListTagsForResource",
        &[("ResourceName", "orders-west")],
    );
    expect(
        &wrong,
        400,
        "InvalidParameterValue",
        "Invalid resource name",
    );
}

#[test]
fn groups_must_be_there_and_fit_the_version() {
    let mut world = World::empty(Settings::default());
    let base = [
        ("DBClusterIdentifier", "alone"),
        ENGINE,
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "not-a-secret"),
    ];
    let with = |name: &'static str, value: &'static str| {
        let mut params = base.to_vec();
        params.push((name, value));
        params
    };
    let none = world.refused(WEST, "CreateDBCluster", &with("DBSubnetGroupName", "x"));
    expect(&none, 404, "DBSubnetGroupNotFoundFault", "does not exist");
    let group = "DBClusterParameterGroupName";
    let none = world.refused(WEST, "CreateDBCluster", &with(group, "x"));
    expect(&none, 404, "DBClusterParameterGroupNotFound", "not found");
    let old = [
        (group, "old"),
        ("DBParameterGroupFamily", "aurora-postgresql15"),
        ("Description", "of before"),
    ];
    world.ok(WEST, "CreateDBClusterParameterGroup", &old);
    let unfit = world.refused(WEST, "CreateDBCluster", &with(group, "old"));
    expect(
        &unfit,
        400,
        "InvalidParameterCombination",
        "aurora-postgresql16",
    );
    world.ok(
        WEST,
        "CreateDBCluster",
        &with(group, "default.aurora-postgresql16"),
    );
    let set = [
        (group, "old"),
        ("Parameters.Parameter.1.ParameterName", "cron.database_name"),
        ("Parameters.Parameter.1.ParameterValue", "orders"),
    ];
    world.ok(WEST, "ModifyDBClusterParameterGroup", &set);
    let shown = world.ok(
        WEST,
        "DescribeDBClusterParameters",
        &[(group, "old"), ("Source", "user")],
    );
    assert_eq!(
        World::text_at(&shown, "Parameters.0.ParameterValue").unwrap(),
        "orders"
    );
    assert_eq!(World::text_at(&shown, "Parameters.1.ParameterName"), None);
}

#[test]
fn a_custom_endpoint_takes_time_to_make_and_to_delete_and_is_not_deleted_twice() {
    let mut world = World::two_members();
    let id = ("DBClusterEndpointIdentifier", "reports");
    let made = world.ok(
        WEST,
        "CreateDBClusterEndpoint",
        &[CLUSTER, id, ("EndpointType", "READER")],
    );
    assert_eq!(World::text_at(&made, "Status").unwrap(), "creating");
    let early = world.refused(WEST, "DeleteDBClusterEndpoint", &[id]);
    expect(
        &early,
        400,
        "InvalidDBClusterEndpointStateFault",
        "creating",
    );
    let shown = |world: &mut World| {
        let found = world.ok(WEST, "DescribeDBClusterEndpoints", &[id]);
        World::text_at(&found, "DBClusterEndpoints.0.Status")
    };
    world.settle();
    assert_eq!(shown(&mut world).unwrap(), "available");
    world.ok(WEST, "DeleteDBClusterEndpoint", &[id]);
    assert_eq!(shown(&mut world).unwrap(), "deleting");
    let twice = world.refused(WEST, "DeleteDBClusterEndpoint", &[id]);
    expect(
        &twice,
        400,
        "InvalidDBClusterEndpointStateFault",
        "deleting",
    );
    let taken = world.refused(
        WEST,
        "CreateDBClusterEndpoint",
        &[CLUSTER, id, ("EndpointType", "ANY")],
    );
    expect(&taken, 400, "DBClusterEndpointAlreadyExistsFault", "exists");
    world.settle();
    assert_eq!(shown(&mut world), None);
}

#[test]
fn a_snapshot_and_an_instance_take_time_to_delete() {
    let mut world = World::two_members();
    let id = ("DBClusterSnapshotIdentifier", "kept");
    world.ok(WEST, "CreateDBClusterSnapshot", &[CLUSTER, id]);
    world.settle();
    world.ok(WEST, "DeleteDBClusterSnapshot", &[id]);
    let shown = world.ok(WEST, "DescribeDBClusterSnapshots", &[id]);
    assert_eq!(
        World::text_at(&shown, "DBClusterSnapshots.0.Status").unwrap(),
        "deleting"
    );
    let twice = world.refused(WEST, "DeleteDBClusterSnapshot", &[id]);
    expect(
        &twice,
        400,
        "InvalidDBClusterSnapshotStateFault",
        "available",
    );
    world.settle();
    world.refused(WEST, "DescribeDBClusterSnapshots", &[id]);

    let reader = ("DBInstanceIdentifier", "orders-east-1");
    world.ok(EAST, "DeleteDBInstance", &[reader]);
    assert_eq!(world.instance_status(EAST, "orders-east-1"), "deleting");
    world.settle();
    world.refused(EAST, "DescribeDBInstances", &[reader]);
}
