//! RDS for tests, as its own protocol shows it: a global database, clusters, and instances with replicas.

use super::{Fake, HOME, OTHER, Place};

const ACCOUNT: &str = "123456789012";

/// What is answered to an operation: a status and a body.
pub(super) fn answer(place: Option<&Place>, operation: &str, identifier: &str) -> (u16, String) {
    if place.is_some_and(|place| place.denies == Some("RDS")) {
        let says = format!("not authorized to perform: rds:{operation}");
        return (403, error("AccessDenied", &says));
    }
    let shown = place.and_then(|place| place.rds.get(&format!("{operation} {identifier}")));
    match shown {
        Some(shown) => (200, result(operation, shown)),
        None => {
            let code = match operation {
                "DescribeGlobalClusters" => "GlobalClusterNotFoundFault",
                "DescribeDBClusters" => "DBClusterNotFoundFault",
                _ => "DBInstanceNotFound",
            };
            (404, error(code, &format!("{identifier} not found")))
        }
    }
}

fn error(code: &str, says: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{says}</Message></Error></ErrorResponse>"
    )
}

fn result(operation: &str, shown: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{operation}Result>{shown}</{operation}Result>\
         </{operation}Response>"
    )
}

/// The ARN of a cluster or an instance.
pub(crate) fn arn(region: &str, kind: &str, name: &str) -> String {
    format!("arn:aws:rds:{region}:{ACCOUNT}:{kind}:{name}")
}

/// The members of a global database, the writer's Region first.
pub(crate) fn global(name: &str, engine: &str, members: &[(&str, &str)]) -> String {
    let members = members.iter().enumerate().map(|(at, (region, name))| {
        let arn = arn(region, "cluster", name);
        let is_writer = at == 0;
        format!(
            "<GlobalClusterMember><DBClusterArn>{arn}</DBClusterArn><IsWriter>{is_writer}</IsWriter></GlobalClusterMember>"
        )
    });
    format!(
        "<GlobalClusters><GlobalClusterMember><GlobalClusterIdentifier>{name}</GlobalClusterIdentifier><Engine>{engine}</Engine>\
         <GlobalClusterMembers>{}</GlobalClusterMembers></GlobalClusterMember></GlobalClusters>",
        members.collect::<String>()
    )
}

/// An instance: where it is, what it is called, and its own fields.
pub(crate) fn instance(region: &str, name: &str, fields: &str) -> String {
    let arn = arn(region, "db", name);
    let (subnets, group) = network(region);
    format!(
        "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><DBInstanceArn>{arn}</DBInstanceArn>\
         <DBSubnetGroup><Subnets>{subnets}</Subnets></DBSubnetGroup>{group}{fields}</DBInstance>"
    )
}

/// Instances as they are listed.
pub(crate) fn instances(all: &[String]) -> String {
    format!("<DBInstances>{}</DBInstances>", all.concat())
}

fn network(region: &str) -> (String, String) {
    let digit = if region == HOME { 0 } else { 1 };
    let subnet = |last: &str| {
        format!(
            "<Subnet><SubnetIdentifier>subnet-0123456789abcde{digit}{last}</SubnetIdentifier></Subnet>"
        )
    };
    let group = format!(
        "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-0123456789abcdef{digit}</VpcSecurityGroupId>\
         </VpcSecurityGroupMembership></VpcSecurityGroups>"
    );
    (subnet("0") + &subnet("1"), group)
}

/// The global database `orders-global-1` in both Regions, each member with two instances, and nothing else.
pub(crate) fn of_orders() -> Fake {
    let mut fake = Fake::default();
    let members = [(HOME, "orders-west"), (OTHER, "orders-east")];
    for (region, name) in members {
        let (_, group) = network(region);
        let cluster = format!(
            "<DBClusters><DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier><DBClusterArn>{}</DBClusterArn>\
             <Engine>aurora-postgresql</Engine><DatabaseName>shop</DatabaseName>{group}\
             <KmsKeyId>arn:aws:kms:{region}:{ACCOUNT}:key/1234abcd</KmsKeyId>\
             <AssociatedRoles><DBClusterRole><RoleArn>arn:aws:iam::{ACCOUNT}:role/orders-export</RoleArn></DBClusterRole></AssociatedRoles>\
             <CustomEndpoints><member>reports.cluster-custom-c.{region}.rds.amazonaws.com</member></CustomEndpoints>\
             </DBCluster></DBClusters>",
            arn(region, "cluster", name)
        );
        let own = ["1", "2"].map(|number| instance(region, &format!("{name}-{number}"), ""));
        let rds = &mut fake.place(region).rds;
        rds.insert(
            "DescribeGlobalClusters orders-global-1".into(),
            global("orders-global-1", "aurora-postgresql", &members),
        );
        rds.insert(format!("DescribeDBClusters {name}"), cluster);
        rds.insert(format!("DescribeDBInstances {name}"), instances(&own));
    }
    fake
}

/// The instance `orders-west`, with a replica in the other Region and one beside it.
pub(crate) fn with_replica(engine: &str) -> Fake {
    let mut fake = Fake::default();
    let listed = "ReadReplicaDBInstanceIdentifier";
    let east = arn(OTHER, "db", "orders-east");
    let source = format!(
        "<Engine>{engine}</Engine><{listed}s><{listed}>orders-near</{listed}><{listed}>{east}</{listed}></{listed}s>"
    );
    let west = arn(HOME, "db", "orders-west");
    let field = "ReadReplicaSourceDBInstanceIdentifier";
    let replica = format!("<Engine>{engine}</Engine><{field}>{west}</{field}>");
    for (region, name, fields) in [
        (HOME, "orders-west", source),
        (OTHER, "orders-east", replica),
    ] {
        let shown = instances(&[instance(region, name, &fields)]);
        let rds = &mut fake.place(region).rds;
        rds.insert(format!("DescribeDBInstances {name}"), shown);
    }
    fake
}
