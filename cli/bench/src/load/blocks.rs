//! What blocks hold, by the chain's own count.

use anyhow::{Context, Result};
use codec::{Decode, Encode};
use loadstone_client::client::{Chain, State};
use loadstone_evidence::keys;
use subxt::dynamic;

/// A weight as the chain writes it: computing time in picoseconds, bytes of proof.
#[derive(Clone, Copy, Debug, Decode, Encode)]
pub struct Weight {
    #[codec(compact)]
    time: u64,
    #[codec(compact)]
    _proof: u64,
}

/// Computing time that a block may hold, in picoseconds.
pub async fn limit(chain: &Chain) -> Result<u64> {
    let at = chain.api.at_current_block().await?;
    let bytes = at.constants().entry_bytes(dynamic::constant::<()>("System", "BlockWeights"))?;
    // The limits of each class follow.
    let (_base, whole) = <(Weight, Weight)>::decode(&mut &bytes[..]).context("BlockWeights has another shape")?;
    Ok(whole.time)
}

/// Computing time in a block by class, in picoseconds: ordinary transactions, and all else.
pub async fn filled(state: &State<'_>) -> Result<(u64, u64)> {
    let key = keys::item("System", "BlockWeight");
    let (normal, operational, mandatory): (Weight, Weight, Weight) = state.require(key, "the block's weight").await?;
    Ok((normal.time, operational.time.saturating_add(mandatory.time)))
}
