//! The files of what a batch found. The account names them before they are written: a batch whose account could not be written is
//! read again and may end earlier, and what it does not write again is emptied, so that no row stands in two files.

use failover::{
    Error,
    ledger::TableLoss,
    ports::{Comparison, RowBatch},
};

/// What a batch found, by what the names of the files begin with.
pub(super) struct Files([(&'static str, Vec<u8>); 4]);

impl Files {
    /// Takes the contents from a batch.
    pub(super) fn of(batch: &mut RowBatch) -> Self {
        let take = std::mem::take::<Vec<u8>>;
        let RowBatch {
            only_here, differs, ..
        } = batch;
        Self([
            ("only-here", take(&mut only_here.csv)),
            ("only-here-keys", take(&mut only_here.keys)),
            ("differs", take(&mut differs.csv)),
            ("differs-keys", take(&mut differs.keys)),
        ])
    }

    /// Names in the account what is about to be written; answers whether any of it was not named there yet.
    pub(super) fn announce(&self, table: &mut TableLoss) -> bool {
        let before = table.begun.len();
        for (kind, content) in &self.0 {
            if !content.is_empty() && !table.begun.iter().any(|begun| begun == kind) {
                table.begun.push((*kind).to_owned());
            }
        }
        table.begun.len() > before
    }

    /// Writes them, and empties what an earlier reading of the same rows has left.
    pub(super) async fn keep(
        self,
        world: &impl Comparison,
        folder: &str,
        table: &mut TableLoss,
    ) -> Result<(), Error> {
        let began = table.compared;
        for (kind, content) in self.0 {
            let is_left = table.begun.iter().any(|begun| begun == kind);
            let holds_rows = !content.is_empty();
            if holds_rows || is_left {
                let name = format!("{folder}/{}/{kind}-{began:012}.csv", table.place());
                world.keep(&name, content).await?;
            }
            table.kept += u64::from(holds_rows);
        }
        table.begun.clear();
        Ok(())
    }
}
