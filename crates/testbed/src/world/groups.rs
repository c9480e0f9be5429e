//! Groups of EC2 Auto Scaling in a world.

use std::collections::BTreeSet;

use aws_config::SdkConfig;

use super::{Trouble, World};
use crate::{
    emulator::Emulator,
    profile::{BATCH, WEB, pilot_light},
};

/// The least and the wanted size of the group that runs everywhere.
const WEB_LEAST: i32 = 1;
const WEB_CAPACITY: i32 = 2;

impl World {
    /// The least and the wanted size of the group that runs everywhere.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn web_group(&self, region: &str) -> Result<(i32, i32), Trouble> {
        let scaling = aws_sdk_autoscaling::Client::new(&self.emulator.sdk_config(region));
        let groups = scaling.describe_auto_scaling_groups();
        let groups = groups.auto_scaling_group_names(WEB).send().await?;
        let sizes = groups.auto_scaling_groups().first().map(|group| {
            let size = |size: Option<i32>| size.unwrap_or(-1);
            (size(group.min_size()), size(group.desired_capacity()))
        });
        Ok(sizes.unwrap_or((-1, -1)))
    }

    /// Each group of EC2 Auto Scaling in a Region: its name, its instances, and its refreshes that succeeded.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub async fn groups(&self, region: &str) -> Result<Vec<(String, usize, usize)>, Trouble> {
        sizes(&self.emulator, region).await
    }
}

/// A group behind a load balancer that runs everywhere, and one that is a pilot light where no writer is.
pub(super) async fn create(emulator: &Emulator, region: &str) -> Result<(), Trouble> {
    use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;
    let config = emulator.sdk_config(region);
    let made = aws_sdk_elasticloadbalancingv2::Client::new(&config)
        .create_target_group()
        .name(WEB)
        .protocol(ProtocolEnum::Http)
        .port(80)
        .vpc_id("vpc-0123456789abcdef0")
        .send()
        .await?;
    let targets = made.target_groups.unwrap_or_default();
    let targets = targets
        .into_iter()
        .filter_map(|group| group.target_group_arn);
    let scaling = aws_sdk_autoscaling::Client::new(&config);
    let group = |name: &str, least, capacity| {
        scaling
            .create_auto_scaling_group()
            .auto_scaling_group_name(name)
            .min_size(least)
            .max_size(4)
            .desired_capacity(capacity)
            .availability_zones(format!("{region}a"))
    };
    let web = group(WEB, WEB_LEAST, WEB_CAPACITY).set_target_group_arns(Some(targets.collect()));
    web.send().await?;
    group(BATCH, 0, pilot_light(region)).send().await?;
    Ok(())
}

/// Gives each the size that it has before anything happens.
pub(super) async fn reset(config: &SdkConfig, region: &str) -> Result<(), Trouble> {
    aws_sdk_autoscaling::Client::new(config)
        .update_auto_scaling_group()
        .auto_scaling_group_name(WEB)
        .min_size(WEB_LEAST)
        .desired_capacity(WEB_CAPACITY)
        .send()
        .await?;
    aws_sdk_autoscaling::Client::new(config)
        .set_desired_capacity()
        .auto_scaling_group_name(BATCH)
        .desired_capacity(pilot_light(region))
        .send()
        .await?;
    Ok(())
}

/// How many instances each group has in a Region, and how many of its refreshes succeeded.
async fn sizes(emulator: &Emulator, region: &str) -> Result<Vec<(String, usize, usize)>, Trouble> {
    let scaling = aws_sdk_autoscaling::Client::new(&emulator.sdk_config(region));
    let mut found = Vec::new();
    for name in [WEB, BATCH] {
        let groups = scaling.describe_auto_scaling_groups();
        let groups = groups.auto_scaling_group_names(name).send().await?;
        let instances = groups.auto_scaling_groups().iter();
        let instances = instances.map(|group| group.instances().len()).sum();
        let refreshes = scaling.describe_instance_refreshes();
        let refreshes = refreshes.auto_scaling_group_name(name).send().await?;
        let refreshes = refreshes.instance_refreshes().iter();
        let done = refreshes.filter(|refresh| {
            let status = refresh.status().map(|status| status.as_str());
            status == Some("Successful")
        });
        found.push((name.to_owned(), instances, done.count()));
    }
    Ok(found)
}

/// The instances of a group that are in service.
pub(super) async fn in_service(
    config: &SdkConfig,
    group: &str,
) -> Result<BTreeSet<String>, Trouble> {
    use aws_sdk_autoscaling::types::LifecycleState;
    let groups = aws_sdk_autoscaling::Client::new(config).describe_auto_scaling_groups();
    let found = groups.auto_scaling_group_names(group).send().await?;
    let instances = found.auto_scaling_groups().iter();
    Ok(instances
        .flat_map(|group| group.instances())
        .filter(|instance| instance.lifecycle_state() == Some(&LifecycleState::InService))
        .filter_map(|instance| instance.instance_id().map(str::to_owned))
        .collect())
}
