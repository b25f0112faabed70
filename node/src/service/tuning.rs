//! Options of the node that Substrate has not.

use clap::Args;
use loadstone_node_setup::preset::{Pace, Preset};

/// How fast the chain goes.
#[derive(Clone, Debug, Args)]
pub struct TuningParams {
    /// Network that the validators share. Without it, the one that the chain's slots were made for.
    #[arg(long, value_name = "NETWORK")]
    pub preset: Option<Preset>,

    /// Expected time for a vote to cross the network, in milliseconds, in place of the preset's. It bounds the time
    /// to finality of blocks that follow each other closely, and costs processor time when it is small.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub grandpa_gossip_ms: Option<u64>,
}

impl TuningParams {
    /// The settings for a chain with slots of this length.
    ///
    /// # Errors
    /// What can't work, and the remedy.
    pub fn pace(&self, slot_ms: u64) -> Result<Pace, String> {
        let preset = self.preset.unwrap_or_else(|| Preset::for_slots_of(slot_ms));
        let pace = preset.pace(slot_ms)?;
        match self.grandpa_gossip_ms {
            Some(gossip_ms) => pace.with_gossip(gossip_ms, slot_ms),
            None => Ok(pace),
        }
    }
}
