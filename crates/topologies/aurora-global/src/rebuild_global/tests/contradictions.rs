//! RDS's descriptions do not agree with each other.

use super::*;

#[test]
fn a_standby_of_the_writers_own_global_cluster_is_not_detached_while_the_writers_description_lags()
{
    let mut observed = deposed();
    observed.past = Some(global("orders-global-1", &[(EAST, true), (WEST, false)]));
    home(&mut observed).fenced_at = None;
    for is_noted in [false, true] {
        if is_noted {
            carry_out(&mut observed, &Action::Remember("us-west-2".into()));
        }
        let why = next_action(&observed, Retire::Rename).unwrap_err();
        assert_eq!(why.name(), "UnexpectedTopology");
        for part in ["orders-east", "orders-global-1", "start again"] {
            assert!(why.to_string().contains(part), "{why}");
        }
    }
    let remove = Call::Remove {
        global_cluster: "orders-global-1".into(),
        arn: WEST.into(),
    };
    let judged = |observed: &Observed| {
        let made = harmless(observed, &"us-west-2".into(), &remove, Retire::Rename);
        made.err().map_or("made", |why| why.name())
    };
    assert_eq!(judged(&observed), "UnexpectedTopology");
    assert_eq!(judged(&deposed()), "made", "the deposed writer's own");
}
