//! Writers that answer and take no write, or say why.

use super::*;

#[test]
fn a_writer_whose_slots_are_all_used_is_told_and_never_left() {
    let why = "sorry, too many clients already (SQLSTATE 53300)".to_owned();
    let write = Some(Write::Saturated { why });
    let ours = Evidence {
        write,
        ..writer_down()
    };
    let theirs = Evidence {
        home_vantage: HomeVantage::Saturated,
        ..writer_down()
    };
    assert_eq!(verdict(&ours), Verdict::WriterSaturated);
    assert_eq!(verdict(&theirs), Verdict::WriterSaturated);
    let committing = Evidence {
        home_vantage: HomeVantage::FreshSuccess,
        ..ours
    };
    assert_eq!(verdict(&committing), Verdict::PathImpaired);
}

#[test]
fn a_writer_that_says_it_is_starting_is_busy_and_then_asked_about() {
    let why = "the database system is starting up (SQLSTATE 57P03)".to_owned();
    let starting = Evidence {
        write: Some(Write::Starting { why }),
        said: Said::Starting,
        gathered_at: at(899),
        ..writer_down()
    };
    let spent = Evidence {
        gathered_at: at(900),
        ..starting.clone()
    };
    assert_eq!(verdict(&starting), Verdict::WriterRestarting);
    assert_eq!(verdict(&spent), Verdict::WriterDownUnconfirmed);
}

#[test]
fn a_writer_without_disk_is_asked_about_and_its_region_is_not_gone() {
    let why = "could not extend file: No space left on device (SQLSTATE 53100)".to_owned();
    let full = Evidence {
        write: Some(Write::Exhausted { why }),
        said: Said::Exhausted,
        ..writer_down()
    };
    assert_eq!(verdict(&full), Verdict::WriterDownUnconfirmed);
    let elsewhere_silent = Evidence {
        writer_rds: silent(),
        home_vantage: HomeVantage::Unknown,
        ..full
    };
    assert_eq!(verdict(&elsewhere_silent), Verdict::Undetermined);
}

#[test]
fn a_writer_that_answers_and_commits_nothing_is_asked_about_and_its_region_is_not_gone() {
    let why = || "no answer within 3s after a login".to_owned();
    let to_us = Evidence {
        write: Some(Write::Answered { why: why() }),
        said: Said::of(&Write::Answered { why: why() }),
        ..writer_down()
    };
    let to_home = Evidence {
        said: Said::Nothing.or(Said::Answered),
        ..writer_down()
    };
    assert_eq!(verdict(&writer_down()), Verdict::WriterDown);
    for answered in [to_us, to_home] {
        assert_eq!(verdict(&answered), Verdict::WriterDownUnconfirmed);
        let elsewhere_silent = Evidence {
            writer_rds: silent(),
            home_vantage: HomeVantage::Unknown,
            ..answered
        };
        assert_eq!(verdict(&elsewhere_silent), Verdict::Undetermined);
    }
}

#[test]
fn probes_that_all_fail_beside_an_unreadable_reader_never_lead_on_by_themselves() {
    for writer_rds in [status("available"), silent()] {
        let blind = Evidence {
            progress: Progress::Unreadable,
            writer_rds,
            ..writer_down()
        };
        assert_eq!(verdict(&blind), Verdict::WriterDownUnconfirmed);
    }
    let only_beats = Evidence {
        stillness_tells: false,
        ..writer_down()
    };
    assert_eq!(verdict(&only_beats), Verdict::WriterDownUnconfirmed);
    assert_eq!(verdict(&writer_down()), Verdict::WriterDown);
}
