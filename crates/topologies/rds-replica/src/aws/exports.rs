//! The exports of a member's snapshots, as RDS lists them.

use ::aws::{Aws, client, error, shapes::timestamp};
use aws_sdk_rds::types;
use failover::{Error, domain::Region};

use crate::members::exports::{Export, Exported, is_automated_of};

/// Pages of a hundred at most: an export a day of fifty instances makes so many in two months.
const PAGES_MAX: usize = 30;

pub(super) async fn exports<K>(
    aws: &Aws<K>,
    region: &Region,
    identifier: &str,
) -> Result<Option<Exported>, Error> {
    let Some(found) = super::described(aws, region, identifier).await? else {
        return Ok(None);
    };
    let what = format!("RDS DescribeExportTasks in {region}");
    let mut pages = client!(aws, aws_sdk_rds, region)
        .describe_export_tasks()
        .source_type(types::ExportSourceType::Snapshot)
        .into_paginator()
        .send();
    let mut exports = Vec::new();
    let mut seen = 0;
    // No filter takes the beginning of a name, and no page says in which order they come.
    while let Some(page) = pages.next().await {
        let page = page.map_err(|why| error(&what, &why))?;
        seen += 1;
        if seen > PAGES_MAX {
            return Err(Error::NotReady(format!(
                "{what}: there are more than {PAGES_MAX} pages, and no more are looked at"
            )));
        }
        let listed = page.export_tasks.unwrap_or_default().into_iter();
        let listed = listed.map(export);
        exports.extend(listed.filter(|export| is_automated_of(&export.snapshot, identifier)));
    }
    Ok(Some(Exported {
        made_at: found.instance_create_time.and_then(timestamp),
        of: super::instance(found),
        exports,
    }))
}

fn export(found: types::ExportTask) -> Export {
    let source = found.source_arn.unwrap_or_default();
    // The name of a snapshot that RDS took itself has a colon, too.
    let snapshot = source.split_once(":snapshot:");
    let snapshot = snapshot.map_or("", |(_, name)| name);
    Export {
        snapshot: snapshot.to_owned(),
        taken_at: found.snapshot_time.and_then(timestamp),
        status: found.status.unwrap_or_default(),
        cause: found.failure_cause.filter(|cause| !cause.is_empty()),
    }
}
