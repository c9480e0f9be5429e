//! What is said of making members again, whatever the topology.

use failover::{
    domain::Region,
    switches::kill,
    topology::{Shape, differences},
};

/// That what takes away is held back by the acting Region's kill switch.
#[must_use]
pub fn killed(value: &str, acting: &Region) -> String {
    format!(
        "the kill switch is on ({value}), and nothing is taken away; write off into {} of {acting}, or delete it",
        kill()
    )
}

/// What is said before anything is taken away: what no successor of the member will have.
#[must_use]
pub fn remembered(region: &Region, wanted: Option<&Shape>, is_dry: bool) -> String {
    let mut said = format!(
        "what the member in {region} is made of {} kept, to be made again",
        if is_dry { "would be" } else { "is" }
    );
    if let Some(shape) = wanted {
        for beyond in &shape.beyond {
            said.push_str(&format!(". Its successor will not have {beyond}"));
        }
        said.push_str(&format!(
            ". Its successor has another resource id than {}: policies that name it, as for rds-db:connect, need a pattern",
            shape.resource_id
        ));
    }
    said
}

/// What is said at the end of a successor: each sentence about what is not as it was begins with a full stop and a blank.
#[must_use]
pub fn not_as_it_was(retired: &Shape, successor: &Shape) -> String {
    let name = &successor.identifier;
    let mut said = String::new();
    let differ = differences(retired, successor);
    if !differ.is_empty() {
        said.push_str(&format!(
            ". Of {name} this is not as it was: {}",
            differ.join(", ")
        ));
    }
    let beyond = retired.beyond.iter();
    for gone in beyond.filter(|has| !successor.beyond.contains(has)) {
        said.push_str(&format!(". {name} no longer has {gone}"));
    }
    said
}
