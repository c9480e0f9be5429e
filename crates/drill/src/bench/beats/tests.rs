//! Which figure decides, and what a machine that cannot tell says.

use super::*;

fn case(share: u32, plans: usize, committed: u64, suspected: usize) -> Case {
    Case {
        share,
        plans,
        shards: 1,
        due: 1_000,
        committed,
        suspected,
        unwatched: 0,
        used: 5.0,
        throttled: 50.0,
    }
}

fn beats(cases: &[Case]) -> Beats {
    Beats {
        cases: cases.to_vec(),
        minutes: 2,
        impossible: None,
    }
}

#[test]
fn the_cliff_lies_where_beats_fall_out_or_somebody_is_suspected() {
    let found = beats(&[
        case(7, 10, 1_000, 0),
        case(7, 50, 985, 0),
        case(7, 200, 1_000, 3),
        case(14, 10, 995, 0),
    ]);
    let cliffs = found.cliffs();
    assert_eq!(cliffs[&7], (Some(10), Some(50)));
    assert_eq!(cliffs[&14], (Some(10), None));
    let text = found.to_string();
    assert!(
        text.contains("the cliff at 7 %: 10 plans hold, 50 do not"),
        "{text}"
    );
    assert!(text.contains("no cliff at 14 %"), "{text}");
}

#[test]
fn what_one_invocation_is_promised_to_watch_decides() {
    use report::Verdict::{Fail, Pass};
    assert_eq!(
        beats(&[case(7, 50, 0, 50), case(14, 200, 0, 9)]).verdict(),
        Pass
    );
    assert_eq!(beats(&[case(14, 50, 900, 0)]).verdict(), Fail);
}

#[test]
fn a_machine_that_lets_nobody_find_out_says_so() {
    let none = Beats {
        impossible: Some("Permission denied".into()),
        ..beats(&[])
    };
    let text = none.to_string();
    assert!(
        text.contains("not measured") && text.contains("Permission denied"),
        "{text}"
    );
}
