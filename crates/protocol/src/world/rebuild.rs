//! RDS, as a rebuild reads and changes it, and what members were made of.

use failover::{
    Error,
    domain::{Epoch, PlanName, Region},
    steps::{
        detach_and_promote::Accepted,
        loss_ledger::{Found, Losses},
        rebuild_global::{
            Blueprint, Blueprints, Build, Call, Healthy, InstanceShape, ParameterGroup, Shape,
            Snapshot,
        },
    },
};

use super::{
    Answer, Concerns, Seen, astray,
    aws::{cluster_name, global_name, global_number, takes_writes},
    unavailable,
};
use crate::state::{Harm, Role, State, index, region, start};

impl Build for Seen<'_> {
    async fn shape(&self, region: &Region, _: &str) -> Result<Option<Shape>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Shape(reached(state, here, there).map(|()| shape(state, there)))
        });
        answered!(answer, Answer::Shape)
    }

    async fn snapshot(&self, region: &Region, snapshot: &str) -> Result<Option<Snapshot>, Error> {
        let (here, there) = (index(&self.here), index(region));
        let is_final = snapshot.contains("-final-");
        let answer = self.call(Concerns::Reading, move |state, _| {
            Answer::Snapshot(reached(state, here, there).map(|()| {
                let found = state.members.get(there);
                let found = found.filter(|found| is_final && found.has_snapshot);
                found.map(|found| Snapshot {
                    identifier: "final".into(),
                    status: "available".into(),
                    kind: "manual".into(),
                    resource_id: resource(there, found.generation),
                    taken_at: None,
                })
            }))
        });
        answered!(answer, Answer::Snapshot)
    }

    /// RDS only attempts to keep them, and they are only copied.
    async fn unplanned_snapshots(&self, _: &Region, _: &str) -> Result<Vec<Snapshot>, Error> {
        Ok(Vec::new())
    }

    /// No member has a parameter group.
    async fn family(&self, _: &Region, _: &ParameterGroup) -> Result<Option<String>, Error> {
        Ok(None)
    }

    async fn call(&self, region: &Region, call: &Call) -> Result<Accepted, Error> {
        let (here, there, call) = (index(&self.here), index(region), call.clone());
        let answer = Seen::call(self, Concerns::Others, move |state, _| {
            Answer::Accepted(reached(state, here, there).and_then(|()| made(state, there, &call)))
        });
        answered!(answer, Answer::Accepted)
    }
}

impl Blueprints for Seen<'_> {
    async fn blueprint(&self, _: &PlanName, member: &Region) -> Result<Option<Blueprint>, Error> {
        let there = index(member);
        let answer = self.call_nobody(move |state| {
            let found = state.members.get(there);
            let kept = found.and_then(|found| Some((found, found.remembered?)));
            Answer::Blueprint(Ok(kept.map(|(found, (epoch, global))| Blueprint {
                shape: of_generation(there, found.generation, Some(global)),
                epoch: Epoch(epoch),
                seen_at: start(),
                global: None,
                succeeded_at: None,
            })))
        });
        answered!(answer, Answer::Blueprint)
    }

    /// What is deposed is always there to be looked at.
    async fn healthy(&self, _: &PlanName, _: &Region) -> Result<Option<Healthy>, Error> {
        Ok(None)
    }

    async fn put_healthy(&self, _: &PlanName, _: &Region, _: &Healthy) -> Result<(), Error> {
        Ok(())
    }

    async fn put_blueprint(
        &self,
        _: &PlanName,
        member: &Region,
        blueprint: &Blueprint,
    ) -> Result<(), Error> {
        // Nobody removes a reader on purpose here: that a successor stands is not modelled.
        if blueprint.succeeded_at.is_some() {
            return Ok(());
        }
        let (there, epoch) = (index(member), blueprint.epoch.0);
        let answer = self.call_nobody(move |state| {
            if let Some(found) = state.members.get_mut(there) {
                found.remembered = Some((epoch, found.global));
            }
            Answer::Told(Ok(()))
        });
        answered!(answer, Answer::Told)
    }
}

/// No row is modelled: what is retired is renamed, which needs no loss ledger.
impl Found for Seen<'_> {
    async fn losses(&self, _: &Region, _: &PlanName, _: &str) -> Result<Option<Losses>, Error> {
        Ok(None)
    }

    async fn put_losses(&self, _: &PlanName, _: &Losses) -> Result<(), Error> {
        Ok(())
    }
}

impl Seen<'_> {
    /// A call that nobody else sees.
    async fn call_nobody(&self, perform: impl FnOnce(&mut State) -> Answer + Send) -> Answer {
        Seen::call(self, Concerns::Nobody, move |state, _| perform(state)).await
    }
}

fn reached(state: &State, here: usize, there: usize) -> Result<(), Error> {
    if state.reaches(here, there) {
        return Ok(());
    }
    unavailable(&region(there))
}

fn resource(member: usize, generation: u8) -> String {
    format!("cluster-{member}-{generation}")
}

fn of_generation(member: usize, generation: u8, global: Option<u8>) -> Shape {
    Shape {
        identifier: cluster_name(member),
        arn: super::aws::arn(member),
        resource_id: resource(member, generation),
        status: "available".into(),
        global_cluster: global.map(global_name),
        ..Shape::default()
    }
}

fn shape(state: &State, member: usize) -> Option<Shape> {
    let found = state.members.get(member)?;
    let global = Some(found.global).filter(|global| *global != 0);
    let mut shape = (!found.is_retired).then(|| of_generation(member, found.generation, global))?;
    // What is taken away has none, so that the search need not rename them; what follows is whole.
    if found.role == Role::Standby {
        shape.instances.push(InstanceShape {
            identifier: "an instance".into(),
            status: "available".into(),
            ..InstanceShape::default()
        });
    }
    Some(shape)
}

/// A call takes effect at once, or RDS would not.
fn made(state: &mut State, there: usize, call: &Call) -> Result<Accepted, Error> {
    let not_now = || Ok(Accepted::NotNow("it is in no state for that".into()));
    match call {
        Call::CreateSnapshot { .. } => member(state, there).map(|found| found.has_snapshot = true),
        Call::Remove { .. } => {
            taken(state, there);
            let found = member(state, there)?;
            found.global = 0;
            found.role = Role::Standalone;
            Ok(())
        }
        Call::RenameCluster { .. } => {
            taken(state, there);
            let found = member(state, there)?;
            let kept = found.is_fenced && found.has_snapshot;
            found.is_retired = true;
            state.harm(Harm::RetiredUnkept, !kept);
            Ok(())
        }
        Call::DeleteGlobal { global_cluster } => {
            let number = global_number(global_cluster);
            if state.members.iter().any(|found| found.global == number) {
                return not_now();
            }
            state.globals.retain(|global| *global != number);
            Ok(())
        }
        Call::CreateGlobal { global_cluster, .. } => {
            let number = global_number(global_cluster);
            let found = member(state, there)?;
            if found.role != Role::Standalone {
                return not_now();
            }
            (found.role, found.global) = (Role::Primary, number);
            state.globals.push(number);
            Ok(())
        }
        Call::CreateMember { global_cluster, .. } => {
            let number = global_number(global_cluster);
            let mut members = state.members.iter();
            let primary =
                members.find(|found| found.role == Role::Primary && found.global == number);
            let Some(epoch) = primary.map(|primary| primary.epoch) else {
                return not_now();
            };
            let found = member(state, there)?;
            (found.role, found.global, found.epoch) = (Role::Standby, number, epoch);
            (found.is_retired, found.is_deposed, found.is_fenced) = (false, false, false);
            found.has_snapshot = false;
            found.generation += 1;
            Ok(())
        }
        Call::CopySnapshot { .. }
        | Call::DeleteEndpoint { .. }
        | Call::RenameInstance { .. }
        | Call::LiftProtection { .. }
        | Call::DeleteInstance { .. }
        | Call::DeleteCluster { .. }
        | Call::AddRole { .. }
        | Call::CreateInstance { .. }
        | Call::CreateEndpoint { .. } => return astray(),
    }?;
    Ok(Accepted::Yes)
}

fn member(state: &mut State, there: usize) -> Result<&mut crate::state::Member, Error> {
    let found = state.members.get_mut(there);
    found.ok_or_else(|| Error::NotReady("there is no such member".into()))
}

/// What is taken from a member that writes, or that follows one which does, is harm.
fn taken(state: &mut State, there: usize) {
    let lives = |member: usize| {
        let found = state.members.get(member);
        found.is_some_and(|found| takes_writes(found.role) && !found.is_deposed)
    };
    let hits = lives(there) || state.primary_of(there).is_some_and(lives);
    state.harm(Harm::WriterTaken, hits);
}
