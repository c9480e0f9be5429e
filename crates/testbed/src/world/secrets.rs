//! The drill's passwords: fresh in every run, so that a search for them in logs and reports means something.

use std::{
    hash::{BuildHasher, RandomState},
    path::Path,
};

/// Folders are searched this deep: PostgreSQL's logs lie in its members' data folders.
const DEPTH_MAX: usize = 6;

/// Fresh passwords.
#[derive(Clone)]
pub struct Secrets {
    /// The administrator's.
    pub admin: String,
    /// The probe's.
    pub probe: String,
    /// The application's.
    pub app: String,
    /// What the secrets held before they were rotated; it opens nothing any more.
    pub(super) rotated_out: String,
    /// What the administrator's secret holds after one rotation more, and after two.
    pub(super) rotated_in: [String; 2],
}

impl Secrets {
    /// Makes them from the randomness that the standard library seeds its hash maps with.
    #[must_use]
    pub fn new() -> Self {
        let fresh = |whose: &str| format!("{whose}-{:016x}", RandomState::new().hash_one(whose));
        Self {
            admin: fresh("admin"),
            probe: fresh("probe"),
            app: fresh("app"),
            rotated_out: fresh("before"),
            rotated_in: ["between", "after"].map(fresh),
        }
    }

    /// Whether any of them stands in a text.
    pub(super) fn stand_in(&self, text: &[u8]) -> bool {
        let stands = |secret: &String| {
            text.windows(secret.len())
                .any(|window| window == secret.as_bytes())
        };
        [&self.admin, &self.probe, &self.app, &self.rotated_out]
            .into_iter()
            .chain(&self.rotated_in)
            .any(stands)
    }

    /// How many log files there are under `folder`, and those in which any of them stands.
    pub(super) fn search(&self, folder: &Path) -> (usize, Vec<String>) {
        let mut found = (0, Vec::new());
        self.search_to(folder, DEPTH_MAX, &mut found);
        found
    }

    fn search_to(&self, folder: &Path, depth: usize, found: &mut (usize, Vec<String>)) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && depth > 0 {
                self.search_to(&path, depth - 1, found);
            } else if path.extension().is_some_and(|extension| extension == "log")
                && let Ok(text) = std::fs::read(&path)
            {
                found.0 += 1;
                if self.stand_in(&text) {
                    found.1.push(path.display().to_string());
                }
            }
        }
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new()
    }
}
