//! A Route 53 that takes so many calls a second.

use std::{
    collections::BTreeMap,
    fmt::Write,
    time::{Duration, Instant},
};

use hyper::{Method, StatusCode};

use super::Asked;

/// How long a change takes to be in sync; Route 53 says 60 s at most, generally.
const IN_SYNC: Duration = Duration::from_secs(30);

/// A record's time to live and its values, by its name and its type.
type Records = BTreeMap<(String, String), (String, Vec<String>)>;

/// The records of a zone, and how often they were asked for.
pub(super) struct Route53 {
    calls_per_second: u32,
    began: Instant,
    records: Records,
    changes: Vec<Instant>,
    /// The second that is counted, and the calls in it.
    second: (u64, u32),
    calls: u32,
    throttled: u32,
}

impl Route53 {
    /// One without a record.
    pub(super) fn new(calls_per_second: u32) -> Self {
        Self {
            calls_per_second,
            began: Instant::now(),
            records: Records::new(),
            changes: Vec::new(),
            second: (0, 0),
            calls: 0,
            throttled: 0,
        }
    }

    /// Gives the zone a record.
    pub(super) fn points(&mut self, name: &str, to: &str) {
        let key = (name.to_owned(), "CNAME".to_owned());
        self.records.insert(key, ("2".into(), vec![to.to_owned()]));
    }

    /// What a name leads to.
    pub(super) fn leads_to(&self, name: &str) -> Option<String> {
        let key = (name.to_owned(), "CNAME".to_owned());
        self.records.get(&key)?.1.first().cloned()
    }

    /// How often it was asked, and how often that was too often.
    pub(super) const fn asked(&self) -> (u32, u32) {
        (self.calls, self.throttled)
    }

    /// Answers a call.
    pub(super) fn answer(&mut self, asked: &Asked) -> (StatusCode, String) {
        let second = self.began.elapsed().as_secs();
        if self.second.0 != second {
            self.second = (second, 0);
        }
        self.second.1 += 1;
        self.calls += 1;
        if self.second.1 > self.calls_per_second {
            self.throttled += 1;
            return refused("Throttling", "Rate exceeded");
        }
        if let Some(id) = asked.path.strip_prefix("/2013-04-01/change/") {
            let made = id.parse().ok().and_then(|id: usize| self.changes.get(id));
            let is_in_sync = made.is_some_and(|made| made.elapsed() >= IN_SYNC);
            return (StatusCode::OK, change(id, is_in_sync, "GetChangeResponse"));
        }
        if asked.method == Method::POST {
            let batch = String::from_utf8_lossy(&asked.body).into_owned();
            return match self.change(&batch) {
                Ok(id) => {
                    let said = change(&id, false, "ChangeResourceRecordSetsResponse");
                    (StatusCode::OK, said)
                }
                Err(why) => refused("InvalidChangeBatch", &why),
            };
        }
        let query: BTreeMap<String, String> =
            serde_urlencoded::from_str(&asked.query).unwrap_or_default();
        let of = |name: &str| query.get(name).cloned().unwrap_or_default();
        // A listing starts at the name, at the first type where it names none, and goes on with what comes next.
        let from = (of("name").trim_end_matches('.').to_owned(), of("type"));
        let found = self.records.range(from..).next();
        let set = found.map(|(key, record)| set(key, record));
        let set = set.unwrap_or_default();
        let said = format!(
            "<ListResourceRecordSetsResponse><ResourceRecordSets>{set}</ResourceRecordSets><IsTruncated>false</IsTruncated>\
             <MaxItems>1</MaxItems></ListResourceRecordSetsResponse>"
        );
        (StatusCode::OK, said)
    }

    /// Makes all changes of a batch or none: it deletes what is there exactly so, and creates what is not.
    fn change(&mut self, batch: &str) -> Result<String, String> {
        let mut records = self.records.clone();
        for change in batch.split("<Change>").skip(1) {
            let of = |name: &str| within(change, name).unwrap_or_default();
            let key = (of("Name").trim_end_matches('.').to_owned(), of("Type"));
            let values = change.split("<Value>").skip(1);
            let values = values.filter_map(|rest| rest.split("</Value>").next());
            let values: Vec<_> = values.map(|value| value.replace("&quot;", "\"")).collect();
            let record = (of("TTL"), values);
            match of("Action").as_str() {
                "DELETE" if records.get(&key) == Some(&record) => drop(records.remove(&key)),
                "CREATE" if !records.contains_key(&key) => drop(records.insert(key, record)),
                action => return Err(format!("{action} of {} does not match", key.0)),
            }
        }
        self.records = records;
        self.changes.push(Instant::now());
        Ok((self.changes.len() - 1).to_string())
    }
}

fn within(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0.to_owned())
}

fn set((name, kind): &(String, String), (ttl, values): &(String, Vec<String>)) -> String {
    let mut records = String::new();
    for value in values {
        // Writing to a String cannot fail.
        let _ = write!(
            records,
            "<ResourceRecord><Value>{value}</Value></ResourceRecord>"
        );
    }
    format!(
        "<ResourceRecordSet><Name>{name}.</Name><Type>{kind}</Type><TTL>{ttl}</TTL><ResourceRecords>{records}</ResourceRecords></ResourceRecordSet>"
    )
}

fn change(id: &str, is_in_sync: bool, answer: &str) -> String {
    let status = if is_in_sync { "INSYNC" } else { "PENDING" };
    format!(
        "<{answer}><ChangeInfo><Id>/change/{id}</Id><Status>{status}</Status><SubmittedAt>2026-01-31T02:00:00Z</SubmittedAt></ChangeInfo></{answer}>"
    )
}

fn refused(code: &str, why: &str) -> (StatusCode, String) {
    let said = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{why}</Message></Error></ErrorResponse>"
    );
    (StatusCode::BAD_REQUEST, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_starts_at_the_name_whatever_the_type_and_goes_on_with_the_next() {
        let mut route53 = Route53::new(9);
        route53.points("a.orders.internal", "west");
        route53.points("c.orders.internal", "east");
        let mut listed = |query: &str| {
            let asked = Asked {
                method: Method::GET,
                path: "/2013-04-01/hostedzone/Z0EXAMPLE/rrset".into(),
                query: query.into(),
                ..Asked::default()
            };
            within(&route53.answer(&asked).1, "Name").unwrap_or_default()
        };
        assert_eq!(
            listed("maxitems=1&name=a.orders.internal"),
            "a.orders.internal."
        );
        let next = listed("maxitems=1&name=a.orders.internal&type=TXT");
        assert_eq!(next, "c.orders.internal.");
        assert_eq!(listed("maxitems=1&name=d.orders.internal"), "");
    }

    #[test]
    fn a_batch_that_deletes_what_is_not_there_changes_nothing() {
        let mut route53 = Route53::new(1);
        let one = |action: &str, value: &str| {
            format!(
                "<Change><Action>{action}</Action><ResourceRecordSet><Name>w.orders.internal</Name><Type>CNAME</Type><TTL>2</TTL>\
                 <ResourceRecords><ResourceRecord><Value>{value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
            )
        };
        assert!(route53.change(&one("CREATE", "west")).is_ok());
        let wrong = one("DELETE", "east") + &one("CREATE", "north");
        assert!(route53.change(&wrong).is_err());
        let right = one("DELETE", "west") + &one("CREATE", "east");
        assert!(route53.change(&right).is_ok());
        let key = ("w.orders.internal".to_owned(), "CNAME".to_owned());
        assert_eq!(route53.records[&key].1, ["east"]);
        assert_eq!(route53.changes.len(), 2);
    }
}
