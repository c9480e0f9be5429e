//! A human's word that an alarm was false: a run was started, and nothing had been wrong.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// That a run was started for nothing, as a human says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FalseAlarm {
    /// When it was marked so.
    pub at: Timestamp,
    /// Who says so, and why.
    pub why: String,
}

impl FalseAlarm {
    /// The most characters that who says so, and why, may take.
    pub const WHY_MAX: usize = 200;

    /// Reads who says so, and why: one line that is not too long.
    ///
    /// # Errors
    /// What is wrong with it and the fix, as it goes on after the field's name.
    pub fn reason(text: &str) -> Result<String, String> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            return Err("is empty; write who says so, and why".to_owned());
        }
        if length > Self::WHY_MAX {
            let most = Self::WHY_MAX;
            return Err(format!("has {length} characters; write {most} at most"));
        }
        if text.chars().any(char::is_control) {
            return Err("has a line break or another control character; write one line".to_owned());
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::Run, testing};

    #[test]
    fn who_says_so_and_why_is_one_line_of_bounded_length() {
        let longest = "ü".repeat(FalseAlarm::WHY_MAX);
        for (text, read) in [
            (" Ada: a router \n", Ok("Ada: a router".to_owned())),
            (&longest, Ok(longest.clone())),
        ] {
            assert_eq!(FalseAlarm::reason(text), read);
        }
        for (text, why) in [
            (" \n", "is empty; "),
            (
                &format!("{longest}ü"),
                "has 201 characters; write 200 at most",
            ),
            ("a\nb", "has a line break"),
            ("a\u{1b}b", "another control character; write one line"),
        ] {
            let refused = FalseAlarm::reason(text).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_record_without_a_mark_is_read_and_a_mark_is_kept() {
        let run = testing::run();
        let mut record = serde_json::to_value(&run).unwrap();
        record.as_object_mut().unwrap().remove("false_alarm");
        assert_eq!(serde_json::from_value::<Run>(record).unwrap(), run);
        let marked = Run {
            false_alarm: Some(FalseAlarm {
                at: run.opened_at,
                why: "Ada: a router".into(),
            }),
            ..run
        };
        let record = serde_json::to_value(&marked).unwrap();
        assert_eq!(serde_json::from_value::<Run>(record).unwrap(), marked);
    }
}
