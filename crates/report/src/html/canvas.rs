//! What pictures are drawn on: how wide, and numbers as it takes them.

/// What a picture is drawn on, in its own units; it is shown as wide as the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Canvas {
    /// The width that its letters are made for.
    pub(super) width: f64,
    /// Room for the names on the left.
    pub(super) left: f64,
    /// What the style sheet knows it by.
    pub(super) class: &'static str,
}

/// For a screen.
pub(super) const BROAD: Canvas = Canvas {
    width: 1160.0,
    left: 148.0,
    class: "broad",
};
/// For a small window or a telephone.
pub(super) const SLIM: Canvas = Canvas {
    width: 560.0,
    left: 128.0,
    class: "slim",
};
/// A position or length with one decimal.
pub(super) fn px(value: f64) -> String {
    format!("{value:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn float(value: usize) -> f64 {
    value as f64
}
