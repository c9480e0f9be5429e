//! Messages to people, on SNS.

use failover::{Error, domain::Region, ledger::Question, ports::People};

use super::{Aws, client, errors::error};

impl<K> People for Aws<K> {
    async fn link(&self, question: &Question, token: &str) -> Result<Option<String>, Error> {
        self.make_link(question, token).await
    }

    async fn publish(&self, topic: &str, subject: &str, text: &str) -> Result<(), Error> {
        client!(self, aws_sdk_sns, self.region)
            .publish()
            .topic_arn(topic)
            .subject(subject)
            .message(text)
            .send()
            .await
            .map_err(|why| error(&format!("SNS Publish to {topic}"), &why))?;
        Ok(())
    }

    async fn topic(&self, region: &Region, topic: &str) -> Result<(), Error> {
        client!(self, aws_sdk_sns, region)
            .get_topic_attributes()
            .topic_arn(topic)
            .send()
            .await
            .map_err(|why| {
                error(
                    &format!("SNS GetTopicAttributes of {topic} in {region}"),
                    &why,
                )
            })?;
        Ok(())
    }
}
