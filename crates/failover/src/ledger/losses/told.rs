//! An account of losses in words: one sentence for people.

use super::{Losses, LostBeats, TableIn, TableLoss, WIDE_BYTES};

impl Losses {
    /// One sentence for people.
    #[must_use]
    pub fn told(&self) -> String {
        let unknown = self.unknown.as_ref().map(|why| self.unknown_rows(why));
        if let Some(unknown) = &unknown
            && self.tables.iter().all(|table| !table.is_done)
        {
            return unknown.clone();
        }
        let remarks = self.tables.iter();
        let remarks = remarks.flat_map(|table| table.remarks(&self.cluster));
        let more = self.wide().into_iter().chain(remarks).chain(unknown);
        let more: String = more.map(|part| format!("; {part}")).collect();
        let found = self.lost_transactions().unwrap_or_else(|| self.rows());
        format!("{found}; {}{more}", self.lost_beats())
    }

    /// Of which tables nobody can know what was lost, and why.
    fn unknown_rows(&self, why: &str) -> String {
        let open = self.tables.iter().filter(|table| !table.is_done);
        let open: Vec<_> = open.map(|table| table.table.table.as_str()).collect();
        let of = if open.len() == self.tables.len() {
            String::new()
        } else {
            format!(" in {}", open.join(", "))
        };
        format!("what {} alone had{of} is unknown: {why}", self.cluster)
    }

    /// How many rows were found, of how many.
    fn rows(&self) -> String {
        format!(
            "{} row(s) are only in {} and {} differ there, of {} in {} table(s)",
            self.sum(|table| table.only_here),
            self.cluster,
            self.sum(|table| table.differs),
            self.sum(|table| table.compared),
            self.tables.len()
        )
    }

    /// How many transactions were found, and which.
    fn lost_transactions(&self) -> Option<String> {
        let lost = self.transactions.as_ref()?;
        let which = lost.first.as_ref().zip(lost.last.as_ref());
        let which = which.map_or_else(String::new, |(first, last)| {
            format!(", from {first} to {last}")
        });
        Some(format!(
            "{} transaction(s) are only in {}{which}, beats and the fence's own among them; their rows are not listed",
            lost.count, self.cluster
        ))
    }

    fn sum(&self, of: fn(&TableLoss) -> u64) -> u64 {
        self.tables.iter().map(of).sum()
    }

    fn lost_beats(&self) -> String {
        self.beats
            .as_deref()
            .map_or("the lost beats are unknown".to_owned(), lost)
    }

    fn wide(&self) -> Option<String> {
        let wide = self.sum(|table| table.wide);
        (wide > 0).then(|| {
            format!(
                "{wide} row(s) wider than {} MiB are listed by key alone",
                WIDE_BYTES / (1024 * 1024)
            )
        })
    }
}

/// How many beats are lost, and of how long.
fn lost(beats: &[LostBeats]) -> String {
    let lost = beats.iter().map(|beat| beat.count).sum::<u64>();
    let seconds = beats.iter().filter_map(|beat| beat.seconds);
    match seconds.reduce(f64::max) {
        None if lost > 0 => format!("{lost} beat(s) are lost, which is every one"),
        seconds => format!(
            "{lost} beat(s) of {:.1} s are lost",
            seconds.unwrap_or_default()
        ),
    }
}

impl TableLoss {
    /// What a reader of the files has to know.
    fn remarks(&self, cluster: &str) -> Vec<String> {
        let table = &self.table.table;
        let found_in = match self.found_in {
            TableIn::Both => None,
            TableIn::Deposed => Some(format!(
                "{table} is not on the writer, and every row is listed"
            )),
            TableIn::Writer => Some(format!(
                "{table} is not in {cluster}, so that nothing of it is lost"
            )),
        };
        let locked = (self.locked_seconds > 0).then(|| {
            format!(
                "{table} was locked for {} s, and compared when it was free",
                self.locked_seconds
            )
        });
        let parts = [found_in, self.not_compared(cluster), locked];
        parts.into_iter().flatten().collect()
    }

    /// What nothing lists of rows that are otherwise the same.
    #[must_use]
    pub fn not_compared(&self, cluster: &str) -> Option<String> {
        let own = self.own_columns.join(", ");
        (!own.is_empty()).then(|| {
            format!(
                "only {cluster} has {own} of {}, which was not compared",
                self.table.table
            )
        })
    }
}
