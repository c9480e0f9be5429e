//! Links that answer questions, and runs that wait for the answer.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    Error,
    ledger::{Question, Reply},
    ports::{Approvals, Linked, Sent, TaskToken},
    testing::Books,
};

/// The links of this Region, by their secrets, and what runs say to replies.
#[derive(Default)]
pub(super) struct Links {
    page: Option<String>,
    refused: Option<Error>,
    by_secret: BTreeMap<String, Linked>,
    /// What the next replies are met with, the first one first; after those each one is taken once for its token.
    answers: VecDeque<Result<Sent, Error>>,
    given: Vec<(String, Reply)>,
    /// Somebody wrote into the rows, so that no link opens its own.
    are_spoilt: bool,
    /// What somebody else replies before the next reply is noted.
    beside: Option<Reply>,
}

impl Links {
    pub(super) fn keep(
        &mut self,
        question: &Question,
        token: &str,
    ) -> Result<Option<String>, Error> {
        if let Some(why) = self.refused.clone() {
            return Err(why);
        }
        let Some(page) = self.page.clone() else {
            return Ok(None);
        };
        let secret = format!("{:064x}", self.by_secret.len() + 1);
        let linked = Linked {
            question: question.clone(),
            reply: None,
            token: TaskToken(token.to_owned()),
        };
        self.by_secret.insert(secret.clone(), linked);
        Ok(Some(format!("{page}/us-east-1/{secret}")))
    }
}

impl Books {
    /// The same, whose Region has a page at an address.
    pub fn with_page(self, address: &str) -> Self {
        self.kept.lock().unwrap().links.page = Some(address.to_owned());
        self
    }

    /// The same, which can make no link.
    pub fn without_links(self, why: Error) -> Self {
        self.kept.lock().unwrap().links.refused = Some(why);
        self
    }

    /// Keeps a question behind a link without asking it; the link's secret.
    pub fn linked_to(&self, question: &Question, token: &str) -> String {
        let mut kept = self.kept.lock().unwrap();
        kept.links.page.get_or_insert_default();
        let link = kept.links.keep(question, token).unwrap().unwrap();
        link.rsplit('/').next().unwrap().to_owned()
    }

    /// What Step Functions answers to the next reply.
    pub fn meets_reply(&self, with: Result<Sent, Error>) {
        self.kept.lock().unwrap().links.answers.push_back(with);
    }

    /// Somebody else replies between the next look at a link and what is noted then.
    pub fn replies_beside(&self, reply: Reply) {
        self.kept.lock().unwrap().links.beside = Some(reply);
    }

    /// Somebody writes into the links' rows.
    pub fn spoils_links(&self) {
        self.kept.lock().unwrap().links.are_spoilt = true;
    }

    /// What runs were given: the token and the reply.
    pub fn given(&self) -> Vec<(String, Reply)> {
        self.kept.lock().unwrap().links.given.clone()
    }

    /// What was replied by a link.
    pub fn replied(&self, secret: &str) -> Option<Reply> {
        let kept = self.kept.lock().unwrap();
        kept.links.by_secret[secret].reply.clone()
    }
}

impl Approvals for Books {
    async fn linked(&self, secret: &str) -> Result<Option<Linked>, Error> {
        self.answers(&self.here)?;
        let links = &self.kept.lock().unwrap().links;
        if links.are_spoilt {
            let said = "the link does not open its row".into();
            return Err(Error::UnexpectedTopology(said));
        }
        Ok(links.by_secret.get(secret).cloned())
    }

    async fn note_reply(
        &self,
        secret: &str,
        before: Option<&Reply>,
        reply: Option<&Reply>,
    ) -> Result<bool, Error> {
        let mut kept = self.kept.lock().unwrap();
        let beside = kept.links.beside.take();
        let linked = kept.links.by_secret.get_mut(secret).unwrap();
        if beside.is_some() {
            linked.reply = beside;
        }
        if linked.reply.as_ref() != before {
            return Ok(false);
        }
        linked.reply = reply.cloned();
        Ok(true)
    }

    async fn give_reply(&self, token: &TaskToken, reply: &Reply) -> Result<Sent, Error> {
        let links = &mut self.kept.lock().unwrap().links;
        let is_open = links.given.iter().all(|(given, _)| *given != token.0);
        let otherwise = if is_open {
            Sent::Taken
        } else {
            Sent::NotAwaited
        };
        let answer = links.answers.pop_front().unwrap_or(Ok(otherwise));
        if answer == Ok(Sent::Taken) {
            links.given.push((token.0.clone(), reply.clone()));
        }
        answer
    }
}
