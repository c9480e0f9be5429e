//! RDS over HTTP: the query protocol's face of the simulated control plane, and the adapter that speaks to it.

use std::{sync::Arc, time::SystemTime};

use aws::{Aws, Quotas, Settings};
use aws_config::{
    BehaviorVersion, Region, SdkConfig, stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_async::time::TimeSource;

use crate::{caller::Caller, clock::Clock};

mod answers;
mod changes;
mod connector;
mod form;
mod reads;
mod refusals;
mod shapes;
#[cfg(test)]
mod tests;
mod views;

use connector::client;

/// The time of a case, as the SDK asks for it.
#[derive(Debug)]
struct Virtual(Clock);

impl TimeSource for Virtual {
    fn now(&self) -> SystemTime {
        self.0.now().into()
    }
}

/// RDS's adapter as a function has it: retries and time-outs are those that are deployed. What is under it is the simulation.
pub(crate) fn adapters(caller: &Arc<Caller>, quotas: Quotas) -> Aws {
    let credentials = Credentials::new("AKIAEXAMPLE", "an example", None, None, "simulated");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(caller.region.0.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(client(caller.clone()))
        .time_source(Virtual(caller.shared.clock))
        .timeout_config(aws::timeouts())
        .retry_config(aws::retries())
        // Bodies come whole.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Aws::new(config, settings()).with_quotas(quotas)
}

/// Nothing beside the SDK's configuration: RDS's adapter needs none of it.
fn settings() -> Settings {
    Settings {
        ledger_table: String::new(),
        loss_bucket: None,
        machine: None,
        reach: None,
        resolver: None,
        version: None,
        ca_bundle: Default::default(),
    }
}
