//! AddTagsToResource, RemoveTagsFromResource, ListTagsForResource: by ARN, of everything that has tags.

use crate::{
    answer::{Fields, Node},
    model::{Model, fault::Fault, groups::Sort, key::ClusterKey, params::Params, views::tags_view},
};

type Tags = Vec<(String, String)>;

impl Model {
    pub(crate) fn list_tags_for_resource(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let tags = self.tags_of(region, params.required("ResourceName")?)?;
        let view = tags_view(tags);
        Ok(Fields::default().node("TagList", view).done())
    }

    pub(crate) fn add_tags_to_resource(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("ResourceName")?.to_owned();
        let tags = self.tags_of(region, &name)?;
        for (key, value) in params.tags() {
            if key.starts_with("aws:") {
                return Err(Fault::invalid_value(format!(
                    "Tag keys that begin with aws: are reserved, and {key} does."
                )));
            }
            tags.retain(|(other, _)| *other != key);
            tags.push((key, value));
        }
        self.record(region, &name, "tags added");
        Ok(Fields::default().done())
    }

    pub(crate) fn remove_tags_from_resource(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("ResourceName")?.to_owned();
        let keys = params.list("TagKeys.member");
        let tags = self.tags_of(region, &name)?;
        tags.retain(|(key, _)| !keys.contains(&key.as_str()));
        self.record(region, &name, "tags removed");
        Ok(Fields::default().done())
    }

    /// The tags of what an ARN names. One of another Region is not found here.
    fn tags_of(&mut self, region: &str, arn: &str) -> Result<&mut Tags, Fault> {
        let wrong = || Fault::invalid_value(format!("Invalid resource name: {arn}"));
        let (own, kind, id) = self.names.parse_arn(arn).ok_or_else(wrong)?;
        let here = own.is_empty() || own == region;
        let key = ClusterKey::new(region, id);
        let found = match kind {
            "cluster" => self.clusters.get_mut(&key).map(|found| &mut found.tags),
            "db" if self.standalones.contains_key(&key) => {
                self.standalones.get_mut(&key).map(|found| &mut found.tags)
            }
            "db" => self.instances.get_mut(&key).map(|found| &mut found.tags),
            "snapshot" => {
                let found = self.instance_snapshots.get_mut(&key);
                found.map(|found| &mut found.tags)
            }
            "cluster-snapshot" => self.snapshots.get_mut(&key).map(|found| &mut found.tags),
            "cluster-endpoint" => self.endpoints.get_mut(&key).map(|found| &mut found.tags),
            "global-cluster" => self.globals.get_mut(&key.id).map(|found| &mut found.tags),
            "subgrp" | "cluster-pg" | "pg" => {
                let sorts = [Sort::Subnets, Sort::ClusterParameters, Sort::Parameters];
                let sort = sorts.into_iter().find(|sort| sort.kind() == kind);
                let group = sort.and_then(|sort| self.groups.get_mut(&(sort, key)));
                group.map(|found| &mut found.tags)
            }
            _ => return Err(wrong()),
        };
        found.filter(|_| here).ok_or_else(|| match kind {
            "db" => Fault::instance_not_found(id),
            "snapshot" => Fault::instance_snapshot_not_found(id),
            "cluster-snapshot" => Fault::snapshot_not_found(id),
            "cluster-endpoint" => Fault::endpoint_not_found(id),
            "global-cluster" => Fault::global_not_found(id),
            "subgrp" => Fault::subnet_group_not_found(id),
            "cluster-pg" => Fault::cluster_parameter_group_not_found(id),
            "pg" => Fault::parameter_group_not_found(id),
            _ => Fault::cluster_not_found(id),
        })
    }
}
