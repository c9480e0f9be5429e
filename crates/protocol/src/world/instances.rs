//! RDS instances with read replicas, as a run reads and changes them.

use failover::{
    Error,
    domain::Region,
    evidence::Rds,
    topology::{Accepted, InstanceShape, Reach, Shape, Snapshot},
};
use rds_replica::members::{
    Backups, Instance, Makes, Members, Replication,
    exports::Exported,
    makes::{Call, Whole},
};

use super::{
    Answer, Concerns, Seen, astray, aws,
    rebuild::{reached, resource, taken},
};
use crate::state::{Harm, Role, State, index, instance_arn as arn, member_name};

impl Members for Seen<'_> {
    async fn look(&self, region: &Region, identifier: &str) -> Rds {
        aurora_global::members::Members::look(self, region, identifier).await
    }

    async fn instance(&self, region: &Region, _: &str) -> Result<Option<Instance>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let answer = Seen::call(self, Concerns::Reading, move |state, _| {
            Answer::Instance(reached(state, here, there).map(|()| instance(state, there)))
        });
        answered!(answer, Answer::Instance)
    }

    /// They are no part of the model.
    async fn backups(&self, _: &Region, _: &str) -> Result<Option<Backups>, Error> {
        Ok(None)
    }

    /// Neither are these.
    async fn exports(&self, _: &Region, _: &str) -> Result<Option<Exported>, Error> {
        Ok(None)
    }

    async fn promote(&self, region: &Region, _: &str, _: Option<u32>) -> Result<Accepted, Error> {
        self.promoting(region, aws::Call::Promote).await
    }
}

impl Makes for Seen<'_> {
    async fn whole(&self, region: &Region, _: &str) -> Result<Option<Whole>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let answer = Seen::call(self, Concerns::Reading, move |state, _| {
            Answer::Whole(Box::new(
                reached(state, here, there).map(|()| whole(state, there)),
            ))
        });
        match answer.await {
            Answer::Whole(whole) => *whole,
            _ => astray(),
        }
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        aurora_global::members::Members::snapshot(self, region, snapshot).await
    }

    /// No member has a parameter group.
    async fn family(&self, _: &Region, _: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Nobody says what may be made again.
    fn reach(&self) -> Option<&Reach> {
        None
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let (here, there, call) = (index(&self.here), index(region), call.clone());
        let answer = Seen::call(self, Concerns::Others, move |state, _| {
            Answer::Accepted(reached(state, here, there).and_then(|()| made(state, there, &call)))
        });
        answered!(answer, Answer::Accepted)
    }
}

/// A member as RDS shows it in its own Region. What is being promoted has let its source go.
fn instance(state: &State, member: usize) -> Option<Instance> {
    let shown = &*state.shown_in(member);
    let found = shown.members.get(member)?;
    if found.is_retired {
        return None;
    }
    let source = (found.role == Role::Standby).then(|| shown.primary_of(member));
    let source = source.map(|leader| leader.map_or_else(|| "nobody".to_owned(), arn));
    let addresses = aws::endpoints(member);
    Some(Instance {
        identifier: member_name(member),
        arn: arn(member),
        resource_id: Some(resource(member, found.generation)),
        status: if found.role == Role::Promoting {
            "modifying"
        } else {
            "available"
        }
        .into(),
        engine: "postgres".into(),
        engine_version: "16.4".into(),
        endpoint: addresses.writer,
        port: addresses.port,
        replication: source.is_some().then(|| Replication {
            status: "replicating".into(),
            is_normal: true,
            message: None,
        }),
        source,
        backup_days: Some(7),
        cluster: None,
    })
}

/// The same, with what it is made of.
fn whole(state: &State, member: usize) -> Option<Whole> {
    let instance = instance(state, member)?;
    let generation = state.members.get(member)?.generation;
    Some(Whole {
        instance,
        shape: shape(member, generation),
        created_at: None,
    })
}

/// What an instance is made of.
pub(super) fn shape(member: usize, generation: u8) -> Shape {
    Shape {
        identifier: member_name(member),
        arn: arn(member),
        resource_id: resource(member, generation),
        status: "available".into(),
        backup_retention_days: Some(7),
        instances: vec![InstanceShape {
            identifier: member_name(member),
            status: "available".into(),
            ..InstanceShape::default()
        }],
        ..Shape::default()
    }
}

/// A call takes effect at once, or RDS would not.
fn made(state: &mut State, there: usize, call: &Call) -> Result<Accepted, Error> {
    match call {
        Call::CreateSnapshot { .. } => {
            if let Some(found) = state.members.get_mut(there) {
                found.has_snapshot = true;
            }
        }
        Call::Rename { .. } => retire(state, there),
        Call::CreateReplica { source_arn, .. } => {
            let mut members = 0..state.members.len();
            let leader = members.find(|member| arn(*member) == *source_arn);
            let takes = |leader: &usize| {
                let found = state.members.get(*leader);
                found.is_some_and(|found| found.role == Role::Primary && found.is_up)
            };
            let Some(leader) = leader.filter(takes) else {
                return Ok(Accepted::NotNow(
                    "its source is in no state for that".into(),
                ));
            };
            follow(state, there, leader);
        }
        Call::LiftProtection { .. } | Call::Delete { .. } | Call::Complete { .. } => {
            return astray();
        }
    }
    Ok(Accepted::Yes)
}

fn retire(state: &mut State, there: usize) {
    taken(state, there);
    let Some(found) = state.members.get_mut(there) else {
        return;
    };
    let kept = found.is_fenced && found.has_snapshot;
    found.is_retired = true;
    state.harm(Harm::RetiredUnkept, !kept);
}

/// A new replica holds what its source does.
fn follow(state: &mut State, there: usize, leader: usize) {
    let Some(from) = state.members.get(leader).cloned() else {
        return;
    };
    if let Some(found) = state.members.get_mut(there) {
        (found.role, found.global) = (Role::Standby, from.global);
        (found.is_retired, found.is_deposed, found.has_snapshot) = (false, false, false);
        found.generation += 1;
        aws::copy(&from, found);
    }
}
