//! The account of what a deposed cluster alone has: it grows table by table, and ends with a summary that is told.

use jiff::Timestamp;
use serde::Serialize;

use super::Standing;
use crate::{
    Error,
    domain::{Epoch, Region},
    ledger::{FoundIn, Known, Losses, TableLoss},
    notify::{Message, Severity, tell},
    plan::KeyedTable,
    ports::{Comparison, Here, People, ROWS, Reached, Stretch, WIDE_BYTES},
};

/// How long a lock on a table is waited for, in seconds, before somebody has to look.
const LOCKED_SECONDS_MAX: u64 = 600;

/// What a summary says of the files.
const VERBATIM: &str = "Every cell stands as it is, as \\copy takes it. One that begins with =, +, - or @ is a formula to a \
                        spreadsheet: open the files in a text editor";

/// The summary's file.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    losses: &'a Losses,
    read_me: &'static str,
}

/// What an answer says of an account, whatever its size: the lists are in the bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The plan's tables.
    pub tables: usize,
    /// Those that are compared to their end.
    pub done: usize,
    /// Rows that were compared.
    pub compared: u64,
    /// Rows that the writer lacks.
    pub only_here: u64,
    /// Rows that are otherwise on the writer.
    pub differs: u64,
    /// Files in the bucket.
    pub files: u64,
    /// Where the summary lies.
    pub summary: Option<String>,
}

impl From<&Losses> for Account {
    fn from(losses: &Losses) -> Self {
        let sum = |of: fn(&TableLoss) -> u64| losses.tables.iter().map(of).sum();
        Self {
            tables: losses.tables.len(),
            done: losses.tables.iter().filter(|table| table.is_done).count(),
            compared: sum(|table| table.compared),
            only_here: sum(|table| table.only_here),
            differs: sum(|table| table.differs),
            files: sum(|table| table.kept),
            summary: losses.summary.clone(),
        }
    }
}

impl Losses {
    pub(super) fn of(
        (cluster, resource_id): (&str, Option<&str>),
        (epoch, fenced_at): (Epoch, Option<Timestamp>),
        tables: &[KeyedTable],
        now: Timestamp,
    ) -> Self {
        let tables = tables.iter().map(|table| TableLoss {
            table: table.clone(),
            folder: format!("{}/{}", table.table, now.strftime("%Y%m%dT%H%M%SZ")),
            after: None,
            rows_at_once: ROWS,
            compared: 0,
            only_here: 0,
            differs: 0,
            left_out: Vec::new(),
            own_columns: Vec::new(),
            found_in: FoundIn::Both,
            wide: 0,
            kept: 0,
            begun: Vec::new(),
            locked_seconds: 0,
            is_done: false,
        });
        Self {
            cluster: cluster.to_owned(),
            resource_id: resource_id.map(str::to_owned),
            epoch,
            fenced_at,
            begun_at: now,
            tables: tables.collect(),
            beats: None,
            unknown: None,
            summary: None,
        }
    }

    /// The account by the plan's tables as they are now: what was compared by the same key stands, and another table or key begins
    /// anew. A table that is no longer the plan's is forgotten.
    #[must_use]
    pub(super) fn by(mut self, tables: &[KeyedTable], now: Timestamp) -> Self {
        let under = (self.epoch, self.fenced_at);
        let cluster = (&*self.cluster, self.resource_id.as_deref());
        let fresh = Self::of(cluster, under, tables, now);
        let before = std::mem::replace(&mut self.tables, fresh.tables);
        for table in &mut self.tables {
            if let Some(same) = before.iter().find(|same| same.table == table.table) {
                table.clone_from(same);
            }
        }
        let names = |tables: &[TableLoss]| {
            let names = tables.iter().map(|table| table.table.clone());
            names.collect::<Vec<_>>()
        };
        if self.unknown.is_none() && names(&before) != names(&self.tables) {
            self.summary = None;
        }
        self
    }

    /// The table with this number.
    pub(super) fn table(&mut self, index: usize) -> Result<&mut TableLoss, Error> {
        let table = self.tables.get_mut(index);
        table.ok_or_else(|| {
            Error::UnexpectedTopology("the plan's tables changed under the run".into())
        })
    }

    /// Whether everything was compared and the summary is written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.summary.is_some()
    }

    /// Whether it is of what there is now: of this very cluster that stands so, under this epoch and this fence. What a deposed member
    /// took before it was fenced again is in no account of an earlier fence. That nobody can know is told as long as it follows or is
    /// gone.
    pub(super) fn counts(
        &self,
        (standing, resource_id): (Option<Standing>, Option<&str>),
        (epoch, fenced_at): (Epoch, Option<Timestamp>),
    ) -> bool {
        let is_of_fence = self.fenced_at.is_some() && self.fenced_at == fenced_at;
        self.epoch == epoch
            && match standing {
                None => self.is_of(resource_id) && self.fenced_at.is_none(),
                Some(Standing::Deposed | Standing::FollowsDeposed) => {
                    self.is_of(resource_id) && is_of_fence
                }
                Some(Standing::Endorsed | Standing::Gone | Standing::Follows) => {
                    is_of_fence || self.unknown.is_some()
                }
            }
    }

    /// Whether it is of the cluster that RDS calls so for good. One without that is of none.
    fn is_of(&self, resource_id: Option<&str>) -> bool {
        resource_id.is_some() && self.resource_id.as_deref() == resource_id
    }

    /// The folder of its files. Another fence and another cluster have another one: what was found before is mixed with nothing.
    pub(super) fn folder(&self, plan: &str) -> String {
        let (cluster, epoch) = (&self.cluster, self.epoch);
        let fence = self
            .fenced_at
            .map(|at| at.strftime("-%Y%m%dT%H%M%SZ").to_string());
        let resource_id = self.resource_id.as_ref().map(|id| format!("-{id}"));
        format!(
            "{plan}/{cluster}-{epoch}{}{}",
            fence.unwrap_or_default(),
            resource_id.unwrap_or_default()
        )
    }

    /// One sentence for people.
    pub(super) fn told(&self) -> String {
        let unknown = self.unknown.as_ref().map(|why| {
            let open = self.tables.iter().filter(|table| !table.is_done);
            let open: Vec<_> = open.map(|table| table.table.table.as_str()).collect();
            let all = open.len() == self.tables.len();
            let of = if all {
                String::new()
            } else {
                format!(" in {}", open.join(", "))
            };
            (
                all,
                format!("what {} alone had{of} is unknown: {why}", self.cluster),
            )
        });
        if let Some((true, unknown)) = unknown {
            return unknown;
        }
        let unknown = unknown
            .map(|(_, unknown)| format!("; {unknown}"))
            .unwrap_or_default();
        let sum = |of: fn(&TableLoss) -> u64| self.tables.iter().map(of).sum::<u64>();
        let beats = match &self.beats {
            None => "the lost beats are unknown".to_owned(),
            Some(beats) => {
                let lost = beats.iter().map(|beat| beat.count).sum::<u64>();
                let seconds = beats.iter().filter_map(|beat| beat.seconds);
                match seconds.reduce(f64::max) {
                    None if lost > 0 => format!("{lost} beat(s) are lost, which is every one"),
                    seconds => format!(
                        "{lost} beat(s) of {:.1} s are lost",
                        seconds.unwrap_or_default()
                    ),
                }
            }
        };
        let wide = match sum(|table| table.wide) {
            0 => String::new(),
            wide => format!(
                "; {wide} row(s) wider than {} MiB are listed by key alone",
                WIDE_BYTES / (1024 * 1024)
            ),
        };
        let remarks = self
            .tables
            .iter()
            .flat_map(|table| table.remarks(&self.cluster));
        let remarks: String = remarks.map(|remark| format!("; {remark}")).collect();
        format!(
            "{} row(s) are only in {} and {} differ there, of {} in {} table(s); {beats}{wide}{remarks}{unknown}",
            sum(|table| table.only_here),
            self.cluster,
            sum(|table| table.differs),
            sum(|table| table.compared),
            self.tables.len()
        )
    }
}

impl TableLoss {
    /// Where its files lie, beside the summary.
    #[must_use]
    pub fn place(&self) -> &str {
        if self.folder.is_empty() {
            &self.table.table
        } else {
            &self.folder
        }
    }

    /// What a reader of the files has to know.
    fn remarks(&self, cluster: &str) -> Vec<String> {
        let table = &self.table.table;
        let found_in = match self.found_in {
            FoundIn::Both => None,
            FoundIn::Deposed => Some(format!(
                "{table} is not on the writer, and every row is listed"
            )),
            FoundIn::Writer => Some(format!(
                "{table} is not in {cluster}, so that nothing of it is lost"
            )),
        };
        let locked = (self.locked_seconds > 0).then(|| {
            format!(
                "{table} was locked for {} s, and compared when it was free",
                self.locked_seconds
            )
        });
        let parts = [found_in, self.not_compared(cluster), locked];
        parts.into_iter().flatten().collect()
    }

    /// What nothing lists of rows that are otherwise the same.
    fn not_compared(&self, cluster: &str) -> Option<String> {
        let own = self.own_columns.join(", ");
        (!own.is_empty()).then(|| {
            format!(
                "only {cluster} has {own} of {}, which was not compared",
                self.table.table
            )
        })
    }
}

/// Why a member may not be deleted yet, since it may have what nothing lists; `None` where all that this very cluster has is listed,
/// by the plan's tables and under the fence that it stands under.
pub(in crate::steps) fn unlisted(
    account: Option<Losses>,
    (cluster, resource_id, region): (&str, &str, &Region),
    tables: &[KeyedTable],
    (epoch, fenced_at): (Epoch, Option<Timestamp>),
) -> Option<String> {
    if tables.is_empty() {
        return Some(format!(
            "loss_ledger is empty in the plan, so that nothing lists what only {cluster} in {region} has; name its tables there, or retire it by rename"
        ));
    }
    let account = account.filter(|account| account.epoch == epoch);
    let account = account.map(|account| {
        let begun_at = account.begun_at;
        account.by(tables, begun_at)
    });
    let Some(account) = account.filter(|found| found.is_complete() && found.fenced_at.is_some())
    else {
        return Some(format!(
            "nothing lists yet what only {cluster} has; invoke loss-ledger in {region} first, or retire it by rename"
        ));
    };
    if !account.is_of(Some(resource_id)) {
        return Some(format!(
            "what is listed of {cluster} is of {}, and it is {resource_id} now; invoke loss-ledger in {region} again, or retire it by rename",
            account
                .resource_id
                .as_deref()
                .unwrap_or("an unknown resource id")
        ));
    }
    if account.fenced_at != fenced_at {
        return Some(format!(
            "{cluster} was open since its losses were listed, and may have taken rows that are in no list; invoke loss-ledger in {region} again, or retire it by rename"
        ));
    }
    let mut tables = account.tables.iter();
    let not_compared = tables.find_map(|table| table.not_compared(cluster));
    let unknown = account.unknown;
    let unknown = unknown.map(|why| format!("what only {cluster} has is unknown: {why}"));
    unknown
        .or(not_compared)
        .map(|why| format!("{why}; retire it by rename"))
}

/// Adds what a stretch found to the table's account; its files lie in the bucket.
pub(super) fn note(table: &mut TableLoss, stretch: Stretch) -> String {
    table.wide += stretch.only_here.wide + stretch.differs.wide;
    table.is_done = stretch.reached == Reached::End;
    if let Reached::Key(key) = stretch.reached {
        table.after = Some(key);
    }
    table.rows_at_once = stretch.rows;
    table.compared += stretch.compared;
    table.only_here += stretch.only_here.count;
    table.differs += stretch.differs.count;
    table.left_out = stretch.left_out;
    for own in stretch.own_columns {
        if !table.own_columns.contains(&own) {
            table.own_columns.push(own);
        }
    }
    if stretch.found_in != FoundIn::Both {
        table.found_in = stretch.found_in;
    }
    table.locked_seconds += stretch.locked.as_secs();
    let locked = if stretch.locked.is_zero() {
        String::new()
    } else {
        format!(
            "; it was locked for {} s of this pass, by {}",
            stretch.locked.as_secs(),
            holders(&stretch.locked_by)
        )
    };
    format!(
        "{}: {} row(s) compared, {} only here, {} differ{}{locked}",
        table.table.table,
        table.compared,
        table.only_here,
        table.differs,
        if table.is_done {
            ""
        } else {
            ", and more to come"
        }
    )
}

/// Says that a table stays locked, where this stretch read nothing of it and it has been waited for long enough: nobody else
/// would notice.
pub(super) fn stays_locked(table: &TableLoss, stretch: &Stretch) -> Option<Error> {
    let seconds = table.locked_seconds + stretch.locked.as_secs();
    let is_stuck =
        !stretch.locked.is_zero() && stretch.compared == 0 && stretch.reached != Reached::End;
    (is_stuck && seconds >= LOCKED_SECONDS_MAX).then(|| {
        Error::NotReady(format!(
            "{} has been locked for {seconds} s, and is not compared: {}; end what holds it, and start again",
            table.table.table,
            holders(&stretch.locked_by)
        ))
    })
}

fn holders(by: &[String]) -> String {
    if by.is_empty() {
        "a session that cannot be seen".into()
    } else {
        by.join(", ")
    }
}

pub(super) async fn summarize(
    world: &(impl Here + People + Comparison),
    known: &Known,
    losses: &mut Losses,
) -> Result<String, Error> {
    let plan = &known.plan;
    let content = serde_json::to_vec_pretty(&Summary {
        losses,
        read_me: VERBATIM,
    })
    .map_err(|why| Error::InvalidRequest(format!("the summary cannot be written: {why}")))?;
    let folder = losses.folder(plan.plan.as_str());
    let place = world
        .keep(&format!("{folder}/summary.json"), content)
        .await?;
    let said = losses.told();
    let message = Message {
        severity: Severity::Action,
        what: format!("the loss ledger of {} is written", losses.cluster),
        evidence: format!(
            "{said}. The files are beside {place}, which names each table's folder; another one there is of a comparison that was \
             begun anew. {VERBATIM}."
        ),
        next: "Look through the files and put back what belongs on the writer.".into(),
        commands: vec![format!(
            "aws s3 cp --recursive --region {} {} {}",
            world.region(),
            place.trim_end_matches("summary.json"),
            folder.replace('/', "-")
        )],
        ..Message::default()
    };
    losses.summary = Some(place);
    tell(world, plan, &message).await;
    Ok(said)
}
