//! ModifyDBInstance of an instance of its own: its name, its backups, its shape.

use crate::{
    answer::Node,
    model::{
        Model,
        cluster::check_password,
        course::{End, Phase},
        effect::{Effect, When},
        fault::Fault,
        kept::{OF_INSTANCE, OF_STANDALONE},
        key::ClusterKey,
        names::check_identifier,
        params::Params,
        state::{InstanceStatus, Secret, Standalone},
    },
};

/// What a call that renames may say beside.
const OF_RENAMING: [&str; 5] = [
    "Action",
    "ApplyImmediately",
    "DBInstanceIdentifier",
    "NewDBInstanceIdentifier",
    "Version",
];
/// What would have to happen to the server, and does not.
const UNSIMULATED: [&str; 6] = [
    "AllocatedStorage",
    "DBPortNumber",
    "DBSubnetGroupName",
    "EngineVersion",
    "ManageMasterUserPassword",
    "ReplicaMode",
];

impl Model {
    pub(crate) fn modify_standalone(
        &mut self,
        key: &ClusterKey,
        params: &Params,
    ) -> Result<Node, Fault> {
        let found = self.idle_standalone(&key.region, &key.id)?;
        if let Some(new) = params.optional("NewDBInstanceIdentifier") {
            return self.rename_standalone(key, new, params);
        }
        if let Some(name) = UNSIMULATED
            .into_iter()
            .find(|name| params.optional(name).is_some())
        {
            return Err(Fault::not_simulated(&format!("Modifying {name}")));
        }
        let new = changed(found, params)?;
        self.check_standalone_groups(&new)?;
        let password = new_password(found, params)?;
        if new == *found && password.is_none() {
            return self.standalone_answer(key);
        }
        let toggles = (found.backup_retention_days == 0) != (new.backup_retention_days == 0);
        let restarts = toggles || found.class != new.class;
        if restarts {
            at_once(params, "A change that restarts the instance")?;
        }
        let modifying = Phase {
            status: InstanceStatus::Modifying,
            duration_ms: self.settings.durations.modify_ms,
            effect: password.map(|effect| (When::AtOnce, effect)),
        };
        let end = if toggles && new.backup_retention_days > 0 {
            End::BackupsOn
        } else {
            End::Changed
        };
        self.standalones.insert(key.clone(), new);
        self.record(&key.region, &key.id, "instance change accepted");
        if restarts {
            let restart = self.reboot_phase(Effect::Restart {
                cluster: key.clone(),
            });
            self.begin_course(key, [modifying, restart], end);
        } else {
            self.begin_course(key, [modifying], end);
        }
        self.standalone_answer(key)
    }

    /// The old name leads nowhere from then on. RDS shows the new one when it is done.
    fn rename_standalone(
        &mut self,
        key: &ClusterKey,
        new: &str,
        params: &Params,
    ) -> Result<Node, Fault> {
        check_identifier("NewDBInstanceIdentifier", new)?;
        at_once(params, "Renaming")?;
        if let Some(name) = params.beyond(&OF_RENAMING) {
            return Err(Fault::not_simulated(&format!(
                "Renaming together with {name}"
            )));
        }
        let to = ClusterKey::new(&key.region, new);
        self.check_instance_name(&to)?;
        self.record(&key.region, &key.id, "instance renaming accepted");
        let effect = Effect::RenameInstance {
            from: key.clone(),
            to: to.clone(),
        };
        let duration_ms = self.settings.durations.modify_ms;
        let renaming = Phase::doing(InstanceStatus::Renaming, duration_ms, effect);
        self.begin_course(key, [renaming], End::Renamed(to));
        self.standalone_answer(key)
    }

    /// Whoever follows it, and whoever it follows, knows it by its new name.
    pub(super) fn standalone_renamed(&mut self, from: &ClusterKey, to: &ClusterKey) {
        let Some(mut instance) = self.standalones.remove(from) else {
            return;
        };
        let resource = instance.resource_id.clone();
        instance.key = to.clone();
        instance.status = InstanceStatus::Available;
        self.standalones.insert(to.clone(), instance);
        for other in self.standalones.values_mut() {
            if let Some(source) = &mut other.source
                && source.resource_id == resource
            {
                source.key = to.clone();
            }
            for replica in &mut other.replicas {
                if replica.resource_id == resource {
                    replica.key = to.clone();
                }
            }
        }
        for task in &mut self.tasks {
            task.follow_source(from, to);
        }
        let what = format!("instance renamed to {}", to.id);
        self.record(&to.region, &from.id, what);
        let said = format!("Renamed instance from {} to {}.", from.id, to.id);
        self.instance_event(to, "configuration change", said);
    }
}

/// The instance as asked for.
fn changed(found: &Standalone, params: &Params) -> Result<Standalone, Fault> {
    let mut new = found.clone();
    new.kept.take(&OF_INSTANCE, params)?;
    new.kept.take(&OF_STANDALONE, params)?;
    if let Some(protection) = params.flag("DeletionProtection")? {
        new.deletion_protection = protection;
    }
    if let Some(multi_az) = params.flag("MultiAZ")? {
        new.set_multi_az(multi_az);
    }
    if let Some(iam) = params.flag("EnableIAMDatabaseAuthentication")? {
        new.iam_authentication = iam;
    }
    if let Some(class) = params.owned("DBInstanceClass") {
        new.class = class;
    }
    if let Some(group) = params.owned("DBParameterGroupName") {
        new.network.parameter_group = Some(group);
    }
    let groups = params.list("VpcSecurityGroupIds.VpcSecurityGroupId");
    if !groups.is_empty() {
        new.network.security_groups = groups.into_iter().map(str::to_owned).collect();
    }
    if let Some(days) = params.number("BackupRetentionPeriod", 0, 35)? {
        if days == 0 && !found.replicas.is_empty() {
            // AWS documents that it can't be; the code and the text are assumptions.
            return Err(Fault::instance_state(format!(
                "Backups of DB instance {} can't be disabled: it is the source of read replicas.",
                found.key.id
            )));
        }
        new.backup_retention_days = days;
        new.restorable_since = found.restorable_since.filter(|_| days > 0);
    }
    Ok(new)
}

/// The master user's new password, if one is asked for. A replica has its source's.
fn new_password(found: &Standalone, params: &Params) -> Result<Option<Effect>, Fault> {
    let Some(password) = params.owned("MasterUserPassword") else {
        return Ok(None);
    };
    check_password(&password)?;
    if found.source.is_some() {
        return Err(Fault::invalid_combination(
            "The master user's password of a read replica is its source's.",
        ));
    }
    Ok(Some(Effect::SetPassword {
        cluster: found.key.clone(),
        user: found.master_username.clone(),
        password: Secret(password),
    }))
}

/// What is to wait for the maintenance window would never come about here.
fn at_once(params: &Params, what: &str) -> Result<(), Fault> {
    if params.flag("ApplyImmediately")? == Some(true) {
        return Ok(());
    }
    Err(Fault::not_simulated(&format!(
        "{what} without ApplyImmediately waits for the maintenance window, which"
    )))
}
