//! Subnets, security groups and route tables, looked at.

use super::PAGE;
use crate::{
    Request,
    answers::{RouteTables, SecurityGroups, Subnets},
};

/// `DescribeSubnets`, of all.
#[must_use]
pub fn subnets() -> Request<Subnets> {
    Request::new("DescribeSubnets").with("MaxResults", PAGE)
}

/// `DescribeSecurityGroups`, of all.
#[must_use]
pub fn groups() -> Request<SecurityGroups> {
    Request::new("DescribeSecurityGroups").with("MaxResults", PAGE)
}

/// `DescribeRouteTables`, of all. Its pages have no more than 100.
/// Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html>.
#[must_use]
pub fn route_tables() -> Request<RouteTables> {
    Request::new("DescribeRouteTables").with("MaxResults", 100)
}
