//! What would be done for a workload, and what stands against it, as the function of workloads says in a dry run.

use failover::domain::{PlanName, Region};
use serde::Serialize;
use serde_json::{Value, json};
use workload::{plan::WorkloadPlan, run::Kind};

use super::{found::Found, function, judged};
use crate::{
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    ready::Way,
};

/// A run that has not begun.
#[derive(Debug, Serialize)]
pub(crate) struct Would {
    plan: PlanName,
    kind: &'static str,
    from: Region,
    to: Region,
    dry_run: bool,
    /// What was asked, and what stands against it.
    checks: Vec<Way>,
}

/// What a run is to do.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) plan: &'a WorkloadPlan,
    pub(crate) kind: Kind,
    /// What the machine is started with.
    pub(crate) input: Value,
}

impl Wanted<'_> {
    /// The Regions that it leaves and goes to.
    fn way(&self) -> (&Region, &Region) {
        let [home, recovery] = self.plan.regions();
        match self.kind {
            Kind::RestoreHome | Kind::Rehearse => (recovery, home),
            Kind::Revert => (home, recovery),
        }
    }

    /// What opening takes for a dry run.
    fn opening(&self) -> Value {
        let mut payload = self.input.clone();
        // What the machine knows by its own.
        if let Some(fields) = payload.as_object_mut() {
            fields.remove("rehearse");
        }
        payload["operation"] = "open".into();
        payload["kind"] = self.kind.name().into();
        payload["dry_run"] = true.into();
        payload
    }
}

/// Asks what stands against a run. The function at home is asked alone: there the run acts.
pub(crate) async fn asked(desk: &Desk<'_>, found: &Found, wanted: &Wanted<'_>) -> Would {
    let home = &wanted.plan.home_region;
    let is_silent = found
        .regions
        .get(home)
        .is_some_and(|there| there.row.is_err() && there.switches.is_none());
    let mut checks = Vec::new();
    if is_silent {
        checks.push(silent(home));
    } else {
        checks.push(ask(desk, home, ("open", &wanted.opening())).await);
        if wanted.kind != Kind::Revert {
            let payload =
                json!({"operation": "prepare", "plan": wanted.plan.plan, "dry_run": true});
            checks.push(ask(desk, home, ("prepare", &payload)).await);
        }
    }
    let (from, to) = wanted.way();
    Would {
        plan: wanted.plan.plan.clone(),
        kind: wanted.kind.name(),
        from: from.clone(),
        to: to.clone(),
        dry_run: true,
        checks,
    }
}

fn silent(home: &Region) -> Way {
    let why = format!("{home} does not answer, and nothing comes home before it does");
    let mut silent = Way::ready("open", why);
    silent.ready = None;
    silent
}

async fn ask(desk: &Desk<'_>, home: &Region, (kind, payload): (&'static str, &Value)) -> Way {
    let said = desk.account.ask(home, &function(), payload).await;
    let mut way = judged(kind, said);
    // The function says it in the words of its payload.
    if way.says.contains("\"accept_data_loss\": true") {
        way.refuse("add --accept-data-loss to go back all the same".to_owned());
    }
    way
}

impl Would {
    /// What a dry run answers.
    pub(crate) fn answer(&self, desk: &Desk<'_>) -> Answer {
        Answer::new(desk.output, self, || self.table(), self.ending())
    }

    fn table(&self) -> String {
        let Self { plan, from, to, .. } = self;
        let kind = self.kind.replace('_', " ");
        let mut text = format!("{plan}: {kind} from {from} to {to}\n");
        text.extend(self.checks.iter().map(lines));
        text
    }

    pub(crate) fn ending(&self) -> Ending {
        let all = self.checks.iter().map(|check| match check.ready {
            Some(true) => Ending::Well,
            Some(false) => Ending::NotWell,
            None => Ending::Unknown,
        });
        all.max().unwrap_or(Ending::Unknown)
    }

    /// Has it agreed to, once nothing stands against it.
    ///
    /// # Errors
    /// What a dry run answers, what stands against it, or that it was not agreed to. Nothing was changed.
    pub(crate) async fn agreed(
        &self,
        desk: &Desk<'_>,
        (what, consent): (&str, Consent),
    ) -> Result<(), Answer> {
        if consent.dry_run {
            return Err(self.answer(desk));
        }
        let says = match self.ending() {
            Ending::Well => None,
            Ending::Unknown => Some("could not be asked whether anything stands against it"),
            Ending::NotWell | Ending::Misused => Some("is refused as things are"),
        };
        if let Some(says) = says {
            let mut answer = self.answer(desk);
            answer.complaints.push(format!(
                "the {} of workload {} {says}; nothing was changed",
                self.kind.replace('_', " "),
                self.plan
            ));
            return Err(answer);
        }
        desk.terminal
            .confirm(consent.yes, (what, self.plan.as_str()))
            .await
    }
}

/// One check, with every reason against it.
fn lines(check: &Way) -> String {
    let verdict = match check.ready {
        Some(true) => "ready",
        Some(false) => "not ready",
        None => "could not be asked",
    };
    let mut text = format!("  {}: {verdict}\n", check.kind);
    let says: Vec<_> = match check.ready {
        Some(false) => {
            let reasons = check.reasons.iter();
            reasons.map(|reason| format!("- {reason}")).collect()
        }
        Some(true) | None => vec![check.says.clone()],
    };
    text.extend(says.iter().map(|line| format!("    {line}\n")));
    text
}
