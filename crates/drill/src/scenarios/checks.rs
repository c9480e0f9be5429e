//! What several scenarios look for.

pub(crate) mod backups;
pub(crate) mod calls;
pub(crate) mod home;
pub(crate) mod ledgers;
pub(crate) mod losses;
pub(crate) mod messages;
pub(crate) mod nothing_changes;
pub(crate) mod planned;
pub(crate) mod replicas;
pub(crate) mod rows;
pub(crate) mod services;
pub(crate) mod workload;
