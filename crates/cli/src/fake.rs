//! An account for tests, as AWS's own protocols show it: what each Region holds, and which of them is dead.

mod asked;
mod fixtures;
mod objects;
pub(crate) mod rds;
mod wire;
mod workloads;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig, retry::RetryConfig};
use aws_sdk_ssm::config::{Credentials, HttpClient, IntoShared as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use failover::{
    beat::Vantage,
    domain::Region,
    ledger::{KeptPlan, Losses, PlanState, Run},
};
use serde_json::{Value, json};
use workload::{row::Row, run::WorkloadRun};

use asked::Asked;
pub(crate) use fixtures::{
    HOME, OTHER, TEXT, VERSION, before, now, plan, reached, record, row, run, vantage,
};
use wire::{items, wire};

use crate::{
    RunSummary,
    account::{Account, Said},
    arguments::Output,
    desk::Desk,
    terminal::Terminal,
};

/// What one Region holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) known: Vec<KeptPlan>,
    pub(crate) row: Option<PlanState>,
    pub(crate) vantage: Option<Vantage>,
    pub(crate) runs: Vec<RunSummary>,
    /// Whole records of runs.
    pub(crate) records: Vec<Run>,
    /// What was found of every cluster there.
    pub(crate) losses: Option<Losses>,
    /// What lies in every bucket there, by its key.
    pub(crate) objects: BTreeMap<String, String>,
    /// How every execution stands; `RUNNING` where nothing is said.
    pub(crate) execution: Option<(&'static str, &'static str, &'static str)>,
    /// The token in every execution's history.
    pub(crate) token: Option<String>,
    /// What functions say, by their names.
    pub(crate) says: BTreeMap<String, Said>,
    /// What every other function says; nothing where none is deployed.
    pub(crate) says_else: Option<Said>,
    /// What RDS shows, by the operation and the identifier that is asked for.
    pub(crate) rds: BTreeMap<String, String>,
    /// The runs of workloads, and what is kept of their resources.
    pub(crate) workload_runs: Vec<WorkloadRun>,
    pub(crate) workload_rows: Vec<Row>,
    /// An operation that whoever asks may not call; every other one may be.
    pub(crate) denies: Option<&'static str>,
}

/// The account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fake {
    pub(crate) places: BTreeMap<Region, Place>,
    pub(crate) dead: BTreeSet<Region>,
    /// The Regions that take a request and never answer.
    pub(crate) hangs: BTreeSet<Region>,
    /// What was asked, as `<Region> <what>`.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// What was written, as `<Region> <parameter>=<value>`.
    pub(crate) written: Arc<Mutex<Vec<String>>>,
    /// What functions were called with, as `<Region> <function> <payload>`.
    pub(crate) called: Arc<Mutex<Vec<String>>>,
}

/// An account in which all is well: the writer at home, and a probe in each Region that commits.
pub(crate) fn well() -> Fake {
    let mut fake = Fake::default();
    for region in [HOME, OTHER] {
        let place = Place {
            parameters: [("/aurora-failover/plans/orders".into(), TEXT.into())].into(),
            known: vec![KeptPlan {
                plan: plan(),
                endpoints: [
                    (HOME.into(), reached("orders-west")),
                    (OTHER.into(), reached("orders-east")),
                ]
                .into(),
            }],
            row: Some(row(HOME, 1)),
            vantage: Some(vantage(region, HOME)),
            ..Place::default()
        };
        fake.places.insert(region.into(), place);
    }
    fake
}

impl Fake {
    pub(crate) fn place(&mut self, region: &str) -> &mut Place {
        self.places.entry(region.into()).or_default()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }

    pub(crate) fn called(&self) -> Vec<String> {
        self.called.lock().unwrap().clone()
    }

    /// The tool's account, which asks this one as it is now.
    pub(crate) fn account(&self) -> Account {
        let credentials = Credentials::new("AKIAEXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(SdkRegion::new(OTHER))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        Account::new(config, "ledger")
    }

    /// What a function says, whose call is kept.
    fn said(&self, region: &Region, name: &str, payload: &Value) -> Option<&Said> {
        let note = format!("{region} {name} {payload}");
        self.called.lock().unwrap().push(note);
        let place = self.places.get(region)?;
        place.says.get(name).or(place.says_else.as_ref())
    }

    /// Does something at a desk whose account this is, beginning in the Region that is not home.
    pub(crate) async fn at_desk<T>(
        &self,
        terminal: &Terminal,
        output: Output,
        act: impl AsyncFnOnce(&Desk<'_>) -> T,
    ) -> T {
        let (account, first) = (self.account(), [OTHER.into()]);
        let desk = Desk {
            account: &account,
            first: &first,
            terminal,
            output,
            pace: Duration::ZERO,
        };
        act(&desk).await
    }

    /// The parameters of a Region, with what was written meanwhile.
    fn parameters(&self, region: &Region, place: &Place) -> BTreeMap<String, String> {
        let mut parameters = place.parameters.clone();
        for line in self.written() {
            let written = line.strip_prefix(&format!("{region} "));
            if let Some((name, value)) = written.and_then(|written| written.split_once('=')) {
                parameters.insert(name.to_owned(), value.to_owned());
            }
        }
        parameters
    }

    /// What is answered to what, of which kind: a status, whether a function failed, and a body.
    fn answer(&self, region: &Region, asked: &Asked) -> (u16, bool, Value) {
        let empty = Place::default();
        let place = self.places.get(region).unwrap_or(&empty);
        let item = |body: Value| json!({"Item": {"body": wire(&body)}});
        let nothing = || json!({});
        if place.denies == Some(asked.name()) {
            return (400, false, denied(asked));
        }
        let body = match asked {
            // RDS speaks XML.
            Asked::Rds(..) => nothing(),
            Asked::Parameters => {
                let parameters = self.parameters(region, place);
                let parameters = parameters
                    .iter()
                    .map(|(name, value)| json!({"Name": name, "Value": value}));
                json!({"Parameters": parameters.collect::<Vec<_>>()})
            }
            Asked::Known => items(place.known.iter().map(|known| json!(known))),
            Asked::Runs => items(place.runs.iter().map(|run| json!(run))),
            Asked::Row => place
                .row
                .as_ref()
                .map_or_else(nothing, |row| item(json!(row))),
            Asked::Vantage => {
                let vantage = place.vantage.as_ref();
                vantage.map_or_else(nothing, |vantage| item(json!(vantage)))
            }
            Asked::Record(id) => {
                let mut records = place.records.iter();
                let record = records.find(|run| run.run_id.as_str() == id);
                record.map_or_else(nothing, |run| item(json!(run)))
            }
            Asked::OfWorkload(asked) => {
                let (answer, note) = workloads::answer(place, region, asked);
                self.written.lock().unwrap().extend(note);
                answer
            }
            Asked::Losses(cluster) => {
                let losses = place.losses.as_ref();
                let losses = losses.filter(|losses| losses.cluster == *cluster);
                losses.map_or_else(nothing, |losses| item(json!(losses)))
            }
            Asked::Put(name, value) => {
                let note = format!("{region} {name}={value}");
                self.written.lock().unwrap().push(note);
                json!({"Version": 1})
            }
            Asked::Execution => {
                let (status, error, cause) = place.execution.unwrap_or(("RUNNING", "", ""));
                json!({"executionArn": "a", "stateMachineArn": "m", "startDate": 0, "status": status,
                    "error": error, "cause": cause})
            }
            Asked::History => history(region, place.token.as_ref()),
            Asked::Answer(what) => {
                let note = format!("{region} {what}");
                self.written.lock().unwrap().push(note);
                nothing()
            }
            Asked::Function(name, payload) => match self.said(region, name, payload) {
                Some(Said::Answer(answer)) => answer.clone(),
                Some(Said::Failure { name, why }) => {
                    return (200, true, json!({"errorType": name, "errorMessage": why}));
                }
                None => {
                    let missing = json!({"__type": "ResourceNotFoundException", "message": "none"});
                    return (404, false, missing);
                }
            },
        };
        (200, false, body)
    }
}

fn denied(asked: &Asked) -> Value {
    let says = format!(
        "User: arn:aws:iam::123456789012:user/a is not authorized to perform: {}",
        asked.name()
    );
    json!({"__type": "AccessDeniedException", "message": says})
}

/// The history of an execution, with the task that bears this token.
fn history(region: &Region, token: Option<&String>) -> Value {
    let task = token.map(|token| {
        let parameters = json!({"Payload": {"operation": "ask", "token": token}});
        json!({"timestamp": 0, "type": "TaskScheduled", "id": 1, "taskScheduledEventDetails":
            {"resourceType": "lambda", "resource": "invoke.waitForTaskToken", "region": region,
            "parameters": parameters.to_string()}})
    });
    json!({"events": task.into_iter().collect::<Vec<_>>()})
}

impl HttpConnector for Fake {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if let Some((region, path)) = objects::asked(request.uri()) {
            let empty = Place::default();
            let place = self.places.get(&region).unwrap_or(&empty);
            let answer = objects::answer(place, &path);
            return HttpConnectorFuture::new(std::future::ready(Ok(answer)));
        }
        let host = request.uri().split('/').nth(2).unwrap();
        let region = Region::from(host.split('.').nth(1).unwrap());
        let asked = Asked::read(&request);
        let note = format!("{region} {}", asked.name());
        self.asked.lock().unwrap().push(note);
        if self.hangs.contains(&region) {
            return HttpConnectorFuture::new(std::future::pending());
        }
        let answer = if self.dead.contains(&region) {
            Err(ConnectorError::timeout("timed out".into()))
        } else {
            let (status, has_failed, body) = if let Asked::Rds(operation, identifier) = &asked {
                let place = self.places.get(&region);
                let (status, text) = rds::answer(place, operation, identifier);
                (status, false, text)
            } else {
                let (status, has_failed, body) = self.answer(&region, &asked);
                (status, has_failed, body.to_string())
            };
            let status = StatusCode::try_from(status).unwrap();
            let mut answer = HttpResponse::new(status, SdkBody::from(body));
            if has_failed {
                answer
                    .headers_mut()
                    .insert("x-amz-function-error", "Unhandled");
            }
            Ok(answer)
        };
        // No answer is there at once: what is asked meanwhile goes on.
        HttpConnectorFuture::new(async {
            tokio::task::yield_now().await;
            answer
        })
    }
}

impl HttpClient for Fake {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

/// What a function answers that would do something.
pub(crate) fn would(reason: &str) -> Said {
    Said::Answer(
        json!({"progress": "pending", "action": "write_intent", "reason": reason, "dry_run": true}),
    )
}

/// What a function answers that would be refused.
pub(crate) fn refused(reasons: &[&str]) -> Said {
    let refusal: Value = json!({"error": "NotReady", "reasons": reasons});
    Said::Answer(
        json!({"action": "refused", "reason": format!("would be refused: {}", reasons.join("; ")),
        "dry_run": true, "refusal": refusal}),
    )
}
