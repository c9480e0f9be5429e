//! The port [`Records`] in DynamoDB, in the table of the ledger, and in SSM. A write is asked for once: a second one would meet the first
//! one's version, and take it for another pass's.

use ::aws::{Aws, Item, client, error, once, read_item, write_item};
use aws_sdk_dynamodb::types::AttributeValue;
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
};
use serde::{Deserialize, Serialize};

use crate::{
    plan::{self, WorkloadPlan},
    records::{Records, newest},
    row::Row,
    run::{Kind, WorkloadRun},
};

/// The most items of one plan that are looked through. Beyond them somebody has to clear away.
const ITEMS_MAX: usize = 5_000;

impl<K> Records for Aws<K> {
    async fn workload_run(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> Result<Option<WorkloadRun>, Error> {
        let item = WorkloadRun::item(run_id);
        self.get(region, plan.as_str(), &item).await
    }

    async fn put_workload_run(&self, region: &Region, run: &WorkloadRun) -> Result<bool, Error> {
        let next = WorkloadRun {
            version: run.version + 1,
            ..run.clone()
        };
        let item = WorkloadRun::item(&run.run_id);
        let at = (region, run.name(), item.as_str());
        put_next(self, at, run.version, &next).await
    }

    async fn rows(
        &self,
        region: &Region,
        plan: &PlanName,
        run_id: &RunId,
    ) -> Result<Vec<Row>, Error> {
        let what =
            format!("reading the resources of run {run_id} of {plan} from the ledger in {region}");
        let items = begun(self, (region, plan, &Row::items(run_id)), None, &what).await?;
        items
            .into_iter()
            .map(|item| read_item(&what, item))
            .collect()
    }

    async fn put_row(&self, region: &Region, plan: &PlanName, row: &Row) -> Result<bool, Error> {
        let next = Row {
            version: row.version + 1,
            ..row.clone()
        };
        let item = row.item();
        put_next(self, (region, plan, &item), row.version, &next).await
    }

    async fn last_run(
        &self,
        region: &Region,
        plan: &PlanName,
        kind: Kind,
    ) -> Result<Option<WorkloadRun>, Error> {
        let what = format!("reading the runs of {plan} from the ledger in {region}");
        let items = begun(
            self,
            (region, plan, WorkloadRun::ITEMS),
            Some(BRIEFLY),
            &what,
        )
        .await?;
        let runs = items
            .into_iter()
            .map(|item| read_item::<Brief>(&what, item));
        let runs: Vec<_> = runs.collect::<Result<_, _>>()?;
        let of_kind = runs.into_iter().filter(|run| run.kind == kind);
        match newest(of_kind.map(|run| (run.opened_at, run.run_id))) {
            None => Ok(None),
            Some(run_id) => self.workload_run(region, plan, &run_id).await,
        }
    }

    async fn workload_plan(&self, region: &Region, name: &PlanName) -> Result<WorkloadPlan, Error> {
        let parameter = plan::parameter(name);
        let answer = client!(self, aws_sdk_ssm, region)
            .get_parameter()
            .name(&parameter)
            .send()
            .await;
        let document = match answer {
            Ok(answer) => answer.parameter.and_then(|parameter| parameter.value),
            Err(why)
                if why
                    .as_service_error()
                    .is_some_and(|why| why.is_parameter_not_found()) =>
            {
                None
            }
            Err(why) => {
                let what = format!("SSM GetParameter {parameter} in {region}");
                return Err(error(&what, &why));
            }
        };
        let unknown = || plan::unknown(region, name);
        plan::read(&document.ok_or_else(unknown)?, Some(name.as_str()))
    }
}

/// What of a run's record tells which one opened last.
const BRIEFLY: [(&str, &str); 4] = [
    ("#body", "body"),
    ("#run_id", "run_id"),
    ("#kind", "kind"),
    ("#opened_at", "opened_at"),
];

/// That part of it.
#[derive(Deserialize)]
struct Brief {
    run_id: RunId,
    kind: Kind,
    opened_at: jiff::Timestamp,
}

/// Replaces what is kept in a version by what is kept in the next one; `false` when another write came first.
async fn put_next<K, T: Serialize + Sync>(
    aws: &Aws<K>,
    (region, plan, item): (&Region, &PlanName, &str),
    version: u64,
    next: &T,
) -> Result<bool, Error> {
    let what = format!("writing {item} of {plan} to the ledger in {region}");
    let written = client!(aws, aws_sdk_dynamodb, region)
        .put_item()
        .table_name(&aws.settings().ledger_table)
        .set_item(Some(write_item(&what, plan.as_str(), item, next)?))
        .condition_expression("attribute_not_exists(#item) OR #body.#version = :version")
        .expression_attribute_names("#item", "item")
        .expression_attribute_names("#body", "body")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":version", AttributeValue::N(version.to_string()))
        .customize()
        .config_override(once!(aws_sdk_dynamodb))
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

/// The items of a plan whose names begin so, in order, whole or in part.
async fn begun<K>(
    aws: &Aws<K>,
    (region, plan, begin): (&Region, &PlanName, &str),
    part: Option<[(&str, &str); 4]>,
    what: &str,
) -> Result<Vec<Item>, Error> {
    let mut query = client!(aws, aws_sdk_dynamodb, region)
        .query()
        .table_name(&aws.settings().ledger_table)
        .key_condition_expression("#plan = :plan AND begins_with(#item, :begin)")
        .expression_attribute_names("#plan", "plan")
        .expression_attribute_names("#item", "item")
        .expression_attribute_values(":plan", AttributeValue::S(plan.as_str().to_owned()))
        .expression_attribute_values(":begin", AttributeValue::S(begin.to_owned()))
        .consistent_read(true);
    if let Some(part) = part {
        query = query.projection_expression("#body.#run_id, #body.#kind, #body.#opened_at");
        for (stands_for, name) in part {
            query = query.expression_attribute_names(stands_for, name);
        }
    }
    let mut pages = query.into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        if items.len() >= ITEMS_MAX {
            return Err(Error::UnexpectedTopology(format!(
                "{what}: more than {ITEMS_MAX} items of plan {plan} begin with {begin}; delete those of runs that ended long ago"
            )));
        }
        items.push(item.map_err(|why| error(what, &why))?);
    }
    Ok(items)
}

#[cfg(test)]
mod tests;
