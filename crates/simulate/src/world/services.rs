//! Route 53, SSM, ECS and SNS.

use failover::{
    Error,
    domain::{PlanName, Region},
    ports::{
        Batch, Deployment, Group, Heard, Image, Names, Parameter, Parameters, People, Record,
        Service, Services,
    },
    switches::Switches,
};
use jiff::{SignedDuration, Timestamp};

use super::{Invocation, Made};
use crate::{
    api::Api,
    state::{State, Told},
};

/// How long a change takes to reach every name server.
const SPREADS: SignedDuration = SignedDuration::from_secs(20);
/// How long a deployment takes.
const DEPLOYS: SignedDuration = SignedDuration::from_secs(40);

impl Invocation {
    async fn route53<T>(
        &self,
        what: &'static str,
        perform: impl Fn(Made<'_>) -> Result<T, Error> + Send + Sync,
    ) -> Result<Heard<T>, Error> {
        let home = self.region.of_route53();
        heard(self.call((Api::Names, &home), what, perform).await)
    }
}

fn heard<T>(answer: Result<T, Error>) -> Result<Heard<T>, Error> {
    match answer {
        Err(Error::Unavailable(why)) if why.ends_with("ThrottlingException") => {
            Ok(Heard::Throttled(why))
        }
        other => other.map(Heard::Said),
    }
}

impl Names for Invocation {
    async fn record(
        &self,
        _: &str,
        name: &str,
        kind: &'static str,
    ) -> Result<Heard<Option<Record>>, Error> {
        let what = "Route 53 ListResourceRecordSets";
        self.route53(what, |made| {
            let key = (name.to_owned(), kind);
            Ok(made.state.records.get(&key).cloned())
        })
        .await
    }

    async fn change(&self, _: &str, batch: &Batch, _: &str) -> Result<Heard<String>, Error> {
        let what = "Route 53 ChangeResourceRecordSets";
        let (home, batch) = (self.region.of_route53(), batch.clone());
        let asked = self.change((Api::Names, &home), what, move |made: Made<'_>| {
            let key = |record: &Record| (record.name.clone(), record.kind);
            let mut next = made.state.records.clone();
            for record in &batch.delete {
                if next.remove(&key(record)).as_ref() != Some(record) {
                    return Err(Error::Unavailable(
                        "InvalidChangeBatch: it is not there".into(),
                    ));
                }
            }
            for record in &batch.create {
                if next.insert(key(record), record.clone()).is_some() {
                    return Err(Error::Unavailable("InvalidChangeBatch: it exists".into()));
                }
            }
            made.state
                .truth
                .names_changed(made.now, &made.state.records, &next);
            made.state.records = next;
            let id = format!("C{}", made.state.changes.len());
            made.state.changes.insert(id.clone(), made.now + SPREADS);
            made.state.note(made.now, || {
                let led = batch.create.iter().map(|record| record.values.join(" "));
                format!("names are led to {}", led.collect::<Vec<_>>().join(", "))
            });
            Ok(id)
        });
        heard(asked.await)
    }

    async fn is_in_sync(&self, change: &str) -> Result<Heard<bool>, Error> {
        self.route53("Route 53 GetChange", |made| {
            let spread = made.state.changes.get(change);
            Ok(spread.is_some_and(|spread| *spread <= made.now))
        })
        .await
    }
}

impl State {
    /// Where a name leads, as a Region's resolver says it: what it was told lately it says again.
    pub(crate) fn resolve(
        &mut self,
        region: &Region,
        name: &str,
        now: Timestamp,
    ) -> Option<String> {
        let key = (region.clone(), name.to_owned());
        if let Some((_, leads_to)) = self.cached.get(&key).filter(|(until, _)| *until > now) {
            return Some(leads_to.clone());
        }
        // Every change reaches the name servers before Route 53 says so: half way here.
        let record = self.records.get(&(name.to_owned(), "CNAME"))?.clone();
        let leads_to = record.values.first()?.trim_end_matches('.').to_owned();
        let until = now + SignedDuration::from_secs(record.ttl_seconds);
        self.cached.insert(key, (until, leads_to.clone()));
        Some(leads_to)
    }
}

impl Parameters for Invocation {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        let what = "SSM GetParametersByPath";
        self.call((Api::Parameters, &self.region), what, |made: Made<'_>| {
            let document = made.state.plan_document().into_iter();
            Ok(document.map(|plan| ("orders".into(), plan)).collect())
        })
        .await
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        self.plan_in(&self.region, plan).await
    }

    async fn plan_in(&self, region: &Region, plan: &PlanName) -> Result<String, Error> {
        let what = "SSM GetParameter of the plan";
        self.call((Api::Parameters, region), what, |made: Made<'_>| {
            let document = made.state.plan_document();
            let document = document.filter(|_| plan.as_str() == "orders");
            document.ok_or_else(|| Error::InvalidRequest(format!("there is no plan {plan}")))
        })
        .await
    }

    async fn switches(&self, _: &PlanName) -> Result<Switches, Error> {
        let what = "SSM GetParameters of the switches";
        self.call((Api::Parameters, &self.region), what, |made: Made<'_>| {
            Ok(Switches {
                kill: made.state.killed.then(|| "on".to_owned()),
                maintenance: None,
            })
        })
        .await
    }

    async fn parameter(&self, region: &Region, name: &str) -> Result<Option<Parameter>, Error> {
        let what = "SSM GetParameter of an endpoint";
        self.call((Api::Parameters, region), what, |made: Made<'_>| {
            let key = (region.clone(), name.to_owned());
            Ok(made.state.parameters.get(&key).cloned())
        })
        .await
    }

    async fn put_parameter(
        &self,
        region: &Region,
        name: &str,
        parameter: &Parameter,
    ) -> Result<(), Error> {
        let what = "SSM PutParameter";
        let (key, parameter) = ((region.clone(), name.to_owned()), parameter.clone());
        self.change((Api::Parameters, region), what, move |made: Made<'_>| {
            made.state.parameters.insert(key.clone(), parameter.clone());
            Ok(())
        })
        .await
    }
}

impl People for Invocation {
    async fn publish(&self, _: &str, subject: &str, text: &str) -> Result<(), Error> {
        let what = "SNS Publish";
        let (at, subject, text) = (self.region.clone(), subject.to_owned(), text.to_owned());
        self.change((Api::People, &self.region), what, move |made: Made<'_>| {
            made.state.note(made.now, || {
                let line = text.replace('\n', " | ");
                format!("people are told in {at}: {subject}: {line}")
            });
            let ahead = made.state.ahead(&at);
            made.state.told.push(Told {
                at: made.now,
                by_its_clock: made.now + ahead,
                region: at.clone(),
                subject: subject.clone(),
                text: text.clone(),
            });
            Ok(())
        })
        .await
    }

    async fn topic(&self, region: &Region, _: &str) -> Result<(), Error> {
        self.call((Api::People, region), "SNS GetTopicAttributes", |_| Ok(()))
            .await
    }
}

impl Services for Invocation {
    async fn service(&self, region: &Region, _: &str, service: &str) -> Result<Service, Error> {
        let what = "ECS DescribeServices";
        self.call((Api::Ecs, region), what, |made: Made<'_>| {
            let now = made.now;
            let found = made.state.service(region, service);
            let began = found.deployments.first().and_then(|first| began(&first.id));
            let is_through = began.is_some_and(|began| now.duration_since(began) >= DEPLOYS);
            if is_through && let Some(first) = found.deployments.first_mut() {
                first.rollout = "COMPLETED".into();
            }
            if is_through {
                found.deployments.truncate(1);
                found.running_count = found.desired_count;
            }
            Ok(found.clone())
        })
        .await
    }

    async fn images(&self, region: &Region, _: &str, _: &str) -> Result<Vec<String>, Error> {
        let image = format!("123456789012.dkr.ecr.{region}.amazonaws.com/orders:1");
        let what = "ECS DescribeTaskDefinition";
        self.call((Api::Ecs, region), what, |_| Ok(vec![image.clone()]))
            .await
    }

    async fn holds(&self, image: &Image) -> Result<bool, Error> {
        let what = "ECR DescribeImages";
        self.call((Api::Ecs, &image.region), what, |_| Ok(true))
            .await
    }

    async fn force_deployment(
        &self,
        region: &Region,
        _: &str,
        service: &str,
        desired_count: Option<u32>,
    ) -> Result<String, Error> {
        let what = "ECS UpdateService";
        let (at, service) = (region.clone(), service.to_owned());
        self.change((Api::Ecs, region), what, move |made: Made<'_>| {
            let now = made.now;
            let found = made.state.service(&at, &service);
            found.desired_count = desired_count.unwrap_or(found.desired_count);
            for old in &mut found.deployments {
                old.status = "ACTIVE".into();
            }
            let id = format!("ecs-svc/{}", now.as_millisecond());
            found.deployments.insert(0, deployment(&id, "IN_PROGRESS"));
            Ok(id)
        })
        .await
    }

    async fn scale_service(
        &self,
        region: &Region,
        _: &str,
        service: &str,
        count: u32,
    ) -> Result<(), Error> {
        let what = "ECS UpdateService";
        let (at, service) = (region.clone(), service.to_owned());
        self.change((Api::Ecs, region), what, move |made: Made<'_>| {
            let found = made.state.service(&at, &service);
            found.desired_count = count;
            found.running_count = count;
            Ok(())
        })
        .await
    }

    async fn group(&self, _: &Region, group: &str) -> Result<Group, Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }

    async fn refresh_group(&self, _: &Region, group: &str) -> Result<Option<String>, Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }

    async fn scale_group(&self, _: &Region, group: &str, _: u32) -> Result<(), Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }

    async fn resize_group(&self, _: &Region, group: &str, _: u32, _: u32) -> Result<(), Error> {
        Err(Error::NotReady(format!("the plan names no group {group}")))
    }
}

fn began(id: &str) -> Option<Timestamp> {
    let millisecond = id.strip_prefix("ecs-svc/")?.parse().ok()?;
    Timestamp::from_millisecond(millisecond).ok()
}

fn deployment(id: &str, rollout: &str) -> Deployment {
    Deployment {
        id: id.to_owned(),
        status: "PRIMARY".into(),
        rollout: rollout.into(),
        rollout_reason: String::new(),
    }
}

impl State {
    fn service(&mut self, region: &Region, service: &str) -> &mut Service {
        let key = (region.clone(), service.to_owned());
        self.services.entry(key).or_insert_with(|| Service {
            desired_count: 2,
            running_count: 2,
            is_daemon: false,
            deployments: vec![deployment("ecs-svc/0", "COMPLETED")],
        })
    }
}
