//! What RDS shows of the clusters.

use failover::{
    Error,
    topology::{Cluster, FailoverState, GlobalCluster, GlobalMember, Instance},
};

use super::{arn, endpoints, follows_or_leads, global_name, global_number};
use crate::{
    rules::Rule,
    state::{Role, Slot, State, member_name, region},
    world::unavailable,
};

/// Whether a run without that guard takes its target, which was promoted past, for a standby of the current cluster.
pub(in crate::world) fn takes_for_standby(state: &State, slot: usize, off: Option<Rule>) -> bool {
    let Some(Slot::Live(live)) = state.runs.get(slot) else {
        return false;
    };
    let is_deposed = |member: usize| {
        let found = state.members.get(member);
        found.is_some_and(|found| found.is_deposed)
    };
    let follows = state
        .members
        .get(live.to)
        .is_some_and(|found| follows_or_leads(found.role));
    let past =
        is_deposed(live.to) || (follows && state.primary_of(live.to).is_some_and(is_deposed));
    off == Some(Rule::CurrentStandby) && past
}

pub(in crate::world) fn global(
    state: &State,
    slot: usize,
    (here, there): (usize, usize),
    identifier: &str,
    off: Option<Rule>,
) -> Result<Option<GlobalCluster>, Error> {
    if !state.reaches(here, there) {
        return unavailable(&region(there));
    }
    let state = &*state.shown_in(there);
    let number = global_number(identifier);
    let blind = takes_for_standby(state, slot, off);
    let from_to = match state.runs.get(slot) {
        Some(Slot::Live(live)) => (live.from, live.to),
        _ => (usize::MAX, usize::MAX),
    };
    let members = state.members.iter().enumerate();
    let listed = members.filter(|(member, found)| {
        let belongs = follows_or_leads(found.role) && found.global == number && !found.is_retired;
        belongs || (blind && [from_to.0, from_to.1].contains(member))
    });
    let listed: Vec<_> = listed
        .map(|(member, found)| GlobalMember {
            arn: arn(member),
            is_writer: if blind {
                member == from_to.0
            } else {
                found.role == Role::Primary
            },
            synchronization: Some(
                if found.role == Role::Resynchronising {
                    "pending-resync"
                } else {
                    "connected"
                }
                .into(),
            ),
        })
        .collect();
    let operation = state.operation.filter(|operation| {
        let target = state.members.get(operation.to);
        target.is_some_and(|target| target.global == number)
    });
    let failover = operation.map(|operation| FailoverState {
        status: if operation.is_switchover {
            "switching-over"
        } else {
            "failing-over"
        }
        .into(),
        to: arn(operation.to),
        loses: Some(!operation.is_switchover),
    });
    let exists = state.globals.contains(&number) || !listed.is_empty();
    Ok(exists.then(|| GlobalCluster {
        identifier: identifier.into(),
        resource_id: None,
        settings: Default::default(),
        status: "available".into(),
        engine_version: "16.4".into(),
        members: listed,
        failover: failover.filter(|_| off != Some(Rule::Withdrawal)),
    }))
}

pub(in crate::world) fn cluster(
    state: &State,
    slot: usize,
    here: usize,
    there: usize,
    off: Option<Rule>,
) -> Result<Option<Cluster>, Error> {
    if !state.reaches(here, there) {
        return unavailable(&region(there));
    }
    let state = &*state.shown_in(there);
    let Some(member) = state.members.get(there).filter(|found| !found.is_retired) else {
        return Ok(None);
    };
    let own = matches!(state.runs.get(slot), Some(Slot::Live(live)) if live.to == there);
    let blind = takes_for_standby(state, slot, off) && own;
    let status = if member.role == Role::Promoting {
        "promoting"
    } else {
        "available"
    };
    let addresses = endpoints(there);
    Ok(Some(Cluster {
        identifier: member_name(there),
        arn: arn(there),
        resource_id: None,
        status: status.into(),
        engine_version: "16.4".into(),
        global_cluster: (follows_or_leads(member.role) || blind)
            .then(|| global_name(member.global)),
        endpoint: addresses.writer,
        reader_endpoint: addresses.reader,
        port: addresses.port,
        instances: vec![Instance {
            identifier: format!("{}-1", member_name(there)),
            status: "available".into(),
            is_writer: true,
        }],
    }))
}
