//! What the tool asks of an AWS account. This file and its folder alone name an SDK.
//!
//! Here and in `account/` is all that the tool can do: it reads, it calls functions, it starts the machines of workloads, it writes
//! switches and plans, and it answers questions. No ledger is written, and RDS is only asked.

mod databases;
mod executions;
mod functions;
mod losses;
mod parameters;
mod workloads;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use ::aws::{Aws as Adapters, Settings, error};
use aws_config::{
    BehaviorVersion, Region as SdkRegion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ssm::config::ProvideCredentials as _;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, PlanState, Run},
    ports::Ledger as _,
};

pub use databases::{Database, GlobalDatabase, Tagged};
pub use executions::Execution;
pub use functions::Said;

use crate::RunSummary;

/// A connection that is not there after this long will not come.
const CONNECT: Duration = Duration::from_secs(1);
/// One attempt at a read.
const ATTEMPT: Duration = Duration::from_millis(2500);
/// A read with all its attempts.
const READ: Duration = Duration::from_secs(6);
/// How many pages of runs are read, each up to a megabyte of records.
const RUN_PAGES_MAX: usize = 20;

/// The runs of a ledger.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listed {
    /// Those that could be read.
    pub runs: Vec<RunSummary>,
    /// Why others could not, one sentence each.
    pub unread: Vec<String>,
}

/// An account with its Regions.
#[derive(Debug)]
pub struct Account {
    config: SdkConfig,
    ledger_table: String,
}

impl Account {
    /// The account of the environment, or of the profile. A `region` that is given need not be found out.
    pub async fn from_env(region: Option<&Region>, ledger_table: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(READ)
            .build();
        // One client for all services and Regions: each of its own would read the certificates to trust anew.
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(2));
        // Finding out one's own may take seconds.
        if let Some(region) = region {
            loader = loader.region(SdkRegion::new(region.0.clone()));
        }
        Self::new(loader.load().await, ledger_table)
    }

    /// The account of a configuration.
    #[must_use]
    pub fn new(config: SdkConfig, ledger_table: &str) -> Self {
        Self {
            config,
            ledger_table: ledger_table.to_owned(),
        }
    }

    /// The Region that the environment or the profile names.
    #[must_use]
    pub fn region(&self) -> Option<Region> {
        let region = self.config.region()?;
        Some(Region(region.to_string()))
    }

    /// Whether there is somebody to call AWS as.
    ///
    /// # Errors
    /// One sentence that says how to become somebody.
    pub async fn has_credentials(&self) -> Result<(), String> {
        let fix = "log in, or set AWS_PROFILE to a profile that can";
        let Some(provider) = self.config.credentials_provider() else {
            return Err(format!("there are no AWS credentials; {fix}"));
        };
        let provided = provider.provide_credentials().await;
        provided
            .map(drop)
            .map_err(|why| format!("there are no AWS credentials ({why}); {fix}"))
    }

    fn of(&self, region: &Region) -> SdkConfig {
        let region = SdkRegion::new(region.0.clone());
        self.config.to_builder().region(region).build()
    }

    /// The adapters that the functions use, in a Region.
    fn adapters(&self, region: &Region) -> Adapters {
        let settings = Settings {
            ledger_table: self.ledger_table.clone(),
            loss_bucket: None,
            machine: None,
            reach: None,
            resolver: None,
            version: None,
            ca_bundle: PathBuf::new(),
        };
        Adapters::new(self.of(region), settings)
    }

    /// Every plan that the Region's probe kept.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        self.adapters(region).all_known(region).await
    }

    /// A plan's row in the Region's ledger.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        self.adapters(region).row(region, plan).await
    }

    /// What the Region's probe last saw.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn vantage(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> Result<Option<Vantage>, Error> {
        self.adapters(region).vantage(region, plan).await
    }

    /// A run's whole record, where the Region's ledger holds one.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<Run>, Error> {
        self.adapters(region).run(region, plan, run_id).await
    }

    /// The runs of a plan that the Region's ledger holds.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn runs(&self, region: &Region, plan: &PlanName) -> Result<Listed, Error> {
        let what = format!("reading the runs of {plan} from the ledger in {region}");
        // A name that DynamoDB keeps for itself stands in no path.
        let placed = |name: &str| format!("#f_{name}");
        let paths = RunSummary::FIELDS.iter();
        let names: BTreeSet<&str> = paths.clone().flat_map(|path| path.split('.')).collect();
        let wanted = paths.map(|path| {
            let parts: Vec<_> = path.split('.').map(placed).collect();
            format!("#body.{}", parts.join("."))
        });
        let wanted: Vec<_> = wanted.collect();
        let mut query = aws_sdk_dynamodb::Client::new(&self.of(region))
            .query()
            .table_name(&self.ledger_table)
            .key_condition_expression("#plan = :plan AND begins_with(#item, :run)")
            .projection_expression(wanted.join(", "))
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_names("#item", "item")
            .expression_attribute_names("#body", "body")
            .expression_attribute_values(":plan", AttributeValue::S(plan.0.clone()))
            .expression_attribute_values(":run", AttributeValue::S("run/".to_owned()));
        for name in names {
            query = query.expression_attribute_names(placed(name), name);
        }
        let mut pages = query.into_paginator().send();
        let mut listed = Listed::default();
        for _ in 0..RUN_PAGES_MAX {
            let Some(page) = pages.next().await else {
                return Ok(listed);
            };
            let items = page.map_err(|why| error(&what, &why))?.items;
            let bodies = items
                .into_iter()
                .flatten()
                .filter_map(|mut item| item.remove("body"));
            for body in bodies {
                match serde_dynamo::from_attribute_value(body) {
                    Ok(run) => listed.runs.push(run),
                    Err(why) => listed.unread.push(format!("{what}: {why}")),
                }
            }
        }
        if pages.next().await.is_some() {
            listed.unread.push(format!(
                "{what}: there are more than {RUN_PAGES_MAX} pages of them, and the rest was not read"
            ));
        }
        Ok(listed)
    }
}
