//! How a switch is led over, with both buckets and with one that is silent, and what is told of one that is not.

use super::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use failover::{
    ledger::{Endpoints, PlanState, Rows},
    plan, testing,
};

use crate::routes::Destination;

pub(super) const HOME: &str = "us-west-2";
pub(super) const HERE: &str = "us-east-1";

/// S3 in two Regions, of which some are silent or refuse.
pub(super) struct Buckets {
    pub(super) here: Region,
    failing: BTreeMap<Region, Error>,
    pub(super) objects: Mutex<BTreeMap<Region, Object>>,
    /// What somebody else writes between the next read and the write that follows it.
    pub(super) between: Mutex<Option<String>>,
    /// What takes no write.
    read_only: BTreeSet<Region>,
}

impl Buckets {
    pub(super) fn holding(objects: &[(&str, Word)]) -> Self {
        let each = objects.iter().map(|(region, word)| {
            let object = Object {
                text: word.text(),
                tag: "0".into(),
                written_at: None,
            };
            (Region::from(*region), object)
        });
        Self {
            here: HERE.into(),
            failing: BTreeMap::new(),
            objects: Mutex::new(each.collect()),
            between: Mutex::default(),
            read_only: BTreeSet::new(),
        }
    }

    pub(super) fn failing(mut self, region: &str, why: Error) -> Self {
        self.failing.insert(region.into(), why);
        self
    }

    pub(super) fn read_only(mut self, region: &str) -> Self {
        self.read_only.insert(region.into());
        self
    }

    pub(super) fn held(&self, region: &str) -> Held {
        Held::of(self.objects.lock().unwrap().get(&region.into()))
    }

    fn answers(&self, region: &Region) -> Result<(), Error> {
        self.failing
            .get(region)
            .map_or(Ok(()), |why| Err(why.clone()))
    }
}

impl Objects for Buckets {
    async fn object(&self, region: &Region, _: &str, _: &str) -> Result<Option<Object>, Error> {
        self.answers(region)?;
        let mut objects = self.objects.lock().unwrap();
        let read = objects.get(region).cloned();
        if let Some(text) = self.between.lock().unwrap().take() {
            let tag = "between".into();
            objects.insert(
                region.clone(),
                Object {
                    text,
                    tag,
                    written_at: None,
                },
            );
        }
        Ok(read)
    }

    async fn put_object(
        &self,
        region: &Region,
        _: (&str, &str),
        text: &str,
        read: Option<&Object>,
    ) -> Result<bool, Error> {
        self.answers(region)?;
        if self.read_only.contains(region) {
            return Err(Error::Denied("AccessDenied".into()));
        }
        let mut objects = self.objects.lock().unwrap();
        if objects.get(region) != read {
            return Ok(false);
        }
        let (text, tag) = (text.to_owned(), format!("{text} written"));
        objects.insert(
            region.clone(),
            Object {
                text,
                tag,
                written_at: None,
            },
        );
        Ok(true)
    }
}

impl Runtime for Buckets {
    fn region(&self) -> &Region {
        &self.here
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn pause(&self, _: Duration) {}

    async fn within<T: Send>(
        &self,
        _: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        Some(work.await)
    }
}

pub(super) fn route() -> plan::Route {
    let switch = |bucket: &str| Switch {
        bucket: bucket.into(),
        key: "switch".into(),
        canary: None,
    };
    plan::Route::HealthSwitch {
        name: "shop.example.com".into(),
        primary: HOME.into(),
        switches: [(HOME.into(), switch("west")), (HERE.into(), switch("east"))].into(),
        targets: [
            (HOME.into(), "west.example.com".into()),
            (HERE.into(), "east.example.com".into()),
        ]
        .into(),
        check_interval_seconds: 10,
        check_failures: 3,
        by_hand_minutes: 60,
    }
}

/// A run of epoch 8 that leads traffic to a Region.
fn pass(to: &str, leased: &[&str]) -> Pass {
    let mut run = testing::run();
    run.to = to.into();
    run.leased = leased.iter().copied().map(Region::from).collect();
    run.plan.routes = vec![route()];
    Pass {
        run,
        rows: Rows([(Region::from(HERE), PlanState::new("orders".into()))].into()),
        now: Timestamp::UNIX_EPOCH,
        dry_run: false,
    }
}

/// Where a run of epoch 8 leads, after so many seconds in its step.
fn destination(waited_seconds: i64) -> Destination {
    Destination {
        epoch: Epoch(8),
        writer: Endpoints {
            writer: "w".into(),
            reader: "r".into(),
            port: 5432,
        },
        members: Vec::new(),
        since: Timestamp::from_second(-waited_seconds).unwrap(),
    }
}

/// Passes until nothing more is written; what is refused then.
async fn led(world: &Buckets, pass: &mut Pass) -> Result<Vec<Error>, Error> {
    for _ in 0..6 {
        let (seen, failed) = observe(world, pass, &destination(20)).await;
        let route = seen[0].route(Epoch(8));
        if let Some(later) = route.later {
            return Err(later);
        }
        match route.change.filter(|_| route.stands.is_none()) {
            Some(Change::Object(one)) => drop(put(world, pass, &one).await),
            Some(other) => panic!("{other:?} is no object"),
            None => return Ok([failed, route.refused].concat()),
        }
    }
    panic!("the passes come to no end");
}

pub(super) fn word(epoch: u64, says: Says) -> Word {
    let epoch = Epoch(epoch);
    Word { epoch, says }
}

pub(super) fn written(epoch: u64, says: Says) -> Held {
    Held::Written(word(epoch, says))
}

const BOTH: [&str; 2] = [HOME, HERE];

#[tokio::test]
async fn traffic_goes_to_the_standby_and_comes_home_by_words_of_the_epoch() {
    let before = [
        (HOME, word(7, Says::Nothing)),
        (HERE, word(7, Says::Nothing)),
    ];
    let world = Buckets::holding(&before);
    assert_eq!(led(&world, &mut pass(HERE, &BOTH)).await, Ok(vec![]));
    assert_eq!(world.held(HERE), written(8, Says::StandbyActive));
    assert_eq!(world.held(HOME), written(8, Says::Nothing));
    let away = [
        (HOME, word(7, Says::Nothing)),
        (HERE, word(7, Says::StandbyActive)),
    ];
    let world = Buckets::holding(&away);
    assert_eq!(led(&world, &mut pass(HOME, &BOTH)).await, Ok(vec![]));
    for region in BOTH {
        assert_eq!(world.held(region), written(8, Says::Nothing));
    }
}

#[tokio::test]
async fn a_region_that_is_lost_keeps_nothing_from_the_standby_and_what_it_missed_is_told() {
    let silent = Error::Unavailable("no answer".into());
    let world = Buckets::holding(&[(HERE, word(7, Says::Nothing))]).failing(HOME, silent);
    let mut pass = pass(HERE, &[HERE]);
    assert_eq!(led(&world, &mut pass).await, Ok(vec![]));
    assert_eq!(world.held(HERE), written(8, Says::StandbyActive));
    let (seen, _) = observe(&world, &pass, &destination(0)).await;
    let missed = seen[0].missed(Epoch(8));
    assert_eq!(missed.len(), 1, "{missed:?}");
    let says = "object switch of bucket west in us-west-2 does not say {\"epoch\": 8, \"says\": \"nothing\"} yet";
    assert!(missed[0].contains(says), "{missed:?}");
}

#[tokio::test]
async fn a_bucket_that_can_be_read_and_not_written_counts_as_silent() {
    let both = [
        (HOME, word(7, Says::Nothing)),
        (HERE, word(7, Says::StandbyActive)),
    ];
    let world = Buckets::holding(&both).read_only(HERE);
    let mut home = pass(HOME, &BOTH);
    let refused = led(&world, &mut home).await.unwrap();
    assert_eq!(world.held(HOME), written(8, Says::PrimaryActive));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(
        refused[0]
            .to_string()
            .contains("bucket east in us-east-1 could not be written")
    );
    let route = home.run.plan.routes[0].clone();
    assert_eq!(
        stands(&home.run, &route, home.now),
        None,
        "the name follows"
    );
    let mut away = pass(HERE, &BOTH);
    led(&world, &mut away).await.unwrap();
    let given_up = stands(&away.run, &route, away.now);
    assert!(matches!(given_up, Some(Stands::GivenUp(_))), "{given_up:?}");
}

#[tokio::test]
async fn a_bucket_where_the_application_goes_is_asked_again_and_one_elsewhere_for_a_while() {
    let silent = || Error::Unavailable("no answer".into());
    let refused = async |to: &str, waited| {
        let world = Buckets::holding(&[])
            .failing(HERE, silent())
            .failing(HOME, silent());
        let (seen, _) = observe(&world, &pass(to, &BOTH), &destination(waited)).await;
        let refused = seen[0].route(Epoch(8)).refused;
        refused.iter().map(Error::name).collect::<Vec<_>>()
    };
    assert_eq!(refused(HERE, 60).await, ["Unavailable"]);
    assert_eq!(refused(HOME, 5).await, ["Unavailable"]);
    assert_eq!(refused(HOME, 6).await, ["NotReady"]);
}

#[tokio::test]
async fn where_the_standbys_bucket_is_silent_the_primarys_word_alone_keeps_the_traffic() {
    let silent = || Error::Unavailable("no answer".into());
    let west = [(HOME, word(7, Says::Nothing))];
    let world = Buckets::holding(&west).failing(HERE, silent());
    assert_eq!(led(&world, &mut pass(HOME, &BOTH)).await, Ok(vec![]));
    assert_eq!(world.held(HOME), written(8, Says::PrimaryActive));
    let refused = led(&world, &mut pass(HERE, &BOTH)).await.unwrap();
    let told = refused.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "{told:?}");
    for part in [
        "shop.example.com follows an object in us-east-1",
        "no answer",
    ] {
        assert!(told[0].contains(part), "{told:?}");
    }
}

#[tokio::test]
async fn a_later_word_and_one_that_was_written_meanwhile_win() {
    let later = [(HERE, word(9, Says::Nothing))];
    let why = led(&Buckets::holding(&later), &mut pass(HERE, &BOTH)).await;
    assert_eq!(why.unwrap_err().name(), "UnexpectedTopology");
    let world = Buckets::holding(&[]);
    let meanwhile = word(9, Says::Nothing).text();
    *world.between.lock().unwrap() = Some(meanwhile);
    let why = led(&world, &mut pass(HERE, &BOTH)).await;
    assert_eq!(why.unwrap_err().name(), "UnexpectedTopology");
    assert_eq!(world.held(HERE), written(9, Says::Nothing));
}

#[tokio::test]
async fn what_is_denied_is_told_and_what_was_put_by_hand_is_overwritten() {
    let denied = Error::Denied("AccessDenied".into());
    let world = Buckets::holding(&[]).failing(HOME, denied);
    let by_hand = Object {
        text: "standby-active".into(),
        tag: "h".into(),
        written_at: None,
    };
    world.objects.lock().unwrap().insert(HERE.into(), by_hand);
    let refused = led(&world, &mut pass(HERE, &BOTH)).await.unwrap();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].name(), "Denied");
    assert!(
        refused[0]
            .to_string()
            .contains("object switch of bucket west in us-west-2")
    );
    assert_eq!(world.held(HERE), written(8, Says::StandbyActive));
}

#[tokio::test]
async fn a_third_region_has_no_record_and_is_refused_before_the_writer_moves() {
    let world = Buckets::holding(&[]);
    let mut pass = pass("eu-west-1", &BOTH);
    pass.dry_run = true;
    let told = refusals(&world, &pass, &destination(0)).await;
    let says = "shop.example.com leads to us-west-2 or us-east-1 only, and not to eu-west-1";
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(says), "{told:?}");
}

#[tokio::test]
async fn both_objects_that_say_active_are_named_ahead_of_a_move() {
    let told = async |in_standby, in_primary| {
        let both = [(HOME, word(7, in_primary)), (HERE, word(6, in_standby))];
        let mut pass = pass(HERE, &BOTH);
        pass.dry_run = true;
        let world = Buckets::holding(&both);
        assert_eq!(refusals(&world, &pass, &destination(0)).await.len(), 0);
        warnings(&world, &pass, &destination(0)).await.join("; ")
    };
    let says = "both objects of shop.example.com say that their own Region is active, so that its traffic goes to us-west-2";
    let one = told(Says::StandbyActive, Says::Nothing).await;
    assert!(!one.contains(says), "{one}");
    let both = told(Says::StandbyActive, Says::PrimaryActive).await;
    assert!(both.contains(says), "{both}");
}

#[tokio::test]
async fn a_bucket_of_another_region_is_named_whatever_else_could_be_written() {
    let elsewhere = Error::InvalidRequest("bucket west is in another Region".into());
    let world = Buckets::holding(&[]).failing(HOME, elsewhere);
    let refused = led(&world, &mut pass(HERE, &BOTH)).await.unwrap();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].name(), "InvalidRequest");
}

#[tokio::test]
async fn a_word_that_was_written_unseen_stands_and_is_forgotten_as_a_failure() {
    let both = [
        (HOME, word(8, Says::Nothing)),
        (HERE, word(8, Says::StandbyActive)),
    ];
    let world = Buckets::holding(&both);
    let mut pass = pass(HERE, &BOTH);
    let route = pass.run.plan.routes[0].clone();
    let own = called(&HERE.into(), &planned_switch(&route, HERE));
    let denied = Error::Denied("AccessDenied".into());
    unled::note(&mut pass.run, (&own, &own), pass.now, &denied);
    assert!(stands(&pass.run, &route, pass.now).is_some());
    assert_eq!(led(&world, &mut pass).await, Ok(vec![]));
    let (seen, _) = observe(&world, &pass, &destination(0)).await;
    seen[0].forget_written(&mut pass.run, Epoch(8));
    assert_eq!(stands(&pass.run, &route, pass.now), None);
}

fn planned_switch(route: &plan::Route, region: &str) -> Switch {
    match route {
        plan::Route::HealthSwitch { switches, .. } => switches[&region.into()].clone(),
        plan::Route::Cname { .. } | plan::Route::Ssm { .. } => panic!("it is no switch"),
    }
}
