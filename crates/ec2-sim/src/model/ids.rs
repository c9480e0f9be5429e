//! Identifiers, addresses and names of zones.

/// Gives out identifiers that are never given twice.
#[derive(Debug, Default)]
pub(crate) struct Ids(u64);

impl Ids {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    /// An identifier with seventeen digits behind its prefix. An odd factor makes them look different and keeps them so.
    pub(crate) fn new_id(&mut self, prefix: &str) -> String {
        let number = self.next().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        format!("{prefix}-0{number:016x}")
    }

    /// A public address out of the range for documentation.
    pub(crate) fn public_ip(&mut self) -> String {
        let number = self.next();
        format!("198.51.{}.{}", 100 + (number / 250) % 100, 1 + number % 250)
    }

    /// A private address.
    pub(crate) fn private_ip(&mut self) -> String {
        let number = self.next();
        format!("10.0.{}.{}", (number / 250) % 250, 4 + number % 250)
    }
}

/// A zone's id, such as `usw2-az1` of `us-west-2a`. Which letter has which number differs between accounts at AWS.
pub(crate) fn zone_id(zone: &str) -> String {
    let letter = zone.chars().last().unwrap_or('a');
    let region = zone.trim_end_matches(letter);
    let mut parts = region.split('-');
    let place = parts.next().unwrap_or_default();
    let direction = parts.next().unwrap_or_default();
    let number = parts.next().unwrap_or_default();
    let short: String = ["north", "south", "east", "west", "central"]
        .iter()
        .filter(|name| direction.contains(*name))
        .filter_map(|name| name.chars().next())
        .collect();
    let index = u32::from(letter).saturating_sub(u32::from('a')) + 1;
    format!("{place}{short}{number}-az{index}")
}

/// The Region of a zone.
pub(crate) fn region_of_zone(zone: &str) -> &str {
    zone.trim_end_matches(|letter: char| letter.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn zones_have_the_ids_that_aws_gives_them() {
        assert_eq!(zone_id("us-west-2a"), "usw2-az1");
        assert_eq!(zone_id("ap-northeast-1c"), "apne1-az3");
        assert_eq!(zone_id("eu-central-1b"), "euc1-az2");
        assert_eq!(region_of_zone("us-west-2a"), "us-west-2");
    }

    #[test]
    fn no_identifier_is_given_twice() {
        let mut ids = Ids::default();
        let given: BTreeSet<_> = (0..10_000).map(|_| ids.new_id("vol")).collect();
        assert_eq!(given.len(), 10_000);
        assert!(given.iter().all(|id| id.len() == "vol-".len() + 17));
    }
}
