//! What is read of the account, and what is looked at again.

use super::*;

fn quota(name: &str, used: i64, max: i64) -> types::AccountQuota {
    let quota = types::AccountQuota::builder().account_quota_name(name);
    quota.used(used).max(max).build()
}

#[test]
fn each_kind_has_its_own_room_for_snapshots_and_none_is_made_up() {
    let quotas = [
        quota("ManualSnapshots", 98, 100),
        quota("ManualClusterSnapshots", 3, 100),
    ];
    let of = |kind| room(kind, &quotas).map(|room| (room.most, room.used));
    assert_eq!(of(Kind::Instance), Some((100, 98)));
    assert_eq!(of(Kind::Cluster), Some((100, 3)));
    assert_eq!(room(Kind::Cluster, &quotas[..1]), None);
}

#[test]
fn copies_that_are_too_many_are_waited_for_and_other_refusals_are_not() {
    assert!(make::frees_itself("SnapshotQuotaExceeded"));
    for code in [
        "DBClusterQuotaExceededFault",
        "InstanceQuotaExceeded",
        "KMSKeyNotAccessibleFault",
        "",
    ] {
        assert!(!make::frees_itself(code), "{code}");
    }
}
