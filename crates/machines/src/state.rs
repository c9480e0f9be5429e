//! One state of a machine, and how it is written.

use std::borrow::Cow;

use crate::{
    json::Json,
    retry::{Retry, errors},
    when::When,
};

/// What is assigned to variables.
pub(crate) type Assign = Vec<(Cow<'static, str>, Json)>;

/// A function that machines invoke, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function(pub &'static str);

/// How long a Task may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seconds {
    /// So many seconds.
    Fixed(u32),
    /// As long as this expression says.
    Of(&'static str),
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Invokes a function.
    Call(Box<Call>),
    /// Leads on by what is known.
    Choice(Choice),
    /// Waits.
    Wait(Wait),
    /// Ends well.
    Succeed {
        /// What that means.
        comment: &'static str,
    },
    /// Ends as failed.
    Fail {
        /// What that means.
        comment: &'static str,
        /// The error's name.
        error: &'static str,
        /// Its cause, an expression.
        cause: &'static str,
    },
}

/// Invokes a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What for.
    pub comment: Cow<'static, str>,
    /// Which function.
    pub function: Function,
    /// What it is given.
    pub payload: Json,
    /// Whether the state ends when a human answers, and not when the function does.
    pub asks: bool,
    /// How long it may take.
    pub seconds: Seconds,
    /// What is tried again.
    pub retries: Vec<Retry>,
    /// Where what is not tried again leads.
    pub catches: Vec<Catch>,
    /// What is remembered of an answer.
    pub assign: Vec<(Cow<'static, str>, Json)>,
    /// What is handed on, an expression.
    pub output: Option<Cow<'static, str>>,
    /// Where an answer leads.
    pub next: Cow<'static, str>,
}

/// Where an error leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catch {
    /// The error.
    pub error: &'static str,
    /// What is remembered of it.
    pub assign: Vec<(Cow<'static, str>, Json)>,
    /// What is handed on, an expression.
    pub output: Option<Cow<'static, str>>,
    /// Where it leads.
    pub next: Cow<'static, str>,
}

/// Leads on by what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Why.
    pub comment: Option<&'static str>,
    /// The ways, of which the first that holds is taken.
    pub ways: Vec<Way>,
    /// What is remembered where none holds.
    pub assign: Vec<(Cow<'static, str>, Json)>,
    /// Where it leads then.
    pub default: Cow<'static, str>,
}

/// One way of a Choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What must hold.
    pub when: Vec<When>,
    /// What is remembered.
    pub assign: Vec<(Cow<'static, str>, Json)>,
    /// Where it leads.
    pub next: Cow<'static, str>,
}

/// Waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// As long as the last pass asked for.
    AsAsked {
        /// Where it leads.
        next: Cow<'static, str>,
    },
    /// Until a time, an expression.
    Until {
        /// The time.
        time: &'static str,
        /// Where it leads.
        next: Cow<'static, str>,
    },
}

impl Function {
    /// The substitution that the template gives its ARN under.
    #[must_use]
    pub fn substitution(self) -> String {
        format!("{}FunctionArn", pascal(self.0))
    }
}

/// A name as states and logical ids have it: `DnsFlip`.
pub(crate) fn pascal(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(word).collect()
}

impl Catch {
    /// A catch that remembers nothing and hands on the error.
    pub(crate) fn to(error: &'static str, next: &'static str) -> Self {
        Self {
            error,
            assign: Vec::new(),
            output: None,
            next: next.into(),
        }
    }
}

impl Way {
    /// A way without anything to remember.
    pub(crate) fn to(when: Vec<When>, next: impl Into<Cow<'static, str>>) -> Self {
        Self {
            when,
            assign: Vec::new(),
            next: next.into(),
        }
    }

    /// A way that leaves a loop, so that the next one counts anew.
    pub(crate) fn out(when: Vec<When>, next: impl Into<Cow<'static, str>>) -> Self {
        Self {
            assign: vec![("passes".into(), Json::Number(0))],
            ..Self::to(when, next)
        }
    }
}

impl State {
    /// Written as the States Language has it.
    #[must_use]
    pub fn json(&self) -> Json {
        match self {
            Self::Call(call) => call.json(),
            Self::Choice(choice) => choice.json(),
            Self::Wait(Wait::AsAsked { next }) => Json::object([
                ("Type", Json::text("Wait")),
                ("Seconds", Json::expression("$states.input.wait_seconds")),
                ("Next", Json::Text(next.clone())),
            ]),
            Self::Wait(Wait::Until { time, next }) => Json::object([
                ("Type", Json::text("Wait")),
                ("Timestamp", Json::expression(time)),
                ("Next", Json::Text(next.clone())),
            ]),
            Self::Succeed { comment } => Json::object([
                ("Type", Json::text("Succeed")),
                ("Comment", Json::text(*comment)),
            ]),
            Self::Fail {
                comment,
                error,
                cause,
            } => Json::object([
                ("Type", Json::text("Fail")),
                ("Comment", Json::text(*comment)),
                ("Error", Json::text(*error)),
                ("Cause", Json::expression(cause)),
            ]),
        }
    }
}

impl Call {
    /// The longest time from one renewal of the leases to the next: so long a wait, and a pass with every attempt. A human
    /// is waited for under a lease of its own.
    #[must_use]
    pub fn gap_seconds(&self, wait_seconds: u32) -> u32 {
        let seconds = match self.seconds {
            Seconds::Fixed(seconds) => seconds,
            Seconds::Of(_) => 0,
        };
        let again = self.retries.iter();
        let again = again.map(|retry| retry.seconds_at_most(seconds));
        wait_seconds + seconds + again.sum::<u32>()
    }

    fn json(&self) -> Json {
        let resource = if self.asks {
            "arn:aws:states:::lambda:invoke.waitForTaskToken"
        } else {
            "arn:aws:states:::lambda:invoke"
        };
        let function = format!("${{{}}}", self.function.substitution());
        let seconds = match self.seconds {
            Seconds::Fixed(seconds) => Json::Number(seconds),
            Seconds::Of(expression) => Json::expression(expression),
        };
        let retries = self.retries.iter().map(Retry::json).collect();
        let catches = self.catches.iter().map(Catch::json).collect();
        let mut members: Assign = vec![
            ("Type".into(), Json::text("Task")),
            ("Comment".into(), Json::Text(self.comment.clone())),
            ("Resource".into(), Json::text(resource)),
            (
                "Arguments".into(),
                Json::object([
                    ("FunctionName", Json::text(function)),
                    ("Payload", self.payload.clone()),
                ]),
            ),
            ("TimeoutSeconds".into(), seconds),
            ("Retry".into(), Json::List(retries)),
            ("Catch".into(), Json::List(catches)),
        ];
        members.extend(assigned(&self.assign));
        members.extend(output(self.output.as_deref()));
        members.push(("Next".into(), Json::Text(self.next.clone())));
        Json::Object(members)
    }
}

impl Catch {
    fn json(&self) -> Json {
        let mut members: Assign = vec![("ErrorEquals".into(), errors(&[self.error]))];
        members.extend(assigned(&self.assign));
        members.extend(output(self.output.as_deref()));
        members.push(("Next".into(), Json::Text(self.next.clone())));
        Json::Object(members)
    }
}

impl Choice {
    fn json(&self) -> Json {
        let mut members: Assign = vec![("Type".into(), Json::text("Choice"))];
        members.extend(
            self.comment
                .map(|comment| ("Comment".into(), Json::text(comment))),
        );
        let ways = self.ways.iter().map(Way::json).collect();
        members.push(("Choices".into(), Json::List(ways)));
        members.extend(assigned(&self.assign));
        members.push(("Default".into(), Json::Text(self.default.clone())));
        Json::Object(members)
    }
}

impl Way {
    fn json(&self) -> Json {
        let when: Vec<_> = self.when.iter().map(When::jsonata).collect();
        let mut members: Assign = vec![("Condition".into(), Json::expression(&when.join(" and ")))];
        members.extend(assigned(&self.assign));
        members.push(("Next".into(), Json::Text(self.next.clone())));
        Json::Object(members)
    }
}

fn assigned(assign: &Assign) -> Option<(Cow<'static, str>, Json)> {
    (!assign.is_empty()).then(|| ("Assign".into(), Json::Object(assign.clone())))
}

fn output(output: Option<&str>) -> Option<(Cow<'static, str>, Json)> {
    output.map(|expression| ("Output".into(), Json::expression(expression)))
}
