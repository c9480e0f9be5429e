//! What a time-out tells.

use super::*;

#[test]
fn a_time_out_tells_of_a_living_server_only_behind_a_login_of_the_same_look() {
    let limit = Duration::from_secs(3);
    let cut_off = |asking, answered| {
        let kept = Kept::<()> {
            asking,
            answered,
            ..Kept::default()
        };
        kept.cut_off(limit)
    };
    assert!(matches!(cut_off(true, false), Write::Unattempted { .. }));
    assert!(matches!(cut_off(false, true), Write::Answered { .. }));
    assert!(matches!(cut_off(false, false), Write::Failed { .. }));
}
