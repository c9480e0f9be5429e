//! Subnet groups and parameter groups: create, describe, and what a cluster or an instance may use.

mod delete;

use std::collections::BTreeMap;

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::{DEFAULT_VERSION, ENGINE, default_parameters, family, is_family},
        fault::Fault,
        key::ClusterKey,
        network::{DEFAULT_SUBNETS, VPC},
        page::page,
        params::Params,
    },
};

/// Which sort of group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    Subnets,
    ClusterParameters,
    Parameters,
}

impl Sort {
    /// The parameter that names one.
    const fn name(self) -> &'static str {
        match self {
            Self::Subnets => "DBSubnetGroupName",
            Self::ClusterParameters => "DBClusterParameterGroupName",
            Self::Parameters => "DBParameterGroupName",
        }
    }

    /// Its kind in an ARN.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Subnets => "subgrp",
            Self::ClusterParameters => "cluster-pg",
            Self::Parameters => "pg",
        }
    }

    /// The refusal where there is none of that name.
    pub(crate) fn not_found(self, name: &str) -> Fault {
        match self {
            Self::Subnets => Fault::subnet_group_not_found(name),
            Self::ClusterParameters => Fault::cluster_parameter_group_not_found(name),
            Self::Parameters => Fault::parameter_group_not_found(name),
        }
    }
}

/// A group that somebody made.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    description: String,
    /// The family of a parameter group.
    family: String,
    /// The subnets of a subnet group.
    subnets: Vec<String>,
    /// What was set of a parameter group.
    values: BTreeMap<String, String>,
    pub(crate) tags: Vec<(String, String)>,
}

/// Name, what it is, whether a change waits for a reboot.
type Parameter = (&'static str, &'static str, bool);

/// The parameters that matter to a failover.
/// Source: the Aurora PostgreSQL parameters of the Aurora User Guide.
const PARAMETERS: &[Parameter] = &[
    (
        "cron.database_name",
        "Database in which pg_cron keeps its jobs.",
        true,
    ),
    (
        "max_connections",
        "Sets the maximum number of concurrent connections.",
        true,
    ),
    ("rds.force_ssl", "Force SSL connections.", false),
    (
        "rds.global_db_rpo",
        "Recovery point objective of a global database, in seconds.",
        false,
    ),
    ("rds.logical_replication", "Enables logical decoding.", true),
    (
        "shared_preload_libraries",
        "Lists shared libraries to preload into server.",
        true,
    ),
];

/// The same of MariaDB and MySQL. Source: the parameters of the RDS User Guide.
const OF_MYSQL: &[Parameter] = &[
    (
        "event_scheduler",
        "Indicates the status of the event scheduler.",
        false,
    ),
    (
        "max_connections",
        "The number of simultaneous client connections allowed.",
        false,
    ),
    (
        "read_only",
        "When it is enabled, the server permits no updates except from updates performed by slave threads.",
        false,
    ),
    (
        "require_secure_transport",
        "Whether client connections to the server are required to use some form of secure transport.",
        false,
    ),
];

/// The parameters of a family.
fn parameters_of(family: &str) -> &'static [Parameter] {
    let is_mysql = ["mariadb", "mysql"]
        .iter()
        .any(|engine| family.starts_with(engine));
    if is_mysql { OF_MYSQL } else { PARAMETERS }
}

impl Model {
    pub(crate) fn create_group(
        &mut self,
        sort: Sort,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required(sort.name())?;
        let family = match sort {
            Sort::Subnets => String::new(),
            Sort::ClusterParameters | Sort::Parameters => {
                params.required("DBParameterGroupFamily")?.to_owned()
            }
        };
        let description = match sort {
            Sort::Subnets => params.required("DBSubnetGroupDescription")?,
            Sort::ClusterParameters | Sort::Parameters => params.required("Description")?,
        };
        let subnets: Vec<_> = params
            .list("SubnetIds.SubnetIdentifier")
            .into_iter()
            .map(str::to_owned)
            .collect();
        if sort == Sort::Subnets && subnets.len() < 2 {
            return Err(Fault::too_few_zones());
        }
        let key = (sort, ClusterKey::new(region, name));
        if name.starts_with("default") || self.groups.contains_key(&key) {
            return Err(match sort {
                Sort::Subnets => Fault::subnet_group_exists(name),
                Sort::ClusterParameters | Sort::Parameters => Fault::parameter_group_exists(name),
            });
        }
        let group = Group {
            description: description.to_owned(),
            family,
            subnets,
            values: BTreeMap::new(),
            tags: params.tags(),
        };
        let view = self.group_view(sort, &key.1, Some(&group));
        self.record(region, &key.1.id, "group created");
        self.groups.insert(key, group);
        Ok(Fields::default().node(member(sort), view).done())
    }

    /// Sets parameters of a group; `ParameterName` and `ParameterValue` of each.
    pub(crate) fn modify_parameters(
        &mut self,
        sort: Sort,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required(sort.name())?;
        let key = (sort, ClusterKey::new(region, name));
        let group = self.groups.get_mut(&key);
        let group = group.ok_or_else(|| sort.not_found(name))?;
        for (parameter, value) in params.parameters() {
            let mut known = parameters_of(&group.family).iter();
            if !known.any(|(known, _, _)| *known == parameter) {
                return Err(Fault::invalid_value(format!(
                    "Could not find parameter with name: {parameter}"
                )));
            }
            group.values.insert(parameter, value);
        }
        self.record(region, &key.1.id, "parameters set");
        Ok(Fields::default().text(sort.name(), name).done())
    }

    /// Checks that a cluster or an instance of a version may use a group.
    pub(crate) fn check_group(
        &self,
        sort: Sort,
        region: &str,
        name: Option<&str>,
        (engine, version): (&str, &str),
    ) -> Result<(), Fault> {
        let Some(name) = name else {
            return Ok(());
        };
        let wanted = family(engine, version);
        let key = (sort, ClusterKey::new(region, name));
        let found = match (self.groups.get(&key), sort) {
            (Some(group), _) => group.family.clone(),
            (None, Sort::Subnets) if name == DEFAULT_SUBNETS => String::new(),
            (None, Sort::ClusterParameters | Sort::Parameters) if is_default(name) => {
                name.trim_start_matches("default.").to_owned()
            }
            (None, _) => return Err(sort.not_found(name)),
        };
        if sort == Sort::Subnets || found == wanted {
            return Ok(());
        }
        Err(Fault::invalid_combination(format!(
            "The Parameter Group {name} with DBParameterGroupFamily {found} can't be used for this instance. Please use \
             a Parameter Group with DBParameterGroupFamily {wanted}"
        )))
    }

    pub(crate) fn describe_groups(
        &self,
        sort: Sort,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let wanted = params.optional(sort.name());
        let mut found: Vec<_> = self
            .groups
            .iter()
            .filter(|((of, key), _)| *of == sort && key.region == region)
            .filter(|((_, key), _)| wanted.is_none_or(|name| key.id.eq_ignore_ascii_case(name)))
            .map(|((_, key), group)| (key.id.clone(), self.group_view(sort, key, Some(group))))
            .collect();
        let own = match (wanted, sort) {
            (Some(name), _) if found.is_empty() => name.to_owned(),
            (None, Sort::Subnets) => DEFAULT_SUBNETS.to_owned(),
            (None, Sort::ClusterParameters | Sort::Parameters) => {
                default_parameters(ENGINE, DEFAULT_VERSION)
            }
            (Some(_), _) => String::new(),
        };
        if own == DEFAULT_SUBNETS || is_default(&own) {
            let key = ClusterKey::new(region, &own);
            found.push((own, self.group_view(sort, &key, None)));
        } else if let Some(name) = wanted.filter(|_| found.is_empty()) {
            return Err(sort.not_found(name));
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let list = match sort {
            Sort::Subnets => "DBSubnetGroups",
            Sort::ClusterParameters => "DBClusterParameterGroups",
            Sort::Parameters => "DBParameterGroups",
        };
        page(list, member(sort), found, params)
    }

    pub(crate) fn describe_parameters(
        &self,
        sort: Sort,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required(sort.name())?;
        let group = self.groups.get(&(sort, ClusterKey::new(region, name)));
        if group.is_none() && !is_default(name) {
            return Err(Fault::parameter_group_not_found(name));
        }
        let source = params.optional("Source");
        let family = group.map_or(name.trim_start_matches("default."), |group| &group.family);
        let items = parameters_of(family)
            .iter()
            .filter_map(|(parameter, what, waits)| {
                let value = group.and_then(|group| group.values.get(*parameter));
                let from = if value.is_some() {
                    "user"
                } else {
                    "engine-default"
                };
                source.is_none_or(|wanted| wanted == from).then(|| {
                    let view = Fields::default()
                        .text("ParameterName", parameter)
                        .optional("ParameterValue", value)
                        .text("Description", what)
                        .text("Source", from)
                        .text("ApplyType", if *waits { "static" } else { "dynamic" })
                        .text("DataType", "string")
                        .text("IsModifiable", true)
                        .text(
                            "ApplyMethod",
                            if *waits {
                                "pending-reboot"
                            } else {
                                "immediate"
                            },
                        )
                        .done();
                    ((*parameter).to_owned(), view)
                })
            });
        page("Parameters", "Parameter", items.collect(), params)
    }

    pub(crate) fn group_view(&self, sort: Sort, key: &ClusterKey, group: Option<&Group>) -> Node {
        let description = group.map_or("default", |group| group.description.as_str());
        let arn = self.names.arn(sort.kind(), key);
        if sort == Sort::Subnets {
            let default = ["subnet-0a", "subnet-0b", "subnet-0c"].map(str::to_owned);
            let subnets = group.map_or(default.as_slice(), |group| group.subnets.as_slice());
            let subnets = subnets.iter().zip(["a", "b", "c"].into_iter().cycle());
            let subnets = subnets.map(|(subnet, zone)| {
                let zone = Fields::default().text("Name", format!("{}{zone}", key.region));
                Fields::default()
                    .text("SubnetIdentifier", subnet)
                    .node("SubnetAvailabilityZone", zone.done())
                    .text("SubnetStatus", "Active")
                    .done()
            });
            return Fields::default()
                .text("DBSubnetGroupName", &key.id)
                .text("DBSubnetGroupDescription", description)
                .text("VpcId", VPC)
                .text("SubnetGroupStatus", "Complete")
                .node("Subnets", Node::list("Subnet", subnets))
                .text("DBSubnetGroupArn", arn)
                .done();
        }
        let family = group.map_or(key.id.trim_start_matches("default."), |group| {
            group.family.as_str()
        });
        let (name, arn_name) = match sort {
            Sort::ClusterParameters => {
                ("DBClusterParameterGroupName", "DBClusterParameterGroupArn")
            }
            Sort::Parameters | Sort::Subnets => ("DBParameterGroupName", "DBParameterGroupArn"),
        };
        Fields::default()
            .text(name, &key.id)
            .text("DBParameterGroupFamily", family)
            .text("Description", description)
            .text(arn_name, arn)
            .done()
    }

    /// The subnet group of a cluster, whole, as its instances show it.
    pub(crate) fn subnets_view(&self, region: &str, name: &str) -> Node {
        let key = ClusterKey::new(region, name);
        let group = self.groups.get(&(Sort::Subnets, key.clone()));
        self.group_view(Sort::Subnets, &key, group)
    }
}

/// Whether a name is that of a parameter group that AWS keeps.
fn is_default(name: &str) -> bool {
    name.strip_prefix("default.").is_some_and(is_family)
}

const fn member(sort: Sort) -> &'static str {
    match sort {
        Sort::Subnets => "DBSubnetGroup",
        Sort::ClusterParameters => "DBClusterParameterGroup",
        Sort::Parameters => "DBParameterGroup",
    }
}
