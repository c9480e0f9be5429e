//! What a plan's owner has in AWS besides databases: a zone, parameters, secrets and services.

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, HostedZoneConfig, ResourceRecord, ResourceRecordSet, RrType,
    Vpc, VpcRegion,
};
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use serde_json::json;

use super::{Endpoints, Secrets, Trouble, databases};
use crate::{
    emulator::Emulator,
    profile::{ECS_CLUSTER, HOME, PLAN, Profile, READER_NAME, STANDBY, TOPIC, WRITER_NAME, ZONE},
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

/// Creates everything else; the names point to the member at `home`.
pub(super) async fn create(
    emulator: &Emulator,
    profile: &Profile,
    zone_id: &str,
    home: &Endpoints,
    secrets: &Secrets,
) -> Result<(), Trouble> {
    record(emulator, profile, zone_id, WRITER_NAME, &home.writer).await?;
    record(emulator, profile, zone_id, READER_NAME, &home.reader).await?;
    for region in [HOME, STANDBY] {
        parameter(emulator, profile, region, zone_id).await?;
        secret(
            emulator,
            region,
            "orders/admin",
            databases::admin_user(),
            &secrets.admin,
        )
        .await?;
        secret(
            emulator,
            region,
            "orders/probe",
            "failover_probe",
            &secrets.probe,
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

async fn record(
    emulator: &Emulator,
    profile: &Profile,
    zone_id: &str,
    name: &str,
    endpoint: &str,
) -> Result<(), Trouble> {
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::Cname)
        .ttl(profile.dns_ttl_seconds.into())
        .resource_records(ResourceRecord::builder().value(endpoint).build()?)
        .build()?;
    let change = Change::builder()
        .action(ChangeAction::Create)
        .resource_record_set(set)
        .build()?;
    aws_sdk_route53::Client::new(&emulator.sdk_config("us-east-1"))
        .change_resource_record_sets()
        .hosted_zone_id(zone_id)
        .change_batch(ChangeBatch::builder().changes(change).build()?)
        .send()
        .await?;
    Ok(())
}

async fn parameter(
    emulator: &Emulator,
    profile: &Profile,
    region: &str,
    zone_id: &str,
) -> Result<(), Trouble> {
    aws_sdk_ssm::Client::new(&emulator.sdk_config(region))
        .put_parameter()
        .name(format!("/aurora-failover/plans/{PLAN}"))
        .value(profile.plan(zone_id).to_string())
        .r#type(ParameterType::String)
        .tier(ParameterTier::Advanced)
        .send()
        .await?;
    Ok(())
}

async fn secret(
    emulator: &Emulator,
    region: &str,
    name: &str,
    user: &str,
    password: &str,
) -> Result<(), Trouble> {
    aws_sdk_secretsmanager::Client::new(&emulator.sdk_config(region))
        .create_secret()
        .name(name)
        .secret_string(json!({"username": user, "password": password}).to_string())
        .send()
        .await?;
    Ok(())
}

/// An `api` that runs in both Regions, and a `worker` that is a pilot light in the standby's.
async fn services(emulator: &Emulator, region: &str) -> Result<(), Trouble> {
    use aws_sdk_ecs::types::ContainerDefinition;
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
                .image("orders")
                .memory(128)
                .build(),
        )
        .send()
        .await?;
    let pilot_light = if region == HOME { 1 } else { 0 };
    for (service, count) in [("api", 1), ("worker", pilot_light)] {
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
