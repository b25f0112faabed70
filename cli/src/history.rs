//! Anchored units as a node serves them, and what the chain says of anchors.

use crate::{
    client::{Chain, State},
    fault::Fault,
};
use anyhow::Result;
use futures::{stream, Stream, StreamExt};
use loadstone_core::{verify_mmr, AnchorNumber, Hash, MerkleProof, MmrPeaks, MmrProof};
use loadstone_dag::{Anchor, AnchorUnits, Slot, Unit};
use loadstone_evidence::keys;
use std::collections::BTreeMap;
use subxt::rpcs::rpc_params;

/// Answer of `dag_proof`.
pub type DagProof = (Anchor, MerkleProof, Unit, MmrProof);

/// Anchors that are read from state at once.
const BATCH: u32 = 1_000;

/// Anchors that a node is asked for at once.
const AT_ONCE: usize = 8;

/// The first anchor of every chain.
pub const FIRST: AnchorNumber = AnchorNumber(1);

/// An anchor with its units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The anchor.
    pub anchor: Anchor,
    /// Its units in rising order of place.
    pub units: Vec<Unit>,
}

/// What the chain says of anchors up to some last one.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// Those that are still kept in state.
    pub kept: BTreeMap<AnchorNumber, Anchor>,
    /// The last one's number and hash.
    pub last: (AnchorNumber, Hash),
}

impl Trusted {
    /// Reads them at `state`, from `first` on. Where the last was pruned, a proof from the node leads to the
    /// range's peaks.
    pub async fn read(state: &State<'_>, first: AnchorNumber, last: AnchorNumber) -> Result<Self> {
        let kept = kept(state, first, last).await?;
        let hash = match kept.get(&last) {
            Some(anchor) => anchor.hash(),
            None if last < FIRST => Hash::zero(),
            None => pruned(state, last).await?.hash(),
        };
        Ok(Self { kept, last: (last, hash) })
    }

    /// All hashes that are known.
    pub fn hashes(&self) -> BTreeMap<AnchorNumber, Hash> {
        let kept = self.kept.iter().map(|(number, anchor)| (*number, anchor.hash()));
        kept.chain((self.last.0 >= FIRST).then_some(self.last)).collect()
    }
}

/// Anchors `first` to `last` as far as state keeps them. It keeps the newest, so they are read from the end.
pub async fn kept(
    state: &State<'_>,
    first: AnchorNumber,
    last: AnchorNumber,
) -> Result<BTreeMap<AnchorNumber, Anchor>> {
    let mut found = BTreeMap::new();
    let mut end = last.0;
    while end >= first.0 && end > 0 {
        let begin = first.0.max(end.saturating_sub(BATCH - 1)).max(1);
        let wanted: Vec<_> = (begin..=end).map(|number| keys::anchor(AnchorNumber(number))).collect();
        let anchors = state.get_all::<Anchor>(&wanted).await?;
        let is_oldest = anchors.first().is_none_or(Option::is_none);
        found.extend((begin..=end).zip(anchors).filter_map(|(number, anchor)| Some((AnchorNumber(number), anchor?))));
        if is_oldest {
            break;
        }
        end = begin - 1;
    }
    Ok(found)
}

/// An anchor that is no longer kept, proved against the range's peaks in state.
async fn pruned(state: &State<'_>, number: AnchorNumber) -> Result<Anchor> {
    let peaks: MmrPeaks = state.require(keys::peaks(), "the range of anchors").await?;
    let (anchor, range) = dag_anchor(state.chain(), number, Some(peaks.leaves)).await?;
    let placed = anchor.number == number && range.index.checked_add(1) == Some(number.0);
    if !placed || range.leaves != peaks.leaves || !verify_mmr(&peaks.root(), anchor.hash(), &range) {
        return Err(Fault::Mismatch(format!("the node's proof of anchor {number} does not hold")).into());
    }
    Ok(anchor)
}

/// Asks the node for an anchor with its place in the range. Asked by number, since an anchor that
/// closes an epoch may hold no unit to ask for.
async fn dag_anchor(chain: &Chain, number: AnchorNumber, leaves: Option<u32>) -> Result<(Anchor, MmrProof)> {
    chain.request_scale("dag_anchor", rpc_params![number.0, leaves]).await
}

/// Asks the node for the proof of a unit.
pub async fn dag_proof(chain: &Chain, slot: &Slot, leaves: Option<u32>) -> Result<DagProof> {
    let params = rpc_params![slot.device.0, slot.incarnation.0, slot.sequence.0, leaves];
    chain.request_scale("dag_proof", params).await
}

/// The anchor of this number with its units. `kept` is the chain's own copy, where it has one.
async fn anchored(chain: &Chain, number: AnchorNumber, kept: Option<&Anchor>) -> Result<Anchored> {
    let anchor = match kept {
        Some(anchor) => anchor.clone(),
        None => dag_anchor(chain, number, None).await?.0,
    };
    Ok(Anchored { anchor, units: anchored_units(chain, number).await? })
}

/// The units of an anchor in rising order of place.
pub async fn anchored_units(chain: &Chain, number: AnchorNumber) -> Result<Vec<Unit>> {
    let answer: AnchorUnits = chain.request_scale("dag_anchorUnits", rpc_params![number.0]).await?;
    Ok(answer.units)
}

/// Anchors `first` to `last` with their units from the node, in order.
pub fn from_node<'a>(
    chain: &'a Chain,
    kept: &'a BTreeMap<AnchorNumber, Anchor>,
    first: AnchorNumber,
    last: AnchorNumber,
) -> impl Stream<Item = Result<Anchored>> + 'a {
    let numbers = stream::iter((first.0..=last.0).map(AnchorNumber));
    numbers.map(move |number| anchored(chain, number, kept.get(&number))).buffered(AT_ONCE)
}
