//! A member that scales by itself is made anew.

use crate::{
    profile::{HOME, cluster},
    scenario::{Drill, Ends, Played, Scenario, Told},
    scenarios::{
        actions::made_anew::came_back,
        rds::{available, create_reports, rds},
    },
    world::Trouble,
};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "serverless-member",
    summary: "The home member has an instance of Aurora Serverless v2; lost by detach, it is made anew and scales as before.",
    comes_out: "made anew, it scales as before",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// An instance that scales by itself.
const SERVERLESS: &str = "orders-west-serverless";

/// A member with an instance of Aurora Serverless v2, whose cluster says between which capacities it scales.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    create_reports(drill).await?;
    let rds = rds(drill, HOME);
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
    available(drill, cluster(HOME)).await;
    rds.create_db_instance()
        .db_instance_identifier(SERVERLESS)
        .db_cluster_identifier(cluster(HOME))
        .db_instance_class("db.serverless")
        .engine("aurora-postgresql")
        .promotion_tier(15)
        .send()
        .await?;
    came_back(drill, &["scaling", SERVERLESS]).await
}
