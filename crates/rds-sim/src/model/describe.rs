//! The Describe operations: filters, pages, and who sees what.

use crate::{
    answer::Node,
    model::{
        Model,
        engine::ENGINE,
        fault::Fault,
        filters::Filters,
        key::ClusterKey,
        page::page,
        params::Params,
        settings::Visibility,
        state::{Cluster, Event, Global, Instance, Millis},
    },
};

/// DescribeEvents goes back an hour unless told otherwise, and never more than fourteen days.
const EVENTS_MINUTES: u32 = 60;
const EVENTS_MINUTES_MAX: u32 = 14 * 24 * 60;

impl Model {
    pub(crate) fn describe_global_clusters(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let filters = Filters::read(params, &["region"])?;
        let visible: Vec<&Global> = self
            .globals
            .values()
            .filter(|global| self.is_visible(global, region))
            .filter(|global| {
                let regions = global.members().map(|member| member.region.as_str());
                filters.admit("region", &regions.collect::<Vec<_>>())
            })
            .collect();
        let found = match params.optional("GlobalClusterIdentifier") {
            None => visible,
            Some(id) => {
                let one = visible
                    .into_iter()
                    .find(|global| global.id == id.to_lowercase());
                vec![one.ok_or_else(|| Fault::global_not_found(id))?]
            }
        };
        let items = found
            .into_iter()
            .map(|global| (global.id.clone(), self.global_view(global)));
        page(
            "GlobalClusters",
            "GlobalClusterMember",
            items.collect(),
            params,
        )
    }

    fn is_visible(&self, global: &Global, region: &str) -> bool {
        match self.settings.visibility {
            Visibility::Everywhere => true,
            Visibility::Members => {
                global.origin == region || global.members().any(|member| member.region == region)
            }
        }
    }

    pub(crate) fn describe_db_clusters(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let filters = Filters::read(
            params,
            &[
                "clone-group-id",
                "db-cluster-id",
                "db-cluster-resource-id",
                "domain",
                "engine",
            ],
        )?;
        let admitted = |cluster: &&Cluster| {
            let arn = self.names.cluster_arn(&cluster.key);
            filters.admit("db-cluster-id", &[&cluster.key.id, &arn])
                && filters.admit("db-cluster-resource-id", &[&cluster.resource_id])
                && filters.admit("engine", &[ENGINE])
                // None is a clone, none is in a directory.
                && filters.admit("clone-group-id", &[])
                && filters.admit("domain", &[])
        };
        let mut wanted = None;
        if let Some(name) = params.optional("DBClusterIdentifier") {
            wanted = Some(self.found_cluster(region, name)?.key.clone());
        }
        let items = self
            .clusters
            .values()
            .filter(|cluster| cluster.key.region == region)
            .filter(|cluster| wanted.as_ref().is_none_or(|wanted| *wanted == cluster.key))
            .filter(admitted)
            .map(|cluster| (cluster.key.id.clone(), self.cluster_view(cluster)));
        page("DBClusters", "DBCluster", items.collect(), params)
    }

    pub(crate) fn describe_db_instances(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let filters = Filters::read(
            params,
            &[
                "db-cluster-id",
                "db-instance-id",
                "dbi-resource-id",
                "domain",
                "engine",
            ],
        )?;
        let admitted = |instance: &&Instance| {
            let cluster = self.names.cluster_arn(&instance.cluster);
            let own = self.names.instance_arn(&instance.key);
            filters.admit("db-cluster-id", &[&instance.cluster.id, &cluster])
                && filters.admit("db-instance-id", &[&instance.key.id, &own])
                && filters.admit("dbi-resource-id", &[&instance.resource_id])
                && filters.admit("engine", &[ENGINE])
                && filters.admit("domain", &[])
        };
        let mut wanted = None;
        if let Some(name) = params.optional("DBInstanceIdentifier") {
            let bare = name.rsplit(':').next().unwrap_or(name);
            let by_resource = self.instances.values().find(|instance| {
                instance.key.region == region && instance.resource_id.eq_ignore_ascii_case(bare)
            });
            let named = self.instances.get(&ClusterKey::new(region, bare));
            let found = named.or(by_resource);
            let found = found.ok_or_else(|| Fault::instance_not_found(name))?;
            wanted = Some(found.key.clone());
        }
        let items = self
            .instances
            .values()
            .filter(|instance| instance.key.region == region)
            .filter(|instance| wanted.as_ref().is_none_or(|wanted| *wanted == instance.key))
            .filter(admitted)
            .map(|instance| (instance.key.id.clone(), self.instance_view(instance)));
        page("DBInstances", "DBInstance", items.collect(), params)
    }

    pub(crate) fn describe_events(&self, region: &str, params: &Params) -> Result<Node, Fault> {
        let source = params.optional("SourceIdentifier").map(str::to_lowercase);
        let kind = params.optional("SourceType");
        if source.is_some() && kind.is_none() {
            return Err(Fault::invalid_combination(
                "SourceType must be supplied when SourceIdentifier is.",
            ));
        }
        let minutes = params
            .number("Duration", 1, EVENTS_MINUTES_MAX)?
            .unwrap_or(EVENTS_MINUTES);
        let end = time(params, "EndTime")?.unwrap_or(self.now);
        let start = time(params, "StartTime")?
            .unwrap_or_else(|| self.now.saturating_sub(u64::from(minutes) * 60_000));
        let categories = params.list("EventCategories.EventCategory");
        let matching = |event: &&Event| {
            event.region == region
                && (start..=end).contains(&event.at)
                && source.as_ref().is_none_or(|source| event.source == *source)
                && kind.is_none_or(|kind| event.source_type == kind)
                && (categories.is_empty() || categories.contains(&event.category))
        };
        let items = self
            .events
            .iter()
            .enumerate()
            .filter(|(_, event)| matching(event));
        let items =
            items.map(|(number, event)| (format!("{number:08}"), super::views::event_view(event)));
        page("Events", "Event", items.collect(), params)
    }
}

fn time(params: &Params, name: &'static str) -> Result<Option<Millis>, Fault> {
    let Some(text) = params.optional(name) else {
        return Ok(None);
    };
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    match parsed.map(|time| u64::try_from(time.as_millisecond())) {
        Ok(Ok(millis)) => Ok(Some(millis)),
        Ok(Err(_)) | Err(_) => Err(Fault::invalid_value(format!(
            "Invalid date value {text} for {name}."
        ))),
    }
}
