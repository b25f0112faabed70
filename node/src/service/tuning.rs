//! Options of the node that Substrate has not.

use clap::Args;
use std::time::Duration;

/// Finality.
#[derive(Clone, Debug, Args)]
pub struct TuningParams {
    /// Expected time for a vote to cross the network, in milliseconds. GRANDPA waits twice as long
    /// before it prevotes and four times before it precommits: it is the main part of the time to
    /// finality, and costs processor time when it is small.
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub grandpa_gossip_ms: u64,
}

impl TuningParams {
    /// Expected time for a vote to cross the network; never below 1 ms, where GRANDPA panics.
    pub fn gossip_duration(&self) -> Duration {
        Duration::from_millis(self.grandpa_gossip_ms.max(1))
    }
}
