//! The account of what a deposed cluster alone has: it grows table by table, and ends with a summary that is told.

use jiff::Timestamp;
use serde::Serialize;

use super::Standing;
use failover::{
    Error,
    domain::{Epoch, Region},
    ledger::{FoundIn, Known, Losses, TableLoss},
    notify::{Message, Severity, tell},
    plan::KeyedTable,
    ports::{Comparison, Here, People, Reached, Stretch},
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

/// Whether it is of what there is now: of this very cluster that stands so, under this epoch and this fence. What a deposed member
/// took before it was fenced again is in no account of an earlier fence. That nobody can know is told as long as it follows or is
/// gone.
pub(super) fn counts(
    losses: &Losses,
    (standing, resource_id): (Option<Standing>, Option<&str>),
    (epoch, fenced_at): (Epoch, Option<Timestamp>),
) -> bool {
    let is_of_fence = losses.fenced_at.is_some() && losses.fenced_at == fenced_at;
    losses.epoch == epoch
        && match standing {
            None => losses.is_of(resource_id) && losses.fenced_at.is_none(),
            Some(Standing::Deposed | Standing::FollowsDeposed) => {
                losses.is_of(resource_id) && is_of_fence
            }
            Some(Standing::Endorsed | Standing::Gone | Standing::Follows) => {
                is_of_fence || losses.unknown.is_some()
            }
        }
}

/// Why a member may not be deleted yet, since it may have what nothing lists; `None` where all that this very cluster has is listed,
/// by the plan's tables and under the fence that it stands under.
#[must_use]
pub fn unlisted(
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
