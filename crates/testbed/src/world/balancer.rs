//! A load balancer of a Region with the example application behind it. Each instance of the group is a process that reads, as it
//! starts, where the writer is.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_ssm::types::ParameterType;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, Uri},
};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};

use super::{Trouble, World, databases, groups};
use crate::{
    profile::{HOME, PARAMETER, PLAN, WEB},
    roads::Roads,
};

/// How often the group and its instances are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How long an instance may take to answer a look.
const CHECK: Duration = Duration::from_secs(1);
/// Above the longest page of the application.
const PAGE: Duration = Duration::from_secs(25);
/// How long the login and the table may take to be made.
const PREPARED: Duration = Duration::from_secs(30);
/// So many looks in a row that an instance answers make it serve, and so many that it does not take it out.
const SERVES_AFTER: u32 = 2;
const LEFT_AFTER: u32 = 3;
/// The application's login.
const USER: &str = "application";

/// A load balancer and what is behind it. When it is dropped, all of it ends.
pub struct Balancer {
    address: SocketAddr,
    instances: Instances,
    _work: JoinSet<()>,
}

type Instances = Arc<Mutex<BTreeMap<String, Instance>>>;

/// One instance of the group.
struct Instance {
    at: SocketAddr,
    /// Where the writer was as it started.
    writer: String,
    serves: bool,
    /// Looks in a row that say otherwise.
    otherwise: u32,
    _process: Child,
}

impl Instance {
    /// What one look makes of it.
    fn looked(&mut self, answers: bool) {
        self.otherwise = if answers == self.serves {
            0
        } else {
            self.otherwise + 1
        };
        let after = if answers { SERVES_AFTER } else { LEFT_AFTER };
        if self.otherwise >= after {
            (self.serves, self.otherwise) = (answers, 0);
        }
    }
}

impl Balancer {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Of each instance that there is: the group's name for it, the writer that it was started with, and whether it serves.
    #[must_use]
    pub fn instances(&self) -> Vec<(String, String, bool)> {
        let instances = locked(&self.instances);
        let each = instances.iter();
        each.map(|(id, instance)| (id.clone(), instance.writer.clone(), instance.serves))
            .collect()
    }
}

/// Reads a page; its status and its text.
///
/// # Errors
/// When nobody answers within 25 s.
pub async fn page(at: SocketAddr) -> io::Result<(u16, String)> {
    let (status, text) = get(at, "/", PAGE).await?;
    Ok((status.as_u16(), text))
}

async fn get(at: SocketAddr, path: &str, limit: Duration) -> io::Result<(StatusCode, String)> {
    let asked = async {
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let uri: Uri = format!("http://{at}{path}")
            .parse()
            .map_err(io::Error::other)?;
        let answer = client.get(uri).await.map_err(io::Error::other)?;
        let status = answer.status();
        let body = answer.into_body().collect().await;
        let text = body.map_err(io::Error::other)?.to_bytes();
        Ok((status, String::from_utf8_lossy(&text).into_owned()))
    };
    timeout(limit, asked).await?
}

impl World {
    /// Makes the example application's login and table on the writer in the home Region, and leads the plan's parameter there, as
    /// an operator does once.
    ///
    /// # Errors
    /// When its program fails or takes longer than 30 s, or the parameter is refused.
    pub async fn prepare_application(&self) -> Result<(), Trouble> {
        let fleet = self.fleet(HOME)?;
        let mut program = fleet.program("prepare", &self.endpoints[HOME].writer)?;
        let program = program
            .arg("prepare")
            .env("LISTEN_PORT", "0")
            .env("ADMIN_USER", databases::admin_user())
            .env("ADMIN_PASSWORD", &self.secrets.admin);
        let mut running = program.spawn()?;
        // The program ends with its input.
        let _held = running.stdin.take();
        let ended = timeout(PREPARED, running.wait()).await??;
        if !ended.success() {
            let log = fleet.folder.join("prepare.log");
            return Err(format!("the application was not prepared: see {}", log.display()).into());
        }
        for region in self.endpoints.keys() {
            aws_sdk_ssm::Client::new(&self.emulator.sdk_config(region))
                .put_parameter()
                .name(PARAMETER)
                .r#type(ParameterType::String)
                .value(&self.endpoints[HOME].writer)
                .send()
                .await?;
        }
        Ok(())
    }

    /// Starts a load balancer in a Region, at an address of its own, before the group that runs there. The application reads the
    /// plan's parameter as an instance starts.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn balance(&self, region: &str, address: IpAddr) -> Result<Balancer, Trouble> {
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?;
        let (instances, fleet) = (Instances::default(), self.fleet(region)?);
        let serve = Router::new()
            .fallback(passed_on)
            .with_state(instances.clone());
        let mut work = JoinSet::new();
        // It ends with the balancer, never by itself.
        work.spawn(async { drop(axum::serve(listener, serve).await) });
        work.spawn(fleet.follow(self.emulator.sdk_config(region), instances.clone()));
        Ok(Balancer {
            address,
            instances,
            _work: work,
        })
    }

    fn fleet(&self, region: &str) -> Result<Fleet, Trouble> {
        let folder = self.folder.join(format!("application-{region}"));
        std::fs::create_dir_all(&folder)?;
        let members = self.endpoints.iter().filter_map(|(member, endpoints)| {
            let road = self
                .roads
                .address(region, &crate::profile::member(PLAN, member));
            Some((endpoints.writer.clone(), road?.to_string()))
        });
        let members: BTreeMap<String, String> = members.collect();
        std::fs::write(folder.join("names.json"), serde_json::to_vec(&members)?)?;
        let settings = [
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("REGION", region.to_owned()),
            (
                "DATABASE_MEMBERS",
                Vec::from_iter(members.into_keys()).join(","),
            ),
            ("DATABASE_PORT", self.roads.port().to_string()),
            ("DATABASE_NAME", PLAN.to_owned()),
            ("DATABASE_USER", USER.to_owned()),
            ("DATABASE_PASSWORD", self.secrets.app.clone()),
            (
                "DATABASE_CA_BUNDLE",
                self.certificates.bundle().display().to_string(),
            ),
        ];
        Ok(Fleet {
            root: self.root.clone(),
            folder,
            settings: settings.into(),
        })
    }
}

/// The instances of a Region's group, and how each is started.
struct Fleet {
    root: PathBuf,
    folder: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Fleet {
    /// The application's program, which ends with whoever started it.
    fn program(&self, name: &str, writer: &str) -> io::Result<Command> {
        let log = std::fs::File::create(self.folder.join(format!("{name}.log")))?;
        let mut program = Command::new(self.root.join(".tools/venv/bin/python"));
        program
            .arg("-B")
            .arg(self.root.join("tools/resolved.py"))
            .arg(self.folder.join("names.json"))
            .arg(self.root.join("examples/application/application.py"))
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .env("DATABASE_HOST", writer)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        Ok(program)
    }

    async fn start(&self, id: &str, writer: String) -> io::Result<Instance> {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, Roads::free_port().await?));
        let mut program = self.program(id, &writer)?;
        let program = program.env("LISTEN_PORT", at.port().to_string());
        Ok(Instance {
            at,
            writer,
            serves: false,
            otherwise: 0,
            _process: program.spawn()?,
        })
    }

    /// Follows the group as long as it is polled: starts what is new, ends what is gone, looks at each.
    async fn follow(self, config: aws_config::SdkConfig, instances: Instances) {
        let ssm = aws_sdk_ssm::Client::new(&config);
        // Ends: whoever balances drops it.
        loop {
            if let Ok(there) = groups::in_service(&config, WEB).await {
                locked(&instances).retain(|id, _| there.contains(id));
                let known = |id: &String| locked(&instances).contains_key(id);
                for id in there.into_iter().filter(|id| !known(id)) {
                    let writer = ssm.get_parameter().name(PARAMETER).send().await;
                    let writer = writer.ok().and_then(|answer| answer.parameter?.value);
                    // Without one, or without a process, it is tried again at the next look.
                    if let Some(writer) = writer
                        && let Ok(instance) = self.start(&id, writer).await
                    {
                        locked(&instances).insert(id, instance);
                    }
                }
            }
            look(&instances).await;
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Asks every instance whether it serves.
async fn look(instances: &Instances) {
    let each = locked(instances)
        .iter()
        .map(|(id, instance)| (id.clone(), instance.at))
        .collect::<Vec<_>>();
    let looks = each.into_iter().map(async |(id, at)| {
        let answer = get(at, "/healthz", CHECK).await;
        (id, answer.is_ok_and(|(status, _)| status.is_success()))
    });
    for (id, answers) in futures::future::join_all(looks).await {
        if let Some(instance) = locked(instances).get_mut(&id) {
            instance.looked(answers);
        }
    }
}

/// Passes a request on to an instance that serves; without one, or without its answer, it says so as a load balancer does.
async fn passed_on(State(instances): State<Instances>, uri: Uri) -> (StatusCode, String) {
    let serving: Vec<_> = locked(&instances)
        .values()
        .filter(|instance| instance.serves)
        .map(|instance| instance.at)
        .collect();
    let Some(at) = fastrand::choice(&serving) else {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    };
    match get(*at, uri.path(), PAGE).await {
        Ok(answer) => answer,
        Err(_) => (StatusCode::BAD_GATEWAY, String::new()),
    }
}

fn locked(instances: &Instances) -> MutexGuard<'_, BTreeMap<String, Instance>> {
    instances.lock().unwrap_or_else(PoisonError::into_inner)
}
