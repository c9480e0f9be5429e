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
        state::{Cluster, Event, Global, Millis},
    },
};

/// DescribeEvents goes back an hour unless told otherwise, and never more than fourteen days.
const EVENTS_MINUTES: u32 = 60;
const EVENTS_MINUTES_MAX: u32 = 14 * 24 * 60;

/// What an instance is found by.
struct Known<'a> {
    key: &'a ClusterKey,
    resource_id: &'a str,
    cluster: Option<&'a ClusterKey>,
    engine: &'static str,
}

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
        let admitted = |known: &Known<'_>| {
            let cluster = known.cluster.map(|key| self.names.cluster_arn(key));
            let cluster = known.cluster.zip(cluster.as_deref());
            let cluster = cluster.map(|(key, arn)| [&*key.id, arn]);
            let own = self.names.instance_arn(known.key);
            filters.admit(
                "db-cluster-id",
                cluster.as_ref().map_or(&[], |goes_by| goes_by),
            ) && filters.admit("db-instance-id", &[&known.key.id, &own])
                && filters.admit("dbi-resource-id", &[known.resource_id])
                && filters.admit("engine", &[known.engine])
                && filters.admit("domain", &[])
        };
        let mut wanted = None;
        if let Some(name) = params.optional("DBInstanceIdentifier") {
            wanted = Some(self.known_by(region, name)?);
        }
        let items = self
            .known_instances(region)
            .filter(|known| wanted.is_none_or(|wanted| wanted == known.key))
            .filter(admitted)
            .filter_map(|known| Some((known.key.id.clone(), self.any_instance_view(known.key)?)));
        let mut items: Vec<_> = items.collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        page("DBInstances", "DBInstance", items, params)
    }

    /// The instance that a name, an ARN or a resource identifier means in a Region.
    fn known_by(&self, region: &str, name: &str) -> Result<&ClusterKey, Fault> {
        let not_found = || Fault::instance_not_found(name);
        let foreign = self.names.parse_arn(name);
        if foreign.is_some_and(|(home, _, _)| home != region) {
            return Err(not_found());
        }
        let bare = name.rsplit(':').next().unwrap_or(name);
        let named = ClusterKey::new(region, bare);
        let by_name = self
            .known_instances(region)
            .find(|known| *known.key == named);
        let by_resource = || {
            let mut all = self.known_instances(region);
            all.find(|known| known.resource_id.eq_ignore_ascii_case(bare))
        };
        let found = by_name.or_else(by_resource).ok_or_else(not_found)?;
        Ok(found.key)
    }

    /// Every instance of a Region, of a cluster or of its own.
    fn known_instances(&self, region: &str) -> impl Iterator<Item = Known<'_>> {
        let of_clusters = self.instances.values().map(|instance| Known {
            key: &instance.key,
            resource_id: &instance.resource_id,
            cluster: Some(&instance.cluster),
            engine: ENGINE,
        });
        let alone = self.standalones.values().map(|instance| Known {
            key: &instance.key,
            resource_id: &instance.resource_id,
            cluster: None,
            engine: instance.engine.as_str(),
        });
        let all = of_clusters.chain(alone);
        all.filter(move |known| known.key.region == region)
    }

    fn any_instance_view(&self, key: &ClusterKey) -> Option<Node> {
        let of_a_cluster = self.instances.get(key);
        let alone = || self.standalones.get(key);
        of_a_cluster
            .map(|found| self.instance_view(found))
            .or_else(|| alone().map(|found| self.standalone_view(found)))
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
