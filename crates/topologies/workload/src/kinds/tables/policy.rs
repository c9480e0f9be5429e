//! Denies the recovery table's writers by its resource policy, and allows them again.

use failover::{Error, installation::named};
use serde_json::{Value, json};

use super::{
    case::{Case, Step, done},
    memory::{self, keep},
};
use crate::{
    row::Kept,
    tables::{Call, TableShape},
};

/// The statement that denies.
const SID: &str = "AuroraFailoverDenyWrites";
/// What writes items. Transactions and batches are asked by these too.
/// Source: <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>.
const WRITES: [&str; 7] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
];

/// The statements of a policy. One alone may stand without a list.
fn statements(document: &Value) -> Vec<Value> {
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn is_ours(statement: &Value) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(SID)
}

/// Whether a table's writers are denied.
pub(super) fn is_denied(table: &TableShape) -> bool {
    let policy = table.policy.as_ref();
    policy.is_some_and(|policy| statements(&policy.document).iter().any(is_ours))
}

/// The table's policy, with the statement that denies everybody but the function's role.
///
/// # Errors
/// `UnexpectedTopology` where the table's ARN is none.
fn denying(table: &TableShape) -> Result<Value, Error> {
    let mut parts = table.arn.split(':');
    let (partition, account) = (parts.nth(1), parts.nth(2));
    let (Some(partition), Some(account)) = (partition, account) else {
        return Err(Error::UnexpectedTopology(format!(
            "DynamoDB calls {} {}, and that is no ARN; compare the table with the plan",
            table.name, table.arn
        )));
    };
    let role = format!(
        "arn:{partition}:iam::{account}:role/{}-*",
        named("restore-home")
    );
    let statement = json!({
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": WRITES,
        "Resource": table.arn,
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": role}},
    });
    let policy = table.policy.as_ref().map(|policy| &policy.document);
    let mut document = policy
        .cloned()
        .unwrap_or_else(|| json!({"Version": "2012-10-17"}));
    let mut all = statements(&document);
    all.push(statement);
    if let Some(members) = document.as_object_mut() {
        members.insert("Statement".into(), Value::Array(all));
    }
    Ok(document)
}

/// Denies the writers where the plan asks for it. The policy that stood there is kept first.
pub(super) fn denied(case: &Case<'_>) -> Step {
    if !case.table.deny_writes {
        let reason = format!(
            "the plan leaves writers of {} to whoever stops them",
            case.table.recovery
        );
        return Ok(Some(done(reason, Kept::new())));
    }
    let table = recovery(case)?;
    if is_denied(table) {
        let reason = format!("writers of {} are denied by its policy", table.name);
        return Ok(Some(done(reason, Kept::new())));
    }
    let call = Call::PutPolicy {
        arn: table.arn.clone(),
        document: denying(table)?,
        instead_of: table
            .policy
            .as_ref()
            .and_then(|policy| policy.revision.clone()),
    };
    // Null would take the name away, and that it was kept is what counts.
    let former = table
        .policy
        .as_ref()
        .map_or_else(|| json!({}), |policy| policy.document.clone());
    let kept = keep(Kept::new(), memory::FORMER_POLICY, &former)?;
    case.call("deny_writes", kept, case.at_recovery(call))
}

/// Allows the writers again, where this run denied them. Whatever somebody else put into the policy meanwhile stays.
pub(super) fn allowed(case: &Case<'_>) -> Step {
    let Some(table) = case.seen.recovery.as_ref().filter(|_| case.memory.denied) else {
        return Ok(None);
    };
    let Some(policy) = table.policy.as_ref().filter(|_| is_denied(table)) else {
        return Ok(None);
    };
    let rest: Vec<_> = statements(&policy.document);
    let rest: Vec<_> = rest.into_iter().filter(|one| !is_ours(one)).collect();
    let call = if rest.is_empty() {
        Call::DeletePolicy {
            arn: table.arn.clone(),
            revision: policy.revision.clone(),
        }
    } else {
        let mut document = policy.document.clone();
        if let Some(members) = document.as_object_mut() {
            members.insert("Statement".into(), Value::Array(rest));
        }
        Call::PutPolicy {
            arn: table.arn.clone(),
            document,
            instead_of: policy.revision.clone(),
        }
    };
    case.call("allow_writes", Kept::new(), case.at_recovery(call))
}

/// The table in the recovery Region.
///
/// # Errors
/// `UnexpectedTopology` where it is gone.
pub(super) fn recovery<'a>(case: &Case<'a>) -> Result<&'a TableShape, Error> {
    case.seen.recovery.as_ref().ok_or_else(|| {
        Error::UnexpectedTopology(format!(
            "there is no table {} in {} any more; find out who deleted it, and restore it from its backups",
            case.table.recovery, case.on.plan.recovery_region
        ))
    })
}
