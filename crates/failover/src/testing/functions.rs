//! A world in which no probe and no witness answers, unless it is told what they say, and executions are kept by name.

use std::time::Duration;

use serde_json::Value;

use crate::{
    Error,
    domain::{PlanName, Region, RunId},
    ports::{
        Confirmation, Execution, Functions, Hooked, ReachInput, ReachOutput, Rights, Suspicion,
    },
    testing::Books,
};

impl Books {
    /// What a dry run of this Region's rebuild is refused.
    pub fn rebuild_is_refused(mut self, answer: Result<Vec<String>, Error>) -> Self {
        self.rebuild = answer;
        self
    }

    /// What the witness hears of a Region, asked ahead of time.
    pub fn hearing(mut self, hears: fn(&str) -> Result<ReachOutput, Error>) -> Self {
        self.hears = hears;
        self
    }

    /// These functions are not deployed.
    pub fn without_functions(self, absent: &[&str]) -> Self {
        absent.iter().fold(self, |books, name| {
            let said = format!("invoking {name}: ResourceNotFoundException: Function not found");
            books.with_function_failing(name, Error::NotReady(said))
        })
    }

    /// This function cannot be called.
    pub fn with_function_failing(self, name: &str, why: Error) -> Self {
        let mut kept = self.kept.lock().unwrap();
        kept.failing.insert(name.to_owned(), why);
        drop(kept);
        self
    }

    /// What the functions answer that a plan names as hooks, by name and the time that they have.
    pub fn hooked_by(mut self, hook: fn(&str, Duration) -> Result<(), Error>) -> Self {
        self.hook = hook;
        self
    }

    /// With what such functions were called.
    pub fn hooked(&self) -> Vec<Value> {
        self.kept.lock().unwrap().hooked.clone()
    }

    /// An execution of this name was started before, with this input.
    pub fn began(self, name: &str, input: Value) -> Self {
        let mut kept = self.kept.lock().unwrap();
        kept.executions.push((name.to_owned(), input, false));
        drop(kept);
        self
    }

    /// The names of all executions.
    pub fn executions(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.executions
            .iter()
            .map(|(name, ..)| name.clone())
            .collect()
    }

    /// What each was started with.
    pub fn inputs(&self) -> Vec<Value> {
        let kept = self.kept.lock().unwrap();
        kept.executions
            .iter()
            .map(|(_, input, _)| input.clone())
            .collect()
    }

    /// The ends of runs that were published.
    pub fn ends(&self) -> Vec<Value> {
        self.kept.lock().unwrap().ended.clone()
    }

    /// All of them end.
    pub fn end_executions(&self) {
        for execution in &mut self.kept.lock().unwrap().executions {
            execution.2 = true;
        }
    }
}

impl Functions for Books {
    async fn ask_probe(&self, _: &PlanName, _: bool) -> Result<Confirmation, Error> {
        Err(Error::Unavailable("the probe does not answer".into()))
    }

    async fn ask_witness(&self, _: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        (self.hears)(input.region.as_str())
    }

    async fn hears(&self, _: &Region, input: &ReachInput) -> Result<ReachOutput, Error> {
        (self.hears)(input.region.as_str())
    }

    async fn ask_data_planes(&self, region: &Region) -> Result<String, Error> {
        self.answers(region)?;
        Ok("STS answers".into())
    }

    async fn ask_rights(&self, _: &Region, _: &PlanName) -> Result<Rights, Error> {
        Err(Error::Denied("nobody tries".into()))
    }

    async fn ask_rebuild(&self, _: &str, input: &Value) -> Result<Vec<String>, Error> {
        assert!(input["dry_run"] == true && input["force"].is_null());
        self.rebuild.clone()
    }

    async fn call_hook(
        &self,
        function: &str,
        payload: &Value,
        limit: Duration,
    ) -> Result<Hooked, Error> {
        self.kept.lock().unwrap().hooked.push(payload.clone());
        // What the name begins with is how it goes.
        match function.split('-').next() {
            Some("silent") => std::future::pending().await,
            Some("late") => Ok(Hooked::OutOfTime("Task timed out".into())),
            Some("busy") => Ok(Hooked::NotTaken("TooManyRequestsException".into())),
            Some(_) | None => match (self.hook)(function, limit) {
                Ok(()) => Ok(Hooked::Answered),
                Err(Error::NotReady(why)) => Ok(Hooked::Failed(why)),
                Err(why) => Err(why),
            },
        }
    }

    async fn look_at_hook(&self, function: &str) -> Result<(), Error> {
        (self.hook)(function, Duration::ZERO)
    }

    async fn warm(&self, region: &Region, function: &str) -> Result<(), Error> {
        self.answers(region)?;
        let mut kept = self.kept.lock().unwrap();
        if let Some(why) = kept.failing.get(function) {
            return Err(why.clone());
        }
        kept.told.push(format!("{function} in {region}"));
        Ok(())
    }

    async fn suspect(&self, _: &Suspicion) -> Result<(), Error> {
        let mut refuses = self.refuses.lock().unwrap();
        if *refuses > 0 {
            *refuses -= 1;
            return Err(Error::Unavailable(
                "EventBridge PutEvents: timed out".into(),
            ));
        }
        Ok(())
    }

    async fn suspect_in(&self, _: &Region, _: &Value) -> Result<(), Error> {
        Ok(())
    }

    async fn run_ended(&self, detail: &Value) -> Result<(), Error> {
        let mut refuses = self.refuses.lock().unwrap();
        if *refuses > 0 {
            *refuses -= 1;
            return Err(Error::Unavailable(
                "EventBridge PutEvents: timed out".into(),
            ));
        }
        drop(refuses);
        self.kept.lock().unwrap().ended.push(detail.clone());
        Ok(())
    }

    async fn start(&self, name: Option<&RunId>, input: &Value) -> Result<Option<String>, Error> {
        let executions = &mut self.kept.lock().unwrap().executions;
        let name = name.map_or_else(|| "of-no-name".to_owned(), |name| name.0.clone());
        let found = executions.iter().find(|(known, ..)| *known == name);
        if let Some((_, first, ended)) = found {
            let is_same = first == input && !ended;
            return Ok(is_same.then(|| format!("arn:execution:{name}")));
        }
        executions.push((name.clone(), input.clone(), false));
        Ok(Some(format!("arn:execution:{name}")))
    }

    fn execution(&self, name: &RunId) -> Result<String, Error> {
        Ok(format!("arn:execution:{}", name.0))
    }

    async fn look_at_execution(&self, name: &RunId) -> Result<Execution, Error> {
        let kept = self.kept.lock().unwrap();
        let mut found = kept.executions.iter();
        let found = found.find(|(known, ..)| *known == name.0);
        let (_, input, ended) =
            found.ok_or_else(|| Error::Unavailable("nobody shows executions".into()))?;
        Ok(Execution {
            arn: self.execution(name)?,
            ended: *ended,
            input: Some(input.clone()),
        })
    }
}
