//! What the client saw: every number's fate, every DNS answer, and the outages that follow from them.

use std::net::IpAddr;

/// A silence between two acknowledgements that is longer than this is an outage.
pub const OUTAGE_MS: i64 = 1_000;

/// A number that the database acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The row's number.
    pub n: i64,
    /// When it was sent, in milliseconds of Unix time.
    pub sent_ms: i64,
    /// When its acknowledgement came, in milliseconds of Unix time.
    pub acked_ms: i64,
    /// The database endpoint that acknowledged it.
    pub endpoint: String,
}

/// A number without an acknowledgement; it is never sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unacknowledged {
    /// The row's number.
    pub n: i64,
    /// When it was sent, in milliseconds of Unix time.
    pub sent_ms: i64,
    /// When the client gave it up, in milliseconds of Unix time.
    pub given_up_ms: i64,
    /// The database endpoint it was sent to.
    pub endpoint: String,
    /// Why there was no acknowledgement.
    pub reason: String,
}

/// One question to the DNS server and its answer; answers served from the client's cache are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// When it was asked, in milliseconds of Unix time.
    pub asked_ms: i64,
    /// When the answer (or the failure) came, in milliseconds of Unix time.
    pub answered_ms: i64,
    /// The answer, or why there was none.
    pub answer: Result<Answer, String>,
}

/// What the writer's name led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name at the end of the CNAME chain: a database endpoint.
    pub endpoint: String,
    /// The endpoint's address.
    pub address: IpAddr,
    /// Until when the answer's TTL lets it be used, in milliseconds of Unix time.
    pub expires_ms: i64,
}

/// A time without acknowledgements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The last acknowledgement before it, in milliseconds of Unix time.
    pub from_ms: i64,
    /// The first acknowledgement after it; `None` when there never was one.
    pub until_ms: Option<i64>,
    /// The endpoint that acknowledged last; `None` when nothing ever was.
    pub before: Option<String>,
    /// The endpoint that acknowledged first afterwards.
    pub after: Option<String>,
}

impl Outage {
    /// How long it lasted, in milliseconds; unknown when it never ended.
    pub fn duration_ms(&self) -> Option<i64> {
        self.until_ms.map(|until| until - self.from_ms)
    }
}

/// Everything the client did between its start and its stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRecord {
    /// When the client began, in milliseconds of Unix time.
    pub started_ms: i64,
    /// When the client stopped, or when this copy was taken.
    pub stopped_ms: i64,
    /// Acknowledged numbers, in the order of their acknowledgement.
    pub acknowledged: Vec<Ack>,
    /// Numbers whose fate the client cannot know: the connection died before the answer came.
    pub unknown: Vec<Unacknowledged>,
    /// Numbers that the database refused in so many words.
    pub refused: Vec<Unacknowledged>,
    /// Connections opened after the first.
    pub reconnects: u32,
    /// Attempts to connect that failed.
    pub failed_connects: u32,
    /// Every DNS question in order.
    pub resolutions: Vec<Resolution>,
}

impl ClientRecord {
    /// Silences longer than [`OUTAGE_MS`], in order, the one before the stop included.
    pub fn outages(&self) -> Vec<Outage> {
        let mut outages = Vec::new();
        let mut from_ms = self.started_ms;
        let mut before: Option<&str> = None;
        for ack in &self.acknowledged {
            if ack.acked_ms - from_ms > OUTAGE_MS {
                outages.push(Outage {
                    from_ms,
                    until_ms: Some(ack.acked_ms),
                    before: before.map(Into::into),
                    after: Some(ack.endpoint.clone()),
                });
            }
            from_ms = ack.acked_ms;
            before = Some(&ack.endpoint);
        }
        if self.stopped_ms - from_ms > OUTAGE_MS {
            outages.push(Outage {
                from_ms,
                until_ms: None,
                before: before.map(Into::into),
                after: None,
            });
        }
        outages
    }

    /// How long all outages lasted together, in milliseconds; unknown when one never ended.
    pub fn outage_ms(&self) -> Option<i64> {
        self.outages().iter().map(Outage::duration_ms).sum()
    }

    /// How long the client went on with a cached answer although DNS already led to `endpoint`, in milliseconds.
    ///
    /// From `available_ms`, when the new record was first served, until that answer expired or the client had asked
    /// anew, whichever came first. Unknown when the client never learned of `endpoint` afterwards.
    pub fn ttl_wait_ms(&self, available_ms: i64, endpoint: &str) -> Option<i64> {
        let learned = self.resolutions.iter().find(|resolution| {
            resolution.answered_ms >= available_ms
                && resolution
                    .answer
                    .as_ref()
                    .is_ok_and(|answer| answer.endpoint == endpoint)
        })?;
        let learned_ms = learned.asked_ms;
        // The old answer may have been on its way while the new record came to be served.
        let cached_until_ms = self
            .resolutions
            .iter()
            .filter(|resolution| resolution.answered_ms < learned.answered_ms)
            .filter_map(|resolution| resolution.answer.as_ref().ok())
            .map(|answer| answer.expires_ms)
            .next_back()
            .unwrap_or(available_ms);
        Some((cached_until_ms.min(learned_ms) - available_ms).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ack(n: i64, acked_ms: i64, endpoint: &str) -> Ack {
        Ack {
            n,
            sent_ms: acked_ms - 2,
            acked_ms,
            endpoint: endpoint.into(),
        }
    }

    fn resolution(asked_ms: i64, endpoint: &str, ttl_ms: i64) -> Resolution {
        Resolution {
            asked_ms,
            answered_ms: asked_ms + 1,
            answer: Ok(Answer {
                endpoint: endpoint.into(),
                address: [127, 0, 0, 1].into(),
                expires_ms: asked_ms + 1 + ttl_ms,
            }),
        }
    }

    fn record(acks: &[(i64, &str)], stopped_ms: i64) -> ClientRecord {
        ClientRecord {
            stopped_ms,
            acknowledged: acks
                .iter()
                .zip(1..)
                .map(|((at, endpoint), n)| ack(n, *at, endpoint))
                .collect(),
            ..ClientRecord::default()
        }
    }

    #[test]
    fn an_outage_is_the_silence_between_two_acknowledgements() {
        let record = record(
            &[
                (100, "west"),
                (600, "west"),
                (9_600, "east"),
                (9_700, "east"),
            ],
            9_800,
        );
        assert_eq!(
            record.outages(),
            [Outage {
                from_ms: 600,
                until_ms: Some(9_600),
                before: Some("west".into()),
                after: Some("east".into()),
            }]
        );
        assert_eq!(record.outage_ms(), Some(9_000));
    }

    #[test]
    fn a_gap_of_exactly_the_threshold_is_not_an_outage() {
        let record = record(&[(0, "west"), (OUTAGE_MS, "west")], OUTAGE_MS);
        assert_eq!(record.outages(), []);
        assert_eq!(record.outage_ms(), Some(0));
    }

    #[test]
    fn an_outage_that_never_ends_has_no_known_length() {
        let record = record(&[(0, "west"), (5_000, "west")], 7_000);
        assert_eq!(record.outages().len(), 2);
        assert_eq!(record.outage_ms(), None);
    }

    #[test]
    fn a_client_that_never_wrote_is_one_outage_from_its_start() {
        let record = record(&[], 4_000);
        assert_eq!(
            record.outages(),
            [Outage {
                from_ms: 0,
                until_ms: None,
                before: None,
                after: None,
            }]
        );
    }

    #[test]
    fn the_ttl_wait_ends_when_the_cached_answer_expires_or_is_replaced() {
        let mut record = ClientRecord {
            resolutions: vec![
                resolution(1_000, "west", 5_000),
                resolution(8_000, "east", 5_000),
            ],
            ..ClientRecord::default()
        };
        // The cached answer expired at 6,001; that the client asked at 8,000 only was not the TTL's fault.
        assert_eq!(record.ttl_wait_ms(4_000, "east"), Some(2_001));
        // The record moved after the cached answer had expired: no wait.
        assert_eq!(record.ttl_wait_ms(7_000, "east"), Some(0));
        assert_eq!(record.ttl_wait_ms(4_000, "north"), None);

        record.resolutions[1] = resolution(5_000, "east", 5_000);
        assert_eq!(record.ttl_wait_ms(4_000, "east"), Some(1_000));
    }
}
