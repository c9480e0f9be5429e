//! What the loss ledgers found: their accounts, and the files with the rows, which lie in a bucket of the same Region.

use std::{fs::File, io::Write as _, path::Path, time::Duration};

use ::aws::error;
use failover::{
    Error,
    domain::{PlanName, Region},
    ledger::Losses,
    ports::Ledger as _,
};

use super::Account;

/// How many pages of file names are read, each of a thousand.
const PAGES_MAX: usize = 200;
/// How long one file may take: a batch has 20,000 rows at most.
const FILE: Duration = Duration::from_secs(600);

impl Account {
    /// What was found of a cluster of a Region; `None` where nothing was compared.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn losses(
        &self,
        region: &Region,
        plan: &PlanName,
        cluster: &str,
    ) -> Result<Option<Losses>, Error> {
        self.adapters(region).losses(region, plan, cluster).await
    }

    /// The keys of the objects below a folder of a bucket.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`.
    pub async fn lost_files(
        &self,
        region: &Region,
        (bucket, folder): (&str, &str),
    ) -> Result<Vec<String>, Error> {
        let what = format!("S3 ListObjectsV2 s3://{bucket}/{folder} in {region}");
        let mut pages = aws_sdk_s3::Client::new(&self.of(region))
            .list_objects_v2()
            .bucket(bucket)
            .prefix(folder)
            .into_paginator()
            .send();
        let mut keys = Vec::new();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else {
                return Ok(keys);
            };
            let page = page.map_err(|why| error(&what, &why))?;
            let found = page.contents.into_iter().flatten();
            keys.extend(found.filter_map(|object| object.key));
        }
        Err(Error::NotReady(format!(
            "{what} has more than {PAGES_MAX},000 files; copy them with aws s3 cp --recursive"
        )))
    }

    /// Copies an object into a file, whose folder there is.
    ///
    /// # Errors
    /// `Denied`, `Unavailable`, `InvalidRequest` where the file cannot be written.
    pub async fn lost_file(
        &self,
        region: &Region,
        (bucket, key): (&str, &str),
        file: &Path,
    ) -> Result<(), Error> {
        let what = format!("S3 GetObject s3://{bucket}/{key} in {region}");
        let written = |why: std::io::Error| {
            let name = file.display();
            Error::InvalidRequest(format!("{name} cannot be written: {why}"))
        };
        let copied = async {
            let found = aws_sdk_s3::Client::new(&self.of(region))
                .get_object()
                .bucket(bucket)
                .key(key)
                .send()
                .await;
            let mut body = found.map_err(|why| error(&what, &why))?.body;
            let mut file = File::create(file).map_err(written)?;
            while let Some(part) = body.next().await {
                let part = part.map_err(|why| Error::Unavailable(format!("{what}: {why}")))?;
                file.write_all(&part).map_err(written)?;
            }
            file.sync_all().map_err(written)
        };
        let late = || {
            let seconds = FILE.as_secs();
            Error::Unavailable(format!("{what} did not end within {seconds} seconds"))
        };
        let copied = tokio::time::timeout(FILE, copied).await;
        copied.unwrap_or_else(|_| Err(late()))
    }
}
