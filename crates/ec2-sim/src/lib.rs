//! EC2's hosts, volumes, snapshots and their copies between Regions, simulated: a pure model, faces over HTTP, real bytes beneath.
//!
//! # What is real
//!
//! A volume is a sparse file, whose path [`Command::Host`] and [`Command::Volume`] tell. A drill's host is one or more processes
//! that have such files as their disks. A snapshot is a map of blocks of 512 KiB, which each Region keeps once. A copy moves
//! blocks from one Region's store into another one's. The bytes that are moved are counted where they are moved, and
//! [`Command::Counters`] tells that sum beside what the model says of each copy. The two must be equal.
//!
//! # What a snapshot guarantees
//!
//! All volumes of a `CreateSnapshots` are as they were at one instant, which lies between the call and its answer. What was
//! written before the call is in it, as far as the host has handed it to the kernel. What is written after the answer is not.
//! Two things hold writers meanwhile:
//!
//! - Processes that [`Command::Processes`] names, and all that they made, are stopped (`SIGSTOP`) until all files are copied, and
//!   then go on. The copy begins only once each of their threads is seen stopped, so that none is within a system call.
//! - Each file is locked (`flock`, exclusive). A writer that takes the lock shared around each of its writes, one file at a time,
//!   is not cut within one. This is for writers in the drill's own process.
//!
//! A writer that is neither named nor takes locks may be cut anywhere: each of its 512 KiB is then what it was at some moment.
//! Where the file system has reflinks, holding takes as long as making one. Else it takes as long as copying what was written.
//!
//! A host that is stopped or terminated has its processes ended (`SIGTERM`, after five seconds `SIGKILL`), and one whose Region is
//! lost at once. To start them again is up to the drill, which sees the host's state.
//!
//! # What is not real
//!
//! - A restored volume's file is whole from the beginning. A process that has it as its disk is not slowed down. How far it
//!   would have loaded is modelled, by rate and by block, and [`Command::ReadBlock`] takes as long as it would take. A drill that
//!   wants a slow disk reads what it needs by that first, or all of it by [`Command::ReadThrough`].
//! - Blocks of zeros are not kept. Where a block became zeros a copy moves one block for it.
//! - Signatures are not checked. They only name the Region.
//! - `RunInstances` launches one instance. `DryRun` says what it would say without looking at states.
//! - An Auto Scaling group terminates a member that is stopped, and launches no other one.
//! - `CompletionDurationMinutes` is checked and shown, and does not make a copy faster. Its sum of 2,000 MiB/s is not modelled.
//!
//! # What is unverified
//!
//! AWS's pages leave these open, and **[U]** stands beside each of them in the code. A client must be safe either way.
//!
//! - `OperationNotPermitted` as the code for stopping a host with stop protection.
//! - `IncorrectInstanceState` as the code for detaching while the host is starting or stopping.
//! - `InvalidParameterValue` as the code for starting a host without a root volume, and that one which is still `attaching` is none.
//! - `ResourceLimitExceeded` as the code where rates of initialisation in a Region exceed their sum.
//! - `InvalidBlockDeviceMapping` as the code for another snapshot as the root at a launch.
//! - `Unavailable` as the code for a copy out of a Region that does not answer, and that a copy which has begun waits for it.
//! - `DeleteOnTermination` is `false` after every `AttachVolume`.
//! - A host one of whose volumes has a key that may not be used stops again, also where it was launched.
//! - *All copies have the same key or none* means those that are still there, and the one that is asked for.
#![allow(
    clippy::disallowed_methods,
    reason = "a test and drill tool: it keeps time and waits by itself"
)]

pub mod answer;
mod clock;
mod control;
mod control_plane;
mod http;
pub mod model;
mod simulator;
pub mod storage;

pub use control::Command;
pub use simulator::{Error, Simulator, SimulatorConfig};
