//! The parameter of each member Region that holds the global cluster's identifier, for whoever reads it there.

use futures::future::try_join_all;

use failover::{
    Error,
    domain::{Epoch, Region},
    pass::Pass,
    plan::Plan,
    ports::{Parameter, Parameters, Runtime},
    topology::{GlobalCluster, Named},
};

/// The Regions whose parameter does not hold the identifier of the global cluster that the writer leads. They are read where it leads
/// none yet, too: what this function may not read is said before anything is taken away.
pub(super) async fn misnamed(
    world: &(impl Parameters + Runtime),
    plan: &Plan,
    leads: Option<&GlobalCluster>,
) -> Result<Vec<Region>, Error> {
    let Some(name) = plan.topology.group_parameter() else {
        return Ok(Vec::new());
    };
    let each = plan.members().keys().map(async |region| {
        let held = world.parameter(region, name).await;
        let held = held.map_err(|why| denied(world.region(), region, name, why))?;
        let held = held.as_ref().map(|held| held.value.as_str());
        let is_named = leads.is_none_or(|global| held == Some(&*global.identifier));
        Ok::<_, Error>((!is_named).then(|| region.clone()))
    });
    let found = try_join_all(each).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Writes it in one Region. The next pass reads it again.
pub(super) async fn name(
    world: &(impl Parameters + Runtime),
    pass: &Pass,
    region: &Region,
    global: &Named,
) -> Result<(), Error> {
    let Some(name) = pass.run.plan.topology.group_parameter() else {
        return Ok(());
    };
    let current = pass.rows.current();
    let parameter = Parameter {
        value: global.name.clone(),
        epoch: Some(current.map_or_else(Epoch::default, |current| current.epoch)),
    };
    let written = world.put_parameter(region, name, &parameter).await;
    written.map_err(|why| denied(world.region(), region, name, why))
}

fn denied(here: &Region, region: &Region, name: &str, why: Error) -> Error {
    let Error::Denied(said) = why else { return why };
    Error::Denied(format!(
        "rebuild-global in {here} may not read and write {name} in {region} ({said}); add its ARN to GlobalClusterParameterArns of the stacks \
         there, or take topology.global_cluster_parameter out of the plan, and start again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild_global::tests::global;
    use failover::{
        plan,
        testing::{Books, plan_document, row, run},
    };

    const NAME: &str = "/orders/global/cluster/name";

    fn named() -> Plan {
        let mut document = plan_document();
        document["topology"]["global_cluster_parameter"] = NAME.into();
        plan::read(&document.to_string()).unwrap()
    }

    fn books(parameter: fn(&str, &str) -> Result<Option<Parameter>, Error>) -> Books {
        Books::with(&row("us-east-1", 8)).holding(parameter)
    }

    #[tokio::test]
    async fn a_parameter_is_read_in_each_region_and_misnames_what_is_not_led_any_more() {
        let one_behind = books(|region, name| {
            assert_eq!(name, NAME);
            let value = match region {
                "us-west-2" => "orders-global-1",
                _ => "orders-global-2",
            };
            Ok(Some(Parameter {
                value: value.into(),
                epoch: None,
            }))
        });
        let leads = global("orders-global-2", &[]);
        let plan = named();
        let found = misnamed(&one_behind, &plan, Some(&leads)).await;
        assert_eq!(found, Ok(vec!["us-west-2".into()]));
        assert_eq!(misnamed(&one_behind, &plan, None).await, Ok(vec![]));
        let none = books(|_, _| Ok(None));
        let found = misnamed(&none, &plan, Some(&leads)).await.unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_said_with_the_way_out_and_only_where_a_plan_names_it() {
        let closed = books(|_, _| Err(Error::Denied("not allowed".into())));
        let why = misnamed(&closed, &named(), None).await.unwrap_err();
        let said = why.to_string();
        assert_eq!(why.name(), "Denied");
        for part in [NAME, "not allowed", "GlobalClusterParameterArns"] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(misnamed(&closed, &run().plan, None).await, Ok(vec![]));
    }
}
