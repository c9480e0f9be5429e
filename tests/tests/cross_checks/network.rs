//! The functions' roads that stacks make: to every service that is called from the VPC, and between the members' VPCs.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::{policy, template};

use crate::deploying::{answers, check, faults_of, parameters};

/// Services that a role names and that its function does not call from the VPC: Lambda makes its network interfaces and writes its
/// logs, a key is used through its service, and a sign-in is signed where the function runs.
const NOT_CALLED: [&str; 4] = ["ec2", "kms", "logs", "rds-db"];

/// Services that a planned move of a stopped writer asks of every member Region, or of no Region. No endpoint of one Region reaches
/// them: like RDS and DynamoDB of the other Regions they need the way out.
const BY_THE_WAY_OUT: [&str; 6] = [
    "autoscaling",
    "ecs",
    "elasticloadbalancing",
    "lambda",
    "route53",
    "states",
];
/// The function that asks them.
const OUT_OF_THE_VPC: &str = "aurora-failover-stop-writes";

#[test]
fn there_is_a_road_for_every_service_that_a_function_calls_from_the_vpc() {
    let roles = policy::of_members();
    let (mut called, mut out) = (BTreeSet::new(), BTreeSet::new());
    for (_, function, _) in template::member_functions() {
        if function["VpcConfig"].is_null() {
            continue;
        }
        let name = function["FunctionName"].as_str().unwrap();
        for action in roles[name].actions() {
            let (service, _) = action.split_once(':').unwrap();
            let goes_out = name == OUT_OF_THE_VPC && BY_THE_WAY_OUT.contains(&service);
            let all = if goes_out { &mut out } else { &mut called };
            if !NOT_CALLED.contains(&service) {
                all.insert(service.to_owned());
            }
        }
    }
    assert_eq!(out, BY_THE_WAY_OUT.map(str::to_owned).into());
    let mut led = template::listed("INTERFACE_SERVICES");
    led.extend(template::listed("GATEWAY_SERVICES"));
    assert_eq!(led.into_iter().collect::<BTreeSet<_>>(), called);
}

/// Answers of three members whose roads are built.
fn with_network() -> Value {
    let mut answers = answers();
    answers["network"] =
        json!({"GatewayEndpoints": ["s3"], "EgressOnlyGateway": true, "Peering": true});
    answers["everywhere"]["DualStack"] = json!(true);
    for (number, region) in ["eu-west-1", "us-east-1", "us-west-2"].iter().enumerate() {
        answers["members"][*region] = json!({
            "VpcId": format!("vpc-0123456789abcdef{number}"),
            "VpcCidrs": [format!("10.{number}.0.0/16")],
            "RouteTableIds": [format!("rtb-0123456789abcdef{number}")],
            "DatabaseRouteTableIds": [format!("rtb-0123456789abcdef{number}"), "rtb-0123456789abcdef9"]
        });
    }
    answers
}

#[test]
fn one_side_of_each_two_members_asks_for_peering_whichever_is_home() {
    for home in ["us-west-2", "eu-west-1"] {
        let mut answers = with_network();
        answers["home_region"] = json!(home);
        let deployed = parameters(&answers);
        for (region, peer, asks) in [
            ("eu-west-1", "us-east-1", "true"),
            ("us-east-1", "eu-west-1", "false"),
            ("us-east-1", "us-west-2", "true"),
            ("us-west-2", "us-east-1", "false"),
        ] {
            let stack = &deployed[region][&format!("peering-{peer}")];
            assert_eq!(stack["PeerRegion"].as_deref(), Some(peer));
            assert_eq!(stack["AsksForPeering"].as_deref(), Some(asks));
            // What the other side makes is looked for when it is there.
            assert_eq!(stack["PeeringId"].is_none(), asks == "false");
            let tables = stack["RouteTableIds"].as_deref().unwrap().split(',');
            assert_eq!(tables.count(), 2, "a table is named once");
        }
        let network = &deployed["us-east-1"]["network"];
        assert_eq!(network["GatewayEndpoints"].as_deref(), Some("s3"));
        assert_eq!(network["InterfaceEndpoints"].as_deref(), Some("none"));
        assert_eq!(network["EgressOnlyGateway"].as_deref(), Some("true"));
    }
}

#[test]
fn an_empty_list_of_a_member_leaves_out_what_the_others_have() {
    let mut answers = with_network();
    answers["members"]["us-east-1"]["GatewayEndpoints"] = json!([]);
    let deployed = parameters(&answers);
    for (region, endpoints) in [("us-east-1", "none"), ("us-west-2", "s3")] {
        let network = &deployed[region]["network"];
        assert_eq!(network["GatewayEndpoints"].as_deref(), Some(endpoints));
    }
}

fn faults(change: impl FnOnce(&mut Value)) -> String {
    faults_of(with_network(), change)
}

#[test]
fn roads_that_cannot_be_made_are_refused_before_anything_is_deployed() {
    assert!(check(&with_network()).status.success());
    for (told, fault) in [
        (
            faults(|answers| answers["network"] = json!({})),
            "network: it asks for nothing",
        ),
        (
            faults(|answers| answers["network"]["InterfaceEndpoints"] = json!(["lambda"])),
            "network.InterfaceEndpoints[0]: 'lambda' is not one of",
        ),
        (
            faults(|answers| answers["everywhere"]["DualStack"] = json!(false)),
            "members.us-west-2: EgressOnlyGateway is true and DualStack is not",
        ),
        (
            faults(|answers| answers["members"]["us-west-2"]["VpcCidrs"] = json!(["10.1.8.0/24"])),
            "VpcCidrs has 10.1.8.0/24, which overlaps 10.1.0.0/16 of us-east-1",
        ),
        (
            faults(|answers| answers["members"]["us-west-2"]["VpcCidrs"] = json!(["10.2.0.1/16"])),
            "members.us-west-2: VpcCidrs has 10.2.0.1/16, which is no CIDR block",
        ),
        (
            faults(|answers| {
                answers["members"]["us-west-2"]["VpcCidrs"] =
                    json!(["10.3.11.0/24", "10.31.1.0/24"]);
            }),
            "VpcCidrs has 10.3.11.0/24 and 10.31.1.0/24, and CloudFormation would give both one name",
        ),
        (
            faults(|answers| {
                answers["members"]["us-west-2"]["TransitGatewayId"] =
                    json!("tgw-0123456789abcdef0");
            }),
            "members.us-west-2: TransitGatewayId is there and network.Peering is true",
        ),
        (
            faults(|answers| {
                answers["members"]["us-west-2"]
                    .as_object_mut()
                    .unwrap()
                    .remove("VpcCidrs");
            }),
            "members.us-west-2: VpcCidrs is missing; the network needs it",
        ),
        (
            faults(|answers| {
                answers.as_object_mut().unwrap().remove("network");
            }),
            "members.us-west-2: RouteTableIds is for a network that is built",
        ),
    ] {
        assert!(told.contains(fault), "{fault:?} is not in\n{told}");
    }
}
