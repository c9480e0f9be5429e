//! What a plan's owner has in AWS besides databases: a zone, parameters, secrets and services.

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, HostedZoneConfig, ResourceRecord, ResourceRecordSet, RrType,
    Vpc, VpcRegion,
};
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use failover::{
    installation::parameter,
    switches::{kill, maintenance},
};
use serde_json::{Value, json};

use std::collections::HashMap;

use super::{Members, Secrets, Trouble, databases, groups, ledgers::table};
use crate::{
    emulator::Emulator,
    profile::{
        ACCOUNT, ECS_CLUSTER, GLOBAL_PARAMETER, HOME, INVOICES, PARAMETER, PLAN, PLANS, Profile,
        TOPIC, ZONE, names, pilot_light,
    },
};

/// Creates the private zone; answers its id.
pub(super) async fn zone(emulator: &Emulator) -> Result<String, Trouble> {
    let answer = aws_sdk_route53::Client::new(&emulator.sdk_config("us-east-1"))
        .create_hosted_zone()
        .name(ZONE)
        .caller_reference("drill")
        .hosted_zone_config(HostedZoneConfig::builder().private_zone(true).build())
        .vpc(
            Vpc::builder()
                .vpc_region(VpcRegion::UsWest2)
                .vpc_id("vpc-0123456789abcdef0")
                .build(),
        )
        .send()
        .await?;
    let id = answer
        .hosted_zone
        .map(|zone| zone.id)
        .ok_or("the zone was created without an id")?;
    Ok(id.trim_start_matches("/hostedzone/").to_owned())
}

/// The private zone that a stack made.
pub(super) async fn zone_made(emulator: &Emulator) -> Result<String, Trouble> {
    let answer = aws_sdk_route53::Client::new(&emulator.sdk_config("us-east-1"))
        .list_hosted_zones()
        .send()
        .await?;
    let name = format!("{ZONE}.");
    let zone = answer
        .hosted_zones
        .into_iter()
        .find(|zone| zone.name == name);
    let id = zone.ok_or("no stack made the zone")?.id;
    Ok(id.trim_start_matches("/hostedzone/").to_owned())
}

/// The passwords that a stack made, the same in every member Region.
pub(super) async fn secrets_made(
    emulator: &Emulator,
    regions: &[&str],
) -> Result<Secrets, Trouble> {
    let mut passwords = Vec::new();
    for whose in ["admin", "probe", "app"] {
        let mut made = Vec::new();
        for region in regions {
            let answer = aws_sdk_secretsmanager::Client::new(&emulator.sdk_config(region))
                .get_secret_value()
                .secret_id(format!("{PLAN}/{whose}"))
                .send()
                .await?;
            let text = answer.secret_string.unwrap_or_default();
            let login: Value = serde_json::from_str(&text)?;
            made.push(login["password"].as_str().unwrap_or_default().to_owned());
        }
        made.dedup();
        let [password] = made.as_slice() else {
            return Err(format!("the secret {PLAN}/{whose} differs from Region to Region").into());
        };
        passwords.push(password.clone());
    }
    let mut passwords = passwords.into_iter();
    let mut next = || passwords.next().unwrap_or_default();
    Ok(Secrets {
        admin: next(),
        probe: next(),
        app: next(),
        ..Secrets::new()
    })
}

/// Creates what stays the same from one world to the next: secrets, services and topics.
pub(super) async fn create(
    emulator: &Emulator,
    regions: &[&str],
    secrets: &Secrets,
) -> Result<(), Trouble> {
    for region in regions.iter().copied() {
        secret(
            emulator,
            region,
            "orders/admin",
            databases::admin_user(),
            (&secrets.rotated_out, &secrets.admin),
        )
        .await?;
        secret(
            emulator,
            region,
            "orders/probe",
            "failover_probe",
            (&secrets.rotated_out, &secrets.probe),
        )
        .await?;
        services(emulator, region).await?;
        aws_sdk_sns::Client::new(&emulator.sdk_config(region))
            .create_topic()
            .name(TOPIC)
            .send()
            .await?;
    }
    Ok(())
}

/// Makes everything as it is before a plan's first day: names that point to the members at home, the plans' documents in their
/// Regions, no switch, no ledger, and the pilot light out.
pub(super) async fn reset(
    emulator: &Emulator,
    profile: &Profile,
    zone_id: &str,
    endpoints: &HashMap<String, Members>,
    regions: &[&str],
) -> Result<(), Trouble> {
    records(emulator, profile, zone_id, endpoints).await?;
    for region in regions.iter().copied() {
        let config = emulator.sdk_config(region);
        let ssm = aws_sdk_ssm::Client::new(&config);
        for plan in PLANS {
            if profile.plans.contains(&plan) && profile.members.contains(&region) {
                put_plan(emulator, region, plan, &profile.plan(plan, zone_id)).await?;
            } else {
                let name = parameter(&format!("plans/{plan}"));
                ssm.delete_parameters().names(name).send().await?;
            }
        }
        ssm.delete_parameters()
            .names(kill())
            .names(PARAMETER)
            .names(maintenance(&PLAN.into()))
            .send()
            .await?;
        if !profile.from_nothing {
            ssm.delete_parameters()
                .names(GLOBAL_PARAMETER)
                .send()
                .await?;
        }
        empty_ledger(&config).await?;
        groups::reset(&config, region).await?;
        for (service, count) in [("api", 1), ("worker", pilot_light(region))] {
            aws_sdk_ecs::Client::new(&config)
                .update_service()
                .cluster(ECS_CLUSTER)
                .service(service)
                .desired_count(count)
                .send()
                .await?;
        }
    }
    Ok(())
}

/// Writes a plan's document in one Region.
pub(super) async fn put_plan(
    emulator: &Emulator,
    region: &str,
    plan: &str,
    document: &Value,
) -> Result<(), Trouble> {
    aws_sdk_ssm::Client::new(&emulator.sdk_config(region))
        .put_parameter()
        .name(parameter(&format!("plans/{plan}")))
        .value(document.to_string())
        .r#type(ParameterType::String)
        .tier(ParameterTier::IntelligentTiering)
        .overwrite(true)
        .send()
        .await?;
    Ok(())
}

async fn empty_ledger(config: &aws_config::SdkConfig) -> Result<(), Trouble> {
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let mut pages = dynamodb
        .scan()
        .table_name(table())
        .projection_expression("#p, #i")
        .expression_attribute_names("#p", "plan")
        .expression_attribute_names("#i", "item")
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        for key in page?.items.unwrap_or_default() {
            dynamodb
                .delete_item()
                .table_name(table())
                .set_key(Some(key))
                .send()
                .await?;
        }
    }
    Ok(())
}

/// Every plan's names lead to its member at home; what else the zone held of a plan goes.
async fn records(
    emulator: &Emulator,
    profile: &Profile,
    zone_id: &str,
    endpoints: &HashMap<String, Members>,
) -> Result<(), Trouble> {
    let route53 = aws_sdk_route53::Client::new(&emulator.sdk_config("us-east-1"));
    let present = route53
        .list_resource_record_sets()
        .hosted_zone_id(zone_id)
        .send()
        .await?
        .resource_record_sets;
    let change = |action, set| {
        Change::builder()
            .action(action)
            .resource_record_set(set)
            .build()
    };
    let mut batch = ChangeBatch::builder();
    let old = present
        .into_iter()
        .filter(|set| matches!(set.r#type, RrType::Cname | RrType::Txt));
    for set in old {
        batch = batch.changes(change(ChangeAction::Delete, set)?);
    }
    let named = endpoints.iter().flat_map(|(plan, members)| {
        let ([writer, reader], home) = (names(plan), &members[HOME]);
        [(writer, &home.writer), (reader, &home.reader)]
    });
    for (name, endpoint) in named {
        let set = ResourceRecordSet::builder()
            .name(name)
            .r#type(RrType::Cname)
            .ttl(profile.dns_ttl_seconds.into())
            .resource_records(ResourceRecord::builder().value(endpoint).build()?)
            .build()?;
        batch = batch.changes(change(ChangeAction::Create, set)?);
    }
    route53
        .change_resource_record_sets()
        .hosted_zone_id(zone_id)
        .change_batch(batch.build()?)
        .send()
        .await?;
    Ok(())
}

/// A secret that was rotated once: its second version is current, the first one opens nothing any more.
async fn secret(
    emulator: &Emulator,
    region: &str,
    name: &str,
    user: &str,
    (before, password): (&str, &str),
) -> Result<(), Trouble> {
    aws_sdk_secretsmanager::Client::new(&emulator.sdk_config(region))
        .create_secret()
        .name(name)
        .secret_string(login(user, before))
        .send()
        .await?;
    put_login(emulator, region, name, (user, password)).await
}

fn login(user: &str, password: &str) -> String {
    json!({"username": user, "password": password}).to_string()
}

/// Makes a login the current version of a secret.
pub(super) async fn put_login(
    emulator: &Emulator,
    region: &str,
    name: &str,
    (user, password): (&str, &str),
) -> Result<(), Trouble> {
    aws_sdk_secretsmanager::Client::new(&emulator.sdk_config(region))
        .put_secret_value()
        .secret_id(name)
        .secret_string(login(user, password))
        .send()
        .await?;
    Ok(())
}

/// The repository and the tag of every service's image.
const IMAGE: (&str, &str) = ("orders", "1");

/// The image of every service of a Region, in that Region's registry.
fn image(region: &str) -> String {
    let (repository, tag) = IMAGE;
    format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}")
}

/// Makes the registry of a Region that holds the services' image.
async fn registry(emulator: &Emulator, region: &str) -> Result<(), Trouble> {
    let (repository, tag) = IMAGE;
    let ecr = aws_sdk_ecr::Client::new(&emulator.sdk_config(region));
    let make = ecr.create_repository().repository_name(repository);
    make.send().await?;
    let put = ecr.put_image().repository_name(repository).image_tag(tag);
    put.image_manifest(r#"{"schemaVersion": 2}"#).send().await?;
    Ok(())
}

/// Takes the services' image out of the registry of a Region.
pub(super) async fn take_image(emulator: &Emulator, region: &str) -> Result<(), Trouble> {
    use aws_sdk_ecr::types::ImageIdentifier;
    let (repository, tag) = IMAGE;
    aws_sdk_ecr::Client::new(&emulator.sdk_config(region))
        .batch_delete_image()
        .repository_name(repository)
        .image_ids(ImageIdentifier::builder().image_tag(tag).build())
        .send()
        .await?;
    Ok(())
}

/// An `api` and the second plan's service, which run in every Region, and a `worker` that is a pilot light where no writer is.
pub(super) async fn services(emulator: &Emulator, region: &str) -> Result<(), Trouble> {
    use aws_sdk_ecs::types::ContainerDefinition;
    registry(emulator, region).await?;
    groups::create(emulator, region).await?;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(region));
    ecs.create_cluster()
        .cluster_name(ECS_CLUSTER)
        .send()
        .await?;
    ecs.register_task_definition()
        .family("orders")
        .container_definitions(
            ContainerDefinition::builder()
                .name("orders")
                .image(image(region))
                .memory(128)
                .build(),
        )
        .send()
        .await?;
    for (service, count) in [("api", 1), (INVOICES, 1), ("worker", pilot_light(region))] {
        ecs.create_service()
            .cluster(ECS_CLUSTER)
            .service_name(service)
            .task_definition("orders")
            .desired_count(count)
            .send()
            .await?;
    }
    Ok(())
}
