//! StartDBInstanceAutomatedBackupsReplication and StopDBInstanceAutomatedBackupsReplication, each asked in the Region that has the copies.
//! Nothing can be restored from a copy here.

use crate::{
    answer::{Fields, Node},
    model::{
        Model,
        fault::Fault,
        key::ClusterKey,
        params::Params,
        state::{BackupCopy, Standalone},
    },
};

impl Model {
    pub(crate) fn start_copying_backups(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let found = self.copied(region, params)?;
        let (key, days) = (found.key.clone(), found.backup_retention_days);
        if days == 0 {
            return Err(Fault::no_backups());
        }
        if found.copy_in(region).is_some() {
            // AWS publishes no text for it.
            return Err(Fault::instance_state(format!(
                "Automated backups of DB instance {} are replicated to {region} already.",
                key.id
            )));
        }
        check_key(region, found, params.optional("KmsKeyId"))?;
        let days = params
            .number("BackupRetentionPeriod", 1, 35)?
            .unwrap_or(days);
        let id = self.names.resource_id("ab-").to_lowercase();
        let copy = BackupCopy {
            key: ClusterKey::new(region, &id),
            days,
        };
        if let Some(found) = self.standalones.get_mut(&key) {
            found.backup_copies.push(copy.clone());
        }
        let what = format!("backups are copied to {region}");
        self.record(&key.region, &key.id, what);
        self.copy_answer(&key, &copy)
    }

    pub(crate) fn stop_copying_backups(
        &mut self,
        region: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        let found = self.copied(region, params)?;
        let key = found.key.clone();
        let copy = found.copy_in(region).cloned().ok_or_else(|| {
            // AWS publishes no text for it.
            Fault::instance_state(format!(
                "Automated backups of DB instance {} are not replicated to {region}.",
                key.id
            ))
        })?;
        let answer = self.copy_answer(&key, &copy)?;
        if let Some(found) = self.standalones.get_mut(&key) {
            found.backup_copies.retain(|other| *other != copy);
        }
        let what = format!("backups are not copied to {region} any more");
        self.record(&key.region, &key.id, what);
        Ok(answer)
    }

    /// The instance of another Region that a call is about.
    fn copied(&self, region: &str, params: &Params) -> Result<&Standalone, Fault> {
        let arn = params.required("SourceDBInstanceArn")?;
        let Some((home, "db", id)) = self.names.parse_arn(arn) else {
            return Err(Fault::invalid_value(format!(
                "Invalid DB instance ARN: {arn}"
            )));
        };
        if home == region {
            return Err(Fault::invalid_combination(
                "Automated backups can't be replicated within the Region of their DB instance.",
            ));
        }
        if self.is_lost(home) {
            return Err(Fault::source_unreachable(&ClusterKey::new(home, id)));
        }
        self.found_standalone(home, arn)
    }

    fn copy_answer(&self, key: &ClusterKey, copy: &BackupCopy) -> Result<Node, Fault> {
        let found = self.found_standalone(&key.region, &key.id)?;
        let view = Fields::default()
            .text("DBInstanceArn", self.names.instance_arn(key))
            .text("DbiResourceId", &found.resource_id)
            .text("Region", &key.region)
            .text("DBInstanceIdentifier", &key.id)
            .text("Status", "pending")
            .text("BackupRetentionPeriod", copy.days)
            .text(
                "DBInstanceAutomatedBackupsArn",
                self.names.arn("auto-backup", &copy.key),
            )
            .done();
        Ok(Fields::default()
            .node("DBInstanceAutomatedBackup", view)
            .done())
    }

    /// Where an instance's backups are copied to, which RDS shows where there is any.
    pub(super) fn copies_view(&self, instance: &Standalone) -> Option<(&'static str, Node)> {
        let copies = instance.backup_copies.iter();
        let copies = copies.map(|copy| {
            let arn = self.names.arn("auto-backup", &copy.key);
            Fields::default()
                .text("DBInstanceAutomatedBackupsArn", arn)
                .done()
        });
        let list = Node::list("DBInstanceAutomatedBackupsReplication", copies);
        (!instance.backup_copies.is_empty())
            .then_some(("DBInstanceAutomatedBackupsReplications", list))
    }
}

impl Standalone {
    /// The copies of its backups in a Region.
    pub(super) fn copy_in(&self, region: &str) -> Option<&BackupCopy> {
        let mut copies = self.backup_copies.iter();
        copies.find(|copy| copy.key.region == region)
    }
}

/// The copies of what is encrypted are encrypted with a key of their own Region.
fn check_key(region: &str, source: &Standalone, key: Option<&str>) -> Result<(), Fault> {
    match key {
        // CloudFormation knows RDS's refusal by these words.
        None if source.network.encrypted => Err(Fault::invalid_value(
            "Encrypted instances require a valid KMS key ID.",
        )),
        Some(key) if !key.starts_with(&format!("arn:aws:kms:{region}:")) => {
            Err(Fault::key_not_accessible(key))
        }
        Some(_) | None => Ok(()),
    }
}
