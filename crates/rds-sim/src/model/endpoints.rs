//! Custom cluster endpoints: create, describe, delete.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        filters::Filters,
        key::ClusterKey,
        names::check_identifier,
        page::page,
        params::Params,
        state::{CustomEndpoint, EndpointStatus},
        task::Then,
    },
};

/// The filters that DescribeDBClusterEndpoints documents.
const DOCUMENTED: [&str; 4] = [
    "db-cluster-endpoint-type",
    "db-cluster-endpoint-custom-type",
    "db-cluster-endpoint-id",
    "db-cluster-endpoint-status",
];

impl Model {
    pub(crate) fn create_db_cluster_endpoint(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let name = params.required("DBClusterIdentifier")?;
        let cluster = self.found_cluster(region, name)?.key.clone();
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
            status: EndpointStatus::Creating,
            resource_id: String::new(),
            tags: params.tags(),
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
        let endpoint = CustomEndpoint {
            resource_id: self.names.resource_id("cluster-endpoint-"),
            ..endpoint
        };
        let view = self.endpoint_view(&endpoint);
        self.endpoints.insert(key.clone(), endpoint);
        self.record(region, &key.id, "custom endpoint created");
        let duration_ms = self.settings.durations.endpoint_ms;
        self.plan(&[region], duration_ms, None, Then::EndpointMade(key));
        Ok(view)
    }

    pub(crate) fn delete_db_cluster_endpoint(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("DBClusterEndpointIdentifier")?;
        let key = ClusterKey::new(region, id);
        let found = self.endpoints.get_mut(&key);
        let found = found.ok_or_else(|| Fault::endpoint_not_found(id))?;
        if found.status != EndpointStatus::Available {
            return Err(Fault::endpoint_state(format!(
                "DB cluster endpoint {} is {}: only an available one may be deleted.",
                key.id,
                found.status.as_str()
            )));
        }
        found.status = EndpointStatus::Deleting;
        let found = found.clone();
        self.record(region, &key.id, "custom endpoint deletion accepted");
        let duration_ms = self.settings.durations.endpoint_ms;
        self.plan(&[region], duration_ms, None, Then::EndpointDeleted(key));
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
        let filters = Filters::read(params, &DOCUMENTED)?;
        let admitted = |kind: &str, custom: &str, id: &str, status: &str| {
            filters.admit("db-cluster-endpoint-type", &[kind])
                && filters.admit("db-cluster-endpoint-custom-type", &[custom])
                && filters.admit("db-cluster-endpoint-id", &[id])
                && filters.admit("db-cluster-endpoint-status", &[status])
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
                let shown = admitted(kind, "", "", "available");
                (shown, format!("{} {kind}", key.id), view)
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
                let (id, status) = (&endpoint.key.id, endpoint.status.as_str());
                let shown = admitted("CUSTOM", &endpoint.kind, id, status);
                (shown, name, self.endpoint_view(endpoint))
            });
        let mut items: Vec<_> = builtin
            .chain(custom)
            .filter(|(shown, _, _)| *shown)
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
            .text("DBClusterEndpointResourceIdentifier", &endpoint.resource_id)
            .text("Status", endpoint.status.as_str())
            .text("EndpointType", "CUSTOM")
            .text("CustomEndpointType", &endpoint.kind)
            .node("StaticMembers", members(&endpoint.static_members))
            .node("ExcludedMembers", members(&endpoint.excluded_members))
            .text(
                "DBClusterEndpointArn",
                self.names.arn("cluster-endpoint", &endpoint.key),
            )
            .done()
    }
}
