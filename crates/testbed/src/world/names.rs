//! The drill's DNS: one view per vantage, in which each endpoint's name leads to that vantage's own road.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};

use super::{Members, Trouble, World};
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

impl World {
    /// The zone's CNAME and TXT records: name and value.
    pub async fn records(&self) -> Vec<(String, String)> {
        let route53 = aws_sdk_route53::Client::new(&self.emulator.sdk_config("us-east-1"));
        let answer = route53
            .list_resource_record_sets()
            .hosted_zone_id(&self.zone_id)
            .send()
            .await;
        let sets = answer.map(|answer| answer.resource_record_sets);
        let sets = sets.unwrap_or_default().into_iter();
        let named = sets.filter(|set| matches!(set.r#type.as_str(), "CNAME" | "TXT"));
        named
            .filter_map(|set| {
                let value = set.resource_records?.into_iter().next()?.value;
                Some((set.name.trim_end_matches('.').to_owned(), value))
            })
            .collect()
    }

    /// The addresses that a vantage's resolver has for a name now; none where it has none.
    pub async fn addresses(&self, vantage: &str, name: &str) -> Vec<IpAddr> {
        let Ok(resolver) = resolver::Resolver::new(self.resolvers.get(vantage).copied()) else {
            return Vec::new();
        };
        resolver.addresses(name).await.unwrap_or_default()
    }

    /// Puts records of addresses into the zone, such as a load balancer has, in place of what is there.
    ///
    /// # Errors
    /// When they are refused.
    pub async fn put_addresses(&self, named: &[(String, IpAddr)]) -> Result<(), Trouble> {
        let mut batch = ChangeBatch::builder();
        for (name, address) in named {
            let value = ResourceRecord::builder().value(address.to_string());
            let set = ResourceRecordSet::builder()
                .name(name)
                .r#type(RrType::A)
                .ttl(1)
                .resource_records(value.build()?);
            let change = Change::builder()
                .action(ChangeAction::Upsert)
                .resource_record_set(set.build()?);
            batch = batch.changes(change.build()?);
        }
        aws_sdk_route53::Client::new(&self.emulator.sdk_config("us-east-1"))
            .change_resource_record_sets()
            .hosted_zone_id(&self.zone_id)
            .change_batch(batch.build()?)
            .send()
            .await?;
        Ok(())
    }

    /// Where a name of the zone leads.
    pub async fn leads_to(&self, name: &str) -> Option<String> {
        let records = self.records().await.into_iter();
        let mut found = records.filter(|(record, _)| record == name);
        found.next().map(|(_, value)| value)
    }
}
