//! Which run leads a name, and what fails.

use super::*;

#[test]
fn the_run_that_leads_a_name_may_hold_its_plan() {
    let plan = plan(&Profile::usual("detach"), 0).unwrap();
    let account = Account::new(vec![plan.clone()], STANDBY, [].into(), CALLS_PER_SECOND);
    account.is_run(STANDBY, &run(&plan)).unwrap();
}

#[test]
fn a_name_that_is_not_led_over_fails() {
    use report::Verdict::{Fail, Pass};
    let case = |led: usize| Names {
        cases: vec![Case {
            plans: 2,
            led: vec![1.0; led],
            done: vec![31.0; led],
            passes: 4,
            calls: 20,
            throttled: 3,
        }],
    };
    assert_eq!(case(2).verdict(), Pass);
    assert_eq!(case(1).verdict(), Fail);
    assert_eq!(Names { cases: Vec::new() }.verdict(), Fail);
    assert!(case(2).to_string().contains("31.0"));
}
