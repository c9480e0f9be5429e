//! What is about to change databases or logins by itself: blue/green deployments, and secrets that rotate.

use jiff::Timestamp;

use super::{Aws, client, errors::error};
use crate::{
    Error,
    domain::Region,
    steps::planned_failover::{BlueGreen, Rotation, Upcoming},
};

impl Upcoming for Aws {
    async fn blue_green(&self, region: &Region) -> Result<Vec<BlueGreen>, Error> {
        let what = format!("RDS DescribeBlueGreenDeployments in {region}");
        let mut pages = client!(self, aws_sdk_rds, region)
            .describe_blue_green_deployments()
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|why| error(&what, &why))?;
            let deployments = page.blue_green_deployments.unwrap_or_default().into_iter();
            found.extend(deployments.map(|one| BlueGreen {
                name: one.blue_green_deployment_name.unwrap_or_default(),
                source: one.source.unwrap_or_default(),
                status: one.status.unwrap_or_default(),
            }));
        }
        Ok(found)
    }

    async fn rotation(&self, secret: &str) -> Result<Rotation, Error> {
        let what = format!("SecretsManager DescribeSecret {secret} in {}", self.region);
        let answer = client!(self, aws_sdk_secretsmanager, self.region)
            .describe_secret()
            .secret_id(secret)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let next = answer
            .next_rotation_date
            .filter(|_| answer.rotation_enabled == Some(true));
        Ok(Rotation {
            next_at: next.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            primary_region: answer.primary_region.map(Region),
        })
    }
}
