//! EC2 Auto Scaling: looks at groups with their refreshes and the health of their targets, refreshes and scales them.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::{
    error::ProvideErrorMetadata,
    types::{
        AutoScalingGroup, Instance, LifecycleState, RefreshPreferences, ScaleInProtectedInstances,
        StandbyInstances,
    },
};
use aws_sdk_elasticloadbalancingv2::types::{
    TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};
use failover::{
    Error,
    domain::Region,
    ports::{Group, Refresh},
};
use futures::future::try_join_all;
use jiff::Timestamp;

use super::{Aws, client, errors::error, once};

/// How many refreshes are read, the newest first.
const REFRESHES: i32 = 10;
/// The process that starts instances.
const LAUNCH: &str = "Launch";
/// The kind of a traffic source that is a target group.
/// Source: <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TrafficSourceIdentifier.html>.
const TARGET_GROUP: &str = "elbv2";

/// A group; `NotReady` when there is none of this name.
pub(super) async fn group<K>(aws: &Aws<K>, region: &Region, name: &str) -> Result<Group, Error> {
    let answer = client!(aws, aws_sdk_autoscaling, region)
        .describe_auto_scaling_groups()
        .auto_scaling_group_names(name)
        .send()
        .await
        .map_err(|why| {
            let what = format!("Auto Scaling DescribeAutoScalingGroups in {region}");
            error(&what, &why)
        })?;
    let found = answer.auto_scaling_groups.unwrap_or_default();
    let found = found
        .into_iter()
        .next()
        .ok_or_else(|| Error::NotReady(format!("Auto Scaling in {region} has no group {name}")))?;
    let refreshes = refreshes(aws, region, name).await?;
    let targets = target_groups(&found);
    let healthy = targets.iter().map(|arn| healthy(aws, region, arn));
    let healthy = try_join_all(healthy).await?;
    let healthy: Vec<_> = healthy.into_iter().flatten().collect();
    let instances = found.instances();
    let kept = instances.iter().filter(|instance| is_kept(instance));
    let serving = instances
        .iter()
        .filter(|instance| serves(instance, &healthy));
    let launches = found.suspended_processes().iter();
    let launches = !launches
        .filter_map(|process| process.process_name())
        .any(|name| name == LAUNCH);
    Ok(Group {
        desired_capacity: count(found.desired_capacity()),
        min_size: count(found.min_size()),
        max_size: count(found.max_size()),
        launches,
        instances: whole(instances.len()),
        kept: whole(kept.count()),
        serving: serving.map(weight).sum(),
        refreshes,
    })
}

fn count(count: Option<i32>) -> u32 {
    u32::try_from(count.unwrap_or_default()).unwrap_or_default()
}

fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How much of a capacity an instance is, where instances are weighted.
fn weight(instance: &Instance) -> u32 {
    let weight = instance.weighted_capacity();
    weight.and_then(|weight| weight.parse().ok()).unwrap_or(1)
}

/// Whether no refresh replaces it.
fn is_kept(instance: &Instance) -> bool {
    instance.protected_from_scale_in() == Some(true)
        || instance.lifecycle_state() == Some(&LifecycleState::Standby)
}

/// The target groups that its instances are registered in, each once.
fn target_groups(group: &AutoScalingGroup) -> BTreeSet<&str> {
    let sources = group.traffic_sources().iter();
    let sources = sources.filter(|source| source.r#type() == Some(TARGET_GROUP));
    let sources = sources.filter_map(|source| source.identifier());
    let groups = group.target_group_arns().iter().map(String::as_str);
    groups.chain(sources).collect()
}

/// Whether an instance takes requests: in service, healthy, and healthy in each of these target groups.
fn serves(instance: &Instance, healthy: &[BTreeSet<String>]) -> bool {
    let id = instance.instance_id().unwrap_or_default();
    let is_well = |health: &str| health.eq_ignore_ascii_case("healthy");
    instance.lifecycle_state() == Some(&LifecycleState::InService)
        && instance.health_status().is_some_and(is_well)
        && healthy.iter().all(|of_group| of_group.contains(id))
}

/// The targets that a target group finds healthy; `None` where it has no word: it is gone, or no load balancer uses it.
async fn healthy<K>(
    aws: &Aws<K>,
    region: &Region,
    arn: &str,
) -> Result<Option<BTreeSet<String>>, Error> {
    let answer = client!(aws, aws_sdk_elasticloadbalancingv2, region)
        .describe_target_health()
        .target_group_arn(arn)
        .send()
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) if why.code() == Some("TargetGroupNotFound") => return Ok(None),
        Err(why) => {
            let what = format!("Elastic Load Balancing DescribeTargetHealth in {region}");
            return Err(error(&what, &why));
        }
    };
    let targets = answer.target_health_descriptions.unwrap_or_default();
    let is_unused = |target: &TargetHealthDescription| {
        let health = target.target_health();
        let reason = health.and_then(|health| health.reason());
        reason == Some(&TargetHealthReasonEnum::NotInUse)
    };
    if !targets.is_empty() && targets.iter().all(is_unused) {
        return Ok(None);
    }
    let targets = targets.into_iter().filter(|target| {
        let health = target.target_health();
        health.and_then(|health| health.state()) == Some(&TargetHealthStateEnum::Healthy)
    });
    Ok(Some(
        targets.filter_map(|target| target.target?.id).collect(),
    ))
}

async fn refreshes<K>(aws: &Aws<K>, region: &Region, name: &str) -> Result<Vec<Refresh>, Error> {
    let answer = client!(aws, aws_sdk_autoscaling, region)
        .describe_instance_refreshes()
        .auto_scaling_group_name(name)
        .max_records(REFRESHES)
        .send()
        .await
        .map_err(|why| {
            let what = format!("Auto Scaling DescribeInstanceRefreshes in {region}");
            error(&what, &why)
        })?;
    let refreshes = answer.instance_refreshes.unwrap_or_default().into_iter();
    Ok(refreshes
        .map(|refresh| Refresh {
            id: refresh.instance_refresh_id.unwrap_or_default(),
            status: refresh
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            reason: refresh.status_reason.unwrap_or_default(),
            begun_at: refresh
                .start_time
                .and_then(|at| Timestamp::from_second(at.secs()).ok()),
            skips_matching: refresh
                .preferences
                .and_then(|preferences| preferences.skip_matching)
                .unwrap_or_default(),
        })
        .collect())
}

/// Begins to replace every instance; the refresh's id, or `None` while another one is under way.
pub(super) async fn refresh<K>(
    aws: &Aws<K>,
    region: &Region,
    name: &str,
) -> Result<Option<String>, Error> {
    let what = format!("Auto Scaling StartInstanceRefresh of {name} in {region}");
    let answer = client!(aws, aws_sdk_autoscaling, region)
        .start_instance_refresh()
        .auto_scaling_group_name(name)
        // Those are somebody's own; waiting for them, as AWS does otherwise, would take an hour and fail.
        .preferences(
            RefreshPreferences::builder()
                .scale_in_protected_instances(ScaleInProtectedInstances::Ignore)
                .standby_instances(StandbyInstances::Ignore)
                .build(),
        )
        .customize()
        .config_override(once!(aws_sdk_autoscaling))
        .send()
        .await;
    match answer {
        Ok(begun) => begun
            .instance_refresh_id
            .map(Some)
            .ok_or_else(|| Error::NotReady(format!("{what}: the answer names no refresh"))),
        Err(why) if why.code() == Some("InstanceRefreshInProgress") => Ok(None),
        Err(why) => Err(error(&what, &why)),
    }
}

/// Says how many instances a group is to have.
pub(super) async fn scale<K>(
    aws: &Aws<K>,
    region: &Region,
    name: &str,
    capacity: u32,
) -> Result<(), Error> {
    client!(aws, aws_sdk_autoscaling, region)
        .set_desired_capacity()
        .auto_scaling_group_name(name)
        .desired_capacity(whole_number(capacity))
        .customize()
        .config_override(once!(aws_sdk_autoscaling))
        .send()
        .await
        .map(drop)
        .map_err(|why| {
            let what = format!("Auto Scaling SetDesiredCapacity of {name} in {region}");
            error(&what, &why)
        })
}

/// The same, and how many it is to have at least: in one call, for each bounds the other.
pub(super) async fn resize<K>(
    aws: &Aws<K>,
    region: &Region,
    name: &str,
    (min_size, capacity): (u32, u32),
) -> Result<(), Error> {
    client!(aws, aws_sdk_autoscaling, region)
        .update_auto_scaling_group()
        .auto_scaling_group_name(name)
        .min_size(whole_number(min_size))
        .desired_capacity(whole_number(capacity))
        .customize()
        .config_override(once!(aws_sdk_autoscaling))
        .send()
        .await
        .map(drop)
        .map_err(|why| {
            let what = format!("Auto Scaling UpdateAutoScalingGroup of {name} in {region}");
            error(&what, &why)
        })
}

fn whole_number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
