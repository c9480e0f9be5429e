//! Whether services of a Region are at none, or have what they had.

use crate::{
    scenario::{Drill, Played, RUN},
    scenarios::rds::tasks,
    world::Trouble,
};

/// What `api` and the group of Auto Scaling that runs everywhere have in a Region: tasks, the least and the wanted size.
pub(crate) type Sizes = (i32, (i32, i32));

/// Both where nobody has stopped them.
pub(crate) const RUNNING: Sizes = (1, (1, 2));
/// Both where a move has left them.
pub(crate) const NONE: Sizes = (0, (0, 0));

/// What they have now.
pub(crate) async fn sizes(drill: &Drill<'_>, region: &str) -> Result<Sizes, Trouble> {
    let tasks = tasks(drill, region, "api").await;
    Ok((tasks, drill.world.web_group(region).await?))
}

/// The services of a Region come to have this much.
pub(crate) async fn come_to(
    drill: &Drill<'_>,
    played: &mut Played,
    (region, expected): (&str, Sizes),
    what: &str,
) -> Result<(), Trouble> {
    let is_so = async || {
        sizes(drill, region)
            .await
            .is_ok_and(|found| found == expected)
    };
    drill.until(RUN, what, is_so).await;
    let (tasks, (least, wanted)) = sizes(drill, region).await?;
    played.check(
        format!("{what} in {region}"),
        format!("{tasks} task(s), {wanted} instance(s), {least} at least"),
        (tasks, (least, wanted)) == expected,
    );
    Ok(())
}
