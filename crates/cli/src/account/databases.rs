//! What RDS shows of databases, for a plan that is not there yet. RDS is only asked: every call here describes.

use ::aws::error;
use aws_sdk_rds::{Client, error::ProvideErrorMetadata as _, types};
use failover::{Error, domain::Region};

use super::Account;

/// A global database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalDatabase {
    /// Its identifier, as RDS writes it.
    pub identifier: String,
    /// What runs it, in RDS's word.
    pub engine: String,
    /// The database that it was made with.
    pub name: Option<String>,
    /// The ARNs of its member clusters, and whether each is the writer.
    pub members: Vec<(String, bool)>,
}

/// A member: a cluster or an instance, as RDS of its own Region shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// Its ARN.
    pub arn: String,
    /// What runs it, in RDS's word.
    pub engine: String,
    /// The database that it was made with.
    pub name: Option<String>,
    /// The ARN of the administrator's secret, where RDS keeps one.
    pub admin_secret: Option<String>,
    /// The identifiers of its instances; none of an instance.
    pub instances: Vec<String>,
    /// The cluster that an instance belongs to.
    pub cluster: Option<String>,
    /// The subnets that it may be in.
    pub subnets: Vec<String>,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// The ARN of the key that encrypts it.
    pub kms_key: Option<String>,
    /// The ARNs of the IAM roles that it takes on or is monitored by.
    pub roles: Vec<String>,
    /// The host names of its custom endpoints.
    pub custom_endpoints: Vec<String>,
    /// What it replicates from: an identifier of its own Region, or an ARN of another one's.
    pub source: Option<String>,
    /// What replicates from it, likewise.
    pub replicas: Vec<String>,
}

/// How many pages of instances, or of clusters, are read.
const PAGES_MAX: usize = 100;
/// The tag of what belongs to a plan, whose value is the plan's name.
const OF_PLAN: &str = "aurora-failover";
/// The tag that says what a plan calls it.
const OF_RESOURCE: &str = "aurora-failover:resource";

/// An instance that stands alone, or a cluster, which bears a plan's tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Whether it is a cluster.
    pub is_cluster: bool,
    /// Its identifier.
    pub identifier: String,
    /// What its tag says that the plan calls it.
    pub resource: Option<String>,
    /// Whether it is encrypted.
    pub is_encrypted: bool,
}

impl Account {
    /// Every instance that stands alone, and every cluster, whose tag `aurora-failover` names the plan.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`, `NotReady` where there are too many to read.
    pub async fn tagged(&self, region: &Region, plan: &str) -> Result<Vec<Tagged>, Error> {
        let client = Client::new(&self.of(region));
        let mut found = Vec::new();
        let what = format!("RDS DescribeDBInstances in {region}");
        let mut pages = client.describe_db_instances().into_paginator().send();
        let mut read = 0;
        while let Some(page) = pages.next().await {
            read = counted(read, &what)?;
            let page = page.map_err(|why| error(&what, &why))?;
            let instances = page.db_instances.into_iter().flatten();
            found.extend(instances.filter_map(|one| instance_of(one, plan)));
        }
        let what = format!("RDS DescribeDBClusters in {region}");
        let mut pages = client.describe_db_clusters().into_paginator().send();
        let mut read = 0;
        while let Some(page) = pages.next().await {
            read = counted(read, &what)?;
            let page = page.map_err(|why| error(&what, &why))?;
            let clusters = page.db_clusters.into_iter().flatten();
            found.extend(clusters.filter_map(|one| cluster_of(one, plan)));
        }
        Ok(found)
    }

    /// A global database as a Region shows it; nothing where there is none of this name.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn global_database(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<GlobalDatabase>, Error> {
        let answer = Client::new(&self.of(region))
            .describe_global_clusters()
            .global_cluster_identifier(identifier)
            .send()
            .await;
        let found = match answer {
            Ok(answer) => answer.global_clusters.unwrap_or_default(),
            Err(why) if why.code() == Some("GlobalClusterNotFoundFault") => return Ok(None),
            Err(why) => {
                let what = format!("RDS DescribeGlobalClusters in {region}");
                return Err(error(&what, &why));
            }
        };
        Ok(found.into_iter().next().map(global))
    }

    /// A cluster with its instances; nothing where there is none of this name.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn cluster(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Database>, Error> {
        let client = Client::new(&self.of(region));
        let answer = client
            .describe_db_clusters()
            .db_cluster_identifier(identifier)
            .send()
            .await;
        let found = match answer {
            Ok(answer) => answer.db_clusters.unwrap_or_default(),
            Err(why) if why.code() == Some("DBClusterNotFoundFault") => return Ok(None),
            Err(why) => return Err(error(&format!("RDS DescribeDBClusters in {region}"), &why)),
        };
        let Some(found) = found.into_iter().next() else {
            return Ok(None);
        };
        let of_cluster = types::Filter::builder().name("db-cluster-id");
        let instances = client
            .describe_db_instances()
            .filters(of_cluster.values(identifier).build())
            .send()
            .await
            .map_err(|why| error(&format!("RDS DescribeDBInstances in {region}"), &why))?;
        Ok(Some(of_cluster_with(
            found,
            instances.db_instances.unwrap_or_default(),
        )))
    }

    /// An instance; nothing where there is none of this name.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn instance(
        &self,
        region: &Region,
        identifier: &str,
    ) -> Result<Option<Database>, Error> {
        let answer = Client::new(&self.of(region))
            .describe_db_instances()
            .db_instance_identifier(identifier)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let found = answer.db_instances.unwrap_or_default();
                Ok(found.into_iter().next().map(of_instance))
            }
            Err(why) if why.code() == Some("DBInstanceNotFound") => Ok(None),
            Err(why) => Err(error(&format!("RDS DescribeDBInstances in {region}"), &why)),
        }
    }
}

fn counted(read: usize, what: &str) -> Result<usize, Error> {
    if read < PAGES_MAX {
        return Ok(read + 1);
    }
    Err(Error::NotReady(format!(
        "{what} has more than {PAGES_MAX} pages; write the plan by hand"
    )))
}

/// What the tags say that the plan calls it, where they name the plan.
fn called(tags: &[types::Tag], plan: &str) -> Option<Option<String>> {
    let value = |key: &str| {
        let mut tags = tags.iter();
        let tag = tags.find(|tag| tag.key() == Some(key))?;
        tag.value().map(str::to_owned)
    };
    (value(OF_PLAN).as_deref() == Some(plan)).then(|| value(OF_RESOURCE))
}

fn instance_of(found: types::DbInstance, plan: &str) -> Option<Tagged> {
    let is_member = found
        .db_cluster_identifier()
        .is_some_and(|name| !name.is_empty());
    let resource = called(found.tag_list(), plan).filter(|_| !is_member)?;
    Some(Tagged {
        is_cluster: false,
        is_encrypted: found.storage_encrypted == Some(true),
        identifier: found.db_instance_identifier?,
        resource,
    })
}

fn cluster_of(found: types::DbCluster, plan: &str) -> Option<Tagged> {
    let resource = called(found.tag_list(), plan)?;
    Some(Tagged {
        is_cluster: true,
        is_encrypted: found.storage_encrypted == Some(true),
        identifier: found.db_cluster_identifier?,
        resource,
    })
}

fn global(found: types::GlobalCluster) -> GlobalDatabase {
    let members = found.global_cluster_members.unwrap_or_default();
    let members = members.into_iter().filter_map(|member| {
        let is_writer = member.is_writer == Some(true);
        Some((member.db_cluster_arn?, is_writer))
    });
    GlobalDatabase {
        identifier: found.global_cluster_identifier.unwrap_or_default(),
        engine: found.engine.unwrap_or_default(),
        name: found.database_name.filter(|name| !name.is_empty()),
        members: members.collect(),
    }
}

fn of_cluster_with(found: types::DbCluster, instances: Vec<types::DbInstance>) -> Database {
    let own = found.associated_roles.unwrap_or_default();
    let own = own.into_iter().filter_map(|role| role.role_arn);
    let instances: Vec<_> = instances.into_iter().map(of_instance_named).collect();
    let of_instances = instances.iter().flat_map(|(_, shown)| shown.roles.clone());
    let mut roles: Vec<_> = own.chain(of_instances).collect();
    roles.sort();
    roles.dedup();
    let subnets = instances.iter().map(|(_, shown)| shown.subnets.clone());
    Database {
        arn: found.db_cluster_arn.unwrap_or_default(),
        engine: found.engine.unwrap_or_default(),
        name: found.database_name.filter(|name| !name.is_empty()),
        admin_secret: found.master_user_secret.and_then(|one| one.secret_arn),
        subnets: subnets.into_iter().next().unwrap_or_default(),
        security_groups: groups(found.vpc_security_groups),
        kms_key: found.kms_key_id,
        roles,
        custom_endpoints: found.custom_endpoints.unwrap_or_default(),
        instances: instances.into_iter().map(|(name, _)| name).collect(),
        ..Database::default()
    }
}

fn of_instance(found: types::DbInstance) -> Database {
    of_instance_named(found).1
}

/// An instance, behind its identifier.
fn of_instance_named(found: types::DbInstance) -> (String, Database) {
    let own = found.associated_roles.unwrap_or_default();
    let own = own.into_iter().filter_map(|role| role.role_arn);
    let subnets = found.db_subnet_group.and_then(|group| group.subnets);
    let subnets = subnets.into_iter().flatten();
    let shown = Database {
        arn: found.db_instance_arn.unwrap_or_default(),
        engine: found.engine.unwrap_or_default(),
        name: found.db_name.filter(|name| !name.is_empty()),
        admin_secret: found.master_user_secret.and_then(|one| one.secret_arn),
        cluster: found.db_cluster_identifier.filter(|name| !name.is_empty()),
        subnets: subnets.filter_map(|one| one.subnet_identifier).collect(),
        security_groups: groups(found.vpc_security_groups),
        kms_key: found.kms_key_id,
        roles: own.chain(found.monitoring_role_arn).collect(),
        source: found.read_replica_source_db_instance_identifier,
        replicas: found
            .read_replica_db_instance_identifiers
            .unwrap_or_default(),
        ..Database::default()
    };
    (found.db_instance_identifier.unwrap_or_default(), shown)
}

fn groups(found: Option<Vec<types::VpcSecurityGroupMembership>>) -> Vec<String> {
    let groups = found.unwrap_or_default().into_iter();
    groups.filter_map(|one| one.vpc_security_group_id).collect()
}
