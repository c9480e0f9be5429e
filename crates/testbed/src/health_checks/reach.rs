//! Where the names lead that health checks look at, from each Region that checkers look from.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

/// The names that lead somewhere. A name that nobody added leads where the name above it does, as with S3, whose Regions answer for
/// the names of all their buckets.
#[derive(Debug, Default)]
pub struct Reach {
    names: HashMap<String, HashMap<String, SocketAddr>>,
}

impl Reach {
    /// Lets a name lead somewhere for the checkers in a Region.
    pub fn add(&mut self, name: &str, checkers: &str, at: SocketAddr) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let roads = self.names.entry(name).or_default();
        roads.insert(checkers.to_owned(), at);
    }

    /// Where the checkers in a Region connect to. What is an address already leads to itself.
    pub(super) fn address(&self, host: &str, port: u16, checkers: &str) -> Option<SocketAddr> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some((address, port).into());
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let mut names = std::iter::successors(Some(host.as_str()), above);
        let roads = names.find_map(|name| self.names.get(name))?;
        roads.get(checkers).copied()
    }
}

/// The name above a name.
fn above<'a>(name: &&'a str) -> Option<&'a str> {
    name.split_once('.').map(|(_, above)| above)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_reached_where_its_regions_s3_is_and_a_stranger_nowhere() {
        let mut reach = Reach::default();
        let [east, shop] = [4_001, 4_002].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        reach.add("s3.us-east-1.amazonaws.com", "eu-west-1", east);
        reach.add("shop.example.", "eu-west-1", shop);
        let at = |host: &str, checkers: &str| reach.address(host, 443, checkers);
        for host in [
            "switch.s3.us-east-1.amazonaws.com",
            "a.switch.S3.us-east-1.amazonaws.com.",
        ] {
            assert_eq!(at(host, "eu-west-1"), Some(east), "{host}");
        }
        assert_eq!(at("shop.example", "eu-west-1"), Some(shop));
        assert_eq!(at("shop.example", "sa-east-1"), None);
        assert_eq!(at("switch.s3.us-west-2.amazonaws.com", "eu-west-1"), None);
        assert_eq!(
            at("127.0.0.9", "anywhere"),
            Some(([127, 0, 0, 9], 443).into())
        );
    }
}
