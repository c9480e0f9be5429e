//! What a drill has on this machine, as `/proc` shows it: processes, listening sockets, shared memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Sockets and shared memory that belong to some processes.
#[derive(Debug, Default)]
pub struct Belongings {
    /// Listening sockets by inode: protocol and address.
    pub listeners: BTreeMap<u64, String>,
    /// System V segments.
    pub segments: BTreeSet<u64>,
}

/// The living processes that work in a folder, were started with its path, or have it in their environment; what each is.
pub fn at_home_in(folder: &Path) -> BTreeMap<u32, String> {
    let folder = folder.to_str().unwrap().as_bytes();
    every()
        .filter(|process| *process != std::process::id())
        .filter_map(|process| {
            let file = |name: &str| fs::read(format!("/proc/{process}/{name}")).unwrap_or_default();
            let workplace = fs::read_link(format!("/proc/{process}/cwd")).unwrap_or_default();
            let command = file("cmdline");
            let is_here = names(workplace.to_str()?.as_bytes(), folder)
                || names(&command, folder)
                || names(&file("environ"), folder);
            let words = String::from_utf8_lossy(&command).replace('\0', " ");
            is_here.then_some((process, words.trim().to_owned()))
        })
        .collect()
}

/// What some processes hold.
pub fn belongings(processes: impl IntoIterator<Item = u32>) -> Belongings {
    let processes: BTreeSet<_> = processes.into_iter().collect();
    let held: BTreeSet<u64> = processes
        .iter()
        .flat_map(|process| sockets(*process))
        .collect();
    let mut listeners = listening();
    listeners.retain(|inode, _| held.contains(inode));
    let segments = segments();
    Belongings {
        listeners,
        segments: segments
            .into_iter()
            .filter(|(_, creator)| processes.contains(creator))
            .map(|(segment, _)| segment)
            .collect(),
    }
}

impl Belongings {
    /// Those of them that are still there.
    pub fn left(&self) -> Vec<String> {
        let listening = listening();
        let listeners = self
            .listeners
            .iter()
            .filter(|(inode, _)| listening.contains_key(inode));
        let segments = segments();
        let kept = self
            .segments
            .iter()
            .filter(|segment| segments.contains_key(segment));
        listeners
            .map(|(_, address)| format!("a socket listens at {address}"))
            .chain(kept.map(|segment| format!("shared memory {segment} is allocated")))
            .collect()
    }
}

fn every() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Whether `text` names a folder or something in it; `…/region-loss` is not named by `…/region-loss-managed`.
fn names(text: &[u8], folder: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| {
        byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"-_.".contains(byte))
    };
    text.windows(folder.len())
        .enumerate()
        .any(|(at, window)| window == folder && ends(text.get(at + folder.len())))
}

fn sockets(process: u32) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else {
        return Vec::new();
    };
    let inode = |link: &Path| {
        link.to_str()?
            .strip_prefix("socket:[")?
            .strip_suffix(']')?
            .parse()
            .ok()
    };
    entries
        .flatten()
        .filter_map(|entry| inode(&fs::read_link(entry.path()).ok()?))
        .collect()
}

/// Every socket that waits for callers: TCP in state LISTEN, and UDP without a peer.
fn listening() -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    for (protocol, state) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let table = fs::read_to_string(format!("/proc/net/{protocol}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            if let [_, local, _, status, ..] = fields[..]
                && status == state
                && let Some(inode) = fields.get(9).and_then(|inode| inode.parse().ok())
            {
                found.insert(inode, format!("{protocol} {local}"));
            }
        }
    }
    found
}

/// Every System V segment and the process that made it.
fn segments() -> BTreeMap<u64, u32> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            Some((fields.get(1)?.parse().ok()?, fields.get(4)?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, process::Command};

    use super::*;

    #[test]
    fn a_folder_is_not_named_by_one_whose_name_is_longer() {
        let folder = b"/target/drill/region-loss";
        assert!(names(b"-D /target/drill/region-loss/postgres", folder));
        assert!(names(b"HOME=/target/drill/region-loss", folder));
        assert!(!names(
            b"/target/drill/region-loss-managed/postgres",
            folder
        ));
        assert!(!names(b"/target/drill/region-loss.lock", folder));
    }

    #[test]
    fn a_process_is_found_by_where_it_works() {
        let folder = tempfile::tempdir().unwrap();
        let folder_path = folder.path().canonicalize().unwrap();
        let mut process = Command::new("sleep")
            .arg("60")
            .current_dir(&folder_path)
            .spawn()
            .unwrap();
        // Between its fork and its program it has no command line yet.
        let mut found = at_home_in(&folder_path);
        for _ in 0..100 {
            if found.values().all(|line| !line.is_empty()) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
            found = at_home_in(&folder_path);
        }
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(
            found,
            BTreeMap::from([(process.id(), "sleep 60".to_owned())])
        );
        assert!(at_home_in(&folder_path).is_empty());
    }

    #[test]
    fn a_listening_socket_is_left_until_it_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let belongings = belongings([std::process::id()]);
        assert_eq!(belongings.left().len(), 1, "{belongings:?}");
        drop(listener);
        assert!(belongings.left().is_empty());
    }
}
