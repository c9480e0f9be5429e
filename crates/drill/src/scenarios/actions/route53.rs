//! Route 53's control plane goes down with the Region that is lost.

use crate::{
    front_door::{Fault, Scope},
    profile::{HOME, STANDBY},
    scenario::{Drill, Played, RUN},
    scenarios::checks::ledgers::ledger_says,
    world::Trouble,
};

/// The Region is lost, and nobody can change a record from here on.
pub(crate) async fn lose_with_route53(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let route53 = Scope {
        service: Some("route53".into()),
        ..Scope::default()
    };
    drill.world.front_door.set(route53, Fault::Hang);
    let text = "takes Route 53's control plane with it";
    drill.fault(HOME, text, "Route 53 lost");
    drill.lose(HOME).await
}

/// Waits until services are restarted, and checks what must be so by then.
pub(crate) async fn restarted(drill: &Drill<'_>, played: &mut Played) {
    let restarted = drill
        .until(RUN, "the restart of services", async || {
            drill.called("ecs-restart", "UpdateService")
        })
        .await;
    played.check(
        "services are restarted",
        if restarted {
            "they are"
        } else {
            "they are not"
        },
        restarted,
    );
    let said = ledger_says(drill, STANDBY, STANDBY, 2).await;
    played.checks.push(said);
}
