//! What a hearing needs of a device's anchored units, gathered from a node.

use crate::{
    client::State,
    history::{anchored_units, dag_proof, FIRST},
};
use anyhow::{anyhow, Result};
use codec::Encode;
use loadstone_core::{AnchorNumber, BoundedVec, DeviceId, MmrPeaks, Sequence};
use loadstone_dag::{Anchor, Bounds, LeafProof, ShownUnits, Slot, Unit, MAX_SHOWN_UNITS};
use loadstone_evidence::{keys, readings};
use loadstone_market::{Event, Reach};

/// A unit with its place in an anchor.
#[derive(Clone, Debug)]
pub struct Found {
    /// The unit.
    pub unit: Unit,
    /// How it is anchored.
    pub proof: LeafProof,
}

/// What one call shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Units, oldest first.
    pub units: ShownUnits,
    /// How the newest of them is anchored, where that must be shown.
    pub proof: Option<LeafProof>,
}

/// A device's units that count in an event.
pub struct Gathered {
    /// From the newest one up to the cut-off back to where the baseline has enough.
    pub units: Vec<Found>,
    /// The one after them, once it is anchored.
    pub next: Option<Found>,
}

/// Gathers them. `reach` says how far back the baseline looks.
///
/// # Errors
/// When the device wrote nothing up to the cut-off, or the node no longer has it.
pub async fn gather(
    state: &State<'_>,
    device: DeviceId,
    event: &Event,
    reach: Reach,
    bounds: Bounds,
) -> Result<Gathered> {
    let newest = newest(state, device, bounds.cutoff).await?;
    let next = Slot { sequence: newest.sequence.next(), ..newest };
    let next = found(state, &next).await.ok();
    let (mut units, mut usable) = (Vec::new(), 0usize);
    for sequence in (0..=newest.sequence.0).rev() {
        let found = found(state, &Slot { sequence: Sequence(sequence), ..newest }).await?;
        let is_locked = found.proof.anchor.number <= bounds.opening;
        if is_locked {
            let told = readings(&found.unit);
            usable += told.iter().filter(|reading| reading.valid && reading.at < event.start).count();
        }
        units.push(found);
        if is_locked && reach.is_met(usable) {
            break;
        }
    }
    Ok(Gathered { units, next })
}

/// The newest unit of the device in anchors up to `last`.
async fn newest(state: &State<'_>, device: DeviceId, last: AnchorNumber) -> Result<Slot> {
    for number in (FIRST.0..=last.0).rev().map(AnchorNumber) {
        let units = anchored_units(state.chain(), number).await?;
        let own = units.iter().map(|unit| unit.content.slot).filter(|slot| slot.device == device);
        if let Some(slot) = own.max() {
            return Ok(slot);
        }
    }
    Err(anyhow!("device {device} has no unit in anchors up to {last}"))
}

/// The unit in this place, proven at `state`.
async fn found(state: &State<'_>, slot: &Slot) -> Result<Found> {
    let (anchor, path, unit, _) = dag_proof(state.chain(), slot, None).await?;
    let siblings = match state.get::<Anchor>(keys::anchor(anchor.number)).await? {
        Some(_) => Vec::new(),
        None => {
            let peaks: MmrPeaks = state.require(keys::peaks(), "the range of anchors").await?;
            dag_proof(state.chain(), slot, Some(peaks.leaves)).await?.3.siblings
        }
    };
    let siblings = BoundedVec::truncate_from(siblings);
    Ok(Found { unit, proof: LeafProof { anchor, path, siblings } })
}

/// The calls that show what was gathered: the newest units first, so that nobody can begin anew with later ones; then
/// where the ends stand, so that units in between that can't matter need not be kept; then the rest, back in the chain.
pub fn parts(gathered: &Gathered, opening: AnchorNumber) -> Vec<Part> {
    let mut chunks = gathered.units.chunks(MAX_SHOWN_UNITS as usize);
    let newest = chunks.next().and_then(|chunk| Some(part(chunk, Some(chunk.first()?))));
    let alone = |found: &Found| part(std::slice::from_ref(found), Some(found));
    let is_locked = |found: &Found| found.proof.anchor.number <= opening;
    let place = gathered.units.partition_point(|found| !is_locked(found));
    let since = place.checked_sub(1).and_then(|last| gathered.units.get(last));
    let ends = gathered.next.iter().chain(since).chain(gathered.units.get(place)).map(alone);
    newest.into_iter().chain(ends).chain(chunks.map(|chunk| part(chunk, None))).collect()
}

/// These units, which come newest first.
fn part(units: &[Found], proven: Option<&Found>) -> Part {
    let encoded = units.iter().rev().map(|found| BoundedVec::truncate_from(found.unit.encode()));
    Part { units: BoundedVec::truncate_from(encoded.collect()), proof: proven.map(|found| found.proof.clone()) }
}

#[cfg(test)]
#[path = "tests/showing.rs"]
mod tests;
