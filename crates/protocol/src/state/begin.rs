//! Where a search begins.

use failover::{
    domain::Epoch,
    ledger::{Current, PlanState, Stage, Stop},
};

use super::{
    Faults, GLOBAL, Mark, Member, PLAN, Role, Slot, State, digested, instance_arn, region, start,
};

impl State {
    /// A healthy plan with `members` members and room for `runs` runs; the first member leads in epoch 1.
    #[must_use]
    pub fn healthy(members: usize, runs: usize, left: Faults) -> Self {
        let row = PlanState {
            current: Some(Current {
                epoch: Epoch(1),
                writer: region(0),
                global_cluster: Some(GLOBAL.into()),
                run_id: "adopt".into(),
                proven_at: start(),
                unplanned: false,
                acknowledged_at: None,
            }),
            ..PlanState::new(PLAN.into())
        };
        let member = |index| Member {
            row: digested(row.clone()),
            is_up: true,
            role: if index == 0 {
                Role::Primary
            } else {
                Role::Standby
            },
            epoch: 1,
            is_deposed: false,
            was_lost: false,
            is_fenced: false,
            global: 1,
            is_retired: false,
            has_snapshot: false,
            remembered: None,
            generation: 0,
            mark: None,
            rows: 0,
            position: 0,
        };
        Self {
            members: (0..members).map(member).collect(),
            operation: None,
            lag: None,
            globals: vec![1],
            dns: (0, 1),
            runs: vec![Slot::Free; runs],
            parted: false,
            left,
            acknowledged: 0,
            arriving: None,
            resumed: Vec::new(),
            learning: None,
            harm: None,
        }
    }

    /// Two instances, of which the second follows the first, with room for a run that a sweep starts and for the sweep itself.
    #[must_use]
    pub fn instances(runs: usize, left: Faults) -> Self {
        let mut state = Self::healthy(2, runs + 2, left);
        for found in &mut state.members {
            let mut row = (*found.row.value).clone();
            if let Some(current) = &mut row.current {
                current.global_cluster = Some(instance_arn(0).as_str().into());
            }
            found.row = digested(row);
        }
        state
    }

    /// The same after the first was lost under a stop and the second promoted: the first is back, and its row knows nothing of that.
    #[must_use]
    pub fn left_stopped(runs: usize, left: Faults) -> Self {
        let mut state = Self::instances(runs, left);
        let mark = Mark {
            slot: runs + 1,
            epoch: 1,
        };
        let run_id = state.run_id(mark.slot);
        if let [home, writer, ..] = state.members.as_mut_slice() {
            let mut row = (*home.row.value).clone();
            row.stop = Some(Box::new(Stop {
                token: run_id.as_str().into(),
                epoch: Epoch(2),
                from: region(0),
                to: region(1),
                run_id,
                written_at: start(),
                stage: Stage::Stopping,
            }));
            (home.row, home.mark) = (digested(row), Some(mark));
            (home.is_deposed, home.was_lost, home.position) = (true, true, 1);
            let mut row = (*writer.row.value).clone();
            if let Some(current) = &mut row.current {
                current.epoch = Epoch(2);
                current.writer = region(1);
                current.global_cluster = Some(instance_arn(1).as_str().into());
                current.unplanned = true;
            }
            writer.row = digested(row);
            (writer.role, writer.global, writer.epoch) = (Role::Primary, 2, 2);
        }
        state.dns = (1, 2);
        state
    }

    /// The same after the first member was lost and the second detached and proven: the first is back, deposed.
    #[must_use]
    pub fn failed_over(members: usize, runs: usize, left: Faults) -> Self {
        let mut state = Self::healthy(members, runs, left);
        for found in &mut state.members {
            let mut row = (*found.row.value).clone();
            if let Some(current) = &mut row.current {
                current.epoch = Epoch(2);
                current.writer = region(1);
                current.global_cluster = None;
                current.unplanned = true;
            }
            found.row = digested(row);
        }
        if let [home, writer, ..] = state.members.as_mut_slice() {
            (home.is_deposed, home.was_lost) = (true, true);
            (writer.role, writer.global, writer.epoch) = (Role::Standalone, 0, 2);
        }
        state.dns = (1, 2);
        state
    }
}
