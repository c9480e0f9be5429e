//! The words that every command takes which changes something.

use clap::Args;

/// Whether, and how, something is changed.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Consent {
    /// Says what would be done and what stands against it, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Goes on without the plan's name being typed.
    #[arg(long)]
    pub yes: bool,
}

/// How long a run is looked at that was started.
#[derive(Debug, Clone, Copy, Args)]
pub struct Watching {
    /// Starts the run and does not wait for its end.
    #[arg(long)]
    pub no_wait: bool,
    /// How many minutes its end is waited for. The run goes on after that.
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 120,
        value_parser = clap::value_parser!(u16).range(1..=20_160)
    )]
    pub wait: u16,
}
