//! What a rebuilt member is made of: equal to what it was, or what differs was said before anything was taken away.

use aws::Aws;
use failover::steps::rebuild_global::{Build, Shape, differences};
use serde_json::{Value, json};

use super::{
    found::{destroying, home, retired},
    look::{available, control_plane, create_reports, rds},
    start,
};
use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{
        act::{again::home_learns, fall_behind, planned::unreplicated_by},
        stage::{Acted, RUN, Stage},
    },
    world::Trouble,
};

/// An instance that scales by itself.
const SERVERLESS: &str = "orders-west-serverless";

/// A member with every property that a customer can set, lost by detach and made anew.
pub(in crate::scenario::act) async fn every_property(stage: &Stage<'_>) -> Result<Acted, Trouble> {
    create_reports(stage).await?;
    let rds = rds(stage, HOME);
    rds.modify_db_cluster()
        .db_cluster_identifier(cluster(HOME))
        .preferred_backup_window("04:00-04:30")
        .preferred_maintenance_window("sat:06:00-sat:06:30")
        .copy_tags_to_snapshot(true)
        .deletion_protection(true)
        .apply_immediately(true)
        .send()
        .await?;
    available(stage, cluster(HOME)).await;
    came_back(stage, &[]).await
}

/// A member with an instance of Aurora Serverless v2, whose cluster says between which capacities it scales.
pub(in crate::scenario::act) async fn serverless_member(
    stage: &Stage<'_>,
) -> Result<Acted, Trouble> {
    create_reports(stage).await?;
    let rds = rds(stage, HOME);
    let scaling = aws_sdk_rds::types::ServerlessV2ScalingConfiguration::builder()
        .min_capacity(0.5)
        .max_capacity(8.0)
        .build();
    rds.modify_db_cluster()
        .db_cluster_identifier(cluster(HOME))
        .serverless_v2_scaling_configuration(scaling)
        .apply_immediately(true)
        .send()
        .await?;
    available(stage, cluster(HOME)).await;
    rds.create_db_instance()
        .db_instance_identifier(SERVERLESS)
        .db_cluster_identifier(cluster(HOME))
        .db_instance_class("db.serverless")
        .engine("aurora-postgresql")
        .promotion_tier(15)
        .send()
        .await?;
    came_back(stage, &["scaling", SERVERLESS]).await
}

/// Loses the Region, brings the writer home again, and compares the member with what it was; each of `parts` has to be in it.
async fn came_back(stage: &Stage<'_>, parts: &[&str]) -> Result<Acted, Trouble> {
    let aws = control_plane(stage, HOME);
    let before = whole(stage, &aws).await?;
    fall_behind(stage).await;
    let mut acted = stage.failed_over_and_home_is_back().await?;
    stage.world.simulator.mend_replication(STANDBY).await;
    home_learns(stage, 2).await;
    let printed = printed(stage).await?;
    acted.check(
        "before anything is taken away, a dry run prints what no rebuilt member is given",
        printed.clone(),
        printed.contains("master_user_password") && destroying(stage).is_empty(),
    );
    let lost = unreplicated_by(stage, STANDBY).await?;
    let run = start(stage, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(stage, &mut acted, (&run, 3), lost).await?;
    retired(stage, &mut acted).await;
    let after = whole(stage, &aws).await?;
    let differ = differences(&before, &after);
    acted.check(
        "the rebuilt member has every property that it had",
        if differ.is_empty() {
            "nothing differs".to_owned()
        } else {
            differ.join(", ")
        },
        differ.is_empty() && before.resource_id != after.resource_id,
    );
    let made = serde_json::to_value(after.clone())?;
    let lacking: Vec<_> = parts.iter().filter(|part| !holds(&made, part)).collect();
    acted.check(
        "what was set is there",
        format!("{} is lacking; {}", lacking.len(), words(&after)),
        lacking.is_empty(),
    );
    Ok(acted)
}

/// What the dry run of the rebuild says that no member is given.
async fn printed(stage: &Stage<'_>) -> Result<String, Trouble> {
    let function = "aurora-failover-rebuild-global";
    let answer = stage
        .world
        .invoke(HOME, function, &json!({"plan": PLAN}))
        .await?;
    let left_out = &answer["observed"]["left_out"];
    let calls = left_out.as_object().into_iter().flatten();
    let said = calls.map(|(call, inputs)| {
        let inputs = inputs.as_array().into_iter().flatten();
        let inputs: Vec<_> = inputs.filter_map(Value::as_str).collect();
        format!("{call}: {}", inputs.join(", "))
    });
    Ok(said.collect::<Vec<_>>().join(". "))
}

/// The home member, once nothing is being done to it.
async fn whole(stage: &Stage<'_>, aws: &Aws) -> Result<Shape, Trouble> {
    let look = async || aws.shape(&HOME.into(), cluster(HOME)).await.ok().flatten();
    let is_whole = async || look().await.is_some_and(|shape| shape.is_whole());
    stage.until(RUN, "a whole member", is_whole).await;
    Ok(look().await.ok_or("RDS shows no home member")?)
}

/// Whether a field of the shape is set, or an instance of the name is in it.
fn holds(shape: &Value, part: &str) -> bool {
    let instances = shape["instances"].as_array().into_iter().flatten();
    let mut named = instances.filter_map(|instance| instance["identifier"].as_str());
    shape.get(part).is_some_and(|value| !value.is_null()) || named.any(|name| name == part)
}

fn words(shape: &Shape) -> String {
    let instances = shape.instances.iter();
    let instances: Vec<_> = instances
        .map(|instance| format!("{} of {}", instance.identifier, instance.class))
        .collect();
    let scaling = shape.scaling.as_ref();
    let scaling = scaling.and_then(|scaling| Some((scaling.acus_min?, scaling.acus_max?)));
    let scaling = scaling.map_or("no scaling".to_owned(), |(least, most)| {
        format!("{least} to {most} ACUs")
    });
    format!("{}; {scaling}", instances.join(", "))
}
