//! What the world answers, as the log of a pass keeps it.

use std::sync::Arc;

use aurora_global::members::Accepted;
use failover::{
    Error,
    beat::{Vantage, Write},
    evidence::Rds,
    ledger::{PlanState, Run},
    ports::{Access, Confirmation, Fenced, Mark, NotStopped, Record, Stopped, Unfenced},
    topology::{Blueprint, Cluster, GlobalCluster, Shape, Snapshot},
};
use rds_replica::members::{Instance, makes::Whole, stops::Stands};

/// What a call answered.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is named after what was asked for")]
pub enum Answer {
    PlanState(Result<PlanState, Error>),
    Replaced(Result<bool, Error>),
    Run(Option<Arc<Run>>),
    Told(Result<(), Error>),
    Global(Result<Option<GlobalCluster>, Error>),
    Cluster(Result<Option<Cluster>, Error>),
    Rds(Rds),
    Vantage(Result<Option<Vantage>, Error>),
    Look(Result<Confirmation, Error>),
    Accepted(Result<Accepted, Error>),
    Record(Option<Record>),
    Text(Result<String, Error>),
    Beat(Write),
    Access(Result<Access, Error>),
    Fenced(Result<Option<Fenced>, Error>),
    Shape(Result<Option<Shape>, Error>),
    Snapshot(Result<Option<Snapshot>, Error>),
    Blueprint(Result<Option<Blueprint>, Error>),
    Instance(Result<Option<Instance>, Error>),
    Whole(Box<Result<Option<Whole>, Error>>),
    Stands(Result<Stands, Error>),
    NotStopped(Box<Result<Result<Fenced, NotStopped>, Error>>),
    Mark(Result<Option<Mark>, Error>),
    Stopped(Box<Result<Stopped, Error>>),
    Position(Option<i64>),
    Opened(Result<Option<Unfenced>, Error>),
    Started(bool),
}
