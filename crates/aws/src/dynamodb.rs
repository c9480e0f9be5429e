//! The ledger in DynamoDB: one table per Region, read consistently, written conditionally.

use std::collections::HashMap;

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::{
    config::Builder,
    error::SdkError,
    operation::{
        get_item::{GetItemError, GetItemOutput},
        put_item::{PutItemError, builders::PutItemFluentBuilder},
    },
    types::AttributeValue,
};
use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Run},
    ports::Ledger,
    topology::{Blueprint, Healthy},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Aws, client,
    errors::{answered, error},
};

/// The item that holds a plan's [`PlanState`].
const STATE: &str = "state";
/// The item that holds a Region's own [`Vantage`].
const VANTAGE: &str = "vantage";
/// The partition that holds what every plan was last known to be, by plan.
const KNOWN: &str = "_known";
/// Stands beside what was known of a plan that another one succeeded.
const ENDED: &str = "ended";

/// An item of the ledger's table, as DynamoDB holds it.
pub type Item = HashMap<String, AttributeValue>;

impl<K> Aws<K> {
    /// Reads an item of a Region's ledger, consistently.
    ///
    /// # Errors
    /// `Unavailable` and `Denied`; `UnexpectedTopology` for an item that is none of ours.
    pub async fn get<T: DeserializeOwned>(
        &self,
        region: &Region,
        partition: &str,
        item: &str,
    ) -> Result<Option<T>, Error> {
        let what = format!("reading {item} of {partition} from the ledger in {region}");
        let answer = client!(self, aws_sdk_dynamodb, region)
            .get_item()
            .table_name(&self.settings.ledger_table)
            .key("plan", AttributeValue::S(partition.to_owned()))
            .key("item", AttributeValue::S(item.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        answer.item.map(|item| read(&what, item)).transpose()
    }

    async fn look_for_row_once(
        &self,
        region: &Region,
        plan: &PlanName,
    ) -> Result<GetItemOutput, SdkError<GetItemError>> {
        // A retry that hangs would hide the answer that came before it.
        let once = Builder::new().retry_config(RetryConfig::disabled());
        client!(self, aws_sdk_dynamodb, region)
            .get_item()
            .table_name(&self.settings.ledger_table)
            .key("plan", AttributeValue::S(plan.as_str().to_owned()))
            .key("item", AttributeValue::S(STATE.to_owned()))
            .customize()
            .config_override(once)
            .send()
            .await
    }

    async fn put(
        &self,
        region: &Region,
        partition: &str,
        item: &str,
        value: &impl Serialize,
    ) -> Result<(), Error> {
        let what = format!("writing {item} of {partition} to the ledger in {region}");
        client!(self, aws_sdk_dynamodb, region)
            .put_item()
            .table_name(&self.settings.ledger_table)
            .set_item(Some(write(&what, partition, item, value)?))
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        Ok(())
    }

    /// The call that writes a run's record, where the calls that stand there compare so with those that the pass knows.
    fn put_of_run(
        &self,
        region: &Region,
        run: &Run,
        compares: &str,
    ) -> Result<PutItemFluentBuilder, Error> {
        let item = format!("run/{}", run.run_id);
        let item = write(&writing(run, region), run.name().as_str(), &item, run)?;
        Ok(client!(self, aws_sdk_dynamodb, region)
            .put_item()
            .table_name(&self.settings.ledger_table)
            .set_item(Some(item))
            .condition_expression(format!(
                "attribute_not_exists(#body.#calls) OR #body.#calls {compares} :calls"
            ))
            .expression_attribute_names("#body", "body")
            .expression_attribute_names("#calls", "calls")
            .expression_attribute_values(":calls", AttributeValue::N(run.calls.to_string())))
    }
}

impl<K> Ledger for Aws<K> {
    async fn row(&self, region: &Region, plan: &PlanName) -> Result<PlanState, Error> {
        Ok(self
            .get(region, plan.as_str(), STATE)
            .await?
            .unwrap_or_else(|| PlanState::new(plan.clone())))
    }

    async fn replace_row(&self, region: &Region, row: &PlanState) -> Result<bool, Error> {
        let what = format!(
            "writing the state of {} to the ledger in {region}",
            row.plan
        );
        let next = PlanState {
            version: row.version + 1,
            ..row.clone()
        };
        let written = client!(self, aws_sdk_dynamodb, region)
            .put_item()
            .table_name(&self.settings.ledger_table)
            .set_item(Some(write(&what, row.plan.as_str(), STATE, &next)?))
            .condition_expression("attribute_not_exists(#item) OR #body.#version = :version")
            .expression_attribute_names("#item", "item")
            .expression_attribute_names("#body", "body")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(row.version.to_string()))
            .send()
            .await;
        match written {
            Ok(_) => Ok(true),
            Err(why)
                if why
                    .as_service_error()
                    .is_some_and(|why| why.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(why) => Err(error(&what, &why)),
        }
    }

    async fn vantage(&self, region: &Region, plan: &PlanName) -> Result<Option<Vantage>, Error> {
        self.get(region, plan.as_str(), VANTAGE).await
    }

    async fn run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<Run>, Error> {
        self.get(region, plan.as_str(), &format!("run/{run_id}"))
            .await
    }

    async fn put_run(&self, region: &Region, run: &Run) -> Result<(), Error> {
        let put = self.put_of_run(region, run, "<=")?.send().await;
        put.map_err(|why| not_put(run, region, &why)).map(drop)
    }

    /// It is asked once: a second one would meet its own note, and take that for another pass's.
    async fn note_call(&self, region: &Region, run: &Run) -> Result<(), Error> {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let put = self.put_of_run(region, run, "<")?;
        let put = put.customize().config_override(once).send().await;
        put.map_err(|why| not_put(run, region, &why)).map(drop)
    }

    async fn known(&self, region: &Region, plan: &PlanName) -> Result<Option<KeptPlan>, Error> {
        self.get(region, KNOWN, plan.as_str()).await
    }

    async fn all_known(&self, region: &Region) -> Result<Vec<KeptPlan>, Error> {
        let what = format!("reading the known plans from the ledger in {region}");
        let mut pages = client!(self, aws_sdk_dynamodb, region)
            .query()
            .table_name(&self.settings.ledger_table)
            .key_condition_expression("#plan = :known")
            .expression_attribute_names("#plan", "plan")
            .expression_attribute_values(":known", AttributeValue::S(KNOWN.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut known = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|why| error(&what, &why))?;
            if !item.contains_key(ENDED) {
                known.push(read(&what, item)?);
            }
        }
        Ok(known)
    }

    async fn ask_ledger(&self, region: &Region, plan: &PlanName) -> Result<String, Error> {
        answered("the ledger", self.look_for_row_once(region, plan).await)
    }

    async fn put_vantage(&self, plan: &PlanName, vantage: &Vantage) -> Result<(), Error> {
        self.put(&self.region, plan.as_str(), VANTAGE, vantage)
            .await
    }

    /// What a member was when it was retired lies in the ledger of its own Region, where a rebuild that goes on in another
    /// Region finds it. An earlier version kept it in that of the Region that it ran in.
    async fn blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
    ) -> Result<Option<Blueprint>, Error> {
        let item = format!("blueprint/{member}");
        let kept = self.get(member, plan.as_str(), &item).await?;
        if kept.is_some() || *member == self.region {
            return Ok(kept);
        }
        self.get(&self.region, plan.as_str(), &item).await
    }

    async fn put_blueprint(
        &self,
        plan: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        let item = format!("blueprint/{member}");
        self.put(member, plan.as_str(), &item, blueprint).await
    }

    /// What a member was when it was healthy lies in the ledger of its own Region, whose schedule refreshes it.
    async fn healthy(&self, plan: &PlanName, member: &Region) -> Result<Option<Healthy>, Error> {
        self.get(member, plan.as_str(), &format!("healthy/{member}"))
            .await
    }

    async fn put_healthy(
        &self,
        plan: &PlanName,
        member: &Region,
        healthy: &Healthy,
    ) -> Result<(), Error> {
        let item = format!("healthy/{member}");
        self.put(member, plan.as_str(), &item, healthy).await
    }

    async fn losses(
        &self,
        region: &Region,
        plan: &PlanName,
        cluster: &str,
    ) -> Result<Option<Losses>, Error> {
        let item = format!("loss/{cluster}");
        self.get(region, plan.as_str(), &item).await
    }

    async fn put_losses(&self, plan: &PlanName, losses: &Losses) -> Result<(), Error> {
        let item = format!("loss/{}", losses.cluster);
        self.put(&self.region, plan.as_str(), &item, losses).await
    }

    async fn put_known(&self, known: &KeptPlan) -> Result<(), Error> {
        self.put(&self.region, KNOWN, known.plan.plan.as_str(), known)
            .await
    }

    /// The item is written anew, without the mark, by whoever reads the plan's parameter again.
    async fn end_known(&self, region: &Region, known: &KeptPlan) -> Result<(), Error> {
        let name = known.plan.plan.as_str();
        let what = format!("ending plan {name} in the ledger in {region}");
        let mut item = write(&what, KNOWN, name, known)?;
        item.insert(ENDED.to_owned(), AttributeValue::Bool(true));
        let written = client!(self, aws_sdk_dynamodb, region)
            .put_item()
            .table_name(&self.settings.ledger_table)
            .set_item(Some(item))
            .send()
            .await;
        written.map(drop).map_err(|why| error(&what, &why))
    }
}

/// What the writing of a run's record is called in errors.
fn writing(run: &Run, region: &Region) -> String {
    format!(
        "writing run/{} of {} to the ledger in {region}",
        run.run_id,
        run.name()
    )
}

/// Why a run's record was not written.
fn not_put(run: &Run, region: &Region, why: &SdkError<PutItemError>) -> Error {
    let service = why.as_service_error();
    if service.is_some_and(PutItemError::is_conditional_check_failed_exception) {
        return run.overtaken();
    }
    error(&writing(run, region), why)
}

/// The value lies under `body`, beside the key, so that no field of it can collide with the key's.
///
/// # Errors
/// `InvalidRequest` for what DynamoDB cannot hold.
pub fn write(
    what: &str,
    partition: &str,
    item: &str,
    value: &impl Serialize,
) -> Result<Item, Error> {
    let body = serde_dynamo::to_attribute_value(value)
        .map_err(|why| Error::InvalidRequest(format!("{what}: {why}")))?;
    Ok(Item::from([
        ("plan".to_owned(), AttributeValue::S(partition.to_owned())),
        ("item".to_owned(), AttributeValue::S(item.to_owned())),
        ("body".to_owned(), body),
    ]))
}

/// Reads what lies under `body`.
///
/// # Errors
/// `UnexpectedTopology` for an item that is none of ours.
pub fn read<T: DeserializeOwned>(what: &str, mut item: Item) -> Result<T, Error> {
    let body = item
        .remove("body")
        .ok_or_else(|| Error::UnexpectedTopology(format!("{what}: the item has no body")))?;
    serde_dynamo::from_attribute_value(body)
        .map_err(|why| Error::UnexpectedTopology(format!("{what}: {why}")))
}
