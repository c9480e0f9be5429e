//! The drill's DNS: one view per vantage, in which each endpoint's name leads to that vantage's own road.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use super::{Members, Trouble};
use crate::{
    dns::Dns,
    profile::{CLIENT, member},
    roads::Roads,
};

/// Starts a view for every vantage; answers their addresses. `route53` leads past the front door: it stands for Route 53's own
/// servers, which outlive its control plane.
pub(super) async fn serve(
    route53: aws_sdk_route53::Client,
    zone_id: &str,
    roads: &Roads,
    endpoints: &HashMap<String, Members>,
    regions: impl Iterator<Item = &'static str>,
) -> Result<(Dns, HashMap<String, SocketAddr>), Trouble> {
    let dns = Dns::start(zone_id, route53).await?;
    let mut resolvers = HashMap::new();
    for vantage in regions.chain([CLIENT]) {
        let names = names(roads, endpoints, vantage);
        resolvers.insert(vantage.to_owned(), dns.view(vantage, &names).await?);
    }
    Ok((dns, resolvers))
}

/// The endpoints' names and the addresses at which a vantage reaches them.
fn names(
    roads: &Roads,
    endpoints: &HashMap<String, Members>,
    vantage: &str,
) -> HashMap<String, IpAddr> {
    let mut names = HashMap::new();
    for (plan, members) in endpoints {
        for (region, endpoints) in members {
            if let Some(address) = roads.address(vantage, &member(plan, region)) {
                names.insert(endpoints.writer.clone(), address);
                names.insert(endpoints.reader.clone(), address);
                let instances = endpoints.instances.iter().cloned();
                names.extend(instances.map(|instance| (instance, address)));
            }
        }
    }
    names
}
