//! DescribeDBInstanceAutomatedBackups: what a Region has of its own instances, and the copies that it has of those of other ones.
//! Nothing is retained here: the backups of what is deleted go with it, and so do copies that are stopped.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        filters::Filters,
        page::page,
        params::Params,
        state::{BackupCopy, Standalone},
        views::iso,
    },
};

/// The automated backups of an instance, as one Region has them: its own, or copies.
struct Backups<'a> {
    of: &'a Standalone,
    copy: Option<&'a BackupCopy>,
}

impl Backups<'_> {
    fn status(&self) -> &'static str {
        match (self.copy, self.of.restorable_since) {
            (None, None) => "creating",
            (None, Some(_)) => "active",
            (Some(_), None) => "pending",
            (Some(_), Some(_)) => "replicating",
        }
    }
}

impl Model {
    pub(crate) fn describe_db_instance_automated_backups(
        &self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let documented = ["status", "db-instance-id", "dbi-resource-id"];
        let filters = Filters::read(params, &documented)?;
        let is = |name: &str, value: &str| {
            let asked = params.optional(name);
            asked.is_none_or(|asked| asked.eq_ignore_ascii_case(value))
        };
        let named = |found: &Backups<'_>| {
            is("DbiResourceId", &found.of.resource_id)
                && is("DBInstanceIdentifier", &found.of.key.id)
                && is(
                    "DBInstanceAutomatedBackupsArn",
                    &self.copy_arn(found).unwrap_or_default(),
                )
        };
        let admitted = |found: &Backups<'_>| {
            let arn = self.names.instance_arn(&found.of.key);
            filters.admit("status", &[found.status()])
                && filters.admit("db-instance-id", &[&found.of.key.id, &arn])
                && filters.admit("dbi-resource-id", &[&found.of.resource_id, &arn])
        };
        let found: Vec<_> = self.automated_backups(region).filter(named).collect();
        // AWS does not say whether it answers this or an empty list to a resource identifier that nothing has.
        if let Some(name) = asked_by_name(params)
            && found.is_empty()
        {
            return Err(Fault::automated_backups_not_found(name));
        }
        let items = found.iter().filter(|found| admitted(found));
        let items = items.map(|found| {
            let view = self.automated_backups_view(found);
            (found.of.resource_id.clone(), view)
        });
        let mut items: Vec<_> = items.collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        let list = "DBInstanceAutomatedBackups";
        page(list, "DBInstanceAutomatedBackup", items, params)
    }

    fn automated_backups<'a>(&'a self, region: &str) -> impl Iterator<Item = Backups<'a>> {
        self.standalones.values().filter_map(move |of| {
            if of.key.region == region {
                let copy = None;
                return (of.backup_retention_days > 0).then_some(Backups { of, copy });
            }
            let copy = of.copy_in(region)?;
            Some(Backups {
                of,
                copy: Some(copy),
            })
        })
    }

    fn copy_arn(&self, found: &Backups<'_>) -> Option<String> {
        let copy = found.copy?;
        Some(self.names.arn("auto-backup", &copy.key))
    }

    fn automated_backups_view(&self, found: &Backups<'_>) -> Node {
        let (of, own_days) = (found.of, found.of.backup_retention_days);
        let times = of.restorable_since.zip(self.latest_restorable(of));
        let window = times.map(|(earliest, latest)| {
            let window = Fields::default()
                .text("EarliestTime", iso(earliest))
                .text("LatestTime", latest);
            ("RestoreWindow", window.done())
        });
        let days = found.copy.map_or(own_days, |copy| copy.days);
        let copies = self.copies_view(of).filter(|_| found.copy.is_none());
        Fields::default()
            .text("DBInstanceArn", self.names.instance_arn(&of.key))
            .text("DbiResourceId", &of.resource_id)
            .text("Region", &of.key.region)
            .text("DBInstanceIdentifier", &of.key.id)
            .nodes(window)
            .text("AllocatedStorage", of.storage_gib)
            .text("Status", found.status())
            .text("Port", of.port)
            .text("MasterUsername", &of.master_username)
            .text("Engine", of.engine.as_str())
            .text("EngineVersion", &of.engine_version)
            .text("Encrypted", of.network.encrypted)
            .text("BackupRetentionPeriod", days)
            .optional("DBInstanceAutomatedBackupsArn", self.copy_arn(found))
            .nodes(copies)
            .text("BackupTarget", "region")
            .done()
    }
}

fn asked_by_name(params: &Params) -> Option<&str> {
    let names = [
        "DbiResourceId",
        "DBInstanceIdentifier",
        "DBInstanceAutomatedBackupsArn",
    ];
    names.into_iter().find_map(|name| params.optional(name))
}
