//! The operations that read.

use failover::{
    domain::Region,
    topology::{ParameterGroup, Shape},
};
use rds_sim::answer::{Fields, Node};

use super::{form::Form, views};
use crate::rds::{Fault, Rds};

/// One of them, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    Cluster(String),
    /// Of a cluster; so are the next ones but one.
    Instances(String),
    Global(String),
    BlueGreen,
    Quotas,
    Endpoints(String),
    Automated(String),
    Snapshot(String),
    Group(ParameterGroup),
    /// Of the resource of that ARN.
    Tags(String),
}

impl Read {
    /// Reads one; `None` where it is none that is served.
    pub(super) fn of(operation: &str, form: &mut Form) -> Option<Self> {
        Some(match operation {
            "DescribeDBClusters" => Self::Cluster(form.text("DBClusterIdentifier")?),
            "DescribeDBInstances" => Self::Instances(form.filter("db-cluster-id")?),
            "DescribeGlobalClusters" => Self::Global(form.text("GlobalClusterIdentifier")?),
            "DescribeBlueGreenDeployments" => Self::BlueGreen,
            "DescribeAccountAttributes" => Self::Quotas,
            "DescribeDBClusterEndpoints" => {
                let kind = form.filter("db-cluster-endpoint-type")?;
                (kind == "custom").then_some(())?;
                Self::Endpoints(form.text("DBClusterIdentifier")?)
            }
            "DescribeDBClusterSnapshots" => match form.says("SnapshotType", "automated") {
                Some(()) => Self::Automated(form.text("DBClusterIdentifier")?),
                None => Self::Snapshot(form.text("DBClusterSnapshotIdentifier")?),
            },
            "DescribeDBClusterParameterGroups" => {
                let name = form.text("DBClusterParameterGroupName")?;
                Self::Group(ParameterGroup::Cluster(name))
            }
            "DescribeDBParameterGroups" => {
                let name = form.text("DBParameterGroupName")?;
                Self::Group(ParameterGroup::Instance(name))
            }
            "ListTagsForResource" => Self::Tags(form.text("ResourceName")?),
            _ => return None,
        })
    }

    /// What a Region shows.
    pub(super) fn shown(&self, rds: &Rds, region: &Region) -> Result<Node, Fault> {
        let shape = |cluster: &str| rds.shape(region, cluster).unwrap_or_default();
        let (list, member, shown): (_, _, Vec<Node>) = match self {
            Self::Cluster(name) => {
                let found = views::cluster(rds, region, name);
                let found = found.ok_or_else(|| Fault::no_cluster(name))?;
                ("DBClusters", "DBCluster", vec![found])
            }
            Self::Instances(cluster) => {
                let all = shape(cluster).instances;
                let all = all.iter().map(views::instance).collect();
                ("DBInstances", "DBInstance", all)
            }
            Self::Global(name) => {
                let found = rds.global_cluster(region, name);
                let found = found.ok_or_else(|| Fault::no_global(name))?;
                let shown = views::global(rds, &found);
                ("GlobalClusters", "GlobalClusterMember", vec![shown])
            }
            Self::BlueGreen => {
                let all = rds.blue_green(region);
                let all = all.iter().map(views::deployment).collect();
                ("BlueGreenDeployments", "member", all)
            }
            Self::Quotas => {
                let all = rds.quotas(region);
                let all = all.iter().map(views::quota).collect();
                ("AccountQuotas", "AccountQuota", all)
            }
            Self::Endpoints(cluster) => {
                let all = shape(cluster).endpoints;
                let all = all.iter().map(|one| views::endpoint(region, one));
                ("DBClusterEndpoints", "DBClusterEndpointList", all.collect())
            }
            Self::Automated(cluster) => {
                let all = rds.unplanned_snapshots(region, cluster);
                let all = all.iter().map(views::snapshot).collect();
                ("DBClusterSnapshots", "DBClusterSnapshot", all)
            }
            Self::Snapshot(name) => {
                let found = rds.snapshot(region, name);
                let found = found.ok_or_else(|| Fault::no_snapshot(name))?;
                let shown = vec![views::snapshot(&found)];
                ("DBClusterSnapshots", "DBClusterSnapshot", shown)
            }
            Self::Group(group) => shown_group(rds, region, group)?,
            Self::Tags(arn) => return tagged(rds, region, arn),
        };
        Ok(Fields::default()
            .node(list, Node::list(member, shown))
            .done())
    }
}

type List = (&'static str, &'static str, Vec<Node>);

fn shown_group(rds: &Rds, region: &Region, group: &ParameterGroup) -> Result<List, Fault> {
    let family = rds.family(region, group);
    Ok(match group {
        ParameterGroup::Cluster(name) => {
            let family = family.ok_or_else(|| Fault::no_group(true, name))?;
            let shown = vec![views::group(&family)];
            ("DBClusterParameterGroups", "DBClusterParameterGroup", shown)
        }
        ParameterGroup::Instance(name) => {
            let family = family.ok_or_else(|| Fault::no_group(false, name))?;
            let shown = vec![views::group(&family)];
            ("DBParameterGroups", "DBParameterGroup", shown)
        }
    })
}

/// The tags of a custom endpoint: nothing else is asked for them.
fn tagged(rds: &Rds, region: &Region, arn: &str) -> Result<Node, Fault> {
    let name = arn.rsplit(':').next().unwrap_or_default();
    let here = rds.clusters().filter(|(of, ..)| *of == region);
    let shapes = here.filter_map(|(_, cluster, _)| rds.shape(region, cluster));
    let mut endpoints = shapes.flat_map(|shape: Shape| shape.endpoints);
    let found = endpoints.find(|one| one.identifier == name);
    let found = found.ok_or_else(|| Fault::no_endpoint(name))?;
    let tags = views::tags(&found.tags);
    Ok(Fields::default().node("TagList", tags).done())
}
