//! The account that the functions of a bench work in: ledgers, plans, secrets, an event bus, and a Route 53 that takes so many
//! calls a second.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use failover::{
    Error,
    domain::{Epoch, PlanName},
    ledger::{Claim, Current, Known, Row, Run},
    plan::{PARAMETERS, Plan},
};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::stand_ins::{Answer, Asked, attribute};
use crate::profile::{HOME, STANDBY};

/// How many parameters SSM hands out at once.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>.
const PAGE: usize = 10;
/// How long a change of Route 53 takes to be in sync; it says 60 s at most, generally.
const IN_SYNC: Duration = Duration::from_secs(30);

/// A record's time to live and its values, by its name and its type.
type Records = BTreeMap<(String, String), (String, Vec<String>)>;

/// An account.
pub(super) struct Account {
    plans: Vec<Plan>,
    /// The ledgers' rows at first.
    rows: Vec<(PlanName, Row)>,
    secrets: BTreeMap<String, Value>,
    /// Calls that Route 53 takes in a second.
    calls_per_second: u32,
    began: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By Region, plan and item.
    items: BTreeMap<[String; 3], Value>,
    suspected: BTreeSet<String>,
    records: Records,
    changes: Vec<Instant>,
    /// The second that is counted, and the calls in it.
    second: (u64, u32),
    calls: u32,
    throttled: u32,
}

impl Account {
    /// Plans whose writer is proven in `writer`, in the ledgers of both Regions.
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
            let row = Row::new(plan.plan.clone());
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
            calls_per_second,
            began: Instant::now(),
            state: Mutex::new(state),
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
    pub(super) fn knows(&self, region: &str, known: &Known) {
        let name = known.plan.plan.as_str();
        self.state().put([region, "_known", name], &json!(known));
    }

    /// Gives a zone a record.
    pub(super) fn points(&self, name: &str, to: &str) {
        let key = (name.to_owned(), "CNAME".to_owned());
        self.state()
            .records
            .insert(key, ("2".into(), vec![to.to_owned()]));
    }

    /// What a name leads to.
    pub(super) fn leads_to(&self, name: &str) -> Option<String> {
        let key = (name.to_owned(), "CNAME".to_owned());
        let state = self.state();
        state.records.get(&key)?.1.first().cloned()
    }

    /// The plans whose writer somebody suspected.
    pub(super) fn suspected(&self) -> usize {
        self.state().suspected.len()
    }

    /// How often Route 53 was asked, and how often that was too often.
    pub(super) fn asked_route53(&self) -> (u32, u32) {
        let state = self.state();
        (state.calls, state.throttled)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call; what it does not know is denied.
    pub(super) fn answer(&self, asked: &Asked) -> Answer {
        if asked.path.starts_with("/2013-04-01/") {
            return Some(self.route53(asked));
        }
        let request: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        let operation = asked.target.rsplit('.').next().unwrap_or_default();
        let answer = match operation {
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
        let page: Vec<_> = page
            .map(|plan| {
                let name = format!("{PARAMETERS}{}", plan.plan);
                json!({"Name": name, "Type": "String", "Value": json!(plan).to_string()})
            })
            .collect();
        let next = first + PAGE;
        if next < self.plans.len() {
            json!({"Parameters": page, "NextToken": next.to_string()})
        } else {
            json!({"Parameters": page})
        }
    }

    fn route53(&self, asked: &Asked) -> (StatusCode, String) {
        let mut state = self.state();
        let second = self.began.elapsed().as_secs();
        if state.second.0 != second {
            state.second = (second, 0);
        }
        state.second.1 += 1;
        state.calls += 1;
        if state.second.1 > self.calls_per_second {
            state.throttled += 1;
            return refused("Throttling", "Rate exceeded");
        }
        if let Some(id) = asked.path.strip_prefix("/2013-04-01/change/") {
            let made = id.parse().ok().and_then(|id: usize| state.changes.get(id));
            let is_in_sync = made.is_some_and(|made| made.elapsed() >= IN_SYNC);
            return (StatusCode::OK, change(id, is_in_sync, "GetChangeResponse"));
        }
        if asked.method == Method::POST {
            let batch = String::from_utf8_lossy(&asked.body).into_owned();
            return match state.change(&batch) {
                Ok(id) => {
                    let said = change(&id, false, "ChangeResourceRecordSetsResponse");
                    (StatusCode::OK, said)
                }
                Err(why) => refused("InvalidChangeBatch", &why),
            };
        }
        let query: BTreeMap<String, String> =
            serde_urlencoded::from_str(&asked.query).unwrap_or_default();
        let of = |name: &str| query.get(name).cloned().unwrap_or_default();
        let key = (of("name").trim_end_matches('.').to_owned(), of("type"));
        let found = state.records.get(&key);
        let set = found.map(|record| set(&key, record)).unwrap_or_default();
        let said = format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{set}</ResourceRecordSets><IsTruncated>false</IsTruncated>\
             <MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
        );
        (StatusCode::OK, said)
    }
}

impl State {
    fn put(&mut self, [region, plan, item]: [&str; 3], body: &Value) {
        let written =
            json!({"plan": {"S": plan}, "item": {"S": item}, "body": attribute(body.clone())});
        self.items
            .insert([region, plan, item].map(str::to_owned), written);
    }

    /// Makes all changes of a batch or none: it deletes what is there exactly so, and creates what is not.
    fn change(&mut self, batch: &str) -> Result<String, String> {
        let mut records = self.records.clone();
        for change in batch.split("<Change>").skip(1) {
            let of = |name: &str| within(change, name).unwrap_or_default();
            let key = (of("Name").trim_end_matches('.').to_owned(), of("Type"));
            let values = change.split("<Value>").skip(1);
            let values = values.filter_map(|rest| rest.split("</Value>").next());
            let values: Vec<_> = values.map(|value| value.replace("&quot;", "\"")).collect();
            let record = (of("TTL"), values);
            match of("Action").as_str() {
                "DELETE" if records.get(&key) == Some(&record) => drop(records.remove(&key)),
                "CREATE" if !records.contains_key(&key) => drop(records.insert(key, record)),
                action => return Err(format!("{action} of {} does not match", key.0)),
            }
        }
        self.records = records;
        self.changes.push(Instant::now());
        Ok((self.changes.len() - 1).to_string())
    }
}

fn key(region: &str, item: &Value) -> [String; 3] {
    let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    [region.to_owned(), text("plan"), text("item")]
}

fn within(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

fn set((name, kind): &(String, String), (ttl, values): &(String, Vec<String>)) -> String {
    let mut records = String::new();
    for value in values {
        // Writing to a String cannot fail.
        let _ = write!(
            records,
            "<ResourceRecord><Value>{value}</Value></ResourceRecord>"
        );
    }
    format!(
        "<ResourceRecordSet><Name>{name}.</Name><Type>{kind}</Type><TTL>{ttl}</TTL><ResourceRecords>{records}</ResourceRecords></ResourceRecordSet>"
    )
}

fn change(id: &str, is_in_sync: bool, answer: &str) -> String {
    let status = if is_in_sync { "INSYNC" } else { "PENDING" };
    format!(
        "<{answer}><ChangeInfo><Id>/change/{id}</Id><Status>{status}</Status><SubmittedAt>2026-01-31T02:00:00Z</SubmittedAt></ChangeInfo></{answer}>"
    )
}

fn refused(code: &str, why: &str) -> (StatusCode, String) {
    let said = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{why}</Message></Error></ErrorResponse>"
    );
    (StatusCode::BAD_REQUEST, said)
}

fn denied() -> Answer {
    let refused = json!({"__type": "AccessDeniedException", "message": "not in this bench"});
    Some((StatusCode::BAD_REQUEST, refused.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_deletes_what_is_not_there_changes_nothing() {
        let mut state = State::default();
        let one = |action: &str, value: &str| {
            format!(
                "<Change><Action>{action}</Action><ResourceRecordSet><Name>w.orders.internal</Name><Type>CNAME</Type><TTL>2</TTL>\
                 <ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
            )
        };
        assert!(state.change(&one("CREATE", "west")).is_ok());
        let wrong = one("DELETE", "east") + &one("CREATE", "north");
        assert!(state.change(&wrong).is_err());
        let right = one("DELETE", "west") + &one("CREATE", "east");
        assert!(state.change(&right).is_ok());
        let key = ("w.orders.internal".to_owned(), "CNAME".to_owned());
        assert_eq!(state.records[&key].1, ["east"]);
        assert_eq!(state.changes.len(), 2);
    }
}
