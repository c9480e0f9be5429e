//! Clusters that another tool owns: the examples, and the page that explains them.

mod cdk;
mod commands;
mod hcl;
mod schema;
mod settled;
mod terraform;

/// The page.
const PAGE: &str = "docs/how-to/ownership.md";
