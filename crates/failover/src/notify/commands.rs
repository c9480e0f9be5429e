//! The commands of the AWS CLI that messages and answers print, for what the operator's tool does not do. They run as they stand under
//! versions 1 and 2 of it.

use serde_json::Value;

use crate::{
    domain::{Epoch, Region},
    installation,
    plan::{Phase, Plan},
};

/// Starts a state machine in a Region.
fn start(plan: &Plan, region: &Region, machine: &str, input: &Value) -> String {
    let (partition, account) = whose(plan);
    format!(
        "aws stepfunctions start-execution --region {region} --state-machine-arn \
         arn:{partition}:states:{region}:{account}:stateMachine:{} --input '{input}'",
        installation::named(machine)
    )
}

/// Calls a function in a Region. Version 2 of the CLI takes a blob as base64 unless it comes from a file, and an answer that goes
/// to a redirected standard output is overwritten by what the CLI says of it.
#[must_use]
pub fn invoke(region: &Region, function: &str, payload: &Value) -> String {
    format!(
        "echo '{payload}' | aws lambda invoke --region {region} --function-name {} \
         --payload fileb:///dev/stdin answer.json && cat answer.json",
        installation::named(function)
    )
}

/// Starts the planned failover to the Region, also where it has the writer already; `None` where the plan's topology has none.
#[must_use]
pub fn planned(plan: &Plan, to: &Region) -> Option<String> {
    let input = serde_json::json!({"plan": plan.plan});
    let machine = plan.kind().runs().planned?;
    Some(start(plan, to, machine, &input))
}

/// Starts the failback to the Region, also where it has the writer already; `None` where the plan's topology has none.
#[must_use]
pub fn failback(plan: &Plan, home: &Region) -> Option<String> {
    let input = serde_json::json!({"plan": plan.plan});
    let machine = plan.kind().runs().failback?;
    Some(start(plan, home, machine, &input))
}

/// Asks a Region's probe for one look.
#[must_use]
pub fn look(plan: &Plan, region: &Region) -> String {
    let payload = serde_json::json!({"operation": "confirm", "plan": plan.plan});
    invoke(region, "health-probe", &payload)
}

/// Proves a promoted writer by hand.
#[must_use]
pub fn prove(plan: &Plan, here: &Region, stands_at: Epoch) -> String {
    // Where no heart beats, whoever forces it says that the writer takes writes.
    let operation = match plan.has_heart() {
        true => "prove",
        false => "prove_approved",
    };
    force(plan, here, ("health-probe", Some(operation)), stands_at)
}

/// Forces a pass of a function, in one of its jobs where it has several.
#[must_use]
pub fn force(
    plan: &Plan,
    here: &Region,
    (function, operation): (&str, Option<&str>),
    stands_at: Epoch,
) -> String {
    let force = format!("{}@{stands_at}", plan.plan);
    let mut payload = serde_json::json!({"plan": plan.plan, "force": force});
    if let Some(operation) = operation {
        payload["operation"] = operation.into();
    }
    invoke(here, function, &payload)
}

/// Calls the function that the plan names for a phase, once, in a Region.
#[must_use]
pub fn hook(plan: &Plan, here: &Region, phase: Phase, stands_at: Epoch) -> String {
    let force = format!("{}@{stands_at}", plan.plan);
    let payload = serde_json::json!({"plan": plan.plan, "phase": phase, "force": force});
    invoke(here, "call-hook", &payload)
}

/// Partition and account, as the plan's topics tell them; whoever is told has one.
fn whose(plan: &Plan) -> (String, String) {
    let topic = plan.notify.values().next();
    let mut parts = topic.map_or("", String::as_str).split(':').skip(1);
    let partition = parts.next().unwrap_or("aws").to_owned();
    let account = parts.nth(2).unwrap_or("ACCOUNT").to_owned();
    (partition, account)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let mut plan = crate::testing::run().plan;
        let topic = "arn:aws-cn:sns:cn-north-1:123456789012:orders-alerts";
        plan.notify = [("us-east-1".into(), topic.into())].into();
        plan
    }

    #[test]
    fn a_command_names_the_accounts_own_machine() {
        assert_eq!(
            planned(&plan(), &"us-east-1".into()).unwrap(),
            "aws stepfunctions start-execution --region us-east-1 --state-machine-arn \
             arn:aws-cn:states:us-east-1:123456789012:stateMachine:aurora-failover-planned-failover \
             --input '{\"plan\":\"orders\"}'"
        );
    }

    #[test]
    fn a_payload_comes_from_a_file_so_that_both_versions_of_the_cli_take_it() {
        assert_eq!(
            prove(&plan(), &"us-east-1".into(), Epoch(1)),
            "echo '{\"force\":\"orders@1\",\"operation\":\"prove\",\"plan\":\"orders\"}' | aws lambda invoke --region \
             us-east-1 --function-name aurora-failover-health-probe --payload fileb:///dev/stdin answer.json && cat answer.json"
        );
    }
}
