//! What hosts, volumes and snapshots are told apart by on their way home: tags, names and tokens, alike in every pass.

use failover::domain::{PlanName, stable_hash};

use crate::hosts::Tags;

pub use crate::kinds::databases::names::{EPOCH_TAG, RIGHTS_TAG, RUN_TAG};

/// The tag that says of which plan something is.
pub const PLAN_TAG: &str = "aurora-failover:plan";
/// The tag that says which resource of the plan something is of.
pub const RESOURCE_TAG: &str = "aurora-failover:resource";
/// The tag that says what something is for: a round of copies, `volume`, `twin`, `host`, `point`.
pub const ROLE_TAG: &str = "aurora-failover:role";
/// The tag that says which device of the host something is for.
pub const DEVICE_TAG: &str = "aurora-failover:device";
/// The tag that says which snapshot something is a copy of.
pub const SOURCE_TAG: &str = "aurora-failover:copy-of";
/// The tag of a volume that was detached and kept: which volume is in its place.
pub const REPLACED_TAG: &str = "aurora-failover:replaced-by";

/// What a new volume of home is for.
pub const VOLUME: &str = "volume";
/// What a rehearsal's host is for.
pub const TWIN: &str = "twin";
/// What a host is for that was made anew.
pub const HOST: &str = "host";
/// What the new home's first recovery point is for.
pub const POINT: &str = "point";

/// What a round of copies is for.
#[must_use]
pub fn round(round: u32) -> String {
    format!("round-{round}")
}

/// The tags of all that any run has made for a resource of a plan.
#[must_use]
pub fn of_resource(plan: &PlanName, resource: &str) -> Tags {
    tags([(PLAN_TAG, plan.as_str()), (RESOURCE_TAG, resource)])
}

/// The tags by which what one run has made is found again.
#[must_use]
pub fn of_run(plan: &PlanName, resource: &str, run: &str) -> Tags {
    let mut all = of_resource(plan, resource);
    all.insert(RUN_TAG.to_owned(), run.to_owned());
    all
}

/// Tags of that text.
#[must_use]
pub fn tags<const N: usize>(all: [(&str, &str); N]) -> Tags {
    let all = all.into_iter();
    all.map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// Tags of something at home as its successor gets them: without those of AWS, which nobody may give, and without marks of earlier runs.
#[must_use]
pub fn inherited(tags: &Tags) -> Tags {
    let ours = |key: &str| key.starts_with("aws:") || key.starts_with("aurora-failover:");
    let kept = tags.iter().filter(|(key, _)| !ours(key));
    kept.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// What makes a second call answer what the first one made: 64 characters at most.
/// Source: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>.
#[must_use]
pub fn token(run: &str, resource: &str, what: &str) -> String {
    let text = format!("{run}/{resource}/{what}");
    format!("aurora-failover-{:016x}", stable_hash(&text))
}

/// The name of the image that a rehearsal's twin, or a host made anew, is launched of.
#[must_use]
pub fn image(resource: &str, role: &str, run: &str) -> String {
    let hash = stable_hash(run);
    format!("aurora-failover-{resource}-{role}-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_successor_inherits_has_neither_aws_tags_nor_ours() {
        let tags = [
            ("Name", "web"),
            ("aws:autoscaling:groupName", "web"),
            (RUN_TAG, "an-earlier-run"),
        ];
        let tags: Tags = tags.map(|(key, value)| (key.into(), value.into())).into();
        let name = (String::from("Name"), String::from("web"));
        assert_eq!(inherited(&tags), Tags::from([name]));
    }

    #[test]
    fn a_token_fits_and_tells_run_resource_and_device_apart() {
        let one = token("run-1", "web-1", "/dev/sdf");
        assert!(one.len() <= 64, "{one}");
        assert_eq!(one, token("run-1", "web-1", "/dev/sdf"));
        for other in [
            token("run-2", "web-1", "/dev/sdf"),
            token("run-1", "web-2", "/dev/sdf"),
            token("run-1", "web-1", "/dev/sdg"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn the_name_of_an_image_fits_what_ec2_takes() {
        // Source: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html>.
        let name = image(&"r".repeat(40), TWIN, &"r".repeat(80));
        assert!((3..=128).contains(&name.len()), "{name}");
    }
}
