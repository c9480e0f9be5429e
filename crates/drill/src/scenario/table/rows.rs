//! The table: each scenario's name, its story, how it ends, and what people are told.

use failover::{evidence::Verdict, plan::Strategy};

use super::Scenario;

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scenario) enum Ends {
    /// The standby has taken over, after this verdict and by this strategy.
    Recovered(Verdict, Strategy),
    /// Nothing has changed, and every run that there was ended so.
    Unchanged {
        /// The last verdict; `None` where no run may come as far as one.
        verdict: Option<Verdict>,
        /// How every run that is admitted ends; `None` where there may be none.
        outcome: Option<&'static str>,
        /// Whether the application may notice nothing.
        writes_go_on: bool,
    },
    /// What the scenario's own checks say.
    AsPlayed,
}

/// One row of the table.
pub(in crate::scenario) struct Row {
    pub(in crate::scenario) name: &'static str,
    pub(in crate::scenario) story: &'static str,
    pub(in crate::scenario) ends: Ends,
    /// Parts of the subjects that people are told, each once.
    pub(in crate::scenario) told: &'static [&'static str],
}

const SUSPECTED: &str = "is suspected";
const RETURN: &str = "point of no return";
const TOOK_OVER: &str = "took over";

const fn down(strategy: Strategy) -> Ends {
    Ends::Recovered(Verdict::RegionDown, strategy)
}

/// Nothing has changed, and the application has not noticed anything.
const fn harmless(verdict: Verdict) -> Ends {
    Ends::Unchanged {
        verdict: Some(verdict),
        outcome: Some("stood_down"),
        writes_go_on: true,
    }
}

/// Nothing has changed, though the application could not write for a while.
const fn unchanged(verdict: Verdict, outcome: &'static str) -> Ends {
    Ends::Unchanged {
        verdict: Some(verdict),
        outcome: Some(outcome),
        writes_go_on: false,
    }
}

impl Scenario {
    /// Its row of the table.
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    pub(in crate::scenario) const fn row(self) -> Row {
        use Verdict::{
            ObserverIsolated, PathImpaired, ProbeMisconfigured, RegionDown, WriterDown,
            WriterRestarting, WriterSaturated,
        };
        let (name, story, ends, told): (_, _, _, &[&str]) = match self {
            Self::RegionLoss => (
                "region-loss",
                "The home Region dies whole, replication a few seconds behind: the standby is detached and promoted, the writer's name moves, and writes go on.",
                down(Strategy::Detach),
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::RegionLossManaged => (
                "region-loss-managed",
                "The home Region dies whole: a managed failover promotes the standby and keeps the global cluster together.",
                down(Strategy::Managed),
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::PathImpaired => (
                "path-impaired",
                "Only the standby's road to the writer is cut: the writer is suspected, found alive, and nothing changes.",
                harmless(PathImpaired),
                &[SUSPECTED, "stood down (path_impaired)"],
            ),
            Self::WriterRestart => (
                "writer-restart",
                "The writer crashes and is back within the grace: nothing changes.",
                unchanged(WriterRestarting, "stood_down"),
                &[SUSPECTED, "stood down (writer_restarting)"],
            ),
            Self::WriterMaintenance => (
                "writer-maintenance",
                "RDS says that the writer is upgrading, and it is away for longer than the grace of a crash: nothing changes.",
                unchanged(WriterRestarting, "stood_down"),
                &[SUSPECTED, "stood down (writer_restarting)"],
            ),
            Self::WriterDown => (
                "writer-down",
                "The writer is gone beyond the grace while its Region answers, and its own Region's probe fails too: the standby takes over.",
                Ends::Recovered(WriterDown, Strategy::Detach),
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::RegionsParted => (
                "regions-parted",
                "The two Regions cannot reach each other, and both reach the witness: people are told, nothing changes.",
                harmless(PathImpaired),
                &[SUSPECTED, "stood down (path_impaired)"],
            ),
            Self::ObserverIsolated => (
                "observer-isolated",
                "The standby's Region reaches nothing but itself: it cannot tell, and nothing changes.",
                harmless(ObserverIsolated),
                &[SUSPECTED, "stood down (observer_isolated)"],
            ),
            Self::RoadAndReplicationDown => (
                "road-and-replication-down",
                "The road and the replication both stop while the writer commits at home: its own Region's record says so, and nothing changes.",
                harmless(PathImpaired),
                &[SUSPECTED, "stood down (path_impaired)"],
            ),
            Self::Blip => (
                "blip",
                "The road fails for fewer looks than make a suspicion: no run starts.",
                Ends::Unchanged {
                    verdict: None,
                    outcome: None,
                    writes_go_on: true,
                },
                &[],
            ),
            Self::MisconfiguredPassword => (
                "misconfigured-probe-password",
                "Somebody changes the probe's password: that is said, and nothing changes.",
                harmless(ProbeMisconfigured),
                &[SUSPECTED, "stood down (probe_misconfigured)"],
            ),
            Self::MisconfiguredCertificate => (
                "misconfigured-probe-certificate",
                "The probes trust another authority than the one that signed the database's certificate: that is said, and nothing changes.",
                harmless(ProbeMisconfigured),
                &[SUSPECTED, "stood down (probe_misconfigured)"],
            ),
            Self::MisconfiguredTable => (
                "misconfigured-probe-table",
                "The heartbeat's table is gone: that is said, and nothing changes.",
                harmless(ProbeMisconfigured),
                &[SUSPECTED, "stood down (probe_misconfigured)"],
            ),
            Self::MisconfiguredRights => (
                "misconfigured-probe-rights",
                "The probe's role may only read: that is said, and nothing changes.",
                harmless(ProbeMisconfigured),
                &[SUSPECTED, "stood down (probe_misconfigured)"],
            ),
            Self::Observe => (
                "observe",
                "The home Region dies, and the plan only observes: what would have been done is said, nothing is done.",
                unchanged(RegionDown, "stood_down"),
                &[SUSPECTED, "would have failed over to us-east-1"],
            ),
            Self::ApprovalGiven => (
                "approval-given",
                "The home Region dies, and the plan asks a human, who approves: it is confirmed again, and the standby takes over.",
                down(Strategy::Detach),
                &[SUSPECTED, "shall us-east-1 take over", RETURN, TOOK_OVER],
            ),
            Self::ApprovalRefused => (
                "approval-refused",
                "The home Region dies, and the human who is asked refuses: nothing changes.",
                unchanged(RegionDown, "stood_down"),
                &[
                    SUSPECTED,
                    "shall us-east-1 take over",
                    "stood down (region_down)",
                ],
            ),
            Self::ApprovalLate => (
                "approval-late",
                "The home Region dies, and nobody answers in time: nothing changes.",
                unchanged(RegionDown, "stood_down"),
                &[SUSPECTED, "stood down (region_down)"],
            ),
            Self::ApprovalOver => (
                "approval-over",
                "A human approves after the Region has come back: it is confirmed again, found healthy, and nothing changes.",
                unchanged(Verdict::Healthy, "stood_down"),
                &[SUSPECTED, "shall us-east-1 take over"],
            ),
            Self::LateRedrive => (
                "late-redrive",
                "A run is stopped before it promoted anything, and its next pass is made when the Region is back and its evidence old: nothing is promoted.",
                Ends::AsPlayed,
                &[SUSPECTED],
            ),
            Self::RunDies => (
                "run-dies",
                "The promoting function is taken away right after its call, and the lost Region comes back: the open intent is paged, and a new run finishes it at its proof.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, "no run finishes it", TOOK_OVER],
            ),
            Self::TwiceLost => (
                "twice-lost",
                "After a failover by detach the new writer's Region is lost too: the deposed writer is not promoted, and people are told why.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over",
                    "stopped before anything was promoted",
                ],
            ),
            Self::LaggingStandby => (
                "lagging-standby",
                "Replication stops 60 s before the home Region dies, and the plan accepts 30 s: nothing is promoted, and it says by how much.",
                Ends::Unchanged {
                    verdict: Some(RegionDown),
                    outcome: Some("aborted"),
                    writes_go_on: false,
                },
                &[SUSPECTED, "stopped before anything was promoted"],
            ),
            Self::Throttled => (
                "throttled",
                "The home Region dies, and RDS throttles and answers 5xx during the run: it completes all the same.",
                down(Strategy::Detach),
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::RunTwice => (
                "run-twice",
                "The home Region dies, the suspicion is delivered three times at once and once more later: exactly one run acts.",
                down(Strategy::Detach),
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::PlannedMeetsUnplanned => (
                "planned-meets-unplanned",
                "Somebody starts an unplanned run while a planned one holds the plan in every Region: it is refused, and the planned one goes on.",
                Ends::AsPlayed,
                &["us-east-1 took over from us-west-2"],
            ),
            Self::Flapping => (
                "flapping",
                "After a failover the new writer blinks within the cool-down: no second failover, and people are told.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over",
                    "no run from us-east-1 to us-west-2: cool-down",
                ],
            ),
            Self::Switchover => (
                "switchover",
                "The writer is moved to the standby's Region and back, as planned, while the application writes: no row is lost.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::SwitchoverNotReady => (
                "switchover-not-ready",
                "A planned move is asked for while much stands against it: every reason is listed, and nothing changes.",
                Ends::AsPlayed,
                &["stopped before anything was promoted"],
            ),
            Self::SwitchoverCancelled => (
                "switchover-cancelled",
                "Replication stops as a planned move begins, and RDS calls the switchover off: that is told as what it is, and the old writer leads on.",
                Ends::AsPlayed,
                &["stopped before anything was promoted"],
            ),
            Self::AnswerLost => (
                "answer-lost",
                "RDS takes a switchover there and one back and answers both with 500, while its describes lag in the target's Region, then in the source's: each is followed to its end, and RDS is asked once.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::ManagedRefused => (
                "managed-refused",
                "The home Region dies whole, and RDS refuses every managed failover: after half a minute the outage is confirmed again and the standby is detached instead.",
                down(Strategy::Detach),
                &[SUSPECTED, RETURN, "is detached instead", TOOK_OVER],
            ),
            Self::LostMidSwitchover => (
                "lost-mid-switchover",
                "The home Region dies while RDS switches over to the standby: the planned run gives the plan back after a minute of silence, and an unplanned one leaves the operation that hangs by a detach.",
                Ends::AsPlayed,
                &[
                    "is not complete",
                    SUSPECTED,
                    "is detached instead",
                    TOOK_OVER,
                ],
            ),
            Self::IdleFunctions => (
                "idle-functions",
                "The home Region dies, and Lambda cannot start dns-flip for forty seconds behind the proof: it is tried again until it can, and the names lead over.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::FailbackAfterManaged => (
                "failback-after-managed",
                "The home Region is lost and failed over by a managed failover; it returns, is resynchronised, and the writer goes home.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::FailbackAfterDetach => (
                "failback-after-detach",
                "The home Region is lost and failed over by detach; it returns, its writer is fenced, kept and made anew as a standby, a human is asked, and the writer goes home.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "shall us-west-2 take over",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::ServerlessMember => (
                "serverless-member",
                "The home member has an instance of Aurora Serverless v2; lost by detach, it is made anew and scales as before.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::EveryProperty => (
                "every-property",
                "The home member has every property set; lost by detach, it comes back equal, and what no member is given was printed before.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::Rehearsal => (
                "rehearsal",
                "After a failover the standby is rebuilt and the deposed cluster deleted, while the writer stays; later the writer goes home.",
                Ends::AsPlayed,
                &[
                    "the standby in us-west-2 is rebuilt",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::RegionReturns => (
                "region-returns",
                "The lost Region comes back while a client still holds its writer's address: it is fenced, and takes no application's write from then on.",
                Ends::AsPlayed,
                &["the deposed writer in us-west-2 was fenced"],
            ),
            Self::SecretRotated => (
                "secret-rotated",
                "While the home Region is lost, the administrator's secret is rotated twice, and only the new writer has the new password: the deposed one is fenced all the same, and the writer goes home.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over from us-west-2",
                    "the deposed writer in us-west-2 was fenced",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::SubnetsDenied => (
                "subnets-denied",
                "Every road into the home network falls silent while RDS answers and the writer lives: a human is asked, the standby takes over, and when the roads return the deposed writer is fenced.",
                Ends::AsPlayed,
                &[
                    "us-east-1 took over",
                    "the deposed writer in us-west-2 was fenced",
                ],
            ),
            Self::FailbackInterrupted => (
                "failback-interrupted",
                "Each function of a failback is killed once in the middle of a pass: it ends as if nothing had happened.",
                Ends::AsPlayed,
                &["us-west-2 took over from us-east-1"],
            ),
            Self::FailbackRefused => (
                "failback-refused",
                "A failback meets one obstacle after another: its Region is away, a snapshot's name is taken, a quota is reached, the retired cluster is deleted by hand. Each is named, and it goes on from where it stopped.",
                Ends::AsPlayed,
                &["us-west-2 took over from us-east-1"],
            ),
            Self::RoundTrip => (
                "round-trip",
                "Three times: the Region is lost, comes back, the writer goes home, and is switched over both ways.",
                Ends::AsPlayed,
                &[],
            ),
            Self::MillionRows => (
                "million-rows",
                "A deposed writer has a table of a million rows, a thousand of which only it has or has otherwise: the loss ledger lists just these.",
                Ends::AsPlayed,
                &["the loss ledger of orders-west is written"],
            ),
            Self::Subscriber => (
                "subscriber",
                "The writer is fed by a subscription, and feeds a reader of changes by a slot. Its Region is lost and comes back: the fence ends both, and the upstream's slot stays for the new writer.",
                Ends::AsPlayed,
                &["the deposed writer in us-west-2 was fenced"],
            ),
            Self::CronElsewhere => (
                "cron-elsewhere",
                "pg_cron lives in its default database, beside the plan's. The lost Region comes back: after the fence its jobs write no more, and after the failback they do.",
                Ends::AsPlayed,
                &[
                    "the member in us-west-2 was unfenced by hand",
                    "us-west-2 took over from us-east-1",
                ],
            ),
            Self::LockedTable => (
                "locked-table",
                "Somebody locks a table of the deposed writer for 25 s while a failback compares it: it is waited for and named, and nothing is taken away before it is compared.",
                Ends::AsPlayed,
                &["the loss ledger of orders-west is written"],
            ),
            Self::LastBytes => (
                "last-bytes",
                "The home Region dies while the standby replays 0.7 s behind it: what arrives late is no sign of life, and the standby takes over.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::LastBytesOfTwelveSeconds => (
                "last-bytes-12",
                "The home Region dies while the standby replays 12 s behind it: it is waited for until all has arrived, and the standby takes over.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::LastBytesOfAMinute => (
                "last-bytes-45",
                "The home Region dies while the standby replays 45 s behind it: the first run may stand down, a later one lets the standby take over.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::ReaderRestarts => (
                "reader-restarts",
                "The home Region dies and the standby's database restarts at the same moment, and has replayed more when it is back: no sign of life.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::SlotsExhausted => (
                "slots-exhausted",
                "Every connection slot of the writer is taken, while the application's open session goes on committing: people are told, nothing changes.",
                harmless(WriterSaturated),
                &[SUSPECTED, "stood down (writer_saturated)"],
            ),
            Self::BrokenPlan => (
                "broken-plan",
                "A stray comma gets into the standby's plan, and then the home Region dies: people are told of the one, the last good plan meets the other, and asks.",
                down(Strategy::Detach),
                &[
                    "the plan's parameter in us-east-1 is wrong",
                    SUSPECTED,
                    "shall us-east-1 take over",
                    RETURN,
                    TOOK_OVER,
                ],
            ),
            Self::DryRunMachine => (
                "dry-run-machine",
                "Each state machine is started with dry_run, and the unplanned one once more while the home Region is lost: each says what it would do, and nothing is changed.",
                Ends::AsPlayed,
                &["is suspected and no run can be started"],
            ),
            Self::SwitchoverByInvoke => (
                "switchover-by-invoke",
                "The writer is moved by calls of functions alone, as the README prints them: there step after step, back by one call, while the application writes. No row is lost.",
                Ends::AsPlayed,
                &["us-west-2 took over from us-east-1"],
            ),
            Self::TenPlans => (
                "ten-plans",
                "Ten plans, each with a global database of its own and one PostgreSQL server a member, lose their Region at once, and Route 53 takes five calls a second of all of them: each is promoted once and led over.",
                Ends::AsPlayed,
                &[
                    "orders: us-east-1 took over",
                    "billing: us-east-1 took over",
                    "tenant1: us-east-1 took over",
                    "tenant2: us-east-1 took over",
                    "tenant3: us-east-1 took over",
                    "tenant4: us-east-1 took over",
                    "tenant5: us-east-1 took over",
                    "tenant6: us-east-1 took over",
                    "tenant7: us-east-1 took over",
                    "tenant8: us-east-1 took over",
                ],
            ),
            Self::ThreeRegions => (
                "three-regions",
                "Of two standbys one has no instance and the other lags: both notice the loss, and the one that can take over is promoted, once.",
                down(Strategy::Detach),
                &[RETURN, "eu-west-1 took over"],
            ),
            Self::TwoPlans => (
                "two-plans",
                "Two plans lose their Region at once, and a service of one cannot start: both are promoted, and the broken one says what is left.",
                down(Strategy::Detach),
                &[
                    "orders: us-east-1 took over",
                    "billing: the failover to us-east-1 is not complete",
                ],
            ),
            Self::KillSwitch => (
                "kill-switch",
                "The home Region dies while the kill switch is on: nobody is suspected, and a run by hand is refused.",
                Ends::AsPlayed,
                &[
                    "is suspected and no run is started",
                    "no run from us-west-2 to us-east-1: switch",
                ],
            ),
            Self::ByHand => (
                "by-hand",
                "The home Region dies, the plan only observes, and a human forces each step with one call after the other.",
                Ends::AsPlayed,
                &["would have failed over to us-east-1", RETURN],
            ),
            Self::Route53Ssm => (
                "route53-down-ssm",
                "The home Region dies and takes Route 53's control plane with it; the plan points a parameter, and the failover goes through.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN, TOOK_OVER],
            ),
            Self::Route53Cname => (
                "route53-down-cname",
                "The home Region dies and takes Route 53's control plane with it; the plan had accepted that, and its services are restarted all the same.",
                Ends::AsPlayed,
                &[SUSPECTED, RETURN],
            ),
        };
        Row {
            name,
            story,
            ends,
            told,
        }
    }
}
