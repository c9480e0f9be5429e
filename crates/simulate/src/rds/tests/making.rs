//! What RDS turns down of what is made and taken away.

use failover::topology::{EndpointShape, GlobalSettings, InstanceShape, ParameterGroup, Shape};

use super::*;

fn cluster() -> String {
    "orders-west".into()
}

fn member(world: &World, global: &str, name: &str) -> Call {
    let like = world.rds.shape(&west(), "orders-west").unwrap();
    Call::CreateMember {
        global_cluster: global.into(),
        engine_version: "16.6".into(),
        like: Box::new(Shape {
            identifier: name.into(),
            ..like
        }),
    }
}

fn create_global(world: &World, name: &str) -> Call {
    Call::CreateGlobal {
        global_cluster: name.into(),
        source_arn: world.east().arn,
        like: GlobalSettings::default(),
    }
}

#[test]
fn names_are_given_once() {
    let mut world = world(Readings::default());
    let global = create_global(&world, "Orders-Global-1");
    let said = world.refused(&east(), &global);
    assert!(
        said.starts_with("GlobalClusterAlreadyExistsFault"),
        "{said}"
    );
    let again = member(&world, GLOBAL, "orders-west");
    let said = world.refused(&west(), &again);
    assert!(said.starts_with("DBClusterAlreadyExistsFault"), "{said}");
    let second = member(&world, GLOBAL, "orders-west-b");
    let said = world.refused(&west(), &second);
    assert!(said.contains("already has a member in Region"), "{said}");
    let shape = world.rds.shape(&west(), "orders-west").unwrap();
    let instance = Call::CreateInstance {
        cluster: cluster(),
        like: Box::new(shape.instances[0].clone()),
    };
    let said = world.refused(&west(), &instance);
    assert!(said.starts_with("DBInstanceAlreadyExists"), "{said}");
    let endpoint = Call::CreateEndpoint {
        cluster: cluster(),
        like: shape.endpoints[0].clone(),
    };
    let said = world.refused(&west(), &endpoint);
    assert!(said.starts_with("DBClusterEndpointAlreadyExistsFault"));
    let role = Call::AddRole {
        cluster: cluster(),
        role: shape.roles[0].clone(),
    };
    let said = world.refused(&west(), &role);
    assert!(said.starts_with("DBClusterRoleAlreadyExists"), "{said}");
    let rename = Call::RenameInstance {
        instance: "orders-west-1".into(),
        to: "orders-west-2".into(),
    };
    let said = world.refused(&west(), &rename);
    assert!(said.starts_with("DBInstanceAlreadyExists"), "{said}");
    let snapshot = Call::CreateSnapshot {
        cluster: cluster(),
        snapshot: "kept".into(),
    };
    assert_eq!(world.call(&west(), &snapshot), Accepted::Yes);
    let said = world.refused(&west(), &snapshot);
    assert!(said.starts_with("DBClusterSnapshotAlreadyExistsFault"));
}

#[test]
fn a_cluster_is_deleted_without_protection_alone_and_empty_only() {
    let mut world = world(Readings::default());
    let delete = Call::DeleteCluster { cluster: cluster() };
    let said = world.refused(&west(), &delete);
    assert!(said.starts_with("InvalidRequest") && said.contains("Cannot delete protected"));
    let lift = Call::LiftProtection { cluster: cluster() };
    assert_eq!(world.call(&west(), &lift), Accepted::Yes);
    assert_eq!(world.west().status, "modifying");
    world.rest();
    let said = world.refused(&west(), &delete);
    assert!(said.contains("is a part of a global cluster"), "{said}");
    let rename = Call::RenameCluster {
        cluster: cluster(),
        to: "orders-old".into(),
    };
    let said = world.refused(&west(), &rename);
    assert!(said.contains("can't be renamed"), "{said}");
    let last = |instance: &str| Call::DeleteInstance {
        instance: instance.into(),
    };
    assert_eq!(world.call(&west(), &last("orders-west-1")), Accepted::Yes);
    let said = world.refused(&west(), &last("orders-west-2"));
    assert!(said.contains("Cannot delete the last instance"), "{said}");
    let said = world.refused(&west(), &last("orders-west-1"));
    assert!(said.starts_with("InvalidDBInstanceState"), "{said}");
    world.detach();
    world.rest();
    let remove = Call::Remove {
        global_cluster: GLOBAL.into(),
        arn: world.west().arn,
    };
    assert_eq!(world.call(&west(), &remove), Accepted::Yes);
    let said = world.refused(&west(), &delete);
    assert!(said.contains("still contains DB instances"), "{said}");
    assert_eq!(world.call(&west(), &last("orders-west-2")), Accepted::Yes);
    assert_eq!(world.call(&west(), &delete), Accepted::Yes);
    let said = world.refused(&west(), &delete);
    assert!(said.contains("is already being deleted"), "{said}");
    world.rest();
    let said = world.refused(&west(), &delete);
    assert!(said.starts_with("DBClusterNotFoundFault"), "{said}");
}

#[test]
fn a_member_is_made_from_a_primary_at_rest_of_its_version_with_groups_that_are_there() {
    let mut world = world(Readings::default());
    world.detach();
    let lonely = create_global(&world, "orders-global-2");
    let said = world.refused(&east(), &lonely);
    assert!(said.contains("its status is promoting"), "{said}");
    world.rest();
    assert_eq!(world.call(&east(), &lonely), Accepted::Yes);
    let west_2 = member(&world, "orders-global-2", "orders-west-2nd");
    let said = world.refused(&west(), &west_2);
    assert!(said.contains("orders-global-2 is creating"), "{said}");
    world.rest();
    let group = ParameterGroup::Cluster("orders-west-cluster".into());
    assert!(world.rds.family(&west(), &group).is_some());
    world.rds.set_family(&west(), &group, None);
    let said = world.refused(&west(), &west_2);
    assert!(said.starts_with("NotReady") && said.contains("DBClusterParameterGroupNotFound"));
    world
        .rds
        .set_family(&west(), &group, Some("aurora-postgresql16"));
    let patched = world.rds.patch(world.now, &east(), "orders-east", "16.8");
    assert_eq!(patched, Ok(Accepted::Yes));
    let said = world.refused(&west(), &west_2);
    assert!(
        said.contains("not valid for physical replication"),
        "{said}"
    );
    world.rest();
    let said = world.refused(&west(), &west_2);
    assert!(said.starts_with("InvalidRequest") && said.contains("must be the primary's"));
}

#[test]
fn a_cluster_that_is_being_made_takes_nothing_yet() {
    let mut world = world(Readings::default());
    world.detach();
    world.rest();
    let global = create_global(&world, "orders-global-2");
    assert_eq!(world.call(&east(), &global), Accepted::Yes);
    world.rest();
    let name = "orders-west-2nd";
    let second = member(&world, "orders-global-2", name);
    assert_eq!(world.call(&west(), &second), Accepted::Yes);
    let shape = world.rds.shape(&west(), name).unwrap();
    assert_eq!(shape.status, "creating");
    assert!(shape.instances.is_empty() && shape.roles.is_empty());
    let host = format!("{name}.cluster-ro-x.us-west-2.rds.amazonaws.com");
    assert_eq!(world.rds.endpoint(&host), Some(&*shape.resource_id));
    let instance = Call::CreateInstance {
        cluster: name.into(),
        like: Box::new(InstanceShape {
            identifier: "orders-west-9".into(),
            ..InstanceShape::default()
        }),
    };
    let snapshot = Call::CreateSnapshot {
        cluster: name.into(),
        snapshot: "kept".into(),
    };
    let endpoint = Call::CreateEndpoint {
        cluster: name.into(),
        like: EndpointShape {
            identifier: "orders-new".into(),
            ..EndpointShape::default()
        },
    };
    for call in [&instance, &snapshot, &endpoint] {
        let said = world.refused(&west(), call);
        assert!(said.starts_with("InvalidDBClusterStateFault"), "{said}");
    }
    world.lose(east());
    world.pass(10_000);
    let shape = world.rds.shape(&west(), name).unwrap();
    assert_eq!(shape.status, "creating", "its primary is away");
}

#[test]
fn a_member_that_is_being_made_when_the_role_moves_follows_whoever_leads_then() {
    let mut world = three(Readings::default());
    let third = world.cluster(&central(), "orders-central").arn;
    let asked = (world.now, central());
    let left = world.rds.detach(asked.0, &asked.1, GLOBAL, &third);
    assert_eq!(left, Ok(()));
    world.rest();
    let like = world.rds.shape(&central(), "orders-central").unwrap();
    let second = Call::CreateMember {
        global_cluster: GLOBAL.into(),
        engine_version: "16.6".into(),
        like: Box::new(Shape {
            identifier: "orders-central-2nd".into(),
            ..like
        }),
    };
    assert_eq!(world.call(&central(), &second), Accepted::Yes);
    let (old, new) = world.ids();
    world.fail_over();
    let made = world.rest();
    let created = Happened::Created {
        region: central(),
        resource_id: world.id(&central(), "orders-central-2nd"),
        primary_resource_id: new,
    };
    assert!(made.contains(&created), "{old}: {made:?}");
}
