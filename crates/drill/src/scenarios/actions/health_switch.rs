//! A name of an application that objects in S3 lead over: the stack of each Region, Route 53's checkers, and what everybody sees.

use std::{net::IpAddr, time::Duration};

use failover::installation::named;
use serde_json::{Value, json};
use testbed::health_checks::{Pace, Prober};
use tokio::time::Instant;

use crate::{
    profile::{CLIENT, HOME, PARAMETER, PLAN, STANDBY, ZONE, switch_bucket},
    scenario::{Drill, Played, RUN},
    timeline::Kind,
    world::Trouble,
};

/// The application's name.
pub(crate) const SHOP: &str = "shop.orders.internal";
const KEY: &str = "switch";
/// Ten seconds are two and a half.
const PACE: Pace = Pace(0.25);
/// Every checker has looked twice within this.
const LOOKS: Duration = Duration::from_secs(8);

/// Where Route 53's checkers are let in from.
pub(crate) const CHECKERS: &str = "127.0.0.0/8";

/// The own name and the address of a Region's load balancer.
pub(crate) fn target(region: &str) -> (String, IpAddr) {
    let (name, last) = if region == HOME {
        ("west", 1)
    } else {
        ("east", 2)
    };
    (format!("{name}.{ZONE}"), [127, 1, 0, last].into())
}

/// The name that tells whether a Region's object is seen.
fn canary(region: &str) -> String {
    format!("canary-{region}.{SHOP}")
}

/// What the plan says: the writer by a parameter, the application by objects. Neither needs Route 53's control plane.
pub(crate) fn routes(by_hand_minutes: u32) -> Value {
    let switch = |region: &str| json!({"bucket": switch_bucket(region), "key": KEY, "canary": canary(region)});
    json!([
        {"kind": "ssm", "parameter": PARAMETER, "endpoint": "writer"},
        {"kind": "health_switch", "name": SHOP, "primary": HOME, "check_failures": 1, "by_hand_minutes": by_hand_minutes,
         "switches": {HOME: switch(HOME), STANDBY: switch(STANDBY)},
         "targets": {HOME: target(HOME).0, STANDBY: target(STANDBY).0}}
    ])
}

/// The name with all that leads it, as long as it lives.
pub(crate) struct Switch<'a> {
    drill: &'a Drill<'a>,
    _prober: Prober,
}

impl<'a> Switch<'a> {
    /// Deploys a stack in both Regions, the primary's first, has an operator set the plan's objects up, and lets checkers look.
    pub(crate) async fn deploy(drill: &'a Drill<'a>, played: &mut Played) -> Result<Self, Trouble> {
        let world = drill.world;
        let balancers = [HOME, STANDBY].map(target);
        world.put_addresses(&balancers).await?;
        for region in [HOME, STANDBY] {
            let given = [
                ("Name", SHOP.to_owned()),
                ("HostedZoneId", world.zone_id.clone()),
                ("PrimaryRegion", HOME.to_owned()),
                ("StandbyRegion", STANDBY.to_owned()),
                ("TargetName", target(region).0),
                ("TargetZoneId", "Z0EXAMPLE".to_owned()),
                ("CheckerRanges", CHECKERS.to_owned()),
                ("CheckFailures", "1".to_owned()),
            ];
            let stack = ("shop-switch", "health-switch");
            world.emulator.deploy_stack(region, stack, &given).await?;
        }
        let switch = Self {
            drill,
            _prober: world.check_health(PACE).await?,
        };
        for region in [HOME, STANDBY] {
            switch.show(region, CHECKERS).await?;
            switch.delete(region).await?;
        }
        switch.set_up(played).await;
        for region in [HOME, STANDBY] {
            switch.sees(played, region, true).await;
        }
        switch.leads(played, HOME, "nothing has happened yet").await;
        Ok(switch)
    }

    /// An operator sets the objects up, and the second time nothing is left to do.
    async fn set_up(&self, played: &mut Played) {
        let asked = json!({"operation": "set_up", "plan": PLAN});
        for (times, action) in [
            ("once", "put_object: "),
            ("twice", "none: every object says"),
        ] {
            let said = self.drill.said(STANDBY, "dns-flip", &asked).await;
            let held = said.starts_with(action);
            played.check(format!("the objects are set up {times}"), said, held);
        }
        self.says(played, [(1, "nothing"), (1, "nothing")]).await;
    }

    /// Waits until the name leads to a Region, and holds that it does.
    pub(crate) async fn leads(&self, played: &mut Played, region: &str, why: &str) {
        let address = target(region).1;
        let there = async || self.drill.world.addresses(CLIENT, SHOP).await == [address];
        self.drill.until(RUN, "the application's name", there).await;
        let found = self.drill.world.addresses(CLIENT, SHOP).await;
        played.check(
            format!("{SHOP} leads to {region}: {why}"),
            format!("{found:?}"),
            found == [address],
        );
    }

    /// Holds that the name goes on leading to a Region for as long as checkers need for two looks.
    pub(crate) async fn stays(&self, played: &mut Played, region: &str, why: &str) {
        let (until, address) = (Instant::now() + LOOKS, target(region).1);
        let mut found = vec![address];
        while Instant::now() < until && found == [address] {
            tokio::time::sleep(Duration::from_millis(200)).await;
            found = self.drill.world.addresses(CLIENT, SHOP).await;
        }
        played.check(
            format!("{SHOP} stays at {region}: {why}"),
            format!("{found:?}"),
            found == [address],
        );
    }

    /// Waits until a canary tells that its object is seen, or is not.
    pub(crate) async fn sees(&self, played: &mut Played, region: &str, seen: bool) {
        let address: IpAddr = [192, 0, 2, if seen { 1 } else { 2 }].into();
        let (world, name) = (self.drill.world, canary(region));
        let there = async || world.addresses(CLIENT, &name).await == [address];
        self.drill.until(RUN, "the canary", there).await;
        let found = world.addresses(CLIENT, &name).await;
        let says = if seen { "see" } else { "do not see" };
        played.check(
            format!("{name} tells that checkers {says} the object"),
            format!("{found:?}"),
            found == [address],
        );
    }

    /// What both objects say, the standby's first: an epoch and a word each.
    pub(crate) async fn says(&self, played: &mut Played, expected: [(u64, &str); 2]) {
        let words =
            expected.map(|(epoch, says)| format!("{{\"epoch\": {epoch}, \"says\": \"{says}\"}}\n"));
        let found = [self.holds(STANDBY).await, self.holds(HOME).await];
        let held = found == words;
        let listed = found.map(|text| text.trim_end().to_owned());
        let expected = expected.map(|(epoch, says)| format!("{says} of epoch {epoch}"));
        played.check(
            format!(
                "the standby's object and the primary's say {}",
                expected.join(" and ")
            ),
            listed.join(" and "),
            held,
        );
    }

    async fn holds(&self, region: &str) -> String {
        let get = self.s3(region).get_object();
        let answer = get.bucket(switch_bucket(region)).key(KEY).send().await;
        let Ok(found) = answer else {
            return "nothing".into();
        };
        let body = found.body.collect().await.map(|body| body.to_vec());
        String::from_utf8_lossy(&body.unwrap_or_default()).into_owned()
    }

    /// The tag that a pass has read which comes to its write only later.
    pub(crate) async fn tag(&self, region: &str) -> Result<String, Trouble> {
        let get = self.s3(region).get_object();
        let found = get.bucket(switch_bucket(region)).key(KEY).send().await?;
        Ok(found.e_tag.unwrap_or_default())
    }

    /// Writes as a pass does that has read this tag; whether S3 took it.
    pub(crate) async fn put_late(&self, region: &str, tag: &str, text: &str) -> bool {
        let put = self.s3(region).put_object().bucket(switch_bucket(region));
        let body = text.as_bytes().to_vec().into();
        let put = put.key(KEY).if_match(tag).body(body);
        put.send().await.is_ok()
    }

    /// Holds the schedules of the sweep, so that what is before it can be looked at; or lets them go on.
    pub(crate) async fn hold_sweeps(&self, holds: bool) -> Result<(), Trouble> {
        for region in [HOME, STANDBY] {
            let config = self.drill.world.emulator.sdk_config(region);
            let events = aws_sdk_eventbridge::Client::new(&config);
            let rule = named("switch");
            if holds {
                events.disable_rule().name(rule).send().await?;
            } else {
                events.enable_rule().name(rule).send().await?;
            }
        }
        Ok(())
    }

    /// Somebody writes a Region's object by hand.
    pub(crate) async fn put(&self, region: &str, text: &str) -> Result<(), Trouble> {
        let said = format!("puts {text} into the bucket in {region} by hand");
        self.drill.world.timeline.say(Kind::Run, "a human", said);
        let put = self.s3(region).put_object().bucket(switch_bucket(region));
        let body = text.as_bytes().to_vec().into();
        put.key(KEY).body(body).send().await?;
        Ok(())
    }

    async fn delete(&self, region: &str) -> Result<(), Trouble> {
        let delete = self.s3(region).delete_object();
        delete.bucket(switch_bucket(region)).key(KEY).send().await?;
        Ok(())
    }

    /// Lets addresses of this range alone see a Region's object.
    pub(crate) async fn show(&self, region: &str, range: &str) -> Result<(), Trouble> {
        let bucket = switch_bucket(region);
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{bucket}/{KEY}"),
            "Condition": {"IpAddress": {"aws:SourceIp": range}}}]});
        let put = self.s3(region).put_bucket_policy().bucket(bucket);
        put.policy(policy.to_string()).send().await?;
        Ok(())
    }

    fn s3(&self, region: &str) -> aws_sdk_s3::Client {
        let config = self.drill.world.emulator.sdk_config(region);
        let config = aws_sdk_s3::config::Builder::from(&config);
        aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
    }

    /// Calls the sweep of a Region, as its schedule does within the minute; what it says of the plan.
    pub(crate) async fn sweep(&self, region: &str) -> String {
        let sweep = json!({"operation": "sweep"});
        let name = named("dns-flip");
        match self.drill.world.call(region, &name, &sweep).await {
            Ok(Ok(swept)) => {
                let text = |field: &str| swept[0][field].as_str().unwrap_or_default().to_owned();
                format!("{}: {}", text("action"), text("reason"))
            }
            Ok(Err(error)) => error.to_string(),
            Err(why) => why.to_string(),
        }
    }
}
