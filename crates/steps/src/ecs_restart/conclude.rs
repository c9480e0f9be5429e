//! The end of a failback: the pilot lights of the Region that took over go back to none. One service a pass.

use crate::services::pilot_light::{self, PilotLight};
use failover::{
    Error,
    pass::{
        Input, Output, Pass,
        frame::{self, Acting, Came, Step, Then},
    },
    ports::{Ledger, People, Runtime, Services},
};

/// The step's name in timelines and logs.
pub const STEP: &str = "conclude";

/// What a pass does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Every pilot light stands at none.
    Done,
    /// Tasks and instances are stopping.
    Wait,
    /// Put the one at this place of the list back.
    PutBack(usize),
}

impl Action {
    const fn acting(&self) -> Acting {
        match self {
            Self::Done => Acting::of("none", Then::Done),
            Self::Wait => Acting::of("wait", Then::Waits),
            Self::PutBack(_) => Acting::calling_out("put_back", Then::Again(0)),
        }
    }
}

/// The step.
#[derive(Debug)]
pub struct Conclude;

/// One pass.
///
/// # Errors
/// The guards' refusals; `NotReady` at the end, naming every service that nobody would tell about.
pub async fn run(
    world: &(impl Ledger + Runtime + Services + People),
    input: &Input,
) -> Result<Output<Vec<PilotLight>>, Error> {
    frame::run(&Conclude, world, input).await
}

impl<W: Ledger + Runtime + Services + People> Step<W> for Conclude {
    const NAME: &'static str = STEP;
    type Observed = Vec<PilotLight>;
    type Action = Action;

    fn acting(action: &Action) -> Acting {
        action.acting()
    }

    fn admit(&self, pass: &Pass) -> Result<(), Error> {
        pass.require_proven()
    }

    async fn observe(&self, world: &W, pass: &Pass) -> Result<Vec<PilotLight>, Error> {
        Ok(pilot_light::observe(world, pass).await)
    }

    fn next_action(&self, _: &Pass, seen: &Vec<PilotLight>) -> Result<Action, Error> {
        next_action(seen)
    }

    fn reason(&self, pass: &Pass, seen: &Vec<PilotLight>, action: &Action) -> String {
        match action {
            Action::Done => format!("{} pilot light(s) stand at none", seen.len()),
            Action::Wait => "tasks and instances are stopping".to_owned(),
            Action::PutBack(index) => {
                let light = seen.get(*index).map(PilotLight::key).unwrap_or_default();
                let put = pass.says("is put", "would be put");
                format!("{light} {put} back to none")
            }
        }
    }

    async fn act(
        &self,
        world: &W,
        _: &mut Pass,
        seen: &mut Vec<PilotLight>,
        action: &Action,
    ) -> Result<Came, Error> {
        if let Action::PutBack(index) = action
            && let Some(light) = seen.get(*index)
        {
            light.put_back(world).await?;
        }
        Ok(Came::AsDecided)
    }
}

/// Decides what one pass does.
///
/// # Errors
/// `NotReady` when nothing is left to do and nobody would tell about a service.
pub fn next_action(seen: &[PilotLight]) -> Result<Action, Error> {
    if let Some(index) = seen.iter().position(PilotLight::burns) {
        return Ok(Action::PutBack(index));
    }
    if seen.iter().any(PilotLight::is_ending) {
        return Ok(Action::Wait);
    }
    let stay = seen
        .iter()
        .filter_map(|light| Some((light, light.stays()?)));
    let stay: Vec<_> = stay
        .map(|(light, why)| format!("{}: {why}", light.key()))
        .collect();
    if stay.is_empty() {
        return Ok(Action::Done);
    }
    Err(Error::NotReady(format!(
        "{} pilot light(s) could not be put back: {}",
        stay.len(),
        stay.join("; ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{asg, ecs};

    fn light(desired_count: Option<u32>, running_count: u32) -> PilotLight {
        PilotLight::Ecs(ecs::pilot_light::PilotLight {
            region: "us-east-1".into(),
            cluster: "orders".into(),
            service: "worker".into(),
            desired_count,
            running_count,
            why: "AccessDenied".into(),
        })
    }

    #[test]
    fn pilot_lights_are_put_back_one_by_one_and_then_waited_for() {
        let seen = |desired, running| next_action(&[light(Some(0), 0), light(desired, running)]);
        assert_eq!(seen(Some(2), 2), Ok(Action::PutBack(1)));
        assert_eq!(seen(Some(0), 1), Ok(Action::Wait));
        assert_eq!(seen(Some(0), 0), Ok(Action::Done));
        assert_eq!(next_action(&[]), Ok(Action::Done));
    }

    #[test]
    fn one_that_may_not_go_to_none_hides_no_other_and_is_named_at_the_end() {
        let group = |min_size| {
            PilotLight::Asg(asg::pilot_light::PilotLight {
                region: "us-east-1".into(),
                group: "batch".into(),
                desired_capacity: Some(2),
                min_size,
                instances: 2,
                why: String::new(),
            })
        };
        assert_eq!(
            next_action(&[group(1), light(Some(1), 1)]),
            Ok(Action::PutBack(1))
        );
        assert_eq!(next_action(&[group(0)]), Ok(Action::PutBack(0)));
        let why = next_action(&[group(1), light(Some(0), 0)]).unwrap_err();
        assert!(
            why.to_string()
                .contains("us-east-1/asg:batch: its minimum size is 1"),
            "{why}"
        );
    }

    #[test]
    fn one_that_cannot_be_seen_hides_no_other_and_is_named_at_the_end() {
        assert_eq!(
            next_action(&[light(None, 0), light(Some(2), 2)]),
            Ok(Action::PutBack(1))
        );
        let why = next_action(&[light(None, 0)]).unwrap_err();
        assert!(why.to_string().contains("us-east-1/orders/worker"), "{why}");
    }
}
