//! The Describe operations: filters, pages, and who sees what.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        names::ClusterKey,
        params::Params,
        settings::Visibility,
        state::{Event, Global, Millis},
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
        let mut regions = Vec::new();
        for (name, values) in params.filters() {
            match name {
                "region" => regions.extend(values),
                other => return Err(unknown_filter(other)),
            }
        }
        let visible: Vec<&Global> = self
            .globals
            .values()
            .filter(|global| self.is_visible(global, region))
            .filter(|global| {
                regions.is_empty()
                    || global
                        .members()
                        .any(|member| regions.contains(&member.region.as_str()))
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
        let mut wanted: Option<Vec<ClusterKey>> = None;
        for (name, values) in params.filters() {
            match name {
                "db-cluster-id" => {
                    let keys = values
                        .into_iter()
                        .map(|value| self.names.parse_cluster(value, region));
                    wanted
                        .get_or_insert_default()
                        .extend(keys.collect::<Result<Vec<_>, _>>()?);
                }
                "engine" => {}
                other => return Err(unknown_filter(other)),
            }
        }
        if let Some(name) = params.optional("DBClusterIdentifier") {
            let key = self.names.parse_cluster(name, region)?;
            // Another Region's cluster is not found here, whatever its ARN.
            if key.region != region || !self.clusters.contains_key(&key) {
                return Err(Fault::cluster_not_found(name));
            }
            wanted = Some(vec![key]);
        }
        let items = self
            .clusters
            .values()
            .filter(|cluster| cluster.key.region == region)
            .filter(|cluster| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(&cluster.key))
            })
            .map(|cluster| (cluster.key.id.clone(), self.cluster_view(cluster)));
        page("DBClusters", "DBCluster", items.collect(), params)
    }

    pub(crate) fn describe_db_instances(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let mut clusters: Option<Vec<ClusterKey>> = None;
        let mut ids: Option<Vec<String>> = None;
        for (name, values) in params.filters() {
            match name {
                "db-cluster-id" => {
                    let keys = values
                        .into_iter()
                        .map(|value| self.names.parse_cluster(value, region));
                    clusters
                        .get_or_insert_default()
                        .extend(keys.collect::<Result<Vec<_>, _>>()?);
                }
                "db-instance-id" => ids
                    .get_or_insert_default()
                    .extend(values.into_iter().map(str::to_lowercase)),
                other => return Err(unknown_filter(other)),
            }
        }
        if let Some(name) = params.optional("DBInstanceIdentifier") {
            let bare = name.rsplit(':').next().unwrap_or(name);
            if !self.instances.contains_key(&ClusterKey::new(region, bare)) {
                return Err(Fault::instance_not_found(name));
            }
            ids = Some(vec![bare.to_lowercase()]);
        }
        let items = self
            .instances
            .values()
            .filter(|instance| instance.key.region == region)
            .filter(|instance| {
                clusters
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(&instance.cluster))
            })
            .filter(|instance| {
                ids.as_ref()
                    .is_none_or(|wanted| wanted.contains(&instance.key.id))
            })
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

fn unknown_filter(name: &str) -> Fault {
    Fault::invalid_value(format!("Unrecognized filter name: {name}"))
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

/// One page of items sorted by their key; the marker is the last key of the page before.
pub(crate) fn page(
    list: &'static str,
    member: &'static str,
    items: Vec<(String, Node)>,
    params: &Params,
) -> Result<Node, Fault> {
    let size = params.number("MaxRecords", 20, 100)?.unwrap_or(100) as usize;
    let after = params.optional("Marker");
    let rest: Vec<_> = items
        .into_iter()
        .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after))
        .collect();
    let marker = (rest.len() > size)
        .then(|| rest.get(size - 1).map(|(key, _)| key.clone()))
        .flatten();
    let nodes = rest.into_iter().take(size).map(|(_, node)| node);
    Ok(Fields::default()
        .optional("Marker", marker)
        .node(list, Node::list(member, nodes))
        .done())
}
