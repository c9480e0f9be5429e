//! The example's plan and answers, against what its templates make.

use std::collections::{BTreeMap, BTreeSet};

use failover::plan::{Plan, Route, read};
use serde_json::{Value, json};
use tests::template;

use super::{FOLDER, commands, templates, text};
use crate::deploying::{parameters, program, said};

fn plan() -> Plan {
    read(&text("plan.json")).unwrap_or_else(|why| panic!("{why}"))
}

/// The answers as they are, and with the plan.
fn answers() -> Value {
    template::read_at(&format!("{FOLDER}/orders.yaml"))
}

#[test]
fn the_answers_of_the_example_have_no_fault_and_its_plan_is_of_what_they_build() {
    let output = program("deploy", &text("orders.yaml"), &["--check"]);
    assert!(output.status.success(), "{}", said(&output));
    let (plan, answers) = (plan(), answers());
    let members = answers["members"].as_object().unwrap();
    let built: BTreeMap<_, _> = members
        .iter()
        .map(|(region, member)| (region.clone(), member["ClusterIdentifier"].clone()))
        .collect();
    let document: Value = serde_json::from_str(&text("plan.json")).unwrap();
    let planned = document["topology"]["members"].as_object().unwrap();
    let planned: BTreeMap<_, _> = planned
        .iter()
        .map(|(region, member)| (region.clone(), member["cluster"].clone()))
        .collect();
    assert_eq!(planned, built);
    let database = &answers["database"];
    assert_eq!(document["home_region"], answers["home_region"]);
    assert_eq!(
        document["topology"]["global_cluster"],
        database["GlobalCluster"]
    );
    assert_eq!(document["database"]["name"], database["FirstDatabase"]);
    for route in &plan.routes {
        match route {
            Route::Cname { name, .. } => {
                let zone = database["ZoneName"].as_str().unwrap();
                assert!(name.ends_with(&format!(".{zone}")));
                let given = format!("DatabaseHost={}", name);
                assert!(commands().iter().any(|command| command.contains(&given)));
            }
            Route::Ssm { parameter, .. } => {
                let given = format!("EndpointParameter={}", parameter);
                assert!(commands().iter().any(|command| command.contains(&given)));
                let allowed = answers["everywhere"]["EndpointParameterArns"].as_str();
                assert!(allowed.unwrap().ends_with(parameter));
            }
            Route::HealthSwitch { name, .. } => panic!("the example has no switch for {name}"),
        }
    }
    assert_eq!(plan.routes.len(), 2);
}

#[test]
fn the_plan_of_the_example_restarts_what_its_stacks_make_in_both_regions() {
    let templates = templates();
    let name = |of: &Value| of["Fn::Sub"].as_str().unwrap().replace("${Name}", "orders");
    let containers = &templates["containers"];
    let service = &template::resources(containers, "AWS::ECS::Service")[0].1["ServiceName"];
    let cluster = &template::resources(containers, "AWS::ECS::Cluster")[0].1["ClusterName"];
    assert_eq!(*cluster, json!({"Ref": "Name"}));
    let groups = template::resources(
        &templates["instances"],
        "AWS::AutoScaling::AutoScalingGroup",
    );
    let group = name(&groups[0].1["AutoScalingGroupName"]);
    let document: Value = serde_json::from_str(&text("plan.json")).unwrap();
    let mut regions = BTreeSet::new();
    for entry in document["services"].as_array().unwrap() {
        let kind = entry["kind"].as_str().unwrap();
        if kind == "ecs" {
            assert_eq!(entry["cluster"], "orders");
            assert_eq!(entry["services"], json!([service]));
        } else {
            let planned = &entry["groups"][0];
            let planned = planned["group"].as_str().or(planned.as_str());
            assert_eq!(planned, Some(group.as_str()));
        }
        regions.insert((
            kind.to_owned(),
            entry["region"].as_str().unwrap().to_owned(),
        ));
    }
    assert_eq!(regions.len(), 4);
    // What may be restarted is what is restarted.
    let everywhere = &answers()["everywhere"];
    let ends = |parameter: &str, name: &str| {
        let arn = everywhere[parameter].as_str().unwrap();
        assert!(arn.ends_with(name), "{arn}");
    };
    ends("EcsServiceArns", "/orders/web");
    ends("AutoScalingGroupArns", &format!("/{group}"));
    let compared = document["loss_ledger"][0]["table"].as_str();
    let program = text("application.py");
    let schema = program.split("\nSCHEMA = \"").nth(1).unwrap();
    let schema = schema.split('"').next().unwrap();
    assert_eq!(compared, Some(format!("{schema}.visits").as_str()));
    assert!(program.contains("{}.visits"));
}

/// A block's first address and its length.
fn block(text: &str) -> (u32, u32) {
    let (address, length) = text.split_once('/').unwrap();
    let address: std::net::Ipv4Addr = address.parse().unwrap();
    (address.into(), length.parse().unwrap())
}

/// The subnets' blocks of a kind, as `Fn::Cidr` cuts them out of the VPC's.
fn cut(network: &Value, vpc: &str, kind: &str) -> Vec<String> {
    let subnets = template::resources(network, "AWS::EC2::Subnet").into_iter();
    let of_kind = subnets.filter(|(id, _)| id.starts_with(kind));
    let blocks = of_kind.map(|(_, subnet)| {
        let choice = &subnet["CidrBlock"]["Fn::Select"];
        let bits = choice[1]["Fn::Cidr"][2].as_u64().unwrap();
        let (first, _) = block(vpc);
        let at = u32::try_from(choice[0].as_u64().unwrap() << bits).unwrap();
        format!("{}/{}", std::net::Ipv4Addr::from(first + at), 32 - bits)
    });
    blocks.collect()
}

#[test]
fn the_answers_of_the_example_have_the_blocks_that_its_network_cuts() {
    let network = &templates()["network"];
    let answers = answers();
    let mut applications = Vec::new();
    for (region, member) in answers["members"].as_object().unwrap() {
        let vpc = member["VpcCidrs"][0].as_str().unwrap();
        assert_eq!(
            member["FunctionCidrs"],
            json!(cut(network, vpc, "FunctionSubnet"))
        );
        applications.extend(cut(network, vpc, "PrivateSubnet"));
        let given = format!("VpcCidr={vpc}");
        let deploys = |command: &String| command.contains(&given) && command.contains(region);
        assert!(commands().iter().any(deploys), "{region}: {given}");
        // What the network prints for a member is what the answers take.
        for output in [
            "VpcId",
            "VpcCidrs",
            "SubnetIds",
            "FunctionCidrs",
            "DatabaseSubnetIds",
            "RouteTableIds",
            "DatabaseRouteTableIds",
        ] {
            assert!(
                network["Outputs"][output]["Export"].is_null() && !member[output].is_null(),
                "{output}"
            );
        }
    }
    let mut given: Vec<_> = answers["database"]["ApplicationCidrs"]
        .as_array()
        .unwrap()
        .clone();
    applications.sort();
    given.sort_by_key(Value::to_string);
    assert_eq!(json!(given), json!(applications));
    // The application writes to the other Region's database, too.
    let deployed = parameters(&answers);
    let tables = deployed["us-east-1"]["peering-us-west-2"]["RouteTableIds"].as_deref();
    assert_eq!(tables.unwrap().split(',').count(), 3);
    let private = network["Outputs"]["DatabaseRouteTableIds"]["Value"].to_string();
    assert!(private.contains("\"PrivateRoutes\""), "{private}");
}
