//! The commands of the operator's tool that messages print. They run as they stand: each begins in the Region that tells, for that one
//! answers, and says what the installation's names begin with where it is not the usual.

use crate::{
    domain::{Epoch, PlanName, Region, RunId},
    installation,
    ledger::Run,
    plan::Plan,
    switches,
};

/// What the tool is called.
const TOOL: &str = "aurora-failover";
/// What a question's token stands behind.
const TOKEN: &str = " --token '";

/// Some words for the tool, asked in a Region first.
fn typed(words: &str, here: &Region) -> String {
    let prefix = match installation::prefix() {
        installation::PREFIX => String::new(),
        other => format!(" --prefix {other}"),
    };
    format!("{TOOL} {words} --regions {here}{prefix}")
}

/// Starts, or goes on with, a run that leaves the writer's Region.
#[must_use]
pub fn failover(plan: &PlanName, to: &Region) -> String {
    typed(&format!("failover {plan} --to {to}"), to)
}

/// Shows the verdict of the moment. It begins with what keeps it from changing anything.
#[must_use]
pub fn verdict(plan: &PlanName, to: &Region) -> String {
    typed(&format!("failover --dry-run {plan} --to {to}"), to)
}

/// Shows what stands in the way of a promotion without evidence.
#[must_use]
pub fn promotion(plan: &PlanName, to: &Region, stands_at: Epoch) -> String {
    let words = format!("failover --dry-run {plan} --to {to} --force --epoch {stands_at}");
    typed(&words, to)
}

/// Moves the writer as planned; `None` where the plan's topology has no planned failover.
#[must_use]
pub fn switchover(plan: &Plan, to: &Region) -> Option<String> {
    plan.kind().runs().planned?;
    let words = format!("switchover {} --to {to}", plan.plan);
    Some(typed(&words, to))
}

/// Says what stands against a planned failover; `None` where the plan's topology has none.
#[must_use]
pub fn ready(plan: &Plan, to: &Region) -> Option<String> {
    plan.kind().runs().moving?;
    Some(typed(&format!("ready {} --to {to}", plan.plan), to))
}

/// Takes the writer home; `None` where the plan's topology has no failback.
#[must_use]
pub fn failback(plan: &Plan, here: &Region) -> Option<String> {
    plan.kind().runs().failback?;
    Some(typed(&format!("failback {}", plan.plan), here))
}

/// Adopts the writer that RDS shows.
#[must_use]
pub fn adopt(plan: &PlanName, here: &Region) -> String {
    typed(&format!("adopt {plan}"), here)
}

/// Switches off what keeps runs from acting.
#[must_use]
pub fn resume(plan: &PlanName, switch: &str, here: &Region) -> String {
    let what = if switch == switches::kill() {
        "--all"
    } else {
        plan.as_str()
    };
    typed(&format!("resume {what}"), here)
}

/// Shows how far a run is.
#[must_use]
pub fn run(run: &Run) -> String {
    let (name, plan) = (&run.run_id, run.name());
    typed(&format!("run {name} --plan {plan}"), &run.to)
}

/// Shows what ran.
#[must_use]
pub fn history(plan: &PlanName, here: &Region) -> String {
    typed(&format!("history {plan}"), here)
}

/// Shows what stands open of a deposed writer.
#[must_use]
pub fn fence(plan: &PlanName, region: &Region) -> String {
    typed(&format!("fence --dry-run {plan} --region {region}"), region)
}

/// Writes a plan's document, which is taken to have the plan's name.
#[must_use]
pub fn put(plan: &PlanName, here: &Region) -> String {
    typed(&format!("plan put {plan}.json"), here)
}

/// Answers the question of a run: yes and no.
#[must_use]
pub fn answers(run: &RunId, token: &str, here: &Region) -> [String; 2] {
    ["approve", "decline"].map(|word| typed(&format!("{word} {run}{TOKEN}{token}'"), here))
}

/// The token in a message, or in several the last one's.
#[must_use]
pub fn token(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once(TOKEN)?;
    Some(rest.split_once('\'')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_begins_in_the_region_that_tells() {
        let (plan, here) = ("orders".into(), "us-east-1".into());
        assert_eq!(
            failover(&plan, &here),
            "aurora-failover failover orders --to us-east-1 --regions us-east-1"
        );
        assert_eq!(
            fence(&plan, &here),
            "aurora-failover fence --dry-run orders --region us-east-1 --regions us-east-1"
        );
    }

    #[test]
    fn the_kill_switch_is_of_every_plan_and_the_other_of_one() {
        let (plan, here) = ("orders".into(), "us-east-1".into());
        let of = |switch: &str| resume(&plan, switch, &here);
        assert!(of(&switches::kill()).contains(" resume --all "));
        assert!(of(&switches::maintenance(&plan)).contains(" resume orders "));
    }

    #[test]
    fn the_token_of_a_question_is_read_from_its_answers() {
        let [yes, no] = answers(&"a".into(), "AAA=", &"us-east-1".into());
        assert_eq!(
            yes,
            "aurora-failover approve a --token 'AAA=' --regions us-east-1"
        );
        assert_eq!([token(&yes), token(&no)], [Some("AAA="), Some("AAA=")]);
        assert_eq!(token("nobody asks"), None);
    }
}
