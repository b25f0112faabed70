//! What became of an account's batches in an event.

use crate::client::State;
use anyhow::Result;
use loadstone_core::{AccountId, Balance, EventId, ResourceId, Watts};
use loadstone_evidence::keys;
use loadstone_market::{clearing::awards, Batch, Clearing, Commitment, Event, Segments};
use serde::Serialize;

/// What became of an account's batches in an event, at one block.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The event.
    pub details: Event,
    /// Batches on chain.
    pub committed: u32,
    /// Batches revealed.
    pub revealed: u32,
    /// Resources of the batches on chain.
    pub resources: u32,
    /// Bonds of the batches on chain, as they were held, in micro-yuan.
    pub bond: Balance,
    /// Watts revealed.
    pub offered: Watts,
    /// Watts awarded, once the event is cleared.
    pub awarded: Option<Watts>,
}

impl Outcome {
    /// Reads the first `batches` batches of `account` in event `id` at `state`.
    pub async fn read(state: &State<'_>, id: EventId, account: &AccountId, batches: Batch) -> Result<Self> {
        let details = state.require(keys::event(id), &format!("event {id}")).await?;
        let places: Vec<_> = (0..batches).map(|batch| keys::commitment(id, &(account.clone(), batch))).collect();
        let commitments: Vec<Commitment> = state.get_all(&places).await?.into_iter().flatten().collect();
        let revealed = commitments.iter().filter(|commitment| commitment.revealed);
        let ids: Vec<ResourceId> = revealed.clone().flat_map(|commitment| commitment.resources.clone()).collect();
        // A committed resource need not be revealed with its batch.
        let wanted: Vec<_> = ids.iter().map(|resource| keys::segments(id, *resource)).collect();
        let segments: Vec<Segments> = state.get_all(&wanted).await?.into_iter().flatten().collect();
        let clearing: Option<Clearing> = state.get(keys::clearing(id)).await?;
        let sum = |watts: &mut dyn Iterator<Item = Watts>| Watts(watts.fold(0, |sum, each| each.0.saturating_add(sum)));
        Ok(Self {
            details,
            committed: commitments.len() as u32,
            revealed: revealed.count() as u32,
            resources: commitments.iter().map(|commitment| commitment.resources.len() as u32).sum(),
            bond: commitments.iter().fold(0, |sum, commitment| commitment.bond.saturating_add(sum)),
            offered: sum(&mut segments.iter().flatten().map(|segment| segment.watts)),
            awarded: clearing.map(|clearing| sum(&mut segments.iter().map(|each| awards(&clearing, each)))),
        })
    }
}
