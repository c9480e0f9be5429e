//! The account that the functions of a bench work in: ledgers, plans, secrets, an event bus, and a Route 53 that takes so many
//! calls a second.

mod route53;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use failover::{
    Error,
    domain::{Epoch, PlanName},
    ledger::{Claim, Current, KeptPlan, PlanState, Run},
    plan::{Plan, parameters},
};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::stand_ins::{Answer, Asked};
use crate::profile::{HOME, STANDBY};
use route53::Route53;

/// How many parameters SSM hands out at once.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>.
const PAGE: usize = 10;

/// An account.
pub(super) struct Account {
    plans: Vec<Plan>,
    /// The ledgers' rows at first.
    rows: Vec<(PlanName, PlanState)>,
    secrets: BTreeMap<String, Value>,
    state: Mutex<State>,
    route53: Mutex<Route53>,
}

#[derive(Default)]
struct State {
    /// By Region, plan and item.
    items: BTreeMap<[String; 3], Value>,
    suspected: BTreeSet<String>,
}

impl Account {
    /// Plans whose writer is proven in `writer`, in the ledgers of both Regions, and a Route 53 that takes so many calls a second.
    pub(super) fn new(
        plans: Vec<Plan>,
        writer: &str,
        secrets: BTreeMap<String, Value>,
        calls_per_second: u32,
    ) -> Self {
        let mut state = State::default();
        let mut rows = Vec::new();
        for plan in &plans {
            let current = Current {
                epoch: Epoch(1),
                writer: writer.into(),
                global_cluster: None,
                run_id: "bench".into(),
                proven_at: jiff::Timestamp::now(),
                unplanned: false,
                acknowledged_at: None,
            };
            let row = PlanState::new(plan.plan.clone());
            let row = row.learn(&current).unwrap_or(row);
            for region in [HOME, STANDBY] {
                state.put([region, plan.plan.as_str(), "state"], &json!(row));
            }
            rows.push((plan.plan.clone(), row));
        }
        Self {
            plans,
            rows,
            secrets,
            state: Mutex::new(state),
            route53: Mutex::new(Route53::new(calls_per_second)),
        }
    }

    /// Lets a run hold its plan in both ledgers, and have a record in one of them.
    ///
    /// # Errors
    /// Why the ledger would not let it.
    pub(super) fn is_run(&self, region: &str, run: &Run) -> Result<(), Error> {
        let plan = run.name().as_str();
        let mut state = self.state();
        for region in [HOME, STANDBY] {
            let Some((_, row)) = self.rows.iter().find(|(name, _)| name.as_str() == plan) else {
                continue;
            };
            let row = row.claim(&Claim::of(run), jiff::Timestamp::now())?;
            state.put([region, plan, "state"], &json!(row));
        }
        state.put([region, plan, &format!("run/{}", run.run_id)], &json!(run));
        Ok(())
    }

    /// Lets a probe of a Region have read these already.
    pub(super) fn knows(&self, region: &str, known: &KeptPlan) {
        let name = known.plan.plan.as_str();
        self.state().put([region, "_known", name], &json!(known));
    }

    /// Gives a zone a record.
    pub(super) fn points(&self, name: &str, to: &str) {
        locked(&self.route53).points(name, to);
    }

    /// What a name leads to.
    pub(super) fn leads_to(&self, name: &str) -> Option<String> {
        locked(&self.route53).leads_to(name)
    }

    /// The plans whose writer somebody suspected.
    pub(super) fn suspected(&self) -> usize {
        self.state().suspected.len()
    }

    /// How often Route 53 was asked, and how often that was too often.
    pub(super) fn asked_route53(&self) -> (u32, u32) {
        locked(&self.route53).asked()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Answers a call that reads; all else is denied.
    pub(super) fn answer_a_read(&self, asked: &Asked) -> Answer {
        match operation(asked) {
            "GetItem" | "GetParameter" | "GetParameters" => self.answer(asked),
            _ => denied(),
        }
    }

    /// Answers a call; what it does not know is denied.
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        if asked.path.starts_with("/2013-04-01/") {
            return Some(locked(&self.route53).answer(asked));
        }
        let request: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let answer = match operation(asked) {
            "GetItem" => {
                let key = key(&asked.region, &request["Key"]);
                let state = self.state();
                state
                    .items
                    .get(&key)
                    .map_or(json!({}), |item| json!({"Item": item}))
            }
            "PutItem" => {
                let item = &request["Item"];
                let key = key(&asked.region, item);
                let mut state = self.state();
                let expected = &request["ExpressionAttributeValues"][":version"];
                let held = state
                    .items
                    .get(&key)
                    .map(|held| &held["body"]["M"]["version"]);
                if !expected.is_null() && held.is_some_and(|held| held != expected) {
                    let refused = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
                    return Some((StatusCode::BAD_REQUEST, refused.to_string()));
                }
                state.items.insert(key, item.clone());
                json!({})
            }
            "Query" => {
                let state = self.state();
                let of = |key: &[String; 3]| key[0] == asked.region && key[1] == "_known";
                let items = state.items.iter().filter(|(key, _)| of(key));
                let items: Vec<_> = items.map(|(_, item)| item).collect();
                json!({"Items": items, "Count": items.len(), "ScannedCount": items.len()})
            }
            "GetParameter" => match self
                .plans
                .iter()
                .find(|plan| text("Name") == parameter(plan))
            {
                Some(plan) => json!({"Parameter": described(plan)}),
                None => return denied(),
            },
            "GetParametersByPath" => self.parameters(text("NextToken")),
            "GetParameters" => json!({"Parameters": [], "InvalidParameters": request["Names"]}),
            "GetSecretValue" => match self.secrets.get(text("SecretId")) {
                Some(secret) => {
                    json!({"Name": text("SecretId"), "SecretString": secret.to_string()})
                }
                None => return denied(),
            },
            "PutEvents" => {
                let entries = request["Entries"].as_array().into_iter().flatten();
                let details = entries.filter_map(|entry| entry["Detail"].as_str());
                for detail in details {
                    let detail: Value = serde_json::from_str(detail).unwrap_or_default();
                    let plan = detail["plan"].as_str().unwrap_or_default();
                    self.state().suspected.insert(plan.to_owned());
                }
                json!({"FailedEntryCount": 0, "Entries": [{"EventId": "bench"}]})
            }
            _ => return denied(),
        };
        Some((StatusCode::OK, answer.to_string()))
    }

    fn parameters(&self, token: &str) -> Value {
        let first: usize = token.parse().unwrap_or_default();
        let page = self.plans.iter().skip(first).take(PAGE);
        let page: Vec<_> = page.map(described).collect();
        let next = first + PAGE;
        if next < self.plans.len() {
            json!({"Parameters": page, "NextToken": next.to_string()})
        } else {
            json!({"Parameters": page})
        }
    }
}

impl State {
    fn put(&mut self, [region, plan, item]: [&str; 3], body: &Value) {
        let written =
            json!({"plan": {"S": plan}, "item": {"S": item}, "body": attribute(body.clone())});
        self.items
            .insert([region, plan, item].map(str::to_owned), written);
    }
}

/// What a call asks for, where the protocol is one of JSON.
fn operation(asked: &Asked) -> &str {
    asked.target.rsplit('.').next().unwrap_or_default()
}

/// A plan's parameter.
fn parameter(plan: &Plan) -> String {
    format!("{}{}", parameters(), plan.plan)
}

fn described(plan: &Plan) -> Value {
    json!({"Name": parameter(plan), "Type": "String", "Value": json!(plan).to_string()})
}

/// A value as DynamoDB's protocol writes it.
fn attribute(value: Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(value) => json!({"BOOL": value}),
        Value::Number(value) => json!({"N": value.to_string()}),
        Value::String(value) => json!({"S": value}),
        Value::Array(values) => {
            let values: Vec<_> = values.into_iter().map(attribute).collect();
            json!({"L": values})
        }
        Value::Object(fields) => {
            let fields: serde_json::Map<_, _> = fields
                .into_iter()
                .map(|(name, value)| (name, attribute(value)))
                .collect();
            json!({"M": fields})
        }
    }
}

fn key(region: &str, item: &Value) -> [String; 3] {
    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    [region.to_owned(), text("plan"), text("item")]
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn denied() -> Answer {
    let refused = json!({"__type": "AccessDeniedException", "message": "not in this bench"});
    Some((StatusCode::BAD_REQUEST, refused.to_string()))
}
