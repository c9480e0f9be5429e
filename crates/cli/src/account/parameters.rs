//! Plans and switches: the parameters of an installation in each Region.

use std::collections::BTreeMap;

use ::aws::error;
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use failover::{
    Error,
    domain::{PlanName, Region},
    installation,
    switches::{kill, maintenance},
};

use super::Account;

impl Account {
    /// Every parameter of the installation in a Region, by its name: plans and switches.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn parameters(&self, region: &Region) -> Result<BTreeMap<String, String>, Error> {
        let path = installation::parameter("");
        let what = format!("SSM GetParametersByPath {path} in {region}");
        let mut pages = aws_sdk_ssm::Client::new(&self.of(region))
            .get_parameters_by_path()
            .path(path)
            .recursive(true)
            .into_paginator()
            .send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let parameters = page.map_err(|why| error(&what, &why))?.parameters;
            let named = parameters.into_iter().flatten();
            found.extend(named.filter_map(|one| one.name.zip(one.value)));
        }
        Ok(found)
    }

    /// Writes a switch in a Region: that of a plan, or the one for all.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn put_switch(
        &self,
        region: &Region,
        plan: Option<&PlanName>,
        says: &str,
    ) -> Result<(), Error> {
        let name = plan.map_or_else(kill, maintenance);
        self.put(region, &name, (says, ParameterTier::Standard))
            .await
    }

    /// Writes a plan's document into its parameter in a Region. Up to 4 KB it is a Standard parameter, which costs nothing.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn put_plan(
        &self,
        region: &Region,
        parameter: &str,
        text: &str,
    ) -> Result<(), Error> {
        let tier = ParameterTier::IntelligentTiering;
        self.put(region, parameter, (text, tier)).await
    }

    async fn put(
        &self,
        region: &Region,
        name: &str,
        (value, tier): (&str, ParameterTier),
    ) -> Result<(), Error> {
        let what = format!("SSM PutParameter {name} in {region}");
        aws_sdk_ssm::Client::new(&self.of(region))
            .put_parameter()
            .name(name)
            .value(value)
            .r#type(ParameterType::String)
            .tier(tier)
            .overwrite(true)
            .send()
            .await
            .map(drop)
            .map_err(|why| error(&what, &why))
    }
}
