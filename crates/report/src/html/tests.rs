//! The page as a whole: what it says, that it stands alone, and that no text can break out of it.

use super::render;
use crate::{
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
        "0.41 s",
        "of writes lost, 1 beat",
        "of 713 acknowledged",
        "ConfirmOutage",
        ", 5 passes",
        "us-west-2 lost",
        "DNS moved",
        "RemoveFromGlobalCluster",
        "promote_ms",
        "aurora-failover 0.",
        "it does not reach us-west-2 either",
        "the writer in us-west-2 is suspected",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_picture_comes_first_and_the_checks_come_after_evidence_and_messages() {
    let page = render(&region_loss());
    let parts = [
        "<h1",
        "local drill, promotion simulated at 4 s",
        "<svg",
        "Writes stopped",
        "Why: region_down",
        "What people were told",
        "What had to come out",
        ">Runs<",
    ];
    let places = parts.map(|part| page.find(part).unwrap_or_else(|| panic!("no {part}")));
    assert!(
        places.is_sorted(),
        "{:?}",
        parts.iter().zip(places).collect::<Vec<_>>()
    );
}

#[test]
fn what_was_simulated_is_what_rds_was_asked_for() {
    let mut report = region_loss();
    for call in &mut report.calls {
        if call.operation == "RemoveFromGlobalCluster" {
            call.operation = "FailoverGlobalCluster".into();
        }
    }
    let page = render(&report);
    assert!(page.contains("local drill, managed failover simulated at 5 s"));
    assert!(render(&path_impaired()).contains("local drill, RDS simulated"));
}

#[test]
fn the_page_is_no_wider_than_a_window_of_600_pixels() {
    let page = render(&region_loss());
    let pictures: Vec<_> = page.split("<svg").skip(1).collect();
    let [broad, slim] = pictures.as_slice() else {
        panic!("{} pictures", pictures.len());
    };
    let head = |picture: &str| picture.split('>').next().unwrap().to_owned();
    assert!(
        head(broad).contains("class=\"broad\" viewBox=\"0 0 1160 "),
        "{}",
        head(broad)
    );
    assert!(
        head(slim).contains("class=\"slim\" viewBox=\"0 0 560 "),
        "{}",
        head(slim)
    );
    for picture in [head(broad), head(slim)] {
        assert!(
            !picture.contains("width=") && !picture.contains("height="),
            "{picture}"
        );
    }
    let style = page.split("</style>").next().unwrap();
    assert!(style.contains("@media (max-width: 900px) { svg.broad { display: none; }"));
    assert!(
        !style.contains("min-width"),
        "a width that a window may lack"
    );
    for column in style.split("minmax(").skip(1) {
        let least = column.split([',', ')']).next().unwrap();
        let px = least
            .strip_suffix("px")
            .and_then(|px| px.parse::<u32>().ok());
        assert!(
            px.is_none_or(|px| px <= 200),
            "a column of {least} at least"
        );
    }
}

#[test]
fn nothing_in_a_picture_is_drawn_beyond_its_edge() {
    for report in [region_loss(), path_impaired()] {
        for (picture, width) in render(&report).split("<svg").skip(1).zip([1160.0, 560.0]) {
            for text in picture.split("<text").skip(1) {
                let (attributes, words) = text.split_once('>').unwrap();
                let words = words.split('<').next().unwrap().chars().count();
                let x = attributes.split(" x=\"").nth(1).unwrap();
                let x: f64 = x.split('"').next().unwrap().parse().unwrap();
                let width = 6.0 * f64::from(u32::try_from(words).unwrap());
                let ends = attributes.contains("text-anchor=\"end\"");
                assert!(!ends || width <= x, "{text} begins before the edge");
            }
            for name in [" x=\"", " x1=\"", " x2=\""] {
                for value in picture.split(name).skip(1) {
                    let x: f64 = value.split('"').next().unwrap().parse().unwrap();
                    assert!((0.0..=width).contains(&x), "{name}{x} in {width}");
                }
            }
        }
    }
}

#[test]
fn a_drill_that_failed_says_why_before_the_picture() {
    let mut report = region_loss();
    report.verdict = crate::Verdict::Fail;
    report.verdict_reasons = vec!["expected: writes go on; found: they did not".into()];
    let page = render(&report);
    assert!(page.find("found: they did not").unwrap() < page.find("<svg").unwrap());
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
    report.verdict = crate::Verdict::Fail;
    report.checks = vec![Check::new("writes go on", "they did not", false)];
    report.rpo = Rpo::default();
    report.rto = crate::Rto::default();
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
    report.writes = crate::Writes::default();
    assert!(render(&report).ends_with("</html>"));
}
