//! StartExportTask and DescribeExportTasks: snapshots of instances written to a bucket of their Region. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        engine::Engine,
        fault::Fault,
        filters::Filters,
        key::ClusterKey,
        names::check_identifier,
        page::page,
        params::Params,
        state::{ExportTask, InstanceSnapshot, Millis, SnapshotStatus},
        task::Then,
        views::iso,
    },
};

/// What there is outside of RDS that exports need, and which of them come to nothing.
#[derive(Debug, Default)]
pub(crate) struct ExportsOutside {
    /// Buckets: their Region, and the roles that may write to them.
    buckets: BTreeMap<String, (String, BTreeSet<String>)>,
    /// Why the next exports of a Region fail.
    failing: BTreeMap<String, VecDeque<String>>,
}

impl Model {
    /// There is this bucket in a Region, and this role may write to it.
    pub fn admit_exports(&mut self, region: &str, bucket: &str, role: &str) {
        let known = self.exports_outside.buckets.entry(bucket.to_owned());
        let (_, roles) = known.or_insert_with(|| (region.to_owned(), BTreeSet::new()));
        roles.insert(role.to_owned());
    }

    /// Lets the next export of a Region that is begun fail in the end, with this cause.
    pub fn fail_export(&mut self, region: &str, cause: &str) {
        let failing = &mut self.exports_outside.failing;
        let causes = failing.entry(region.to_owned()).or_default();
        causes.push_back(cause.to_owned());
    }

    pub(crate) fn start_export_task(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let id = params.required("ExportTaskIdentifier")?;
        check_identifier("ExportTaskIdentifier", id)?;
        let key = ClusterKey::new(region, id);
        if self.export_tasks.contains_key(&key) {
            return Err(Fault::export_exists(id));
        }
        let snapshot = self.exported(region, params.required("SourceArn")?)?;
        let (bucket, role) = self.export_target(region, params)?;
        let prefix = params.owned("S3Prefix");
        // Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html>.
        if prefix.as_ref().is_some_and(|prefix| prefix.contains(':')) {
            return Err(Fault::invalid_value("S3 prefixes can't contain a colon."));
        }
        let kms_key = params.required("KmsKeyId")?;
        let home = format!("arn:aws:kms:{region}:");
        if kms_key.starts_with("arn:") && !kms_key.starts_with(&home) {
            return Err(Fault::key_not_accessible(kms_key));
        }
        let task = ExportTask {
            key: key.clone(),
            source: self.names.arn("snapshot", &snapshot.key),
            taken_at: snapshot.created_at,
            started_at: self.now,
            ended_at: None,
            bucket,
            prefix,
            role,
            kms_key: kms_key.to_owned(),
            only: params
                .list("ExportOnly.member")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            storage_gib: snapshot.storage_gib,
            fails: self.next_failure(region),
        };
        self.record(region, id, "export begun");
        let answer = self.export_view(&task);
        self.export_tasks.insert(key.clone(), task);
        let duration_ms = self.settings.durations.export_ms;
        self.plan(&[region], duration_ms, None, Then::ExportEnded(key));
        Ok(answer)
    }

    fn next_failure(&mut self, region: &str) -> Option<String> {
        let causes = self.exports_outside.failing.get_mut(region)?;
        causes.pop_front()
    }

    /// The snapshot that an export is to be of: one of this Region that is available, and not being exported.
    fn exported(&self, region: &str, arn: &str) -> Result<&InstanceSnapshot, Fault> {
        let (home, id) = match self.names.parse_arn(arn) {
            Some((home, "snapshot", id)) => (home, id),
            Some((_, "cluster-snapshot" | "cluster", _)) => {
                return Err(Fault::not_simulated("An export of a cluster's data"));
            }
            Some(_) | None => {
                return Err(Fault::invalid_value(format!("Invalid source ARN: {arn}")));
            }
        };
        let found = self.instance_snapshots.get(&ClusterKey::new(home, id));
        let found = found.filter(|_| home == region);
        let found = found.ok_or_else(|| Fault::instance_snapshot_not_found(id))?;
        if found.status != SnapshotStatus::Available {
            return Err(Fault::export_source_state(format!(
                "The snapshot {id} is not in the available state."
            )));
        }
        if found.engine == Engine::SqlServer {
            // AWS lists MariaDB, MySQL and PostgreSQL; the code and the text are assumptions.
            return Err(Fault::export_source_state(format!(
                "Snapshots of the engine {} can't be exported.",
                found.engine.as_str()
            )));
        }
        let runs = |task: &ExportTask| task.source == arn && task.ended_at.is_none();
        if self.export_tasks.values().any(runs) {
            return Err(Fault::export_runs(id));
        }
        Ok(found)
    }

    /// The bucket of this Region that an export goes to, and the role that writes there.
    fn export_target(&self, region: &str, params: &Params) -> Result<(String, String), Fault> {
        let bucket = params.required("S3BucketName")?;
        let role = params.required("IamRoleArn")?;
        let buckets = &self.exports_outside.buckets;
        let known = buckets.get(bucket).filter(|(home, _)| home == region);
        let (_, roles) = known.ok_or_else(|| Fault::export_bucket(bucket))?;
        if roles.contains(role) {
            return Ok((bucket.to_owned(), role.to_owned()));
        }
        let is_a_role = buckets.values().any(|(_, roles)| roles.contains(role));
        Err(if is_a_role {
            Fault::export_role_lacks(role, bucket)
        } else {
            Fault::export_role_not_found(role)
        })
    }

    pub(crate) fn export_ended(&mut self, key: &ClusterKey) {
        let now = self.now;
        let Some(task) = self.export_tasks.get_mut(key) else {
            return;
        };
        task.ended_at = Some(now);
        let what = match &task.fails {
            Some(why) => format!("export failed: {why}"),
            None => "export complete".to_owned(),
        };
        self.record(&key.region, &key.id, what);
    }

    pub(crate) fn describe_export_tasks(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let documented = [
            "export-task-identifier",
            "s3-bucket",
            "source-arn",
            "status",
        ];
        let filters = Filters::read(params, &documented)?;
        let wanted = params.optional("ExportTaskIdentifier");
        if let Some(id) = wanted
            && !self.export_tasks.contains_key(&ClusterKey::new(region, id))
        {
            return Err(Fault::export_not_found(id));
        }
        // Every export here is of a snapshot.
        let of_snapshots = params
            .optional("SourceType")
            .is_none_or(|kind| kind == "SNAPSHOT");
        let is = |name: &str, value: &str| {
            let asked = params.optional(name);
            asked.is_none_or(|asked| asked.eq_ignore_ascii_case(value))
        };
        let tasks = self.export_tasks.values().filter(|_| of_snapshots);
        let here = tasks.filter(|task| task.key.region == region);
        let named = here.filter(|task| {
            is("ExportTaskIdentifier", &task.key.id) && is("SourceArn", &task.source)
        });
        let admitted = named.filter(|task| {
            filters.admit("export-task-identifier", &[&task.key.id])
                && filters.admit("s3-bucket", &[&task.bucket])
                && filters.admit("source-arn", &[&task.source])
                && filters.admit("status", &[self.export_status(task)])
        });
        let items = admitted.map(|task| (task.key.id.clone(), self.export_view(task)));
        page("ExportTasks", "ExportTask", items.collect(), params)
    }

    /// The database is restored first, which is half of the work here.
    fn export_status(&self, task: &ExportTask) -> &'static str {
        let half: Millis = self.settings.durations.export_ms / 2;
        match (task.ended_at, &task.fails) {
            (Some(_), Some(_)) => "FAILED",
            (Some(_), None) => "COMPLETE",
            (None, _) if self.now < task.started_at.saturating_add(half) => "STARTING",
            (None, _) => "IN_PROGRESS",
        }
    }

    fn export_view(&self, task: &ExportTask) -> Node {
        let status = self.export_status(task);
        let cause = task.fails.as_ref().filter(|_| status == "FAILED");
        let percent = if status == "COMPLETE" { 100 } else { 0 };
        let only = task.only.iter().map(Node::text);
        let only = ("ExportOnly", Node::list("member", only));
        Fields::default()
            .text("ExportTaskIdentifier", &task.key.id)
            .text("SourceArn", &task.source)
            .nodes((!task.only.is_empty()).then_some(only))
            .text("SnapshotTime", iso(task.taken_at))
            .text("TaskStartTime", iso(task.started_at))
            .optional("TaskEndTime", task.ended_at.map(iso))
            .text("S3Bucket", &task.bucket)
            .optional("S3Prefix", task.prefix.as_ref())
            .text("IamRoleArn", &task.role)
            .text("KmsKeyId", &task.kms_key)
            .text("Status", status)
            .text("PercentProgress", percent)
            .text(
                "TotalExtractedDataInGB",
                if percent == 100 { task.storage_gib } else { 0 },
            )
            .optional("FailureCause", cause)
            .text("SourceType", "SNAPSHOT")
            .done()
    }
}
