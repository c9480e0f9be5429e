//! What holds of a page on any screen: nothing is wider than it, and everything that is pressed can be.

use serde_json::Value;
use tests::browser::Browser;

/// A phone, a narrow window, and a desk.
pub(crate) const WIDTHS: [u32; 3] = [360, 600, 1400];

/// What a page measures of itself.
const MEASURED: &str = "(() => {
    const root = document.documentElement, style = getComputedStyle(document.body);
    const channel = part => { const c = part / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const light = colour => { const [r, g, b] = colour.match(/[0-9.]+/g).map(Number);
        return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
    const contrast = style => { const [a, b] = [light(style.color), light(style.backgroundColor)].sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05); };
    const pressed = [...document.querySelectorAll('button, input:not([type=hidden])')].map(it => {
        it.scrollIntoView({block: 'center'});
        const box = it.getBoundingClientRect();
        const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return {left: box.left, right: box.right, height: box.height, reached: there === it, contrast: contrast(getComputedStyle(it))};
    });
    const told = [...document.querySelectorAll('.told')].map(it => contrast(getComputedStyle(it)));
    scrollTo(0, 0);
    return {width: innerWidth, scroll: Math.max(root.scrollWidth, document.body.scrollWidth), contrast: contrast(style), pressed, told,
        background: style.backgroundColor};
})()";

/// Looks at the page that is open on every screen; how many things can be pressed.
pub(crate) fn fits_every_screen(browser: &mut Browser) -> usize {
    let mut pressed = 0;
    for is_dark in [false, true] {
        let mut backgrounds = Vec::new();
        for width in WIDTHS {
            browser.look(width, is_dark);
            let measured = browser.evaluate(MEASURED);
            fits(&measured, width);
            pressed = measured["pressed"].as_array().unwrap().len();
            backgrounds.push(measured["background"].clone());
        }
        let is_white =
            |colour: &Value| colour == "rgba(0, 0, 0, 0)" || colour == "rgb(255, 255, 255)";
        assert!(
            !backgrounds.iter().any(is_white),
            "its style is not applied: {backgrounds:?}"
        );
    }
    pressed
}

fn fits(measured: &Value, width: u32) {
    let number = |value: &Value| value.as_f64().unwrap();
    assert_eq!(number(&measured["width"]), f64::from(width));
    let scroll = number(&measured["scroll"]);
    assert!(
        scroll <= f64::from(width),
        "{scroll} px on a screen of {width}"
    );
    assert!(number(&measured["contrast"]) >= 4.5, "{measured}");
    for it in measured["pressed"].as_array().unwrap() {
        let is_inside = number(&it["left"]) >= 0.0 && number(&it["right"]) <= f64::from(width);
        assert!(is_inside && it["reached"] == true, "{it} at {width} px");
        assert!(
            number(&it["height"]) >= 44.0,
            "too small for a finger: {it}"
        );
        assert!(number(&it["contrast"]) >= 4.5, "{it}");
    }
    for told in measured["told"].as_array().unwrap() {
        assert!(number(told) >= 4.5, "{measured}");
    }
}
