//! The calls that change something.

use failover::{Error, topology::Accepted};
use jiff::{SignedDuration, Timestamp};

use super::{Fault, Saved, Stored, TAKES, World, arn, plain};
use crate::tables::{
    Backup, Call, Destination, Encrypted, Encryption, Policy, Stream, TableShape, TimeToLive,
};

impl Stored {
    /// One change of it an hour is taken.
    fn expire(&mut self, attribute: &str, now: Timestamp) -> Accepted {
        let hour = SignedDuration::from_hours(1);
        let last = self.ttl_changed_at;
        if last.is_some_and(|at| now.duration_since(at) < hour) {
            return Accepted::NotNow("ValidationException: multiple times".into());
        }
        self.ttl_changed_at = Some(now);
        self.shape.ttl = TimeToLive {
            attribute: Some(attribute.to_owned()),
            status: "ENABLING".into(),
        };
        Accepted::Yes
    }
}

impl World {
    pub(super) fn change(&mut self, region: &str, call: &Call) -> Result<Accepted, Error> {
        let number = self.calls;
        self.calls += 1;
        let lost = || Err(Error::Unavailable("nobody answers".into()));
        match self.fault {
            Some(Fault::CutOff(at)) if at == number => lost(),
            Some(Fault::AnswerLost(at)) if at == number => {
                self.effect(region, call)?;
                lost()
            }
            Some(Fault::CutOff(_) | Fault::AnswerLost(_)) | None => self.effect(region, call),
        }
    }

    fn effect(&mut self, region: &str, call: &Call) -> Result<Accepted, Error> {
        let done = match call {
            Call::CreateBackup { table, backup } => self.back_up(region, table, backup),
            Call::Restore {
                backup_arn,
                table,
                encrypted,
            } => self.restore(region, backup_arn, (table, encrypted)),
            Call::RestoreToTime { .. } => panic!("nobody asks for it"),
            Call::Delete { table } => self.delete(region, table),
            Call::Protect { .. }
            | Call::OpenStream { .. }
            | Call::SetClass { .. }
            | Call::SetCapacity { .. }
            | Call::Expire { .. }
            | Call::Tag { .. }
            | Call::Recoverable { .. }
            | Call::PutPolicy { .. }
            | Call::DeletePolicy { .. }
            | Call::SendTo { .. } => self.update(region, call),
        }?;
        if done == Accepted::Yes {
            self.effects.push(format!("{region} {call}"));
        }
        self.guard();
        Ok(done)
    }

    fn active(&mut self, region: &str, name: &str) -> Result<&mut Stored, Accepted> {
        let table = self.tables.get_mut(&(region.to_owned(), name.to_owned()));
        let table = table.ok_or_else(|| Accepted::NotNow("ResourceNotFoundException".into()))?;
        if table.shape.is_active() {
            return Ok(table);
        }
        Err(Accepted::NotNow("ResourceInUseException".into()))
    }

    fn back_up(&mut self, region: &str, table: &str, name: &str) -> Result<Accepted, Error> {
        let (id, now) = (self.next_id(), self.now);
        let stored = match self.active(region, table) {
            Ok(stored) => stored.clone(),
            Err(not) => return Ok(not),
        };
        self.backups.push(Saved {
            region: region.into(),
            of: stored.shape,
            items: stored.items,
            backup: Backup {
                arn: format!("{}/backup/{id}", arn(region, table)),
                name: name.into(),
                status: "CREATING".into(),
                bytes: None,
                created_at: Some(now),
            },
            ready_at: now + TAKES,
        });
        Ok(Accepted::Yes)
    }

    fn restore(
        &mut self,
        region: &str,
        backup_arn: &str,
        (name, encrypted): (&str, &Encrypted),
    ) -> Result<Accepted, Error> {
        if self.at(region, name).is_some() {
            return Ok(Accepted::NotNow("TableAlreadyExistsException".into()));
        }
        let saved = self
            .backups
            .iter()
            .find(|saved| saved.backup.arn == backup_arn);
        let saved = saved.filter(|saved| saved.backup.is_available()).cloned();
        let saved = saved.ok_or_else(|| Error::NotReady("BackupInUseException".into()))?;
        if *encrypted == Encrypted::AsBefore && saved.region != region {
            return Err(Error::NotReady(
                "SSESpecificationOverride is missing".into(),
            ));
        }
        let id = self.next_id();
        let mut items = saved.items;
        if self.loses_items {
            items.pop_first();
        }
        let shape = TableShape {
            status: "CREATING".into(),
            restored_from: Some(backup_arn.into()),
            indexes: saved.of.indexes,
            capacity: saved.of.capacity,
            encryption: match encrypted {
                Encrypted::AsBefore => saved.of.encryption,
                Encrypted::ByDynamoDb => None,
                Encrypted::ByAws => Some(Encryption {
                    key: "arn:aws:kms:us-east-1:123456789012:key/aws".into(),
                    status: "ENABLED".into(),
                }),
                Encrypted::By(key) => Some(Encryption {
                    key: key.clone(),
                    status: "ENABLED".into(),
                }),
            },
            ..plain(region, name, &id)
        };
        self.put(region, shape, items);
        let ready_at = self.now + TAKES;
        if let Some(table) = self.at_mut(region, name) {
            table.ready_at = ready_at;
        }
        Ok(Accepted::Yes)
    }

    fn delete(&mut self, region: &str, name: &str) -> Result<Accepted, Error> {
        let ready_at = self.now + TAKES;
        let table = match self.active(region, name) {
            Ok(table) => table,
            Err(not) => return Ok(not),
        };
        if table.shape.deletion_protected {
            return Err(Error::NotReady("deletion protection is on".into()));
        }
        table.shape.status = "DELETING".into();
        table.ready_at = ready_at;
        Ok(Accepted::Yes)
    }

    fn update(&mut self, region: &str, call: &Call) -> Result<Accepted, Error> {
        let (now, id) = (self.now, self.next_id());
        let table = match self.active(region, call.table()) {
            Ok(table) => table,
            Err(not) => return Ok(not),
        };
        let shape = &mut table.shape;
        let mut works = false;
        match call {
            Call::Protect { is_on, .. } => shape.deletion_protected = *is_on,
            Call::OpenStream { view, .. } => {
                works = true;
                shape.stream = Some(Stream {
                    view: view.clone(),
                    arn: Some(format!("{}/stream/{id}", shape.arn)),
                });
            }
            Call::SetClass { class, .. } => (shape.class, works) = (class.clone(), true),
            Call::SetCapacity {
                capacity, indexes, ..
            } => {
                works = true;
                shape.capacity = capacity.unwrap_or(shape.capacity);
                for (name, capacity) in indexes {
                    shape.indexes.get_mut(name).unwrap().capacity = Some(*capacity);
                }
            }
            Call::Expire { attribute, .. } => return Ok(table.expire(attribute, now)),
            Call::Tag { tags, .. } => shape.tags.extend(tags.clone()),
            Call::Recoverable { recovery, .. } => shape.recovery = Some(*recovery),
            Call::PutPolicy {
                document,
                instead_of,
                ..
            } => {
                let stands = shape.policy.as_ref();
                if stands.and_then(|policy| policy.revision.clone()) != *instead_of {
                    return Ok(Accepted::NotNow("PolicyNotFoundException".into()));
                }
                shape.policy = Some(Policy {
                    document: document.clone(),
                    revision: Some(id),
                });
            }
            Call::DeletePolicy { .. } => shape.policy = None,
            Call::SendTo {
                stream_arn,
                precision,
                ..
            } => {
                works = true;
                let destination = Destination {
                    status: "ENABLING".into(),
                    precision: precision.clone(),
                };
                shape.kinesis.insert(stream_arn.clone(), destination);
            }
            Call::CreateBackup { .. }
            | Call::Restore { .. }
            | Call::RestoreToTime { .. }
            | Call::Delete { .. } => panic!("{call} is no update"),
        }
        if works {
            shape.status = "UPDATING".into();
            table.ready_at = now + TAKES;
        }
        Ok(Accepted::Yes)
    }
}
