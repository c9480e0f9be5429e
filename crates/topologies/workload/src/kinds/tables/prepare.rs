//! Pairs a table at home with the one in the recovery Region, and says every reason against bringing it home. Nothing changes.

use failover::{Error, domain::Region};

use super::{
    case::{Case, Step, done},
    memory::{self, keep},
    names, policy, sample,
    settings::index_differences,
    wanted::{is_rehearsed, not_rehearsed},
};
use crate::{
    row::Kept,
    run::Kind,
    tables::{Capacity, TableShape},
};

/// Regions that no table is restored from or to across Regions.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Restore.Tutorial.html>.
const NOT_ACROSS: [&str; 2] = ["ap-east-1", "me-south-1"];

/// Keeps both tables as they stand.
pub(super) fn prepared(case: &Case<'_>) -> Step {
    let reasons = reasons(case);
    if !reasons.is_empty() {
        return Err(Error::NotReady(reasons.join("; ")));
    }
    let kept = keep(Kept::new(), memory::HOME, &case.seen.home)?;
    let kept = keep(kept, memory::RECOVERY, &case.seen.recovery)?;
    let kept = keep(kept, memory::MAPPINGS, &case.seen.mappings)?;
    let kept = keep(kept, memory::SAMPLED, &too_large(case).is_some())?;
    Ok(Some(done(notes(case).join("; "), kept)))
}

/// Every reason against it.
pub(super) fn reasons(case: &Case<'_>) -> Vec<String> {
    let plan = case.on.plan;
    let (home, recovery) = (&plan.home_region, &plan.recovery_region);
    let mut said: Vec<_> = [home, recovery]
        .into_iter()
        .filter_map(not_across)
        .collect();
    match &case.seen.recovery {
        None => said.push(format!(
            "there is no table {} in {recovery}; name the one that serves there as recovery",
            case.table.recovery
        )),
        Some(table) => said.extend(of_recovery(case, table)),
    }
    if let Some(table) = &case.seen.home {
        said.extend(of_home(case, table));
    }
    if let (Some(home), Some(recovery)) = (&case.seen.home, &case.seen.recovery) {
        said.extend(of_pair(home, recovery));
    }
    if let Some(side) = &case.seen.side
        && case.on.run.kind == Kind::Rehearse
        && !case.is_own_side(side)
    {
        said.push(format!(
            "there is a table {} in {home} already, and a rehearsal needs that name; rename what uses it, or delete the table",
            side.name
        ));
    }
    said
}

fn not_across(region: &Region) -> Option<String> {
    let is_not = NOT_ACROSS.contains(&region.as_str());
    is_not.then(|| {
        format!("DynamoDB restores no table from or to {region} across Regions; bring it home by an export to S3")
    })
}

fn with_replicas(table: &TableShape, region: &Region) -> Option<String> {
    let replicas = table.replicas.join(", ");
    (!replicas.is_empty()).then(|| {
        format!(
            "{} in {region} is a table with replicas, in {replicas}; a global table goes home by a replica: leave it out of the plan",
            table.name
        )
    })
}

/// DynamoDB lets a table be deleted only by its tag, as the stack of rights has it.
fn unowned(case: &Case<'_>, table: &TableShape, region: &Region) -> Option<String> {
    // Of a table that is being made or deleted nobody sees tags, and that is said of it.
    if !table.is_active() || case.is_owned(table) {
        return None;
    }
    let (owner, plan) = (names::OWNER, &case.on.plan.plan);
    Some(format!(
        "{} in {region} does not bear the tag {owner} with the value {plan}, by which the rights of a run know it; run: aws dynamodb tag-resource --region {region} --resource-arn {} --tags Key={owner},Value={plan}",
        table.name, table.arn
    ))
}

/// The size of a recovery table that holds more than is counted in time.
fn too_large(case: &Case<'_>) -> Option<u64> {
    let table = case.seen.recovery.as_ref()?;
    (table.bytes > case.countable()).then_some(table.bytes)
}

fn of_recovery(case: &Case<'_>, table: &TableShape) -> Vec<String> {
    let region = &case.on.plan.recovery_region;
    let mut said: Vec<_> = with_replicas(table, region).into_iter().collect();
    said.extend(unowned(case, table, region));
    let bytes = too_large(case).filter(|_| !case.table.deny_writes);
    if let (Some(bytes), Kind::RestoreHome) = (bytes, case.on.run.kind) {
        said.push(format!(
            "{} in {region} holds {bytes} bytes, no more than {} are counted while the business is stopped, and without a count late writes are lost unseen; write deny_writes: true, for some of its items to be compared instead",
            table.name,
            case.countable()
        ));
    }
    if !table.is_active() {
        said.push(format!(
            "{} in {region} is {}; wait until it is ACTIVE",
            table.name, table.status
        ));
    }
    said
}

fn of_home(case: &Case<'_>, table: &TableShape) -> Vec<String> {
    let region = &case.on.plan.home_region;
    let mut said: Vec<_> = with_replicas(table, region).into_iter().collect();
    said.extend(unowned(case, table, region));
    if case.on.run.kind == Kind::RestoreHome && !is_rehearsed(case, case.on.now) {
        said.push(not_rehearsed(case));
    }
    if !table.is_active() {
        said.push(format!(
            "{} in {region} is {}; wait until it is ACTIVE",
            table.name, table.status
        ));
    }
    if let (Some(encryption), None) = (&table.encryption, &case.table.kms_key) {
        said.push(format!(
            "{} in {region} is encrypted by the KMS key {}, and the plan names none; write it as kms_key, or alias/aws/dynamodb for the key that AWS manages",
            table.name, encryption.key
        ));
    }
    if let Some(epoch) = names::epoch(&table.tags).filter(|epoch| *epoch > case.on.run.epoch) {
        said.push(format!(
            "{} in {region} bears epoch {epoch}, and this run has {}; start one at the newer epoch",
            table.name, case.on.run.epoch
        ));
    }
    said
}

fn of_pair(home: &TableShape, recovery: &TableShape) -> Vec<String> {
    let mut said = Vec::new();
    if home.keys != recovery.keys {
        said.push(format!(
            "{} and {} have different keys; name tables that belong together",
            home.name, recovery.name
        ));
    }
    said.extend(
        index_differences(home, recovery)
            .into_iter()
            .map(|why| format!("{why}, as {} has it; make it there first", home.name)),
    );
    said
}

/// What is worth knowing and no reason against it.
fn notes(case: &Case<'_>) -> Vec<String> {
    let plan = case.on.plan;
    let mut said = vec![format!(
        "{} in {} is to become {} in {}",
        case.table.recovery, plan.recovery_region, case.table.home, plan.home_region
    )];
    match &case.seen.home {
        None => said.push(format!(
            "there is no table {} in {}, and it is made anew with the settings of {}, without its resource policy and its Kinesis destinations",
            case.table.home, plan.home_region, case.table.recovery
        )),
        Some(home) => said.extend(of_settings(home)),
    }
    if let Some(bytes) = too_large(case) {
        said.push(format!(
            "{} holds {bytes} bytes, more than is counted in time, so that at most {} of its items are compared and the others are not looked at",
            case.table.recovery,
            sample::SEGMENTS * sample::ITEMS
        ));
    }
    for table in case.seen.home.iter().chain(&case.seen.recovery) {
        if table.recovery.is_none() {
            said.push(format!("{} has no point-in-time recovery", table.arn));
        }
    }
    let denied = case.seen.recovery.as_ref();
    if denied.is_some_and(policy::is_denied) {
        said.push(format!(
            "writers of {} are denied already",
            case.table.recovery
        ));
    }
    said
}

fn of_settings(home: &TableShape) -> Vec<String> {
    let mut said = Vec::new();
    if home.deletion_protected {
        said.push(format!(
            "{} is protected from deletion, which is lifted at cut-over and given back",
            home.name
        ));
    }
    if let Capacity::Provisioned { .. } = home.capacity {
        said.push(format!(
            "the auto scaling of {} is not read here; where it has any, look at it after the cut-over",
            home.name
        ));
    }
    said
}
