//! Identifiers, ARNs and endpoint names.

use crate::model::{fault::Fault, key::ClusterKey};

/// The names that one account's resources have.
#[derive(Debug, Clone)]
pub(crate) struct Namer {
    account: String,
    issued: u64,
}

impl Namer {
    pub(crate) fn new(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            issued: 0,
        }
    }

    pub(crate) fn cluster_arn(&self, key: &ClusterKey) -> String {
        format!(
            "arn:aws:rds:{}:{}:cluster:{}",
            key.region, self.account, key.id
        )
    }

    pub(crate) fn snapshot_arn(&self, key: &ClusterKey) -> String {
        format!(
            "arn:aws:rds:{}:{}:cluster-snapshot:{}",
            key.region, self.account, key.id
        )
    }

    /// The ARN of anything else in a Region.
    pub(crate) fn arn(&self, kind: &str, key: &ClusterKey) -> String {
        format!(
            "arn:aws:rds:{}:{}:{kind}:{}",
            key.region, self.account, key.id
        )
    }

    /// Region, kind and identifier in an ARN of this account's.
    pub(crate) fn parse_arn<'a>(&self, arn: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
        let parts: Vec<&str> = arn.splitn(7, ':').collect();
        match parts.as_slice() {
            ["arn", "aws", "rds", region, account, kind, id] if *account == self.account => {
                Some((region, kind, id))
            }
            _ => None,
        }
    }

    /// The key that encrypts where none was named: the account's own in a Region.
    pub(crate) fn default_key(&self, region: &str) -> String {
        format!("arn:aws:kms:{region}:{}:alias/aws/rds", self.account)
    }

    pub(crate) fn instance_arn(&self, key: &ClusterKey) -> String {
        format!("arn:aws:rds:{}:{}:db:{}", key.region, self.account, key.id)
    }

    /// Global clusters have no Region in their ARN.
    pub(crate) fn global_arn(&self, id: &str) -> String {
        format!("arn:aws:rds::{}:global-cluster:{id}", self.account)
    }

    /// Reads a cluster's ARN, or a bare identifier, which then means a cluster of the called Region.
    pub(crate) fn parse_cluster(
        &self,
        text: &str,
        called_region: &str,
    ) -> Result<ClusterKey, Fault> {
        let Some(rest) = text.strip_prefix("arn:") else {
            return Ok(ClusterKey::new(called_region, text));
        };
        let parts: Vec<&str> = rest.splitn(6, ':').collect();
        match parts.as_slice() {
            ["aws", "rds", region, account, "cluster", id] if *account == self.account => {
                Ok(ClusterKey::new(region, id))
            }
            _ => Err(Fault::invalid_value(format!(
                "Invalid DB cluster ARN: {text}"
            ))),
        }
    }

    pub(crate) fn writer_endpoint(&self, key: &ClusterKey) -> String {
        format!(
            "{}.cluster-{}.{}.rds.amazonaws.com",
            key.id,
            self.regional_id(&key.region),
            key.region
        )
    }

    pub(crate) fn reader_endpoint(&self, key: &ClusterKey) -> String {
        format!(
            "{}.cluster-ro-{}.{}.rds.amazonaws.com",
            key.id,
            self.regional_id(&key.region),
            key.region
        )
    }

    pub(crate) fn custom_endpoint(&self, key: &ClusterKey) -> String {
        format!(
            "{}.cluster-custom-{}.{}.rds.amazonaws.com",
            key.id,
            self.regional_id(&key.region),
            key.region
        )
    }

    /// A snapshot by its name or ARN; a bare name means one of the called Region.
    pub(crate) fn parse_snapshot(
        &self,
        text: &str,
        called_region: &str,
    ) -> Result<ClusterKey, Fault> {
        if !text.starts_with("arn:") {
            return Ok(ClusterKey::new(called_region, text));
        }
        // The name of an automated snapshot holds a colon of its own.
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        match parts.as_slice() {
            ["arn", "aws", "rds", region, account, "cluster-snapshot", id]
                if *account == self.account =>
            {
                Ok(ClusterKey::new(region, id))
            }
            _ => Err(Fault::invalid_value(format!(
                "Invalid DB cluster snapshot ARN: {text}"
            ))),
        }
    }

    pub(crate) fn instance_endpoint(&self, key: &ClusterKey) -> String {
        format!(
            "{}.{}.{}.rds.amazonaws.com",
            key.id,
            self.regional_id(&key.region),
            key.region
        )
    }

    pub(crate) fn global_endpoint(&self, id: &str) -> String {
        format!(
            "{id}.global-{}.global.rds.amazonaws.com",
            self.regional_id("global")
        )
    }

    /// A new resource identifier such as `cluster-4XQ…`.
    pub(crate) fn resource_id(&mut self, prefix: &str) -> String {
        self.issued += 1;
        format!("{prefix}{}", letters(mix(self.issued), 26).to_uppercase())
    }

    /// What stands for the account in the endpoint names of a Region, the same in every run.
    fn regional_id(&self, region: &str) -> String {
        let seed = self
            .account
            .bytes()
            .chain(region.bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        format!("c{}", letters(mix(seed), 11))
    }
}

/// The finaliser of splitmix64: spreads neighbouring numbers over all bits.
fn mix(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn letters(seed: u64, count: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = mix(state);
            char::from(ALPHABET[(state % 32) as usize])
        })
        .collect()
}

/// Checks an identifier by RDS's rule: a letter first, then letters, digits and single hyphens, at most 63.
pub(crate) fn check_identifier(name: &'static str, id: &str) -> Result<(), Fault> {
    let lawful = id.len() <= 63
        && id.starts_with(|first: char| first.is_ascii_alphabetic())
        && id
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        && !id.ends_with('-')
        && !id.contains("--");
    if lawful {
        return Ok(());
    }
    Err(Fault::invalid_value(format!(
        "The parameter {name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII \
         letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_endpoint_differs_from_the_writers_only_by_ro() {
        let namer = Namer::new("123456789012");
        let key = ClusterKey::new("us-east-1", "Orders-East");
        assert!(
            namer
                .writer_endpoint(&key)
                .starts_with("orders-east.cluster-c")
        );
        assert_eq!(
            namer
                .reader_endpoint(&key)
                .replace("cluster-ro-", "cluster-"),
            namer.writer_endpoint(&key)
        );
    }

    #[test]
    fn a_bare_name_means_the_called_region_and_an_arn_its_own() {
        let namer = Namer::new("123456789012");
        let arn = "arn:aws:rds:us-west-2:123456789012:cluster:orders-west";
        assert_eq!(
            namer.parse_cluster(arn, "us-east-1").unwrap(),
            ClusterKey::new("us-west-2", "orders-west")
        );
        assert_eq!(
            namer.parse_cluster("orders", "us-east-1").unwrap(),
            ClusterKey::new("us-east-1", "orders")
        );
    }

    #[test]
    fn a_malformed_or_foreign_arn_is_refused() {
        let namer = Namer::new("123456789012");
        for arn in [
            "arn:aws:rds",
            "arn:aws:rds:us-east-1:999999999999:cluster:x",
            "arn:aws:rds:us-east-1:123456789012:db:x",
        ] {
            assert_eq!(
                namer.parse_cluster(arn, "us-east-1").unwrap_err().code,
                "InvalidParameterValue",
                "{arn}"
            );
        }
    }

    #[test]
    fn identifiers_follow_the_rule() {
        assert!(check_identifier("DBClusterIdentifier", "orders-west-1").is_ok());
        for bad in ["1orders", "orders-", "or--ders", "orders_west", ""] {
            assert!(
                check_identifier("DBClusterIdentifier", bad).is_err(),
                "{bad}"
            );
        }
    }
}
