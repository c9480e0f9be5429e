//! In which order addresses are tried, and which name a certificate must carry.

use hickory_resolver::proto::rr::{
    Name,
    rdata::{A, CNAME},
};

use super::*;

const FOUR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const SIX: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

#[test]
fn every_address_of_a_name_is_taken_one_of_each_family_in_turn() {
    let other = IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED);
    let turns = in_turn([SIX, other, FOUR, SIX].into_iter());
    assert_eq!(turns, [FOUR, SIX, other]);
}

fn record(name: &str, data: RData) -> Record {
    Record::from_rdata(Name::from_ascii(name).unwrap(), 5, data)
}

fn alias(name: &str, target: &str) -> Record {
    let target = Name::from_ascii(target).unwrap();
    record(name, RData::CNAME(CNAME(target)))
}

#[test]
fn a_certificate_is_asked_for_the_target_of_the_plans_own_name_however_that_goes_on() {
    const CLUSTER: &str = "orders-west.cluster-x.us-west-2.rds.amazonaws.com";
    let address = record(
        "ec2-198-51-100-1.us-west-2.compute.amazonaws.com.",
        RData::A(A::new(198, 51, 100, 1)),
    );
    let mut answers = vec![
        alias("Writer.orders.internal.", &format!("{CLUSTER}.")),
        alias(
            &format!("{CLUSTER}."),
            "ec2-198-51-100-1.us-west-2.compute.amazonaws.com.",
        ),
        address,
    ];
    assert_eq!(direct_target("writer.orders.internal", &answers), CLUSTER);
    // A name without a CNAME of its own is verified as it is.
    answers.remove(0);
    assert_eq!(
        direct_target("writer.orders.internal.", &answers),
        "writer.orders.internal"
    );
}
