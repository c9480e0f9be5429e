//! ECS: looks at services and forces new deployments.

use aws_sdk_ecs::types;
use failover::{
    Error,
    domain::Region,
    ports::{Deployment, Group, Image, Service, Services},
};

use super::{Aws, autoscaling, client, ecr, errors::error, once};

impl<K> Services for Aws<K> {
    async fn service(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
    ) -> Result<Service, Error> {
        described(self, region, cluster, service)
            .await
            .map(|service| self::service(&service))
    }

    async fn images(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
    ) -> Result<Vec<String>, Error> {
        let found = described(self, region, cluster, service).await?;
        let what = format!("ECS DescribeTaskDefinition of {cluster}/{service} in {region}");
        let answer = client!(self, aws_sdk_ecs, region)
            .describe_task_definition()
            .set_task_definition(found.task_definition)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let definition = answer.task_definition;
        let containers = definition.and_then(|definition| definition.container_definitions);
        let containers = containers.into_iter().flatten();
        Ok(containers.filter_map(|container| container.image).collect())
    }

    async fn holds(&self, image: &Image) -> Result<bool, Error> {
        ecr::holds(self, image).await
    }

    async fn force_deployment(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
        desired_count: Option<u32>,
    ) -> Result<String, Error> {
        let what = format!("ECS UpdateService {cluster}/{service} in {region}");
        let answer = client!(self, aws_sdk_ecs, region)
            .update_service()
            .cluster(cluster)
            .service(service)
            .force_new_deployment(true)
            .set_desired_count(desired_count.and_then(|count| i32::try_from(count).ok()))
            .customize()
            .config_override(once!(aws_sdk_ecs))
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let deployments = answer
            .service
            .and_then(|service| service.deployments)
            .unwrap_or_default();
        let primary = deployments
            .into_iter()
            .find(|deployment| deployment.status.as_deref() == Some("PRIMARY"));
        primary
            .and_then(|deployment| deployment.id)
            .ok_or_else(|| Error::NotReady(format!("{what}: the answer names no new deployment")))
    }

    async fn scale_service(
        &self,
        region: &Region,
        cluster: &str,
        service: &str,
        count: u32,
    ) -> Result<(), Error> {
        let what = format!("ECS UpdateService {cluster}/{service} in {region}");
        client!(self, aws_sdk_ecs, region)
            .update_service()
            .cluster(cluster)
            .service(service)
            .desired_count(i32::try_from(count).unwrap_or(i32::MAX))
            .customize()
            .config_override(once!(aws_sdk_ecs))
            .send()
            .await
            .map(drop)
            .map_err(|why| error(&what, &why))
    }

    async fn group(&self, region: &Region, group: &str) -> Result<Group, Error> {
        autoscaling::group(self, region, group).await
    }

    async fn refresh_group(&self, region: &Region, group: &str) -> Result<Option<String>, Error> {
        autoscaling::refresh(self, region, group).await
    }

    async fn scale_group(&self, region: &Region, group: &str, capacity: u32) -> Result<(), Error> {
        autoscaling::scale(self, region, group, capacity).await
    }

    async fn resize_group(
        &self,
        region: &Region,
        group: &str,
        min_size: u32,
        capacity: u32,
    ) -> Result<(), Error> {
        autoscaling::resize(self, region, group, (min_size, capacity)).await
    }
}

/// A service that is there.
async fn described<K>(
    aws: &Aws<K>,
    region: &Region,
    cluster: &str,
    service: &str,
) -> Result<types::Service, Error> {
    let answer = client!(aws, aws_sdk_ecs, region)
        .describe_services()
        .cluster(cluster)
        .services(service)
        .send()
        .await
        .map_err(|why| error(&format!("ECS DescribeServices in {region}"), &why))?;
    let found = answer.services.unwrap_or_default().into_iter().next();
    let found = found.filter(|service| service.status.as_deref() != Some("INACTIVE"));
    found.ok_or_else(|| {
        Error::NotReady(format!(
            "ECS cluster {cluster} in {region} has no active service {service}"
        ))
    })
}

fn service(found: &types::Service) -> Service {
    let count = |count: i32| u32::try_from(count).unwrap_or_default();
    let deployment = |deployment: &types::Deployment| Deployment {
        id: deployment.id.clone().unwrap_or_default(),
        status: deployment.status.clone().unwrap_or_default(),
        rollout: deployment
            .rollout_state
            .as_ref()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        rollout_reason: deployment.rollout_state_reason.clone().unwrap_or_default(),
    };
    Service {
        desired_count: count(found.desired_count),
        running_count: count(found.running_count),
        is_daemon: found.scheduling_strategy == Some(types::SchedulingStrategy::Daemon),
        deployments: found.deployments.iter().flatten().map(deployment).collect(),
    }
}
