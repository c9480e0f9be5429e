//! What members are made of, and what the calls of a rebuild do to them.

use aurora_global::members::Accepted;
use failover::{
    Error,
    topology::{Call, InstanceShape, Shape},
};

use super::{
    Answer, Concerns, Seen, astray,
    aws::{global_name, global_number, takes_writes},
    unavailable,
};
use crate::state::{Harm, Role, State, member_name, region};

impl Seen<'_> {
    /// A call that nobody else sees.
    pub(super) async fn call_nobody(
        &self,
        perform: impl FnOnce(&mut State) -> Answer + Send,
    ) -> Answer {
        Seen::call(self, Concerns::Nobody, move |state, _| perform(state)).await
    }
}

pub(super) fn reached(state: &State, here: usize, there: usize) -> Result<(), Error> {
    if state.reaches(here, there) {
        return Ok(());
    }
    unavailable(&region(there))
}

pub(super) fn resource(member: usize, generation: u8) -> String {
    format!("cluster-{member}-{generation}")
}

pub(super) fn of_generation(member: usize, generation: u8, global: Option<u8>) -> Shape {
    Shape {
        identifier: member_name(member),
        arn: super::aws::arn(member),
        resource_id: resource(member, generation),
        status: "available".into(),
        global_cluster: global.map(global_name),
        ..Shape::default()
    }
}

pub(super) fn shape(state: &State, member: usize) -> Option<Shape> {
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
pub(super) fn made(state: &mut State, there: usize, call: &Call) -> Result<Accepted, Error> {
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
pub(super) fn taken(state: &mut State, there: usize) {
    let lives = |member: usize| {
        let found = state.members.get(member);
        found.is_some_and(|found| takes_writes(found.role) && !found.is_deposed)
    };
    let hits = lives(there) || state.primary_of(there).is_some_and(lives);
    state.harm(Harm::WriterTaken, hits);
}
