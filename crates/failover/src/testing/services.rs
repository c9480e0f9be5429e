//! Services in memory: those of ECS and groups of Auto Scaling of one Region, which people may scale, and which may refuse to be.

use std::collections::BTreeMap;

use crate::{
    Error,
    domain::Region,
    ports::{Group, Image, Service, Services},
    testing::Books,
};

/// What they have.
#[derive(Default)]
pub(super) struct Running {
    /// The least and the wanted size, by key. A service of ECS has no least one.
    sizes: BTreeMap<String, (u32, u32)>,
    refusing: BTreeMap<String, Error>,
    unread: BTreeMap<String, Error>,
    /// The calls that changed something or tried to, with the wanted size.
    asked: Vec<(String, u32)>,
}

impl Books {
    /// A service or a group has this much now, as if somebody had scaled it.
    pub fn scaled(&self, key: &str, (least, wanted): (u32, u32)) {
        let mut kept = self.kept.lock().unwrap();
        kept.services.sizes.insert(key.into(), (least, wanted));
    }

    /// The calls that change a service are refused from here on, or no more.
    pub fn refuse_scaling(&self, key: &str, why: Option<Error>) {
        let refusing = &mut self.kept.lock().unwrap().services.refusing;
        match why {
            Some(why) => refusing.insert(key.into(), why),
            None => refusing.remove(key),
        };
    }

    /// A service cannot be read.
    pub fn hide_service(&self, key: &str, why: Error) {
        let mut kept = self.kept.lock().unwrap();
        kept.services.unread.insert(key.into(), why);
    }

    /// The least and the wanted size of a service.
    pub fn size(&self, key: &str) -> Option<(u32, u32)> {
        self.kept.lock().unwrap().services.sizes.get(key).copied()
    }

    /// The calls that scaled something or tried to.
    pub fn scalings(&self) -> Vec<(String, u32)> {
        self.kept.lock().unwrap().services.asked.clone()
    }

    fn read(&self, key: &str) -> Result<(u32, u32), Error> {
        let kept = self.kept.lock().unwrap();
        if let Some(why) = kept.services.unread.get(key) {
            return Err(why.clone());
        }
        let found = kept.services.sizes.get(key).copied();
        found.ok_or_else(|| Error::NotReady(format!("there is no service {key}")))
    }

    fn scale(&self, key: &str, (least, wanted): (Option<u32>, u32)) -> Result<(), Error> {
        let mut kept = self.kept.lock().unwrap();
        kept.services.asked.push((key.into(), wanted));
        if let Some(why) = kept.services.refusing.get(key) {
            return Err(why.clone());
        }
        let size = kept.services.sizes.entry(key.into()).or_default();
        *size = (least.unwrap_or(size.0), wanted);
        Ok(())
    }
}

impl Services for Books {
    async fn service(&self, _: &Region, cluster: &str, service: &str) -> Result<Service, Error> {
        let (_, count) = self.read(&format!("{cluster}/{service}"))?;
        Ok(Service {
            desired_count: count,
            running_count: count,
            is_daemon: service.starts_with("daemon"),
            deployments: Vec::new(),
        })
    }

    async fn images(&self, _: &Region, _: &str, _: &str) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    async fn holds(&self, _: &Image) -> Result<bool, Error> {
        Ok(true)
    }

    async fn force_deployment(
        &self,
        _: &Region,
        cluster: &str,
        service: &str,
        desired_count: Option<u32>,
    ) -> Result<String, Error> {
        if let Some(count) = desired_count {
            self.scale(&format!("{cluster}/{service}"), (None, count))?;
        }
        Ok("new".into())
    }

    async fn scale_service(
        &self,
        _: &Region,
        cluster: &str,
        service: &str,
        count: u32,
    ) -> Result<(), Error> {
        self.scale(&format!("{cluster}/{service}"), (None, count))
    }

    async fn group(&self, _: &Region, group: &str) -> Result<Group, Error> {
        let (min_size, wanted) = self.read(&format!("asg:{group}"))?;
        Ok(Group {
            desired_capacity: wanted,
            min_size,
            max_size: 9,
            launches: true,
            instances: wanted,
            kept: 0,
            serving: wanted,
            refreshes: Vec::new(),
        })
    }

    async fn refresh_group(&self, _: &Region, _: &str) -> Result<Option<String>, Error> {
        Ok(Some("new".into()))
    }

    async fn scale_group(&self, _: &Region, group: &str, capacity: u32) -> Result<(), Error> {
        self.scale(&format!("asg:{group}"), (None, capacity))
    }

    async fn resize_group(
        &self,
        _: &Region,
        group: &str,
        min_size: u32,
        capacity: u32,
    ) -> Result<(), Error> {
        self.scale(&format!("asg:{group}"), (Some(min_size), capacity))
    }
}
