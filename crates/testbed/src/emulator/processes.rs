//! The processes of one process group, as `/proc` shows them.

use std::{fs, time::Duration};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::time::{Instant, sleep};

use super::EmulatorError;

/// Ends a whole process group at once.
pub(super) fn kill_group(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // It may have ended by itself.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The living processes of a group.
pub(super) fn of_group(group: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|process| {
            fs::read_to_string(format!("/proc/{process}/stat"))
                .is_ok_and(|stat| lives_in(&stat, group))
        })
        .collect()
}

/// The functions of one Region among the processes of a group, told by the environment Lambda gives them.
pub(super) fn functions_of(group: i32, region: &str) -> Vec<i32> {
    of_group(group)
        .into_iter()
        .filter(|process| {
            fs::read(format!("/proc/{process}/environ"))
                .is_ok_and(|environment| is_function_of(&environment, region))
        })
        .collect()
}

/// One function's processes among those.
pub(super) fn of_function(group: i32, region: &str, function: &str) -> Vec<i32> {
    let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
    let is_it = |process: &i32| {
        fs::read(format!("/proc/{process}/environ")).is_ok_and(|environment| {
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == wanted.as_bytes())
        })
    };
    functions_of(group, region)
        .into_iter()
        .filter(is_it)
        .collect()
}

/// The most memory that a process has used so far.
#[must_use]
pub fn peak_mb(process: i32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1_024.0 / 1e6)
}

/// Kills what `find` finds until it finds nothing any more.
pub(super) async fn until_none(
    bound: Duration,
    find: impl Fn() -> Vec<i32>,
) -> Result<(), EmulatorError> {
    let deadline = Instant::now() + bound;
    loop {
        let found = find();
        if found.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(EmulatorError::Undead(found.len()));
        }
        for process in found.into_iter().filter_map(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(process, Signal::KILL);
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Whether a line of `/proc/<pid>/stat` is of a living process of the group: `1 (name) S <parent> <group> …`.
fn lives_in(stat: &str, group: i32) -> bool {
    let mut fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ended = matches!(fields.next(), Some("Z" | "X") | None);
    !ended && fields.nth(1) == Some(group.to_string().as_str())
}

fn is_function_of(environment: &[u8], region: &str) -> bool {
    let wanted = format!("AWS_REGION={region}");
    let mut function = false;
    let mut here = false;
    for variable in environment.split(|byte| *byte == 0) {
        function |= variable.starts_with(b"AWS_LAMBDA_FUNCTION_NAME=");
        here |= variable == wanted.as_bytes();
    }
    function && here
}

#[cfg(test)]
mod tests {
    use super::{is_function_of, lives_in};

    #[test]
    fn a_process_belongs_to_its_group_even_with_an_odd_name() {
        assert!(lives_in("12 (a) b) S 1 77 77 0", 77));
        assert!(!lives_in("12 (a) b) S 77 1 1 0", 77));
    }

    #[test]
    fn a_zombie_does_not_live() {
        assert!(!lives_in("12 (bootstrap) Z 1 77 77 0", 77));
    }

    #[test]
    fn a_function_is_told_by_its_name_and_region() {
        let environment = b"AWS_REGION=us-west-2\0AWS_LAMBDA_FUNCTION_NAME=x\0";
        assert!(is_function_of(environment, "us-west-2"));
        assert!(!is_function_of(environment, "us-west"));
        assert!(!is_function_of(b"AWS_REGION=us-west-2\0", "us-west-2"));
    }
}
