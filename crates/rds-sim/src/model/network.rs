//! The network of every Region.

/// The zone that every endpoint's name lies in.
pub(crate) const HOSTED_ZONE: &str = "Z2R2ITUGPM61AM";
/// The network itself.
pub(crate) const VPC: &str = "vpc-0123456789abcdef0";
/// Its own security group.
pub(crate) const SECURITY_GROUP: &str = "sg-0123456789abcdef0";
/// Its own subnet group.
pub(crate) const DEFAULT_SUBNETS: &str = "default";
