//! The commands of the operator's tool that messages and answers print. They run as they stand: each begins in the home Region, where the
//! run is, and says what the installation's names begin with where it is not the usual.

use failover::{domain::Region, installation};

use crate::{plan::WorkloadPlan, run::WorkloadRun};

/// What the tool is called.
const TOOL: &str = "aurora-failover";

/// Some words for the tool, asked in a Region first.
fn typed(words: &str, here: &Region) -> String {
    let prefix = match installation::prefix() {
        installation::PREFIX => String::new(),
        other => format!(" --prefix {other}"),
    };
    format!("{TOOL} {words} --regions {here}{prefix}")
}

/// Says which Region serves.
pub(super) fn adopt(plan: &WorkloadPlan) -> String {
    let words = format!("adopt {} --serves {}", plan.plan, plan.recovery_region);
    typed(&words, &plan.home_region)
}

/// Answers the question of a run: yes and no.
pub(super) fn answers(run: &WorkloadRun) -> [String; 2] {
    let home = &run.plan.home_region;
    ["approve", "decline"].map(|word| typed(&format!("{word} {}", run.run_id), home))
}

/// Shows a plan's run.
pub(super) fn status(plan: &WorkloadPlan) -> String {
    typed(&format!("status {}", plan.plan), &plan.home_region)
}

/// Undoes a cut-over.
pub(super) fn revert(plan: &WorkloadPlan) -> String {
    typed(&format!("revert {}", plan.plan), &plan.home_region)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn each_is_a_command_of_the_tool_that_begins_at_home() {
        let (plan, run) = (testing::plan(), testing::run());
        let [yes, no] = answers(&run);
        assert_eq!(
            yes,
            "aurora-failover approve restore-20261121 --regions us-east-1"
        );
        assert_eq!(no, yes.replace("approve", "decline"));
        assert_eq!(
            adopt(&plan),
            "aurora-failover adopt orders --serves us-west-2 --regions us-east-1"
        );
        assert_eq!(
            [status(&plan), revert(&plan)],
            ["status", "revert"]
                .map(|word| format!("aurora-failover {word} orders --regions us-east-1"))
        );
    }
}
