//! What `plan init --workload` writes of tags, what it names as guessed or left out, and what it refuses.

use super::*;
use crate::{
    arguments::Output,
    fake::{Fake, HOME, OTHER, rds::instance},
    plan_check,
    terminal::Terminal,
};

const NONE: &str = "<DBClusters></DBClusters>";

fn tags(resource: Option<&str>) -> String {
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let resource = resource.map(|name| tag("aurora-failover:resource", name));
    format!(
        "<TagList>{}{}</TagList>",
        tag("aurora-failover", "shop"),
        resource.unwrap_or_default()
    )
}

/// What RDS lists in a Region.
fn lists(account: &mut Fake, region: &str, instances: &[String], clusters: &str) {
    let rds = &mut account.place(region).rds;
    let all = instances.concat();
    let all = format!("<DBInstances>{all}</DBInstances>");
    rds.insert("DescribeDBInstances ".into(), all);
    rds.insert("DescribeDBClusters ".into(), clusters.into());
}

/// An instance that both sides call alike, a cluster that its tag pairs, one without a counterpart, and one of another plan.
fn shop() -> Fake {
    let mut account = Fake::default();
    for (region, name) in [(OTHER, "ledger"), (HOME, "ledger-dr")] {
        let cluster = format!(
            "<DBClusters><DBCluster><DBClusterIdentifier>{name}</DBClusterIdentifier><StorageEncrypted>true</StorageEncrypted>{}</DBCluster></DBClusters>",
            tags(Some("ledger"))
        );
        let member = format!(
            "<DBClusterIdentifier>{name}</DBClusterIdentifier>{}",
            tags(None)
        );
        let mut all = vec![
            instance(region, "billing", &tags(None)),
            instance(region, &format!("{name}-1"), &member),
            instance(region, "other", ""),
        ];
        if region == OTHER {
            all.push(instance(region, "alone", &tags(None)));
        }
        lists(&mut account, region, &all, &cluster);
    }
    account
}

async fn init(account: &Fake, folder: &Path) -> Answer {
    let (plan, home, recovery) = ("shop".into(), OTHER.into(), HOME.into());
    let wanted = Wanted {
        plan: &plan,
        home: &home,
        recovery: &recovery,
        folder,
        force: false,
    };
    let act = async |desk: &Desk<'_>| run(desk, wanted).await;
    account
        .at_desk(&Terminal::typed(&[]), Output::Table, act)
        .await
}

#[tokio::test]
async fn what_bears_the_tag_on_both_sides_is_paired_and_every_guess_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let answer = init(&shop(), folder.path()).await;
    assert_eq!(answer.ending, Ending::Well, "{answer:?}");
    for part in [
        "  billing  rds_instance  billing from billing\n",
        "  ledger  aurora_cluster  ledger from ledger-dr\n",
        "recovery = billing, because both are called so",
        "left out: rds_instance alone: nothing in the recovery Region bears its name",
        "kms_key: it is encrypted",
        "left out: notify: ",
    ] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert!(!answer.text.contains("other"), "{}", answer.text);
    assert!(!answer.text.contains("ledger-1"), "{}", answer.text);
    let file = folder.path().join("shop.json").display().to_string();
    let checked = plan_check::run(&[file], Output::Table);
    assert_eq!(checked.ending, Ending::Well, "{checked:?}");
    let again = init(&shop(), folder.path()).await;
    assert_eq!(again.ending, Ending::Misused, "a file that is there stays");
}

#[tokio::test]
async fn the_next_revision_is_written_where_a_plan_lies_there() {
    let mut account = shop();
    let name = "/aurora-failover/workloads/shop".to_owned();
    let there = r#"{"revision": 4}"#.to_owned();
    account.place(HOME).parameters.insert(name, there);
    let folder = tempfile::tempdir().unwrap();
    let answer = init(&account, folder.path()).await;
    assert!(
        answer.text.contains("workload shop, revision 5\n"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn where_nothing_bears_the_tag_or_a_region_is_silent_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut none = Fake::default();
    for region in [HOME, OTHER] {
        lists(&mut none, region, &[], NONE);
    }
    let answer = init(&none, folder.path()).await;
    assert_eq!(answer.ending, Ending::Misused);
    assert!(answer.complaints[0].contains("aurora-failover=shop"));
    let mut dead = shop();
    dead.dead.insert(HOME.into());
    let answer = init(&dead, folder.path()).await;
    assert_eq!(answer.ending, Ending::Unknown, "{answer:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
