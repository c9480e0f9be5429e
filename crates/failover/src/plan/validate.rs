//! What the schema cannot say: how the fields of a plan fit together.

use std::collections::BTreeSet;

use super::{Detection, DnsRecord, KeyedTable, Mode, Plan};
use crate::steps::rebuild_global::names::{IDENTIFIER_MAX, is_identifier};

/// The longest time a resolver may keep the writer's name: beyond it the record outlives every other step of a failover.
const TTL_SECONDS_MAX: u32 = 300;
/// The longest time that a human may be given to answer: the state machines outlast it, three questions included.
pub const APPROVAL_MINUTES_MAX: u64 = 1440;
/// A probe invocation lasts a minute, so that a longer interval would never be measured.
const INTERVAL_SECONDS_MAX: u64 = 30;

/// One sentence per fault: the field, its value, and the fix.
pub(super) fn faults(plan: &Plan) -> Vec<String> {
    [
        names(plan),
        regions(plan),
        detection(plan),
        policy(plan),
        dns(plan),
        ecs(plan),
        topics(plan),
        loss_ledger(plan),
    ]
    .concat()
}

fn names(plan: &Plan) -> Vec<String> {
    let name = plan.plan.as_str();
    let mut found = when(!is_name(name), || {
        format!("plan is {name:?}; use 1 to 40 letters from a to z, digits and hyphens")
    });
    let clusters = plan.members.iter();
    let clusters = clusters.map(|(region, member)| {
        let field = format!("members.{region}.cluster");
        (field, member.cluster.as_str())
    });
    let global = "topology.global_cluster".to_owned();
    let named = clusters.chain([(global, plan.topology.global_cluster())]);
    for (field, name) in named.filter(|(_, name)| !is_identifier(name)) {
        found.push(format!(
            "{field} is {name:?}; use 1 to {IDENTIFIER_MAX} letters, digits and single hyphens, a letter first and no hyphen last, as RDS does"
        ));
    }
    found
}

/// Whether a plan can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (1..=40).contains(&name.len()) && name.chars().all(fits)
}

fn regions(plan: &Plan) -> Vec<String> {
    let members: Vec<_> = plan.members.keys().map(ToString::to_string).collect();
    let listed = members.join(", ");
    let mut found = when(plan.members.len() < 2, || {
        format!(
            "members has {} Region(s) ({listed}); name at least two",
            plan.members.len()
        )
    });
    found.extend(when(!plan.members.contains_key(&plan.home_region), || {
        format!(
            "home_region is {}, which is not in members; choose one of {listed}",
            plan.home_region
        )
    }));
    if let Some(witness) = plan
        .witness_region
        .as_ref()
        .filter(|witness| plan.members.contains_key(witness))
    {
        found.push(format!(
            "witness_region is {witness}, which is a member; choose a third Region"
        ));
    }
    for region in plan
        .members
        .keys()
        .chain(&plan.witness_region)
        .filter(|region| !is_region(region.as_str()))
    {
        found.push(format!(
            "{name:?} is not the name of a Region; write it like us-east-1",
            name = region.as_str()
        ));
    }
    for region in plan
        .ecs
        .keys()
        .filter(|region| !plan.members.contains_key(region))
    {
        found.push(format!(
            "ecs.{region} is not a member's Region; choose one of {listed}"
        ));
    }
    found
}

fn is_region(name: &str) -> bool {
    let parts: Vec<_> = name.split('-').collect();
    parts.len() >= 3
        && parts.iter().all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
        && parts
            .last()
            .is_some_and(|part| part.chars().all(|c| c.is_ascii_digit()))
}

fn detection(plan: &Plan) -> Vec<String> {
    let detection = &plan.detection;
    let (interval, timeout) = (detection.interval_seconds, detection.timeout_seconds);
    let mut found = when(!(1..=INTERVAL_SECONDS_MAX).contains(&interval), || {
        format!("detection.interval_seconds is {interval}; use 1 to {INTERVAL_SECONDS_MAX}")
    });
    found.extend(when(timeout == 0, || {
        "detection.timeout_seconds is 0; use at least 1".to_owned()
    }));
    // An interval of 0 is a fault of its own.
    found.extend(when(timeout > interval && interval > 0, || {
        format!("detection.timeout_seconds is {timeout}, longer than interval_seconds ({interval}); make it at most {interval}")
    }));
    found.extend(when(!(2..=60).contains(&detection.failures), || {
        format!(
            "detection.failures is {}; use 2 to 60: one failure proves nothing",
            detection.failures
        )
    }));
    found
}

fn policy(plan: &Plan) -> Vec<String> {
    let unplanned = &plan.unplanned;
    let unwitnessed = plan.witness_region.is_none() && unplanned.without_witness.is_none();
    let asks = [
        ("region_down", unplanned.region_down),
        ("writer_down", unplanned.writer_down),
    ]
    .into_iter()
    .find(|(_, mode)| *mode == Mode::Approval);
    let grace = plan.detection.in_region_grace_seconds;
    let short = grace.filter(|grace| *grace < Detection::GRACE_SECONDS);
    let unheard = plan
        .members
        .keys()
        .filter(|region| !plan.notify.contains_key(region));
    let mut found: Vec<_> = asks
        .into_iter()
        .flat_map(|(field, _)| {
            unheard.clone().map(move |region| {
                format!("unplanned.{field} is approval and notify has no {region}; name an SNS topic there, or nobody is asked")
            })
        })
        .collect();
    found.extend(when(
        !(1..=APPROVAL_MINUTES_MAX).contains(&unplanned.approval_minutes),
        || {
            format!(
                "unplanned.approval_minutes is {}; use 1 to {APPROVAL_MINUTES_MAX}",
                unplanned.approval_minutes
            )
        },
    ));
    if let Some(grace) = short.filter(|_| unplanned.writer_down == Mode::Automatic) {
        found.push(format!(
            "detection.in_region_grace_seconds is {grace} and unplanned.writer_down is automatic; use at least {}, which a \
             failover within the Region may take, or write approval",
            Detection::GRACE_SECONDS
        ));
    }
    found.extend(when(
        unwitnessed && unplanned.region_down == Mode::Automatic,
        || {
            "unplanned.region_down is automatic and there is no witness_region; name one, or write \"without_witness\": \"accept\""
            .to_owned()
        },
    ));
    found
}

fn dns(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for (index, record) in plan.dns.iter().enumerate() {
        let (hosted_zone, name, ttl_seconds, accept_route53_risk) = match record {
            DnsRecord::Cname {
                hosted_zone,
                name,
                ttl_seconds,
                accept_route53_risk,
                ..
            } => (hosted_zone, name, ttl_seconds, accept_route53_risk),
            DnsRecord::Ssm { parameter, .. } => {
                found.extend(when(!is_parameter(parameter), || {
                    format!("dns[{index}].parameter is {parameter:?}; write a name like /orders/writer, outside /aurora-failover/")
                }));
                found.extend(when(!names.insert(parameter), || {
                    format!("dns[{index}].parameter {parameter} stands twice; keep one")
                }));
                continue;
            }
        };
        found.extend(when(hosted_zone.is_empty() || !hosted_zone.chars().all(|c| c.is_ascii_alphanumeric()), || {
            format!("dns[{index}].hosted_zone is {hosted_zone:?}; write the id alone, like Z0EXAMPLE")
        }));
        found.extend(when(!name.contains('.') || name.ends_with('.'), || {
            format!("dns[{index}].name is {name:?}; write a full name without the trailing dot")
        }));
        found.extend(when(*ttl_seconds == 0 || *ttl_seconds > TTL_SECONDS_MAX, || {
            format!("dns[{index}].ttl_seconds is {ttl_seconds}; use 1 to {TTL_SECONDS_MAX}: clients keep the dead writer that long")
        }));
        found.extend(when(!names.insert(name), || {
            format!("dns[{index}].name {name} stands twice; keep one")
        }));
        // Route 53's control plane lives there and nowhere else in the partition.
        let control_plane = plan.home_region.of_route53();
        let risk = plan.members.contains_key(&control_plane);
        found.extend(when(risk && !accept_route53_risk, || {
            format!(
                "dns[{index}] needs Route 53's control plane, which lives in {control_plane}, a member; use kind ssm, \
                 or write \"accept_route53_risk\": true if losing both at once is acceptable"
            )
        }));
    }
    found
}

/// The longest name of a parameter.
/// Source: <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>.
const PARAMETER_MAX: usize = 1011;

fn is_parameter(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
    name.starts_with('/')
        && !name.ends_with('/')
        && name.len() <= PARAMETER_MAX
        && name.chars().all(fits)
        && !name.starts_with("/aurora-failover/")
        && !name.starts_with("/aws")
        && !name.starts_with("/ssm")
}

fn ecs(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    for (region, targets) in &plan.ecs {
        let mut seen = BTreeSet::new();
        for (target, service) in targets
            .iter()
            .flat_map(|target| target.services.iter().map(move |s| (target, s)))
        {
            let name = service.name();
            found.extend(when(!seen.insert((&target.cluster, name)), || {
                format!(
                    "ecs.{region}: service {name} of cluster {} stands twice; keep one",
                    target.cluster
                )
            }));
        }
    }
    found
}

fn topics(plan: &Plan) -> Vec<String> {
    let malformed = |arn: &str| arn.split(':').count() != 6 || !arn.starts_with("arn:");
    plan.notify
        .iter()
        .filter(|(_, arn)| malformed(arn))
        .map(|(region, arn)| format!("notify.{region} is {arn:?}; write the ARN of an SNS topic"))
        .collect()
}

fn loss_ledger(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for (index, KeyedTable { table, key }) in plan.loss_ledger.iter().enumerate() {
        let parts: Vec<_> = table.split('.').collect();
        let named = parts.len() == 2 && parts.iter().all(|part| !part.is_empty());
        found.extend(when(!named, || {
            format!(
                "loss_ledger[{index}].table is {table:?}; write schema and name, like public.orders"
            )
        }));
        found.extend(when(!names.insert(table), || {
            format!("loss_ledger[{index}].table {table} stands twice; keep one")
        }));
        let columns: BTreeSet<_> = key.iter().filter(|column| !column.is_empty()).collect();
        found.extend(when(key.is_empty() || columns.len() != key.len(), || {
            format!("loss_ledger[{index}].key is {key:?}; name the columns of a unique key of {table}, each once")
        }));
    }
    found
}

fn when(faulty: bool, say: impl FnOnce() -> String) -> Vec<String> {
    faulty.then(say).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::read;
    use crate::steps::fake::plan_document as good;

    /// Sets one field of the good plan and says how the plan is then refused.
    fn with(pointer: &str, value: Value) -> String {
        let mut document = good();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[field] = value;
        read(&document.to_string())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn a_name_that_rds_cannot_have_given_is_a_fault() {
        for (pointer, field, name) in [
            (
                "/members/us-west-2/cluster",
                "members.us-west-2.cluster",
                "o".repeat(64),
            ),
            (
                "/topology/global_cluster",
                "topology.global_cluster",
                "orders--1".to_owned(),
            ),
        ] {
            let why = with(pointer, json!(name));
            assert!(why.contains(field) && why.contains("as RDS does"), "{why}");
        }
        assert_eq!(
            with("/members/us-west-2/cluster", json!("o".repeat(63))),
            ""
        );
    }

    #[test]
    fn a_short_grace_beside_an_automatic_writer_down_is_a_fault() {
        let why = with("/detection/in_region_grace_seconds", json!(179));
        for part in ["in_region_grace_seconds is 179", "use at least 180"] {
            assert!(why.contains(part), "{part} is missing from: {why}");
        }
        assert_eq!(with("/detection/in_region_grace_seconds", json!(180)), "");
        let mut document = good();
        document["detection"]["in_region_grace_seconds"] = json!(60);
        document["unplanned"]["writer_down"] = json!("observe");
        assert!(read(&document.to_string()).is_ok());
    }

    #[test]
    fn every_bad_field_is_named_with_its_value_and_the_fix() {
        let rows = [
            ("/plan", json!("a b"), "use 1 to 40 letters"),
            (
                "/members",
                json!({"us-west-2": {"cluster": "orders-west"}}),
                "name at least two",
            ),
            (
                "/home_region",
                json!("eu-west-1"),
                "which is not in members",
            ),
            (
                "/witness_region",
                json!("us-east-1"),
                "choose a third Region",
            ),
            ("/witness_region", json!("Ohio"), "write it like us-east-1"),
            ("/witness_region", Value::Null, "without_witness"),
            (
                "/detection/interval_seconds",
                json!(0),
                "detection.interval_seconds is 0",
            ),
            ("/detection/timeout_seconds", json!(9), "make it at most 5"),
            (
                "/detection/failures",
                json!(1),
                "one failure proves nothing",
            ),
            ("/unplanned/strategy", json!("hope"), "unplanned.strategy"),
            ("/dns/0/ttl_seconds", json!(86400), "use 1 to 300"),
            ("/dns/0/name", json!("writer"), "full name"),
            (
                "/dns/0/hosted_zone",
                json!("/hostedzone/Z0"),
                "the id alone",
            ),
            (
                "/dns/0/accept_route53_risk",
                json!(false),
                "accept_route53_risk",
            ),
            (
                "/ecs/us-east-1/0/services",
                json!(["api", "api"]),
                "stands twice",
            ),
            ("/ecs", json!({"eu-west-1": []}), "not a member's Region"),
            (
                "/notify",
                json!({"us-east-1": "topic"}),
                "ARN of an SNS topic",
            ),
        ];
        for (pointer, value, expected) in rows {
            let why = with(pointer, value.clone());
            assert!(
                why.contains(expected),
                "{pointer} = {value}: {why:?} lacks {expected:?}"
            );
        }
    }

    #[test]
    fn a_table_of_the_loss_ledger_has_a_schema_and_a_key_and_stands_once() {
        let id = |table: &str, key: Value| json!([{"table": table, "key": key}]);
        let twice = json!([{"table": "a.b", "key": ["id"]}, {"table": "a.b", "key": ["id"]}]);
        for (tables, says) in [
            (
                id("orders", json!(["id"])),
                "loss_ledger[0].table is \"orders\"; write schema and name",
            ),
            (
                id("a.b.c", json!(["id"])),
                "loss_ledger[0].table is \"a.b.c\"",
            ),
            (
                id("a.b", json!([])),
                "loss_ledger[0].key is []; name the columns",
            ),
            (id("a.b", json!(["id", "id"])), "each once"),
            (twice, "loss_ledger[1].table a.b stands twice"),
        ] {
            let why = with("/loss_ledger", tables);
            assert!(why.contains(says), "{why:?} lacks {says:?}");
        }
        assert_eq!(with("/loss_ledger", id("app.orders", json!(["id"]))), "");
    }

    #[test]
    fn a_parameter_needs_no_route_53_and_may_stand_beside_a_name() {
        let parameter = json!({"kind": "ssm", "parameter": "/orders/writer", "endpoint": "writer"});
        let name = good()["dns"][0].clone();
        assert_eq!(with("/dns", json!([parameter])), "");
        assert_eq!(with("/dns", json!([name, parameter])), "");
    }

    #[test]
    fn a_parameter_of_a_wrong_name_is_refused_with_the_fix() {
        let of = |name: &str| json!([{"kind": "ssm", "parameter": name, "endpoint": "writer"}]);
        let long = format!("/{}", "a".repeat(1011));
        for name in [
            "orders",
            "/orders/",
            "/aurora-failover/kill",
            "/aws/orders",
            "/a b",
            &long,
        ] {
            let why = with("/dns", of(name));
            for part in [
                "dns[0].parameter is",
                name,
                "write a name like /orders/writer",
            ] {
                assert!(why.contains(part), "{name}: {why:?} lacks {part:?}");
            }
        }
        let fits = format!("/{}", "a".repeat(1010));
        assert_eq!(with("/dns", of(&fits)), "");
        let one = of("/orders/writer")[0].clone();
        assert!(with("/dns", json!([one, one])).contains("stands twice"));
    }

    #[test]
    fn a_plan_without_witness_may_act_when_that_was_accepted() {
        let mut document = good();
        document.as_object_mut().unwrap().remove("witness_region");
        document["unplanned"]["without_witness"] = json!("accept");
        assert!(read(&document.to_string()).is_ok());
    }
}
