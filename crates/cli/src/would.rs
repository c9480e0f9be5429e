//! What would be done, and what stands against it.

use failover::domain::{PlanName, Region};
use serde::Serialize;

use crate::{
    consent::Consent,
    desk::Desk,
    ending::{Answer, Ending},
    ready::Way,
};

/// A change of writer that has not begun.
#[derive(Debug, Serialize)]
pub(crate) struct Would {
    plan: PlanName,
    from: Region,
    to: Region,
    dry_run: bool,
    #[serde(flatten)]
    way: Way,
}

impl Would {
    pub(crate) fn of(plan: &PlanName, (from, to): (&Region, &Region), way: Way) -> Self {
        Self {
            plan: plan.clone(),
            from: from.clone(),
            to: to.clone(),
            dry_run: true,
            way,
        }
    }

    /// What a dry run answers.
    pub(crate) fn answer(&self, desk: &Desk<'_>) -> Answer {
        Answer::new(desk.output, self, || self.table(), self.ending())
    }

    /// The same for people.
    pub(crate) fn table(&self) -> String {
        let Self { plan, from, to, .. } = self;
        format!("{plan}: from {from} to {to}\n{}", self.way.table(to))
    }

    /// That nothing stands against it.
    ///
    /// # Errors
    /// What does. Nothing was changed.
    fn stands(&self, desk: &Desk<'_>) -> Result<(), Answer> {
        if self.way.ready == Some(true) {
            return Ok(());
        }
        let mut answer = self.answer(desk);
        let why = match self.ending() {
            Ending::Unknown => "could not be asked whether anything stands against it",
            Ending::Well | Ending::NotWell | Ending::Misused => "is refused as things are",
        };
        answer.complaints.push(format!(
            "the move of plan {} to {} {why}; nothing was changed",
            self.plan, self.to
        ));
        Err(answer)
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
        self.stands(desk)?;
        let asked = (what, self.plan.as_str());
        desk.terminal.confirm(consent.yes, asked).await
    }

    const fn ending(&self) -> Ending {
        match self.way.ready {
            Some(true) => Ending::Well,
            Some(false) => Ending::NotWell,
            None => Ending::Unknown,
        }
    }
}
