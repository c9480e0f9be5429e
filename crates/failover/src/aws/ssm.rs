//! Plans in SSM's parameters.

use super::{Aws, client, errors::error};
use crate::{Error, domain::PlanName, steps::recovery_ledger::Plans};

/// Where the plans lie.
const PATH: &str = "/aurora-failover/plans/";

impl Aws {
    pub(super) async fn plan_parameters(&self) -> Result<Vec<String>, Error> {
        let mut pages = client!(self, aws_sdk_ssm, self.region)
            .get_parameters_by_path()
            .path(PATH)
            .into_paginator()
            .send();
        let mut documents = Vec::new();
        while let Some(page) = pages.next().await {
            let what = format!("SSM GetParametersByPath {PATH} in {}", self.region);
            let parameters = page
                .map_err(|why| error(&what, &why))?
                .parameters
                .unwrap_or_default();
            documents.extend(
                parameters
                    .into_iter()
                    .filter_map(|parameter| parameter.value),
            );
        }
        Ok(documents)
    }
}

impl Plans for Aws {
    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        let name = format!("{PATH}{plan}");
        let answer = client!(self, aws_sdk_ssm, self.region)
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
                    "plan {plan} is unknown in {}: there is no parameter {name}",
                    self.region
                )))
            }
            Err(why) => Err(error(
                &format!("SSM GetParameter {name} in {}", self.region),
                &why,
            )),
        }
    }
}
