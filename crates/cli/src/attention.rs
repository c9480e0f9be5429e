//! What of a plan needs somebody's attention: one sentence each, from what the Regions say and nothing else.

use failover::{
    Error,
    beat::Vantage,
    domain::{Epoch, Region},
    installation::named,
    ledger::{Current, Outcome, PlanState, Rows, Stage},
    plan::{Plan, TopologyKind, function_of, parameters},
    switches::Switches,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    survey::{Books, Document, Entry, Survey},
    words::{ago, kind, time},
};

/// A probe looks every minute: one that has not looked for so long does not look.
pub(crate) const PROBE_SILENT: SignedDuration = SignedDuration::from_mins(3);

/// Readiness is looked at every 15 minutes.
const LOOK_MISSING: SignedDuration = SignedDuration::from_mins(50);

/// Everything that needs attention.
pub(crate) fn of(survey: &Survey, now: Timestamp) -> Vec<String> {
    let rows = survey.rows();
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let mut found = Vec::new();
    found.extend(survey.regions.iter().filter_map(unanswered));
    found.extend(writer(survey, &rows, now));
    found.extend(stop(&rows, now));
    found.extend(change(&rows, now));
    found.extend(lease(&rows, now));
    for (region, entry) in &survey.regions {
        found.extend(switches(survey, region, entry));
        found.extend(document(survey, region, entry));
        if let Ok(books) = &entry.books {
            let unread = books.unread.iter();
            found.extend(
                unread.map(|why| format!("not all of the ledger in {region} could be read: {why}")),
            );
            found.extend(behind(&rows, region, &books.row));
            // Nobody looks at a writer in which no heart beats.
            let has_heart = survey.plan.as_ref().is_none_or(Plan::has_heart);
            let probe = probe(&rows, region, books, now);
            found.extend(probe.filter(|_| has_heart));
            found.extend(deposed(survey, &rows, region, &books.row));
            // On a schedule nobody looks but at moves that RDS makes whole.
            let looked = kind.runs().moving_promotes;
            let unready = unready(survey, &rows, (region, entry), &books.row, now);
            found.extend(unready.filter(|_| looked));
        }
    }
    found.extend(versions(survey));
    found.extend(left(survey));
    found
}

/// The Regions run different functions: what one writes down the other may not read.
pub(crate) fn versions(survey: &Survey) -> Option<String> {
    let told = survey.regions.iter().filter_map(|(region, entry)| {
        let vantage = entry.books.as_ref().ok()?.vantage.as_ref()?;
        Some((region, vantage.version.as_deref()?))
    });
    let told: Vec<_> = told.collect();
    let (_, first) = told.first()?;
    let differ = told.iter().any(|(_, version)| version != first);
    differ.then(|| {
        let each = told
            .iter()
            .map(|(region, version)| format!("{version} in {region}"));
        format!(
            "the Regions run different versions of the functions: {}; deploy again in all of them",
            each.collect::<Vec<_>>().join(", ")
        )
    })
}

pub(crate) fn unanswered((region, entry): (&Region, &Entry)) -> Option<String> {
    let why = entry.books.as_ref().err()?;
    let what = if matches!(why, Error::Unavailable(_)) {
        format!("{region} does not answer")
    } else {
        format!("the ledger of {region} cannot be read")
    };
    let why = why.to_string();
    let fix = if why.contains("ResourceNotFound") {
        "; deploy the stacks there, or name its table with --ledger-table"
    } else {
        ""
    };
    Some(format!("{what}: {why}{fix}"))
}

fn writer(survey: &Survey, rows: &Rows, now: Timestamp) -> Option<String> {
    let Some(current) = rows.current() else {
        let answered = !rows.0.is_empty();
        return answered.then(|| {
            format!(
                "no ledger names a writer; adopt the plan with aurora-failover adopt {}",
                survey.name
            )
        });
    };
    let minutes = i64::try_from(survey.plan.as_ref()?.unplanned.cooldown_minutes).ok()?;
    let until = current.proven_at + SignedDuration::from_mins(minutes.min(1 << 30));
    let is_cooling = current.unplanned && current.acknowledged_at.is_none() && now < until;
    is_cooling.then(|| {
        format!(
            "the plan has just failed over by run {}, and no other failover follows by itself before {}; once it is understood: \
             aurora-failover acknowledge {}",
            current.run_id,
            time(until),
            survey.name
        )
    })
}

/// A change of writer that nobody carries out blocks every run in the other direction.
fn change(rows: &Rows, now: Timestamp) -> Option<String> {
    let intent = rows.intent()?;
    let is_led = rows.0.values().any(|row| row.live_lease(now).is_some());
    (!is_led).then(|| {
        format!(
            "a change of writer from {} to {} (epoch {}) was begun {} by run {} and no run carries it out; start a failover to {} \
             again, or adopt the writer that leads",
            intent.from,
            intent.to,
            intent.epoch,
            ago(intent.written_at, now),
            intent.run_id,
            intent.to
        )
    })
}

/// That a planned move has stopped the writer, and nothing is promoted yet: writes are out meanwhile.
fn stop(rows: &Rows, now: Timestamp) -> Option<String> {
    let stops = rows.0.iter().filter_map(|(region, row)| {
        let stop = row.stop.as_ref()?;
        (stop.from == *region && stop.stage == Stage::Stopping).then_some(stop)
    });
    let stop = stops.max_by_key(|stop| stop.epoch)?;
    Some(format!(
        "writes in {} are stopped for a planned move to {}, by run {} {}; where nobody goes on with it, the function {} there opens the \
         writer",
        stop.from,
        stop.to,
        stop.run_id,
        ago(stop.written_at, now),
        named("stop-writes")
    ))
}

fn leases(rows: &Rows) -> impl Iterator<Item = &failover::ledger::Lease> {
    rows.0.values().filter_map(|row| row.lease.as_ref())
}

fn lease(rows: &Rows, now: Timestamp) -> Option<String> {
    let lease = leases(rows).max_by_key(|lease| lease.expires_at)?;
    let run = &lease.run_id;
    if lease.expires_at <= now {
        return Some(format!(
            "run {run} has died: its lease ended {} and nobody gave it back; start it again, or release it",
            ago(lease.expires_at, now)
        ));
    }
    lease.waits_for_human.then(|| {
        format!("run {run} waits for somebody's yes or no; its message says how to answer")
    })
}

pub(crate) fn switches(survey: &Survey, region: &Region, entry: &Entry) -> Option<String> {
    let (parameter, value) = entry.switches.as_ref()?.on(&survey.name)?;
    Some(format!(
        "{parameter} is on in {region} ({value}): no run acts there until it says off"
    ))
}

pub(crate) fn document(survey: &Survey, region: &Region, entry: &Entry) -> Option<String> {
    match &entry.document {
        // Whoever does not answer is named already.
        Document::Unread(why) => entry
            .books
            .is_ok()
            .then(|| format!("the plan's document in {region} cannot be read: {why}")),
        Document::Missing => Some(format!(
            "{region} has no document of the plan; write the parameter {}{} there",
            parameters(),
            survey.name
        )),
        Document::Broken(why) => Some(format!("the plan's document in {region} is wrong: {why}")),
        Document::Plan(plan) => {
            let newest = survey.plan.as_ref()?;
            if plan.revision < newest.revision {
                return Some(format!(
                    "{region} has revision {} of the plan, another Region has {}; write the same document everywhere",
                    plan.revision, newest.revision
                ));
            }
            (**plan != *newest).then(|| {
                format!(
                    "{region} has another document of revision {} than another Region; write the same one everywhere",
                    plan.revision
                )
            })
        }
    }
}

pub(crate) fn behind(rows: &Rows, region: &Region, row: &PlanState) -> Option<String> {
    let current = rows.current()?;
    (row.proven_epoch() < current.epoch).then(|| {
        format!(
            "the ledger of {region} stands at epoch {}, and epoch {} is current",
            row.proven_epoch(),
            current.epoch
        )
    })
}

pub(crate) fn probe(rows: &Rows, region: &Region, books: &Books, now: Timestamp) -> Option<String> {
    let current = rows.current()?;
    let Some(vantage) = &books.vantage else {
        return Some(format!("the probe in {region} has not looked yet"));
    };
    if now.duration_since(vantage.at) > PROBE_SILENT {
        return Some(format!(
            "the probe in {region} looked last {}; look at the function {} there",
            ago(vantage.at, now),
            named("health-probe")
        ));
    }
    if vantage.writer_region != current.writer {
        return Some(format!(
            "the probe in {region} still looks at {}",
            vantage.writer_region
        ));
    }
    (!vantage.write.is_committed()).then(|| failing(region, vantage, now))
}

fn failing(region: &Region, vantage: &Vantage, now: Timestamp) -> String {
    let since = vantage.failing_since.or(vantage.signs.uncommitted_since);
    let since = since.map_or_else(String::new, |since| {
        format!(" since {} ({})", time(since), ago(since, now))
    });
    format!(
        "the probe in {region} cannot write on the writer{since}: {}",
        vantage.write
    )
}

/// Whether a member is deposed: the fence noted that it is shut, or told people that it is not.
pub(crate) fn is_deposed(
    current: Option<&Current>,
    region: &Region,
    row: &PlanState,
) -> Option<Epoch> {
    let current = current.filter(|current| current.writer != *region)?;
    let is_shut = row.fenced == Some(current.epoch);
    let is_open = open_doors(row, current.epoch).next().is_some();
    (is_shut || is_open).then_some(current.epoch)
}

/// Whether a run has made the deposed member of a Region follow the writer since it was fenced.
pub(crate) fn is_rebuilt(survey: &Survey, row: &PlanState, epoch: Epoch) -> bool {
    let fenced_at = row.fence_under(epoch);
    // What has a door open is not what was made.
    let Some(fenced_at) = fenced_at.filter(|_| open_doors(row, epoch).next().is_none()) else {
        return false;
    };
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let rebuilding = kind.runs().rebuilding;
    // Members that are made again while nobody writes there end a rehearsal; others a run that moved the writer away.
    survey.runs().any(|run| {
        let closed = run.closed.as_ref().filter(|closed| closed.at > fenced_at);
        let mut entries = run.timeline.iter();
        let made = entries.any(|entry| {
            Some(entry.step.as_str()) == rebuilding
                && entry.action == "none"
                && entry.at > fenced_at
        });
        made || closed.is_some_and(|closed| closed.outcome == Outcome::Rebuilt)
    })
}

/// Why the deposed member of a Region is not fenced, as people were told.
fn open_doors(row: &PlanState, epoch: Epoch) -> impl Iterator<Item = &str> {
    let of_epoch = format!("{epoch}/");
    let told = row.unfenced.iter();
    told.filter_map(move |told| told.strip_prefix(&of_epoch))
}

fn deposed(survey: &Survey, rows: &Rows, region: &Region, row: &PlanState) -> Option<String> {
    let current = rows.current();
    let epoch = is_deposed(current, region, row)?;
    if let Some(why) = open_doors(row, epoch).last() {
        return Some(format!(
            "the deposed member in {region} is not fenced, and may take writes that are lost: {why}"
        ));
    }
    let fenced_at = row.fence_under(epoch)?;
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let until = match kind.runs().failback {
        Some(_) => "a failback has rebuilt it",
        None => "a new standby is made there by hand",
    };
    (!is_rebuilt(survey, row, epoch)).then(|| {
        format!(
            "the member in {region} is deposed and has been fenced since {}; it protects nothing until {until}",
            time(fenced_at)
        )
    })
}

/// What stands against a planned move to a standby, as its schedule last found, or that nobody has looked for long. While a run or a
/// switch holds the plan nobody looks, and nobody does before a global cluster is there.
fn unready(
    survey: &Survey,
    rows: &Rows,
    (region, entry): (&Region, &Entry),
    row: &PlanState,
    now: Timestamp,
) -> Option<String> {
    let current = rows.current().filter(|one| one.writer != *region)?;
    let kind = survey.plan.as_ref().map(Plan::kind).unwrap_or_default();
    let is_led = kind != TopologyKind::AuroraGlobal || current.global_cluster.is_some();
    let deposed = is_deposed(Some(current), region, row);
    let is_to_be_made = deposed.is_some_and(|epoch| !is_rebuilt(survey, row, epoch));
    if !is_led || is_to_be_made {
        return None;
    }
    let found = row.readiness.as_ref();
    let looked = found.map_or(current.proven_at, |found| found.at);
    let is_old = now.duration_since(looked) > LOOK_MISSING;
    let switches = entry.switches.as_ref();
    let is_held = row.live_lease(now).is_some() || row.intent.is_some();
    if is_old && !is_held && !switches.is_some_and(Switches::is_on) {
        let last = found.map_or_else(
            || "never".to_owned(),
            |found| format!("last {}", ago(found.at, now)),
        );
        return Some(format!(
            "whether the writer could be moved to {region} was looked at {last}; look at the function {} there",
            named(&function_of(kind.runs().moving.unwrap_or_default()))
        ));
    }
    let found = found.filter(|found| !found.reasons.is_empty())?;
    Some(format!(
        "the writer could not be moved to {region} by plan, as was found {}: {}",
        ago(found.at, now),
        found.reasons.join("; ")
    ))
}

/// What the last run that changed anything has left to people.
fn left(survey: &Survey) -> Vec<String> {
    let acted = survey.runs().filter(|run| run.has_acted());
    let last = acted.max_by_key(|run| run.opened_at);
    let closed = last.and_then(|run| Some((run, run.closed.as_ref()?)));
    let Some((run, closed)) = closed else {
        return Vec::new();
    };
    let what = format!("{} {}", kind(run.kind), run.run_id);
    let left = closed.left.iter();
    let mut left: Vec<_> = left.map(|left| format!("left by {what}: {left}")).collect();
    if left.is_empty() && closed.outcome == Outcome::Failed {
        left.push(format!(
            "{what} failed; start it again, it goes on where it stopped"
        ));
    }
    left
}

#[cfg(test)]
mod tests;
