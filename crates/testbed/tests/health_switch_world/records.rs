//! Pairs of failover records.

use ResourceRecordSetFailover::{Primary, Secondary};
use aws_sdk_route53::{
    Client,
    error::ProvideErrorMetadata,
    types::{
        AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet,
        ResourceRecordSetFailover, RrType,
    },
};

use super::{ALIAS, NAME, OUTSIDE};

const HERE: &str = "here.shop.internal";

/// The zone with the pair of records; answers its identifier.
pub(crate) async fn create(route53: &Client, checks: &[String; 2]) -> String {
    let create = route53.create_hosted_zone().name(NAME);
    let zone = create.caller_reference("shop").send().await.unwrap();
    let zone = zone.hosted_zone.unwrap().id;
    let [primary, secondary] = checks;
    let pair = [
        record(NAME, Primary, Some(primary)),
        record(NAME, Secondary, Some(secondary)),
    ];
    assert_eq!(put(route53, &zone, pair).await, Ok(()));
    let value = ResourceRecord::builder().value("127.1.0.2");
    let here = ResourceRecordSet::builder()
        .name(HERE)
        .r#type(RrType::A)
        .ttl(9)
        .resource_records(value.build().unwrap());
    let aliases = [
        here.build().unwrap(),
        alias(Primary, OUTSIDE, Some(primary)),
        alias(Secondary, HERE, None),
    ];
    assert_eq!(put(route53, &zone, aliases).await, Ok(()));
    zone
}

fn alias(role: ResourceRecordSetFailover, target: &str, check: Option<&str>) -> ResourceRecordSet {
    let target = AliasTarget::builder()
        .hosted_zone_id("Z0EXAMPLE")
        .dns_name(target)
        .evaluate_target_health(true);
    let set = ResourceRecordSet::builder()
        .name(ALIAS)
        .r#type(RrType::A)
        .set_identifier(role.as_str())
        .failover(role)
        .set_health_check_id(check.map(str::to_owned))
        .alias_target(target.build().unwrap());
    set.build().unwrap()
}

/// One of a pair: the primary leads west, the secondary east.
pub(crate) fn record(
    name: &str,
    role: ResourceRecordSetFailover,
    check: Option<&str>,
) -> ResourceRecordSet {
    let (ttl, target) = if role == Primary {
        (5, "west.shop.example")
    } else {
        (7, "east.shop.example")
    };
    let value = ResourceRecord::builder().value(target).build().unwrap();
    let set = ResourceRecordSet::builder()
        .name(name)
        .r#type(RrType::Cname)
        .set_identifier(role.as_str())
        .failover(role)
        .set_health_check_id(check.map(str::to_owned))
        .ttl(ttl)
        .resource_records(value);
    set.build().unwrap()
}

/// Creates records, all or none; answers the code of a refusal.
pub(crate) async fn put(
    route53: &Client,
    zone: &str,
    records: impl IntoIterator<Item = ResourceRecordSet>,
) -> Result<(), String> {
    let changes = records.into_iter().map(|record| {
        let change = Change::builder().action(ChangeAction::Create);
        change.resource_record_set(record).build().unwrap()
    });
    let batch = ChangeBatch::builder().set_changes(Some(changes.collect()));
    let change = route53.change_resource_record_sets().hosted_zone_id(zone);
    let change = change.change_batch(batch.build().unwrap());
    let changed = change.send().await.map(drop);
    changed.map_err(|why| why.code().unwrap_or_default().to_owned())
}
