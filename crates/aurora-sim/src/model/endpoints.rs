//! Custom cluster endpoints: create, describe, delete.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        describe::page,
        fault::Fault,
        names::{ClusterKey, check_identifier},
        params::Params,
        state::CustomEndpoint,
    },
};

impl Model {
    pub(crate) fn create_db_cluster_endpoint(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let cluster = self.names.parse_cluster(name, region)?;
        if cluster.region != region || !self.clusters.contains_key(&cluster) {
            return Err(Fault::cluster_not_found(name));
        }
        let id = params.required("DBClusterEndpointIdentifier")?;
        check_identifier("DBClusterEndpointIdentifier", id)?;
        let kind = params.required("EndpointType")?.to_uppercase();
        if !["READER", "ANY"].contains(&kind.as_str()) {
            return Err(Fault::invalid_value(format!(
                "Invalid endpoint type {kind}: custom endpoints are READER or ANY."
            )));
        }
        let key = ClusterKey::new(region, id);
        if self.endpoints.contains_key(&key) {
            return Err(Fault::endpoint_exists(id));
        }
        let members = |list: &str| {
            let members = params.list(list).into_iter();
            members.map(str::to_lowercase).collect::<Vec<_>>()
        };
        let endpoint = CustomEndpoint {
            key: key.clone(),
            cluster: cluster.clone(),
            kind,
            static_members: members("StaticMembers.member"),
            excluded_members: members("ExcludedMembers.member"),
        };
        if !endpoint.static_members.is_empty() && !endpoint.excluded_members.is_empty() {
            return Err(Fault::invalid_combination(
                "StaticMembers and ExcludedMembers cannot be specified together.",
            ));
        }
        let named = endpoint
            .static_members
            .iter()
            .chain(&endpoint.excluded_members);
        let unknown = |id: &&String| {
            !self
                .instances_of(&cluster)
                .any(|found| found.key.id == **id)
        };
        if let Some(unknown) = named.into_iter().find(unknown) {
            return Err(Fault::instance_not_found(unknown));
        }
        let view = self.endpoint_view(&endpoint);
        self.endpoints.insert(key.clone(), endpoint);
        self.record(region, &key.id, "custom endpoint created");
        Ok(view)
    }

    pub(crate) fn delete_db_cluster_endpoint(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("DBClusterEndpointIdentifier")?;
        let key = ClusterKey::new(region, id);
        let found = self.endpoints.remove(&key);
        let found = found.ok_or_else(|| Fault::endpoint_not_found(id))?;
        self.record(region, &key.id, "custom endpoint deleted");
        Ok(self.endpoint_view(&found))
    }

    pub(crate) fn describe_db_cluster_endpoints(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let is = |name: &str, value: &str| {
            let wanted = params.optional(name);
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let filters = params.filters();
        if let Some((name, _)) = filters
            .iter()
            .find(|(name, _)| *name != "db-cluster-endpoint-type")
        {
            return Err(Fault::invalid_value(format!(
                "Unrecognized filter name: {name}"
            )));
        }
        let of_type = |kind: &str| {
            let mut filters = filters.iter();
            filters.all(|(_, kinds)| kinds.iter().any(|wanted| wanted.eq_ignore_ascii_case(kind)))
        };
        let clusters = self
            .clusters
            .values()
            .filter(|cluster| cluster.key.region == region)
            .filter(|cluster| is("DBClusterIdentifier", &cluster.key.id))
            // Those that every cluster has carry no identifier.
            .filter(|_| params.optional("DBClusterEndpointIdentifier").is_none());
        let builtin = clusters.flat_map(|cluster| {
            let key = &cluster.key;
            [
                ("WRITER", self.names.writer_endpoint(key)),
                ("READER", self.names.reader_endpoint(key)),
            ]
            .map(|(kind, address)| {
                let view = Fields::default()
                    .text("DBClusterIdentifier", &key.id)
                    .text("Endpoint", address)
                    .text("Status", "available")
                    .text("EndpointType", kind)
                    .done();
                (kind, format!("{} {kind}", key.id), view)
            })
        });
        let custom = self
            .endpoints
            .values()
            .filter(|endpoint| endpoint.key.region == region)
            .filter(|endpoint| is("DBClusterIdentifier", &endpoint.cluster.id))
            .filter(|endpoint| is("DBClusterEndpointIdentifier", &endpoint.key.id))
            .map(|endpoint| {
                let name = format!("{} custom {}", endpoint.cluster.id, endpoint.key.id);
                ("CUSTOM", name, self.endpoint_view(endpoint))
            });
        let mut items: Vec<_> = builtin
            .chain(custom)
            .filter(|(kind, _, _)| of_type(kind))
            .map(|(_, name, view)| (name, view))
            .collect();
        items.sort_by(|one, other| one.0.cmp(&other.0));
        page("DBClusterEndpoints", "DBClusterEndpointList", items, params)
    }

    fn endpoint_view(&self, endpoint: &CustomEndpoint) -> Node {
        let members = |ids: &[String]| Node::list("member", ids.iter().map(Node::text));
        Fields::default()
            .text("DBClusterEndpointIdentifier", &endpoint.key.id)
            .text("DBClusterIdentifier", &endpoint.cluster.id)
            .text("Endpoint", self.names.custom_endpoint(&endpoint.key))
            .text("Status", "available")
            .text("EndpointType", "CUSTOM")
            .text("CustomEndpointType", &endpoint.kind)
            .node("StaticMembers", members(&endpoint.static_members))
            .node("ExcludedMembers", members(&endpoint.excluded_members))
            .done()
    }
}
