//! A table in a phase, as every step of it asks: what is seen, what is remembered, and the steps that several phases take alike.

use failover::Error;
use jiff::SignedDuration;

use super::{
    digest::{Expiry, LOOKS_MAX, Scan, countable, expiry},
    memory::{self, Memory, Which, keep},
    names::{self, Point},
    sample::Sample,
    seen::Seen,
};
use crate::{
    plan::{DynamodbTable, Resource},
    row::{Kept, Row},
    tables::{Asked, Backup, Call, Change, TableShape},
    verbs::{Next, On, Progress},
};

/// A step: what it takes next, or nothing where it is through.
pub(super) type Step = Result<Option<Next<Change>>, Error>;

/// So long a call that was taken, or whose answer was lost, may stay unseen before it is made again.
pub(super) const SETTLES: SignedDuration = SignedDuration::from_secs(20);

/// A table in a phase.
pub(super) struct Case<'a> {
    /// Whose pass it is.
    pub(super) on: &'a On<'a>,
    /// The table in the plan.
    pub(super) table: &'a DynamodbTable,
    /// What is remembered.
    pub(super) memory: Memory,
    /// What is seen.
    pub(super) seen: &'a Seen,
}

/// What bears the name of home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing<'a> {
    /// Nothing.
    Absent,
    /// What stood there in `Prepare`.
    Original(&'a TableShape),
    /// What was made of the recovery table's last backup.
    Restored(&'a TableShape),
    /// What was made of home's safety backup.
    GivenBack(&'a TableShape),
    /// Somebody else's.
    Foreign(&'a TableShape),
}

impl<'a> Case<'a> {
    /// Takes the first step that is not through.
    pub(super) fn first(&self, steps: &[fn(&Case<'_>) -> Step]) -> Step {
        for step in steps {
            if let Some(next) = step(self)? {
                return Ok(Some(next));
            }
        }
        Ok(None)
    }

    /// What bears the name of home.
    pub(super) fn standing(&self) -> Standing<'a> {
        let Some(home) = &self.seen.home else {
            return Standing::Absent;
        };
        let of = |point| {
            let arn = self.memory.arn(point).is_some();
            arn && home.restored_from.as_deref() == self.memory.arn(point)
        };
        let was = self.memory.home.as_ref().map(|home| home.id.as_str());
        if was == Some(home.id.as_str()) {
            Standing::Original(home)
        } else if self.memory.restored_id.as_deref() == Some(home.id.as_str()) || of(Point::Last) {
            Standing::Restored(home)
        } else if of(Point::Safety) {
            Standing::GivenBack(home)
        } else {
            Standing::Foreign(home)
        }
    }

    /// A call at home.
    pub(super) fn at_home(&self, call: Call) -> Change {
        Change {
            region: self.on.plan.home_region.clone(),
            call,
        }
    }

    /// A call in the recovery Region.
    pub(super) fn at_recovery(&self, call: Call) -> Change {
        Change {
            region: self.on.plan.recovery_region.clone(),
            call,
        }
    }

    /// Makes a call, unless it was made a moment ago and what came of it is not seen yet.
    pub(super) fn call(&self, name: &'static str, keep: Kept, change: Change) -> Step {
        let mut calls = self.on.row.calls.iter().rev();
        let last = calls.find(|called| called.name == name);
        let open = last.filter(|called| {
            let taken = called
                .answer
                .as_deref()
                .is_none_or(|said| said == Row::TAKEN);
            taken && self.on.now.duration_since(called.at) < SETTLES
        });
        if let Some(called) = open {
            return Ok(Some(Next::Wait {
                reason: format!("{name} was called at {}, and is not seen yet", called.at),
                progress: None,
            }));
        }
        Ok(Some(Next::Call {
            name,
            reason: change.call.to_string(),
            keep,
            call: change,
        }))
    }

    /// Waits until a table takes calls.
    pub(super) fn active(table: &TableShape) -> Step {
        if table.is_active() {
            return Ok(None);
        }
        let what = format!("{} is {}", table.name, table.status);
        Ok(Some(waits(format!("{what}; it has to be ACTIVE"), what)))
    }

    /// Sees to it that a table has a complete backup.
    pub(super) fn backed_up(&self, point: Point, table: &TableShape) -> Step {
        let name = || names::backup(&self.on.run.run_id, point);
        match self.seen.backup(point) {
            Some(backup) if backup.is_available() => Ok(None),
            Some(backup) if backup.status == "CREATING" => {
                let what = format!("backup {} of {} is CREATING", backup.name, table.name);
                Ok(Some(waits(what.clone(), what)))
            }
            Some(backup) => Err(Error::NotReady(format!(
                "backup {} of {} is {}, and nothing can be made of it; start the run again",
                backup.name, table.name, backup.status
            ))),
            None => {
                if let Some(next) = Self::active(table)? {
                    return Ok(Some(next));
                }
                let asked = Asked {
                    table: table.name.clone(),
                    name: name(),
                    arn: None,
                };
                let call = Call::CreateBackup {
                    table: table.name.clone(),
                    backup: asked.name.clone(),
                };
                let change = match point {
                    Point::Sync | Point::Last => self.at_recovery(call),
                    Point::Safety | Point::Failed | Point::Conclusion => self.at_home(call),
                };
                self.call(
                    point.call(),
                    keep(Kept::new(), point.key(), &asked)?,
                    change,
                )
            }
        }
    }

    /// A complete backup; it is asked for right before what it makes good.
    ///
    /// # Errors
    /// `NotReady` where there is none.
    pub(super) fn complete(&self, point: Point) -> Result<&'a Backup, Error> {
        let backup = self.seen.backup(point);
        backup.filter(|backup| backup.is_available()).ok_or_else(|| {
            let asked = self.memory.backups.get(&point);
            let name = asked.map_or_else(
                || names::backup(&self.on.run.run_id, point),
                |asked| asked.name.clone(),
            );
            Error::NotReady(format!(
                "backup {name} is not AVAILABLE, and nothing of {} is touched without it; start the run again",
                self.table.home
            ))
        })
    }

    /// Keeps a backup's ARN, by which it is found when its table is gone.
    ///
    /// # Errors
    /// `NotReady` where it is not complete.
    pub(super) fn with_arn(&self, kept: Kept, point: Point) -> Result<Kept, Error> {
        let backup = self.complete(point)?;
        let table = self.memory.backups.get(&point);
        let asked = Asked {
            table: table.map_or_else(String::new, |asked| asked.table.clone()),
            name: backup.name.clone(),
            arn: Some(backup.arn.clone()),
        };
        keep(kept, point.key(), &asked)
    }

    /// Whether a table bears the tag by which the stack of rights lets this plan take it away.
    pub(super) fn is_owned(&self, table: &TableShape) -> bool {
        let owner = table.tags.get(names::OWNER);
        owner.is_some_and(|owner| owner == self.on.plan.plan.as_str())
    }

    /// How many bytes of a table are counted in time: the tables of a plan share that.
    pub(super) fn countable(&self) -> u64 {
        let is_table = |one: &&Resource| matches!(one, Resource::DynamodbTable(_));
        countable(self.on.plan.resources.iter().filter(is_table).count())
    }

    /// Sees to it that a table is counted, within its looks. Of one that is not, some items are compared.
    pub(super) fn counted(&self, which: Which, table: &TableShape) -> Step {
        if let Some((key, scan)) = &self.seen.scan
            && *key == which.key()
        {
            return self.counting(which, scan, table);
        }
        match self.memory.scans.get(&which) {
            Some(scan) if scan.is_over() => Ok(None),
            Some(scan) if scan.is_late() => Ok(Some(Next::Remember {
                reason: format!(
                    "{LOOKS_MAX} looks did not count all items of {}, and some of them are compared instead",
                    table.name
                ),
                keep: keep(Kept::new(), memory::SAMPLED, &true)?,
            })),
            Some(scan) => self.counting(which, scan, table),
            None => {
                let expiry = self.expiry(table);
                let scan = Scan::begun(table.key_names(), table.bytes, expiry);
                Ok(Some(Next::Remember {
                    reason: format!("the items of {} are counted", table.name),
                    keep: keep(Kept::new(), which.key(), &scan)?,
                }))
            }
        }
    }

    fn counting(&self, which: Which, scan: &Scan, table: &TableShape) -> Step {
        let items = scan.digest.items() + scan.digest.left_out;
        let silence = self.seen.silence.as_ref();
        let silence = silence.map(|why| format!("; the next pass goes on from there: {why}"));
        Ok(Some(Next::Remember {
            reason: format!(
                "{items} items of {} are counted so far{}",
                table.name,
                silence.unwrap_or_default()
            ),
            keep: keep(Kept::new(), which.key(), scan)?,
        }))
    }

    /// What is left out of every count of a run alike.
    fn expiry(&self, table: &TableShape) -> Option<Expiry> {
        let mut before = self.memory.scans.values();
        if let Some(scan) = before.next() {
            return scan.expiry.clone();
        }
        let home = self.memory.home.as_ref().and_then(|home| home.ttl.on());
        Some(expiry(table.ttl.on().or(home)?, self.on.now))
    }

    /// A count that is over.
    ///
    /// # Errors
    /// `NotReady` where it was not made.
    pub(super) fn count(&self, which: Which, phase: &str) -> Result<&Scan, Error> {
        let scan = self.memory.scans.get(&which);
        scan.filter(|scan| scan.is_over()).ok_or_else(|| {
            Error::NotReady(format!(
                "the items of {} were not counted; run the phase {phase} before",
                self.table.name
            ))
        })
    }

    /// Some items that were compared with a copy.
    ///
    /// # Errors
    /// `NotReady` where none could be.
    pub(super) fn sample(&self, copy: &str) -> Result<Sample, Error> {
        let sample = self.seen.sample.filter(|sample| sample.items > 0);
        sample.ok_or_else(|| {
            Error::NotReady(format!(
                "no item of {} could be compared with {copy}; look whether both tables are there and hold items",
                self.table.recovery
            ))
        })
    }

    /// Takes the side table away, where this run made it: its tag says so, or the backup that it was made of.
    pub(super) fn side_is_gone(&self) -> Step {
        let Some(side) = self
            .seen
            .side
            .as_ref()
            .filter(|side| self.is_own_side(side))
        else {
            return Ok(None);
        };
        if side.status == "DELETING" {
            let what = format!("{} is DELETING", side.name);
            return Ok(Some(waits(what.clone(), what)));
        }
        if let Some(next) = Self::active(side)? {
            return Ok(Some(next));
        }
        let call = Call::Delete {
            table: side.name.clone(),
        };
        self.call("delete_side_table", Kept::new(), self.at_home(call))
    }

    /// Whether the side table is this run's.
    pub(super) fn is_own_side(&self, side: &TableShape) -> bool {
        let run = side.tags.get(&names::run_tag()).map(String::as_str);
        let tagged = run == Some(self.on.run.run_id.as_str());
        let made = self.memory.arn(Point::Sync).is_some()
            && side.restored_from.as_deref() == self.memory.arn(Point::Sync);
        self.memory.side_asked && (tagged || made)
    }

    /// What the table at home is to be again.
    ///
    /// # Errors
    /// `NotReady` before that is kept.
    pub(super) fn before(&self) -> Result<&TableShape, Error> {
        self.memory.before.as_ref().ok_or_else(|| {
            Error::NotReady(format!(
                "the row keeps nothing as {}; run the phase cut_over before",
                memory::BEFORE
            ))
        })
    }
}

/// Waits for DynamoDB.
pub(super) fn waits(reason: String, what: String) -> Next<Change> {
    Next::Wait {
        reason,
        progress: Some(Progress {
            what,
            ..Progress::default()
        }),
    }
}

/// A phase that is done.
pub(super) const fn done(reason: String, keep: Kept) -> Next<Change> {
    Next::Done { reason, keep }
}
