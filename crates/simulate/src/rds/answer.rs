//! What the adapter to AWS makes of a call that changes something.

use aurora_global::members::Accepted;
use failover::{
    Error,
    domain::Region,
    patience::{Trouble, trouble},
};

use super::fault::{Fault, Taken};

/// What a call is for. A refusal of one means another thing than that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// It moves the writer's role.
    Promotes,
    /// It is one of a rebuild's.
    Rebuilds,
}

impl Asking {
    /// As the adapter answers what RDS has said.
    pub(crate) fn answer(
        self,
        taken: Taken,
        operation: &str,
        region: &Region,
    ) -> Result<Accepted, Error> {
        match taken {
            Ok(()) => Ok(Accepted::Yes),
            Err(fault) if fault.is_of_no_member() => Ok(Accepted::Yes),
            Err(fault) if self == Self::Promotes => fault.of_promotion(operation, region),
            Err(fault) => fault.of_rebuild(operation, region),
        }
    }
}

impl Fault {
    /// What RDS is in no state for, what is there and what is gone are looked at again.
    fn of_rebuild(self, operation: &str, region: &Region) -> Result<Accepted, Error> {
        match trouble(self.code) {
            Trouble::State | Trouble::Exists | Trouble::Gone => {
                Ok(Accepted::NotNow(format!("{}: {}", self.code, self.message)))
            }
            Trouble::Silent | Trouble::Refused => {
                let said = self.said(operation, region);
                Err(if self.code.starts_with("Invalid") {
                    Error::InvalidRequest(said)
                } else {
                    Error::NotReady(said)
                })
            }
        }
    }

    fn of_promotion(self, operation: &str, region: &Region) -> Result<Accepted, Error> {
        if trouble(self.code) == Trouble::State {
            return Ok(Accepted::NotNow(self.message));
        }
        Err(Error::NotReady(self.said(operation, region)))
    }

    /// Another pass removed it.
    fn is_of_no_member(&self) -> bool {
        self.message.contains("is not found in global cluster")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_as_the_adapter_reads_it() {
        let west = "us-west-2".into();
        let promoting = |fault| Asking::Promotes.answer(Err(fault), "FailoverGlobalCluster", &west);
        let rebuilding = |fault| Asking::Rebuilds.answer(Err(fault), "CreateDBCluster", &west);
        let not_now = |said: &str| Ok(Accepted::NotNow(said.into()));
        assert_eq!(promoting(Fault::global_state("busy")), not_now("busy"));
        let wrong = promoting(Fault::value("words")).unwrap_err();
        assert_eq!(wrong.name(), "NotReady", "it was answered");
        let gone = promoting(Fault::no_cluster("orders-west")).unwrap_err();
        assert_eq!(
            gone.to_string(),
            "RDS FailoverGlobalCluster in us-west-2: DBClusterNotFoundFault: DBCluster orders-west not found."
        );
        let said = "DBClusterAlreadyExistsFault: DB Cluster already exists";
        assert_eq!(rebuilding(Fault::cluster_exists()), not_now(said));
        let wrong = rebuilding(Fault::value("words")).unwrap_err();
        assert_eq!(wrong.name(), "InvalidRequest");
        let group = rebuilding(Fault::no_group(true, "orders")).unwrap_err();
        assert_eq!(group.name(), "NotReady");
        let left = Fault::value("DB cluster a is not found in global cluster b");
        assert_eq!(promoting(left), Ok(Accepted::Yes));
    }
}
