//! Plans, switches and endpoints in SSM's parameters.

use aws_sdk_ssm::types::ParameterType;
use failover::{
    Error,
    domain::{Epoch, PlanName, Region},
    plan::parameters,
    ports::{Parameter, Parameters},
    switches::{Switches, kill, maintenance},
};

use super::{Aws, client, errors::error, once};

/// What a parameter's description says before its epoch.
const EPOCH: &str = "aurora-failover: as it is in epoch ";

impl<K> Parameters for Aws<K> {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        let path = parameters();
        let mut pages = client!(self, aws_sdk_ssm, self.region)
            .get_parameters_by_path()
            .path(&path)
            .into_paginator()
            .send();
        let mut documents = Vec::new();
        while let Some(page) = pages.next().await {
            let what = format!("SSM GetParametersByPath {path} in {}", self.region);
            let parameters = page
                .map_err(|why| error(&what, &why))?
                .parameters
                .unwrap_or_default();
            documents.extend(parameters.into_iter().filter_map(|parameter| {
                let name = parameter.name?;
                let plan = name.strip_prefix(&path)?.into();
                Some((plan, parameter.value.unwrap_or_default()))
            }));
        }
        Ok(documents)
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        Box::pin(self.plan_in(&self.region, plan)).await
    }

    async fn plan_in(&self, region: &Region, plan: &PlanName) -> Result<String, Error> {
        let name = format!("{}{plan}", parameters());
        let answer = client!(self, aws_sdk_ssm, region)
            .get_parameter()
            .name(&name)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer
                .parameter
                .and_then(|parameter| parameter.value)
                .unwrap_or_default()),
            Err(why)
                if why
                    .as_service_error()
                    .is_some_and(|why| why.is_parameter_not_found()) =>
            {
                Err(Error::InvalidRequest(format!(
                    "plan {plan} is unknown in {region}: there is no parameter {name}"
                )))
            }
            Err(why) => Err(error(&format!("SSM GetParameter {name} in {region}"), &why)),
        }
    }

    async fn switches(&self, plan: &PlanName) -> Result<Switches, Error> {
        let (kill, maintenance) = (kill(), maintenance(plan));
        let answer = client!(self, aws_sdk_ssm, self.region)
            .get_parameters()
            .names(&kill)
            .names(&maintenance)
            .send()
            .await
            .map_err(|why| {
                let what = format!("SSM GetParameters {kill} in {}", self.region);
                error(&what, &why)
            })?;
        let on = |wanted: &str| {
            let found = answer
                .parameters
                .iter()
                .flatten()
                .find(|parameter| parameter.name.as_deref() == Some(wanted));
            let value = found.and_then(|parameter| parameter.value.clone());
            value.filter(|value| value.trim() != "off")
        };
        Ok(Switches {
            kill: on(&kill),
            maintenance: on(&maintenance),
        })
    }

    /// Reads the newest version with its description, which only the history shows: 100 versions at most are kept.
    async fn parameter(&self, region: &Region, name: &str) -> Result<Option<Parameter>, Error> {
        let mut pages = client!(self, aws_sdk_ssm, region)
            .get_parameter_history()
            .name(name)
            .into_paginator()
            .send();
        let mut newest = None;
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(why)
                    if why
                        .as_service_error()
                        .is_some_and(|why| why.is_parameter_not_found()) =>
                {
                    return Ok(None);
                }
                Err(why) => {
                    let what = format!("SSM GetParameterHistory {name} in {region}");
                    return Err(error(&what, &why));
                }
            };
            let versions = page.parameters.unwrap_or_default().into_iter();
            newest = newest
                .into_iter()
                .chain(versions)
                .max_by_key(|version| version.version);
        }
        Ok(newest.map(|version| Parameter {
            value: version.value.unwrap_or_default(),
            epoch: version
                .description
                .as_deref()
                .and_then(|text| text.strip_prefix(EPOCH)?.parse().ok())
                .map(Epoch),
        }))
    }

    async fn put_parameter(
        &self,
        region: &Region,
        name: &str,
        parameter: &Parameter,
    ) -> Result<(), Error> {
        let conf = once!(aws_sdk_ssm);
        let epoch = parameter.epoch.unwrap_or_default();
        client!(self, aws_sdk_ssm, region)
            .put_parameter()
            .name(name)
            .value(&parameter.value)
            .description(format!("{EPOCH}{epoch}"))
            .r#type(ParameterType::String)
            .overwrite(true)
            .customize()
            .config_override(conf)
            .send()
            .await
            .map_err(|why| error(&format!("SSM PutParameter {name} in {region}"), &why))?;
        Ok(())
    }
}
