//! The ports of this topology, carried out at AWS: its only place that names an SDK.

mod databases;
mod hosts;
mod records;
mod tables;
