//! What each call does to the small RDS.

use failover::topology::{EndpointShape, InstanceShape, Shape};

use super::{State, key};
use crate::databases::{Call, Found, Kind, Taken};

/// What a call changes, by its names.
pub(super) fn names(call: &Call) -> Vec<String> {
    let named: Vec<&String> = match call {
        // What is read is not changed.
        Call::TakeSnapshot { snapshot, .. }
        | Call::CopySnapshot { snapshot, .. }
        | Call::DropSnapshot { snapshot, .. } => vec![snapshot],
        Call::Restore { like, .. } | Call::Complete { like, .. } => vec![&like.identifier],
        Call::CreateInstance { cluster, like, .. } => vec![cluster, &like.identifier],
        Call::CreateEndpoint { cluster, like } => vec![cluster, &like.identifier],
        Call::DeleteEndpoint { endpoint } => vec![endpoint],
        Call::AddRole { to, .. } => vec![to],
        Call::Rename { from, to, .. } => vec![from, to],
        Call::Protect { identifier, .. }
        | Call::Delete { identifier, .. }
        | Call::Stop { identifier, .. }
        | Call::Start { identifier, .. } => vec![identifier],
        Call::LeaveGlobal { arn, .. } => vec![arn],
    };
    named.into_iter().cloned().collect()
}

impl State {
    fn idle(&mut self, kind: Kind, region: &str, name: &str) -> Result<&mut Found, String> {
        let found = self.databases.get_mut(&key(kind, region, name));
        let found = found.ok_or_else(|| format!("there is no {name}"))?;
        let status = &found.shape.status;
        if status == "available" || status == "stopped" {
            Ok(found)
        } else {
            Err(format!("{name} is {status}"))
        }
    }

    /// The names of instances of a Region: those of clusters are among them.
    fn instances(&mut self, region: &str) -> Vec<&mut InstanceShape> {
        let all = self.databases.iter_mut();
        let here = all.filter(|((_, at, _), _)| at == region);
        here.flat_map(|(_, found)| &mut found.shape.instances)
            .collect()
    }

    pub(super) fn carry_out(&mut self, region: &str, call: &Call) -> Result<(), String> {
        match call {
            Call::TakeSnapshot { .. } | Call::CopySnapshot { .. } | Call::DropSnapshot { .. } => {
                self.on_snapshots(region, call)
            }
            Call::Restore { .. }
            | Call::Complete { .. }
            | Call::CreateInstance { .. }
            | Call::CreateEndpoint { .. }
            | Call::AddRole { .. } => self.makes(region, call),
            Call::DeleteEndpoint { .. }
            | Call::Rename { .. }
            | Call::Protect { .. }
            | Call::Delete { .. }
            | Call::Stop { .. }
            | Call::Start { .. }
            | Call::LeaveGlobal { .. } => self.changes(region, call),
        }
    }

    fn on_snapshots(&mut self, region: &str, call: &Call) -> Result<(), String> {
        match call {
            Call::TakeSnapshot {
                kind,
                of,
                snapshot,
                tags,
            } => {
                let of = self.idle(*kind, region, of)?.shape.clone();
                let made = Taken {
                    resource_id: of.resource_id,
                    encrypted: of.kms_key.is_some(),
                    storage_gib: Some(100),
                    taken_at: Some("2026-11-30T08:00:00Z".parse().unwrap()),
                    tags: tags.clone(),
                    ..Taken::default()
                };
                self.keep(region, (*kind, snapshot), made)
            }
            Call::CopySnapshot {
                kind,
                source_arn,
                snapshot,
                kms_key,
                tags,
                ..
            } => {
                assert!(kms_key.is_some(), "it is encrypted");
                let mut all = self.snapshots.values();
                let source = all.find(|one| one.arn == *source_arn && one.is_available());
                let made = Taken {
                    tags: tags.clone(),
                    ..source.ok_or("there is no source")?.clone()
                };
                self.keep(region, (*kind, snapshot), made)
            }
            Call::DropSnapshot { kind, snapshot } => {
                let found = self.snapshots.get_mut(&key(*kind, region, snapshot));
                found.ok_or("there is none")?.status = "deleting".into();
                Ok(())
            }
            Call::Restore { .. }
            | Call::Complete { .. }
            | Call::CreateInstance { .. }
            | Call::CreateEndpoint { .. }
            | Call::AddRole { .. }
            | Call::DeleteEndpoint { .. }
            | Call::Rename { .. }
            | Call::Protect { .. }
            | Call::Delete { .. }
            | Call::Stop { .. }
            | Call::Start { .. }
            | Call::LeaveGlobal { .. } => unreachable!("not of these"),
        }
    }

    fn makes(&mut self, region: &str, call: &Call) -> Result<(), String> {
        match call {
            Call::Restore {
                kind,
                snapshot,
                engine,
                engine_version,
                like,
            } => {
                let versions = (engine.as_str(), engine_version.as_str());
                self.restore(region, (*kind, snapshot), versions, like)
            }
            Call::Complete { kind, like } => {
                let found = self.idle(*kind, region, &like.identifier)?;
                found.shape.maintenance_window = like.maintenance_window.clone();
                found.shape.status = "modifying".into();
                Ok(())
            }
            Call::CreateInstance { cluster, like, .. } => {
                let name = &like.identifier;
                if self
                    .instances(region)
                    .iter()
                    .any(|one| one.identifier == *name)
                {
                    return Err(format!("{name} exists"));
                }
                let found = self.idle(Kind::Cluster, region, cluster)?;
                found.shape.instances.push(InstanceShape {
                    status: "creating".into(),
                    ..(**like).clone()
                });
                Ok(())
            }
            Call::CreateEndpoint { cluster, like } => self.endpoint(region, cluster, like),
            Call::AddRole { kind, to, role } => {
                let found = self.idle(*kind, region, to)?;
                found.shape.roles.push(role.clone());
                Ok(())
            }
            Call::TakeSnapshot { .. }
            | Call::CopySnapshot { .. }
            | Call::DropSnapshot { .. }
            | Call::DeleteEndpoint { .. }
            | Call::Rename { .. }
            | Call::Protect { .. }
            | Call::Delete { .. }
            | Call::Stop { .. }
            | Call::Start { .. }
            | Call::LeaveGlobal { .. } => unreachable!("not of these"),
        }
    }

    fn changes(&mut self, region: &str, call: &Call) -> Result<(), String> {
        match call {
            Call::DeleteEndpoint { endpoint } => {
                let all = self.databases.iter_mut();
                let here = all.filter(|((_, at, _), _)| at == region);
                let mut all = here.flat_map(|(_, found)| &mut found.shape.endpoints);
                let found = all.find(|one| one.identifier == *endpoint);
                found.ok_or("there is none")?.status = "deleting".into();
                Ok(())
            }
            Call::Rename { kind, from, to } => self.rename(region, *kind, (from, to)),
            Call::Protect {
                kind,
                identifier,
                on,
            } => {
                self.idle(*kind, region, identifier)?
                    .shape
                    .deletion_protection = *on;
                Ok(())
            }
            Call::Delete { kind, identifier } => self.delete(region, *kind, identifier),
            Call::Stop { kind, identifier } => {
                let shape = &mut self.idle(*kind, region, identifier)?.shape;
                shape.status = "stopping".into();
                for one in &mut shape.instances {
                    one.status = "stopping".into();
                }
                Ok(())
            }
            Call::Start { kind, identifier } => {
                let shape = &mut self.idle(*kind, region, identifier)?.shape;
                shape.status = "starting".into();
                for one in &mut shape.instances {
                    one.status = "starting".into();
                }
                Ok(())
            }
            Call::LeaveGlobal { arn, .. } => {
                let mut all = self.databases.values_mut();
                let found = all.find(|found| found.shape.arn == *arn);
                found.ok_or("there is none")?.shape.global_cluster = None;
                Ok(())
            }
            Call::TakeSnapshot { .. }
            | Call::CopySnapshot { .. }
            | Call::DropSnapshot { .. }
            | Call::Restore { .. }
            | Call::Complete { .. }
            | Call::CreateInstance { .. }
            | Call::CreateEndpoint { .. }
            | Call::AddRole { .. } => unreachable!("not of these"),
        }
    }

    fn keep(
        &mut self,
        region: &str,
        (kind, name): (Kind, &str),
        made: Taken,
    ) -> Result<(), String> {
        let at = key(kind, region, name);
        if self.snapshots.contains_key(&at) {
            return Err(format!("{name} exists"));
        }
        let made = Taken {
            identifier: name.into(),
            arn: format!("arn:aws:rds:{region}:123456789012:snapshot:{name}"),
            status: "creating".into(),
            ..made
        };
        self.snapshots.insert(at, made);
        Ok(())
    }

    fn restore(
        &mut self,
        region: &str,
        (kind, snapshot): (Kind, &str),
        (engine, engine_version): (&str, &str),
        like: &Shape,
    ) -> Result<(), String> {
        let name = &like.identifier;
        let at = key(kind, region, name);
        let taken = self.instances(region);
        let is_taken = taken.iter().any(|one| one.identifier == *name);
        if self.databases.contains_key(&at) || is_taken {
            return Err(format!("{name} exists"));
        }
        let copy = self.snapshots.get(&key(kind, region, snapshot));
        let copy = copy.filter(|copy| copy.is_available());
        let encrypted = copy.ok_or("the snapshot is not there")?.encrypted;
        self.made += 1;
        let mut shape = like.clone();
        shape.resource_id = format!("made-{}", self.made);
        shape.status = "creating".into();
        shape.kms_key = encrypted.then(|| "the copy's".into());
        shape.maintenance_window = Some("mon:00:00-mon:00:30".into());
        if self.keeps_unprotected {
            shape.backup_retention_days = Some(1);
            shape.deletion_protection = false;
        }
        shape.roles.clear();
        shape.endpoints.clear();
        match kind {
            Kind::Cluster => shape.instances.clear(),
            Kind::Instance => {
                for one in &mut shape.instances {
                    one.status = "creating".into();
                }
            }
        }
        let found = Found {
            shape,
            engine: engine.into(),
            engine_version: engine_version.into(),
            ..Found::default()
        };
        self.databases.insert(at, found);
        Ok(())
    }

    fn endpoint(
        &mut self,
        region: &str,
        cluster: &str,
        like: &EndpointShape,
    ) -> Result<(), String> {
        let name = &like.identifier;
        let mut here = self.databases.iter().filter(|((_, at, _), _)| at == region);
        if here.any(|(_, found)| {
            found
                .shape
                .endpoints
                .iter()
                .any(|one| one.identifier == *name)
        }) {
            return Err(format!("{name} exists"));
        }
        let found = self.idle(Kind::Cluster, region, cluster)?;
        let mut members = like.static_members.iter();
        let has = |name: &String| {
            let mut all = found.shape.instances.iter();
            all.any(|one| one.identifier == *name && one.status == "available")
        };
        assert!(members.all(has), "an endpoint leads to what is there");
        found.shape.endpoints.push(EndpointShape {
            status: "creating".into(),
            ..like.clone()
        });
        Ok(())
    }

    fn rename(&mut self, region: &str, kind: Kind, (from, to): (&str, &str)) -> Result<(), String> {
        let is_taken = self.databases.contains_key(&key(kind, region, to));
        let instances = self.instances(region);
        if is_taken || instances.iter().any(|one| one.identifier == to) {
            return Err(format!("{to} exists"));
        }
        for one in instances {
            if kind == Kind::Instance && one.identifier == from {
                one.status = "renaming".into();
            }
        }
        if let Some(found) = self.databases.get_mut(&key(kind, region, from)) {
            let shape = &mut found.shape;
            assert!(
                shape.global_cluster.is_none(),
                "a member has to leave first"
            );
            assert!(shape.endpoints.is_empty(), "its endpoints would follow it");
            shape.status = "renaming".into();
        }
        self.renames.insert((region.into(), from.into()), to.into());
        Ok(())
    }

    fn delete(&mut self, region: &str, kind: Kind, name: &str) -> Result<(), String> {
        assert!(name.contains("-rehearsal"), "{name} is deleted");
        if let Some(found) = self.databases.get_mut(&key(kind, region, name)) {
            assert!(!found.shape.deletion_protection, "{name} is protected");
            let has = kind == Kind::Cluster && !found.shape.instances.is_empty();
            assert!(!has, "{name} has instances");
            found.shape.status = "deleting".into();
            return Ok(());
        }
        let mut instances = self.instances(region).into_iter();
        let found = instances.find(|one| one.identifier == name);
        found.ok_or("there is none")?.status = "deleting".into();
        Ok(())
    }
}
