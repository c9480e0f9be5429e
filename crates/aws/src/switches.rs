//! The switches in SSM's parameters.

use failover::{
    Error,
    domain::PlanName,
    switches::{KILL, Switched, Switches, maintenance},
};

use super::{Aws, client, errors::error};

impl Switched for Aws {
    async fn switches(&self, plan: &PlanName) -> Result<Switches, Error> {
        let maintenance = maintenance(plan);
        let answer = client!(self, aws_sdk_ssm, self.region)
            .get_parameters()
            .names(KILL)
            .names(&maintenance)
            .send()
            .await
            .map_err(|why| {
                let what = format!("SSM GetParameters {KILL} in {}", self.region);
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
            kill: on(KILL),
            maintenance: on(&maintenance),
        })
    }
}
