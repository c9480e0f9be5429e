//! Every metric: what it means, in which unit, by which dimensions, and who measures it when. Templates and documents are held
//! against this list.

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit, by CloudWatch's name.
    pub unit: &'static str,
    /// The sets of dimensions that it is kept by. Each value of each is a metric of its own, and billed as one.
    pub dimensions: &'static [&'static [&'static str]],
    /// The function that measures it.
    pub by: &'static str,
    /// When.
    pub when: &'static str,
    /// What it says.
    pub about: &'static str,
}

/// How long no beat was committed.
pub const BEAT_AGE: Metric = Metric {
    name: "BeatAge",
    unit: "Seconds",
    dimensions: &[&["Plan"], &["Step"]],
    by: "confirm-outage",
    when: "every minute",
    about: "since the last beat of the member Region whose probe had one committed longest ago",
};

/// How far this Region's standby is behind.
pub const REPLICATION_LAG: Metric = Metric {
    name: "ReplicationLag",
    unit: "Milliseconds",
    dimensions: &[&["Plan"]],
    by: "confirm-outage",
    when: "every minute, where a standby is",
    about: "how old the newest beat was that had arrived at this Region's reader",
};

/// Whether a failover could be made.
pub const PROTECTED: Metric = Metric {
    name: "Protected",
    unit: "None",
    dimensions: &[&["Plan"]],
    by: "confirm-outage",
    when: "every minute",
    about: "1 where nothing that a failover needs was found missing, else 0. The log says what is missing",
};

/// Whether the writers could be moved here by plan.
pub const READY: Metric = Metric {
    name: "Ready",
    unit: "None",
    dimensions: &[&["Step"]],
    by: "`planned-failover` and `stop-writes`",
    when: "every 15 minutes",
    about: "1 where nothing stands against a planned move of any plan to this Region, else 0. The log names the plan and every reason",
};

/// Who writes.
pub const WRITES: Metric = Metric {
    name: "Writes",
    unit: "None",
    dimensions: &[&["Plan", "Writer"]],
    by: "confirm-outage",
    when: "every minute",
    about: "always 1, of the Region that this Region's ledger names as the proven writer",
};

/// Whether a switch is on.
pub const SWITCH_ON: Metric = Metric {
    name: "SwitchOn",
    unit: "None",
    dimensions: &[&["Step"], &["Plan"]],
    by: "confirm-outage",
    when: "every minute while one is on",
    about: "always 1, while the kill switch or the plan's maintenance switch is on",
};

/// What evidence amounted to.
pub const VERDICTS: Metric = Metric {
    name: "Verdicts",
    unit: "Count",
    dimensions: &[&["Plan", "Verdict"]],
    by: "confirm-outage",
    when: "at each verdict of a run",
    about: "1, by the verdict",
};

/// How runs end.
pub const RUNS_ENDED: Metric = Metric {
    name: "RunsEnded",
    unit: "Count",
    dimensions: &[&["Plan", "Kind", "Outcome"]],
    by: "recovery-ledger",
    when: "when a run closes",
    about: "1, by the kind of the run and by its outcome",
};

/// For how long writes were out.
pub const RTO: Metric = Metric {
    name: "RTO",
    unit: "Seconds",
    dimensions: &[&["Plan"]],
    by: "recovery-ledger",
    when: "when a run closes whose RTO is known",
    about: "the recovery time that the run's record has",
};

/// What was lost.
pub const RPO: Metric = Metric {
    name: "RPO",
    unit: "Seconds",
    dimensions: &[&["Plan"]],
    by: "recovery-ledger",
    when: "when a run closes whose RPO is known",
    about: "the seconds of writes that were lost, as the beats measured it",
};

/// What failed.
pub const FAILED: Metric = Metric {
    name: "Failed",
    unit: "Count",
    dimensions: &[&["Step"], &["Step", "Plan"]],
    by: "whoever it fails for",
    when: "at each failure",
    about: "1, by the step. Of the step `warm` it is kept by `Function` instead of `Plan`",
};

/// All of them.
pub const ALL: [Metric; 11] = [
    BEAT_AGE,
    REPLICATION_LAG,
    PROTECTED,
    READY,
    WRITES,
    SWITCH_ON,
    VERDICTS,
    RUNS_ENDED,
    RTO,
    RPO,
    FAILED,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>.
    const UNITS: [&str; 4] = ["Seconds", "Milliseconds", "Count", "None"];
    /// What is measured every minute costs for the whole month, in each Region.
    const ALWAYS: [&str; 4] = ["BeatAge", "ReplicationLag", "Protected", "Writes"];

    #[test]
    fn every_unit_is_one_of_cloudwatchs_and_no_name_stands_twice() {
        for metric in ALL {
            assert!(UNITS.contains(&metric.unit), "{}", metric.name);
            let same = ALL.iter().filter(|other| other.name == metric.name);
            assert_eq!(same.count(), 1, "{}", metric.name);
        }
    }

    #[test]
    fn a_plan_has_four_metrics_that_are_measured_all_the_time() {
        let of_plans = |metric: &Metric| {
            let sets = metric.dimensions.iter();
            sets.filter(|set| set.contains(&"Plan")).count()
        };
        let always = ALL.into_iter().filter(|metric| {
            metric.when.starts_with("every minute") && !metric.when.contains("while")
        });
        let always: Vec<_> = always.collect();
        let names: Vec<_> = always.iter().map(|metric| metric.name).collect();
        assert_eq!(names, ALWAYS);
        assert!(always.iter().all(|metric| of_plans(metric) == 1));
    }
}
