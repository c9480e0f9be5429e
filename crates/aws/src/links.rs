//! Links that answer questions: rows of this Region's ledger that only a link's secret opens, and what is sent to the run that waits.

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::{
    config::Builder, operation::update_item::UpdateItemError, types::AttributeValue,
};
use aws_sdk_sfn::{error::ProvideErrorMetadata, error::SdkError};
use failover::{
    Error,
    domain::{PlanName, Region, RunId},
    ledger::{EXPIRES, KEPT, Question, Reply, page},
    ports::{Approvals, Linked, Sent, TaskToken},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Aws, client, dynamodb,
    errors::{error, is_throttled},
    once,
    sealing::Secret,
};

/// The partition of the links. The page's role reaches no other one.
const LINKS: &str = "_approvals";

/// What lies in the ledger: whose question it is, what was replied, and the rest sealed.
#[derive(Serialize, Deserialize)]
struct Row {
    plan: PlanName,
    run_id: RunId,
    until: Timestamp,
    sealed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<Reply>,
}

/// What the link's secret opens.
#[derive(Serialize, Deserialize)]
struct Sealed {
    question: Question,
    token: String,
}

impl<K> Aws<K> {
    /// As [`failover::ports::People::link`].
    pub(super) async fn make_link(
        &self,
        question: &Question,
        token: &str,
    ) -> Result<Option<String>, Error> {
        let Some(page) = self.page().await? else {
            return Ok(None);
        };
        let secret = Secret::new()?;
        let sealed = Sealed {
            question: question.clone(),
            token: token.to_owned(),
        };
        let sealed = serde_json::to_string(&sealed).map_err(|why| {
            Error::InvalidRequest(format!("the question cannot be written: {why}"))
        })?;
        let row = Row {
            plan: question.plan.clone(),
            run_id: question.run_id.clone(),
            until: question.until,
            sealed: secret.seal(sealed)?,
            reply: None,
        };
        let what = format!("writing a link to the ledger in {}", self.region);
        let mut item = dynamodb::write(&what, LINKS, &secret.fingerprint(), &row)?;
        let expires = (question.until + KEPT).as_second().to_string();
        item.insert(EXPIRES.to_owned(), AttributeValue::N(expires));
        client!(self, aws_sdk_dynamodb, self.region)
            .put_item()
            .table_name(&self.settings.ledger_table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let (page, region) = (page.trim_end_matches('/'), &self.region);
        Ok(Some(format!("{page}/{region}/{}", secret.text())))
    }

    /// The address of this Region's page, where it has one. Whoever may write the parameter says where people answer.
    async fn page(&self) -> Result<Option<String>, Error> {
        let name = page();
        let answer = client!(self, aws_sdk_ssm, self.region)
            .get_parameters()
            .names(&name)
            .send()
            .await
            .map_err(|why| {
                error(
                    &format!("SSM GetParameters {name} in {}", self.region),
                    &why,
                )
            })?;
        let values = answer.parameters.into_iter().flatten();
        let mut values = values.filter_map(|parameter| parameter.value);
        let value = values.next().filter(|value| value != OFF);
        if let Some(value) = value.as_ref().filter(|value| !is_page(value, &self.region)) {
            return Err(Error::InvalidRequest(format!(
                "{name} is {value}, which is no function's URL of {}; find out who wrote it, and deploy again",
                self.region
            )));
        }
        Ok(value)
    }
}

/// What the parameter says where the page is switched off.
const OFF: &str = "off";

/// Whether an address is that of a function's URL of a Region.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>.
fn is_page(address: &str, region: &Region) -> bool {
    let host = address.strip_prefix("https://");
    let host = host.and_then(|host| host.strip_suffix('/'));
    let Some((id, of)) = host.and_then(|host| host.split_once('.')) else {
        return false;
    };
    let is_of_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !id.is_empty() && id.chars().all(is_of_id) && of == format!("lambda-url.{region}.on.aws")
}

impl<K> Approvals for Aws<K> {
    async fn linked(&self, secret: &str) -> Result<Option<Linked>, Error> {
        let Some(secret) = Secret::read(secret) else {
            return Ok(None);
        };
        let what = format!("reading a link from the ledger in {}", self.region);
        let answer = client!(self, aws_sdk_dynamodb, self.region)
            .get_item()
            .table_name(&self.settings.ledger_table)
            .key("plan", AttributeValue::S(LINKS.to_owned()))
            .key("item", AttributeValue::S(secret.fingerprint()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|why| error(&what, &why))?;
        let Some(item) = answer.item else {
            return Ok(None);
        };
        let row: Row = dynamodb::read(&what, item)?;
        let opened = secret.open(&row.sealed);
        let opened = opened.and_then(|text| serde_json::from_slice::<Sealed>(&text).ok());
        let Some(Sealed { question, token }) = opened else {
            return Err(Error::UnexpectedTopology(format!(
                "{what}: the link does not open its row, of run {} of plan {}; find out who changed it",
                row.run_id, row.plan
            )));
        };
        Ok(Some(Linked {
            question,
            reply: row.reply,
            token: TaskToken(token),
        }))
    }

    /// It is asked once: a second one would meet its own note, and take that for somebody else's.
    async fn note_reply(
        &self,
        secret: &str,
        before: Option<&Reply>,
        reply: Option<&Reply>,
    ) -> Result<bool, Error> {
        let Some(secret) = Secret::read(secret) else {
            return Ok(false);
        };
        let what = format!("writing a reply to the ledger in {}", self.region);
        let noted = reply.map(serde_dynamo::to_attribute_value).transpose();
        let noted: Option<AttributeValue> =
            noted.map_err(|why| Error::InvalidRequest(format!("{what}: {why}")))?;
        let condition = match before {
            None => "attribute_exists(#body) AND attribute_not_exists(#body.#reply)",
            Some(_) => "#body.#reply.#at = :at",
        };
        let at = before.map(|before| AttributeValue::S(before.at.to_string()));
        let mut update = client!(self, aws_sdk_dynamodb, self.region)
            .update_item()
            .table_name(&self.settings.ledger_table)
            .key("plan", AttributeValue::S(LINKS.to_owned()))
            .key("item", AttributeValue::S(secret.fingerprint()))
            .update_expression(match noted {
                Some(_) => "SET #body.#reply = :reply",
                None => "REMOVE #body.#reply",
            })
            .condition_expression(condition)
            .expression_attribute_names("#body", "body")
            .expression_attribute_names("#reply", "reply");
        if let Some(noted) = noted {
            update = update.expression_attribute_values(":reply", noted);
        }
        if let Some(at) = at {
            update = update
                .expression_attribute_names("#at", "at")
                .expression_attribute_values(":at", at);
        }
        let once = Builder::new().retry_config(RetryConfig::disabled());
        match update.customize().config_override(once).send().await {
            Ok(_) => Ok(true),
            Err(why)
                if why
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(why) => Err(error(&what, &why)),
        }
    }

    async fn give_reply(&self, token: &TaskToken, reply: &Reply) -> Result<Sent, Error> {
        let client = client!(self, aws_sdk_sfn, self.region);
        if reply.approved {
            let sent = client
                .send_task_success()
                .task_token(&token.0)
                .output(r#"{"approved": true}"#)
                .customize()
                .config_override(once!(aws_sdk_sfn));
            return became("Step Functions SendTaskSuccess", sent.send().await);
        }
        let why = match reply.why.as_str() {
            "" => "refused on the page of the question",
            said => said,
        };
        let sent = client
            .send_task_failure()
            .task_token(&token.0)
            .error("Refused")
            .cause(why)
            .customize()
            .config_override(once!(aws_sdk_sfn));
        became("Step Functions SendTaskFailure", sent.send().await)
    }
}

/// What became of an answer. A service in trouble, as one that is silent, may have taken it.
/// Source: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html#API_SendTaskSuccess_Errors>.
fn became<T, E>(
    what: &str,
    sent: Result<T, SdkError<E, aws_sdk_sfn::config::http::HttpResponse>>,
) -> Result<Sent, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let Err(why) = sent else {
        return Ok(Sent::Taken);
    };
    if let Some("InvalidToken" | "TaskDoesNotExist" | "TaskTimedOut") = why.code() {
        return Ok(Sent::NotAwaited);
    }
    let told = error(what, &why);
    let is_turned_away =
        is_throttled(&why) || matches!(told, Error::Denied(_) | Error::InvalidRequest(_));
    if is_turned_away {
        Ok(Sent::TurnedAway(told))
    } else {
        Err(told)
    }
}
