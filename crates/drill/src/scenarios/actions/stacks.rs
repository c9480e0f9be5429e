//! The stacks of a world that they built: deployed again, and what they asked RDS for.

use aurora_global::members::Members;

use crate::{
    profile::{HOME, STANDBY, cluster},
    scenario::{Drill, Played},
    scenarios::rds::control_plane,
    timeline::Kind,
    world::Trouble,
};

/// The resource ids of the members that answer: what is replaced has another one.
async fn resource_ids(drill: &Drill<'_>, regions: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for region in regions {
        let shape = control_plane(drill, region)
            .shape(&(*region).into(), cluster(region))
            .await;
        let shape = shape.ok().flatten();
        found.push(shape.map(|shape| shape.resource_id).unwrap_or_default());
    }
    found
}

/// What stacks asked RDS for since there were so many calls, without what only tags.
pub(crate) fn asked_since(drill: &Drill<'_>, count: usize) -> Vec<String> {
    let calls = drill.world.emulator.rds_calls().into_iter().skip(count);
    let is_tagging =
        |call: &String| call.contains("TagsToResource") || call.contains("TagsFromResource");
    calls.filter(|call| !is_tagging(call)).collect()
}

/// Deploys the same answers once more, changed as said; answers what the program said.
pub(crate) async fn deploy(
    drill: &Drill<'_>,
    what: &str,
    change: impl FnOnce(String) -> String,
    words: &[&str],
) -> Result<String, Trouble> {
    let text = format!("deploys again: {what}");
    drill.world.timeline.say(Kind::Run, "a human", text);
    Ok(drill.world.emulator.deploy_again(change, words).await?)
}

/// Deploys with another tag, as a team does on any day: every stack changes, nothing is replaced, and RDS is asked for tags only.
pub(crate) async fn tag_changes_nothing_else(
    drill: &Drill<'_>,
    played: &mut Played,
    (when, tag): (&str, &str),
    regions: &[&'static str],
) -> Result<(), Trouble> {
    let before = resource_ids(drill, regions).await;
    let calls = drill.world.emulator.rds_calls().len();
    let words: Vec<_> = regions
        .iter()
        .flat_map(|region| ["--region", *region])
        .collect();
    let words = if regions.len() == 2 { &[][..] } else { &words };
    let what = format!("with the tag team={tag}");
    let said = deploy(drill, &what, |answers| tagged(&answers, tag), words).await?;
    let after = resource_ids(drill, regions).await;
    let asked = asked_since(drill, calls);
    let tags = drill.world.emulator.rds_calls().len() - calls - asked.len();
    let held = before == after && asked.is_empty() && tags > 0 && !said.contains("replace");
    played.check(
        format!("{when}, stacks with another tag replace nothing and ask RDS for nothing but tags"),
        format!("{}; {tags} calls for tags, others: {asked:?}", last(&said)),
        held,
    );
    let said = deploy(drill, "the same answers", |answers| answers, words).await?;
    let nothing = said.contains("nothing changed");
    played.check(
        format!("{when}, the same answers change nothing"),
        last(&said),
        nothing,
    );
    Ok(())
}

/// The last line that the program said, which sums it up.
pub(crate) fn last(said: &str) -> &str {
    said.trim_end().lines().last().unwrap_or_default()
}

/// The answers with this tag, in place of the one that they had.
fn tagged(answers: &str, tag: &str) -> String {
    let (before, _) = answers
        .split_once("\ntags:")
        .unwrap_or((answers.trim_end(), ""));
    format!("{before}\ntags: {{team: {tag}}}\n")
}

/// Both Regions with a member.
pub(crate) const BOTH: [&str; 2] = [HOME, STANDBY];
