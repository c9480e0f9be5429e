//! The home Region dies with the application in it: load balancers, groups of EC2 Auto Scaling, and a name that objects lead.

use std::time::Duration;

use crate::{
    profile::{BATCH, BATCH_CAPACITY, CLIENT, HOME, Profile, STANDBY, WEB},
    scenario::{Drill, Ends, Played, RETURN, RUN, SUSPECTED, Scenario, TOOK_OVER, Told},
    scenarios::actions::health_switch::{SHOP, Switch, routes, target},
    timeline::{Kind, now_ms},
    world::{
        Trouble,
        balancer::{Balancer, page},
    },
};

/// How many instances serve in each Region.
const SERVING: usize = 2;
/// From the loss until a page at the application's name has written a row.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

pub(super) static SCENARIO: Scenario = Scenario {
    name: "app-tier",
    summary: "The home Region dies, and the application with it: the other Region's group is replaced behind its load balancer, the pilot light is scaled, objects in S3 lead the public name there.",
    comes_out: "instances that know the new writer, healthy behind the load balancer, and a page at the public name that writes a row",
    world: || Profile {
        groups: true,
        ..Profile::quick("detach")
    },
    plan: || serde_json::json!({"routes": routes(30)}),
    play: |drill| Box::pin(play(drill)),
    ends: Ends::AsPlayed { writer: STANDBY },
    told: Told::Once(&[SUSPECTED, RETURN, TOOK_OVER]),
    ..Scenario::USUAL
};

async fn play(drill: &Drill<'_>) -> Result<Played, Trouble> {
    let mut before = Played::now();
    let switch = Switch::deploy(drill, &mut before).await?;
    let world = drill.world;
    world.prepare_application().await?;
    let west = world.balance(HOME, target(HOME).1).await?;
    let east = world.balance(STANDBY, target(STANDBY).1).await?;
    for balancer in [&west, &east] {
        let serve = async || served(balancer, &world.endpoints[HOME].writer) == SERVING;
        drill.until(RUN, "the application's instances", serve).await;
    }
    let said = visited(drill, &[&west, &east]).await;
    before.check(
        format!("a page at {SHOP} writes a row in the home Region"),
        first_line(&said),
        wrote(&said, HOME, &world.endpoints[HOME].writer),
    );
    let sizes = world.groups(STANDBY).await?;
    drop(west);
    let lost = drill.lose(HOME).await?;
    let mut played = Played {
        checks: before.checks,
        ..lost
    };
    let writer = &world.endpoints[STANDBY].writer;
    let answers = async || wrote(&visited(drill, &[&east]).await, STANDBY, writer);
    drill.until(RUN, "a page at the name", answers).await;
    let after = Duration::from_millis(u64::try_from(now_ms() - played.at_ms)?);
    let text = format!("writes a row again, {after:.1?} after the loss");
    world.timeline.say(Kind::Client, SHOP, text);
    played.check(
        format!("within {ANSWERS_WITHIN:?} a page at {SHOP} writes a row"),
        format!("after {after:.1?}"),
        after <= ANSWERS_WITHIN,
    );
    drill.ended(1).await;
    switch
        .leads(&mut played, STANDBY, "the other Region is lost")
        .await;
    let said = visited(drill, &[&east]).await;
    played.check(
        format!("a page at {SHOP} writes a row in the standby's Region"),
        first_line(&said),
        wrote(&said, STANDBY, writer),
    );
    let both = [HOME, STANDBY].map(|region| said.contains(&format!("  {region}  ")));
    played.check(
        "it shows rows that were answered in either Region",
        format!("{both:?}"),
        both == [true, true],
    );
    scaled(drill, &mut played, &sizes).await?;
    let instances = east.instances();
    played.check(
        "every instance was started with the new writer, and serves",
        format!("{instances:?}"),
        instances.len() == SERVING && served(&east, writer) == SERVING,
    );
    one_run_succeeded(drill, &mut played);
    Ok(played)
}

fn one_run_succeeded(drill: &Drill<'_>, played: &mut Played) {
    let outcomes: Vec<_> = drill
        .runs
        .seen()
        .into_iter()
        .map(|run| run.outcome)
        .collect();
    played.check(
        "one run succeeds",
        format!("{outcomes:?}"),
        outcomes == [Some("succeeded".to_owned())],
    );
}

/// Holds that the instances of the group were replaced once, and that the pilot light has its capacity.
async fn scaled(
    drill: &Drill<'_>,
    played: &mut Played,
    before: &[(String, usize, usize)],
) -> Result<(), Trouble> {
    let found = drill.world.groups(STANDBY).await?;
    let refreshes = |name: &str| {
        let mut of_it = before.iter().filter(|(group, ..)| group == name);
        of_it.next().map_or(0, |(_, _, refreshes)| *refreshes)
    };
    let capacity = usize::try_from(BATCH_CAPACITY)?;
    let expected = [
        (WEB.to_owned(), SERVING, refreshes(WEB) + 1),
        (BATCH.to_owned(), capacity, refreshes(BATCH)),
    ];
    played.check(
        "the instances of one group are replaced once, and the other is scaled up",
        format!("{found:?}"),
        found == expected,
    );
    Ok(())
}

/// How many instances serve that were started with this writer.
fn served(balancer: &Balancer, writer: &str) -> usize {
    let instances = balancer.instances().into_iter();
    instances
        .filter(|(_, with, serves)| *serves && with == writer)
        .count()
}

/// What a visitor reads who follows the application's name; why nothing, where nothing is read.
async fn visited(drill: &Drill<'_>, balancers: &[&Balancer]) -> String {
    let led = drill.world.addresses(CLIENT, SHOP).await;
    let mut there = balancers.iter().map(|balancer| balancer.address());
    let Some(at) = there.find(|at| led.contains(&at.ip())) else {
        return format!("nobody listens at {led:?}");
    };
    match page(at).await {
        Ok((200, text)) => text,
        Ok((status, text)) => format!("{status}: {text}"),
        Err(why) => format!("{at}: {why}"),
    }
}

fn wrote(page: &str, region: &str, writer: &str) -> bool {
    let line = first_line(page);
    line.starts_with(&format!("{region} answered, and wrote row "))
        && line.ends_with(&format!(" to {writer}"))
}

fn first_line(page: &str) -> &str {
    page.lines().next().unwrap_or_default()
}
