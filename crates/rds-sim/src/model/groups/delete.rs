//! Deletes groups that nothing uses any more.

use crate::{
    answer::{Fields, Node},
    model::{Model, fault::Fault, groups::Sort, key::ClusterKey, params::Params},
};

impl Model {
    pub(crate) fn delete_group(
        &mut self,
        sort: Sort,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required(sort.name())?;
        let key = (sort, ClusterKey::new(region, name));
        if !self.groups.contains_key(&key) {
            return Err(sort.not_found(name));
        }
        if self.is_used(sort, &key.1) {
            return Err(Fault::group_in_use(sort == Sort::Subnets, name));
        }
        self.groups.remove(&key);
        self.record(region, &key.1.id, "group deleted");
        Ok(Fields::default().done())
    }

    /// Whether a cluster or an instance of the Region names the group.
    fn is_used(&self, sort: Sort, group: &ClusterKey) -> bool {
        let is_it =
            |name: Option<&String>| name.is_some_and(|name| name.eq_ignore_ascii_case(&group.id));
        let mut clusters = self
            .clusters
            .values()
            .filter(|cluster| cluster.key.region == group.region);
        let mut alone = self
            .standalones
            .values()
            .filter(|instance| instance.key.region == group.region);
        match sort {
            Sort::Subnets => {
                clusters.any(|cluster| is_it(cluster.network.subnet_group.as_ref()))
                    || alone.any(|instance| is_it(instance.network.subnet_group.as_ref()))
            }
            Sort::ClusterParameters => {
                clusters.any(|cluster| is_it(cluster.network.parameter_group.as_ref()))
            }
            Sort::Parameters => {
                alone.any(|instance| is_it(instance.network.parameter_group.as_ref()))
                    || self.instances.values().any(|instance| {
                        instance.key.region == group.region
                            && is_it(instance.parameter_group.as_ref())
                    })
            }
        }
    }
}
