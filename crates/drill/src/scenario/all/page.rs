//! One page over several reports.

use maud::{DOCTYPE, html};

use super::{Summary, word};
use crate::report::{self, Verdict, words};

/// The page, which links each report.
pub(super) fn page(summary: &Summary) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Failover drills: " (word(summary.verdict())) }
                style { (maud::PreEscaped(report::STYLE)) }
            }
            body {
                header {
                    p.kicker { "Failover drills" }
                    h1 { (summary.lines.len()) " scenarios " span.verdict.(if summary.verdict() == Some(Verdict::Fail) { "broken" } else { "held" }) { (word(summary.verdict())) } }
                }
                table {
                    thead { tr { th { "Scenario" } th { "Verdict" } th { "Writes stopped" } th { "Overhead" } th { "Rows lost" } th { "Not as expected" } } }
                    tbody {
                        @for line in &summary.lines {
                            tr {
                                @if line.verdict.is_some() {
                                    td { a href=(format!("{}/report.html", line.scenario)) { (line.scenario) } }
                                } @else {
                                    td { (line.scenario) }
                                }
                                td { (word(line.verdict)) }
                                td { (words::duration(line.outage)) }
                                td { (words::duration(line.overhead)) }
                                td { (words::count(line.lost)) }
                                td { (line.reasons.join("; ")) }
                            }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::all::tests::summary;

    #[test]
    fn the_page_links_each_report_and_escapes_what_was_found() {
        let page = page(&summary(Verdict::Fail));
        assert!(page.contains("href=\"blip/report.html\""));
        assert!(page.contains("&lt;b&gt;") && !page.contains("expected: <b>"));
    }
}
