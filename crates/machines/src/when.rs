//! What a Choice asks, as values: written as JSONata, and answered without it.

use serde_json::Value;

/// One condition of a Choice's way; a way's conditions must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The pass observed what is wanted.
    Done,
    /// Another pass is needed.
    Pending,
    /// What the pass did, by its name.
    Acts(&'static str),
    /// What ConfirmOutage decided is one of these.
    Decides(&'static [&'static str]),
    /// What CloseRun answered.
    Ends(&'static str),
    /// An earlier run promoted the target already.
    Resumes,
    /// Nothing is to be done but to say what would be.
    DryRun,
    /// This variable is still below a number.
    Below(&'static str, u32),
    /// This variable is at most a number.
    AtMost(&'static str, u32),
    /// A human's answer is a yes, and nothing but that.
    Approved,
    /// A human's answer is a no, and nothing but that.
    Declined,
    /// The run came to its end before its leases are given back.
    Closes,
    /// The plan names a function of its own for this phase.
    Names(&'static str),
    /// A failback that only rehearses.
    Rehearses,
    /// A failback whose window has not opened.
    TooEarly,
    /// A failback that asks a human first.
    Asks,
}

impl When {
    /// The condition in JSONata.
    #[must_use]
    pub fn jsonata(&self) -> String {
        match self {
            Self::Done => "$states.input.progress = 'done'".into(),
            Self::Pending => "$states.input.progress = 'pending'".into(),
            Self::Acts(action) => format!("$states.input.action = '{action}'"),
            Self::Decides([one]) => format!("$states.input.decision = '{one}'"),
            Self::Decides(several) => {
                let several: Vec<_> = several.iter().map(|one| format!("'{one}'")).collect();
                format!("$states.input.decision in [{}]", several.join(", "))
            }
            Self::Ends(outcome) => format!("$states.input.outcome = '{outcome}'"),
            Self::Resumes => "$states.input.resume".into(),
            Self::DryRun => "$states.input.dry_run = true".into(),
            Self::Below(variable, number) => format!("${variable} < {number}"),
            Self::AtMost(variable, number) => format!("${variable} <= {number}"),
            Self::Approved => "$states.input.approved = true".into(),
            Self::Declined => "$states.input.approved = false".into(),
            Self::Closes => "$closes".into(),
            Self::Names(phase) => format!("'{phase}' in $hooks"),
            Self::Rehearses => "$wish.rehearse".into(),
            Self::TooEarly => "$toMillis($wish.not_before) > $millis()".into(),
            Self::Asks => "$wish.approval = 'ask'".into(),
        }
    }

    /// Whether it holds for what the last pass answered, in a run whose counters are within their bounds and that
    /// wishes nothing special, of a plan without hooks.
    #[must_use]
    pub fn holds(&self, answer: &Value) -> bool {
        match self {
            Self::Done => answer["progress"] == "done",
            Self::Pending => answer["progress"] == "pending",
            Self::Acts(action) => answer["action"] == *action,
            Self::Decides(any) => answer["decision"]
                .as_str()
                .is_some_and(|decision| any.contains(&decision)),
            Self::Ends(outcome) => answer["outcome"] == *outcome,
            Self::Resumes => answer["resume"] == true,
            Self::DryRun => answer["dry_run"] == true,
            Self::Below(..) | Self::AtMost(..) => true,
            Self::Approved => answer["approved"] == true,
            Self::Declined => answer["approved"] == false,
            Self::Closes | Self::Names(_) | Self::Rehearses | Self::TooEarly | Self::Asks => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_is_typed_wrongly_is_neither_a_yes_nor_a_no() {
        let means =
            |answer: Value| [When::Approved, When::Declined].map(|when| when.holds(&answer));
        assert_eq!(means(json!({"approved": true})), [true, false]);
        assert_eq!(means(json!({"approved": false})), [false, true]);
        for answer in [
            json!({"approved": "true"}),
            json!({"approved": "false"}),
            json!({"approved": null}),
            json!({"Approved": true}),
            json!({}),
            json!(true),
            json!(false),
            json!("yes"),
            json!(null),
        ] {
            assert_eq!(means(answer.clone()), [false, false], "{answer}");
        }
    }
}
