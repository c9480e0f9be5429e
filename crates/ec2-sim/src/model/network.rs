//! Subnets, security groups and route tables. They are planted, and only described.

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        ids::zone_id,
        lookup::{Shown, asked, listed, tag_set},
        params::Params,
        state::Tags,
    },
};

/// A subnet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its network.
    pub vpc: String,
    /// Its zone, which names its Region.
    pub zone: String,
    /// Its addresses.
    #[serde(default)]
    pub cidr: String,
    /// Whether instances are given public addresses.
    #[serde(default)]
    pub gives_public_addresses: bool,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A rule of a security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `tcp`, `udp`, `icmp` or `-1` for all.
    pub protocol: String,
    /// The first port.
    #[serde(default)]
    pub from_port: Option<i32>,
    /// The last one.
    #[serde(default)]
    pub to_port: Option<i32>,
    /// Addresses.
    #[serde(default)]
    pub cidrs: Vec<String>,
    /// Groups.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// Its id.
    pub id: String,
    /// Its Region.
    pub region: String,
    /// Its network.
    pub vpc: String,
    /// Its name.
    pub name: String,
    /// What is let in.
    #[serde(default)]
    pub ingress: Vec<Rule>,
    /// What is let out.
    #[serde(default)]
    pub egress: Vec<Rule>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// A route.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Where to.
    pub cidr: String,
    /// Through what: `local`, an internet gateway, a NAT gateway.
    pub through: String,
}

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// Its Region.
    pub region: String,
    /// Its network.
    pub vpc: String,
    /// Whether it is that of subnets without one of their own.
    #[serde(default)]
    pub is_main: bool,
    /// The subnets that it is of.
    #[serde(default)]
    pub subnets: Vec<String>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

impl Shown for Subnet {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        let value = match filter {
            "subnet-id" => &self.id,
            "vpc-id" => &self.vpc,
            "availability-zone" | "availabilityZone" => &self.zone,
            "cidr-block" => &self.cidr,
            _ => return None,
        };
        Some(vec![value.clone()])
    }
}

impl Shown for SecurityGroup {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        let value = match filter {
            "group-id" => &self.id,
            "group-name" => &self.name,
            "vpc-id" => &self.vpc,
            _ => return None,
        };
        Some(vec![value.clone()])
    }
}

impl Shown for RouteTable {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "route-table-id" => vec![self.id.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            "association.subnet-id" => self.subnets.clone(),
            "association.main" => vec![self.is_main.to_string()],
            _ => return None,
        })
    }
}

const TAKEN: [&str; 3] = ["Filter", "NextToken", "MaxResults"];

impl Model {
    pub(crate) fn describe_subnets(&self, region: &str, params: &Params) -> Result<Node, Fault> {
        params.only(&[&TAKEN[..], &["SubnetId"]].concat())?;
        let here = |subnet: &&Subnet| crate::model::ids::region_of_zone(&subnet.zone) == region;
        let all = self.world.subnets.values().filter(here);
        let (found, next) = asked(all, params, "SubnetId", |id| {
            Fault::not_found("InvalidSubnetID", "subnet ID", id)
        })?;
        let items = found.into_iter().map(|subnet| self.subnet_node(subnet));
        Ok(listed("subnetSet", items, next))
    }

    fn subnet_node(&self, subnet: &Subnet) -> Node {
        Fields::default()
            .text("subnetId", &subnet.id)
            .text("state", "available")
            .text("ownerId", &self.settings.account)
            .text("vpcId", &subnet.vpc)
            .text("cidrBlock", &subnet.cidr)
            .text("availableIpAddressCount", 251)
            .text("availabilityZone", &subnet.zone)
            .text("availabilityZoneId", zone_id(&subnet.zone))
            .text("defaultForAz", false)
            .text("mapPublicIpOnLaunch", subnet.gives_public_addresses)
            .some("tagSet", tag_set(&subnet.tags))
            .done()
    }

    pub(crate) fn describe_security_groups(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&[&TAKEN[..], &["GroupId"]].concat())?;
        let all = self.world.groups.values();
        let all = all.filter(|group| group.region == region);
        let (found, next) = asked(all, params, "GroupId", |id| {
            Fault::not_found("InvalidGroup", "security group", id)
        })?;
        let items = found.into_iter().map(|group| {
            Fields::default()
                .text("ownerId", &self.settings.account)
                .text("groupId", &group.id)
                .text("groupName", &group.name)
                .text("groupDescription", &group.name)
                .text("vpcId", &group.vpc)
                .node("ipPermissions", rules(&group.ingress))
                .node("ipPermissionsEgress", rules(&group.egress))
                .some("tagSet", tag_set(&group.tags))
                .done()
        });
        Ok(listed("securityGroupInfo", items, next))
    }

    pub(crate) fn describe_route_tables(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        params.only(&[&TAKEN[..], &["RouteTableId"]].concat())?;
        let all = self.world.route_tables.values();
        let all = all.filter(|table| table.region == region);
        let (found, next) = asked(all, params, "RouteTableId", |id| {
            Fault::not_found("InvalidRouteTableID", "routeTable ID", id)
        })?;
        let items = found.into_iter().map(|table| {
            Fields::default()
                .text("routeTableId", &table.id)
                .text("vpcId", &table.vpc)
                .text("ownerId", &self.settings.account)
                .node("routeSet", Node::list(table.routes.iter().map(route)))
                .node("associationSet", associations(table))
                .some("tagSet", tag_set(&table.tags))
                .done()
        });
        Ok(listed("routeTableSet", items, next))
    }
}

fn rules(rules: &[Rule]) -> Node {
    Node::list(rules.iter().map(|rule| {
        let named = |name: &'static str, values: &[String]| {
            Node::list(
                values
                    .iter()
                    .map(|value| Fields::default().text(name, value).done()),
            )
        };
        Fields::default()
            .text("ipProtocol", &rule.protocol)
            .optional("fromPort", rule.from_port)
            .optional("toPort", rule.to_port)
            .node("groups", named("groupId", &rule.groups))
            .node("ipRanges", named("cidrIp", &rule.cidrs))
            .done()
    }))
}

fn route(route: &Route) -> Node {
    let through = if route.through.starts_with("nat-") {
        "natGatewayId"
    } else if route.through.starts_with("tgw-") {
        "transitGatewayId"
    } else if route.through.starts_with("pcx-") {
        "vpcPeeringConnectionId"
    } else {
        "gatewayId"
    };
    let is_local = route.through == "local";
    Fields::default()
        .text("destinationCidrBlock", &route.cidr)
        .text(through, &route.through)
        .text("state", "active")
        .text(
            "origin",
            if is_local {
                "CreateRouteTable"
            } else {
                "CreateRoute"
            },
        )
        .done()
}

fn associations(table: &RouteTable) -> Node {
    let of = |subnet: Option<&String>| {
        Fields::default()
            .text(
                "routeTableAssociationId",
                format!("rtbassoc-{}", subnet.unwrap_or(&table.id)),
            )
            .text("routeTableId", &table.id)
            .optional("subnetId", subnet)
            .text("main", subnet.is_none())
            .done()
    };
    let main = table.is_main.then(|| of(None));
    Node::list(
        main.into_iter()
            .chain(table.subnets.iter().map(|subnet| of(Some(subnet)))),
    )
}
