//! What is refused of instances of their own, with the codes that AWS's model has for it.

use super::{
    super::world::EAST, super::world::ENGINE, super::world::WEST, super::world::World,
    super::world::expect, AT_ONCE, FROM_WEST, NEW, REPLICA, REPLICA_ARN, SKIP, SOURCE,
};
use crate::model::Settings;

const REPLICATE: &str = "CreateDBInstanceReadReplica";

#[test]
fn a_replica_needs_a_source_that_is_there_available_and_backed_up() {
    let mut world = World::source_with(Settings::default(), &[("BackupRetentionPeriod", "0")]);
    let unsaved = world.refused(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
    let words = "Automated backups are not enabled for this database instance";
    expect(&unsaved, 400, "InvalidDBInstanceState", words);
    for unknown in [
        "orders-west",
        "arn:aws:rds:us-west-2:123456789012:db:nothing",
        "arn:aws:rds:eu-west-1:123456789012:db:orders-west",
    ] {
        let source = ("SourceDBInstanceIdentifier", unknown);
        let fault = world.refused(EAST, REPLICATE, &[REPLICA, source]);
        expect(&fault, 404, "DBInstanceNotFound", "not found");
    }
    for wrong in [
        "arn:aws:rds:us-west-2:999999999999:db:orders-west",
        "arn:aws:rds:us-west-2:123456789012:cluster:orders-west",
        "arn:aws:rds",
    ] {
        let source = ("SourceDBInstanceIdentifier", wrong);
        let fault = world.refused(EAST, REPLICATE, &[REPLICA, source]);
        expect(
            &fault,
            400,
            "InvalidParameterValue",
            "Invalid DB instance ARN",
        );
    }
    let on = [SOURCE, ("BackupRetentionPeriod", "1"), AT_ONCE];
    world.ok(WEST, "ModifyDBInstance", &on);
    let busy = world.refused(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
    expect(&busy, 400, "InvalidDBInstanceState", "modifying");
    world.settle();
    world.lose(WEST);
    let away = world.refused(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
    expect(&away, 400, "InvalidDBInstanceState", "can't be reached");
    world.regain(WEST);
    world.ok(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
}

#[test]
fn a_replica_needs_a_name_of_its_own_and_room() {
    let mut world = World::pair();
    let taken = world.refused(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
    expect(&taken, 400, "DBInstanceAlreadyExists", "exists");
    for number in 0..14 {
        let name = format!("orders-{number}");
        let name = ("DBInstanceIdentifier", &*name);
        world.ok(EAST, REPLICATE, &[name, FROM_WEST]);
        world.settle();
    }
    let one_more = [("DBInstanceIdentifier", "orders-16"), FROM_WEST];
    let full = world.refused(EAST, REPLICATE, &one_more);
    expect(
        &full,
        400,
        "InvalidDBInstanceState",
        "all the read replicas",
    );
}

#[test]
fn no_replica_follows_a_replica_here() {
    let mut world = World::pair();
    let of_a_replica = [
        ("DBInstanceIdentifier", "orders-third"),
        ("SourceDBInstanceIdentifier", "orders-east"),
    ];
    let fault = world.refused(EAST, REPLICATE, &of_a_replica);
    expect(&fault, 400, "InvalidParameterValue", "not simulated");
}

#[test]
fn an_encrypted_replica_elsewhere_needs_a_key_of_its_region_and_an_encrypted_source() {
    let mut world = World::source_with(Settings::default(), &[("StorageEncrypted", "true")]);
    let keyless = world.refused(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
    expect(&keyless, 400, "InvalidParameterCombination", "KmsKeyId");
    let foreign = "arn:aws:kms:us-west-2:123456789012:key/orders";
    let foreign = [REPLICA, FROM_WEST, ("KmsKeyId", foreign)];
    let foreign = world.refused(EAST, REPLICATE, &foreign);
    expect(&foreign, 400, "KMSKeyNotAccessibleFault", "us-west-2");
    let own = "arn:aws:kms:us-east-1:123456789012:key/orders";
    world.ok(EAST, REPLICATE, &[REPLICA, FROM_WEST, ("KmsKeyId", own)]);
    world.settle();
    let shown = world.shown(EAST, "orders-east", "KmsKeyId");
    assert_eq!(shown.unwrap(), own);
    let mut world = World::source();
    let plain = [REPLICA, FROM_WEST, ("KmsKeyId", own)];
    let plain = world.refused(EAST, REPLICATE, &plain);
    expect(&plain, 400, "InvalidParameterCombination", "unencrypted");
}

#[test]
fn only_an_available_replica_is_promoted() {
    let mut world = World::pair();
    let source = world.refused(WEST, "PromoteReadReplica", &[SOURCE]);
    expect(&source, 400, "InvalidDBInstanceState", "not a read replica");
    let unknown = world.refused(WEST, "PromoteReadReplica", &[REPLICA]);
    expect(&unknown, 404, "DBInstanceNotFound", "orders-east");
    let elsewhere = ("DBInstanceIdentifier", REPLICA_ARN);
    let elsewhere = world.refused(WEST, "PromoteReadReplica", &[elsewhere]);
    assert_eq!(elsewhere.code, "DBInstanceNotFound");
    world.ok(
        EAST,
        "CreateDBSnapshot",
        &[REPLICA, ("DBSnapshotIdentifier", "kept")],
    );
    let busy = world.refused(EAST, "PromoteReadReplica", &[REPLICA]);
    expect(&busy, 400, "InvalidDBInstanceState", "backing-up");
    world.settle();
    world.ok(EAST, "RebootDBInstance", &[REPLICA]);
    let busy = world.refused(EAST, "PromoteReadReplica", &[REPLICA]);
    expect(&busy, 400, "InvalidDBInstanceState", "rebooting");
    world.settle();
    let days = ("BackupRetentionPeriod", "36");
    let long = world.refused(EAST, "PromoteReadReplica", &[REPLICA, days]);
    expect(&long, 400, "InvalidParameterValue", "36");
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
}

#[test]
fn nothing_else_is_taken_while_a_promotion_is_not_seen_yet() {
    let mut world = World::pair();
    world.ok(EAST, "PromoteReadReplica", &[REPLICA]);
    assert_eq!(world.instance_status(EAST, "orders-east"), "available");
    let snapshot = ("DBSnapshotIdentifier", "kept");
    let new = ("NewDBInstanceIdentifier", "orders-new");
    for (action, params) in [
        ("CreateDBSnapshot", vec![REPLICA, snapshot]),
        ("RebootDBInstance", vec![REPLICA]),
        ("StopDBInstance", vec![REPLICA]),
        ("ModifyDBInstance", vec![REPLICA, new, AT_ONCE]),
    ] {
        let fault = world.refused(EAST, action, &params);
        expect(&fault, 400, "InvalidDBInstanceState", "about to change");
    }
}

#[test]
fn a_source_and_a_replica_are_not_stopped_and_only_what_is_stopped_is_started() {
    let mut world = World::pair();
    let replica = world.refused(EAST, "StopDBInstance", &[REPLICA]);
    expect(&replica, 400, "InvalidDBInstanceState", "is a read replica");
    let source = world.refused(WEST, "StopDBInstance", &[SOURCE]);
    expect(&source, 400, "InvalidDBInstanceState", "has a read replica");
    let runs = world.refused(WEST, "StartDBInstance", &[SOURCE]);
    expect(&runs, 400, "InvalidDBInstanceState", "cannot be started");
    world.ok(EAST, "DeleteDBInstance", &[REPLICA, SKIP]);
    world.settle();
    world.ok(WEST, "StopDBInstance", &[SOURCE]);
    world.pass(1_000);
    assert_eq!(world.instance_status(WEST, "orders-west"), "stopped");
    world.ok(WEST, "StartDBInstance", &[SOURCE]);
    world.settle();
    assert!(world.takes_writes(WEST, "orders-west"));
}

#[test]
fn a_source_keeps_its_backups_and_what_waits_for_a_window_is_refused() {
    let mut world = World::pair();
    let off = [SOURCE, ("BackupRetentionPeriod", "0"), AT_ONCE];
    let off = world.refused(WEST, "ModifyDBInstance", &off);
    expect(
        &off,
        400,
        "InvalidDBInstanceState",
        "source of read replicas",
    );
    for change in [
        ("NewDBInstanceIdentifier", "orders-new"),
        ("BackupRetentionPeriod", "7"),
        ("DBInstanceClass", "db.m6g.xlarge"),
    ] {
        let later = world.refused(EAST, "ModifyDBInstance", &[REPLICA, change]);
        expect(&later, 400, "InvalidParameterValue", "maintenance window");
    }
    let longer = [SOURCE, ("BackupRetentionPeriod", "14")];
    world.ok(WEST, "ModifyDBInstance", &longer);
    let password = [REPLICA, ("MasterUserPassword", "another-one")];
    let password = world.refused(EAST, "ModifyDBInstance", &password);
    expect(&password, 400, "InvalidParameterCombination", "source's");
}

#[test]
fn a_protected_instance_is_kept_and_a_last_snapshot_is_named_or_forgone() {
    let mut world = World::source_with(Settings::default(), &[("DeletionProtection", "true")]);
    let protected = world.refused(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    let words = "Cannot delete protected DB Instance";
    expect(&protected, 400, "InvalidParameterCombination", words);
    let open = [SOURCE, ("DeletionProtection", "false")];
    world.ok(WEST, "ModifyDBInstance", &open);
    world.settle();
    let last = ("FinalDBSnapshotIdentifier", "orders-last");
    for given in [&[SOURCE][..], &[SOURCE, SKIP, last]] {
        let fault = world.refused(WEST, "DeleteDBInstance", given);
        assert_eq!(fault.code, "InvalidParameterCombination");
    }
    world.ok(EAST, REPLICATE, &[REPLICA, FROM_WEST]);
    world.settle();
    let kept = world.refused(EAST, "DeleteDBInstance", &[REPLICA, last]);
    expect(&kept, 400, "InvalidParameterCombination", "read replica");
    world.ok(WEST, "DeleteDBInstance", &[SOURCE, last]);
    let twice = world.refused(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    expect(
        &twice,
        400,
        "InvalidDBInstanceState",
        "already being deleted",
    );
}

#[test]
fn a_last_snapshot_is_taken_of_what_is_at_rest() {
    let mut world = World::source();
    let last = ("FinalDBSnapshotIdentifier", "orders-last");
    world.ok(WEST, "RebootDBInstance", &[SOURCE]);
    let busy = world.refused(WEST, "DeleteDBInstance", &[SOURCE, last]);
    expect(&busy, 400, "InvalidDBInstanceState", "rebooting");
    world.settle();
    let new = ("NewDBInstanceIdentifier", "orders-new");
    world.ok(WEST, "ModifyDBInstance", &[SOURCE, new, AT_ONCE]);
    let busy = world.refused(WEST, "DeleteDBInstance", &[SOURCE, SKIP]);
    expect(&busy, 400, "InvalidDBInstanceState", "renaming");
    // The name is taken already that it is about to get.
    let new = [&[("DBInstanceIdentifier", "orders-new")][..], &NEW].concat();
    let taken = world.refused(WEST, "CreateDBInstance", &new);
    expect(&taken, 400, "DBInstanceAlreadyExists", "exists");
}

#[test]
fn names_are_free_in_their_region_also_of_clusters() {
    let mut world = World::two_members();
    world.alone(WEST, "alone", &[]);
    world.settle();
    let named = |name| [&[("DBInstanceIdentifier", name)][..], &NEW].concat();
    for taken in ["alone", "Alone", "orders-west-1"] {
        let fault = world.refused(WEST, "CreateDBInstance", &named(taken));
        expect(&fault, 400, "DBInstanceAlreadyExists", "exists");
    }
    let like_a_cluster = world.refused(WEST, "CreateDBInstance", &named("orders-west"));
    expect(
        &like_a_cluster,
        400,
        "InvalidParameterValue",
        "not simulated",
    );
    let member = [
        ("DBInstanceIdentifier", "orders-west-1"),
        ("NewDBInstanceIdentifier", "orders-new"),
        AT_ONCE,
    ];
    world.ok(WEST, "ModifyDBInstance", &member);
    let promised = world.refused(WEST, "CreateDBInstance", &named("orders-new"));
    expect(&promised, 400, "DBInstanceAlreadyExists", "exists");
    let of_a_cluster = [
        ("DBInstanceIdentifier", "alone"),
        ("DBInstanceClass", "db.r6g.large"),
        ENGINE,
        ("DBClusterIdentifier", "orders-west"),
    ];
    let fault = world.refused(WEST, "CreateDBInstance", &of_a_cluster);
    expect(&fault, 400, "DBInstanceAlreadyExists", "exists");
    let like_an_instance = [
        ("DBClusterIdentifier", "alone"),
        ENGINE,
        ("MasterUsername", "postgres"),
        ("MasterUserPassword", "not-a-secret"),
    ];
    let fault = world.refused(WEST, "CreateDBCluster", &like_an_instance);
    expect(&fault, 400, "InvalidParameterValue", "not simulated");
    world.ok(EAST, "CreateDBInstance", &named("alone"));
}

#[test]
fn an_instance_of_a_cluster_knows_none_of_it() {
    let mut world = World::two_members();
    let member = ("DBInstanceIdentifier", "orders-west-1");
    let snapshot = ("DBSnapshotIdentifier", "kept");
    for (action, params) in [
        ("PromoteReadReplica", vec![member]),
        ("StopDBInstance", vec![member]),
        ("StartDBInstance", vec![member]),
        ("CreateDBSnapshot", vec![member, snapshot]),
    ] {
        let fault = world.refused(WEST, action, &params);
        expect(
            &fault,
            400,
            "InvalidDBInstanceState",
            "member of DB cluster",
        );
    }
}

#[test]
fn what_would_come_of_nothing_here_is_refused() {
    let mut world = World::source();
    let second = [&[("DBInstanceIdentifier", "second")][..], &NEW].concat();
    for more in ["ManageMasterUserPassword", "Domain", "ReplicaMode"] {
        let given = [&second[..], &[(more, "true")]].concat();
        let fault = world.refused(WEST, "CreateDBInstance", &given);
        expect(&fault, 400, "InvalidParameterValue", "not simulated");
    }
    for more in ["AllocatedStorage", "EngineVersion", "DBPortNumber"] {
        let fault = world.refused(WEST, "ModifyDBInstance", &[SOURCE, (more, "17")]);
        expect(&fault, 400, "InvalidParameterValue", "not simulated");
    }
    let both = [
        SOURCE,
        AT_ONCE,
        ("NewDBInstanceIdentifier", "orders-new"),
        ("DeletionProtection", "true"),
    ];
    let both = world.refused(WEST, "ModifyDBInstance", &both);
    expect(&both, 400, "InvalidParameterValue", "DeletionProtection");
    for missing in ["AllocatedStorage", "DBInstanceClass"] {
        let mut given = second.clone();
        given.retain(|(name, _)| *name != missing);
        let fault = world.refused(WEST, "CreateDBInstance", &given);
        expect(&fault, 400, "MissingParameter", missing);
    }
}
