//! A client that holds the deposed writer's address.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    profile::{HOME, cluster},
    scenario::{Drill, FENCED, Played, SOON},
    scenarios::{
        actions::{failback::returned_and_fenced, loss_ledger},
        checks::losses,
    },
    timeline::now_ms,
    world::Trouble,
};

/// The first number of a client that writes on the deposed writer.
const STALE: i64 = 1_000_000_000;
/// What an application that logs in as the administrator calls itself.
const REPORT: &str = "nightly-report";

/// A client holds the deposed writer's address and writes there as soon as it answers, until it is fenced.
pub(crate) async fn stale_client_until_fenced(
    drill: &Drill<'_>,
    played: &mut Played,
) -> Result<(), Trouble> {
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let stale = tokio::spawn(hold_on(
        drill.world.login(HOME, "app")?,
        acknowledged.clone(),
    ));
    let some = async || !acknowledged.lock().await.is_empty();
    drill
        .until(SOON, "a write that the deposed writer takes", some)
        .await;
    // One that logs in as the administrator cannot be kept out by a fence that has to log in itself: it is named.
    let report = drill.world.admin(HOME).await?;
    report
        .batch_execute(&format!("SET application_name = '{REPORT}'"))
        .await?;
    drill.world.watch_now(HOME).await?;
    returned_and_fenced(drill, played).await?;
    let fenced_ms = now_ms();
    tokio::time::sleep(Duration::from_secs(3)).await;
    stale.abort();
    let acknowledged = acknowledged.lock().await;
    let late = acknowledged.iter().filter(|at| **at > fenced_ms).count();
    played.check(
        "it takes no application's write after that",
        format!("{late} of {} came later", acknowledged.len()),
        late == 0 && !acknowledged.is_empty(),
    );
    listed(drill, played, acknowledged.len()).await?;
    let told = drill.told(FENCED).await.unwrap_or_default();
    played.check(
        "people are told",
        told.replace('\n', " "),
        told.contains("the deposed writer in us-west-2 was fenced"),
    );
    played.check(
        "an application that logs in as the administrator is named to them",
        if told.contains(REPORT) {
            "it is"
        } else {
            "it is not"
        },
        told.contains(REPORT),
    );
    drop(report);
    Ok(())
}

/// What a client wrote on the deposed writer before the fence is listed, by hand.
async fn listed(drill: &Drill<'_>, played: &mut Played, count: usize) -> Result<(), Trouble> {
    loss_ledger::by_hand(drill, None).await?;
    let found = losses::listed(drill, cluster(HOME))
        .await?
        .ok_or("the loss ledger is not complete")?;
    let listed = losses::rows(drill, &found, "only-here").await?;
    let found = listed.range(STALE..).count();
    // The write that the fence cut off may have been committed.
    played.check(
        "the loss ledger lists what it took before that",
        format!("{found} of {count}"),
        found == count || found == count + 1,
    );
    Ok(())
}

/// Writes at one address as long as it can, and notes when each write was acknowledged.
async fn hold_on(config: tokio_postgres::Config, acknowledged: Arc<Mutex<Vec<i64>>>) {
    const PAUSE: Duration = Duration::from_millis(50);
    let mut number = STALE;
    // Ends: its task is aborted.
    loop {
        if let Ok((client, connection)) = config.connect(tokio_postgres::NoTls).await {
            let connection = tokio::spawn(connection);
            let write = "INSERT INTO app.rows (n, written_at) VALUES ($1, now())";
            while client.execute(write, &[&number]).await.is_ok() {
                acknowledged.lock().await.push(now_ms());
                number += 1;
                tokio::time::sleep(PAUSE).await;
            }
            connection.abort();
        }
        tokio::time::sleep(PAUSE).await;
    }
}
