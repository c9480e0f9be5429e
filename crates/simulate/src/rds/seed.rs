//! A global database to begin with, every property of it set.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    domain::Region,
    topology::{
        EndpointShape, GlobalSettings, InstanceShape, MonitoringShape, ParameterGroup, RoleShape,
        ScalingShape, Shape,
    },
};
use jiff::Timestamp;

use super::{
    Rds, Timing, group_key, names,
    state::{AVAILABLE, CONNECTED, Global, Held, Member},
};

/// The version of all that is there at the beginning.
const VERSION: &str = "16.6";
/// The family of its parameter groups.
const FAMILY: &str = "aurora-postgresql16";

impl Rds {
    /// A global cluster with one member in each of these Regions, the first of them its primary: two instances each, a custom
    /// endpoint, a role, parameter groups, tags and deletion protection.
    #[must_use]
    pub fn of(global: &str, members: &[(Region, &str)], timing: Timing) -> Self {
        let mut rds = Self {
            timing,
            now: Timestamp::UNIX_EPOCH,
            down: BTreeSet::new(),
            globals: BTreeMap::new(),
            clusters: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            groups: BTreeMap::new(),
            blue_green: BTreeMap::new(),
            tasks: Vec::new(),
            happened: Vec::new(),
            made: 0,
        };
        let mut listed = Vec::new();
        for (region, cluster) in members {
            let resource_id = rds.resource();
            let is_writer = listed.is_empty();
            listed.push(Member {
                resource_id: resource_id.clone(),
                is_writer,
                synchronization: CONNECTED,
            });
            let held = Held {
                region: region.clone(),
                shape: shape(global, region, cluster, &resource_id),
                version: VERSION.into(),
                writer: Some(format!("{cluster}-1")),
                writes: is_writer,
                resolves: true,
            };
            rds.clusters.insert(resource_id, held);
            for group in [
                ParameterGroup::Cluster(format!("{cluster}-cluster")),
                ParameterGroup::Instance(format!("{cluster}-instance")),
            ] {
                rds.groups.insert(group_key(region, &group), FAMILY.into());
            }
        }
        let resource_id = rds.resource();
        let origin = members.first().map(|(region, _)| region.clone());
        let global = Global {
            identifier: global.to_owned(),
            resource_id: resource_id.clone(),
            status: AVAILABLE.into(),
            version: VERSION.into(),
            settings: GlobalSettings {
                deletion_protection: Some(false),
                engine_lifecycle_support: Some("open-source-rds-extended-support".into()),
                tags: tags(),
            },
            members: listed,
            operation: None,
            origin: origin.unwrap_or_else(|| "us-east-1".into()),
            leaves_until: Timestamp::UNIX_EPOCH,
        };
        rds.globals.insert(resource_id, global);
        rds
    }
}

fn tags() -> BTreeMap<String, String> {
    BTreeMap::from([("team".into(), "orders".into())])
}

fn role(name: &str) -> String {
    format!("arn:aws:iam::123456789012:role/{name}")
}

fn key(region: &Region) -> String {
    format!("arn:aws:kms:{region}:123456789012:key/orders")
}

fn shape(global: &str, region: &Region, cluster: &str, resource_id: &str) -> Shape {
    let zones = ["a", "b", "c"].map(|zone| format!("{region}{zone}"));
    Shape {
        identifier: cluster.to_owned(),
        arn: names::arn(region, cluster),
        resource_id: resource_id.to_owned(),
        status: AVAILABLE.into(),
        global_cluster: Some(global.to_owned()),
        port: Some(5432),
        subnet_group: Some(format!("{cluster}-subnets")),
        network_type: Some("IPV4".into()),
        availability_zones: zones.to_vec(),
        security_groups: vec![format!("sg-{cluster}")],
        parameter_group: Some(format!("{cluster}-cluster")),
        kms_key: Some(key(region)),
        storage_type: Some("aurora-iopt1".into()),
        iam_authentication: true,
        deletion_protection: true,
        backup_retention_days: Some(7),
        backup_window: Some("03:00-03:30".into()),
        maintenance_window: Some("sun:04:00-sun:04:30".into()),
        copy_tags_to_snapshot: Some(true),
        auto_minor_version_upgrade: Some(false),
        engine_lifecycle_support: Some("open-source-rds-extended-support".into()),
        log_exports: vec!["postgresql".into()],
        scaling: Some(ScalingShape {
            acus_min: Some(1.0),
            acus_max: Some(8.0),
            auto_pause_seconds: None,
        }),
        http_endpoint: Some(false),
        global_write_forwarding: Some(false),
        local_write_forwarding: Some(false),
        monitoring: MonitoringShape::default(),
        insights_mode: Some("standard".into()),
        domain: None,
        domain_role: None,
        roles: vec![RoleShape {
            arn: role("orders-import"),
            feature: Some("s3Import".into()),
            status: "ACTIVE".into(),
        }],
        tags: tags(),
        instances: vec![
            instance(region, cluster, 1, &zones[0]),
            instance(region, cluster, 2, &zones[1]),
        ],
        endpoints: vec![EndpointShape {
            identifier: format!("{cluster}-reports"),
            status: AVAILABLE.into(),
            kind: "READER".into(),
            static_members: vec![format!("{cluster}-2")],
            excluded_members: Vec::new(),
            tags: tags(),
        }],
        beyond: Vec::new(),
    }
}

fn instance(region: &Region, cluster: &str, number: i32, zone: &str) -> InstanceShape {
    InstanceShape {
        identifier: format!("{cluster}-{number}"),
        status: AVAILABLE.into(),
        class: "db.r6g.large".into(),
        promotion_tier: Some(number),
        parameter_group: Some(format!("{cluster}-instance")),
        availability_zone: Some(zone.to_owned()),
        maintenance_window: Some("sun:05:00-sun:05:30".into()),
        auto_minor_version_upgrade: Some(false),
        publicly_accessible: Some(false),
        ca_certificate: Some("rds-ca-rsa2048-g1".into()),
        monitoring: MonitoringShape {
            interval_seconds: Some(60),
            role: Some(role("orders-figures")),
            insights: Some(true),
            insights_key: Some(key(region)),
            insights_days: Some(7),
        },
        tags: tags(),
        alone: None,
    }
}
