//! An application's name that objects in S3 lead over, and Route 53's checkers, who see what an object said a while ago.

use std::collections::{BTreeMap, BTreeSet};

use failover::{
    domain::{Epoch, Region},
    ports::Object,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use steps::routes::health_switch::{Held, PRIMARY_ACTIVE, STANDBY_ACTIVE};

use crate::case::{AWAY, HOME};

/// The application's name.
pub const SHOP: &str = "shop.example.com";
/// How long checkers take to change their mind, and resolvers to follow.
pub const FOLLOWS: SignedDuration = SignedDuration::from_secs(40);

/// The own name of a Region's load balancer.
fn target(region: &str) -> String {
    format!("{region}.shop.example.com")
}

/// What a plan says of it.
#[must_use]
pub fn route() -> Value {
    let switch = |region: &str| json!({"bucket": format!("shop-{region}"), "key": "switch"});
    json!({"kind": "health_switch", "name": SHOP, "primary": HOME,
        "switches": {HOME: switch(HOME), AWAY: switch(AWAY)},
        "targets": {HOME: target(HOME), AWAY: target(AWAY)}})
}

/// Everything that was ever written into each Region's object, with when, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Switch(BTreeMap<Region, Vec<(Timestamp, Object)>>);

impl Switch {
    /// What a Region's object is.
    #[must_use]
    pub fn object(&self, region: &Region) -> Option<&Object> {
        let written = self.0.get(region)?;
        written.last().map(|(_, object)| object)
    }

    /// The epoch of a Region's object.
    #[must_use]
    pub fn epoch(&self, region: &Region) -> Option<Epoch> {
        Held::of(self.object(region)).epoch()
    }

    /// Writes a Region's object where it still is what was read.
    pub fn put(
        &mut self,
        now: Timestamp,
        region: &Region,
        text: &str,
        read: Option<&Object>,
    ) -> bool {
        if self.object(region) != read {
            return false;
        }
        let written = self.0.entry(region.clone()).or_default();
        let object = Object {
            text: text.to_owned(),
            tag: written.len().to_string(),
            written_at: Some(now),
        };
        written.push((now, object));
        true
    }

    /// Where the records lead by what the objects said at a moment. Checkers see nothing of a Region that is lost, and call that healthy.
    #[must_use]
    pub fn leads_to(&self, at: Timestamp, lost: &BTreeSet<Region>) -> Region {
        let says = |region: &str, text: &str| {
            let region = Region::from(region);
            let written = self.0.get(&region).into_iter().flatten();
            let mut seen = written.filter(|(written_at, _)| *written_at <= at);
            let said = seen.next_back();
            !lost.contains(&region) && said.is_some_and(|(_, object)| object.text.contains(text))
        };
        match (says(AWAY, STANDBY_ACTIVE), says(HOME, PRIMARY_ACTIVE)) {
            (true, false) => AWAY.into(),
            (true, true) | (false, _) => HOME.into(),
        }
    }

    /// The last part of the address that a name leads to, where it is one of the application's.
    #[must_use]
    pub fn address(&self, name: &str, now: Timestamp, lost: &BTreeSet<Region>) -> Option<u8> {
        let of = |region: &str| if region == HOME { 1 } else { 2 };
        if name == SHOP {
            return Some(of(self.leads_to(now - FOLLOWS, lost).as_str()));
        }
        let regions = [HOME, AWAY].into_iter();
        let mut found = regions.filter(|region| target(region) == name);
        found.next().map(of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_follows_the_standbys_word_a_while_later_and_both_words_are_the_primary() {
        let mut switch = Switch::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let none = BTreeSet::new();
        let active = "{\"epoch\": 2, \"says\": \"standby-active\"}";
        assert!(switch.put(at(100), &AWAY.into(), active, None));
        assert!(
            !switch.put(at(101), &AWAY.into(), "late", None),
            "it is another one"
        );
        let seen = |switch: &Switch, second| switch.address(SHOP, at(second), &none);
        assert_eq!([seen(&switch, 139), seen(&switch, 140)], [Some(1), Some(2)]);
        let lost = [AWAY.into()].into();
        assert_eq!(switch.address(SHOP, at(140), &lost), Some(1));
        let held = "{\"epoch\": 3, \"says\": \"primary-active\"}";
        assert!(switch.put(at(200), &HOME.into(), held, None));
        assert_eq!(seen(&switch, 240), Some(1));
        assert_eq!(switch.epoch(&HOME.into()), Some(Epoch(3)));
        assert_eq!(
            switch.address("us-east-1.shop.example.com", at(0), &none),
            Some(2)
        );
        assert_eq!(switch.address("elsewhere.example.com", at(0), &none), None);
    }
}
