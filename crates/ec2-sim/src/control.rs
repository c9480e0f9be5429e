//! What a drill does to the simulator and asks of it, as JSON over HTTP: `POST /_control` with one [`Command`].

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    control_plane::ControlPlane,
    model::{
        Disk, Fault, Host, Loss, PlantedHost, PlantedImage, PlantedKey, RouteTable, SecurityGroup,
        Subnet,
    },
};

/// Something to do, or to tell.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Make a subnet.
    PlantSubnet {
        /// It.
        subnet: Subnet,
    },
    /// Make a security group.
    PlantGroup {
        /// It.
        group: SecurityGroup,
    },
    /// Make a route table.
    PlantRouteTable {
        /// It.
        table: RouteTable,
    },
    /// Make an image.
    PlantImage {
        /// It.
        image: PlantedImage,
    },
    /// Make a key, or let it be used or not. Answers its ARN.
    PlantKey {
        /// It.
        key: PlantedKey,
    },
    /// Make a host with its disks. Answers it.
    PlantHost {
        /// It.
        host: Box<PlantedHost>,
    },
    /// Tell of a host.
    Host {
        /// Its id.
        id: String,
    },
    /// Tell of all hosts.
    Hosts,
    /// Tell of a volume.
    Volume {
        /// Its id.
        id: String,
    },
    /// Say which processes are a host's.
    Processes {
        /// The host.
        host: String,
        /// Their numbers.
        pids: Vec<i32>,
    },
    /// Say that a volume is mounted, or is not.
    Mounted {
        /// The volume.
        volume: String,
        /// Whether it is.
        is_mounted: bool,
    },
    /// Let a host's status checks fail, or pass.
    Impair {
        /// The host.
        host: String,
        /// Whether they fail.
        is_impaired: bool,
    },
    /// Read a block of a volume, which takes longer where it is not loaded. Answers after that time.
    ReadBlock {
        /// The volume.
        volume: String,
        /// Which.
        index: u32,
    },
    /// Read a volume from its beginning to its end, as a host does that initialises it by hand. Answers once it is whole.
    ReadThrough {
        /// The volume.
        volume: String,
    },
    /// Take a Region away.
    LoseRegion {
        /// Which.
        region: String,
    },
    /// Give a Region back.
    ReturnRegion {
        /// Which.
        region: String,
    },
    /// Take a zone's capacity away, or give it back.
    Capacity {
        /// The zone.
        zone: String,
        /// Whether there is some.
        is_there: bool,
    },
    /// Refuse the next calls of an operation.
    RefuseCalls {
        /// Where.
        region: String,
        /// Which operation.
        action: String,
        /// How many.
        calls: u32,
        /// The status of HTTP.
        #[serde(default = "bad_request")]
        status: u16,
        /// EC2's code.
        code: String,
        /// Its words.
        #[serde(default)]
        message: String,
    },
    /// Lose the answers of the next calls of an operation that take effect.
    LoseAnswers {
        /// Where.
        region: String,
        /// Which operation.
        action: String,
        /// How many.
        calls: u32,
        /// How.
        how: Loss,
    },
    /// Take refusals and losses of a Region away.
    EndTroubles {
        /// Where.
        region: String,
    },
    /// Let a Region's describes show what was some time ago.
    LagDescribes {
        /// Where.
        region: String,
        /// By how much. 0 lets them keep up.
        lag_ms: u64,
    },
    /// Tell what was moved: every copy, and sums of bytes.
    Counters,
    /// Tell of the calls so far.
    Calls,
}

fn bad_request() -> u16 {
    400
}

impl ControlPlane {
    /// Does it, waits until it is done, and tells what came of it.
    pub(crate) async fn control(&self, command: Command) -> Result<Value, String> {
        match command {
            Command::PlantHost { host } => {
                let planted = self.settle(|model, now| model.plant_host(now, *host)).await;
                self.tell_host(&planted.map_err(|fault| fault.to_string())?)
            }
            Command::Host { id } => self.tell_host(&id),
            Command::Hosts => {
                let (hosts, _) = self.change(|model, now| model.hosts(now));
                let told = hosts.iter().map(|host| self.host_value(host));
                Ok(Value::Array(told.collect()))
            }
            Command::Volume { id } => {
                let (disk, _) = self.change(|model, now| model.disk(now, &id));
                Ok(self.disk_value(&disk.map_err(|fault| fault.to_string())?))
            }
            Command::Processes { host, pids } => {
                let set = self.storage.set_processes(&host, &pids);
                set.map(|()| json!({})).map_err(|error| error.to_string())
            }
            Command::ReadBlock { volume, index } => self.read(&volume, index).await,
            Command::ReadThrough { volume } => self.read_through(&volume).await,
            Command::Counters => Ok(self.counters()),
            Command::Calls => {
                let (calls, _) = self.change(|model, _| model.calls());
                serde_json::to_value(calls).map_err(|error| error.to_string())
            }
            change @ (Command::PlantSubnet { .. }
            | Command::PlantGroup { .. }
            | Command::PlantRouteTable { .. }
            | Command::PlantImage { .. }
            | Command::PlantKey { .. }
            | Command::Mounted { .. }
            | Command::Impair { .. }
            | Command::LoseRegion { .. }
            | Command::ReturnRegion { .. }
            | Command::Capacity { .. }
            | Command::RefuseCalls { .. }
            | Command::LoseAnswers { .. }
            | Command::EndTroubles { .. }
            | Command::LagDescribes { .. }) => {
                let done = self.settle(|model, now| act(model, now, change)).await;
                done.map_err(|fault| fault.to_string())
            }
        }
    }

    fn tell_host(&self, id: &str) -> Result<Value, String> {
        let (host, _) = self.change(|model, now| model.host(now, id));
        host.map(|host| self.host_value(&host))
            .map_err(|fault| fault.to_string())
    }

    /// A host, with the files of its volumes.
    fn host_value(&self, host: &Host) -> Value {
        let volumes = host.volumes.iter().map(|volume| {
            json!({
                "device": volume.device,
                "attachment": volume.attachment,
                "volume": self.disk_value(&volume.disk),
            })
        });
        let mut value = json!(host);
        value["volumes"] = Value::Array(volumes.collect());
        value
    }

    fn disk_value(&self, disk: &Disk) -> Value {
        let mut value = json!(disk);
        value["path"] = json!(self.storage.path(&disk.region, &disk.id));
        value
    }

    async fn read(&self, volume: &str, index: u32) -> Result<Value, String> {
        let (read, _) = self.change(|model, now| {
            let waits_ms = model.read_block(now, volume, index)?;
            let region = model.disk(now, volume)?.region;
            Ok::<_, Fault>((waits_ms, region))
        });
        let (waits_ms, region) = read.map_err(|fault| fault.to_string())?;
        tokio::time::sleep(std::time::Duration::from_millis(waits_ms)).await;
        let block = self.storage.read_block(&region, volume, index);
        let block = block.map_err(|error| error.to_string())?;
        let digest = crate::storage::digest_of(&block).to_string();
        Ok(json!({"waited_ms": waits_ms, "sha256": digest}))
    }

    async fn read_through(&self, volume: &str) -> Result<Value, String> {
        let (disk, _) = self.change(|model, now| model.disk(now, volume));
        disk.map_err(|fault| fault.to_string())?;
        let mut blocks = 0;
        while let (Some(index), _) = self.change(|model, now| model.next_pending(now, volume)) {
            self.read(volume, index).await?;
            blocks += 1;
        }
        Ok(json!({"blocks": blocks}))
    }

    /// What was moved, as the model says it and as the storage counted it.
    fn counters(&self) -> Value {
        let ((copies, stored), _) = self.change(|model, now| {
            model.advance(now);
            (model.copies().to_vec(), model.stored_bytes().clone())
        });
        let moved = self.storage.moved().into_iter();
        let moved =
            moved.map(|((from, to), bytes)| json!({"from": from, "to": to, "bytes": bytes}));
        json!({
            "copies": copies,
            "moved": moved.collect::<Vec<_>>(),
            "stored_bytes": stored,
        })
    }
}

/// What changes the model alone.
fn act(model: &mut crate::model::Model, now: u64, command: Command) -> Result<Value, Fault> {
    match command {
        Command::PlantSubnet { subnet } => model.plant_subnet(subnet),
        Command::PlantGroup { group } => model.plant_group(group),
        Command::PlantRouteTable { table } => model.plant_route_table(table),
        Command::PlantImage { image } => model.plant_image(image),
        Command::PlantKey { key } => return Ok(json!({"arn": model.plant_key(key)})),
        Command::Mounted { volume, is_mounted } => model.set_mounted(now, &volume, is_mounted)?,
        Command::Impair { host, is_impaired } => model.impair(&host, is_impaired)?,
        Command::LoseRegion { region } => model.lose_region(now, &region),
        Command::ReturnRegion { region } => model.return_region(now, &region),
        Command::Capacity { zone, is_there } => model.set_capacity(&zone, is_there),
        Command::RefuseCalls {
            region,
            action,
            calls,
            status,
            code,
            message,
        } => model.refuse_calls(&region, &action, calls, Fault::new(status, code, message)),
        Command::LoseAnswers {
            region,
            action,
            calls,
            how,
        } => model.lose_answers(&region, &action, calls, how),
        Command::EndTroubles { region } => model.end_troubles(&region),
        Command::LagDescribes { region, lag_ms } => model.lag_describes(now, &region, lag_ms),
        // What does more than that.
        Command::PlantHost { .. }
        | Command::Host { .. }
        | Command::Hosts
        | Command::Volume { .. }
        | Command::Processes { .. }
        | Command::ReadBlock { .. }
        | Command::ReadThrough { .. }
        | Command::Counters
        | Command::Calls => {}
    }
    Ok(json!({}))
}
