//! The page as a whole: what it says, that it stands alone, and that no text can break out of it.

use super::render;
use crate::report::{
    Check, Report, Rpo,
    fixtures::{path_impaired, region_loss},
};

const HOSTILE: &str = "<script>alert('x')</script>\"><img src=x onerror=\"y\"> & more";

/// Puts a hostile text wherever the report holds one.
fn hostile() -> Report {
    let mut value = serde_json::to_value(region_loss()).unwrap();
    fn replace(value: &mut serde_json::Value) {
        if let Some(text) = value.as_str() {
            let keep = text.parse::<jiff::Timestamp>().is_ok()
                || [
                    "pass",
                    "fail",
                    "setup",
                    "client",
                    "fault",
                    "noticing",
                    "confirming",
                    "promotion",
                    "dns",
                    "run",
                ]
                .contains(&text);
            if !keep {
                *value = HOSTILE.into();
            }
        } else if let Some(items) = value.as_array_mut() {
            items.iter_mut().for_each(replace);
        } else if let Some(fields) = value.as_object_mut() {
            fields.values_mut().for_each(replace);
        }
    }
    replace(&mut value);
    let mut report: Report = serde_json::from_value(value).unwrap();
    report.profile = [(HOSTILE.into(), [(HOSTILE.into(), HOSTILE.into())].into())].into();
    report
}

#[test]
fn every_text_is_escaped() {
    let page = render(&hostile());
    assert!(page.contains("&lt;script&gt;alert"));
    assert!(!page.contains("<script"));
    assert!(!page.contains("<img"));
    assert!(!page.contains("onerror=\"y"));
}

#[test]
fn the_page_stands_alone() {
    for page in [render(&region_loss()), render(&path_impaired())] {
        for foreign in [
            "http:", "https:", "//", "<script", "<link", "url(", "@import", "src=", "href=",
        ] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }
}

#[test]
fn a_failover_shows_verdict_figures_outage_phases_and_states() {
    let page = render(&region_loss());
    for part in [
        ">pass</span>",
        "no writes for 22.1 s",
        "1 beat",
        "of 713 acknowledged",
        "ConfirmOutage",
        ", 5 passes",
        "us-west-2 lost",
        "DNS moved",
        "RemoveFromGlobalCluster",
        "detach_seconds",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn without_an_outage_nothing_is_shaded_and_no_recovery_is_claimed() {
    let page = render(&path_impaired());
    assert!(page.contains("never"));
    assert!(!page.contains("no writes"));
    assert!(!page.contains("<dt>RTO</dt>"));
    assert!(!page.contains(">unknown<"));
    assert!(page.contains("path_impaired"));
}

#[test]
fn a_failed_and_half_known_drill_says_so() {
    let mut report = region_loss();
    report.verdict = crate::report::Verdict::Fail;
    report.checks = vec![Check::new("writes go on", "they did not", false)];
    report.rpo = Rpo::default();
    report.rto = crate::report::Rto::default();
    report.writes.outages[0].until = None;
    report.writes.outage_seconds = None;
    report.runs[0].states[3].exited_at = None;
    let page = render(&report);
    for part in [
        ">fail</span>",
        "no writes until the drill",
        "found: they did not",
        ">unknown<",
        "not left",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn an_empty_report_is_still_a_page() {
    let mut report = path_impaired();
    report.timeline.clear();
    report.runs.clear();
    report.calls.clear();
    report.profile.clear();
    report.checks.clear();
    report.writes = crate::report::Writes::default();
    assert!(render(&report).ends_with("</html>"));
}
