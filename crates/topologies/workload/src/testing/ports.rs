//! What this world asks of the books that it stands on.

use std::time::Duration;

use failover::{
    Error,
    beat::Vantage,
    domain::{PlanName, Region, RunId},
    ledger::{KeptPlan, Losses, PlanState, Question, Reply, Run},
    ports::{
        Approvals, Confirmation, Execution, Functions, Group, Hooked, Image, Ledger, Linked,
        Parameter, Parameters, People, ReachInput, ReachOutput, Rights, Runtime, Sent, Service,
        Services, Suspicion, TaskToken,
    },
    switches::Switches,
    topology::{Blueprint, Healthy},
};
use jiff::Timestamp;
use serde_json::Value;

use super::{HOME, Shelf};

impl Runtime for Shelf {
    fn region(&self) -> &Region {
        self.books.region()
    }

    fn now(&self) -> Timestamp {
        self.books.now()
    }

    async fn pause(&self, time: Duration) {
        self.books.pause(time).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        self.books.within(limit, work).await
    }
}

/// Carries out each method as the books do. A method is written with its arguments and what it answers.
macro_rules! as_the_books_do {
    ($port:ident { $(async fn $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)* }) => {
        impl $port for Shelf {
            $(async fn $method(&self, $($name: $type),*) -> $answer {
                $port::$method(&self.books, $($name),*).await
            })*
        }
    };
}

/// The parameter of the destructive rights lies at home; all else is the books'.
impl Parameters for Shelf {
    async fn plans(&self) -> Result<Vec<(PlanName, String)>, Error> {
        self.books.plans().await
    }

    async fn plan(&self, plan: &PlanName) -> Result<String, Error> {
        self.books.plan(plan).await
    }

    async fn plan_in(&self, region: &Region, plan: &PlanName) -> Result<String, Error> {
        self.books.plan_in(region, plan).await
    }

    async fn switches(&self, plan: &PlanName) -> Result<Switches, Error> {
        self.books.switches(plan).await
    }

    async fn parameter(&self, region: &Region, name: &str) -> Result<Option<Parameter>, Error> {
        if name != "/aurora-failover/workload-failback" {
            return Parameters::parameter(&self.books, region, name).await;
        }
        let value = self.rights.lock().unwrap().clone();
        let value = value.filter(|_| region.as_str() == HOME);
        Ok(value.map(|value| Parameter { value, epoch: None }))
    }

    async fn put_parameter(
        &self,
        region: &Region,
        name: &str,
        parameter: &Parameter,
    ) -> Result<(), Error> {
        self.books.put_parameter(region, name, parameter).await
    }
}

as_the_books_do! {
    People {
        async fn publish(topic: &str, subject: &str, text: &str) -> Result<(), Error>;
        async fn topic(region: &Region, topic: &str) -> Result<(), Error>;
        async fn link(question: &Question, token: &str) -> Result<Option<String>, Error>;
    }
}

as_the_books_do! {
    Approvals {
        async fn linked(secret: &str) -> Result<Option<Linked>, Error>;
        async fn note_reply(secret: &str, before: Option<&Reply>, reply: Option<&Reply>) -> Result<bool, Error>;
        async fn give_reply(token: &TaskToken, reply: &Reply) -> Result<Sent, Error>;
    }
}

as_the_books_do! {
    Ledger {
        async fn row(region: &Region, plan: &PlanName) -> Result<PlanState, Error>;
        async fn replace_row(region: &Region, row: &PlanState) -> Result<bool, Error>;
        async fn vantage(region: &Region, plan: &PlanName) -> Result<Option<Vantage>, Error>;
        async fn run(region: &Region, plan: &PlanName, run_id: &RunId) -> Result<Option<Run>, Error>;
        async fn put_run(region: &Region, run: &Run) -> Result<(), Error>;
        async fn note_call(region: &Region, run: &Run) -> Result<(), Error>;
        async fn known(region: &Region, plan: &PlanName) -> Result<Option<KeptPlan>, Error>;
        async fn all_known(region: &Region) -> Result<Vec<KeptPlan>, Error>;
        async fn ask_ledger(region: &Region, plan: &PlanName) -> Result<String, Error>;
        async fn put_vantage(plan: &PlanName, vantage: &Vantage) -> Result<(), Error>;
        async fn put_known(known: &KeptPlan) -> Result<(), Error>;
        async fn end_known(region: &Region, known: &KeptPlan) -> Result<(), Error>;
        async fn losses(region: &Region, plan: &PlanName, cluster: &str) -> Result<Option<Losses>, Error>;
        async fn put_losses(plan: &PlanName, losses: &Losses) -> Result<(), Error>;
        async fn blueprint(plan: &PlanName, member: &Region) -> Result<Option<Blueprint>, Error>;
        async fn put_blueprint(plan: &PlanName, member: &Region, blueprint: &Blueprint) -> Result<(), Error>;
        async fn healthy(plan: &PlanName, member: &Region) -> Result<Option<Healthy>, Error>;
        async fn put_healthy(plan: &PlanName, member: &Region, healthy: &Healthy) -> Result<(), Error>;
    }
}

as_the_books_do! {
    Services {
        async fn service(region: &Region, cluster: &str, service: &str) -> Result<Service, Error>;
        async fn images(region: &Region, cluster: &str, service: &str) -> Result<Vec<String>, Error>;
        async fn holds(image: &Image) -> Result<bool, Error>;
        async fn force_deployment(region: &Region, cluster: &str, service: &str, desired_count: Option<u32>) -> Result<String, Error>;
        async fn scale_service(region: &Region, cluster: &str, service: &str, count: u32) -> Result<(), Error>;
        async fn group(region: &Region, group: &str) -> Result<Group, Error>;
        async fn refresh_group(region: &Region, group: &str) -> Result<Option<String>, Error>;
        async fn scale_group(region: &Region, group: &str, capacity: u32) -> Result<(), Error>;
        async fn resize_group(region: &Region, group: &str, min_size: u32, capacity: u32) -> Result<(), Error>;
    }
}

impl Functions for Shelf {
    async fn ask_probe(&self, plan: &PlanName, dry_run: bool) -> Result<Confirmation, Error> {
        self.books.ask_probe(plan, dry_run).await
    }

    async fn ask_witness(
        &self,
        witness: &Region,
        input: &ReachInput,
    ) -> Result<ReachOutput, Error> {
        self.books.ask_witness(witness, input).await
    }

    async fn hears(&self, witness: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        self.books.hears(witness, input).await
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        self.books.ask_data_planes(region).await
    }

    async fn ask_rights(&self, region: &Region, plan: &PlanName) -> Result<Rights, Error> {
        self.books.ask_rights(region, plan).await
    }

    async fn ask_rebuild(&self, function: &str, input: &Value) -> Result<Vec<String>, Error> {
        self.books.ask_rebuild(function, input).await
    }

    async fn call_hook(
        &self,
        function: &str,
        payload: &Value,
        limit: Duration,
    ) -> Result<Hooked, Error> {
        self.books.call_hook(function, payload, limit).await
    }

    async fn look_at_hook(&self, function: &str) -> Result<(), Error> {
        self.books.look_at_hook(function).await
    }

    async fn warm(&self, region: &Region, function: &str) -> Result<(), Error> {
        self.books.warm(region, function).await
    }

    async fn suspect(&self, suspicion: &Suspicion) -> Result<(), Error> {
        self.books.suspect(suspicion).await
    }

    async fn suspect_in(&self, region: &Region, detail: &Value) -> Result<(), Error> {
        self.books.suspect_in(region, detail).await
    }

    async fn run_ended(&self, detail: &Value) -> Result<(), Error> {
        self.books.run_ended(detail).await
    }

    async fn start(&self, name: Option<&RunId>, input: &Value) -> Result<Option<String>, Error> {
        self.books.start(name, input).await
    }

    fn execution(&self, name: &RunId) -> Result<String, Error> {
        self.books.execution(name)
    }

    async fn look_at_execution(&self, name: &RunId) -> Result<Execution, Error> {
        self.books.look_at_execution(name).await
    }
}
