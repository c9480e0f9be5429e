//! What a rebuilt member is made of: equal to what it was, or what differs was said before anything was taken away.

use aurora_global::members::Members;
use aws::Aws;
use failover::{
    installation::named,
    topology::{Shape, differences},
};
use serde_json::{Value, json};

use crate::{
    profile::{HOME, PLAN, STANDBY, cluster},
    scenario::{Drill, Played, RUN},
    scenarios::{
        actions::{failback::start, replication::fall_behind},
        checks::{
            calls::destroying,
            home::{home, retired},
            ledgers::home_learns,
            rows::unreplicated_by,
        },
        rds::control_plane,
    },
    world::Trouble,
};

/// Loses the Region, brings the writer home again, and compares the member with what it was; each of `parts` has to be in it.
pub(crate) async fn came_back(drill: &Drill<'_>, parts: &[&str]) -> Result<Played, Trouble> {
    let aws = control_plane(drill, HOME);
    let before = whole(drill, &aws).await?;
    fall_behind(drill).await;
    let mut played = drill.failed_over_and_home_is_back().await?;
    drill.world.simulator.mend_replication(STANDBY).await;
    home_learns(drill, 2).await;
    let printed = printed(drill).await?;
    played.check(
        "before anything is taken away, a dry run prints what no rebuilt member is given",
        printed.clone(),
        printed.contains("master_user_password") && destroying(drill).is_empty(),
    );
    let lost = unreplicated_by(drill, STANDBY).await?;
    let run = start(drill, &json!({"plan": PLAN, "approval": "given"})).await?;
    home(drill, &mut played, (&run, 3), lost).await?;
    retired(drill, &mut played).await;
    let after = whole(drill, &aws).await?;
    let differ = differences(&before, &after);
    played.check(
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
    played.check(
        "what was set is there",
        format!("{} is lacking; {}", lacking.len(), words(&after)),
        lacking.is_empty(),
    );
    Ok(played)
}

/// What the dry run of the rebuild says that no member is given.
async fn printed(drill: &Drill<'_>) -> Result<String, Trouble> {
    let function: &str = &named("rebuild-global");
    let answer = drill
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
async fn whole(drill: &Drill<'_>, aws: &Aws) -> Result<Shape, Trouble> {
    let look = async || aws.shape(&HOME.into(), cluster(HOME)).await.ok().flatten();
    let is_whole = async || look().await.is_some_and(|shape| shape.is_whole());
    drill.until(RUN, "a whole member", is_whole).await;
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
