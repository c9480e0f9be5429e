//! A member with every property set is made anew.

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
    name: "every-property",
    summary: "The home member has every property set; lost by detach, it comes back equal, and what no member is given was printed before.",
    comes_out: "it comes back equal, what no member is given was printed before anything was taken away",
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: HOME },
    told: Told::Once(&[
        "us-east-1 took over from us-west-2",
        "us-west-2 took over from us-east-1",
    ]),
    ..Scenario::USUAL
};

/// A member with every property that a customer can set, lost by detach and made anew.
async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    create_reports(drill).await?;
    let rds = rds(drill, HOME);
    rds.modify_db_cluster()
        .db_cluster_identifier(cluster(HOME))
        .preferred_backup_window("04:00-04:30")
        .preferred_maintenance_window("sat:06:00-sat:06:30")
        .copy_tags_to_snapshot(true)
        .deletion_protection(true)
        .apply_immediately(true)
        .send()
        .await?;
    available(drill, cluster(HOME)).await;
    came_back(drill, &[]).await
}
