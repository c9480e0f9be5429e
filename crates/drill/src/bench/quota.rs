//! A CPU quota, as Lambda gives a function one by its memory: a control group of the system's own.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Microseconds in which a quota is counted.
const PERIOD: u32 = 100_000;
/// Where version 2 has its groups.
const V2: &str = "/sys/fs/cgroup";
/// Where version 1 has those of the CPU.
const V1: &str = "/sys/fs/cgroup/cpu";

/// A group whose processes get so much of a core together. It is removed with the last of them.
pub(super) struct Quota {
    folder: PathBuf,
}

impl Quota {
    /// Makes one.
    ///
    /// # Errors
    /// Why this machine does not let it be.
    pub(super) fn new(name: &str, percent: u32) -> Result<Self, String> {
        let quota = PERIOD * percent / 100;
        let is_v2 = Path::new(V2).join("cgroup.controllers").is_file();
        let root = Path::new(if is_v2 { V2 } else { V1 });
        let folder = root.join(format!(
            "aurora-failover-bench-{}-{name}",
            std::process::id()
        ));
        let said = |why: io::Error| format!("{}: {why}", folder.display());
        fs::create_dir(&folder).map_err(said)?;
        let made = Self {
            folder: folder.clone(),
        };
        if is_v2 {
            // Where it is handed down already this is refused or changes nothing.
            let _ = fs::write(root.join("cgroup.subtree_control"), "+cpu");
            fs::write(folder.join("cpu.max"), format!("{quota} {PERIOD}")).map_err(said)?;
        } else {
            fs::write(folder.join("cpu.cfs_period_us"), PERIOD.to_string()).map_err(said)?;
            fs::write(folder.join("cpu.cfs_quota_us"), quota.to_string()).map_err(said)?;
        }
        Ok(made)
    }

    /// The file that takes the number of a process.
    pub(super) fn processes(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// The share of the periods in which its processes had to wait for the next one.
    pub(super) fn throttled(&self) -> Option<f64> {
        let text = fs::read_to_string(self.folder.join("cpu.stat")).ok()?;
        let of = |name: &str| -> Option<f64> {
            let mut lines = text.lines();
            let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
            line.parse().ok()
        };
        let periods = of("nr_periods")?;
        Some(of("nr_throttled")? / periods.max(1.0))
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        // A process that was killed leaves its group a moment later; an empty group weighs nothing.
        for _ in 0..50 {
            match fs::remove_dir(&self.folder) {
                Err(why) if why.kind() == io::ErrorKind::ResourceBusy => std::thread::yield_now(),
                _ => return,
            }
        }
    }
}
