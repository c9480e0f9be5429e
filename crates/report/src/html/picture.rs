//! The picture: the application's writes over time where somebody counted them, the outage, and below it who did what in the
//! meantime.

use maud::{Markup, html};

use super::{
    canvas::{Canvas, float, px},
    lanes,
    marks::{self, Mark},
    scale::{self, Scale},
    shown::Shown,
};
use crate::{Gap, Writes, seconds, timeline::Kind, words};

const RIGHT: f64 = 16.0;
const LABEL_ROW: f64 = 19.0;
const TRACK: f64 = 104.0;
const AXIS: f64 = 34.0;
/// Narrower bars are merged with their neighbours.
const NARROWEST_BAR: f64 = 3.5;

/// Draws what is shown.
pub(super) fn draw(shown: &Shown<'_>, canvas: Canvas) -> Markup {
    let marks = marks::marks(shown, scale::starts_ms(shown));
    let scale = Scale::new(
        shown,
        &marks,
        canvas.left,
        canvas.width - canvas.left - RIGHT,
    );
    let labels: Vec<(f64, f64)> = marks
        .iter()
        .map(|mark| (scale.x(mark.at_ms), marks::label_width(&mark.label)))
        .collect();
    let rows = marks::rows(&labels);
    let highest = rows.iter().flatten().max().map_or(0, |row| row + 1);
    let track_top = 8.0 + LABEL_ROW * float(highest);
    let track_bottom = track_top + TRACK;
    let gaps = shades(shown, &scale);
    let (lanes, bottom) = lanes::draw(shown, &scale, canvas, track_bottom + 20.0);
    let height = bottom + AXIS;
    html! {
        svg.(canvas.class) viewBox=(format!("0 0 {} {height:.0}", canvas.width)) role="img" aria-label=(in_words(shown)) {
            (axis(&scale, track_top, bottom))
            (outages(&gaps, track_top, bottom))
            @if let Some(writes) = shown.writes {
                (track(writes, &scale, canvas, (track_top, track_bottom)))
            } @else {
                (ground(canvas, track_bottom))
            }
            @for ((mark, (x, _)), row) in marks.iter().zip(&labels).zip(&rows) {
                (draw_mark(mark, *x, *row, [track_top, track_bottom, bottom]))
            }
            (outage_words(&gaps, &labels, track_top))
            (lanes)
        }
    }
}

/// The same in one sentence, for those who do not see it.
fn in_words(shown: &Shown<'_>) -> String {
    let Some(writes) = shown.writes else {
        let stopped = shown.outages.iter().find_map(|gap| {
            let lasted = gap.until?.as_millisecond() - gap.from.as_millisecond();
            Some(words::duration(Some(seconds(lasted))))
        });
        return stopped.map_or_else(
            || "Timeline of the run.".to_owned(),
            |stopped| format!("Timeline of the run: writes stopped for {stopped}."),
        );
    };
    let rows = words::plural(writes.acknowledged, "row");
    if writes.outages.is_empty() {
        return format!(
            "Timeline: the application wrote {rows} and never stopped for more than a second."
        );
    }
    format!(
        "Timeline: the application wrote {rows}; writes stopped for {}.",
        words::duration(writes.outage_seconds)
    )
}

fn axis(scale: &Scale, top: f64, bottom: f64) -> Markup {
    html! {
        g.axis {
            @for (x, text) in scale.ticks() {
                line x1=(px(x)) x2=(px(x)) y1=(px(top)) y2=(px(bottom + 4.0)) {}
                text x=(px(x)) y=(px(bottom + 18.0)) text-anchor="middle" { (text) }
            }
        }
    }
}

/// A shaded stretch without writes.
struct Shade {
    from: f64,
    until: f64,
    text: String,
}

fn shades(shown: &Shown<'_>, scale: &Scale) -> Vec<Shade> {
    let shade = |gap: &Gap| {
        let from_ms = gap.from.as_millisecond();
        let until_ms = gap.until.map_or(scale.until_ms(), |at| at.as_millisecond());
        scale.shows(from_ms, until_ms).then(|| Shade {
            from: scale.x(from_ms),
            until: scale.x(until_ms),
            text: gap.until.map_or_else(
                || format!("no writes until {}", shown.words.end),
                |_| {
                    let lasted = words::duration(Some(seconds(until_ms - from_ms)));
                    format!("no writes for {lasted}")
                },
            ),
        })
    };
    shown.outages.iter().filter_map(shade).collect()
}

fn outages(shades: &[Shade], top: f64, bottom: f64) -> Markup {
    html! {
        g.outage {
            @for shade in shades {
                rect x=(px(shade.from)) y=(px(top)) width=(px((shade.until - shade.from).max(1.0)))
                    height=(px(bottom - top)) {
                    title { (shade.text) }
                }
            }
        }
    }
}

/// Each shaded stretch's words, in its widest part that no mark's line runs through.
fn outage_words(shades: &[Shade], labels: &[(f64, f64)], top: f64) -> Markup {
    html! {
        g.outage {
            @for shade in shades {
                @let (from, until) = widest_part(shade, labels);
                @if shade.until - shade.from > marks::label_width(&shade.text) {
                    text x=(px(f64::midpoint(from, until))) y=(px(top + TRACK / 2.0 + 5.0)) text-anchor="middle" {
                        (shade.text)
                    }
                }
            }
        }
    }
}

fn widest_part(shade: &Shade, labels: &[(f64, f64)]) -> (f64, f64) {
    let mut from = shade.from;
    let mut widest = (shade.from, shade.from);
    for x in labels.iter().map(|(x, _)| *x).chain([shade.until]) {
        let x = x.clamp(shade.from, shade.until);
        if x - from > widest.1 - widest.0 {
            widest = (from, x);
        }
        from = x;
    }
    if widest.1 - widest.0 < marks::label_width(&shade.text) {
        return (shade.from, shade.until);
    }
    widest
}

fn track(writes: &Writes, scale: &Scale, canvas: Canvas, (top, bottom): (f64, f64)) -> Markup {
    let names = canvas.left - 12.0;
    let bars = bars(writes, scale);
    let most = bars
        .iter()
        .map(|bar| bar.stacked_on + bar.count)
        .max()
        .unwrap_or(0);
    let unit = (bottom - top - 10.0) / float(most.max(1));
    let merged_ms = writes.rate.bucket_ms * merged(writes, scale);
    let series = &writes.rate.series;
    html! {
        g.track {
            text.lane x=(px(names)) y=(px(top + 16.0)) text-anchor="end" { "writes" }
            text.note x=(px(names)) y=(px(top + 31.0)) text-anchor="end" {
                (most) " per " (seconds(merged_ms)) " s"
            }
            @for (index, one) in series.iter().enumerate().take(2) {
                @let y = top + 52.0 + float(index) * 18.0;
                rect class=(writer_class(index)) x=(px(8.0)) y=(px(y - 9.0)) width="10" height="10" rx="2" {}
                text.note x="23" y=(px(y)) { (words::cluster_of(&one.endpoint)) }
            }
            @for index in 0..series.len() {
                path class=(writer_class(index)) d=(path_of(&bars, index, bottom, unit)) {}
            }
            (ground(canvas, bottom))
        }
    }
}

fn ground(canvas: Canvas, bottom: f64) -> Markup {
    html! {
        line.ground x1=(px(canvas.left)) x2=(px(canvas.width - RIGHT)) y1=(px(bottom)) y2=(px(bottom)) {}
    }
}

struct Bar {
    series: usize,
    x: f64,
    width: f64,
    count: usize,
    /// Writes of the series before it in the same stretch.
    stacked_on: usize,
}

/// How many buckets make one bar.
fn merged(writes: &Writes, scale: &Scale) -> i64 {
    let bucket_ms = writes.rate.bucket_ms.max(1);
    (1..=4_096)
        .find(|count| scale.width_of(bucket_ms * count) >= NARROWEST_BAR)
        .unwrap_or(4_096)
}

fn bars(writes: &Writes, scale: &Scale) -> Vec<Bar> {
    let rate = &writes.rate;
    let bar_ms = rate.bucket_ms.max(1) * merged(writes, scale);
    let per_bar = usize::try_from(merged(writes, scale)).unwrap_or(1);
    let mut heights: Vec<usize> = Vec::new();
    let mut bars = Vec::new();
    for (series, one) in rate.series.iter().enumerate() {
        for (index, counts) in one.counts.chunks(per_bar).enumerate() {
            let count = counts.iter().map(|count| *count as usize).sum();
            if heights.len() <= index {
                heights.push(0);
            }
            let from_ms = rate.from.as_millisecond() + bar_ms * i64::try_from(index).unwrap_or(0);
            if count > 0 && scale.shows(from_ms, from_ms + bar_ms - 1) {
                let x = scale.x(from_ms);
                bars.push(Bar {
                    series,
                    x,
                    width: scale.x(from_ms + bar_ms) - x,
                    count,
                    stacked_on: heights[index],
                });
                heights[index] += count;
            }
        }
    }
    bars
}

fn path_of(bars: &[Bar], series: usize, bottom: f64, unit: f64) -> String {
    bars.iter()
        .filter(|bar| bar.series == series)
        .map(|bar| {
            format!(
                "M{:.1} {:.1}v{:.1}h{:.1}v{:.1}z",
                bar.x,
                bottom - unit * float(bar.stacked_on),
                -unit * float(bar.count),
                (bar.width - 0.8).max(0.8),
                unit * float(bar.count),
            )
        })
        .collect()
}

fn draw_mark(mark: &Mark, x: f64, row: Option<usize>, heights: [f64; 3]) -> Markup {
    let [track_top, track_bottom, bottom] = heights;
    let class = match mark.kind {
        Kind::Fault => "mark fault",
        Kind::Client => "mark client",
        Kind::Setup
        | Kind::Noticing
        | Kind::Confirming
        | Kind::Promotion
        | Kind::Dns
        | Kind::Services
        | Kind::Run
        | Kind::Verdict => "mark",
    };
    let top = track_top - row.map_or(0.0, |row| LABEL_ROW * float(row) + 14.0);
    html! {
        g class=(class) {
            title { (mark.sentence) }
            line x1=(px(x)) x2=(px(x)) y1=(px(top - 2.0)) y2=(px(track_bottom)) {}
            line.faint x1=(px(x)) x2=(px(x)) y1=(px(track_bottom)) y2=(px(bottom)) {}
            @if row.is_some() {
                text x=(px(x + 5.0)) y=(px(top + 8.0)) { (mark.label) }
            }
        }
    }
}

const fn writer_class(series: usize) -> &'static str {
    if series.is_multiple_of(2) {
        "first"
    } else {
        "second"
    }
}
