//! Cross-checks between the parts of aurora-failover.
