//! The page of a drill's report.

use report::{fixtures, write};
use tests::browser::Browser;

use crate::layout::fits_every_screen;

pub(crate) fn the_report_fits_every_screen_in_both_schemes(browser: &mut Browser) {
    for report in [fixtures::region_loss(), fixtures::path_impaired()] {
        let folder = tempfile::tempdir().unwrap();
        let (_, page) = write(&report, folder.path()).unwrap();
        browser.look(1400, false);
        browser.open(&format!("file://{}", page.display()));
        let text = browser.text();
        assert!(text.contains(&report.scenario), "{text}");
        assert_eq!(fits_every_screen(browser), 0, "nothing is pressed");
    }
}
