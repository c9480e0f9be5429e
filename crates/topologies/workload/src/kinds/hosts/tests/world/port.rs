//! What is looked at, and calls as they go right or wrong.

use failover::{Error, domain::Region, topology::Accepted};

use super::{CHANGED, Fault, State, World, has, place};
use crate::hosts::{Change, Checks, Host, Hosts, Image, Loading, Network, Snapshot, Tags, Volume};

impl World {
    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, Error> {
        Ok(read(&self.0.lock().unwrap()))
    }
}

impl Hosts for World {
    async fn host(&self, region: &Region, id: &str) -> Result<Option<Host>, Error> {
        self.read(|state| state.hosts.get(&place(&region.0, id)).cloned())
    }

    async fn hosts_with(&self, region: &Region, tags: &Tags) -> Result<Vec<Host>, Error> {
        self.read(|state| {
            let all = state.hosts.iter().filter(|((at, _), _)| *at == region.0);
            all.map(|(_, host)| host.clone())
                .filter(|host| has(&host.tags, tags))
                .collect()
        })
    }

    async fn stop_protection(&self, _region: &Region, id: &str) -> Result<bool, Error> {
        self.read(|state| state.protected.contains(id))
    }

    async fn checks(&self, _region: &Region, id: &str) -> Result<Option<Checks>, Error> {
        self.read(|state| {
            let is_failing = state.failing.contains(id) || state.failing.contains("*");
            let said = if is_failing { "impaired" } else { "ok" };
            Some(Checks {
                system: "ok".into(),
                instance: said.into(),
            })
        })
    }

    async fn volumes(&self, region: &Region, ids: &[String]) -> Result<Vec<Volume>, Error> {
        self.read(|state| {
            let found = ids
                .iter()
                .map(|id| state.volumes.get(&place(&region.0, id)));
            found.flatten().cloned().collect()
        })
    }

    async fn volumes_with(&self, region: &Region, tags: &Tags) -> Result<Vec<Volume>, Error> {
        self.read(|state| {
            let all = state.volumes.iter().filter(|((at, _), _)| *at == region.0);
            all.map(|(_, volume)| volume.clone())
                .filter(|volume| has(&volume.tags, tags))
                .collect()
        })
    }

    async fn loading(&self, _region: &Region, ids: &[String]) -> Result<Vec<Loading>, Error> {
        self.read(|state| {
            let percent = state.loading.unwrap_or(100);
            let of = |id: &String| Loading {
                volume: id.clone(),
                percent: Some(percent),
                seconds_left: Some(60),
                is_whole: percent == 100,
            };
            ids.iter().map(of).collect()
        })
    }

    async fn snapshots_with(&self, region: &Region, tags: &Tags) -> Result<Vec<Snapshot>, Error> {
        self.read(|state| {
            let all = state
                .snapshots
                .iter()
                .filter(|((at, _), _)| *at == region.0);
            all.map(|(_, snapshot)| snapshot.clone())
                .filter(|snapshot| has(&snapshot.tags, tags))
                .filter(|snapshot| {
                    let began = snapshot.began_at.unwrap();
                    state.now.duration_since(began).as_secs() >= state.late_seconds
                })
                .collect()
        })
    }

    async fn changed_bytes(
        &self,
        region: &Region,
        earlier: &str,
        later: &str,
    ) -> Result<Option<u64>, Error> {
        self.read(|state| {
            let there = |id: &str| state.snapshots.contains_key(&place(&region.0, id));
            (there(earlier) && there(later)).then_some(CHANGED)
        })
    }

    async fn image(&self, region: &Region, name: &str) -> Result<Option<Image>, Error> {
        self.read(|state| {
            let found = state.images.get(&place(&region.0, name));
            found.map(|(_, _, image)| image.clone())
        })
    }

    async fn network(&self, region: &Region) -> Result<Network, Error> {
        self.read(|state| state.networks.get(&region.0).cloned().unwrap_or_default())
    }

    async fn change_host(&self, change: &Change) -> Result<Accepted, Error> {
        let mut state = self.0.lock().unwrap();
        let number = state.calls.len();
        state
            .calls
            .push((change.region.0.clone(), change.call.clone()));
        let fault = state.fault.filter(|(at, _)| *at == number);
        let lost = || Err(Error::Unavailable("no answer was seen".into()));
        if let Some((_, Fault::Before)) = fault {
            return lost();
        }
        let came = state.carry_out(&change.region.0, &change.call);
        match fault {
            Some((_, Fault::After)) => lost(),
            Some((_, Fault::Before)) | None => came,
        }
    }
}
