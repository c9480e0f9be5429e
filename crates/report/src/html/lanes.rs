//! The lanes below the writes: the phases of the outage, then the states of every run.

use jiff::Timestamp;
use maud::{Markup, html};

use super::{
    canvas::{Canvas, float, px},
    marks,
    scale::Scale,
    shown::Shown,
};
use crate::{Rto, Run, seconds, words};

const LANE: f64 = 22.0;
const BAR: f64 = 12.0;
const HEADING: f64 = 26.0;
/// More runs than a drill's picture can show; the table below has them all.
const MAX_RUNS: usize = 5;

struct Lane {
    name: String,
    note: String,
    class: String,
    span: Option<(Timestamp, Option<Timestamp>)>,
}

/// Draws all lanes from `top` down and says where they end.
pub(super) fn draw(shown: &Shown<'_>, scale: &Scale, canvas: Canvas, top: f64) -> (Markup, f64) {
    let mut y = top;
    let mut groups = Vec::new();
    if let Some(recovery) = shown.recovery {
        groups.push(("the failover's outage".to_owned(), phases(recovery)));
    }
    for run in shown.runs.iter().take(MAX_RUNS) {
        let heading = format!("{} in {}", run.machine, run.region);
        groups.push((heading, states(run)));
    }
    let markup = html! {
        @for (heading, lanes) in &groups {
            text.heading x="8" y=(px(y + 12.0)) { (heading) }
            @for (index, lane) in lanes.iter().enumerate() {
                (draw_lane(lane, scale, canvas, y + HEADING + LANE * float(index)))
            }
            @let () = y += HEADING + LANE * float(lanes.len()) + 6.0;
        }
    };
    (markup, y)
}

fn phases(recovery: &Rto) -> Vec<Lane> {
    recovery
        .moments
        .spans()
        .into_iter()
        .map(|(name, from, until)| Lane {
            name: name.into(),
            note: String::new(),
            class: name.into(),
            span: from.zip(until).map(|(from, until)| (from, Some(until))),
        })
        .collect()
}

fn states(run: &Run) -> Vec<Lane> {
    run.states
        .iter()
        .map(|state| Lane {
            name: state.name.clone(),
            note: if state.passes > 1 {
                format!(", {} passes", state.passes)
            } else {
                String::new()
            },
            class: "state".into(),
            span: Some((state.entered_at, state.exited_at)),
        })
        .collect()
}

fn draw_lane(lane: &Lane, scale: &Scale, canvas: Canvas, y: f64) -> Markup {
    let baseline = px(y + BAR - 2.0);
    html! {
        g.lane-row {
            text.lane x=(px(canvas.left - 12.0)) y=(baseline) text-anchor="end" { (lane.name) }
            @if let Some((from, until)) = lane.span {
                @let end = until.map_or(scale.until_ms(), |at| at.as_millisecond());
                @let (x, x_end) = (scale.x(from.as_millisecond()), scale.x(end));
                @let text = lasted(from, until) + &lane.note;
                rect.bar.(lane.class) x=(px(x)) y=(px(y)) width=(px((x_end - x).max(2.0))) height=(px(BAR)) rx="3" {
                    title { (lane.name) ": " (text) }
                }
                @if x_end + marks::label_width(&text) < canvas.width {
                    text.length x=(px(x_end + 6.0)) y=(baseline) { (text) }
                } @else {
                    text.length x=(px(x - 6.0)) y=(baseline) text-anchor="end" { (text) }
                }
            } @else {
                text.length x=(px(canvas.left + 6.0)) y=(baseline) { "unknown" }
            }
        }
    }
}

fn lasted(from: Timestamp, until: Option<Timestamp>) -> String {
    until.map_or_else(
        || "not left".into(),
        |until| {
            words::duration(Some(seconds(
                until.as_millisecond() - from.as_millisecond(),
            )))
        },
    )
}
